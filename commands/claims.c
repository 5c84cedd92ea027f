#include "commands/claims.h"

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/protocol/claim_names.h"

enum { CLAIMS_MOST = 64, CLAIM_LONGEST = 8192 };

#define TEXT_CLAIMS "name given_name family_name middle_name nickname profile picture website gender birthdate " \
	"zoneinfo locale phone_number"
#define ADDRESS_MEMBERS "formatted street_address locality region postal_code country"

static bool is_email(const char *text)
{
	const char *at = text ? strchr(text, '@') : NULL;

	return at && at > text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " \t") && strlen(text) <= 254
		&& !utf8_has_controls(text);
}

static void require_address(const struct cJSON *value)
{
	if (!json_is_object(value))
		cli_fail("The claim address must be an object (OpenID Connect Core 5.1.1).");
	for (const struct cJSON *item = json_next(value, NULL); item; item = json_next(value, item))
		if (!words_contain(ADDRESS_MEMBERS, json_name(item)) || !json_is_text(item))
			cli_fail("The claim address may have these members, all texts: %s.", ADDRESS_MEMBERS);
}

/* Groups are an array of texts; a single text is taken for an array of one. */
static const char *groups_json(struct arena *arena, const struct cJSON *value)
{
	struct buffer out = buffer_create(arena, 64);

	if (json_is_text(value)) {
		json_array_open(&out, NULL);
		json_text(&out, NULL, json_string(value));
		json_array_close(&out);
		return out.data;
	}
	if (!json_is_array(value))
		cli_fail("The claim groups must be an array of texts.");
	for (const struct cJSON *item = json_next(value, NULL); item; item = json_next(value, item))
		if (!json_is_text(item))
			cli_fail("The claim groups must be an array of texts.");
	return json_print(arena, value);
}

/* The JSON to store; ends the program if the value does not fit the claim. */
static const char *claim_json(struct cli *cli, const char *name, const struct cJSON *value)
{
	bool is;
	int64_t number;

	if (words_contain(TEXT_CLAIMS, name) && !json_is_text(value))
		cli_fail("The claim %s must be a text (OpenID Connect Core 5.1).", name);
	if (text_equal(name, "email") && !is_email(json_string(value)))
		cli_fail("The claim email must be an address like name@example.org.");
	if (words_contain("email_verified phone_number_verified", name) && !json_is_bool(value, &is))
		cli_fail("The claim %s must be true or false (OpenID Connect Core 5.1).", name);
	if (text_equal(name, "updated_at") && !json_is_number(value, &number))
		cli_fail("The claim updated_at must be a number of seconds since 1970 (OpenID Connect Core 5.1).");
	if (text_equal(name, "address"))
		require_address(value);
	if (text_equal(name, "groups"))
		return groups_json(cli->arena, value);
	return json_print(cli->arena, value);
}

/* One member of the object: false if it says nothing that has to be stored. */
static bool take_claim(struct cli *cli, const char *username, const struct cJSON *member, struct claim *claim)
{
	const char *name = json_name(member);

	if (!claim_name_is_valid(name))
		cli_fail("A claim's name must be 1 to %d visible ASCII characters.", CLAIM_NAME_LONGEST);
	if (claim_name_is_reserved(name))
		cli_fail("The claim %s is set by the server itself: leave it out.", name);
	if (json_is_null(member) || text_equal(json_string(member), ""))
		return false; /* OpenID Connect Core 5.3.2: absent rather than empty */
	if (text_equal(name, "preferred_username")) {
		if (!text_equal_ignoring_case(json_string(member), username))
			cli_fail("The claim preferred_username is the user name itself, %s: leave it out.", username);
		return false;
	}
	*claim = (struct claim){ name, claim_json(cli, name, member) };
	if (strlen(claim->json) > CLAIM_LONGEST)
		cli_fail("The claim %s is longer than %d bytes.", name, CLAIM_LONGEST);
	return true;
}

static const struct cJSON *parse_claims(struct cli *cli, const char *json, size_t length)
{
	const char *why = NULL;
	const struct cJSON *object = json ? json_parse(cli->arena, json, length, &why) : NULL;

	if (json && !object)
		cli_fail("The claims are no valid JSON: %s.", why);
	if (object && !json_is_object(object))
		cli_fail("The claims must be one JSON object, such as {\"name\": \"Demo User\"}.");
	return object;
}

struct claims claims_check(struct cli *cli, const char *username, const char *json, size_t length, const char *email)
{
	struct claim *items = arena_alloc(cli->arena, sizeof *items * (CLAIMS_MOST + 2));
	const struct cJSON *object = parse_claims(cli, json, length);
	struct claims claims = { .items = items };

	if (email && !is_email(email))
		cli_fail("%s is no address like name@example.org.", email);
	for (const struct cJSON *item = json_next(object, NULL); item; item = json_next(object, item)) {
		if (claims.count == CLAIMS_MOST)
			cli_fail("A user can have at most %d claims.", CLAIMS_MOST);
		if (email && text_equal(json_name(item), "email"))
			continue;
		if (take_claim(cli, username, item, &items[claims.count]))
			claims.count++;
	}
	if (email) {
		struct buffer text = buffer_create(cli->arena, 64);

		json_text(&text, NULL, email);
		items[claims.count++] = (struct claim){ "email", text.data };
	}
	/* Applications treat a missing email_verified as false at best: always say it. */
	if (claims_find(&claims, "email") && !claims_find(&claims, "email_verified"))
		items[claims.count++] = (struct claim){ "email_verified", email ? "true" : "false" };
	return claims;
}
