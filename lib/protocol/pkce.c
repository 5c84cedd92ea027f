#include "lib/protocol/pkce.h"

#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"

const struct error *pkce_check(struct arena *arena, const char *challenge, const char *verifier, const char **clause)
{
	/* A verifier for a code that was asked for without a challenge: somebody took the challenge out (RFC 9700 4.8.2). */
	*clause = "RFC 9700 4.8.2";
	if (!challenge)
		return verifier ? INVALID_GRANT : NULL;
	*clause = "RFC 7636 4.6";
	if (!verifier)
		return INVALID_GRANT;
	const char *made = base64url_encode(arena, sha256_of(arena, verifier), SHA256_BYTES);
	return text_equal_in_constant_time(made, challenge) ? NULL : INVALID_GRANT;
}
