/* Wakes OpenSSL in a fresh process, for all but digests. Used within lib/crypto alone. */
#ifndef LATCHKEY_CRYPTO_OPENSSL_START_H
#define LATCHKEY_CRYPTO_OPENSSL_START_H

/* Before the first call of OpenSSL; does nothing the second time. */
void openssl_start(void);

/* XORs these 32 bytes into all randomness that OpenSSL is given from now on; NULL: none. A nonce stays uniform by it. */
void openssl_mask_randomness(const unsigned char *mask);

#endif
