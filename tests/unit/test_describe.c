#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/endpoint/endpoint.h"
#include "lib/http/parameters.h"

#include <cmocka.h> /* after errors.h: fail() is a macro here, a function there */

static enum outcome handle(struct context *c)
{
	(void)c;
	return OUTCOME_ANSWERED;
}

/* What endpoint_describe() prints. */
static void described(const struct endpoint *one, const char *expected)
{
	char text[4096] = "";
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	endpoint_describe(one);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, sizeof text - 1, file) > 0);
	fclose(file);
	assert_string_equal(text, expected);
}

static void test_describe(void **state)
{
	static const struct parameter parameters[] = {
		{ "one", is_text, 40, false },
		{ "many", is_uri, 2000, true },
		{ 0 },
	};
	struct endpoint one = { .name = "test", .purpose = "tests", .specification = "RFC 1; RFC 2", .methods = METHOD_GET | METHOD_POST,
		.answers = ANSWERS_PAGES, .parameters = parameters, .reads = "users clients", .writes = "flows", .keys = "signing", .handle = handle };
	(void)state;
	described(&one, "endpoint test\npurpose tests\nspecification RFC 1; RFC 2\nmethods GET POST\nanswers pages\nbody form\ncors no\n"
		"reads users clients\nwrites flows\nkeys signing\nparameter one 40 once\nparameter many 2000 repeatable\n\n");
	one.methods = METHOD_POST;
	one.answers = ANSWERS_JSON;
	one.cors = true;
	one.parameters = NULL;
	one.reads = one.writes = one.keys = NULL;
	described(&one, "endpoint test\npurpose tests\nspecification RFC 1; RFC 2\nmethods POST\nanswers json\nbody form\ncors yes\n"
		"reads -\nwrites -\nkeys -\n\n");
	one.methods = METHOD_GET;
	one.answers = ANSWERS_BEARER;
	described(&one, "endpoint test\npurpose tests\nspecification RFC 1; RFC 2\nmethods GET\nanswers bearer\nbody form\ncors yes\n"
		"reads -\nwrites -\nkeys -\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
