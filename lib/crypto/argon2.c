#include "lib/crypto/argon2.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/crypto/random.h"
#include "lib/crypto/sodium_start.h"

enum {
	VERSION = 19,
	SALT_BYTES = crypto_pwhash_argon2id_SALTBYTES,
	HASH_BYTES = 32,
	LONGEST_TEXT = crypto_pwhash_argon2id_STRBYTES - 1,
	MOST_MEMORY_KIB = 4 * 1024 * 1024,
	MOST_ITERATIONS = 100,
	PAUSE_MS = 10, /* between two looks for a slot, half of it to one and a half */
};

/* Moves *cursor behind `lead`, reads a decimal number up to `most`. */
static bool take_number(const char **cursor, const char *lead, uint32_t most, uint32_t *number)
{
	size_t length = strlen(lead);
	uint64_t value = 0;
	const char *digit;

	if (strncmp(*cursor, lead, length) != 0)
		return false;
	for (digit = *cursor + length; *digit >= '0' && *digit <= '9' && value <= most; digit++)
		value = value * 10 + (uint64_t)(*digit - '0');
	if (digit == *cursor + length || value == 0 || value > most)
		return false;
	*number = (uint32_t)value;
	*cursor = digit;
	return true;
}

/* A text from the database must not make a sign-in take all memory or an hour. */
static bool read_settings(const char *hash, struct argon2_settings *settings)
{
	uint32_t version;
	uint32_t parallelism;

	if (strnlen(hash, LONGEST_TEXT + 1) > LONGEST_TEXT)
		return false;
	return take_number(&hash, "$argon2id$v=", VERSION, &version) && version == VERSION
		&& take_number(&hash, "$m=", MOST_MEMORY_KIB, &settings->memory_kib)
		&& take_number(&hash, ",t=", MOST_ITERATIONS, &settings->iterations)
		&& take_number(&hash, ",p=", 1, &parallelism) && *hash == '$';
}

char *argon2id_hash(struct arena *arena, const struct argon2_settings *settings, const char *secret)
{
	char *hash = arena_alloc(arena, LONGEST_TEXT + 1);

	sodium_start();
	if (crypto_pwhash_argon2id_str(hash, secret, strlen(secret), settings->iterations, (size_t)settings->memory_kib * 1024) != 0)
		return NULL;
	return hash;
}

enum argon2_result argon2id_check(const char *hash, const char *secret)
{
	struct argon2_settings settings;

	if (!read_settings(hash, &settings))
		return ARGON2_DIFFERS;
	sodium_start();
	errno = 0;
	if (crypto_pwhash_argon2id_str_verify(hash, secret, strlen(secret)) == 0)
		return ARGON2_MATCHES;
	return errno == ENOMEM ? ARGON2_NO_MEMORY : ARGON2_DIFFERS;
}

void argon2id_waste(const struct argon2_settings *settings, const char *secret)
{
	static const unsigned char salt[SALT_BYTES] = "unknown account";
	unsigned char hash[HASH_BYTES];

	sodium_start();
	if (crypto_pwhash_argon2id(hash, sizeof hash, secret, strlen(secret), salt, settings->iterations,
			(size_t)settings->memory_kib * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
		return; /* no memory: a check would have failed as early */
	explicit_bzero(hash, sizeof hash);
}

bool argon2id_derive(const struct argon2_settings *settings, const char *passphrase,
	const unsigned char salt[static ARGON2_SALT_BYTES], unsigned char *key, size_t length)
{
	static_assert((int)ARGON2_SALT_BYTES == (int)SALT_BYTES, "the salt of libsodium");

	sodium_start();
	return crypto_pwhash_argon2id(key, length, passphrase, strlen(passphrase), salt, settings->iterations,
		(size_t)settings->memory_kib * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

bool argon2id_is_outdated(const char *hash, const struct argon2_settings *settings)
{
	struct argon2_settings made;

	return !read_settings(hash, &made) || made.memory_kib != settings->memory_kib || made.iterations != settings->iterations;
}

/* Tries to lock one byte: 1 locked, 0 taken, -1 locks do not work here. */
static int try_slot(int file, int slot)
{
	/* Open file description locks: unlike POSIX ones they do not vanish when another descriptor is closed. */
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};

	while (fcntl(file, F_OFD_SETLK, &lock) != 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		if (errno != EINTR)
			return -1;
	}
	return 1;
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Made by root, from the command line, it belongs to whom its folder belongs to, or nobody could sign in any more. */
static int open_lock(const char *path)
{
	struct stat owner;
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int length = (int)(strrchr(path, '/') ? strrchr(path, '/') - path : 0);
	char folder[4096];

	if (file < 0 || geteuid() != 0 || length == 0 || length >= (int)sizeof folder)
		return file;
	snprintf(folder, sizeof folder, "%.*s", length, path);
	if (stat(folder, &owner) == 0 && owner.st_uid != 0 && fchown(file, owner.st_uid, owner.st_gid) != 0) {
		close(file);
		return -1;
	}
	return file;
}

int argon2_slot_acquire(const char *path, int slots, int wait_ms)
{
	int file = open_lock(path);
	int64_t until = monotonic_ms() + wait_ms;

	if (file < 0)
		return -2;
	if (slots < 1)
		slots = 1;
	for (;;) {
		uint32_t random;
		int64_t left;

		/* From a random place on, so that waiters do not all queue behind the first byte. */
		random_bytes(&random, sizeof random);
		for (int i = 0; i < slots; i++) {
			int locked = try_slot(file, (int)((random % (uint32_t)slots + (uint32_t)i) % (uint32_t)slots));

			if (locked > 0)
				return file;
			if (locked < 0) {
				close(file);
				return -2;
			}
		}
		left = until - monotonic_ms();
		if (left <= 0) {
			close(file);
			return -1;
		}
		random = PAUSE_MS * 500 + random % (PAUSE_MS * 1000); /* microseconds */
		if ((int64_t)random > left * 1000)
			random = (uint32_t)(left * 1000);
		nanosleep(&(struct timespec){.tv_nsec = (long)random * 1000}, NULL);
	}
}

void argon2_slot_release(int slot)
{
	if (slot >= 0)
		close(slot);
}
