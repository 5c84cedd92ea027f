/* The pages of this folder, each NAME.html as template_NAME; the build makes them. */
#ifndef LATCHKEY_CGI_BIN_PAGES_PAGES_H
#define LATCHKEY_CGI_BIN_PAGES_PAGES_H

#include "lib/http/html.h"

extern const struct template template_consent;
extern const struct template template_login;
extern const struct template template_logout;
extern const struct template template_select_account;
extern const struct template template_signed_out;
extern const struct template template_signup;

#endif
