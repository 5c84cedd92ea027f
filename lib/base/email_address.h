/* E-mail addresses as mail can be sent to them. */
#ifndef LATCHKEY_BASE_EMAIL_ADDRESS_H
#define LATCHKEY_BASE_EMAIL_ADDRESS_H

#include <stdbool.h>

/* Whether it (or NULL) can stand in a header and a command of SMTP: ASCII, one @, nothing that means something there. */
bool email_address_is_plain(const char *address);

#endif
