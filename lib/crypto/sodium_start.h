/* Wakes libsodium. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_SODIUM_START_H
#define LATCHKEY_CRYPTO_SODIUM_START_H

/* Before the first call of libsodium, which then chooses by the processor; does nothing the second time. */
void sodium_start(void);

#endif
