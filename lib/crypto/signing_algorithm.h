/*
 * One row for each algorithm that tokens can be signed with: what differs between them, so that another one is a
 * file with a row, a line in the list of signing_key.c and one in signing_key_create.c. Used within lib/crypto alone.
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
	const char *name;   /* RFC 7518 3.1 */
	const char *kty;
	size_t part_count;  /* integers in a key file; */
	size_t public_count; /* so many of them, from the first on, are the public key */

	/* A private key of its library from the integers, NULL if they do not fit; the way back, for `count` of them. */
	void *(*load)(const struct octets *parts);
	void (*parts)(struct arena *arena, const void *native, struct octets *parts, size_t count);
	void (*free)(void *native);

	/* The members that RFC 7638 3.2 takes, as JSON; those of a JWK beside kty, use, alg and kid, without braces. */
	char *(*thumbprint_text)(struct arena *arena, const struct octets *parts);
	char *(*jwk_members)(struct arena *arena, const struct octets *parts);

	/* Empty on failure. */
	struct octets (*sign)(struct arena *arena, void *native, struct octets input);
	/* `members`: what jwk_members() made. */
	bool (*verify)(struct arena *arena, const char *members, struct octets input, struct octets signature);
};

extern const struct signing_algorithm signing_rs256;

/* NULL if tokens are not signed with it: "none" and HS256 are no algorithms here. */
const struct signing_algorithm *signing_algorithm_find(const char *name);

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
