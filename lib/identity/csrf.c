#include "lib/identity/csrf.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/protocol/errors.h"
#include "lib/protocol/redirect_uri.h"

char *csrf_token(struct context *c, const char *secret, const char *form)
{
	unsigned char mac[SHA256_BYTES];
	const char *text = arena_format(c->arena, "csrf:%s", form);
	hmac_sha256(secret, strlen(secret), text, strlen(text), mac);
	return base64url_encode(c->arena, mac, sizeof mac);
}

void csrf_require_origin(struct context *c, enum csrf_origin needed)
{
	const char *origin = c->request.origin;
	if (!origin && needed == CSRF_ORIGIN_NEEDED)
		refuse_and_leave(c, FOREIGN_FORM, "RFC 6454 7");
	if (origin && !text_equal(origin, redirect_uri_origin(c->arena, c->config->issuer)))
		refuse_and_leave(c, FOREIGN_FORM, "RFC 6454 7");
	if (text_equal(c->request.fetch_site, "cross-site"))
		refuse_and_leave(c, FOREIGN_FORM, "Fetch Metadata 2.3");
}

void csrf_require_token(struct context *c, const char *secret, const char *form, const char *token)
{
	if (!text_equal_in_constant_time(token, csrf_token(c, secret, form)))
		refuse_and_leave(c, FOREIGN_FORM, "RFC 9700 4.7.1");
}

void csrf_require(struct context *c, const char *secret, const char *form)
{
	csrf_require_origin(c, CSRF_ORIGIN_MAY_MISS);
	csrf_require_token(c, secret, form, parameter(c, "csrf"));
}
