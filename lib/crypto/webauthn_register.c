/*
 * New passkeys: the attestation object and the COSE key in it are CBOR. libcbor decodes it item by item: no tree is
 * built, so nothing that was sent makes this program take memory or recurse, and what is not of definite length, or a
 * tag or a float, stays unknown here and is refused (CTAP2 canonical CBOR has none of them).
 */
#include <string.h>

#include <cbor.h>

#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/digest.h"
#include "lib/crypto/signing_algorithm.h"
#include "lib/crypto/webauthn.h"

enum { ATTESTATION_LONGEST = 49152, ITEMS_MOST = 256, AAGUID_BYTES = 16, POINT_BYTES = 32, RSA_LEAST = 256, RSA_MOST = 512 };

enum kind { KIND_OTHER, KIND_NUMBER, KIND_BYTES, KIND_TEXT, KIND_ARRAY, KIND_MAP, KIND_BOOL };

struct item {
	enum kind kind;
	int64_t number;       /* or, of arrays and maps, how many items or pairs follow */
	struct octets octets; /* of bytes and texts */
};

struct reader {
	const unsigned char *at;
	const unsigned char *end;
};

static void set_number(void *item, uint64_t number, bool negative)
{
	if (number <= INT32_MAX)
		*(struct item *)item = (struct item){.kind = KIND_NUMBER, .number = negative ? -1 - (int64_t)number : (int64_t)number};
}

static void on_uint8(void *item, uint8_t number)
{
	set_number(item, number, false);
}

static void on_uint16(void *item, uint16_t number)
{
	set_number(item, number, false);
}

static void on_uint32(void *item, uint32_t number)
{
	set_number(item, number, false);
}

static void on_negint8(void *item, uint8_t number)
{
	set_number(item, number, true);
}

static void on_negint16(void *item, uint16_t number)
{
	set_number(item, number, true);
}

static void on_negint32(void *item, uint32_t number)
{
	set_number(item, number, true);
}

static void on_bytes(void *item, cbor_data bytes, size_t length)
{
	*(struct item *)item = (struct item){.kind = KIND_BYTES, .octets = {bytes, length}};
}

static void on_text(void *item, cbor_data bytes, size_t length)
{
	*(struct item *)item = (struct item){.kind = KIND_TEXT, .octets = {bytes, length}};
}

static void on_array(void *item, size_t count)
{
	if (count <= ITEMS_MOST)
		*(struct item *)item = (struct item){.kind = KIND_ARRAY, .number = (int64_t)count};
}

static void on_map(void *item, size_t count)
{
	if (count <= ITEMS_MOST)
		*(struct item *)item = (struct item){.kind = KIND_MAP, .number = (int64_t)count};
}

static void on_bool(void *item, bool value)
{
	*(struct item *)item = (struct item){.kind = KIND_BOOL, .number = value};
}

/* Takes the next item; false if there is none, or none of the kinds that may be there. */
static bool take(struct reader *reader, struct item *item)
{
	struct cbor_callbacks callbacks = cbor_empty_callbacks;
	struct cbor_decoder_result result;

	callbacks.uint8 = on_uint8;
	callbacks.uint16 = on_uint16;
	callbacks.uint32 = on_uint32;
	callbacks.negint8 = on_negint8;
	callbacks.negint16 = on_negint16;
	callbacks.negint32 = on_negint32;
	callbacks.byte_string = on_bytes;
	callbacks.string = on_text;
	callbacks.array_start = on_array;
	callbacks.map_start = on_map;
	callbacks.boolean = on_bool;
	*item = (struct item){.kind = KIND_OTHER};
	if (reader->at == reader->end)
		return false;
	result = cbor_stream_decode(reader->at, (size_t)(reader->end - reader->at), &callbacks, item);
	if (result.status != CBOR_DECODER_FINISHED || item->kind == KIND_OTHER)
		return false;
	reader->at += result.read;
	return true;
}

static bool take_kind(struct reader *reader, enum kind kind, struct item *item)
{
	return take(reader, item) && item->kind == kind;
}

/* Passes over one value with all that is in it. */
static bool skip(struct reader *reader, enum kind kind)
{
	struct item item;
	int64_t left = 1;

	for (int items = 0; left > 0; items++) {
		if (items > ITEMS_MOST || !take(reader, &item) || (items == 0 && item.kind != kind))
			return false;
		left--;
		if (item.kind == KIND_ARRAY)
			left += item.number;
		else if (item.kind == KIND_MAP)
			left += 2 * item.number;
	}
	return true;
}

static bool text_is(const struct item *item, const char *text)
{
	return item->octets.length == strlen(text) && memcmp(item->octets.bytes, text, item->octets.length) == 0;
}

/* {fmt, attStmt, authData}, each once and nothing else (WebAuthn 2 6.5.4). */
static bool read_attestation(struct octets object, struct octets *authenticator_data)
{
	static const struct {
		const char *name;
		enum kind kind;
	} members[] = {{"fmt", KIND_TEXT}, {"attStmt", KIND_MAP}, {"authData", KIND_BYTES}};
	enum { MEMBERS = sizeof members / sizeof *members };
	struct reader reader = {object.bytes, object.bytes + object.length};
	struct item item;
	unsigned seen = 0;

	if (!take_kind(&reader, KIND_MAP, &item) || item.number != MEMBERS)
		return false;
	for (int i = 0; i < MEMBERS; i++) {
		unsigned which = 0;

		if (!take_kind(&reader, KIND_TEXT, &item))
			return false;
		while (which < MEMBERS && !text_is(&item, members[which].name))
			which++;
		if (which == MEMBERS || (seen & 1U << which) != 0)
			return false;
		seen |= 1U << which;
		if (members[which].kind != KIND_BYTES) {
			if (!skip(&reader, members[which].kind))
				return false;
			continue;
		}
		if (!take_kind(&reader, KIND_BYTES, &item))
			return false;
		*authenticator_data = item.octets;
	}
	return reader.at == reader.end;
}

enum label { LABEL_KTY, LABEL_ALG, LABEL_1, LABEL_2, LABEL_3, LABELS }; /* 1, 3, -1, -2, -3 (RFC 9053 2, 7; RFC 8230 4) */

struct cose_key {
	struct item members[LABELS];
	int64_t count;
};

/* A key has the members that its type needs, each once, and no optional ones (WebAuthn 2 6.5.1). */
static bool read_cose_key(struct reader *reader, struct cose_key *key)
{
	static const int64_t labels[LABELS] = {1, 3, -1, -2, -3};
	struct item item;

	*key = (struct cose_key){0};
	if (!take_kind(reader, KIND_MAP, &item))
		return false;
	key->count = item.number;
	for (int64_t i = 0; i < key->count; i++) {
		size_t which = 0;

		if (!take_kind(reader, KIND_NUMBER, &item))
			return false;
		while (which < LABELS && labels[which] != item.number)
			which++;
		if (which == LABELS || key->members[which].kind != KIND_OTHER || !take(reader, &key->members[which]))
			return false;
	}
	return true;
}

static bool is_number(const struct cose_key *key, enum label label, int64_t number)
{
	return key->members[label].kind == KIND_NUMBER && key->members[label].number == number;
}

static const char *bytes_of(struct arena *arena, const struct cose_key *key, enum label label, size_t least, size_t most)
{
	const struct item *item = &key->members[label];

	if (item->kind != KIND_BYTES || item->octets.length < least || item->octets.length > most)
		return NULL;
	return base64url_encode(arena, item->octets.bytes, item->octets.length);
}

/* The line of a public key: `thumbprint` is the JSON that its kid is the digest of (RFC 7638 3). */
static const char *write_jwk(struct arena *arena, const char *alg, const char *thumbprint, const char *members)
{
	const struct verifying_algorithm *algorithm = verifying_algorithm_find(alg);
	const char *start = arena_format(arena, "{\"kty\":\"%s\",\"use\":\"sig\",\"alg\":\"%s\",\"kid\":\"%s\",", algorithm->kty, alg,
		base64url_encode(arena, sha256_of(arena, thumbprint), SHA256_BYTES));
	const char *jwk = arena_format(arena, "%s%s}", start, members);

	return public_jwk_fits(arena, algorithm, jwk, start) ? jwk : NULL;
}

static const char *es256_jwk(struct arena *arena, const struct cose_key *key)
{
	const char *x = bytes_of(arena, key, LABEL_2, POINT_BYTES, POINT_BYTES);
	const char *y = bytes_of(arena, key, LABEL_3, POINT_BYTES, POINT_BYTES);

	if (key->count != 5 || !is_number(key, LABEL_KTY, 2) || !is_number(key, LABEL_1, 1) || x == NULL || y == NULL)
		return NULL;
	return write_jwk(arena, "ES256", arena_format(arena, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y),
		arena_format(arena, "\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"", x, y));
}

static const char *eddsa_jwk(struct arena *arena, const struct cose_key *key)
{
	const char *x = bytes_of(arena, key, LABEL_2, POINT_BYTES, POINT_BYTES);

	if (key->count != 4 || !is_number(key, LABEL_KTY, 1) || !is_number(key, LABEL_1, 6) || x == NULL)
		return NULL;
	return write_jwk(arena, "EdDSA", arena_format(arena, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x),
		arena_format(arena, "\"crv\":\"Ed25519\",\"x\":\"%s\"", x));
}

static const char *rs256_jwk(struct arena *arena, const struct cose_key *key)
{
	const char *n = bytes_of(arena, key, LABEL_1, RSA_LEAST, RSA_MOST);
	const char *e = bytes_of(arena, key, LABEL_2, 3, 3);

	if (key->count != 4 || !is_number(key, LABEL_KTY, 3) || n == NULL || e == NULL)
		return NULL;
	return write_jwk(arena, "RS256", arena_format(arena, "{\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"}", e, n),
		arena_format(arena, "\"n\":\"%s\",\"e\":\"%s\"", n, e));
}

static const char *public_jwk(struct arena *arena, const struct cose_key *key)
{
	if (is_number(key, LABEL_ALG, -7))
		return es256_jwk(arena, key);
	if (is_number(key, LABEL_ALG, -8))
		return eddsa_jwk(arena, key);
	return is_number(key, LABEL_ALG, -257) ? rs256_jwk(arena, key) : NULL;
}

/* The credential behind the head: AAGUID, length, id, key, and extensions where the flag says so (WebAuthn 2 6.5.1). */
static const char *read_credential(struct arena *arena, struct octets data, struct webauthn_credential *credential)
{
	struct reader reader = {data.bytes + WEBAUTHN_HEAD_BYTES, data.bytes + data.length};
	unsigned flags = data.bytes[SHA256_BYTES];
	struct cose_key key;

	if ((flags & WEBAUTHN_FLAG_KEY) == 0 || reader.end - reader.at < AAGUID_BYTES + 2)
		return "WebAuthn 2 6.5.1: no credential";
	reader.at += AAGUID_BYTES;
	credential->id_length = (size_t)reader.at[0] << 8 | reader.at[1];
	reader.at += 2;
	if (credential->id_length == 0 || credential->id_length > WEBAUTHN_CREDENTIAL_ID_LONGEST
		|| credential->id_length > (size_t)(reader.end - reader.at))
		return "WebAuthn 3 7.1: credential id of at most 1023 bytes";
	credential->id = (const unsigned char *)arena_copy(arena, reader.at, credential->id_length);
	reader.at += credential->id_length;
	if (!read_cose_key(&reader, &key))
		return "WebAuthn 2 6.5.1: COSE key";
	credential->public_jwk = public_jwk(arena, &key);
	if (credential->public_jwk == NULL)
		return "WebAuthn 2 7.1 (16): algorithm";
	if ((flags & WEBAUTHN_FLAG_EXTENSIONS) != 0 && !skip(&reader, KIND_MAP))
		return "WebAuthn 2 6.1: extensions";
	return reader.at == reader.end ? NULL : "WebAuthn 2 6.1: end of authenticator data";
}

const char *webauthn_check_registration(struct arena *arena, const struct webauthn_site *site, const char *client_data,
	const char *attestation_object, struct webauthn_credential *credential)
{
	size_t length;
	const unsigned char *bytes = base64url_decode(arena, client_data, strlen(client_data), &length);
	struct octets object;
	struct octets data = {0};
	const char *problem;

	*credential = (struct webauthn_credential){0};
	if (bytes == NULL)
		return "WebAuthn 2 7.1 (5): base64url";
	problem = webauthn_check_client_data(arena, site, "webauthn.create", bytes, length);
	if (problem != NULL)
		return problem;
	object.bytes = base64url_decode(arena, attestation_object, strlen(attestation_object), &object.length);
	if (object.bytes == NULL || object.length > ATTESTATION_LONGEST || !read_attestation(object, &data))
		return "WebAuthn 2 7.1 (12): attestation object";
	problem = webauthn_check_head(site, data.bytes, data.length, &credential->authenticator);
	return problem != NULL ? problem : read_credential(arena, data, credential);
}
