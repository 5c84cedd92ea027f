#include "lib/protocol/permission_text.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/http/message_text.h"
#include "lib/http/messages.h"
#include "lib/protocol/scope.h"
#include "lib/records/resource_store.h"

const char *permission_claim_text(struct context *c, const char *claim)
{
	const char *key = arena_format(c->arena, "claim_%s", claim);
	return message_text(c->arena, message_find(key) ? key : "claim_other", "claim", claim);
}

/* Scopes that the operator registered speak by their description, resources by their name. */
const char *permission_scope_text(struct context *c, const char *scope)
{
	if (words_contain(SCOPES_SUPPORTED, scope))
		return message(arena_format(c->arena, "scope_%s", scope));
	if (text_starts_with(scope, SCOPE_RESOURCE_PREFIX)) {
		const char *uri = scope + strlen(SCOPE_RESOURCE_PREFIX);
		const struct resource *resource = resource_find(c->database, uri);
		return message_text(c->arena, "consent_resource", "resource", resource ? resource->name : uri);
	}
	const char *description = scope_description(c, scope);
	return description ? description : message_text(c->arena, "scope_other", "scope", scope);
}
