#include "lib/protocol/claims_request.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/protocol/scope.h"

static const char *names_of(struct arena *arena, const struct cJSON *object)
{
	struct buffer words = buffer_create(arena, 128);
	for (const struct cJSON *member = NULL; (member = json_next(object, member));)
		if (words_contain(CLAIMS_SUPPORTED, json_name(member)))
			buffer_format(&words, "%s%s", words.length ? " " : "", json_name(member));
	return words.data;
}

bool claims_request_read(struct arena *arena, const char *json, struct claims_request *request)
{
	const struct cJSON *all = json_parse(arena, json, strlen(json), NULL);
	if (!json_is_object(all))
		return false;
	const struct cJSON *id_token = json_member(all, "id_token"), *userinfo = json_member(all, "userinfo");
	if ((id_token && !json_is_object(id_token)) || (userinfo && !json_is_object(userinfo)))
		return false;
	request->id_token = names_of(arena, id_token);
	request->userinfo = names_of(arena, userinfo);
	request->sub = json_string(json_member(json_member(id_token, "sub"), "value"));
	return true;
}
