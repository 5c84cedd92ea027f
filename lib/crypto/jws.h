/* JSON Web Signature, compact form (RFC 7515 7.1). */
#ifndef LATCHKEY_CRYPTO_JWS_H
#define LATCHKEY_CRYPTO_JWS_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/crypto/signing_key.h"

/* header.payload.signature with the header {"alg":…,"kid":…,"typ":typ}, exactly these three. NULL if signing failed. */
char *jws_sign(struct arena *arena, const struct signing_key *key, const char *typ, const char *payload);

/* The parts of a compact JWS without having checked anything. */
struct jws {
	const char *kid;            /* of a header made by jws_sign(): alg, kid, typ in this order; else NULL */
	const char *alg;
	const char *typ;
	const char *payload;        /* decoded, NUL-terminated */
	const char *signing_input;  /* header.payload */
	const unsigned char *signature;
	size_t signature_length;
};

/*
 * Takes apart a JWS that jws_sign() made, by its fixed form and without a JSON parser; false for anything else.
 * Good for tokens of our own alone (id_token_hint): believe nothing before jws_verify().
 */
bool jws_read_own(struct arena *arena, const char *token, struct jws *jws);

/* Checks the signature with a public JWK in the form of signing_key_public_jwk(). */
bool jws_verify(struct arena *arena, const struct jws *jws, const char *public_jwk);

/* A text member at the top of a payload; NULL if it is absent or no text. */
const char *jws_own_text(struct arena *arena, const char *payload, const char *name);

/* at_hash, c_hash: base64url of the left half of the digest that belongs to `alg` (OpenID Connect Core 3.1.3.6; Ed25519: SHA-512). */
char *jws_half_hash(struct arena *arena, const char *alg, const char *text);

#endif
