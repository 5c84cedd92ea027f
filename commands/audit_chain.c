#include "commands/audit_chain.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/seal.h"
#include "lib/records/audit_store.h"

enum { PAGE_EVENTS = 1000, PAGE_MEMORY = 256 * 1024 * 1024 };

#define LABEL "latchkey audit 1"

_Static_assert((int)AUDIT_DIGEST_BYTES == (int)SHA256_BYTES && (int)AUDIT_MAC_BYTES == (int)SHA256_BYTES, "one digest for all");

/* What one walk along the chain needs: the key, and memory for a page of events that is taken back after each. */
struct walk {
	struct cli *cli;
	struct arena *pages, *before;
	unsigned char key[SEAL_KEY_BYTES];
};

static void walk_begin(struct walk *walk, struct cli *cli)
{
	const char *error = NULL;

	walk->cli = cli;
	if (!seal_key_load(cli->arena, config_file(cli->arena, cli->config, "keys/audit.key"), walk->key, &error))
		cli_fail("%s. `latchkey init` makes it where nothing was sealed yet.", error);
	walk->pages = arena_create(PAGE_MEMORY);
	if (!walk->pages)
		cli_fail("There is no memory.");
	walk->before = database_use_arena(cli->database, walk->pages);
}

static void walk_end(struct walk *walk)
{
	database_use_arena(walk->cli->database, walk->before);
	arena_destroy(walk->pages);
	explicit_bzero(walk->key, sizeof walk->key);
}

static bool take_page(struct walk *walk, struct audit_run *run, int64_t until, int64_t limit)
{
	bool found = audit_run_add(walk->cli->database, run, until, limit < PAGE_EVENTS ? (int)limit : PAGE_EVENTS);

	arena_reset(walk->pages);
	return found;
}

static void put_number(unsigned char *out, int64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)((uint64_t)number >> (56 - 8 * i));
}

/* Fields of fixed length: no two seals have the same text under the MAC. */
static void seal_mac(const struct walk *walk, const unsigned char *previous, const struct audit_run *run,
	const struct audit_seal *seal, unsigned char *mac)
{
	unsigned char text[sizeof LABEL - 1 + AUDIT_MAC_BYTES + 8 + 8 + AUDIT_DIGEST_BYTES];
	unsigned char *end = text;

	memcpy(end, LABEL, sizeof LABEL - 1);
	end += sizeof LABEL - 1;
	memcpy(end, previous, AUDIT_MAC_BYTES);
	end += AUDIT_MAC_BYTES;
	put_number(end, seal->audit_id);
	put_number(end + 8, seal->sealed_at);
	memcpy(end + 16, run->digest, AUDIT_DIGEST_BYTES);
	hmac_sha256(walk->key, sizeof walk->key, text, sizeof text, mac);
}

int64_t audit_chain_seal(struct cli *cli)
{
	struct walk walk;
	struct audit_run run;
	int64_t events = 0;

	walk_begin(&walk, cli);
	do {
		struct audit_seal last, seal;
		int64_t previous = audit_seal_last(cli->database, &last) ? last.audit_id : INT64_MIN;

		run = (struct audit_run){ .last = previous };
		while (run.count < AUDIT_BATCH_EVENTS && take_page(&walk, &run, INT64_MAX, AUDIT_BATCH_EVENTS - run.count))
			;
		if (run.count == 0)
			break;
		seal = (struct audit_seal){ .audit_id = run.last, .sealed_at = clock_seconds() };
		seal_mac(&walk, last.mac, &run, &seal, seal.mac);
		/* Durable: what was shown as the head must still be there after a power cut. */
		database_begin(cli->database, DATABASE_DURABLE);
		if (audit_seal_insert(cli->database, &seal, previous))
			events += run.count;
		database_commit(cli->database);
	} while (run.count == AUDIT_BATCH_EVENTS);
	walk_end(&walk);
	return events;
}

struct audit_check audit_chain_check(struct cli *cli, const struct audit_seal *kept,
	void (*each)(void *context, const struct audit_broken *broken), void *context)
{
	struct audit_check check = { .kept_found = kept == NULL };
	struct audit_seal previous = { .audit_id = INT64_MIN }, seal;
	struct walk walk;

	walk_begin(&walk, cli);
	while (audit_seal_next(cli->database, previous.audit_id, &seal)) {
		struct audit_run run = { .last = previous.audit_id };
		unsigned char mac[AUDIT_MAC_BYTES];

		while (take_page(&walk, &run, seal.audit_id, PAGE_EVENTS))
			;
		seal_mac(&walk, previous.mac, &run, &seal, mac);
		if (!equal_in_constant_time(mac, seal.mac, sizeof mac)) {
			check.broken++;
			each(context, &(struct audit_broken){ previous.audit_id, seal.audit_id, seal.sealed_at });
		}
		if (kept && kept->audit_id == seal.audit_id && memcmp(kept->mac, seal.mac, sizeof mac) == 0)
			check.kept_found = true;
		check.events += run.count;
		check.seals++;
		/* As it is stored: each batch is judged by itself, so that one broken one does not hide where it is. */
		previous = seal;
	}
	check.unsealed = audit_count_after(cli->database, previous.audit_id);
	walk_end(&walk);
	return check;
}
