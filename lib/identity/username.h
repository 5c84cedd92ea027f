/* User names: the preferred_username claim, so no space and no @ in them (applications make file names of it). */
#ifndef LATCHKEY_IDENTITY_USERNAME_H
#define LATCHKEY_IDENTITY_USERNAME_H

#include <stdbool.h>

enum { USERNAME_LONGEST = 64 };

/* 1 to 64 ASCII letters, digits, '.', '_' or '-', beginning with a letter or digit. Compared in small letters. */
bool username_is_valid(const char *username);

#endif
