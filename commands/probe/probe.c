/*
 * probe: the network part of `latchkey doctor`. It is a program of its own since libcurl brings an OpenSSL of its own, and the
 * command line has another one inside.
 *   probe http METHOD URL [--header LINE] [--body TEXT] [--ca-file FILE] [--connect HOST:PORT] [--insecure]
 *   probe mail
 * http prints "name value" lines, an empty one, the answer's header, an empty line and the body. mail connects to the mail server of
 * the configuration as deliver would, and says what is wrong; it sends nothing. Ends with 0, 1 when that failed,
	2 when the call was wrong.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands/deliver/deliver.h"
#include "lib/base/text.h"

enum { ANSWER_MOST = 128 * 1024, HEADER_MOST = 32 * 1024, MEMORY = 4 * 1024 * 1024, CONNECT_SECONDS = 10, SECONDS = 30 };

volatile sig_atomic_t deliver_stops; /* nobody stops it here */

struct part {
	struct buffer text;
	size_t most;
};

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
	struct part *part = context;

	if (part->text.length + size * count > part->most)
		return 0;
	buffer_bytes(&part->text, bytes, size * count);
	return size * count;
}

/* Without carriage returns and the empty line at its end. Of several (100 Continue) the last counts. */
static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
	struct part *part = context;
	size_t length = size * count, kept = length;

	while (kept > 0 && (bytes[kept - 1] == '\n' || bytes[kept - 1] == '\r'))
		kept--;
	if (kept > 5 && memcmp(bytes, "HTTP/", 5) == 0)
		part->text.length = 0;
	if (kept == 0)
		return length;
	if (part->text.length + kept + 1 > part->most)
		return 0;
	buffer_bytes(&part->text, bytes, kept);
	buffer_char(&part->text, '\n');
	return length;
}

/* "Nov 21 10:00:00 2027 GMT"; 0 if it is nothing of that kind. */
static long long certificate_end(CURL *curl)
{
	struct curl_certinfo *chain = NULL;
	struct tm tm = { 0 };

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
		return 0;
	for (struct curl_slist *line = chain->certinfo[0]; line; line = line->next)
		if (text_starts_with(line->data, "Expire date:") && strptime(line->data + strlen("Expire date:"), "%b %d %H:%M:%S %Y", &tm))
			return (long long)timegm(&tm);
	return 0;
}

static bool set_option(CURL *curl, struct curl_slist **headers, struct curl_slist **connect, const char *name, const char *value)
{
	if (text_equal(name, "--header")) {
		*headers = curl_slist_append(*headers, value);
	} else if (text_equal(name, "--body")) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(value));
		curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, value);
	} else if (text_equal(name, "--ca-file")) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, value);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	} else if (text_equal(name, "--connect")) {
		char whole[512];

		snprintf(whole, sizeof whole, "::%s", value);
		*connect = curl_slist_append(*connect, whole);
	} else {
		return false;
	}
	return true;
}

static void set_request(CURL *curl, const char *method, const char *url, char *error, struct part *header, struct part *body)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SECONDS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "latchkey-doctor");
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, header);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	if (text_equal(method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static int http(struct arena *arena, int count, char **words)
{
	struct part header = { buffer_create(arena, 1024), HEADER_MOST }, body = { buffer_create(arena, 4096), ANSWER_MOST };
	struct curl_slist *headers = NULL, *connect = NULL;
	char error[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	long status = 0;

	if (!curl || count < 2)
		return 2;
	set_request(curl, words[0], words[1], error, &header, &body);
	for (int i = 2; i < count; i++) {
		if (text_equal(words[i], "--insecure")) {
			curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
			curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
		} else if (i + 1 >= count || !set_option(curl, &headers, &connect, words[i], words[i + 1])) {
			return 2;
		} else {
			i++;
		}
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect);
	CURLcode result = curl_easy_perform(curl);
	/* What was too long was cut: its beginning suffices. */
	if (result == CURLE_WRITE_ERROR)
		result = CURLE_OK;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	printf("curl %d\nerror %s\nstatus %ld\nexpires %lld\n\n", (int)result, *error ? error : curl_easy_strerror(result), status,
		certificate_end(curl));
	header.text.data[header.text.length] = '\0';
	printf("%s\n", header.text.length ? header.text.data : "\n");
	fwrite(body.text.data, 1, body.text.length, stdout);
	curl_slist_free_all(headers);
	curl_slist_free_all(connect);
	curl_easy_cleanup(curl);
	return result == CURLE_OK ? 0 : 1;
}

static int mail(struct arena *arena)
{
	const char *why = NULL;
	const struct config *config = config_load(arena, config_path(), &why);
	struct sender *sender = config ? sender_create(arena, config, &why) : NULL;
	bool good = sender && sender_check(sender, arena, &why);

	puts(good ? "fine" : why);
	if (sender)
		sender_end(sender);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_create(MEMORY);
	int result = 2;

	if (!arena || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	if (argc > 3 && text_equal(argv[1], "http"))
		result = http(arena, argc - 2, argv + 2);
	else if (argc == 2 && text_equal(argv[1], "mail"))
		result = mail(arena);
	curl_global_cleanup();
	arena_destroy(arena);
	return fflush(stdout) == 0 ? result : 1;
}
