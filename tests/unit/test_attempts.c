#include "lib/identity/attempts.h"
#include "tests/unit/context_fixture.h"

static void network(const char *address, const char *expected)
{
	c->request.address = address;
	assert_string_equal(attempt_network(c), expected);
}

/* One machine has a whole /64 of IPv6. */
static void test_network(void **state)
{
	(void)state;
	network("192.0.2.7", "192.0.2.7");
	network("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
	network("2001:db8:1:2::9", "2001:db8:1:2::");
	network("2001:db8:1:3::9", "2001:db8:1:3::");
	network("::1", "::");
	network("fe80::1", "fe80::");
	network("unknown", "unknown");
	network("", "");
}

static void test_counting(void **state)
{
	(void)state;
	database_begin(c->database, DATABASE_RELAXED);
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	assert_false(attempt_count(c, "login", "ada", 2, 60));
	/* Others count for themselves. */
	assert_true(attempt_count(c, "login", "bob", 2, 60));
	assert_true(attempt_count(c, "signup", "ada", 2, 60));
	/* A new window. */
	c->now = NOW + 59;
	assert_false(attempt_count(c, "login", "ada", 2, 60));
	c->now = NOW + 61;
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	assert_false(attempt_count(c, "login", "ada", 2, 60));
	attempt_forget(c, "login", "ada");
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	attempt_take_back(c, "login", "ada");
	assert_true(attempt_count(c, "login", "ada", 2, 60));
	assert_false(attempt_count(c, "login", "ada", 2, 60));
	database_commit(c->database);
}

static void test_no_limit(void **state)
{
	(void)state;
	database_begin(c->database, DATABASE_RELAXED);
	for (int i = 0; i < 5; i++)
		assert_true(attempt_count(c, "login", "ada", 0, 60));
	database_commit(c->database);
	assert_int_equal(number_of("SELECT count(*) FROM limits"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_network),
		context_test(test_counting),
		context_test(test_no_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
