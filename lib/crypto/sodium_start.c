#include "lib/crypto/sodium_start.h"

#include <stdlib.h>

#include <sodium.h>

void sodium_start(void)
{
	if (sodium_init() < 0)
		abort();
}
