/*
 * latchkey privileges: what every endpoint says of itself. The build asked the programs (--describe) and put
 * their answers into endpoint_descriptions.
 */
#include <string.h>

#include "commands/commands.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"

extern const char endpoint_descriptions[];

/* The next line at *cursor, split at its first space; false at the end. An empty line has an empty key. */
static bool next_line(struct arena *arena, const char **cursor, const char **key, const char **value)
{
	const char *start = *cursor;
	size_t length = strcspn(start, "\n");
	size_t split = strcspn(start, " \n");

	if (!*start)
		return false;
	*key = arena_copy(arena, start, split);
	*value = split < length ? arena_copy(arena, start + split + 1, length - split - 1) : "";
	*cursor = start[length] ? start + length + 1 : start + length;
	return true;
}

/* "-" stands for none. */
static const char *words_of(const char *value)
{
	return text_equal(value, "-") ? "" : value;
}

static void write_parameter(struct buffer *out, const char *value)
{
	const char *name = words_next(out->arena, &value);
	const char *longest = words_next(out->arena, &value);
	const char *times = words_next(out->arena, &value);
	int64_t number = 0;

	text_to_number(longest, &number);
	json_object_open(out, NULL);
	json_text(out, "name", name);
	json_number(out, "longest", number);
	json_bool(out, "repeatable", text_equal(times, "repeatable"));
	json_object_close(out);
}

/* ERROR FILE:LINE CLAUSE */
static void write_check(struct buffer *out, const char *value)
{
	const char *error = words_next(out->arena, &value);
	const char *place = words_next(out->arena, &value);

	json_object_open(out, NULL);
	json_text(out, "error", error);
	json_text(out, "place", place);
	json_text(out, "clause", value);
	json_object_close(out);
}

/* One endpoint from its first line to the empty one. */
static void write_entry(struct buffer *out, const char **cursor)
{
	const char *key, *value;
	bool parameters = false, checks = false;

	json_object_open(out, NULL);
	while (next_line(out->arena, cursor, &key, &value) && *key) {
		if (words_contain("methods reads writes keys", key)) {
			json_words(out, key, words_of(value));
		} else if (text_equal(key, "cors")) {
			json_bool(out, key, text_equal(value, "yes"));
		} else if (text_equal(key, "parameter")) {
			if (!parameters)
				json_array_open(out, "parameters");
			parameters = true;
			write_parameter(out, value);
		} else if (text_equal(key, "check")) {
			if (parameters && !checks)
				json_array_close(out);
			else if (!checks)
				json_raw(out, "parameters", "[]");
			if (!checks)
				json_array_open(out, "checks");
			checks = true;
			write_check(out, value);
		} else {
			json_text(out, key, value);
		}
	}
	if (parameters || checks)
		json_array_close(out);
	else
		json_raw(out, "parameters", "[]");
	json_object_close(out);
}

/* Where the entry of an endpoint begins; NULL if there is none. */
static const char *entry_find(struct arena *arena, const char *name)
{
	const char *key, *value;

	for (const char *cursor = endpoint_descriptions, *start = cursor; next_line(arena, &cursor, &key, &value); start = cursor)
		if (text_equal(key, "endpoint") && text_equal(value, name))
			return start;
	return NULL;
}

static void show_all(struct cli *cli)
{
	static const char *const titles[] = { "ENDPOINT", "METHODS", "READS", "WRITES", "KEYS" };
	struct table *table = table_create(cli->arena, titles, 5);
	const char *key, *value;

	for (const char *cursor = endpoint_descriptions; next_line(cli->arena, &cursor, &key, &value);)
		if (words_contain("endpoint methods reads writes keys", key))
			table_cell(table, words_of(value));
	table_print(table);
}

void privileges_run(struct cli *cli)
{
	struct buffer out = buffer_create(cli->arena, 4096);
	const char *entry = cli->argument ? entry_find(cli->arena, cli->argument) : endpoint_descriptions;

	if (!entry)
		cli_fail("There is no endpoint %s; `latchkey privileges` lists them all.", cli->argument);
	if (!cli->argument && !cli->json) {
		show_all(cli);
		return;
	}
	if (cli->json) {
		if (!cli->argument)
			json_array_open(&out, NULL);
		do
			write_entry(&out, &entry);
		while (!cli->argument && *entry);
		if (!cli->argument)
			json_array_close(&out);
	} else {
		const char *end = strstr(entry, "\n\n");

		buffer_bytes(&out, entry, end ? (size_t)(end - entry) : strlen(entry));
	}
	cli_print(out.data);
}
