#ifndef LATCHKEY_CGI_BIN_PAGES_PAGES_H
#define LATCHKEY_CGI_BIN_PAGES_PAGES_H

#include "lib/http/html.h"

extern const struct template template_consent;
extern const struct template template_enroll;
extern const struct template template_link_confirm;
extern const struct template template_link_done;
extern const struct template template_login;
extern const struct template template_logout;
extern const struct template template_recovery_codes;
extern const struct template template_reset_password;
extern const struct template template_reset_request;
extern const struct template template_second_factor;
extern const struct template template_select_account;
extern const struct template template_signed_out;
extern const struct template template_signup;
extern const struct template template_signup_request;

#endif
