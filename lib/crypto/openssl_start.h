/* Wakes OpenSSL in a fresh process, for all but digests. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OPENSSL_START_H
#define LATCHKEY_CRYPTO_OPENSSL_START_H

/* Before the first call of OpenSSL; does nothing the second time. */
void openssl_start(void);

#endif
