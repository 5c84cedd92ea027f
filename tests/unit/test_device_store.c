/* Browsers that users signed in from before. */
#include "tests/unit/store_fixture.h"

#include "lib/crypto/digest.h"
#include "lib/records/device_store.h"
#include "lib/records/session_store.h"

static const unsigned char *hash_of(int number)
{
	return sha256_of(fixture.arena, arena_format(fixture.arena, "device %d", number));
}

static void knows_what_was_added(void **state)
{
	(void)state;
	begin_with_account();
	add_user("u2", "bob");
	assert_false(device_any(fixture.db, "u1"));
	assert_false(device_touch(fixture.db, "u1", hash_of(1), NOW));
	device_insert(fixture.db, "u1", hash_of(1), NOW);
	assert_true(device_any(fixture.db, "u1"));
	assert_true(device_touch(fixture.db, "u1", hash_of(1), NOW + 1));
	assert_false(device_any(fixture.db, "u2"));
	assert_false(device_touch(fixture.db, "u2", hash_of(1), NOW));
	commit();
}

static void keeps_fifty(void **state)
{
	(void)state;
	begin_with_account();
	for (int i = 0; i < DEVICES_MOST; i++)
		device_insert(fixture.db, "u1", hash_of(i), NOW + i);
	assert_true(device_touch(fixture.db, "u1", hash_of(0), NOW + 1000));
	device_insert(fixture.db, "u1", hash_of(DEVICES_MOST), NOW - 1);
	commit();
	assert_int_equal(count_rows("devices"), DEVICES_MOST);
	begin();
	assert_true(device_touch(fixture.db, "u1", hash_of(0), NOW + 1001));
	assert_false(device_touch(fixture.db, "u1", hash_of(1), NOW + 1001));
	assert_true(device_touch(fixture.db, "u1", hash_of(DEVICES_MOST), NOW + 1001));
	commit();
}

static void forgets_that_of_a_session(void **state)
{
	(void)state;
	begin_with_account();
	device_insert(fixture.db, "u1", hash_of(1), NOW);
	device_insert(fixture.db, "u1", hash_of(2), NOW + 5);
	session_insert(fixture.db, &(struct session){ .session_hash = hash_of(9), .sid = "s1", .user_id = "u1", .created_at = NOW + 5,
		.auth_time = NOW + 5, .amr = "pwd", .acr = "aal1", .last_seen_at = NOW + 5, .idle_seconds = 60, .expires_at = NOW + 600 });
	device_remove_of_session(fixture.db, "u1", "s2");
	assert_true(device_touch(fixture.db, "u1", hash_of(2), NOW + 6));
	device_remove_of_session(fixture.db, "u1", "s1");
	assert_false(device_touch(fixture.db, "u1", hash_of(2), NOW + 7));
	assert_true(device_touch(fixture.db, "u1", hash_of(1), NOW + 7));
	commit();
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(knows_what_was_added),
		store_test(keeps_fifty),
		store_test(forgets_that_of_a_session),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
