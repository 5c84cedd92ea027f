/* UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. */
#ifndef LATCHKEY_BASE_UTF8_H
#define LATCHKEY_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_valid(const char *bytes, size_t length);

/* Code points in a valid string. */
size_t utf8_count(const char *text);

/* Whether a valid string has a control character (C0, DEL, C1) or a bidirectional override (spoofing of names). */
bool utf8_has_controls(const char *text);

#endif
