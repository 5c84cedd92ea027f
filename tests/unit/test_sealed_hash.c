#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crypto/argon2.h"
#include "lib/crypto/seal.h"
#include "lib/crypto/sealed_hash.h"

static struct arena *arena;
static char folder[64];
static struct config config;
static const char *error;

static int setup(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	strcpy(folder, "/tmp/latchkey-hash-XXXXXX");
	if (arena == NULL || mkdtemp(folder) == NULL)
		return 1;
	config = (struct config){.directory = folder, .argon2_memory_kib = 64, .argon2_iterations = 1, .argon2_slots = 2,
		.argon2_wait_ms = 20};
	error = NULL;
	return mkdir(config_file(arena, &config, "keys"), 0700) != 0 || mkdir(config_file(arena, &config, "database"), 0700) != 0
		|| !seal_key_create(arena, config_file(arena, &config, "keys/credentials.key"), &error);
}

static int teardown(void **state)
{
	(void)state;
	unlink(config_file(arena, &config, "keys/credentials.key"));
	unlink(config_file(arena, &config, "database/argon2.lock"));
	rmdir(config_file(arena, &config, "keys"));
	rmdir(config_file(arena, &config, "database"));
	arena_destroy(arena);
	return rmdir(folder);
}

static char *make(const char *purpose, const char *secret)
{
	char *sealed = NULL;

	assert_int_equal(sealed_hash_make(arena, &config, purpose, secret, &sealed, &error), SEALED_HASH_MATCHES);
	assert_non_null(sealed);
	assert_memory_equal(sealed, "v1.", 3);
	return sealed;
}

static enum sealed_hash_result check(const char *purpose, const char *sealed, const char *secret)
{
	error = NULL;
	return sealed_hash_check(arena, &config, purpose, sealed, secret, NULL, &error);
}

static void matches_its_secret_alone(void **state)
{
	const char *sealed = make("users.password:1", "secret");

	(void)state;
	assert_int_equal(check("users.password:1", sealed, "secret"), SEALED_HASH_MATCHES);
	assert_int_equal(check("users.password:1", sealed, "Secret"), SEALED_HASH_DIFFERS);
	assert_int_equal(check("users.password:1", sealed, ""), SEALED_HASH_DIFFERS);
	assert_int_equal(check("users.password:1", NULL, "secret"), SEALED_HASH_DIFFERS);
	assert_int_equal(check("users.password:1", NULL, ""), SEALED_HASH_DIFFERS);
}

/* A row that was copied over another one, to sign in with one's own password. */
static void moved_rows_do_not_open(void **state)
{
	const char *sealed = make("users.password:1", "secret");

	(void)state;
	assert_int_equal(check("users.password:2", sealed, "secret"), SEALED_HASH_BROKEN);
	assert_non_null(error);
	assert_int_equal(check("users.password:1", "", "secret"), SEALED_HASH_BROKEN);
	assert_int_equal(check("users.password:1", argon2id_hash(arena, &(struct argon2_settings){64, 1}, "secret"), "secret"),
		SEALED_HASH_BROKEN);
}

static void changed_settings_are_told(void **state)
{
	const char *sealed = make("p", "secret");
	bool outdated = true;

	(void)state;
	assert_int_equal(sealed_hash_check(arena, &config, "p", sealed, "secret", &outdated, &error), SEALED_HASH_MATCHES);
	assert_false(outdated);
	config.argon2_iterations = 2;
	assert_int_equal(sealed_hash_check(arena, &config, "p", sealed, "secret", &outdated, &error), SEALED_HASH_MATCHES);
	assert_true(outdated);
	assert_int_equal(sealed_hash_check(arena, &config, "p", sealed, "wrong", &outdated, &error), SEALED_HASH_DIFFERS);
	assert_false(outdated);
}

static void busy_when_all_slots_are_taken(void **state)
{
	const char *lock = config_file(arena, &config, "database/argon2.lock");
	const char *sealed = make("p", "secret");
	int first = argon2_slot_acquire(lock, 2, 0);
	int second = argon2_slot_acquire(lock, 2, 0);
	char *other;

	(void)state;
	assert_true(first >= 0 && second >= 0);
	assert_int_equal(check("p", sealed, "secret"), SEALED_HASH_BUSY);
	assert_int_equal(check("p", NULL, "secret"), SEALED_HASH_BUSY);
	assert_int_equal(sealed_hash_make(arena, &config, "p", "secret", &other, &error), SEALED_HASH_BUSY);
	assert_null(other);
	argon2_slot_release(first);
	/* What was taken is given back: more checks than slots. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(check("p", sealed, "secret"), SEALED_HASH_MATCHES);
	argon2_slot_release(second);
}

static void broken_installations_are_told(void **state)
{
	const char *path = config_file(arena, &config, "keys/credentials.key");
	const char *sealed = make("p", "secret");
	char *other;

	(void)state;
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(check("p", sealed, "secret"), SEALED_HASH_BROKEN);
	assert_non_null(error);
	assert_int_equal(check("p", NULL, "secret"), SEALED_HASH_BROKEN);
	assert_int_equal(unlink(path), 0);
	error = NULL;
	assert_int_equal(sealed_hash_make(arena, &config, "p", "secret", &other, &error), SEALED_HASH_BROKEN);
	assert_non_null(error);
	assert_null(other);
	assert_true(seal_key_create(arena, path, &error));
	assert_int_equal(check("p", sealed, "secret"), SEALED_HASH_BROKEN);
	assert_non_null(error);
	config.argon2_memory_kib = 1; /* below what Argon2 takes */
	assert_int_equal(sealed_hash_make(arena, &config, "p", "secret", &other, &error), SEALED_HASH_BROKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(matches_its_secret_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(moved_rows_do_not_open, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_settings_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(busy_when_all_slots_are_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_installations_are_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
