#include "lib/identity/link.h"

#include "lib/crypto/digest.h"
#include "lib/http/messages.h"

const struct link *link_given(struct context *c, const char *kind)
{
	const char *token = parameter(c, "token");
	return token ? link_find(c->database, kind, sha256_of(c->arena, token), c->now) : NULL;
}

enum outcome link_tell(struct context *c, const struct template *template, const struct link_news *news)
{
	struct page *page = page_create(c);
	page_set(page, "heading", message(news->title));
	page_set(page, "text", message(news->text));
	page_set(page, "url", news->url);
	page_set(page, "label", message(news->label));
	return page_answer(c, news->status, template, news->title, page, PAGE_FORMS_STAY);
}
