/* Browsers that are signed in. */
#include "tests/unit/store_fixture.h"

#include "lib/records/session_store.h"

static void add_session(int n, const char *sid, const char *user_id, int64_t expires_at)
{
	struct session session = { .session_hash = hash(n), .sid = sid, .user_id = user_id, .created_at = NOW,
		.auth_time = NOW - 1, .amr = "pwd", .acr = "1", .last_seen_at = NOW, .idle_seconds = 100,
		.expires_at = expires_at, .address = "192.0.2.1", .user_agent = "Browser" };

	session_insert(fixture.db, &session);
}

static void begin_with_sessions(void)
{
	begin();
	add_user("u1", "ada");
	add_user("u2", "bob");
	add_session(1, "s1", "u1", NOW + 1000);
	add_session(2, "s2", "u1", NOW + 1000);
	add_session(3, "s1", "u1", NOW + 1000);
	add_session(4, "s4", "u2", NOW + 1000);
}

static void finds_with_its_user(void **state)
{
	const struct session *found;

	(void)state;
	begin_with_sessions();
	commit();
	found = session_find(fixture.db, hash(2), NOW);
	assert_non_null(found);
	assert_memory_equal(found->session_hash, hash(2), 32);
	assert_string_equal(found->sid, "s2");
	assert_string_equal(found->user_id, "u1");
	assert_string_equal(found->username, "ada");
	assert_int_equal(found->created_at, NOW);
	assert_int_equal(found->auth_time, NOW - 1);
	assert_string_equal(found->amr, "pwd");
	assert_string_equal(found->acr, "1");
	assert_int_equal(found->last_seen_at, NOW);
	assert_int_equal(found->idle_seconds, 100);
	assert_int_equal(found->expires_at, NOW + 1000);
	assert_string_equal(found->address, "192.0.2.1");
	assert_string_equal(found->user_agent, "Browser");
	assert_null(session_find(fixture.db, hash(5), NOW));
}

static void ends_by_time(void **state)
{
	(void)state;
	begin_with_sessions();
	commit();
	assert_non_null(session_find(fixture.db, hash(1), NOW + 99));
	assert_null(session_find(fixture.db, hash(1), NOW + 100));
	begin();
	session_touch(fixture.db, hash(1), NOW + 950);
	commit();
	assert_non_null(session_find(fixture.db, hash(1), NOW + 999));
	assert_null(session_find(fixture.db, hash(1), NOW + 1000));
	begin();
	session_expire_at(fixture.db, hash(2), NOW + 30);
	session_expire_at(fixture.db, hash(2), NOW + 60); /* never later */
	commit();
	assert_non_null(session_find(fixture.db, hash(2), NOW + 29));
	assert_null(session_find(fixture.db, hash(2), NOW + 30));
}

static void does_not_count_for_a_disabled_user(void **state)
{
	(void)state;
	begin_with_sessions();
	user_set_disabled(fixture.db, "u1", NOW);
	commit();
	assert_null(session_find(fixture.db, hash(1), NOW));
	assert_non_null(session_find(fixture.db, hash(4), NOW));
	begin();
	user_set_disabled(fixture.db, "u1", 0);
	commit();
	assert_non_null(session_find(fixture.db, hash(1), NOW));
}

static void ends_one_or_all(void **state)
{
	(void)state;
	begin_with_sessions();
	assert_int_equal(session_end(fixture.db, "u2", "s1"), 0);
	assert_int_equal(session_end(fixture.db, "u1", "s1"), 2);
	assert_int_equal(session_end(fixture.db, "u1", "s1"), 0);
	add_session(5, "s5", "u1", NOW + 1000);
	assert_int_equal(session_end_all(fixture.db, "u1", "s5"), 1);
	commit();
	assert_null(session_find(fixture.db, hash(2), NOW));
	assert_non_null(session_find(fixture.db, hash(5), NOW));
	begin();
	assert_int_equal(session_end_all(fixture.db, "u1", NULL), 1);
	commit();
	assert_non_null(session_find(fixture.db, hash(4), NOW));
}

static void removes_a_bounded_number(void **state)
{
	(void)state;
	begin_with_sessions();
	for (int i = 10; i < 20; i++)
		add_session(i, "old", "u1", NOW - i);
	assert_int_equal(session_remove_expired(fixture.db, NOW, 7), 7);
	assert_int_equal(session_remove_expired(fixture.db, NOW, 7), 3);
	assert_int_equal(session_remove_expired(fixture.db, NOW, 7), 0);
	commit();
	assert_int_equal(count_rows("sessions"), 4);
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(finds_with_its_user),
		store_test(ends_by_time),
		store_test(does_not_count_for_a_disabled_user),
		store_test(ends_one_or_all),
		store_test(removes_a_bounded_number),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
