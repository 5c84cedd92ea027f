/* A run of bytes that belongs to somebody else. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OCTETS_H
#define LATCHKEY_CRYPTO_OCTETS_H

#include <stddef.h>

struct octets {
	const unsigned char *bytes;
	size_t length;
};

#endif
