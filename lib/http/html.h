/*
 * Pages: templates in cgi-bin/pages, compiled into the endpoints. A template knows
 *   {{name}}           the value, escaped for HTML text and quoted attributes (absent: nothing)
 *   {{t:key}}          the text of lib/http/messages.c, with {name} in it replaced by values, all escaped
 *   {{#name}}…{{/name}} once if the value is there and not empty; once for each item if it is a list
 *   {{^name}}…{{/name}} if it is not
 * Inside a list, the item's values come first, then those around it. There is no way to put a value out unescaped.
 */
#ifndef LATCHKEY_HTTP_HTML_H
#define LATCHKEY_HTTP_HTML_H

#include "lib/base/buffer.h"

struct context;
struct page; /* the values of one page, or of one item of a list */

/* The templates, defined by the build out of cgi-bin/pages/NAME.html. `layout` is around every other one. */
struct template {
	const char *name;
	const char *text;
};

/* Those that the library itself answers with; cgi-bin/pages/pages.h has the others. */
extern const struct template template_error;
extern const struct template template_form_post;
extern const struct template template_layout;

/* An empty set of values. The layout's own (site_name, static_url, lang …) are there already. */
struct page *page_create(struct context *c);

/* Sets a value; NULL and "" count as absent. The text is not copied. */
void page_set(struct page *page, const char *name, const char *text);

/* Appends an item to a list and gives it, to set its values. */
struct page *page_item(struct page *page, const char *list);

/*
 * What a page's Content-Security-Policy says of where its form may lead. Chromium applies form-action to every
 * redirect after the POST, so a page that may end at a client leaves it out.
 */
enum page_forms { PAGE_FORMS_STAY, PAGE_FORMS_LEAVE };

/* Answers with the page: `template` inside the layout; its title is the message `title` (a key). */
#include "lib/http/endpoint.h"
enum outcome page_answer(struct context *c, int status, const struct template *template, const char *title,
	struct page *page, enum page_forms forms);

/* Renders one template alone into `out`, for tests and other uses. */
void template_render(struct buffer *out, const char *template, const struct page *page);

/* Appends text escaped for HTML text and quoted attributes. */
void html_escape(struct buffer *out, const char *text);

#endif
