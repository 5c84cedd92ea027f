#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/random.h"
#include "lib/crypto/seal.h"

static struct arena *arena;
static char folder[64];
static char path[96];
static unsigned char key[SEAL_KEY_BYTES];

static int setup(void **state)
{
	(void)state;
	arena = arena_create(8 << 20);
	strcpy(folder, "/tmp/latchkey-seal-XXXXXX");
	if (arena == NULL || mkdtemp(folder) == NULL)
		return 1;
	strcpy(path, folder);
	strcat(path, "/credentials.key");
	random_bytes(key, sizeof key);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	arena_destroy(arena);
	return rmdir(folder); /* fails if a temporary file stayed */
}

static unsigned char *from_hex(const char *hex)
{
	size_t length = strlen(hex) / 2;
	unsigned char *bytes = arena_alloc(arena, length + 1);

	for (size_t i = 0; i < length; i++) {
		unsigned value;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
		bytes[i] = (unsigned char)value;
	}
	return bytes;
}

/* draft-irtf-cfrg-xchacha-03, A.3.1: nonce, ciphertext, tag. */
static void known_answer(void **state)
{
	const unsigned char *known = from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
	const char *purpose = (char *)from_hex("50515253c0c1c2c3c4c5c6c7");
	const char *sealed = arena_format(arena, "v1.%s", base64url_encode(arena, from_hex("404142434445464748494a4b4c4d4e4f5051525354555657"
		"bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
		"2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
		"c0875924c1c7987947deafd8780acf49"), 24 + 114 + 16));

	(void)state;
	assert_string_equal(unseal(arena, known, purpose, sealed), "Ladies and Gentlemen of the class of '99: "
		"If I could offer you only one tip for the future, sunscreen would be it.");
}

static void comes_back(void **state)
{
	char *longer = arena_alloc(arena, 5001);

	(void)state;
	memset(longer, 'x', 5000);
	assert_string_equal(unseal(arena, key, "users.password:1", seal(arena, key, "users.password:1", "secret")), "secret");
	assert_string_equal(unseal(arena, key, "p", seal(arena, key, "p", "")), "");
	assert_string_equal(unseal(arena, key, "", seal(arena, key, "", "x")), "x");
	assert_string_equal(unseal(arena, key, "p", seal(arena, key, "p", longer)), longer);
	assert_string_not_equal(seal(arena, key, "p", "same"), seal(arena, key, "p", "same"));
}

static void other_key_or_purpose_does_not_open(void **state)
{
	const char *sealed = seal(arena, key, "users.password:1", "secret");

	(void)state;
	assert_null(unseal(arena, key, "users.password:2", sealed));
	assert_null(unseal(arena, key, "users.password:", sealed));
	assert_null(unseal(arena, key, "", sealed));
	key[31] ^= 1;
	assert_null(unseal(arena, key, "users.password:1", sealed));
}

static void every_changed_character_is_seen(void **state)
{
	char *sealed = seal(arena, key, "p", "secret");
	size_t length = strlen(sealed);

	(void)state;
	for (size_t i = 0; i < length; i++) {
		char kept = sealed[i];

		sealed[i] = kept == 'A' ? 'B' : 'A';
		assert_null(unseal(arena, key, "p", sealed));
		sealed[i] = '\0';
		assert_null(unseal(arena, key, "p", sealed));
		sealed[i] = kept;
	}
	assert_string_equal(unseal(arena, key, "p", sealed), "secret");
	assert_null(unseal(arena, key, "p", arena_format(arena, "%sAAAA", sealed)));
	assert_null(unseal(arena, key, "p", ""));
	assert_null(unseal(arena, key, "p", "v1."));
	assert_null(unseal(arena, key, "p", "v1.!!!!"));
	assert_null(unseal(arena, key, "p", "v2.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_null(unseal(arena, key, "p", "v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

/* Another token, a value of another row, or the key itself as a token: nothing opens. */
static void by_token(void **state)
{
	const char *sealed = seal_by_token(arena, "token", "table.column:1", "secret");
	char *longer = arena_alloc(arena, 200001);

	(void)state;
	assert_null(strstr(sealed, "secret"));
	assert_string_equal(unseal_by_token(arena, "token", "table.column:1", sealed), "secret");
	assert_null(unseal_by_token(arena, "tokem", "table.column:1", sealed));
	assert_null(unseal_by_token(arena, "", "table.column:1", sealed));
	assert_null(unseal_by_token(arena, "token", "table.column:2", sealed));
	assert_null(unseal_by_token(arena, "token", "table.column:1", "secret"));
	assert_string_not_equal(sealed, seal_by_token(arena, "token", "table.column:1", "secret"));
	memset(longer, 'x', 200000);
	assert_string_equal(unseal_by_token(arena, "t", "p", seal_by_token(arena, "t", "p", longer)), longer);
}

static void key_file_is_made_once(void **state)
{
	unsigned char again[SEAL_KEY_BYTES];
	const char *error = NULL;
	struct stat status;

	(void)state;
	assert_false(seal_key_load(arena, path, key, &error));
	assert_non_null(error);
	umask(0);
	assert_true(seal_key_create(arena, path, &error));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, SEAL_KEY_BYTES);
	assert_true(seal_key_load(arena, path, key, &error));
	assert_true(seal_key_create(arena, path, &error));
	assert_true(seal_key_load(arena, path, again, &error));
	assert_memory_equal(key, again, sizeof key);
	error = NULL;
	assert_false(seal_key_create(arena, "/nonexistent/credentials.key", &error));
	assert_non_null(error);
}

/* All who make it at once end up with the same key. */
static void makers_race(void **state)
{
	enum { MAKERS = 8 };
	int results[2];
	unsigned char seen[MAKERS][SEAL_KEY_BYTES];

	(void)state;
	assert_int_equal(pipe(results), 0);
	for (int i = 0; i < MAKERS; i++) {
		if (fork() == 0) {
			const char *error;
			bool good = seal_key_create(arena, path, &error) && seal_key_load(arena, path, key, &error)
				&& write(results[1], key, sizeof key) == (ssize_t)sizeof key;

			_exit(good ? 0 : 1);
		}
	}
	for (int i = 0; i < MAKERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(read(results[0], seen, sizeof seen), sizeof seen);
	for (int i = 1; i < MAKERS; i++)
		assert_memory_equal(seen[0], seen[i], SEAL_KEY_BYTES);
	close(results[0]);
	close(results[1]);
}

static void write_file(const void *bytes, size_t length)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
}

static void bad_key_files_are_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0660, 0610, 0644};
	unsigned char bytes[64] = {0};
	const char *error = NULL;

	(void)state;
	for (size_t length = 0; length < sizeof bytes; length++) {
		write_file(bytes, length);
		assert_int_equal(seal_key_load(arena, path, key, &error), length == SEAL_KEY_BYTES);
	}
	write_file(bytes, SEAL_KEY_BYTES);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		error = NULL;
		assert_false(seal_key_load(arena, path, key, &error));
		assert_non_null(error);
	}
	assert_int_equal(chmod(path, 0400), 0);
	assert_true(seal_key_load(arena, path, key, &error));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(seal_key_load(arena, path, key, &error));
	assert_false(seal_key_load(arena, folder, key, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(known_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(other_key_or_purpose_does_not_open, setup, teardown),
		cmocka_unit_test_setup_teardown(every_changed_character_is_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(by_token, setup, teardown),
		cmocka_unit_test_setup_teardown(key_file_is_made_once, setup, teardown),
		cmocka_unit_test_setup_teardown(makers_race, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_key_files_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
