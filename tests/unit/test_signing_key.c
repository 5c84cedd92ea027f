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
#include <unistd.h>

#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/crypto/signing_key.h"

static struct arena *arena;
static char folder[64];
static struct signing_key *key;
static const char *path;
static const char *error;

static int setup(void **state)
{
	(void)state;
	arena = arena_create(64 << 20);
	strcpy(folder, "/tmp/latchkey-key-XXXXXX");
	if (arena == NULL || mkdtemp(folder) == NULL)
		return 1;
	key = signing_key_generate(arena, "RS256");
	if (key == NULL)
		return 1;
	path = arena_format(arena, "%s/%s.key", folder, signing_key_kid(key));
	error = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	signing_key_free(key);
	arena_destroy(arena);
	return rmdir(folder); /* fails if a temporary file stayed */
}

static struct octets decoded(const char *text)
{
	struct octets part;

	part.bytes = base64url_decode(arena, text, strlen(text), &part.length);
	assert_non_null(part.bytes);
	return part;
}

/* RFC 7638 3.1. */
static void thumbprint_known_answer(void **state)
{
	struct octets parts[2] = {
		decoded("0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
			"oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu"
			"6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
			"pJzKnqDKgw"),
		decoded("AQAB"),
	};
	const char *text = signing_rs256.thumbprint_text(arena, parts);
	unsigned char digest[SHA256_BYTES];

	(void)state;
	sha256(text, strlen(text), digest);
	assert_string_equal(base64url_encode(arena, digest, sizeof digest), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

static void public_jwk_has_its_form(void **state)
{
	const char *jwk = signing_key_public_jwk(arena, key);
	const char *start = arena_format(arena, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"", signing_key_kid(key));
	static const char end[] = "\",\"e\":\"AQAB\"}";

	(void)state;
	assert_string_equal(signing_key_alg(key), "RS256");
	assert_int_equal(strlen(signing_key_kid(key)), 43);
	assert_memory_equal(jwk, start, strlen(start));
	assert_int_equal(strlen(jwk), strlen(start) + 342 + strlen(end));
	assert_string_equal(jwk + strlen(start) + 342, end);
}

static void saved_key_comes_back(void **state)
{
	struct signing_key *loaded;
	struct stat status;

	(void)state;
	umask(0);
	assert_true(signing_key_save(arena, key, folder, &error));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	loaded = signing_key_load(arena, folder, signing_key_kid(key), "RS256", &error);
	assert_non_null(loaded);
	assert_string_equal(signing_key_kid(loaded), signing_key_kid(key));
	assert_string_equal(signing_key_public_jwk(arena, loaded), signing_key_public_jwk(arena, key));
	assert_true(signing_key_save(arena, loaded, folder, &error));
	signing_key_free(loaded);
	signing_key_free(loaded);
	signing_key_free(NULL);
	assert_false(signing_key_save(arena, key, "/nonexistent", &error));
	assert_non_null(error);
}

static void keys_differ(void **state)
{
	struct signing_key *other = signing_key_generate(arena, "RS256");

	(void)state;
	assert_string_not_equal(signing_key_kid(other), signing_key_kid(key));
	signing_key_free(other);
	assert_null(signing_key_generate(arena, "none"));
	assert_null(signing_key_generate(arena, "HS256"));
	assert_null(signing_key_generate(arena, "rs256"));
	assert_null(signing_key_generate(arena, ""));
}

static void refuses(const char *kid, const char *alg)
{
	error = NULL;
	assert_null(signing_key_load(arena, folder, kid, alg, &error));
	assert_non_null(error);
}

static void kid_cannot_leave_the_folder(void **state)
{
	(void)state;
	assert_true(signing_key_save(arena, key, folder, &error));
	refuses("", "RS256");
	refuses("../../../../../../../../../../../etc/passwd", "RS256");
	refuses("/////////////////////////////////////////////", "RS256");
	refuses("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "RS256");
	refuses("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "RS256");
	refuses("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/A", "RS256");
	refuses("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "RS256");
	refuses(NULL, "RS256");
	refuses(signing_key_kid(key), "none");
	refuses(signing_key_kid(key), "ES256");
	refuses(signing_key_kid(key), NULL);
}

static size_t read_file(unsigned char *bytes, size_t size)
{
	int file = open(path, O_RDONLY);
	ssize_t length = read(file, bytes, size);

	assert_true(length > 0);
	close(file);
	return (size_t)length;
}

static void write_file(const unsigned char *bytes, size_t length)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	close(file);
}

/* As an attacker or a future version would: with the digest made anew. */
static void write_with_digest(unsigned char *bytes, size_t length)
{
	sha256(bytes, length - SHA256_BYTES, bytes + length - SHA256_BYTES);
	write_file(bytes, length);
}

static void damaged_files_are_refused(void **state)
{
	unsigned char bytes[4096] = {0};
	size_t length;

	(void)state;
	assert_true(signing_key_save(arena, key, folder, &error));
	length = read_file(bytes, sizeof bytes);
	for (size_t i = 0; i < length; i += i < 64 ? 1 : 41) {
		bytes[i] ^= 0x10;
		write_file(bytes, length);
		refuses(signing_key_kid(key), "RS256");
		bytes[i] ^= 0x10;
	}
	for (size_t i = 0; i < length; i += i < 64 ? 1 : 41) {
		write_file(bytes, i);
		refuses(signing_key_kid(key), "RS256");
	}
	write_file(bytes, length + 1);
	refuses(signing_key_kid(key), "RS256");
	write_file(bytes, sizeof bytes);
	refuses(signing_key_kid(key), "RS256");
	unlink(path);
	refuses(signing_key_kid(key), "RS256");
}

static void damage_under_a_right_digest_is_refused(void **state)
{
	static const size_t header = sizeof "LKKEY1\nRS256\n" - 1;
	unsigned char bytes[4096] = {0};
	unsigned char copy[4096];
	size_t length;

	(void)state;
	assert_true(signing_key_save(arena, key, folder, &error));
	length = read_file(bytes, sizeof bytes);
	assert_memory_equal(bytes, "LKKEY1\nRS256\n", header);
	/* All of the header, the length of the modulus, its first bytes, the length of the exponent and the exponent. */
	for (size_t i = 0; i < header + 2 + 256 + 2 + 3; i += i == header + 5 ? 250 : 1) {
		memcpy(copy, bytes, length);
		copy[i] ^= 0x10;
		write_with_digest(copy, length);
		refuses(signing_key_kid(key), "RS256");
	}
	for (size_t cut = 1; cut < length - SHA256_BYTES; cut += 97) {
		memcpy(copy, bytes, length);
		write_with_digest(copy, length - cut);
		refuses(signing_key_kid(key), "RS256");
	}
	memcpy(copy, bytes, length);
	write_with_digest(copy, length + 1);
	refuses(signing_key_kid(key), "RS256");
	memcpy(copy, bytes, length);
	write_with_digest(copy, length);
	signing_key_free(signing_key_load(arena, folder, signing_key_kid(key), "RS256", &error));
}

static void another_key_of_that_name_is_refused(void **state)
{
	struct signing_key *other = signing_key_generate(arena, "RS256");
	const char *place = arena_format(arena, "%s/%s.key", folder, signing_key_kid(other));

	(void)state;
	assert_true(signing_key_save(arena, other, folder, &error));
	assert_int_equal(rename(place, path), 0);
	refuses(signing_key_kid(key), "RS256");
	signing_key_free(other);
}

static void readable_files_are_refused(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0644, 0620, 0666};

	(void)state;
	assert_true(signing_key_save(arena, key, folder, &error));
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		refuses(signing_key_kid(key), "RS256");
	}
}

/* Files of the other algorithms: they come back, and any damage is seen. */
static void other_algorithms_are_kept(void **state)
{
	static const char *const algs[] = {"PS256", "ES256", "EdDSA"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		unsigned char bytes[4096] = {0};
		struct signing_key *loaded;
		const char *jwk;
		size_t length;

		signing_key_free(key);
		key = signing_key_generate(arena, algs[i]);
		assert_non_null(key);
		assert_string_equal(signing_key_alg(key), algs[i]);
		path = arena_format(arena, "%s/%s.key", folder, signing_key_kid(key));
		jwk = signing_key_public_jwk(arena, key);
		assert_true(signing_key_save(arena, key, folder, &error));
		loaded = signing_key_load(arena, folder, signing_key_kid(key), algs[i], &error);
		assert_non_null(loaded);
		assert_string_equal(signing_key_public_jwk(arena, loaded), jwk);
		signing_key_free(loaded);
		refuses(signing_key_kid(key), "RS256");
		refuses(signing_key_kid(key), algs[(i + 1) % 3]);

		length = read_file(bytes, sizeof bytes);
		for (size_t j = 0; j < length; j += length > 256 ? 41 : 1) {
			bytes[j] ^= 0x10;
			write_file(bytes, length);
			refuses(signing_key_kid(key), algs[i]);
			bytes[j] ^= 0x10;
		}
		/* The public half, under a right digest: the name tells; Ed25519's private half: the public one tells. */
		for (size_t j = 0; j < length - SHA256_BYTES && i > 0; j++) {
			bool private_of_ec = i == 1 && j >= sizeof "LKKEY1\nES256\n" - 1 + 2 * 34 + 2;

			if (private_of_ec)
				break;
			bytes[j] ^= 0x10;
			write_with_digest(bytes, length);
			refuses(signing_key_kid(key), algs[i]);
			bytes[j] ^= 0x10;
		}
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(thumbprint_known_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(public_jwk_has_its_form, setup, teardown),
		cmocka_unit_test_setup_teardown(saved_key_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(kid_cannot_leave_the_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_under_a_right_digest_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(another_key_of_that_name_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(other_algorithms_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(readable_files_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
