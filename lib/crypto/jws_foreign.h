/*
 * JSON Web Signatures that others made, in compact form (RFC 7515 7.1): client assertions. Everything of the header is
 * the sender's word: the key is one that was registered before, and the key says what it is for (RFC 8725 3.1).
 */
#ifndef LATCHKEY_CRYPTO_JWS_FOREIGN_H
#define LATCHKEY_CRYPTO_JWS_FOREIGN_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/base/json_flat.h"

enum { JWS_FOREIGN_LONGEST = 8192, JWS_FOREIGN_HEADER_LONGEST = 2048 }; /* bytes; of the header after decoding */

/* Nothing of it is to be believed before jws_verify_foreign(). */
struct foreign_jws {
	const char *alg;                /* as jws_foreign_alg() names it: neither none nor HS256 */
	const char *kid;                /* NULL: absent or empty */
	const char *typ;                /* NULL: absent */
	const struct json_flat *claims; /* the payload, an object */
	const char *signing_input;
	const unsigned char *signature;
	size_t signature_length;
};

/* The name that an algorithm has here and in public keys, if it is supported (RFC 9864: Ed25519 is EdDSA); else NULL. */
const char *jws_foreign_alg(const char *name);

/*
 * Takes a token apart. False if it is too long or malformed in any way, has an algorithm that is not supported, or asks
 * for an extension: crit (RFC 7515 4.1.11) or b64 (RFC 7797).
 */
bool jws_read_foreign(struct arena *arena, const char *token, struct foreign_jws *jws);

/*
 * Checks the signature. `public_keys` are lines, each a JWK with the members of signing_key_public_jwk() in their
 * order, where kid may be any text, "" if the key has none. A token that names a kid is checked with the keys of
 * that kid and its algorithm; one without a kid if exactly one key of its algorithm is registered.
 */
bool jws_verify_foreign(struct arena *arena, const struct foreign_jws *jws, const char *public_keys);

/* Whether a line is a key that jws_verify_foreign() can use: RSA with 2048 to 4096 bits and e = 65537, a point on P-256, Ed25519. */
bool jws_foreign_key_fits(struct arena *arena, const char *public_key);

#endif
