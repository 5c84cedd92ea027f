#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base/text.h"
#include "lib/http/context.h"
#include "lib/http/html.h"
#include "lib/http/messages.h"

static const struct config config = {
	.issuer = "https://id.example.org", .endpoint_path = "/cgi-bin", .static_path = "/static", .site_name = "A & B",
};
static struct arena *arena;
static struct context context;
static struct context *const c = &context;
static struct page *page;

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(1024 * 1024);
	context = (struct context){ .config = &config, .arena = arena, .request_id = "3f2a" };
	context.response = response_create(arena);
	page = page_create(c);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void renders(const char *template, const char *expected)
{
	/* A copy of its own, so that a read past the end shows. */
	struct buffer out = buffer_create(arena, 8);
	template_render(&out, arena_text(arena, template), page);
	assert_string_equal(out.data, expected);
}

static void test_escape(void **state)
{
	(void)state;
	struct buffer out = buffer_create(arena, 1);
	html_escape(&out, "<a href=\"x\" b='y'>&amp;\xc3\xa4</a>");
	assert_string_equal(out.data, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;\xc3\xa4&lt;/a&gt;");
	html_escape(&out, "");
}

static void test_values(void **state)
{
	(void)state;
	page_set(page, "x", "<b>");
	renders("", "");
	renders("a {{x}} b", "a &lt;b&gt; b");
	renders("{{none}}{{}}{{x}}", "&lt;b&gt;");
	renders("{{site_name}} {{static_url}} {{endpoint_url}} {{lang}} {{request_id}}",
		"A &amp; B https://id.example.org/static https://id.example.org/cgi-bin en 3f2a");
	page_set(page, "x", "{{site_name}}{{#x}}");
	renders("{{x}}", "{{site_name}}{{#x}}");
	page_set(page, "x", NULL);
	renders("[{{x}}]", "[]");
}

static void test_sections(void **state)
{
	(void)state;
	page_set(page, "yes", "1");
	page_set(page, "no", "");
	renders("{{#yes}}a{{/yes}}{{#no}}b{{/no}}{{#none}}c{{/none}}", "a");
	renders("{{^yes}}a{{/yes}}{{^no}}b{{/no}}{{^none}}c{{/none}}", "bc");
	renders("{{#yes}}({{#yes}}x{{/yes}}{{^yes}}y{{/yes}}){{/yes}}!", "(x)!");
	renders("{{#no}}({{#no}}x{{/no}}{{^no}}y{{/no}}){{/no}}!", "!");
	renders("{{^no}}{{#yes}}{{yes}}{{/yes}}{{/no}}", "1");
}

static void test_lists(void **state)
{
	(void)state;
	static const char *const names[] = { "one", "<two>", NULL };
	page_set(page, "name", "outer");
	for (int i = 0; names[i]; i++) {
		struct page *item = page_item(page, "items");
		page_set(item, "name", names[i]);
		page_set(page_item(item, "parts"), "part", names[i]);
	}
	struct page *last = page_item(page, "items");
	page_set(last, "checked", "1");
	renders("{{#items}}[{{name}}{{#checked}}!{{/checked}}{{#parts}} {{part}}/{{name}}{{/parts}}]{{/items}} {{name}}",
		"[one one/one][&lt;two&gt; &lt;two&gt;/&lt;two&gt;][outer!] outer");
	renders("{{^items}}none{{/items}}", "");
	page_set(last, "name", NULL);
	renders("{{#items}}[{{name}}]{{/items}}", "[one][&lt;two&gt;][]");
}

static void test_malformed_templates(void **state)
{
	(void)state;
	page_set(page, "x", "1");
	renders("a {{x", "a {{x");
	renders("a }} b", "a }} b");
	renders("{{#x}}open", "open");
	renders("{{^x}}open", "");
	renders("a{{/x}}b", "ab");
	renders("{{#}}{{^}}{{/}}{{t:}}", "");
	renders("{{{x}}}", "}");
	renders("{", "{");
	renders("{{", "{{");
	renders("{{content}}", "");
	struct buffer deep = buffer_create(arena, 16);
	for (int i = 0; i < 1000; i++)
		buffer_text(&deep, "{{#x}}");
	renders(deep.data, "");
}

static void test_messages(void **state)
{
	(void)state;
	renders("{{t:no_such_<key>}}", "no_such_&lt;key&gt;");
	/* Every message renders, with no value and with a hostile one, and lets no markup through. */
	struct buffer template = buffer_create(arena, 4096);
	for (size_t i = 0; i < messages_count; i++) {
		buffer_format(&template, "{{t:%s}}\n", messages[i].key);
		const char *open = messages[i].text;
		while ((open = strchr(open, '{'))) {
			const char *close = strchr(open, '}');
			assert_non_null(close);
			page_set(page, arena_copy(arena, open + 1, (size_t)(close - open) - 1), "<i>'\"{site_name}");
			open = close;
		}
	}
	struct buffer out = buffer_create(arena, 4096);
	template_render(&out, template.data, page);
	assert_null(strpbrk(out.data, "<>\"'"));
	assert_non_null(strstr(out.data, "&lt;i&gt;&#39;&quot;{site_name}"));
}

static void test_answer(void **state)
{
	(void)state;
	static const struct template inner = { "inner", "<h1>{{heading}}</h1>{{content}}" };
	page_set(page, "heading", "<x>");
	page_set(page, "content", "<evil>");
	buffer_text(&c->response.body, "dropped");
	assert_int_equal(page_answer(c, 400, &inner, "title_login", page, PAGE_FORMS_STAY), OUTCOME_ANSWERED);
	assert_int_equal(c->response.status, 400);
	assert_true(text_starts_with(c->response.body.data, "<!DOCTYPE html>"));
	assert_non_null(strstr(c->response.body.data, "<h1>&lt;x&gt;</h1>&lt;evil&gt;"));
	assert_null(strstr(c->response.body.data, "{{"));
	assert_string_equal(c->response.headers.data, "Content-Security-Policy: default-src 'none'; style-src 'self'; "
		"img-src 'self' https: data:; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'\r\n"
		"X-Frame-Options: DENY\r\nContent-Type: text/html; charset=utf-8\r\n");
	response_reset(c);
	page_answer(c, 200, &inner, "title_login", NULL, PAGE_FORMS_LEAVE);
	assert_null(strstr(c->response.headers.data, "form-action"));
	assert_non_null(strstr(c->response.body.data, "<h1></h1>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_escape, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_malformed_templates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answer, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
