#include "lib/protocol/claim_names.h"

#include <string.h>

#include "lib/base/text.h"

/* OpenID Connect Core 2, 3.1.3.6, 5.6.2; RFC 7519 4.1; RFC 7662 2.2; RFC 7800; back- and front-channel logout. */
static const char reserved[] =
	"iss sub aud exp nbf iat jti azp nonce acr amr auth_time at_hash c_hash s_hash sid events cnf act may_act "
	"client_id scope active token_type _claim_names _claim_sources";

bool claim_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > CLAIM_NAME_LONGEST)
		return false;
	for (const char *c = name; *c; c++)
		if (*c < 0x21 || *c > 0x7e || *c == '"' || *c == '\\')
			return false;
	return true;
}

bool claim_name_is_reserved(const char *name)
{
	return words_contain(reserved, name);
}
