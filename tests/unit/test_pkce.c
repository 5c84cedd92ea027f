#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/protocol/pkce.h"

#include <cmocka.h> /* after errors.h: fail() is a macro here, a function there */

/* RFC 7636, appendix B */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void test_check(void **state)
{
	static const struct {
		const char *challenge, *verifier;
		const struct error *error;
		const char *clause;
	} table[] = {
		{ CHALLENGE, VERIFIER, NULL, NULL },
		{ NULL, NULL, NULL, NULL },
		{ CHALLENGE, NULL, INVALID_GRANT, "RFC 7636 4.6" },
		{ NULL, VERIFIER, INVALID_GRANT, "RFC 9700 4.8.2" },
		{ CHALLENGE, CHALLENGE, INVALID_GRANT, "RFC 7636 4.6" }, /* plain is no method here */
		{ VERIFIER, VERIFIER, INVALID_GRANT, "RFC 7636 4.6" },
		{ CHALLENGE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK", INVALID_GRANT, "RFC 7636 4.6" },
		{ CHALLENGE, "", INVALID_GRANT, "RFC 7636 4.6" },
		{ CHALLENGE, VERIFIER "a", INVALID_GRANT, "RFC 7636 4.6" },
		{ CHALLENGE "=", VERIFIER, INVALID_GRANT, "RFC 7636 4.6" },
		{ "e9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", VERIFIER, INVALID_GRANT, "RFC 7636 4.6" },
		{ "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", VERIFIER, INVALID_GRANT, "RFC 7636 4.6" },
		{ "", VERIFIER, INVALID_GRANT, "RFC 7636 4.6" },
	};
	struct arena *arena = arena_create(65536);
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const char *clause = NULL;
		const struct error *error = pkce_check(arena, table[i].challenge, table[i].verifier, &clause);
		if (error != table[i].error)
			fail_msg("row %zu: %s", i, error ? error->code : "fine");
		if (error)
			assert_string_equal(clause, table[i].clause);
	}
	arena_destroy(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
