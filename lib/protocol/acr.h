/* How surely a user has signed in: the values of acr and acr_values. */
#ifndef LATCHKEY_PROTOCOL_ACR_H
#define LATCHKEY_PROTOCOL_ACR_H

#define ACR_PASSWORD "aal1"    /* NIST SP 800-63B-4: one factor */
#define ACR_TWO_FACTORS "aal2" /* two, or a passkey that verified its user */
#define ACR_VALUES_SUPPORTED ACR_PASSWORD " " ACR_TWO_FACTORS

#endif
