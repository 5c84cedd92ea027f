#include "lib/http/user_agent.h"

#include <stdbool.h>
#include <string.h>

#include "lib/http/messages.h"

struct mark {
	const char *mark, *name;
};

/* In this order: most browsers also claim to be Chrome or Safari. */
static const struct mark browsers[] = {
	{ "Edg/", "Edge" }, { "EdgA/", "Edge" }, { "EdgiOS/", "Edge" },
	{ "OPR/", "Opera" }, { "OPT/", "Opera" },
	{ "SamsungBrowser/", "Samsung Internet" },
	{ "Vivaldi/", "Vivaldi" },
	{ "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" },
	{ "Chrome/", "Chrome" }, { "HeadlessChrome/", "Chrome" }, { "CriOS/", "Chrome" },
	{ "Safari/", "Safari" },
	{ NULL, NULL },
};

/* Likewise: Android says that it is Linux, an iPhone that it is "like Mac OS X". */
static const struct mark systems[] = {
	{ "iPhone", "iPhone" }, { "iPad", "iPad" },
	{ "Android", "Android" },
	{ "CrOS", "ChromeOS" },
	{ "Windows", "Windows" },
	{ "Macintosh", "macOS" },
	{ "Linux", "Linux" }, { "FreeBSD", "FreeBSD" }, { "OpenBSD", "OpenBSD" },
	{ NULL, NULL },
};

/* Whether the mark stands in the first `length` bytes, at the beginning of a word. */
static bool stands_in(const char *text, size_t length, const char *mark)
{
	size_t size = strlen(mark);
	for (size_t i = 0; i + size <= length; i++)
		if ((i == 0 || strchr(" (;", text[i - 1])) && memcmp(text + i, mark, size) == 0)
			return true;
	return false;
}

static const char *find(const struct mark *marks, const char *text, size_t length)
{
	for (; marks->mark; marks++)
		if (stands_in(text, length, marks->mark))
			return marks->name;
	return NULL;
}

const char *user_agent_text(struct arena *arena, const char *user_agent)
{
	if (!user_agent)
		return message("device_unknown");
	/* Systems stand in the first comment (RFC 9110 10.1.5). */
	const char *comment = strchr(user_agent, '('), *end = comment ? strchr(comment, ')') : NULL;
	const char *system = comment ? find(systems, comment, end ? (size_t)(end - comment) : strlen(comment)) : NULL;
	const char *browser = find(browsers, user_agent, strlen(user_agent));

	if (browser && system)
		return arena_format(arena, "%s %s %s", browser, message("device_on"), system);
	return browser ? browser : system ? system : message("device_unknown");
}
