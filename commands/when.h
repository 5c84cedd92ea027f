/* Times as operators write them. */
#ifndef LATCHKEY_COMMANDS_WHEN_H
#define LATCHKEY_COMMANDS_WHEN_H

#include "commands/cli.h"

/*
 * The time that an option names: 2026-11-21, 2026-11-21T10:00 or 2026-11-21T10:00:00 (UTC, a Z may follow), or how
 * long ago: 90s, 15m, 2h, 7d. 0 if the option was not given; ends the program if it is anything else.
 */
int64_t when_option(struct cli *cli, const char *name);

#endif
