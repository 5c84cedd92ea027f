/* The functions behind the table of main.c, and the options that they read. */
#ifndef LATCHKEY_COMMANDS_COMMANDS_H
#define LATCHKEY_COMMANDS_COMMANDS_H

#include "commands/cli.h"

extern const struct command_option init_options[];
void init_run(struct cli *cli);

extern const struct command_option user_add_options[];
extern const struct command_option user_password_options[];
void user_add_run(struct cli *cli);
void user_list_run(struct cli *cli);
void user_set_password_run(struct cli *cli);
void user_disable_run(struct cli *cli);
void user_enable_run(struct cli *cli);
void user_reset_mfa_run(struct cli *cli);

extern const struct command_option client_add_options[];
void client_add_run(struct cli *cli);
void client_list_run(struct cli *cli);
void client_show_run(struct cli *cli);
void client_remove_run(struct cli *cli);
void client_rotate_secret_run(struct cli *cli);

extern const struct command_option resource_add_options[];
void resource_add_run(struct cli *cli);
void resource_list_run(struct cli *cli);
void resource_show_run(struct cli *cli);
void resource_remove_run(struct cli *cli);

extern const struct command_option scope_add_options[];
void scope_add_run(struct cli *cli);
void scope_list_run(struct cli *cli);
void scope_remove_run(struct cli *cli);

extern const struct command_option invitation_add_options[];
void invitation_add_run(struct cli *cli);
void invitation_list_run(struct cli *cli);
void invitation_remove_run(struct cli *cli);

extern const struct command_option key_rotate_options[];
void key_list_run(struct cli *cli);
void key_rotate_run(struct cli *cli);

extern const struct command_option audit_options[];
void audit_run(struct cli *cli);

extern const struct command_option session_list_options[];
extern const struct command_option session_end_options[];
void session_list_run(struct cli *cli);
void session_end_run(struct cli *cli);

extern const struct command_option backup_options[];
extern const struct command_option restore_options[];
void backup_run(struct cli *cli);
void restore_run(struct cli *cli);
void upgrade_run(struct cli *cli);

void gc_run(struct cli *cli);

void publish_run(struct cli *cli);

extern const struct command_option doctor_options[];
void doctor_run(struct cli *cli);

void privileges_run(struct cli *cli);

#endif
