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

static void collect(void *context, const struct session *session)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, 256 - length, "%s:%d ", session->sid, (int)session->auth_time - NOW);
}

static const char *list(int64_t now, int64_t created_at, const char *sid, int limit)
{
	char *text = arena_alloc(fixture.arena, 256);

	text[0] = '\0';
	session_list(fixture.db, "u1", now, created_at, sid, limit, collect, text);
	return text;
}

static void add_cookie(int n, const char *sid, int64_t created_at, int64_t auth_time)
{
	struct session session = { .session_hash = hash(n), .sid = sid, .user_id = "u1", .created_at = created_at,
		.auth_time = auth_time, .amr = "pwd", .acr = "aal1", .last_seen_at = NOW, .idle_seconds = 100, .expires_at = NOW + 1000 };

	session_insert(fixture.db, &session);
}

static void lists_each_sid_once(void **state)
{
	(void)state;
	begin();
	add_user("u1", "ada");
	add_user("u2", "bob");
	add_cookie(1, "b", NOW - 5, NOW - 5);
	add_cookie(2, "b", NOW - 5, NOW + 7); /* signed in again */
	add_cookie(3, "a", NOW - 5, NOW + 1);
	add_cookie(4, "c", NOW - 5, NOW + 2); /* twice in one second */
	add_cookie(5, "c", NOW - 5, NOW + 2);
	add_cookie(6, "new", NOW, NOW);
	add_session(7, "foreign", "u2", NOW + 1000);
	add_session(8, "over", "u1", NOW);
	commit();
	assert_string_equal(list(NOW, INT64_MAX, "", 10), "new:0 a:1 b:7 c:2 ");
	assert_string_equal(list(NOW, INT64_MAX, "", 2), "new:0 a:1 ");
	assert_string_equal(list(NOW, NOW - 5, "a", 2), "b:7 c:2 ");
	assert_string_equal(list(NOW, NOW - 5, "c", 2), "");
	begin();
	assert_int_equal(session_end(fixture.db, "u1", "a"), 1);
	session_expire_at(fixture.db, hash(2), NOW); /* what counts is the older cookie then */
	commit();
	assert_string_equal(list(NOW, NOW - 5, "a", 2), "b:-5 c:2 ");
	assert_string_equal(list(NOW + 100, INT64_MAX, "", 10), "");
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
		store_test(lists_each_sid_once),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
