#include "commands/when.h"

#include <string.h>
#include <time.h>

#include "lib/base/text.h"

static bool read_date(const char *text, int64_t *at)
{
	static const char *const forms[] = { "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
		"%Y-%m-%d %H:%M:%S" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm parts = { 0 }, read;
		const char *rest = strptime(text, forms[i], &parts);

		if (!rest || (*rest && strcmp(rest, "Z") != 0))
			continue;
		read = parts;
		*at = timegm(&parts);
		/* The 31st of a month that has none would silently become another day. */
		return parts.tm_mday == read.tm_mday && parts.tm_mon == read.tm_mon && *at > 0;
	}
	return false;
}

static bool read_ago(struct arena *arena, const char *text, int64_t now, int64_t *at)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t length = strlen(text);
	int64_t number;

	if (length < 2 || length > 8 || !text_to_number(arena_copy(arena, text, length - 1), &number))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (text[length - 1] != units[i].letter)
			continue;
		*at = now - number * units[i].seconds;
		if (*at < 1)
			*at = 1;
		return true;
	}
	return false;
}

int64_t when_option(struct cli *cli, const char *name)
{
	const char *text = cli_option(cli, name);
	int64_t at = 0;

	if (text && !read_date(text, &at) && !read_ago(cli->arena, text, cli->now, &at))
		cli_usage(cli->command, "--%s %s is no time: 2026-11-21, 2026-11-21T10:00:00 (UTC), or 15m, 2h, 7d ago.", name, text);
	return at;
}
