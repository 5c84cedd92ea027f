/* What the pages behind links in mails have in common. Opening such a link never uses it up: mail scanners open them too. */
#ifndef LATCHKEY_IDENTITY_LINK_H
#define LATCHKEY_IDENTITY_LINK_H

#include "lib/http/context.h"
#include "lib/http/html.h"
#include "lib/records/link_store.h"

/* A row of the parameter table: 256 random bits. */
#define LINK_PARAMETER { "token", is_base64url, 43, false }

/* The link of this kind that the parameter `token` names; NULL if there is none, it was used, or it expired. Reads links. */
const struct link *link_given(struct context *c, const char *kind);

/* A page that tells something and leads on: keys of its title and text, where it leads, and the key of how that is called. */
struct link_news {
	int status;
	const char *title;
	const char *text;
	const char *url;
	const char *label;
};
enum outcome link_tell(struct context *c, const struct template *template, const struct link_news *news);

#endif
