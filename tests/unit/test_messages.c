/* The table of texts, and that pages and programs use exactly what is in it. Runs from the root of the repository. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/base/utf8.h"
#include "lib/http/messages.h"

struct text {
	char *data;
	size_t length;
};

static struct text pages;
static struct text sources;

static void append_file(struct text *text, const char *path)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	char chunk[4096];
	size_t count;
	while ((count = fread(chunk, 1, sizeof chunk, file)) > 0) {
		text->data = realloc(text->data, text->length + count + 1);
		assert_non_null(text->data);
		memcpy(text->data + text->length, chunk, count);
		text->length += count;
		text->data[text->length] = '\0';
	}
	assert_false(ferror(file));
	fclose(file);
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);
	return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

/* All files below `folder` whose name ends so, one after the other. */
static void append_folder(struct text *text, const char *folder, const char *suffix)
{
	DIR *directory = opendir(folder);
	if (!directory)
		fail_msg("%s: not there; run this from the root of the repository", folder);
	struct dirent *entry;
	while ((entry = readdir(directory))) {
		char path[1024];
		struct stat status;
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "messages.c") == 0)
			continue;
		assert_in_range(snprintf(path, sizeof path, "%s/%s", folder, entry->d_name), 1, sizeof path - 1);
		assert_int_equal(stat(path, &status), 0);
		if (S_ISDIR(status.st_mode))
			append_folder(text, path, suffix);
		else if (ends_with(path, suffix))
			append_file(text, path);
	}
	closedir(directory);
}

static int read_files(void **state)
{
	(void)state;
	append_folder(&pages, "cgi-bin/pages", ".html");
	append_folder(&sources, "cgi-bin", ".c");
	append_folder(&sources, "lib", ".c");
	append_folder(&sources, "commands", ".c");
	return pages.data && sources.data ? 0 : -1;
}

static int forget_files(void **state)
{
	(void)state;
	free(pages.data);
	free(sources.data);
	return 0;
}

static bool contains(const struct text *text, const char *before, const char *key, size_t key_length, const char *after)
{
	char wanted[256];
	int length = snprintf(wanted, sizeof wanted, "%s%.*s%s", before, (int)key_length, key, after);
	assert_in_range(length, 1, sizeof wanted - 1);
	return strstr(text->data, wanted) != NULL;
}

/* Keys that permission_text.c puts together of one of these and a scope or a claim. */
static const char *const families[] = { "claim_", "scope_" };

/* As a literal, or put together: "error_heading_%s" uses error_heading_server. */
static bool used_by_sources(const char *key)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strncmp(key, families[i], strlen(families[i])) == 0)
			return true;
	if (contains(&sources, "\"", key, strlen(key), "\""))
		return true;
	for (const char *end = strchr(key, '_'); end; end = strchr(end + 1, '_'))
		if (contains(&sources, "\"", key, (size_t)(end - key) + 1, "%s\""))
			return true;
	return false;
}

/* Each key that stands between `before` and a character that is no part of keys. */
static void each_key(const struct text *text, const char *before, size_t kept, void (*check)(const char *key, char next))
{
	for (const char *at = strstr(text->data, before); at; at = strstr(at + 1, before)) {
		char key[128];
		const char *start = at + strlen(before) - kept;
		size_t length = strspn(start, "abcdefghijklmnopqrstuvwxyz_");
		assert_in_range(length, 0, sizeof key - 1);
		memcpy(key, start, length);
		key[length] = '\0';
		check(key, start[length]);
	}
}

static void is_in_table(const char *key, char next)
{
	(void)next;
	if (!message_find(key))
		fail_msg("there is no text for %s", key);
}

static void is_in_table_if_whole(const char *key, char next)
{
	if (next == '"' && key[strlen(key) - 1] != '_')
		is_in_table(key, next);
}

static void test_sorted_without_duplicates(void **state)
{
	(void)state;
	assert_true(messages_count > 0);
	for (size_t i = 1; i < messages_count; i++) {
		if (strcmp(messages[i - 1].key, messages[i].key) >= 0)
			fail_msg("%s must not come before %s", messages[i - 1].key, messages[i].key);
	}
}

static void test_texts_are_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < messages_count; i++) {
		const char *text = messages[i].text;
		assert_true(utf8_valid(text, strlen(text)));
		assert_false(utf8_has_controls(text));
		assert_true(text[0] != '\0');
		assert_null(strpbrk(text, "<>&")); /* texts are escaped: an entity would show as it is */
		for (const char *open = strchr(text, '{'); open; open = strchr(open + 1, '{')) {
			size_t length = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz_");
			assert_true(length > 0 && open[1 + length] == '}');
		}
	}
}

static void test_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < messages_count; i++) {
		assert_ptr_equal(message_find(messages[i].key), messages[i].text);
		assert_ptr_equal(message(messages[i].key), messages[i].text);
	}
	assert_null(message_find(""));
	assert_null(message_find("zzz"));
	assert_string_equal(message("no_such_text"), "no_such_text");
}

static void test_pages_use_what_is_there(void **state)
{
	(void)state;
	each_key(&pages, "{{t:", 0, is_in_table);
}

/* Keys that programs name by a literal. */
static void test_sources_use_what_is_there(void **state)
{
	(void)state;
	each_key(&sources, "message(\"", 0, is_in_table_if_whole);
	each_key(&sources, "\"title_", strlen("title_"), is_in_table_if_whole);
	each_key(&sources, "\"error_heading_", strlen("error_heading_"), is_in_table_if_whole);
	each_key(&sources, "\"error_explain_", strlen("error_explain_"), is_in_table_if_whole);
}

/* A kind of the error catalogue is the fourth column: E(NAME, code, status, "kind", …). */
static void test_errors_have_both_texts(void **state)
{
	(void)state;
	struct text catalogue = { 0 };
	int kinds = 0;
	append_file(&catalogue, "lib/protocol/errors.h");
	for (const char *row = strstr(catalogue.data, "\tE("); row; row = strstr(row + 1, "\tE(")) {
		char kind[64], key[128];
		if (sscanf(row, "\tE(%*[^,], %*[^,], %*d, \"%63[a-z_]\"", kind) != 1)
			fail_msg("cannot read %.60s", row);
		snprintf(key, sizeof key, "error_heading_%s", kind);
		is_in_table(key, '"');
		snprintf(key, sizeof key, "error_explain_%s", kind);
		is_in_table(key, '"');
		kinds++;
	}
	free(catalogue.data);
	assert_true(kinds > 0);
}

static void test_nothing_is_unused(void **state)
{
	(void)state;
	int unused = 0;
	for (size_t i = 0; i < messages_count; i++) {
		const char *key = messages[i].key;
		if (contains(&pages, "{{t:", key, strlen(key), "}}") || used_by_sources(key))
			continue;
		print_error("%s is used nowhere\n", key);
		unused++;
	}
	assert_int_equal(unused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted_without_duplicates),
		cmocka_unit_test(test_texts_are_plain),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_pages_use_what_is_there),
		cmocka_unit_test(test_sources_use_what_is_there),
		cmocka_unit_test(test_errors_have_both_texts),
		cmocka_unit_test(test_nothing_is_unused),
	};
	return cmocka_run_group_tests_name("messages", tests, read_files, forget_files);
}
