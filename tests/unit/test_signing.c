/* The key that signs, and its change. */
#include "tests/unit/context_fixture.h"

#include "lib/protocol/signing.h"

/* A key with its file and its row; gives its id. */
static const char *add_key(const char *key_state, int64_t promote_at)
{
	const char *error;
	struct signing_key *key = signing_key_generate(fixture.arena, "RS256");
	struct signing_key_record record = { .alg = "RS256", .state = key_state, .created_at = NOW - 100, .promote_at = promote_at,
		.activated_at = text_equal(key_state, "active") ? NOW - 100 : 0 };

	assert_non_null(key);
	assert_true(signing_key_save(fixture.arena, key, fixture_path("keys/signing"), &error));
	record.kid = arena_text(fixture.arena, signing_key_kid(key));
	record.public_jwk = signing_key_public_jwk(fixture.arena, key);
	signing_key_free(key);
	database_begin(c->database, DATABASE_RELAXED);
	signing_key_insert(c->database, &record);
	database_commit(c->database);
	return record.kid;
}

static void assert_signs(const char *kid)
{
	static struct signing_key *key;

	must_return(key = signing_key_require(c, "RS256"));
	assert_string_equal(signing_key_kid(key), kid);
	signing_key_free(key);
	assert_false(database_in_transaction(c->database));
}

static void test_promotes_when_due(void **state)
{
	const char *active = add_key("active", 0), *next = add_key("next", NOW + 10);

	(void)state;
	assert_signs(active);
	c->now = NOW + 9;
	assert_signs(active);
	assert_int_equal(events("key.promoted"), 0);
	c->now = NOW + 10;
	assert_signs(next);
	assert_signs(next);
	assert_int_equal(events("key.promoted"), 1);
	assert_string_equal(text_of("SELECT detail FROM audit WHERE event = 'key.promoted'"),
		arena_format(fixture.arena, "RS256 %s", next));
	assert_int_equal(number_of("SELECT count(*) FROM signing_keys WHERE state = 'active'"), 1);
	/* The ID token lives longest, an hour; five minutes more for what is under way. */
	assert_int_equal(number_of("SELECT expires_at FROM signing_keys WHERE state = 'retired'"), NOW + 10 + 3600 + 300);
	assert_contains(logged(), "signs with RS256 from now on");
}

static void test_fails_without_a_key(void **state)
{
	const char *next;

	(void)state;
	assert_leaves(signing_key_require(c, "RS256"));
	assert_int_equal(c->response.status, 500);
	assert_contains(logged(), "no key signs with RS256");
	add_key("active", 0);
	next = add_key("next", NOW - 1);
	assert_int_equal(unlink(fixture_path(arena_format(fixture.arena, "keys/signing/%s.key", next))), 0);
	fixture_reset_response();
	assert_leaves(signing_key_require(c, "RS256"));
	assert_int_equal(c->response.status, 500);
	assert_contains(logged(), next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_promotes_when_due),
		context_test(test_fails_without_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
