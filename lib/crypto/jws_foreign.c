#include "lib/crypto/jws_foreign.h"

#include <string.h>

#include "lib/base/json_write.h"
#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/signing_algorithm.h"

static const struct json_flat *decode_object(struct arena *arena, const char *from, size_t length, size_t longest)
{
	size_t size;
	const unsigned char *bytes = base64url_decode(arena, from, length, &size);

	return bytes == NULL || size > longest ? NULL : json_flat_read(arena, (const char *)bytes, size, NULL);
}

/* A member that may be absent, but if it is there must be a text. */
static bool optional_text(const struct json_flat *object, const char *name, const char **text)
{
	*text = json_flat_text(object, name);
	return *text != NULL || !json_flat_has(object, name);
}

const char *jws_foreign_alg(const char *name)
{
	const struct verifying_algorithm *algorithm = verifying_algorithm_find(text_equal(name, "Ed25519") ? "EdDSA" : name);

	return algorithm == NULL ? NULL : algorithm->name;
}

static bool read_header(const struct json_flat *header, struct foreign_jws *jws)
{
	jws->alg = jws_foreign_alg(json_flat_text(header, "alg"));
	if (jws->alg == NULL || json_flat_has(header, "crit") || json_flat_has(header, "b64")
		|| !optional_text(header, "kid", &jws->kid) || !optional_text(header, "typ", &jws->typ))
		return false;
	if (text_empty(jws->kid))
		jws->kid = NULL;
	return true;
}

bool jws_read_foreign(struct arena *arena, const char *token, struct foreign_jws *jws)
{
	const char *payload = strnlen(token, JWS_FOREIGN_LONGEST + 1) > JWS_FOREIGN_LONGEST ? NULL : strchr(token, '.');
	const char *signature = payload == NULL ? NULL : strchr(payload + 1, '.');
	const struct json_flat *header;

	*jws = (struct foreign_jws){0};
	if (signature == NULL)
		return false;
	header = decode_object(arena, token, (size_t)(payload - token), JWS_FOREIGN_HEADER_LONGEST);
	if (header != NULL && read_header(header, jws)) {
		jws->claims = decode_object(arena, payload + 1, (size_t)(signature - payload - 1), JWS_FOREIGN_LONGEST);
		jws->signing_input = arena_copy(arena, token, (size_t)(signature - token));
		jws->signature = base64url_decode(arena, signature + 1, strlen(signature + 1), &jws->signature_length);
	}
	if (jws->claims != NULL && jws->signature != NULL && jws->signature_length > 0)
		return true;
	*jws = (struct foreign_jws){0};
	return false;
}

/* The next line at *cursor, without its end; NULL when there is none. */
static const char *next_line(struct arena *arena, const char **cursor)
{
	size_t length = strcspn(*cursor, "\n");
	const char *line = arena_copy(arena, *cursor, length);

	if (**cursor == '\0')
		return NULL;
	*cursor += length + ((*cursor)[length] == '\n');
	return line;
}

/* What each key of this algorithm begins with; its kid follows. */
static const char *line_start(struct arena *arena, const struct verifying_algorithm *algorithm)
{
	return arena_format(arena, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\"", algorithm->kty, algorithm->name);
}

/* The same with a kid: written as whoever wrote the line did, so that equal text means equal kid. */
static const char *line_start_with_kid(struct arena *arena, const struct verifying_algorithm *algorithm, const char *kid)
{
	struct buffer start = buffer_create(arena, 128);

	buffer_text(&start, line_start(arena, algorithm));
	json_text(&start, "kid", kid);
	buffer_char(&start, ',');
	return start.data;
}

/* What the line begins with, its kid included, whatever it is; NULL if the line is not of this form. */
static const char *start_of_line(struct arena *arena, const char *line, const char *start)
{
	const char *before_kid = arena_format(arena, "%s,\"kid\":\"", start);
	const char *at;

	if (!text_starts_with(line, before_kid))
		return NULL;
	for (at = line + strlen(before_kid); *at != '"'; at++)
		if (*at == '\0' || (*at == '\\' && *++at == '\0'))
			return NULL;
	return at[1] == ',' ? arena_copy(arena, line, (size_t)(at + 2 - line)) : NULL;
}

static bool verifies(struct arena *arena, const struct foreign_jws *jws, const struct verifying_algorithm *algorithm, const char *line,
	const char *start)
{
	return public_jwk_verifies(arena, algorithm, line, start,
		(struct octets){(const unsigned char *)jws->signing_input, strlen(jws->signing_input)},
		(struct octets){jws->signature, jws->signature_length});
}

static bool verify_by_kid(struct arena *arena, const struct foreign_jws *jws, const struct verifying_algorithm *algorithm, const char *keys)
{
	const char *start = line_start_with_kid(arena, algorithm, jws->kid);
	const char *line;

	while ((line = next_line(arena, &keys)) != NULL)
		if (text_starts_with(line, start) && verifies(arena, jws, algorithm, line, start))
			return true;
	return false;
}

static bool verify_by_only_key(struct arena *arena, const struct foreign_jws *jws, const struct verifying_algorithm *algorithm,
	const char *keys)
{
	const char *start = line_start(arena, algorithm);
	const char *only = NULL;
	const char *line;

	while ((line = next_line(arena, &keys)) != NULL) {
		if (!text_starts_with(line, start))
			continue;
		if (only != NULL)
			return false;
		only = line;
	}
	start = only == NULL ? NULL : start_of_line(arena, only, start);
	return start != NULL && verifies(arena, jws, algorithm, only, start);
}

bool jws_verify_foreign(struct arena *arena, const struct foreign_jws *jws, const char *public_keys)
{
	const struct verifying_algorithm *algorithm = verifying_algorithm_find(jws->alg);

	if (algorithm == NULL || jws->signing_input == NULL || jws->signature == NULL || public_keys == NULL)
		return false;
	return jws->kid != NULL ? verify_by_kid(arena, jws, algorithm, public_keys)
		: verify_by_only_key(arena, jws, algorithm, public_keys);
}

bool jws_foreign_key_fits(struct arena *arena, const char *public_key)
{
	static const char *const names[] = {"RS256", "PS256", "ES256", "EdDSA"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct verifying_algorithm *algorithm = verifying_algorithm_find(names[i]);
		const char *start = start_of_line(arena, public_key, line_start(arena, algorithm));

		if (start != NULL)
			return public_jwk_fits(arena, algorithm, public_key, start);
	}
	return false;
}
