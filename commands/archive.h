/*
 * What a backup holds, inside of lib/crypto/sealed_stream.h: entries, one behind the other,
 *     2 bytes length of the name, the name, 8 bytes length of the content, the content       (numbers are little-endian)
 * and behind the last one a name of length 0. The first is "manifest": lines "version 1", "schema N", "created SECONDS",
 * "issuer URL". The others are files of the installation by their names in it: latchkey.conf, database/latchkey.db,
 * keys/NAME and keys/signing/NAME.
 */
#ifndef LATCHKEY_COMMANDS_ARCHIVE_H
#define LATCHKEY_COMMANDS_ARCHIVE_H

#include "commands/cli.h"
#include "lib/crypto/sealed_stream.h"

struct manifest {
	int64_t schema;
	int64_t created_at;
	const char *issuer;
};

/* Writing. False if the file cannot be written (errno), or a content is shorter than it was said to be. */
bool archive_put_manifest(struct cli *cli, struct sealed_stream *stream, const struct manifest *manifest);
bool archive_put(struct sealed_stream *stream, const char *name, const void *bytes, size_t length);
bool archive_put_file(struct sealed_stream *stream, const char *name, int file);
bool archive_put_end(struct sealed_stream *stream);

/*
 * Reads all of an archive, from where `file` stands, and checks it to its last byte. With `folder` the files are written there
 * (it has database/, keys/ and keys/signing/), synced, for their owner alone. NULL if it is whole; else what is wrong.
 */
const char *archive_read(struct cli *cli, int file, const char *passphrase, const char *folder, struct manifest *manifest);

#endif
