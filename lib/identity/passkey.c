#include "lib/identity/passkey.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/http/cookies.h"
#include "lib/http/messages.h"
#include "lib/identity/csrf.h"
#include "lib/identity/flow.h"
#include "lib/protocol/redirect_uri.h"

/* Browsers take whatever ends in a number for an IPv4 address (URL Standard 3.5). */
static bool ends_in_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot ? dot + 1 : host;
	return *last >= '0' && *last <= '9' && strspn(last, "0123456789abcdefx") == strlen(last);
}

const char *passkey_rp_id(struct context *c)
{
	const char *origin = redirect_uri_origin(c->arena, c->config->issuer);
	if (!origin)
		return NULL;
	const char *host = strstr(origin, "://") + 3;
	if (*host == '[')
		return NULL;
	host = text_lowercase(c->arena, arena_copy(c->arena, host, strcspn(host, ":")));
	if (ends_in_number(host))
		return NULL;
	bool secure = config_is_https(c->config) || text_equal(host, "localhost") || text_ends_with(host, ".localhost");
	return secure ? host : NULL;
}

static const struct webauthn_site *site(struct context *c, const char *secret, const char *purpose, int64_t number)
{
	unsigned char mac[SHA256_BYTES];
	const char *rp_id = passkey_rp_id(c);
	if (!rp_id)
		return NULL;
	const char *text = arena_format(c->arena, "%s:%lld", purpose, (long long)number);
	hmac_sha256(secret, strlen(secret), text, strlen(text), mac);
	struct webauthn_site *made = arena_alloc(c->arena, sizeof *made);
	made->rp_id = rp_id;
	/* Browsers write hosts in small letters. */
	made->origin = text_lowercase(c->arena, redirect_uri_origin(c->arena, c->config->issuer));
	made->challenge = base64url_encode(c->arena, mac, sizeof mac);
	return made;
}

const struct webauthn_site *passkey_site_of_flow(struct context *c, const struct flow *flow)
{
	return site(c, flow_secret(c, flow), "passkey.get", flow->passkey_challenges);
}

const struct webauthn_site *passkey_site_of_session(struct context *c, const struct user *user)
{
	return site(c, cookie_find(c, "session"), "passkey.create", user->passkey_challenges);
}

static const char *problem_text(const char *problem)
{
	if (text_equal(problem, "limited"))
		return message("login_limited");
	if (text_equal(problem, "user"))
		return message("login_wrong_user");
	return text_equal(problem, "copied") ? message("passkey_copied") : message("passkey_failed");
}

void passkey_page_set(struct context *c, struct page *page, const struct flow *flow)
{
	const struct webauthn_site *site_of_flow = passkey_site_of_flow(c, flow);
	if (!site_of_flow)
		return;
	page_set(page, "passkey", "1");
	page_set(page, "passkey_action", config_endpoint_url(c->arena, c->config, "passkey"));
	page_set(page, "passkey_csrf", csrf_token(c, flow_secret(c, flow), PASSKEY_FORM));
	page_set(page, "passkey_rp_id", site_of_flow->rp_id);
	page_set(page, "passkey_challenge", site_of_flow->challenge);
	if (c->request.method != METHOD_POST && parameter(c, "passkey"))
		page_set(page, "error", problem_text(parameter(c, "passkey")));
}
