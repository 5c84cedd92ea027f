/*
 * What authenticators sign (Web Authentication Level 2, 7.1 and 7.2; backup flags and crossOrigin of Level 3). Functions
 * that check give NULL if all is right, else the clause that is not fulfilled, for the log. Texts are base64url.
 */
#ifndef LATCHKEY_CRYPTO_WEBAUTHN_H
#define LATCHKEY_CRYPTO_WEBAUTHN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"

enum {
	WEBAUTHN_CREDENTIAL_ID_LONGEST = 1023, /* bytes (WebAuthn 3 7.1) */
	WEBAUTHN_CLIENT_DATA_LONGEST = 4096,
	WEBAUTHN_AUTHENTICATOR_DATA_LONGEST = 4096,
};

/* What must have been signed for. */
struct webauthn_site {
	const char *rp_id;
	const char *origin;
	const char *challenge;
};

/* What the authenticator says of itself. */
struct webauthn_authenticator {
	int64_t sign_count;   /* 0: does not count */
	bool backup_eligible; /* the key may be synchronised between devices, */
	bool backed_up;       /* and is */
};

struct webauthn_assertion {
	const char *client_data;
	const char *authenticator_data;
	const char *signature;
};

/* `public_jwk` as webauthn_check_registration() made it. The sign count is for the caller to compare. */
const char *webauthn_check_assertion(struct arena *arena, const struct webauthn_site *site, const struct webauthn_assertion *assertion,
	const char *public_jwk, struct webauthn_authenticator *authenticator);

struct webauthn_credential {
	const unsigned char *id;
	size_t id_length;
	const char *public_jwk; /* in the form of signing_key_public_jwk(): ES256, RS256 or EdDSA */
	struct webauthn_authenticator authenticator;
};

/* Programs that call this link libcbor. The attestation statement is of any format, and none is believed. */
const char *webauthn_check_registration(struct arena *arena, const struct webauthn_site *site, const char *client_data,
	const char *attestation_object, struct webauthn_credential *credential);

/* ---- what both have in common; bytes, not texts */

/* `type`: "webauthn.get" or "webauthn.create". */
const char *webauthn_check_client_data(struct arena *arena, const struct webauthn_site *site, const char *type,
	const unsigned char *bytes, size_t length);

enum { WEBAUTHN_HEAD_BYTES = 37, WEBAUTHN_FLAG_KEY = 0x40, WEBAUTHN_FLAG_EXTENSIONS = 0x80 }; /* WebAuthn 2 6.1 */

/* The first 37 bytes: RP ID, flags, sign count. */
const char *webauthn_check_head(const struct webauthn_site *site, const unsigned char *bytes, size_t length,
	struct webauthn_authenticator *authenticator);

#endif
