#include "lib/protocol/client_keys.h"

#include <string.h>

#include "lib/base/json.h"
#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/jws_foreign.h"

enum { RSA_BYTES_LEAST = 256, RSA_BYTES_MOST = 512, CURVE_BYTES = 32 };

/* The kinds of keys: the algorithms that each is for and what stands in its JWK, base64url, in the order of a line. */
static const struct kind {
	const char *kty;
	const char *crv;  /* NULL: none */
	const char *algs; /* words */
	const char *members[3];
} kinds[] = {
	{ "RSA", NULL, "RS256 PS256", { "n", "e" } },
	{ "EC", "P-256", "ES256", { "x", "y" } },
	{ "OKP", "Ed25519", "EdDSA", { "x" } },
};

/* A key under way: the lines so far, and how to say what is wrong. */
struct reader {
	struct arena *arena;
	struct buffer lines;
	int number; /* of the key in the set, from 1 on */
	const char *error;
};

static bool wrong(struct reader *reader, const char *what)
{
	reader->error = arena_format(reader->arena, "jwks: key %d: %s", reader->number, what);
	return false;
}

/* RFC 7518 6.2.2, 6.3.2, 6.4. Whoever sent one has shown it around: it is of no use any more. */
static bool is_public(struct reader *reader, const struct cJSON *key)
{
	static const char *const secrets[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (json_member(key, secrets[i]))
			return wrong(reader, arena_format(reader->arena, "the member %s belongs to a private or symmetric key, which the client"
				" must keep for itself. Make a new key, as this one has been shown, and register its public half.", secrets[i]));
	return true;
}

static bool is_for_signatures(struct reader *reader, const struct cJSON *key)
{
	const struct cJSON *use = json_member(key, "use");
	const struct cJSON *operations = json_member(key, "key_ops");
	bool found = !operations;

	if (use && !text_equal(json_string(use), "sig"))
		return wrong(reader, "use must be sig or left out: keys here verify signatures alone.");
	for (const struct cJSON *item = json_next(operations, NULL); item; item = json_next(operations, item))
		found = found || text_equal(json_string(item), "verify");
	return found || wrong(reader, "key_ops must contain verify or be left out (RFC 7517 4.3).");
}

static const struct kind *find_kind(struct reader *reader, const struct cJSON *key)
{
	const char *kty = json_string(json_member(key, "kty"));
	const char *crv = json_string(json_member(key, "crv"));

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (text_equal(kinds[i].kty, kty) && (!kinds[i].crv || text_equal(kinds[i].crv, crv)))
			return &kinds[i];
	wrong(reader, "it must be of kty RSA, of kty EC with crv P-256, or of kty OKP with crv Ed25519.");
	return NULL;
}

/* The algorithms that the key counts for, words; NULL if it names one that does not go with its kind. */
static const char *find_algs(struct reader *reader, const struct kind *kind, const struct cJSON *key)
{
	const struct cJSON *alg = json_member(key, "alg");
	const char *name = jws_foreign_alg(json_string(alg));

	if (!alg)
		return kind->algs;
	if (name && words_contain(kind->algs, name))
		return name;
	wrong(reader, arena_format(reader->arena, "the alg of such a key must be one of: %s.", kind->algs));
	return NULL;
}

static const char *find_kid(struct reader *reader, const struct cJSON *key)
{
	const struct cJSON *kid = json_member(key, "kid");
	const char *text = json_string(kid);

	if (!kid)
		return "";
	if (!text_empty(text) && strlen(text) <= CLIENT_KEY_KID_LONGEST && !utf8_has_controls(text))
		return text;
	wrong(reader, arena_format(reader->arena, "kid must be a text of 1 to %d bytes without control characters, or be left out.",
		CLIENT_KEY_KID_LONGEST));
	return NULL;
}

/* What jws_foreign_key_fits() would refuse without saying why. */
static bool size_fits(struct reader *reader, const struct kind *kind, const char *name, const char *text)
{
	size_t length = 0;
	const unsigned char *bytes = text ? base64url_decode(reader->arena, text, strlen(text), &length) : NULL;

	if (!bytes)
		return wrong(reader, arena_format(reader->arena, "%s must be base64url without padding (RFC 7518 6).", name));
	if (text_equal(name, "n") && (length < RSA_BYTES_LEAST || length > RSA_BYTES_MOST))
		return wrong(reader, "an RSA key must have 2048 to 4096 bits.");
	if (text_equal(name, "e") && !text_equal(text, "AQAB"))
		return wrong(reader, "the exponent e of an RSA key must be 65537, which is AQAB.");
	if (kind->crv && length != CURVE_BYTES)
		return wrong(reader, arena_format(reader->arena, "%s must have %d bytes.", name, CURVE_BYTES));
	return true;
}

static bool add_line(struct reader *reader, const struct kind *kind, const struct cJSON *key, const char *alg, const char *kid)
{
	struct buffer line = buffer_create(reader->arena, 512);
	size_t start;

	json_object_open(&line, NULL);
	json_text(&line, "kty", kind->kty);
	json_text(&line, "use", "sig");
	json_text(&line, "alg", alg);
	json_text(&line, "kid", kid);
	start = line.length;
	json_text(&line, "crv", kind->crv);
	for (size_t i = 0; kind->members[i]; i++) {
		const char *text = json_string(json_member(key, kind->members[i]));

		if (!size_fits(reader, kind, kind->members[i], text))
			return false;
		json_text(&line, kind->members[i], text);
	}
	json_object_close(&line);
	if (!jws_foreign_key_fits(reader->arena, line.data))
		return wrong(reader, kind->crv ? "it is no point on its curve." : "n can be no modulus: it must be odd and begin with its highest bit.");
	/* A token says by alg and kid which key it means: two could not be told apart. */
	if (strstr(reader->lines.data, arena_copy(reader->arena, line.data, start)))
		return wrong(reader, arena_format(reader->arena, "another key for %s has the same kid, or none like this one.", alg));
	buffer_format(&reader->lines, "%s\n", line.data);
	return true;
}

static bool add_key(struct reader *reader, const struct cJSON *key)
{
	if (!json_is_object(key))
		return wrong(reader, "it is no object.");
	if (!is_public(reader, key) || !is_for_signatures(reader, key))
		return false;
	const struct kind *kind = find_kind(reader, key);
	const char *algs = kind ? find_algs(reader, kind, key) : NULL;
	const char *kid = algs ? find_kid(reader, key) : NULL;
	const char *alg;

	if (!kid)
		return false;
	while ((alg = words_next(reader->arena, &algs)))
		if (!add_line(reader, kind, key, alg, kid))
			return false;
	return true;
}

const char *client_keys_read(struct arena *arena, const struct cJSON *jwks, const char **error)
{
	const struct cJSON *keys = json_member(jwks, "keys");
	struct reader reader = { .arena = arena, .lines = buffer_create(arena, 1024) };

	*error = "jwks must be a JWK Set: an object whose member keys is an array of 1 to 8 public keys (RFC 7517 5).";
	if (!json_is_array(keys))
		return NULL;
	for (const struct cJSON *key = json_next(keys, NULL); key; key = json_next(keys, key)) {
		if (++reader.number > CLIENT_KEYS_MOST)
			return NULL;
		if (!add_key(&reader, key)) {
			*error = reader.error;
			return NULL;
		}
	}
	if (reader.number == 0)
		return NULL;
	*error = NULL;
	return reader.lines.data;
}

/* `line` without the first `part` in it. */
static const char *without(struct arena *arena, const char *line, const char *part)
{
	const char *at = strstr(line, part);

	return at ? arena_format(arena, "%.*s%s", (int)(at - line), line, at + strlen(part)) : line;
}

/* The two lines of an RSA key that named no alg differ in nothing else. */
static bool are_one_key(struct arena *arena, const char *line, const char *next)
{
	return text_starts_with(line, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",")
		&& text_starts_with(next, "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"PS256\",")
		&& text_equal(without(arena, line, "\"alg\":\"RS256\","), without(arena, next, "\"alg\":\"PS256\","));
}

static const char *take_line(struct arena *arena, const char **cursor)
{
	const char *start = *cursor;
	size_t length = strcspn(start, "\n");

	*cursor += length + (start[length] == '\n');
	return arena_copy(arena, start, length);
}

void client_keys_write(struct buffer *out, const char *name, const char *lines)
{
	if (!lines)
		return;
	json_object_open(out, name);
	json_array_open(out, "keys");
	while (*lines) {
		const char *line = take_line(out->arena, &lines);
		const char *behind = lines;

		if (are_one_key(out->arena, line, take_line(out->arena, &behind))) {
			line = without(out->arena, line, "\"alg\":\"RS256\",");
			lines = behind;
		}
		/* The first of this text is the member: what stands before it is fixed. */
		json_raw(out, NULL, without(out->arena, line, "\"kid\":\"\","));
	}
	json_array_close(out);
	json_object_close(out);
}
