#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/database/connection.h"

/* Functions without side effects; above all not load_extension, writefile, fts3_tokenizer. */
static const char allowed_functions[] = "coalesce count length lower max min nullif replace sum";

static int refuse_action(struct database *database, const char *action, const char *object)
{
	snprintf(database->refused, sizeof database->refused, "%s %s is outside the declared privileges", action,
		object == NULL ? "" : object);
	return SQLITE_DENY;
}

/*
 * SQLite asks while it compiles a statement, so what is refused never runs. It asks likewise for what foreign
 * keys imply: INSERT and DELETE read the parents' keys, a DELETE that cascades deletes in the children. Nothing
 * is excepted for that: who deletes grants writes access_tokens and reads users and clients, and declares it.
 */
int database_authorize(void *context, int action, const char *first, const char *second, const char *schema,
	const char *trigger)
{
	struct database *database = context;

	(void)schema;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION:
		return SQLITE_OK;
	case SQLITE_READ:
		if (words_contain(database->reads, first) || words_contain(database->writes, first))
			return SQLITE_OK;
		return refuse_action(database, "reading", first);
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		if (words_contain(database->writes, first))
			return SQLITE_OK;
		return refuse_action(database, "writing", first);
	case SQLITE_FUNCTION:
		if (words_contain(allowed_functions, second))
			return SQLITE_OK;
		return refuse_action(database, "the function", second);
	case SQLITE_PRAGMA:
		if (database->own_pragma)
			return SQLITE_OK;
		return refuse_action(database, "the pragma", first);
	default:
		return refuse_action(database, "the statement", NULL);
	}
}
