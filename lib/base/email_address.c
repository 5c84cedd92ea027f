#include "lib/base/email_address.h"

#include <stddef.h>
#include <string.h>

bool email_address_is_plain(const char *address)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~@";
	const char *at = address ? strchr(address, '@') : NULL;
	size_t length = address ? strlen(address) : 0;

	/* RFC 5321 4.5.3.1: 64 and 254 octets. A dot-atom alone; a dash in front could be taken for an option. */
	return at && at != address && at[1] && !strchr(at + 1, '@') && length <= 254 && at - address <= 64
		&& address[strspn(address, allowed)] == '\0' && *address != '-' && *address != '.' && at[-1] != '.' && at[1] != '.'
		&& at[1] != '-' && address[length - 1] != '.' && !strstr(address, "..");
}
