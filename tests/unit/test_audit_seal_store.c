/* The chain over the audit log. */
#include "tests/unit/store_fixture.h"

#include "lib/records/audit_seal_store.h"

static bool insert(int64_t audit_id, int64_t previous, int fill)
{
	struct audit_seal seal = { .audit_id = audit_id, .sealed_at = NOW + fill };
	bool inserted;

	memset(seal.mac, fill, sizeof seal.mac);
	begin();
	inserted = audit_seal_insert(fixture.db, &seal, previous);
	commit();
	return inserted;
}

static void walks_along_the_chain(void **state)
{
	struct audit_seal seal;

	(void)state;
	assert_false(audit_seal_last(fixture.db, &seal));
	assert_int_equal(seal.mac[0], 0);
	assert_false(audit_seal_next(fixture.db, INT64_MIN, &seal));
	assert_true(insert(10, INT64_MIN, 1));
	assert_true(insert(25, 10, 2));
	assert_true(audit_seal_last(fixture.db, &seal));
	assert_int_equal(seal.audit_id, 25);
	assert_int_equal(seal.sealed_at, NOW + 2);
	assert_int_equal(seal.mac[31], 2);
	assert_true(audit_seal_next(fixture.db, INT64_MIN, &seal));
	assert_int_equal(seal.audit_id, 10);
	assert_true(audit_seal_next(fixture.db, 10, &seal));
	assert_int_equal(seal.audit_id, 25);
	assert_false(audit_seal_next(fixture.db, 25, &seal));
}

static void the_second_of_two_adds_nothing(void **state)
{
	(void)state;
	assert_true(insert(10, INT64_MIN, 1));
	assert_false(insert(10, INT64_MIN, 2));
	assert_false(insert(12, INT64_MIN, 2));
	assert_true(insert(12, 10, 2));
	assert_false(insert(13, 10, 3));
	assert_int_equal(count_rows("audit_seals"), 2);
}

static void a_mac_of_another_length_is_none(void **state)
{
	static const unsigned char none[AUDIT_MAC_BYTES];
	struct audit_seal seal;

	(void)state;
	begin();
	database_change(fixture.db, "INSERT INTO audit_seals (audit_id, mac, sealed_at) VALUES (1, X'0102', 3)", "");
	commit();
	assert_true(audit_seal_last(fixture.db, &seal));
	assert_memory_equal(seal.mac, none, sizeof none);
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(walks_along_the_chain),
		store_test(the_second_of_two_adds_nothing),
		store_test(a_mac_of_another_length_is_none),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
