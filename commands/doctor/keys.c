#include <string.h>

#include "commands/doctor/doctor.h"
#include "commands/keys_make.h"
#include "lib/base/text.h"
#include "lib/crypto/seal.h"
#include "lib/crypto/signing_key.h"
#include "lib/protocol/jwks.h"
#include "lib/protocol/metadata.h"
#include "lib/records/client_store.h"
#include "lib/records/resource_store.h"
#include "lib/records/signing_key_store.h"

enum { DOCUMENT_LIMIT = 65536 };

void check_seal_keys(struct doctor *d)
{
	static const char *const names[] = { "keys/credentials.key", "keys/clients.key", "keys/refresh.key", "keys/audit.key" };
	unsigned char key[SEAL_KEY_BYTES];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *error = NULL;

		if (!seal_key_load(d->arena, config_file(d->arena, d->config, names[i]), key, &error))
			problem(d, "Restore it from a backup: what was sealed with it opens with nothing else. If its mode is wrong: `chmod 600`.",
				"%s.", error);
		explicit_bzero(key, sizeof key);
	}
	fine(d, "All four are there.");
}

static void add_client_alg(void *context, const struct client *client)
{
	struct doctor *d = ((void **)context)[0];
	const char **algs = &((const char **)context)[1];

	*algs = words_union(d->arena, *algs, client->id_token_signed_response_alg ? client->id_token_signed_response_alg : "RS256");
}

static void add_resource_alg(void *context, const struct resource *resource)
{
	struct doctor *d = ((void **)context)[0];
	const char **algs = &((const char **)context)[1];

	*algs = words_union(d->arena, *algs, resource->signing_alg ? resource->signing_alg : "RS256");
}

/* Words: RS256, and what clients and APIs are registered for, or keys are there for. */
static const char *algs_in_use(struct doctor *d)
{
	struct {
		struct doctor *d;
		const char *algs;
	} context = { d, words_union(d->arena, "RS256", signing_key_algs(d->database)) };

	client_list(d->database, add_client_alg, &context);
	resource_list(d->database, add_resource_alg, &context);
	return context.algs;
}

static void look_at_key_file(struct doctor *d, const char *kid, const char *alg)
{
	const char *error = NULL;
	struct signing_key *key = signing_key_load(d->arena, config_file(d->arena, d->config, "keys/signing"), kid, alg, &error);

	if (key)
		signing_key_free(key);
	else
		problem(d, arena_format(d->arena, "Restore the file from a backup, or make new keys: `latchkey key rotate --alg %s --now`. "
			"If its mode is wrong: `chmod 600`.",
			alg), "The key %s that the database names cannot be used: %s.", kid, error);
}

void check_signing_keys(struct doctor *d)
{
	const char *algs = algs_in_use(d), *alg;

	for (const char *cursor = algs; (alg = words_next(d->arena, &cursor));) {
		const struct signing_key_record *key = signing_key_find_signing(d->database, alg, d->cli->now);

		if (!key)
			problem(d, arena_format(d->arena, "`latchkey key rotate --alg %s`", alg), "No key signs with %s.", alg);
		else
			look_at_key_file(d, key->kid, alg);
	}
	fine(d, "There is a key that signs for %s.", algs);
}

void check_next_keys(struct doctor *d)
{
	const char *algs = signing_key_algs(d->database), *alg;

	for (const char *cursor = algs; (alg = words_next(d->arena, &cursor));) {
		const struct signing_key_record *active = signing_key_find_active(d->database, alg);
		const struct signing_key_record *next = signing_key_find_next(d->database, alg);

		if (!next)
			advise(d, "`latchkey gc` makes it; let cron run that every hour.", "There is no next key for %s.", alg);
		else
			look_at_key_file(d, next->kid, alg);
		if (active && d->cli->now - active->activated_at > 2 * d->config->signing_key_seconds)
			advise(d, arena_format(d->arena, "`latchkey key rotate --alg %s`", alg),
				"The key for %s has signed for %lld days, twice as long as signing_key_seconds says.", alg,
				(long long)((d->cli->now - active->activated_at) / 86400));
	}
	fine(d, "The next keys are published.");
}

static bool look_at_document(struct doctor *d, const char *name, const struct buffer *wanted)
{
	const char *path = config_file(d->arena, d->config, name);
	char *have = arena_alloc(d->arena, DOCUMENT_LIMIT);
	long length = file_start(path, have, DOCUMENT_LIMIT);
	bool same = length >= 0 && (size_t)length == wanted->length && memcmp(have, wanted->data, wanted->length) == 0;

	if (length < 0)
		problem(d, "`latchkey publish`", "%s cannot be read.", path);
	else if (!same)
		problem(d, "`latchkey publish`, after every change of the configuration.",
			"%s is stale: clients are told what is not true any more.", path);
	return same;
}

void check_published(struct doctor *d)
{
	struct buffer discovery = buffer_create(d->arena, 4096), jwks = buffer_create(d->arena, 4096);

	metadata_write(&discovery, d->config);
	jwks_write(&jwks, d->database, d->cli->now);
	look_at_document(d, "well-known/openid-configuration", &discovery);
	look_at_document(d, "well-known/jwks.json", &jwks);
	fine(d, "Both say what is true now.");
}
