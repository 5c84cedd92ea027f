/* latchkey audit: shows, seals and verifies the audit log */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/audit_chain.h"
#include "commands/commands.h"
#include "commands/when.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/records/audit_store.h"
#include "lib/records/user_store.h"

enum { PAGE_ROWS = 500, PAGE_MEMORY = 256 * 1024 * 1024, FOLLOW_NEWEST = 10, BROKEN_LISTED = 100 };

const struct command_option audit_options[] = {
	{ "since", OPTION_VALUE, "TIME", "Only events since then: 2026-11-21, 2026-11-21T10:00:00 (UTC), or 15m, 2h, 7d ago." },
	{ "until", OPTION_VALUE, "TIME", "Only events before then." },
	{ "event", OPTION_VALUE, "PREFIX", "Only events whose name begins so: login.failure, key." },
	{ "user", OPTION_VALUE, "NAME", "Only events about this user." },
	{ "client", OPTION_VALUE, "ID", "Only events about this client." },
	{ "limit", OPTION_VALUE, "N", "Only the newest N; with --follow it is 10 unless another number is given." },
	{ "follow", OPTION_FLAG, NULL, "Goes on with new events as they come, until Ctrl-C." },
	{ "seal", OPTION_FLAG, NULL, "Seals new events, as `latchkey gc` does, and shows the head of the chain." },
	{ "verify", OPTION_FLAG, NULL, "Checks that no sealed event was changed, removed or inserted. Ends with 1 if one was." },
	{ "head", OPTION_VALUE, "ID:MAC", "With --verify: a head that was kept elsewhere, which must still be in the chain." },
	{ 0 },
};

struct listing {
	struct cli *cli;
	struct arena *pages; /* taken back after each page */
	struct audit_filter filter;
};

static void show_json(struct arena *arena, const struct audit_row *row)
{
	const struct audit_event *event = &row->event;
	struct buffer out = buffer_create(arena, 512);

	json_object_open(&out, NULL);
	json_number(&out, "audit_id", row->audit_id);
	json_number(&out, "at", event->at);
	json_text(&out, "time", cli_time(arena, event->at));
	json_text(&out, "event", event->event);
	json_text(&out, "user_id", event->user_id);
	json_text(&out, "username", row->username);
	json_text(&out, "client_id", event->client_id);
	json_text(&out, "sid", event->sid);
	json_text(&out, "grant_id", event->grant_id);
	json_text(&out, "address", event->address);
	json_text(&out, "request_id", event->request_id);
	json_text(&out, "detail", event->detail);
	json_object_close(&out);
	cli_print(out.data);
}

/* What others sent must not steer the terminal. */
static char *harmless(struct arena *arena, const char *text)
{
	char *copy = arena_text(arena, text_empty(text) ? "-" : text);
	size_t length = strlen(copy);

	if (!utf8_valid(copy, length) || utf8_has_controls(copy))
		for (size_t i = 0; i < length; i++)
			if ((unsigned char)copy[i] < 0x20 || (unsigned char)copy[i] >= 0x7f)
				copy[i] = '?';
	return copy;
}

static void show_cell(struct arena *arena, const char *text, int width)
{
	char *shown = harmless(arena, text);
	size_t count = utf8_count(shown);

	printf("%s%*s", shown, (int)((size_t)width > count ? (size_t)width - count : 0) + 2, "");
}

static void show_line(struct arena *arena, const char *at, const char *username, const struct audit_event *event)
{
	show_cell(arena, at, 20);
	show_cell(arena, event->event, 28);
	show_cell(arena, username ? username : event->user_id, 12);
	show_cell(arena, event->client_id, 24);
	show_cell(arena, event->address, 15);
	cli_print(harmless(arena, event->detail));
}

static void show_row(void *context, const struct audit_row *row)
{
	struct listing *listing = context;

	if (listing->cli->json)
		show_json(listing->pages, row);
	else
		show_line(listing->pages, cli_time(listing->pages, row->event.at), row->username, &row->event);
}

/* All events behind one; gives the last that was looked at. */
static int64_t show_from(struct listing *listing, int64_t after)
{
	int64_t before;

	do {
		before = after;
		after = audit_list(listing->cli->database, &listing->filter, before, PAGE_ROWS, show_row, listing);
		arena_reset(listing->pages);
	} while (after != before);
	return after;
}

static void read_filter(struct cli *cli, struct audit_filter *filter)
{
	const char *name = cli_option(cli, "user");
	const struct user *user = name ? user_find_by_username(cli->database, name) : NULL;

	filter->since = when_option(cli, "since");
	filter->until = when_option(cli, "until");
	filter->event = cli_option(cli, "event");
	filter->client_id = cli_option(cli, "client");
	/* Else the id of an account that is there no more. */
	filter->user_id = user ? user->user_id : name;
}

static void list_events(struct cli *cli)
{
	static const struct audit_event titles = { .event = "EVENT", .user_id = "USER", .client_id = "CLIENT", .address = "ADDRESS",
		.detail = "DETAIL" };
	struct listing listing = { .cli = cli, .pages = arena_create(PAGE_MEMORY) };
	const char *limit = cli_option(cli, "limit");
	bool follow = cli_option(cli, "follow") != NULL;
	int64_t count = follow ? FOLLOW_NEWEST : 0;
	int64_t after = INT64_MIN; /* an event that somebody put in front of the first one shows too */

	if (limit && (!text_to_number(limit, &count) || count < 1))
		cli_usage(cli->command, "--limit %s is no number of events.", limit);
	if (follow && cli_option(cli, "until"))
		cli_usage(cli->command, "--follow and --until do not go together.");
	if (!listing.pages)
		cli_fail("There is no memory.");
	read_filter(cli, &listing.filter);
	signal(SIGPIPE, SIG_DFL); /* `latchkey audit | head` ends without a complaint */
	if (count)
		after = audit_before_newest(cli->database, &listing.filter, count);
	if (!cli->json)
		show_line(listing.pages, "TIME", NULL, &titles);
	struct arena *before = database_use_arena(cli->database, listing.pages);
	after = show_from(&listing, after);
	while (follow && fflush(stdout) == 0) {
		sleep(1);
		after = show_from(&listing, after);
	}
	database_use_arena(cli->database, before);
	arena_destroy(listing.pages);
}

/* ---- the chain */

static char *mac_text(struct arena *arena, const unsigned char *mac)
{
	char *text = arena_alloc(arena, AUDIT_MAC_BYTES * 2 + 1);

	for (size_t i = 0; i < AUDIT_MAC_BYTES; i++)
		snprintf(text + i * 2, 3, "%02x", mac[i]);
	return text;
}

/* ID:MAC as it was shown. */
static struct audit_seal read_head(struct cli *cli, const char *text)
{
	struct audit_seal head = { 0 };
	const char *colon = strchr(text, ':');
	bool good = colon && text_to_number(arena_copy(cli->arena, text, (size_t)(colon - text)), &head.audit_id)
		&& strlen(colon + 1) == AUDIT_MAC_BYTES * 2 && strspn(colon + 1, "0123456789abcdef") == AUDIT_MAC_BYTES * 2;

	if (!good)
		cli_usage(cli->command, "--head %s is not what --verify and --seal show: ID:MAC.", text);
	for (size_t i = 0; i < AUDIT_MAC_BYTES; i++) {
		const char digits[3] = { colon[1 + i * 2], colon[2 + i * 2], '\0' };

		head.mac[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return head;
}

struct broken_output {
	struct cli *cli;
	struct buffer json;
	int listed;
};

static void add_broken(void *context, const struct audit_broken *broken)
{
	struct broken_output *output = context;
	int64_t from = broken->after < 0 ? 1 : broken->after + 1;
	const char *at = cli_time(output->cli->arena, broken->sealed_at);

	if (output->listed++ >= BROKEN_LISTED)
		return;
	json_object_open(&output->json, NULL);
	json_number(&output->json, "from", from);
	json_number(&output->json, "to", broken->until);
	json_number(&output->json, "sealed_at", broken->sealed_at);
	json_object_close(&output->json);
	if (!output->cli->json)
		printf("Broken: of the events %lld to %lld, sealed %s, one was changed, removed or inserted, or their seal was.\n",
			(long long)from, (long long)broken->until, at ? at : "never");
}

static void add_head(struct cli *cli, struct buffer *json)
{
	struct audit_seal head;
	char *mac;

	if (!audit_seal_last(cli->database, &head)) {
		if (!cli->json)
			printf("Nothing is sealed yet.\n");
		return;
	}
	mac = mac_text(cli->arena, head.mac);
	json_text(json, "head", arena_format(cli->arena, "%lld:%s", (long long)head.audit_id, mac));
	if (!cli->json)
		printf("Head, to be kept elsewhere: %lld:%s\n", (long long)head.audit_id, mac);
}

static struct audit_check verify(struct cli *cli, const struct audit_seal *kept, struct buffer *json)
{
	struct broken_output output = { .cli = cli, .json = buffer_create(cli->arena, 256) };
	struct audit_check check;

	json_array_open(&output.json, NULL);
	check = audit_chain_check(cli, kept, add_broken, &output);
	json_array_close(&output.json);
	json_bool(json, "whole", check.broken == 0 && check.kept_found);
	json_number(json, "events", check.events);
	json_number(json, "seals", check.seals);
	json_number(json, "unsealed", check.unsealed);
	json_raw(json, "broken", output.json.data);
	if (!cli->json)
		printf("Events under a seal: %lld, seals: %lld, newer events: %lld\n", (long long)check.events, (long long)check.seals,
			(long long)check.unsealed);
	return check;
}

static void chain(struct cli *cli)
{
	struct buffer json = buffer_create(cli->arena, 512);
	struct audit_check check = { .kept_found = true };
	struct audit_seal kept;
	const char *head = cli_option(cli, "head");

	if (head)
		kept = read_head(cli, head);
	json_object_open(&json, NULL);
	if (cli_option(cli, "seal")) {
		int64_t sealed = audit_chain_seal(cli);

		json_number(&json, "sealed", sealed);
		if (!cli->json)
			printf("Events sealed: %lld\n", (long long)sealed);
	}
	if (cli_option(cli, "verify"))
		check = verify(cli, head ? &kept : NULL, &json);
	add_head(cli, &json);
	json_object_close(&json);
	if (cli->json)
		cli_print(json.data);
	if (check.broken)
		cli_fail("The audit log was tampered with: of its %lld seals %lld do not fit.", (long long)check.seals, (long long)check.broken);
	if (!check.kept_found)
		cli_fail("The audit log was tampered with: the head %s is not in the chain any more.", head);
	if (cli_option(cli, "verify") && !cli->json)
		printf("All seals fit.\n");
}

void audit_run(struct cli *cli)
{
	static const char *const of_lists[] = { "since", "until", "event", "user", "client", "limit", "follow" };
	bool is_chain = cli_option(cli, "seal") || cli_option(cli, "verify");

	for (size_t i = 0; is_chain && i < sizeof of_lists / sizeof *of_lists; i++)
		if (cli_option(cli, of_lists[i]))
			cli_usage(cli->command, "--%s is for the list of events, not for --seal and --verify.", of_lists[i]);
	if (cli_option(cli, "head") && !cli_option(cli, "verify"))
		cli_usage(cli->command, "--head goes with --verify.");
	cli_database(cli);
	if (is_chain)
		chain(cli);
	else
		list_events(cli);
}
