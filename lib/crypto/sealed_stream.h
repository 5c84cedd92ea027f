/*
 * A stream of bytes of any length, encrypted and authenticated under a passphrase: backups. All numbers are little-endian.
 *
 *   16 bytes  "Latchkey backup\n"
 *    4        version of this format: 1
 *    4        Argon2id (version 1.3, one lane): memory in KiB
 *    4        Argon2id: iterations
 *   16        Argon2id: salt; the key has 32 bytes
 *   24        header of libsodium's crypto_secretstream_xchacha20poly1305
 *   then chunks, each of 65536 bytes of plaintext and 17 more; the last one may be shorter and alone has the tag FINAL.
 *
 * The 68 bytes before the chunks are the additional data of the first one. So a stream that was cut short, altered, put
 * into another order or lengthened does not open to its end; the reader says so.
 */
#ifndef LATCHKEY_CRYPTO_SEALED_STREAM_H
#define LATCHKEY_CRYPTO_SEALED_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/arena.h"

struct sealed_stream;

/* Begins to write to an open file. NULL with *error. The passphrase is not kept. */
struct sealed_stream *sealed_stream_create(struct arena *arena, int file, const char *passphrase, const char **error);

/* False if the file cannot be written (errno). */
bool sealed_stream_write(struct sealed_stream *stream, const void *bytes, size_t length);

/* The last chunk. Without it nobody can read the stream to its end. */
bool sealed_stream_finish(struct sealed_stream *stream);

/* Begins to read an open file at its place. NULL with *error: no such stream, another version, another passphrase. */
struct sealed_stream *sealed_stream_open(struct arena *arena, int file, const char *passphrase, const char **error);

/* Exactly `length` bytes, each of them authentic. False with *error if they are not there or not authentic. */
bool sealed_stream_read(struct sealed_stream *stream, void *out, size_t length, const char **error);

/* Whether all was read, the stream is whole and nothing follows it. False with *error. */
bool sealed_stream_ended(struct sealed_stream *stream, const char **error);

#endif
