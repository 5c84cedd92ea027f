#include "lib/http/html.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/http/context.h"
#include "lib/http/messages.h"

enum { DEPTH_LIMIT = 16 };

struct value {
	struct value *next;
	const char *name;
	const char *text;
	struct page *first; /* items of a list */
	struct page *last;
};

struct page {
	struct arena *arena;
	struct value *values;
	struct page *around; /* of an item: the page, or the item around it */
	struct page *next;   /* of an item: the next one of its list */
};

struct renderer {
	struct buffer *out;
	const struct buffer *content; /* what {{content}} stands for in the layout; NULL elsewhere */
};

/* A part of a template. */
struct part {
	const char *start;
	size_t length;
};

static struct value *find_here(const struct page *page, struct part name)
{
	for (struct value *value = page->values; value; value = value->next)
		if (strlen(value->name) == name.length && memcmp(value->name, name.start, name.length) == 0)
			return value;
	return NULL;
}

static const struct value *find(const struct page *page, struct part name)
{
	const struct value *value = NULL;
	for (; page && !value; page = page->around)
		value = find_here(page, name);
	return value;
}

static struct value *value_of(struct page *page, const char *name)
{
	struct value *value = find_here(page, (struct part){ name, strlen(name) });
	if (value)
		return value;
	value = arena_alloc(page->arena, sizeof *value);
	value->name = name;
	value->next = page->values;
	page->values = value;
	return value;
}

struct page *page_create(struct context *c)
{
	struct page *page = arena_alloc(c->arena, sizeof *page);
	page->arena = c->arena;
	page_set(page, "lang", "en");
	page_set(page, "site_name", c->config->site_name);
	page_set(page, "static_url", arena_format(c->arena, "%s%s", c->config->issuer, c->config->static_path));
	page_set(page, "endpoint_url", arena_format(c->arena, "%s%s", c->config->issuer, c->config->endpoint_path));
	page_set(page, "request_id", c->request_id);
	return page;
}

void page_set(struct page *page, const char *name, const char *text)
{
	value_of(page, name)->text = text;
}

struct page *page_item(struct page *page, const char *list)
{
	struct value *value = value_of(page, list);
	struct page *item = arena_alloc(page->arena, sizeof *item);
	item->arena = page->arena;
	item->around = page;
	if (value->last)
		value->last->next = item;
	else
		value->first = item;
	value->last = item;
	return item;
}

void html_escape(struct buffer *out, const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "&<>\"'");
		buffer_bytes(out, text, plain);
		text += plain;
		switch (*text) {
		case '&':
			buffer_text(out, "&amp;");
			break;
		case '<':
			buffer_text(out, "&lt;");
			break;
		case '>':
			buffer_text(out, "&gt;");
			break;
		case '"':
			buffer_text(out, "&quot;");
			break;
		case '\'':
			buffer_text(out, "&#39;");
			break;
		default:
			return;
		}
		text++;
	}
}

/* A message with {name} replaced by values, as plain text. */
static const char *message_with_values(struct arena *arena, const char *key, const struct page *page)
{
	static const char name_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *text = message(key);
	struct buffer out = buffer_create(arena, strlen(text) + 64);
	while (*text) {
		size_t length = *text == '{' ? strspn(text + 1, name_characters) : 0;
		if (length == 0 || text[length + 1] != '}') {
			buffer_char(&out, *text++);
			continue;
		}
		const struct value *value = find(page, (struct part){ text + 1, length });
		if (value && value->text)
			buffer_text(&out, value->text);
		text += length + 2;
	}
	return out.data;
}

/* Takes the next tag, moving *text behind it; what stands before it is *before. False if there is none. */
static bool next_tag(struct part *text, struct part *before, struct part *tag)
{
	*before = *text;
	const char *open = memmem(text->start, text->length, "{{", 2);
	if (!open)
		return false;
	const char *end = text->start + text->length;
	const char *close = memmem(open, (size_t)(end - open), "}}", 2);
	if (!close)
		return false;
	before->length = (size_t)(open - text->start);
	*tag = (struct part){ open + 2, (size_t)(close - open) - 2 };
	*text = (struct part){ close + 2, (size_t)(end - close) - 2 };
	return true;
}

/* What stands before the tag that closes the section `name`, moving *text behind that; to the end if none closes it. */
static struct part section_inside(struct part *text, struct part name)
{
	struct part rest = *text;
	struct part before;
	struct part tag;
	int nested = 0;
	while (next_tag(&rest, &before, &tag)) {
		if (tag.length != name.length + 1 || memcmp(tag.start + 1, name.start, name.length) != 0)
			continue;
		if (*tag.start == '#' || *tag.start == '^')
			nested++;
		if (*tag.start != '/' || nested-- > 0)
			continue;
		struct part inside = { text->start, (size_t)(before.start + before.length - text->start) };
		*text = rest;
		return inside;
	}
	struct part inside = *text;
	text->start += text->length;
	text->length = 0;
	return inside;
}

static void render(const struct renderer *renderer, struct part text, const struct page *page, int depth);

static void render_section(const struct renderer *renderer, struct part tag, struct part inside, const struct page *page, int depth)
{
	const struct value *value = find(page, (struct part){ tag.start + 1, tag.length - 1 });
	bool there = value && (value->first || !text_empty(value->text));
	if (*tag.start == '^') {
		if (!there)
			render(renderer, inside, page, depth + 1);
	} else if (there && value->first) {
		for (const struct page *item = value->first; item; item = item->next)
			render(renderer, inside, item, depth + 1);
	} else if (there) {
		render(renderer, inside, page, depth + 1);
	}
}

static void render_value(const struct renderer *renderer, struct part tag, const struct page *page)
{
	struct arena *arena = renderer->out->arena;
	if (tag.length > 2 && memcmp(tag.start, "t:", 2) == 0) {
		const char *key = arena_copy(arena, tag.start + 2, tag.length - 2);
		html_escape(renderer->out, message_with_values(arena, key, page));
		return;
	}
	if (renderer->content && tag.length == 7 && memcmp(tag.start, "content", 7) == 0) {
		buffer_bytes(renderer->out, renderer->content->data, renderer->content->length);
		return;
	}
	const struct value *value = find(page, tag);
	if (value && value->text)
		html_escape(renderer->out, value->text);
}

static void render(const struct renderer *renderer, struct part text, const struct page *page, int depth)
{
	struct part before;
	struct part tag;
	if (depth > DEPTH_LIMIT)
		return;
	while (next_tag(&text, &before, &tag)) {
		buffer_bytes(renderer->out, before.start, before.length);
		if (tag.length > 1 && (*tag.start == '#' || *tag.start == '^')) {
			struct part inside = section_inside(&text, (struct part){ tag.start + 1, tag.length - 1 });
			render_section(renderer, tag, inside, page, depth);
		} else {
			render_value(renderer, tag, page);
		}
	}
	buffer_bytes(renderer->out, text.start, text.length);
}

void template_render(struct buffer *out, const char *template, const struct page *page)
{
	struct renderer renderer = { .out = out };
	render(&renderer, (struct part){ template, strlen(template) }, page, 0);
}

/* Scripts, styles and frames of others are out; `https:` lets a client's logo in. */
static const char policy[] =
	"default-src 'none'; style-src 'self'; img-src 'self' https: data:; script-src 'self'; connect-src 'self'; "
	"base-uri 'none'; frame-ancestors 'none'";

enum outcome page_answer(struct context *c, int status, const struct template *template, const char *title,
	struct page *page, enum page_forms forms)
{
	if (!page)
		page = page_create(c);
	page_set(page, "title", message_with_values(c->arena, title, page));
	struct buffer content = buffer_create(c->arena, 4096);
	template_render(&content, template->text, page);
	struct renderer renderer = { .out = &c->response.body, .content = &content };
	c->response.body.length = 0;
	render(&renderer, (struct part){ template_layout.text, strlen(template_layout.text) }, page, 0);
	response_header(c, "Content-Security-Policy",
		forms == PAGE_FORMS_STAY ? arena_format(c->arena, "%s; form-action 'self'", policy) : policy);
	response_header(c, "X-Frame-Options", "DENY");
	return response_html(c, status);
}
