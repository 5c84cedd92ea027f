#include <sys/wait.h>

#include "lib/crypto/totp.h"
#include "lib/identity/second_factor.h"
#include "lib/records/audit_store.h"
#include "lib/records/totp_store.h"
#include "tests/unit/context_fixture.h"

enum { RIVALS = 32 };

static const struct user *user;
static const char *seed;
static const char *const *codes;
static struct second_factor_proof proof;
static enum second_factor_result answer;
static bool done;

/* What the app of the fixture's user shows `aside` steps from now. */
static const char *app_code(int aside)
{
	size_t length;
	const unsigned char *bytes = base32_decode(fixture.arena, seed, &length);
	return totp_code(fixture.arena, bytes, length, c->now / TOTP_STEP_SECONDS + aside);
}

static const char *wrong_code(void)
{
	for (int i = 0;; i++) {
		const char *code = arena_format(fixture.arena, "%06d", i);
		if (!text_equal(code, app_code(-1)) && !text_equal(code, app_code(0)) && !text_equal(code, app_code(1)))
			return code;
	}
}

static enum second_factor_result check(const char *code)
{
	must_return(answer = second_factor_check(c, user, code, &proof));
	assert_false(database_in_transaction(c->database));
	return answer;
}

static bool use(void)
{
	database_begin(c->database, DATABASE_DURABLE);
	must_return(done = second_factor_use(c, user, &proof));
	database_commit(c->database);
	return done;
}

static void add_someone(void)
{
	add_user("u1", "ada", NULL);
	user = user_find(c->database, "u1");
}

static void begin(void)
{
	database_begin(c->database, DATABASE_DURABLE);
	must_return(seed = totp_begin(c, user));
	database_commit(c->database);
}

static bool confirm(const char *code)
{
	database_begin(c->database, DATABASE_DURABLE);
	must_return(done = totp_confirm(c, user, code));
	database_commit(c->database);
	return done;
}

static void make_codes(void)
{
	database_begin(c->database, DATABASE_DURABLE);
	must_return(codes = recovery_codes_make(c, user));
	database_commit(c->database);
}

/* With an app, whose first code was of the step before this one. */
static void set_up(void)
{
	add_someone();
	begin();
	assert_true(confirm(app_code(-1)));
}

static void test_set_up(void **state)
{
	(void)state;
	add_someone();
	assert_null(totp_pending(c, user));
	begin();
	const char *first = seed;
	assert_int_equal(strlen(first), 32);
	assert_string_equal(totp_pending(c, user), first);
	assert_false(second_factor_of(c, "u1").totp);
	/* Until a code confirmed it, it counts for nothing, and a new one takes its place. */
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_WRONG);
	begin();
	assert_string_not_equal(seed, first);
	assert_string_equal(totp_pending(c, user), seed);
	assert_false(confirm(wrong_code()));
	assert_false(confirm(""));
	assert_true(confirm(app_code(0)));
	assert_true(second_factor_of(c, "u1").totp);
	assert_null(totp_pending(c, user));
	/* Nobody puts another seed in the place of a confirmed one. */
	database_begin(c->database, DATABASE_DURABLE);
	assert_null(totp_begin(c, user));
	database_commit(c->database);
	assert_false(confirm(app_code(1)));
	/* The code that confirmed it is used up. */
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_WRONG);
	assert_int_equal(check(app_code(1)), SECOND_FACTOR_RIGHT);
}

static void test_secrets(void **state)
{
	(void)state;
	set_up();
	make_codes();
	assert_null(strstr(text_of("SELECT seed FROM totp"), seed));
	assert_int_equal(number_of(arena_format(fixture.arena, "SELECT count(*) FROM recovery_codes WHERE CAST(code_hash AS TEXT) = '%s'", codes[0])), 0);
	assert_lacks(logged(), seed);
	/* A seed moved to another user's row does not open. */
	database_begin(c->database, DATABASE_DURABLE);
	struct user other = { .user_id = "u2", .username = "bob", .created_at = NOW };
	assert_true(user_insert(c->database, &other));
	assert_true(totp_row_begin(c->database, "u2", text_of("SELECT seed FROM totp"), NOW));
	database_commit(c->database);
	assert_leaves(totp_pending(c, &other));
	assert_int_equal(c->response.status, 500);
}

static void test_once(void **state)
{
	(void)state;
	set_up();
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_RIGHT);
	struct second_factor_proof same = proof;
	/* A check alone uses nothing up. */
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_RIGHT);
	assert_true(use());
	proof = same;
	assert_false(use());
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_WRONG);
	assert_int_equal(check(app_code(-1)), SECOND_FACTOR_WRONG);
	c->now += TOTP_STEP_SECONDS;
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_RIGHT);
	assert_true(use());
	assert_int_equal(events(AUDIT_SECOND_FACTOR_SUCCESS), 2);
}

static void test_spelling(void **state)
{
	(void)state;
	set_up();
	const char *code = app_code(0);
	assert_int_equal(check(arena_format(fixture.arena, " %.3s %s ", code, code + 3)), SECOND_FACTOR_RIGHT);
	assert_int_equal(check(arena_format(fixture.arena, "%.3s-%s", code, code + 3)), SECOND_FACTOR_RIGHT);
	make_codes();
	char *capitals = arena_text(fixture.arena, codes[0]);
	for (char *at = capitals; *at; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
		else if (*at == '-')
			*at = ' ';
		else if (*at == '0')
			*at = 'O';
		else if (*at == '1')
			*at = 'l';
	assert_int_equal(check(capitals), SECOND_FACTOR_RIGHT);
}

static void test_recovery_codes(void **state)
{
	(void)state;
	add_someone();
	make_codes();
	assert_int_equal(second_factor_of(c, "u1").recovery_codes, RECOVERY_CODES);
	for (int i = 0; i < RECOVERY_CODES; i++) {
		assert_int_equal(strlen(codes[i]), 23);
		assert_int_equal(strspn(codes[i], "0123456789abcdefghjkmnpqrstvwxyz-"), 23);
		assert_int_equal(check(codes[i]), SECOND_FACTOR_RIGHT);
		assert_true(use());
		assert_false(use());
		assert_int_equal(check(codes[i]), SECOND_FACTOR_WRONG);
		assert_int_equal(second_factor_of(c, "u1").recovery_codes, RECOVERY_CODES - 1 - i);
	}
	make_codes();
	const char *old = codes[0];
	make_codes();
	assert_int_equal(second_factor_of(c, "u1").recovery_codes, RECOVERY_CODES);
	assert_int_equal(check(old), SECOND_FACTOR_WRONG);
	/* One user's code is no other's. */
	add_user("u2", "bob", NULL);
	const struct user *ada = user;
	user = user_find(c->database, "u2");
	assert_int_equal(check(codes[0]), SECOND_FACTOR_WRONG);
	user = ada;
	assert_int_equal(check(codes[0]), SECOND_FACTOR_RIGHT);
}

static void test_limit(void **state)
{
	(void)state;
	set_up();
	fixture.config.second_factor_limit = 10;
	for (int i = 0; i < 10; i++)
		assert_int_equal(check(i % 2 ? "nonsense" : wrong_code()), SECOND_FACTOR_WRONG);
	assert_int_equal(events(AUDIT_SECOND_FACTOR_FAILURE), 10);
	/* From now on, the right one does not help either. */
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_LIMITED);
	assert_int_equal(events(AUDIT_SECOND_FACTOR_LIMITED), 1);
	c->now += fixture.config.login_limit_seconds + 1;
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_RIGHT);
	assert_true(use());
	/* Success forgets what was wrong before. */
	for (int i = 0; i < 9; i++)
		assert_int_equal(check(wrong_code()), SECOND_FACTOR_WRONG);
	assert_int_equal(check(app_code(1)), SECOND_FACTOR_RIGHT);
	assert_true(use());
	assert_int_equal(check(wrong_code()), SECOND_FACTOR_WRONG);
	assert_int_equal(number_of("SELECT count(*) FROM audit WHERE detail NOT IN ('totp', 'recovery_code')"), 0);
}

static void test_needed(void **state)
{
	(void)state;
	add_someone();
	struct user someone = *user;
	struct second_factor none = { 0 }, app = { .totp = true }, passkey = { .passkeys = 1 };
	assert_false(second_factor_is_needed(c, &someone, &none));
	assert_false(second_factor_is_needed(c, &someone, &passkey));
	assert_true(second_factor_is_needed(c, &someone, &app));
	someone.second_factor_required = true;
	assert_true(second_factor_is_needed(c, &someone, &none));
	someone.second_factor_required = false;
	fixture.config.second_factor_required = true;
	assert_true(second_factor_is_needed(c, &someone, &none));
}

static void test_remove(void **state)
{
	(void)state;
	set_up();
	make_codes();
	database_begin(c->database, DATABASE_DURABLE);
	assert_true(totp_remove(c, user));
	assert_false(totp_remove(c, user));
	database_commit(c->database);
	assert_int_equal(check(app_code(0)), SECOND_FACTOR_WRONG);
	assert_int_equal(check(codes[0]), SECOND_FACTOR_WRONG);
	assert_false(second_factor_of(c, "u1").totp);
	assert_int_equal(second_factor_of(c, "u1").recovery_codes, 0);
}

static void test_uri(void **state)
{
	(void)state;
	add_someone();
	struct user odd = *user;
	odd.username = "a.b_c-d";
	fixture.config.site_name = "My & \"site\"/?";
	const char *uri = totp_uri(c, &odd, "GEZDGNBV");
	assert_string_equal(uri, "otpauth://totp/My%20%26%20%22site%22%2F%3F:a.b_c-d?secret=GEZDGNBV"
		"&issuer=My%20%26%20%22site%22%2F%3F&algorithm=SHA1&digits=6&period=30");
	assert_true(text_starts_with(totp_qr_code(c, uri), "data:image/svg+xml;base64,"));
}

/* In a process of its own, with a connection of its own: 0 if the code counted. */
static int rival(const char *code)
{
	const char *error;
	if (database_open(fixture.arena, fixture_path("database"), NULL, NULL, fixture_database_failed, c, &c->database, &error) != DATABASE_OPEN)
		return 2;
	if (setjmp(fixture.unwind) != 0)
		return 3;
	if (second_factor_check(c, user, code, &proof) != SECOND_FACTOR_RIGHT)
		return 1;
	database_begin(c->database, DATABASE_DURABLE);
	done = second_factor_use(c, user, &proof);
	database_commit(c->database);
	return done ? 0 : 1;
}

static void race(const char *code)
{
	int counted = 0, refused = 0, status;
	pid_t children[RIVALS];
	for (int i = 0; i < RIVALS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(rival(code));
	}
	for (int i = 0; i < RIVALS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		counted += WEXITSTATUS(status) == 0;
		refused += WEXITSTATUS(status) == 1;
	}
	assert_int_equal(counted, 1);
	assert_int_equal(refused, RIVALS - 1);
}

static void test_rivals(void **state)
{
	(void)state;
	set_up();
	make_codes();
	fixture.config.second_factor_limit = 0;
	const char *code = app_code(0);
	/* A connection must not be carried across fork(). */
	database_release(c->database, true);
	race(code);
	race(codes[0]);
	const char *error;
	assert_int_equal(database_open(fixture.arena, fixture_path("database"), NULL, NULL, fixture_database_failed, c, &c->database, &error), DATABASE_OPEN);
	assert_int_equal(events(AUDIT_SECOND_FACTOR_SUCCESS), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		context_test(test_set_up),
		context_test(test_secrets),
		context_test(test_once),
		context_test(test_spelling),
		context_test(test_recovery_codes),
		context_test(test_limit),
		context_test(test_needed),
		context_test(test_remove),
		context_test(test_uri),
		context_test(test_rivals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
