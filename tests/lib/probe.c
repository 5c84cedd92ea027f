/*
 * What the tests of endpoints need and Node.js cannot do:
 *   probe run [-c FD]… NAME=VALUE… -- PROGRAM [ARGUMENT]…
 *       runs PROGRAM with exactly this environment, repeated variables included; -c: this descriptor is closed at its
 *       start
 *   probe peak FILE PROGRAM [ARGUMENT]…   runs it, and writes its peak resident memory in KiB to FILE
 *   probe dump DATABASE [TABLE]…          every row of every table, one a line, except of those named
 *   probe sql DATABASE STATEMENT          runs it
 */
#include <sqlite3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int usage(void)
{
	fputs("usage: probe run|peak|dump|sql …, see probe.c\n", stderr);
	return 2;
}

/* ---- run */

static int run(char **arguments)
{
	char **command;
	bool closed[3] = { false };

	for (; arguments[0] && arguments[1] && strcmp(arguments[0], "-c") == 0; arguments += 2) {
		if (strlen(arguments[1]) != 1 || !strchr("012", arguments[1][0]))
			return usage();
		closed[arguments[1][0] - '0'] = true;
	}
	for (command = arguments; *command && strcmp(*command, "--") != 0;)
		command++;
	if (!command[0] || !command[1])
		return usage();
	*command++ = NULL; /* ends the variables */
	for (int fd = 0; fd < 3; fd++)
		if (closed[fd])
			close(fd);
	execve(command[0], command, arguments);
	return 127;
}

/* ---- peak */

static int peak(const char *file, char **command)
{
	struct rusage used;
	int status;
	pid_t child = fork();

	if (child == 0) {
		execv(command[0], command);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return 126;
	FILE *out = fopen(file, "w");
	if (!out || fprintf(out, "%ld\n", used.ru_maxrss) < 0 || fclose(out) != 0)
		return 125;
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* ---- dump, sql */

static int complain(sqlite3 *database)
{
	fprintf(stderr, "probe: %s\n", sqlite3_errmsg(database));
	return 1;
}

static sqlite3 *open_database(const char *path)
{
	sqlite3 *database = NULL;
	int result = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_busy_timeout(database, 5000);
	/* Looking must change nothing: what the last writer left in the log stays there. */
	if (result == SQLITE_OK)
		result = sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
	if (result == SQLITE_OK)
		return database;
	complain(database);
	return NULL;
}

static bool dump_table(sqlite3 *database, const char *table)
{
	sqlite3_stmt *rows = NULL;
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\" ORDER BY 1", table);
	int result = sqlite3_prepare_v2(database, sql, -1, &rows, NULL);

	sqlite3_free(sql);
	while (result == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW) {
		printf("%s", table);
		for (int column = 0; column < sqlite3_column_count(rows); column++) {
			const unsigned char *bytes = sqlite3_column_blob(rows, column);
			int length = sqlite3_column_bytes(rows, column);

			printf(" %s=", sqlite3_column_name(rows, column));
			if (sqlite3_column_type(rows, column) == SQLITE_NULL)
				printf("NULL");
			for (int i = 0; i < length; i++)
				printf(bytes[i] > 0x20 && bytes[i] < 0x7f ? "%c" : "\\%02x", bytes[i]);
		}
		printf("\n");
	}
	return sqlite3_finalize(rows) == SQLITE_OK && result == SQLITE_OK;
}

static bool is_among(const char *name, char **names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static int dump(const char *path, char **except)
{
	sqlite3_stmt *tables = NULL;
	sqlite3 *database = open_database(path);
	bool fine = true;

	if (!database || sqlite3_prepare_v2(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1, &tables,
		NULL) != SQLITE_OK)
		return database ? complain(database) : 1;
	while (fine && sqlite3_step(tables) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(tables, 0);

		if (!is_among(name, except))
			fine = dump_table(database, name);
	}
	if (sqlite3_finalize(tables) != SQLITE_OK || !fine)
		return complain(database);
	sqlite3_close(database);
	return 0;
}

static int change(const char *path, const char *statement)
{
	sqlite3 *database = open_database(path);

	if (!database || sqlite3_exec(database, statement, NULL, NULL, NULL) != SQLITE_OK)
		return database ? complain(database) : 1;
	sqlite3_close(database);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc > 3 && strcmp(argv[1], "peak") == 0)
		return peak(argv[2], argv + 3);
	if (argc > 2 && strcmp(argv[1], "dump") == 0)
		return dump(argv[2], argv + 3);
	if (argc == 4 && strcmp(argv[1], "sql") == 0)
		return change(argv[2], argv[3]);
	return usage();
}
