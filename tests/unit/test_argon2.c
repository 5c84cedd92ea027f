#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/crypto/argon2.h"

static struct arena *arena;
static char folder[64];
static char path[96];

static int setup(void **state)
{
	(void)state;
	arena = arena_create(1 << 20);
	strcpy(folder, "/tmp/latchkey-argon2-XXXXXX");
	if (arena == NULL || mkdtemp(folder) == NULL)
		return 1;
	strcpy(path, folder);
	strcat(path, "/argon2.lock");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	arena_destroy(arena);
	return 0;
}

static const struct argon2_settings small = {.memory_kib = 64, .iterations = 1};

/* Made by the reference implementation (its test vectors: m = 2^8, t = 2, p = 1, salt "somesalt"). */
#define REFERENCE "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

static void known_answer(void **state)
{
	(void)state;
	assert_int_equal(argon2id_check(REFERENCE, "password"), ARGON2_MATCHES);
	assert_int_equal(argon2id_check(REFERENCE, "passwore"), ARGON2_DIFFERS);
	assert_int_equal(argon2id_check(REFERENCE, ""), ARGON2_DIFFERS);
}

static void hash_matches_its_secret_alone(void **state)
{
	const char *hash = argon2id_hash(arena, &small, "correct horse");
	const char *empty = argon2id_hash(arena, &small, "");

	(void)state;
	assert_non_null(hash);
	assert_memory_equal(hash, "$argon2id$v=19$m=64,t=1,p=1$", 28);
	assert_int_equal(strlen(hash), 28 + 22 + 1 + 43);
	assert_int_equal(argon2id_check(hash, "correct horse"), ARGON2_MATCHES);
	assert_int_equal(argon2id_check(hash, "correct horsf"), ARGON2_DIFFERS);
	assert_int_equal(argon2id_check(hash, "correct horse "), ARGON2_DIFFERS);
	assert_string_not_equal(hash, argon2id_hash(arena, &small, "correct horse"));
	assert_int_equal(argon2id_check(empty, ""), ARGON2_MATCHES);
	assert_int_equal(argon2id_check(empty, "x"), ARGON2_DIFFERS);
}

static void malformed_texts_differ(void **state)
{
	static const char *const texts[] = {
		"", "$", "$argon2id$", "plain", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=256,t=2,p=1$$", "$argon2id$v=19$m=256,t=2,p=1",
		"$argon2id$v=19$m=,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=-256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		REFERENCE "x", REFERENCE "$",
	};
	char *giant = arena_alloc(arena, 100001);

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(argon2id_check(texts[i], "password"), ARGON2_DIFFERS);
	memset(giant, 'A', 100000);
	memcpy(giant, REFERENCE, sizeof REFERENCE - 1);
	assert_int_equal(argon2id_check(giant, "password"), ARGON2_DIFFERS);
}

/* Each would take minutes or all memory. */
static void absurd_settings_are_not_tried(void **state)
{
	static const char *const texts[] = {
		"$argon2id$v=19$m=4194305,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=99999999999999999999999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=101,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=4294967295,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	};
	int64_t start = clock_milliseconds();

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(argon2id_check(texts[i], "password"), ARGON2_DIFFERS);
	assert_true(clock_milliseconds() - start < 1000);
}

static void outdated(void **state)
{
	const char *hash = argon2id_hash(arena, &small, "x");

	(void)state;
	assert_false(argon2id_is_outdated(hash, &small));
	assert_true(argon2id_is_outdated(hash, &(struct argon2_settings){.memory_kib = 65, .iterations = 1}));
	assert_true(argon2id_is_outdated(hash, &(struct argon2_settings){.memory_kib = 64, .iterations = 2}));
	assert_true(argon2id_is_outdated("", &small));
	assert_false(argon2id_is_outdated(REFERENCE, &(struct argon2_settings){.memory_kib = 256, .iterations = 2}));
}

static int64_t cpu_of(void (*work)(const char *hash), const char *hash)
{
	int64_t start = clock_milliseconds();

	for (int i = 0; i < 10; i++)
		work(hash);
	return clock_milliseconds() - start;
}

static const struct argon2_settings medium = {.memory_kib = 4096, .iterations = 2};

static void check_once(const char *hash)
{
	assert_int_equal(argon2id_check(hash, "wrong"), ARGON2_DIFFERS);
}

static void waste_once(const char *hash)
{
	(void)hash;
	argon2id_waste(&medium, "wrong");
}

/* Roughly: the machine may be busy. */
static void waste_takes_as_long(void **state)
{
	const char *hash = argon2id_hash(arena, &medium, "right");
	int64_t check = cpu_of(check_once, hash);
	int64_t waste = cpu_of(waste_once, NULL);

	(void)state;
	assert_true(waste * 4 + 20 > check && check * 4 + 20 > waste);
}

static void slots_are_counted(void **state)
{
	int slots[3];
	struct stat status;

	(void)state;
	for (int i = 0; i < 3; i++) {
		slots[i] = argon2_slot_acquire(path, 3, 0);
		assert_true(slots[i] >= 0);
		assert_true((fcntl(slots[i], F_GETFD) & FD_CLOEXEC) != 0);
	}
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(argon2_slot_acquire(path, 3, 0), -1);
	argon2_slot_release(slots[1]);
	slots[1] = argon2_slot_acquire(path, 3, 0);
	assert_true(slots[1] >= 0);
	for (int i = 0; i < 3; i++)
		argon2_slot_release(slots[i]);
	argon2_slot_release(-1);
	assert_int_equal(argon2_slot_acquire("/nonexistent/argon2.lock", 3, 0), -2);
}

static void waiting_is_bounded(void **state)
{
	int slot = argon2_slot_acquire(path, 1, 0);
	int64_t start = clock_milliseconds();
	int64_t took;

	(void)state;
	assert_int_equal(argon2_slot_acquire(path, 1, 60), -1);
	took = clock_milliseconds() - start;
	assert_in_range(took, 55, 2000);
	argon2_slot_release(slot);
}

/* A child that holds a slot until it is killed. */
static pid_t hold_slot(int slots)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (argon2_slot_acquire(path, slots, 0) >= 0 && write(ready[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void a_killed_process_frees_its_slot(void **state)
{
	pid_t first = hold_slot(2);
	pid_t second = hold_slot(2);
	int slot;

	(void)state;
	assert_int_equal(argon2_slot_acquire(path, 2, 30), -1);
	assert_int_equal(kill(first, SIGKILL), 0);
	slot = argon2_slot_acquire(path, 2, 2000);
	assert_true(slot >= 0);
	assert_int_equal(argon2_slot_acquire(path, 2, 0), -1);
	argon2_slot_release(slot);
	kill(second, SIGKILL);
	assert_int_equal(waitpid(first, NULL, 0), first);
	assert_int_equal(waitpid(second, NULL, 0), second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(known_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(hash_matches_its_secret_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(malformed_texts_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(absurd_settings_are_not_tried, setup, teardown),
		cmocka_unit_test_setup_teardown(outdated, setup, teardown),
		cmocka_unit_test_setup_teardown(waste_takes_as_long, setup, teardown),
		cmocka_unit_test_setup_teardown(slots_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(waiting_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_killed_process_frees_its_slot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
