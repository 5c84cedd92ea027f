#include <stdio.h>

#include "lib/endpoint/endpoint.h"

static const char *or_none(const char *words)
{
	return words ? words : "-";
}

void endpoint_describe(const struct endpoint *e)
{
	static const char *const answers[] = { [ANSWERS_PAGES] = "pages", [ANSWERS_JSON] = "json", [ANSWERS_BEARER] = "bearer" };

	printf("endpoint %s\npurpose %s\nspecification %s\n", e->name, e->purpose, e->specification);
	printf("methods%s%s\n", e->methods & METHOD_GET ? " GET" : "", e->methods & METHOD_POST ? " POST" : "");
	printf("answers %s\ncors %s\n", answers[e->answers], e->cors ? "yes" : "no");
	printf("reads %s\nwrites %s\nkeys %s\n", or_none(e->reads), or_none(e->writes), or_none(e->keys));
	for (const struct parameter *p = e->parameters; p && p->name; p++)
		printf("parameter %s %zu %s\n", p->name, p->longest, p->repeatable ? "repeatable" : "once");
	printf("\n");
}
