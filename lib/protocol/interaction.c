#include "lib/protocol/interaction.h"

#include "lib/base/text.h"
#include "lib/protocol/acr.h"
#include "lib/protocol/errors.h"
#include "lib/protocol/redirect_uri.h"
#include "lib/protocol/scope.h"
#include "lib/records/user_store.h"

static bool needs_login(struct context *c, const struct flow *flow, const struct session *session)
{
	if (!session)
		return true;
	if (flow->required_user_id && !text_equal(flow->required_user_id, session->user_id))
		return true;
	/* Who signed in for this very request has proved enough. */
	if (text_equal(flow->selected_user_id, session->user_id))
		return false;
	if (words_contain(flow->prompt, "login") || flow->max_age == 0)
		return true;
	return flow->max_age > 0 && c->now - session->auth_time > flow->max_age;
}

/* One factor is enough where it is among the values: they are in order of preference, and any of them will do. */
static bool demands_two_factors(const struct flow *flow, const struct client *client)
{
	const char *values = flow->acr_values ? flow->acr_values : client ? client->default_acr_values : NULL;
	return words_contain(values, ACR_TWO_FACTORS) && !words_contain(values, ACR_PASSWORD);
}

static bool needs_second_factor(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session)
{
	if (text_equal(session->acr, ACR_TWO_FACTORS))
		return false;
	if (c->config->second_factor_required || demands_two_factors(flow, client))
		return true;
	const struct user *user = user_find(c->database, session->user_id);
	return user && user->second_factor_required;
}

bool interaction_is_impersonable(const struct flow *flow, const struct client *client)
{
	enum redirect_kind kind = redirect_uri_kind(flow->redirect_uri);
	return client_is_public(client) && (kind == REDIRECT_LOOPBACK || kind == REDIRECT_PRIVATE_USE);
}

char *interaction_asked_scope(struct context *c, const struct flow *flow)
{
	struct buffer words = buffer_create(c->arena, 256);
	buffer_text(&words, flow->scope);
	for (const char *cursor = flow->resource, *word; (word = words_next(c->arena, &cursor));)
		if (!text_equal(word, c->config->issuer))
			buffer_format(&words, " %s%s", SCOPE_RESOURCE_PREFIX, word);
	return words.data;
}

struct missing_consent interaction_missing_consent(struct context *c, const struct flow *flow,
	const struct consent *consent)
{
	const char *claims = words_union(c->arena, flow->claims_id_token, flow->claims_userinfo);
	const char *scope = interaction_asked_scope(c, flow);
	if (!consent)
		return (struct missing_consent){ scope, claims, "" };
	return (struct missing_consent){
		.scope = words_subtract(c->arena, scope, consent->scope),
		.claims = words_subtract(c->arena, claims, consent->claims),
		.known_scope = words_intersect(c->arena, scope, consent->scope),
	};
}

static bool needs_consent(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session)
{
	if (words_contain(flow->prompt, "consent"))
		return true;
	if (text_equal(client->consent, "none") && !client_is_public(client))
		return false;
	if (text_equal(client->consent, "always") || interaction_is_impersonable(flow, client))
		return true;
	const struct consent *consent = consent_find(c->database, session->user_id, client->client_id);
	struct missing_consent missing = interaction_missing_consent(c, flow, consent);
	return *missing.scope || *missing.claims;
}

enum step interaction_next(struct context *c, const struct flow *flow, const struct client *client,
	const struct session *session)
{
	if (flow->id_token_hint || (flow->claims && !flow->claims_id_token))
		return STEP_READ;
	if (needs_login(c, flow, session))
		return STEP_LOGIN;
	if (needs_second_factor(c, flow, client, session))
		return STEP_SECOND_FACTOR;
	if (!client)
		return STEP_FINISH;
	if (words_contain(flow->prompt, "select_account") && !text_equal(flow->selected_user_id, session->user_id))
		return STEP_SELECT_ACCOUNT;
	if (needs_consent(c, flow, client, session))
		return STEP_CONSENT;
	return STEP_FINISH;
}

const struct error *interaction_error(enum step step)
{
	switch (step) {
	case STEP_LOGIN:
	case STEP_SECOND_FACTOR:
		return LOGIN_REQUIRED;
	case STEP_SELECT_ACCOUNT:
		return ACCOUNT_SELECTION_REQUIRED;
	case STEP_CONSENT:
		return CONSENT_REQUIRED;
	case STEP_READ:
	case STEP_FINISH:
		break;
	}
	return NULL;
}
