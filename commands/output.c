#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands/cli.h"
#include "lib/base/utf8.h"

struct table {
	struct arena *arena;
	const char **cells; /* row after row, the titles first */
	size_t count;
	size_t room;
	size_t columns;
};

void cli_print(const char *text)
{
	fputs(text, stdout);
	putchar('\n');
}

struct table *table_create(struct arena *arena, const char *const *titles, int columns)
{
	struct table *table = arena_alloc(arena, sizeof *table);

	*table = (struct table){ .arena = arena, .columns = (size_t)columns };
	for (int i = 0; titles && i < columns; i++)
		table_cell(table, titles[i]);
	return table;
}

void table_cell(struct table *table, const char *text)
{
	if (table->count == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		const char **cells = arena_alloc(table->arena, room * sizeof *cells);

		if (table->count)
			memcpy(cells, table->cells, table->count * sizeof *cells);
		table->cells = cells;
		table->room = room;
	}
	table->cells[table->count++] = text && *text ? text : "-";
}

static size_t width(const char *text)
{
	return utf8_valid(text, strlen(text)) ? utf8_count(text) : strlen(text);
}

void table_print(const struct table *table)
{
	size_t *widths = arena_alloc(table->arena, table->columns * sizeof *widths);

	for (size_t i = 0; i < table->count; i++)
		if (width(table->cells[i]) > widths[i % table->columns])
			widths[i % table->columns] = width(table->cells[i]);
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		fputs(table->cells[i], stdout);
		if (column + 1 == table->columns)
			putchar('\n');
		else
			printf("%*s", (int)(widths[column] - width(table->cells[i]) + 2), "");
	}
}

static const char *dashes(const struct command_option *option)
{
	return option->kind == OPTION_LIST ? "…" : "";
}

char *command_synopsis(struct arena *arena, const struct command *command)
{
	struct buffer out = buffer_create(arena, 256);
	int options = 0;

	buffer_format(&out, "latchkey %s", command->noun);
	if (command->verb)
		buffer_format(&out, " %s", command->verb);
	if (command->argument)
		buffer_format(&out, " %s", command->argument);
	for (const struct command_option *o = command->options; o && o->name; o++)
		options++;
	if (options > 6) {
		buffer_text(&out, " [--OPTION VALUE]…");
	} else {
		for (const struct command_option *o = command->options; o && o->name; o++) {
			if (o->kind == OPTION_FLAG)
				buffer_format(&out, " [--%s]", o->name);
			else
				buffer_format(&out, " [--%s %s]%s", o->name, o->value, dashes(o));
		}
	}
	buffer_text(&out, " [--json]");
	return out.data;
}

void command_help(struct arena *arena, const struct command *command)
{
	struct table *table = table_create(arena, NULL, 2);

	printf("usage: %s\n%s\n", command_synopsis(arena, command), command->help);
	if (!command->options)
		return;
	putchar('\n');
	for (const struct command_option *o = command->options; o->name; o++) {
		table_cell(table, arena_format(arena, "  --%s%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "", dashes(o)));
		table_cell(table, o->help);
	}
	table_print(table);
}
