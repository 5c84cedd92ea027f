#include "lib/protocol/refresh_token.h"
#include "tests/unit/context_fixture.h"

static struct refresh_token made;
static bool genuine;

static void make_key(void)
{
	const char *error;
	unlink(fixture_path("keys/refresh.key"));
	assert_true(seal_key_create(fixture.arena, fixture_path("keys/refresh.key"), &error));
}

static void make(const char *grant_id, int64_t generation, const unsigned char *random)
{
	must_return(made = refresh_token_make(c, grant_id, generation, random));
}

static bool reads(const char *text)
{
	struct refresh_token token = { 0 };
	must_return(genuine = refresh_token_read(c, text, &token));
	if (genuine)
		assert_string_equal(token.text, text);
	return genuine;
}

static void test_both_ways(void **state)
{
	struct refresh_token token = { 0 };
	(void)state;
	make_key();
	make("0123456789abcdefABCDEF", 7, NULL);
	assert_true(strlen(made.text) <= REFRESH_TOKEN_LONGEST);
	assert_true(is_visible_ascii(made.text));
	assert_true(refresh_token_read(c, made.text, &token));
	assert_string_equal(token.grant_id, "0123456789abcdefABCDEF");
	assert_int_equal(token.generation, 7);
	assert_memory_equal(token.random, made.random, REFRESH_RANDOM_BYTES);
	/* The same parts make the same token again: what a retry gets. */
	const char *first = made.text;
	make("0123456789abcdefABCDEF", 7, token.random);
	assert_string_equal(made.text, first);
	make("0123456789abcdefABCDEF", 7, NULL);
	assert_string_not_equal(made.text, first);
}

/* What this server never issued is nothing: only a genuine token that is not current reveals a theft. */
static void test_forged(void **state)
{
	static const char *const texts[] = { "", ".", "..", "...", "a.b.c.d", "g.1.AAAA.BBBB", "g.1.", "....", "\xff.1.a.b" };
	(void)state;
	make_key();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(reads(texts[i]));
	make("g1", 1, NULL);
	assert_true(reads(made.text));
	/* Any byte changed, anything added or taken away. */
	for (size_t i = 0; i < strlen(made.text); i++) {
		char *changed = arena_text(fixture.arena, made.text);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		if (reads(changed))
			fail_msg("%s", changed);
	}
	assert_false(reads(arena_format(fixture.arena, "%sA", made.text)));
	assert_false(reads(arena_format(fixture.arena, "%s.", made.text)));
	assert_false(reads(arena_format(fixture.arena, ".%s", made.text)));
	assert_false(reads(arena_copy(fixture.arena, made.text, strlen(made.text) - 1)));
	/* Under another key it means nothing. */
	make_key();
	assert_false(reads(made.text));
}

static void test_long(void **state)
{
	char text[4000];
	(void)state;
	make_key();
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(reads(text));
	text[1] = '.';
	text[1000] = '.';
	text[2000] = '.';
	assert_false(reads(text));
}

static void test_broken_key(void **state)
{
	(void)state;
	make_key();
	make("g1", 1, NULL);
	unlink(fixture_path("keys/refresh.key"));
	assert_leaves(refresh_token_read(c, made.text, &made));
	assert_int_equal(c->response.status, 500);
	fixture_reset_response();
	assert_leaves(refresh_token_make(c, "g1", 1, NULL));
	assert_int_equal(c->response.status, 500);
	assert_contains(logged(), "keys/refresh.key");
}

/* Sealed for the owner of the predecessor alone. */
static void test_seal(void **state)
{
	unsigned char sealed[REFRESH_RANDOM_BYTES], opened[REFRESH_RANDOM_BYTES], other[REFRESH_RANDOM_BYTES];
	(void)state;
	make_key();
	make("g1", 1, NULL);
	const char *predecessor = made.text;
	make("g1", 2, NULL);
	refresh_token_seal(predecessor, made.random, sealed);
	assert_memory_not_equal(sealed, made.random, sizeof sealed);
	refresh_token_seal(predecessor, sealed, opened);
	assert_memory_equal(opened, made.random, sizeof opened);
	refresh_token_seal(made.text, sealed, other);
	assert_memory_not_equal(other, made.random, sizeof other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_both_ways),
		context_test(test_forged),
		context_test(test_long),
		context_test(test_broken_key),
		context_test(test_seal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
