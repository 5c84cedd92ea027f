/*
 * What differs between the algorithms that tokens are signed with: two rows for each, one to sign and one to verify,
 * so that a program that only verifies has no code that signs. Another algorithm is a file with its rows, a line in
 * each of the lists of signing_key.c and jws_verify.c, and one in signing_key_create.c. Used within lib/crypto alone.
 */
#ifndef LATCHKEY_CRYPTO_SIGNING_ALGORITHM_H
#define LATCHKEY_CRYPTO_SIGNING_ALGORITHM_H

#include <stdbool.h>

#include "lib/base/arena.h"
#include "lib/crypto/octets.h"

enum {
	KID_CHARACTERS = 43,      /* base64url of a SHA-256 */
	SIGNING_PARTS_MOST = 8,   /* integers of a key */
	SIGNING_PART_LONGEST = 512,
};

struct signing_algorithm {
	const char *name;    /* RFC 7518 3.1, RFC 8037 3.1 */
	const char *kty;
	size_t part_count;   /* integers in a key file; */
	size_t public_count; /* so many of them, from the first on, are the public key */

	/* A private key of its library from the integers, NULL if they do not fit; the way back, for `count` of them. */
	void *(*load)(const struct octets *parts);
	void (*parts)(struct arena *arena, const void *native, struct octets *parts, size_t count);
	void (*free)(void *native);

	/* The members that a thumbprint takes (RFC 7638 3.2, RFC 8037 2), as JSON; those of a JWK beside kty, use, alg
	   and kid, without braces. */
	char *(*thumbprint_text)(struct arena *arena, const struct octets *parts);
	char *(*jwk_members)(struct arena *arena, const struct octets *parts);

	/* Empty on failure. */
	struct octets (*sign)(struct arena *arena, void *native, struct octets input);
};

extern const struct signing_algorithm signing_rs256, signing_ps256, signing_es256, signing_eddsa;

/* NULL if tokens are not signed with it: "none" and HS256 are no algorithms here. */
const struct signing_algorithm *signing_algorithm_find(const char *name);

struct verifying_algorithm {
	const char *name;
	const char *kty;

	/* `members` in the form of jwk_members(). A public key of its library, NULL if it is none or too small. */
	void *(*load)(struct arena *arena, const char *members);
	bool (*verify)(void *native, struct octets input, struct octets signature);
	void (*free)(void *native);
};

extern const struct verifying_algorithm verifying_rs256, verifying_ps256, verifying_es256, verifying_eddsa;

const struct verifying_algorithm *verifying_algorithm_find(const char *name);

/* Whether `public_jwk`, a line that begins with `start`, is a key of this algorithm; and whether it made the signature. */
bool public_jwk_fits(struct arena *arena, const struct verifying_algorithm *algorithm, const char *public_jwk, const char *start);
bool public_jwk_verifies(struct arena *arena, const struct verifying_algorithm *algorithm, const char *public_jwk,
	const char *start, struct octets input, struct octets signature);

/* Moves *cursor behind `lead` and the base64url after it, which ends at a quote; false if it is not there. */
bool jwk_take_octets(struct arena *arena, const char **cursor, const char *lead, struct octets *octets);

/* Exactly 43 characters of base64url: it is part of a path and of JSON. */
bool kid_is_valid(const char *kid);

/* What is behind the functions of signing_key.h. */
struct signing_key {
	const struct signing_algorithm *algorithm;
	void *native;
	char kid[KID_CHARACTERS + 1];
};

/* A key in the arena; takes `native`. */
struct signing_key *signing_key_wrap(struct arena *arena, const struct signing_algorithm *algorithm, void *native);

/* The first bytes of a key file; then alg, a byte that ends it, integers with a length of two bytes, SHA-256 of all before. */
#define SIGNING_KEY_MAGIC "LKKEY1\n"

#endif
