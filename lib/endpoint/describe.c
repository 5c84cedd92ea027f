#include <stdio.h>
#include <string.h>

#include "lib/endpoint/endpoint.h"

/* A line of words, each once (the lists are put together of parts), "-" for none. */
static void print_words(const char *label, const char *words)
{
	char seen[1024] = "";
	size_t used = 0;
	for (const char *at = words ? words : "-"; *at;) {
		size_t length = strcspn(at, " ");
		char word[128];
		snprintf(word, sizeof word, "%.*s", (int)length, at);
		if (!words_contain(seen, word) && used + length + 2 < sizeof seen)
			used += (size_t)snprintf(seen + used, sizeof seen - used, "%s%s", used ? " " : "", word);
		at += length;
		at += strspn(at, " ");
	}
	printf("%s %s\n", label, seen);
}

void endpoint_describe(const struct endpoint *e)
{
	static const char *const answers[] = { [ANSWERS_PAGES] = "pages", [ANSWERS_JSON] = "json", [ANSWERS_BEARER] = "bearer" };

	printf("endpoint %s\npurpose %s\nspecification %s\n", e->name, e->purpose, e->specification);
	printf("methods%s%s\n", e->methods & METHOD_GET ? " GET" : "", e->methods & METHOD_POST ? " POST" : "");
	printf("answers %s\nbody %s\ncors %s\n", answers[e->answers], e->json ? "json" : "form", e->cors ? "yes" : "no");
	print_words("reads", e->reads);
	print_words("writes", e->writes);
	print_words("keys", e->keys);
	for (const struct parameter *p = e->parameters; p && p->name; p++)
		printf("parameter %s %zu %s\n", p->name, p->longest, p->repeatable ? "repeatable" : "once");
	printf("\n");
}
