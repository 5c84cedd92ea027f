/* Recovery codes, of which only keyed hashes of 32 bytes are known: table recovery_codes. */
#ifndef LATCHKEY_RECORDS_RECOVERY_CODE_STORE_H
#define LATCHKEY_RECORDS_RECOVERY_CODE_STORE_H

#include "lib/database/database.h"

void recovery_code_insert(struct database *db, const char *user_id, const unsigned char *code_hash, int64_t now);

/* Whether the user has such a code, not used yet. */
bool recovery_code_is_unused(struct database *db, const char *user_id, const unsigned char *code_hash);

/* Uses it up: true for exactly one of all who try. */
bool recovery_code_use(struct database *db, const char *user_id, const unsigned char *code_hash, int64_t now);

/* How many are left, and when they were made (0: there never were any); `created_at` may be NULL. */
int64_t recovery_code_left(struct database *db, const char *user_id, int64_t *created_at);

/* Removes them all, used ones too; gives how many. */
int64_t recovery_code_remove_all(struct database *db, const char *user_id);

#endif
