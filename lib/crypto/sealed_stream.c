#include "lib/crypto/sealed_stream.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "lib/base/file_io.h"
#include "lib/crypto/argon2.h"
#include "lib/crypto/random.h"

enum {
	VERSION = 1,
	MAGIC_BYTES = 16,
	CHUNK = 65536,
	MORE = crypto_secretstream_xchacha20poly1305_ABYTES,
	STREAM_HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES,
	KEY_BYTES = crypto_secretstream_xchacha20poly1305_KEYBYTES,
	SALT_AT = MAGIC_BYTES + 3 * 4,
	STREAM_AT = SALT_AT + ARGON2_SALT_BYTES,
	HEADER = STREAM_AT + STREAM_HEADER,
	/* A header that somebody made must not take all memory or an hour. */
	MOST_MEMORY_KIB = 1024 * 1024,
	MOST_ITERATIONS = 16,
};

static const char magic[MAGIC_BYTES + 1] = "Latchkey backup\n";
static const struct argon2_settings settings_now = { .memory_kib = 64 * 1024, .iterations = 3 };

static const char altered[] = "it was altered or damaged";
static const char cut_short[] = "it was cut short";

struct sealed_stream {
	crypto_secretstream_xchacha20poly1305_state state;
	int file;
	bool first, final;
	size_t length, used; /* of the plaintext at hand */
	unsigned char header[HEADER];
	unsigned char plain[CHUNK];
	unsigned char sealed[CHUNK + MORE];
};

static void put_number(unsigned char *out, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(number >> (8 * i));
}

static uint32_t number_at(const unsigned char *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static struct sealed_stream *stream_new(struct arena *arena, int file)
{
	struct sealed_stream *stream = arena_alloc(arena, sizeof *stream);

	stream->file = file;
	stream->first = true;
	return stream;
}

struct sealed_stream *sealed_stream_create(struct arena *arena, int file, const char *passphrase, const char **error)
{
	struct sealed_stream *stream = stream_new(arena, file);
	unsigned char key[KEY_BYTES], *header = stream->header;

	memcpy(header, magic, MAGIC_BYTES);
	put_number(header + MAGIC_BYTES, VERSION);
	put_number(header + MAGIC_BYTES + 4, settings_now.memory_kib);
	put_number(header + MAGIC_BYTES + 8, settings_now.iterations);
	random_bytes(header + SALT_AT, ARGON2_SALT_BYTES);
	if (!argon2id_derive(&settings_now, passphrase, header + SALT_AT, key, sizeof key)) {
		*error = "there is no memory for Argon2id";
		return NULL;
	}
	crypto_secretstream_xchacha20poly1305_init_push(&stream->state, header + STREAM_AT, key);
	explicit_bzero(key, sizeof key);
	if (file_write_all(file, header, HEADER))
		return stream;
	*error = strerror(errno);
	return NULL;
}

static bool push(struct sealed_stream *stream, unsigned char tag)
{
	unsigned long long length = 0;

	crypto_secretstream_xchacha20poly1305_push(&stream->state, stream->sealed, &length, stream->plain, stream->length,
		stream->first ? stream->header : NULL, stream->first ? HEADER : 0, tag);
	stream->first = false;
	stream->length = 0;
	return file_write_all(stream->file, stream->sealed, (size_t)length);
}

bool sealed_stream_write(struct sealed_stream *stream, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;

	while (length > 0) {
		size_t part = CHUNK - stream->length < length ? CHUNK - stream->length : length;

		if (part == 0) {
			if (!push(stream, crypto_secretstream_xchacha20poly1305_TAG_MESSAGE))
				return false;
			continue;
		}
		memcpy(stream->plain + stream->length, next, part);
		stream->length += part;
		next += part;
		length -= part;
	}
	return true;
}

bool sealed_stream_finish(struct sealed_stream *stream)
{
	return push(stream, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
}

/* The next chunk into `plain`; NULL, or what is wrong. */
static const char *pull(struct sealed_stream *stream)
{
	ssize_t got = file_read_all(stream->file, stream->sealed, sizeof stream->sealed);
	unsigned long long length = 0;
	unsigned char tag = 0;

	stream->length = stream->used = 0;
	if (got < 0)
		return strerror(errno);
	if (got < MORE)
		return cut_short;
	if (crypto_secretstream_xchacha20poly1305_pull(&stream->state, stream->plain, &length, &tag, stream->sealed,
			(unsigned long long)got, stream->first ? stream->header : NULL, stream->first ? HEADER : 0) != 0)
		return stream->first ? "the passphrase is wrong, or it was altered" : got < CHUNK + MORE ? "it was cut short or altered" : altered;
	stream->first = false;
	stream->final = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
	if (!stream->final && length < CHUNK)
		return altered;
	stream->length = (size_t)length;
	return NULL;
}

struct sealed_stream *sealed_stream_open(struct arena *arena, int file, const char *passphrase, const char **error)
{
	struct sealed_stream *stream = stream_new(arena, file);
	unsigned char key[KEY_BYTES], *header = stream->header;
	ssize_t got = file_read_all(file, header, HEADER);
	struct argon2_settings settings;

	*error = got < 0 ? strerror(errno) : got < MAGIC_BYTES || memcmp(header, magic, MAGIC_BYTES) != 0 ? "it is no backup of Latchkey"
		: got < HEADER ? cut_short : number_at(header + MAGIC_BYTES) != VERSION ? "it was made by another version of Latchkey" : NULL;
	if (*error)
		return NULL;
	settings = (struct argon2_settings){ number_at(header + MAGIC_BYTES + 4), number_at(header + MAGIC_BYTES + 8) };
	if (settings.memory_kib == 0 || settings.memory_kib > MOST_MEMORY_KIB || settings.iterations == 0
		|| settings.iterations > MOST_ITERATIONS)
		*error = altered;
	else if (!argon2id_derive(&settings, passphrase, header + SALT_AT, key, sizeof key))
		*error = "there is no memory for Argon2id, or its header was altered";
	else if (crypto_secretstream_xchacha20poly1305_init_pull(&stream->state, header + STREAM_AT, key) != 0)
		*error = altered;
	else
		*error = pull(stream);
	explicit_bzero(key, sizeof key);
	return *error ? NULL : stream;
}

bool sealed_stream_read(struct sealed_stream *stream, void *out, size_t length, const char **error)
{
	unsigned char *next = out;

	while (length > 0) {
		size_t left = stream->length - stream->used, part = left < length ? left : length;

		if (left == 0) {
			*error = stream->final ? altered : pull(stream);
			if (*error)
				return false;
			continue;
		}
		memcpy(next, stream->plain + stream->used, part);
		stream->used += part;
		next += part;
		length -= part;
	}
	return true;
}

bool sealed_stream_ended(struct sealed_stream *stream, const char **error)
{
	unsigned char beyond;

	/* The last bytes may have filled a chunk that was not the last one. */
	if (!stream->final && stream->used == stream->length) {
		*error = pull(stream);
		if (*error)
			return false;
	}
	*error = stream->final && stream->used == stream->length && file_read_all(stream->file, &beyond, 1) == 0 ? NULL
		: "something follows its end";
	return *error == NULL;
}
