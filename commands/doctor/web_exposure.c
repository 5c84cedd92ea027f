/* What must not be served: asked for by the URLs that people guess. */
#include <dirent.h>
#include <string.h>

#include "commands/doctor/doctor.h"
#include "lib/base/text.h"

enum { START = 64, MEANINGFUL = 16 };

static const char *const climbs[] = { "", "/..", "/../..", "/%2e%2e", "/..%2f..", "/cgi-bin/..", "/static/.." };

static const char *origin_of(struct doctor *d)
{
	const char *host = strstr(d->config->issuer, "://") + 3;

	return arena_copy(d->arena, d->config->issuer, (size_t)(host - d->config->issuer) + strcspn(host, "/"));
}

static void look_at_folder(struct doctor *d, const char *url)
{
	const struct answer *answer = fetch(d, "GET", url, NULL, NULL);

	if (answer->curl == 0 && answer->status == 200 && (strstr(answer->body, "userinfo") || strstr(answer->body, "Index of")))
		problem(d, "Switch off listings: Apache `Options -Indexes`, nginx `autoindex off;`, lighttpd `dir-listing.activate = "
			"\"disable\"`.", "%s lists its folder.", url);
}

static void look_at_source(struct doctor *d, const char *url)
{
	const struct answer *answer = fetch(d, "GET", url, NULL, NULL);

	if (answer->curl != 0 || answer->status != 200 || answer->length < 4)
		return;
	if (memcmp(answer->body, "\177ELF", 4) == 0 || strstr(answer->body, "#include \"") || text_starts_with(answer->body,
		"ref: ") || text_starts_with(answer->body, "[core]"))
		problem(d, "Serve htdocs, well-known and the endpoints alone; no folder of sources, and no file whose name begins with a dot.",
			"%s can be read by everybody.", url);
}

void check_source(struct doctor *d)
{
	static const char *const endpoint_names[] = { "token.c", "token.o", "../cgi-bin/token", "./token", "token/" };
	static const char *const hidden[] = { "/.git/HEAD", "/.git/config", "/../.git/HEAD", "/cgi-bin/token.c", "/../cgi-bin/token.c" };

	look_at_folder(d, config_endpoint_url(d->arena, d->config, ""));
	for (size_t i = 0; i < sizeof endpoint_names / sizeof *endpoint_names; i++)
		look_at_source(d, config_endpoint_url(d->arena, d->config, endpoint_names[i]));
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		look_at_source(d, arena_format(d->arena, "%s%s", d->config->issuer, hidden[i]));
	fine(d, "Neither programs, hidden files nor folders are shown.");
}

/* Served is what arrives byte by byte as it lies on the disk: a page for everything else says 200 as well. */
static void look_at_secret(struct doctor *d, const char *url, const char *path)
{
	unsigned char start[START];
	long length = file_start(path, start, sizeof start);
	const struct answer *answer;

	if (length < MEANINGFUL)
		return; /* not there, or not to be read: see files.access */
	answer = fetch(d, "GET", url, NULL, NULL);
	if (answer->curl == 0 && answer->length >= (size_t)length && memcmp(answer->body, start, (size_t)length) == 0)
		problem(d, "Take the installation's folder out of what the server serves, at once, and then change what was open: `latchkey "
			"key rotate --now`, client secrets, passwords.",
			"%s can be read by everybody.", url);
	explicit_bzero(start, sizeof start);
}

static void guess(struct doctor *d, const char *prefix, const char *names)
{
	const char *configuration = strrchr(d->config->path, '/');

	for (const char *name; (name = words_next(d->arena, &names));)
		look_at_secret(d, arena_format(d->arena, "%s/%s", prefix, name), config_file(d->arena, d->config, name));
	look_at_secret(d, arena_format(d->arena, "%s/%s", prefix, configuration ? configuration + 1 : d->config->path), d->config->path);
}

static const char *signing_key_name(struct doctor *d)
{
	DIR *folder = opendir(config_file(d->arena, d->config, "keys/signing"));
	const char *name = NULL;
	struct dirent *entry;

	while (folder && !name && (entry = readdir(folder)))
		if (text_ends_with(entry->d_name, ".key"))
			name = arena_format(d->arena, " keys/signing/%s", entry->d_name);
	if (folder)
		closedir(folder);
	return name ? name : "";
}

void check_secrets(struct doctor *d)
{
	static const char names[] = "database/latchkey.db keys/credentials.key";
	const char *all = arena_format(d->arena, "%s keys/clients.key keys/refresh.key%s", names, signing_key_name(d));
	const char *own_name = strrchr(d->config->directory, '/');
	const char *origin = origin_of(d);

	for (size_t i = 0; i < sizeof climbs / sizeof *climbs; i++)
		guess(d, arena_format(d->arena, "%s%s", d->config->issuer, climbs[i]), i == 0 ? all : names);
	if (!text_equal(origin, d->config->issuer))
		guess(d, origin, names);
	if (own_name && own_name[1])
		guess(d, arena_format(d->arena, "%s%s", origin, own_name), names);
	guess(d, arena_format(d->arena, "%s%s", origin, d->config->directory), names);
	guess(d, config_static_url(d->arena, d->config, ".."), names);
	guess(d, config_endpoint_url(d->arena, d->config, ".."), names);
	fine(d, "Neither database, keys nor configuration are served.");
}
