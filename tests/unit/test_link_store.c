/* Links of mails, and invitations: each counts once. */
#include "tests/unit/store_fixture.h"

#include "lib/crypto/digest.h"
#include "lib/records/invitation_store.h"
#include "lib/records/link_store.h"

static const unsigned char *hash_of(const char *token)
{
	return sha256_of(fixture.arena, token);
}

static void add_link(const char *token, const char *kind, const char *user_id)
{
	link_insert(fixture.db, &(struct link){ .link_hash = hash_of(token), .kind = kind, .user_id = user_id, .detail = "more",
		.created_at = NOW, .expires_at = NOW + 10 });
}

static void a_link_counts_once(void **state)
{
	(void)state;
	begin_with_account();
	add_link("a", LINK_VERIFY_EMAIL, "u1");
	const struct link *link = link_find(fixture.db, LINK_VERIFY_EMAIL, hash_of("a"), NOW + 9);
	assert_non_null(link);
	assert_string_equal(link->user_id, "u1");
	assert_string_equal(link->detail, "more");
	assert_null(link_find(fixture.db, LINK_RESET_PASSWORD, hash_of("a"), NOW));
	assert_null(link_find(fixture.db, LINK_VERIFY_EMAIL, hash_of("b"), NOW));
	assert_null(link_find(fixture.db, LINK_VERIFY_EMAIL, hash_of("a"), NOW + 10));
	assert_false(link_use(fixture.db, hash_of("a"), NOW + 10));
	assert_true(link_use(fixture.db, hash_of("a"), NOW + 9));
	assert_false(link_use(fixture.db, hash_of("a"), NOW + 9));
	commit();
}

static void links_of_a_user_end(void **state)
{
	(void)state;
	begin_with_account();
	add_user("u2", "bob");
	add_link("a", LINK_VERIFY_EMAIL, "u1");
	add_link("b", LINK_RESET_PASSWORD, "u1");
	add_link("c", LINK_RESET_PASSWORD, "u2");
	link_remove_of_user(fixture.db, "u1", LINK_RESET_PASSWORD);
	assert_null(link_find(fixture.db, LINK_RESET_PASSWORD, hash_of("b"), NOW));
	assert_non_null(link_find(fixture.db, LINK_VERIFY_EMAIL, hash_of("a"), NOW));
	link_remove_of_user(fixture.db, "u1", NULL);
	assert_null(link_find(fixture.db, LINK_VERIFY_EMAIL, hash_of("a"), NOW));
	assert_non_null(link_find(fixture.db, LINK_RESET_PASSWORD, hash_of("c"), NOW));
	assert_int_equal(link_remove_expired(fixture.db, NOW + 9, 5), 0);
	assert_int_equal(link_remove_expired(fixture.db, NOW + 10, 5), 1);
	commit();
}

static int listed;

static void count_listed(void *context, const struct invitation *invitation)
{
	(void)context;
	assert_non_null(invitation->invitation_hash);
	listed++;
}

static void an_invitation_counts_once(void **state)
{
	struct invitation invitation = { .invitation_hash = hash_of("a"), .email = "a@example.org", .created_at = NOW, .expires_at = NOW + 10 };

	(void)state;
	begin();
	invitation_insert(fixture.db, &invitation);
	invitation.invitation_hash = hash_of("b");
	invitation.email = NULL;
	invitation_insert(fixture.db, &invitation);
	assert_string_equal(invitation_find(fixture.db, hash_of("a"), NOW)->email, "a@example.org");
	assert_null(invitation_find(fixture.db, hash_of("b"), NOW)->email);
	assert_null(invitation_find(fixture.db, hash_of("a"), NOW + 10));
	listed = 0;
	invitation_list(fixture.db, count_listed, NULL);
	assert_int_equal(listed, 2);
	assert_false(invitation_use(fixture.db, hash_of("a"), NOW + 10));
	assert_true(invitation_use(fixture.db, hash_of("a"), NOW));
	assert_false(invitation_use(fixture.db, hash_of("a"), NOW));
	assert_int_equal(invitation_remove_between(fixture.db, hash_of("a"), hash_of("a")), 0);
	assert_int_equal(invitation_remove_between(fixture.db, hash_of("b"), hash_of("b")), 1);
	invitation_insert(fixture.db, &invitation);
	assert_int_equal(invitation_remove_expired(fixture.db, NOW + 9, 5), 0);
	assert_int_equal(invitation_remove_expired(fixture.db, NOW + 10, 5), 1);
	commit();
}

static void what_was_asked_for_goes_and_the_operators_stays(void **state)
{
	struct invitation invitation = { .invitation_hash = hash_of("c"), .email = "A@example.org", .created_at = NOW, .expires_at = NOW + 10 };

	(void)state;
	begin();
	invitation_insert(fixture.db, &invitation);
	invitation.requested = true;
	invitation.invitation_hash = hash_of("d");
	invitation_insert(fixture.db, &invitation);
	invitation.email = "ab@example.org";
	invitation.invitation_hash = hash_of("e");
	invitation_insert(fixture.db, &invitation);
	invitation_remove_requested(fixture.db, "a@EXAMPLE.org");
	assert_false(invitation_find(fixture.db, hash_of("c"), NOW)->requested);
	assert_null(invitation_find(fixture.db, hash_of("d"), NOW));
	assert_true(invitation_find(fixture.db, hash_of("e"), NOW)->requested);
	commit();
}

static void uses_indexes(void **state)
{
	(void)state;
	assert_plans("invitations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		store_test(a_link_counts_once),
		store_test(links_of_a_user_end),
		store_test(an_invitation_counts_once),
		store_test(what_was_asked_for_goes_and_the_operators_stays),
		cmocka_unit_test(uses_indexes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
