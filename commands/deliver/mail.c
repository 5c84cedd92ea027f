/*
 * The form of a mail: MIME with a plain text and an HTML part (RFC 5322, 2045, 2047). Written here and not by libcurl's
 * curl_mime, which can only send: sendmail and the folder get the same bytes.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands/deliver/deliver.h"
#include "lib/base/email_address.h"
#include "lib/base/text.h"
#include "lib/crypto/base64.h"
#include "lib/crypto/random.h"
#include "lib/http/html.h"

extern const char mail_layout_html[], mail_layout_txt[];

enum { LINE_PLAIN = 200, LINE_QUOTED = 76, WORD_BYTES = 42 };

/* The host of the issuer as the part behind an @ (RFC 5321 4.1.3 for addresses of IP). */
const char *mail_domain(struct arena *arena, const struct config *config)
{
	const char *host = strstr(config->issuer, "://") + 3;
	size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");

	if (*host == '[')
		return arena_format(arena, "[IPv6:%.*s", (int)(length - 1), host + 1);
	if (strspn(host, "0123456789.") >= length)
		return arena_format(arena, "[%.*s]", (int)length, host);
	return arena_copy(arena, host, length);
}

const char *mail_sender(struct arena *arena, const struct config *config)
{
	if (config->mail_from)
		return email_address_is_plain(config->mail_from) ? config->mail_from : NULL;
	return arena_format(arena, "noreply@%s", mail_domain(arena, config));
}

/* ---- templates */

static const char *value_of(const struct letter *letter, const char *name, size_t length)
{
	for (int i = 0; i < letter->count; i++)
		if (strlen(letter->values[i].name) == length && memcmp(letter->values[i].name, name, length) == 0)
			return letter->values[i].text;
	return "";
}

/* {{name}} gives a value; {{content}} what is inside the layout, as it is. Line ends become CRLF. */
static void render(struct buffer *out, const char *template, const struct letter *letter, bool html, const char *content)
{
	while (*template) {
		size_t length = strcspn(template, "{\n");

		buffer_bytes(out, template, length);
		template += length;
		if (text_starts_with(template, "{{content}}")) {
			buffer_text(out, content);
			template += strlen("{{content}}");
		} else if (text_starts_with(template, "{{") && strstr(template, "}}")) {
			const char *name = template + 2, *end = strstr(template, "}}");
			const char *value = value_of(letter, name, (size_t)(end - name));

			if (html)
				html_escape(out, value);
			else
				buffer_text(out, value);
			template = end + 2;
		} else if (*template == '\n') {
			buffer_text(out, "\r\n");
			template++;
		} else if (*template) {
			buffer_char(out, *template++);
		}
	}
}

/* ---- headers */

static bool is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return false;
	return true;
}

/* RFC 2047 2: words of at most 75 characters, none cut within a character. */
static void put_words(struct buffer *out, const char *text)
{
	while (*text) {
		size_t length = strlen(text);

		if (length > WORD_BYTES)
			for (length = WORD_BYTES; ((unsigned char)text[length] & 0xc0) == 0x80; length--)
				;
		buffer_format(out, "=?UTF-8?B?%s?=", base64_encode(out->arena, text, length));
		text += length;
		if (*text)
			buffer_text(out, "\r\n ");
	}
}

static void put_subject(struct buffer *out, const char *subject)
{
	buffer_text(out, "Subject: ");
	if (is_plain(subject) && !strstr(subject, "=?") && strlen(subject) < LINE_PLAIN)
		buffer_text(out, subject);
	else
		put_words(out, subject);
	buffer_text(out, "\r\n");
}

static void put_from(struct buffer *out, const struct config *config)
{
	const char *name = config->site_name;
	bool simple = true;

	for (const char *c = name; *c; c++)
		simple = simple && (*c == ' ' || (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z'));
	buffer_text(out, "From: ");
	if (simple)
		buffer_text(out, name);
	else
		put_words(out, name);
	buffer_format(out, " <%s>\r\n", mail_sender(out->arena, config));
}

static void put_headers(struct buffer *out, const struct config *config, const struct letter *letter, const char *subject,
	const char *boundary, int64_t now)
{
	time_t when = (time_t)now;
	struct tm tm;
	char date[64];

	gmtime_r(&when, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buffer_format(out, "Date: %s\r\n", date);
	put_from(out, config);
	buffer_format(out, "To: <%s>\r\n", letter->to);
	put_subject(out, subject);
	buffer_format(out, "Message-ID: <%s@%s>\r\n", random_hex(out->arena, 32), mail_domain(out->arena, config));
	/* RFC 3834: no machine answers a machine. */
	buffer_text(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
	buffer_format(out, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n", boundary);
}

/* ---- parts */

static bool is_short_ascii(const char *body)
{
	size_t line = 0;

	for (const char *c = body; *c; c++) {
		line = *c == '\n' ? 0 : line + 1;
		if ((*c & 0x80) || line > LINE_PLAIN)
			return false;
	}
	return true;
}

/* RFC 2045 6.7. */
static void put_quoted(struct buffer *out, const char *body)
{
	size_t column = 0;

	for (const char *c = body; *c; c++) {
		unsigned char byte = (unsigned char)*c;
		bool at_end = c[1] == '\r' || c[1] == '\0';
		bool as_is = byte >= 0x20 && byte < 0x7f && byte != '=' && !(byte == ' ' && at_end);

		if (byte == '\r' && c[1] == '\n') {
			buffer_text(out, "\r\n");
			column = 0;
			c++;
			continue;
		}
		if (column + (as_is ? 1 : 3) > LINE_QUOTED - 1) {
			buffer_text(out, "=\r\n");
			column = 0;
		}
		if (as_is)
			buffer_char(out, *c);
		else
			buffer_format(out, "=%02X", byte);
		column += as_is ? 1 : 3;
	}
}

static void put_part(struct buffer *out, const char *boundary, const char *type, const char *body)
{
	bool as_is = is_short_ascii(body);

	buffer_format(out, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", boundary, type,
		as_is ? "7bit" : "quoted-printable");
	if (as_is)
		buffer_text(out, body);
	else
		put_quoted(out, body);
	buffer_text(out, "\r\n");
}

/* The template's first line is the subject, its second is empty. */
static const char *split_subject(struct arena *arena, const struct letter *letter, const char **body)
{
	struct buffer subject = buffer_create(arena, 128);
	const char *line = letter->template->text + strlen("Subject: ");
	size_t length = strcspn(line, "\n");

	render(&subject, arena_copy(arena, line, length), letter, false, "");
	*body = line + length + 2;
	return subject.data;
}

struct buffer mail_compose(struct arena *arena, const struct config *config, const struct letter *letter, int64_t now)
{
	struct buffer out = buffer_create(arena, 8192), inside = buffer_create(arena, 2048), text = buffer_create(arena, 2048);
	struct buffer html_inside = buffer_create(arena, 2048), html = buffer_create(arena, 4096);
	const char *boundary = random_alphanumeric(arena, 24);
	const char *body, *subject = split_subject(arena, letter, &body);

	render(&inside, body, letter, false, "");
	render(&text, mail_layout_txt, letter, false, inside.data);
	render(&html_inside, letter->template->html, letter, true, "");
	render(&html, mail_layout_html, letter, true, html_inside.data);
	put_headers(&out, config, letter, subject, boundary, now);
	put_part(&out, boundary, "text/plain", text.data);
	put_part(&out, boundary, "text/html", html.data);
	buffer_format(&out, "--%s--\r\n", boundary);
	return out;
}
