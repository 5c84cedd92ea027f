#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buffer.h"
#include "lib/base/config.h"
#include "lib/base/text.h"

static struct arena *arena;
static char path[64];

static int set_up(void **state)
{
	(void)state;
	arena = arena_create(4 * 1024 * 1024);
	snprintf(path, sizeof path, "/tmp/latchkey-test-config-XXXXXX");
	int file = mkstemp(path);
	if (!arena || file < 0)
		return -1;
	return close(file);
}

static int tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return unlink(path);
}

static const struct config *load_bytes(const char *text, size_t length, const char **error)
{
	int file = open(path, O_WRONLY | O_TRUNC);
	assert_int_equal(write(file, text, length), (ssize_t)length);
	close(file);
	*error = NULL;
	const struct config *config = config_load(arena, path, error);
	assert_int_equal(config == NULL, *error != NULL);
	return config;
}

static const struct config *load(const char *text)
{
	const char *error;
	const struct config *config = load_bytes(text, strlen(text), &error);
	if (!config)
		fail_msg("%s", error);
	return config;
}

/* Refused, with this sentence after the path. */
static void refuses(const char *text, const char *sentence)
{
	const char *error;
	if (load_bytes(text, strlen(text), &error))
		fail_msg("accepted: %s", text);
	assert_true(text_starts_with(error, path));
	assert_string_equal(error + strlen(path), sentence);
}

static void test_defaults(void **state)
{
	(void)state;
	const struct config *config = load("issuer = https://id.example.org\n");
	assert_string_equal(config->issuer, "https://id.example.org");
	assert_string_equal(config->directory, "/tmp");
	assert_string_equal(config->endpoint_path, "/cgi-bin");
	assert_string_equal(config->static_path, "");
	assert_string_equal(config->site_name, "Latchkey");
	assert_null(config->log_file);
	assert_string_equal(config->log_level, "info");
	assert_null(config->trusted_proxies);
	assert_int_equal(config->signup, SIGNUP_OFF);
	assert_true(config->iss_parameter);
	assert_int_equal(config->code_seconds, 60);
	assert_int_equal(config->access_token_seconds, 600);
	assert_int_equal(config->id_token_seconds, 3600);
	assert_int_equal(config->flow_seconds, 1800);
	assert_int_equal(config->session_idle_seconds, 28800);
	assert_int_equal(config->session_seconds, 604800);
	assert_int_equal(config->session_stay_seconds, 2592000);
	assert_int_equal(config->jwks_cache_seconds, 3600);
	assert_int_equal(config->argon2_memory_kib, 19456);
	assert_int_equal(config->argon2_iterations, 2);
	assert_int_equal(config->argon2_slots, 4);
	assert_int_equal(config->argon2_wait_ms, 5000);
	assert_int_equal(config->password_min_length, 15);
	assert_int_equal(config->login_limit_account, 20);
	assert_int_equal(config->login_limit_address, 100);
	assert_int_equal(config->login_limit_seconds, 900);
	assert_int_equal(config->signup_limit_address, 20);
	assert_int_equal(config->flow_limit_address, 1000);
}

static void test_values(void **state)
{
	(void)state;
	const struct config *config = load("# a comment\r\n\n  \t# another\nissuer=http://localhost:8080/id\r\n"
		"\tdirectory = /srv/latchkey/ \nendpoint_path =\nstatic_path = /static\nsite_name = K\xc3\xb6nig & S\xc3\xb6hne = #1\n"
		"log_file = /var/log/latchkey.log\nlog_level = debug\ntrusted_proxies =  127.0.0.1   ::1 \nsignup = on\n"
		"iss_parameter = off\nlogin_limit_account = 0\ncode_seconds = 600");
	assert_string_equal(config->issuer, "http://localhost:8080/id");
	assert_string_equal(config->directory, "/srv/latchkey");
	assert_string_equal(config->endpoint_path, "");
	assert_string_equal(config->site_name, "K\xc3\xb6nig & S\xc3\xb6hne = #1");
	assert_string_equal(config->log_file, "/var/log/latchkey.log");
	assert_string_equal(config->log_level, "debug");
	assert_string_equal(config->trusted_proxies, "127.0.0.1 ::1");
	assert_int_equal(config->signup, SIGNUP_ON);
	assert_false(config->iss_parameter);
	assert_int_equal(config->login_limit_account, 0);
	assert_int_equal(config->code_seconds, 600);
	assert_false(config_is_https(config));
	assert_string_equal(config_file(arena, config, "database/latchkey.db"), "/srv/latchkey/database/latchkey.db");
	assert_string_equal(config_endpoint_url(arena, config, "token"), "http://localhost:8080/id/token");
	assert_string_equal(config_static_url(arena, config, "style.css"), "http://localhost:8080/id/static/style.css");
}

static void test_wrong_lines(void **state)
{
	(void)state;
	refuses("", ": issuer is not set");
	refuses("issuer = https://a\n\nfoo = 1\n", ":3: unknown key \"foo\"");
	refuses("Issuer = https://a\n", ":1: unknown key \"Issuer\"");
	refuses("= 1\n", ":1: unknown key \"\"");
	refuses("issuer https://a\n", ":1: neither \"key = value\" nor a comment that begins with #");
	refuses("issuer = https://a\nissuer = https://a\n", ":2: key \"issuer\" is repeated");
	refuses("signup = yes\n", ":1: signup must be off, on or invitation");
	refuses("iss_parameter = true\n", ":1: iss_parameter must be on or off");
	refuses("log_level = loud\n", ":1: log_level must be error, warning, info or debug");
	refuses("log_level = info debug\n", ":1: log_level must be error, warning, info or debug");
	refuses("log_file = x.log\n", ":1: log_file must be an absolute path");
	refuses("directory = here\n", ":1: directory must be an absolute path");
	refuses("site_name =\n", ":1: site_name must not be empty");
	refuses("site_name = a\x1b[1m\n", ":1: site_name has a control character");
	refuses("issuer = https://a\rb\n", ":1: issuer has a control character");
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const bad[] = { "0", "601", "-1", "", "60 # a minute", "60s", "1e2", "99999999999999999999", NULL };
	for (int i = 0; bad[i]; i++)
		refuses(arena_format(arena, "issuer = https://a\ncode_seconds = %s\n", bad[i]),
			":2: code_seconds must be a number from 1 to 600");
	refuses("argon2_memory_kib = 7\n", ":1: argon2_memory_kib must be a number from 8 to 4194304");
}

static void test_issuers(void **state)
{
	(void)state;
	static const char *const good[] = {
		"https://a", "http://127.0.0.1:8080", "http://[::1]:8080", "https://[2001:db8::1]", "https://id.example.org:8443/tenants/one",
		"https://a/b.c/~d", NULL,
	};
	static const char *const bad[] = {
		"", "https://", "https:///x", "HTTPS://a", "ftp://a", "https://a/", "https://a//b", "https://a/../b", "https://a/./b", "https://a?x",
		"https://a#x", "https://u@a", "https://u:p@a", "https://A.example", "https://a b", "https://a:443", "http://a:80", "https://a:", "https://a:0",
		"https://a:65536", "https://a:0443", "https://a:8x", "https://[::1", "https://[]", "https://[::1]x", "https://\xc3\xa4", "https://a/\"", "https://:80",
		"https://a\\b", "//a", NULL,
	};
	for (int i = 0; good[i]; i++)
		assert_string_equal(load(arena_format(arena, "issuer = %s\n", good[i]))->issuer, good[i]);
	for (int i = 0; bad[i]; i++) {
		const char *error;
		char *text = arena_format(arena, "issuer = %s\n", bad[i]);
		if (load_bytes(text, strlen(text), &error))
			fail_msg("accepted: %s", bad[i]);
	}
}

static void test_paths(void **state)
{
	(void)state;
	static const char *const bad[] = { "cgi-bin", "/", "/a/", "//a", "/a//b", "/../x", "/a b", "/a?b", NULL };
	for (int i = 0; bad[i]; i++)
		refuses(arena_format(arena, "endpoint_path = %s\n", bad[i]),
			":1: endpoint_path must be empty, or begin with a slash and not end with one");
}

static void test_files(void **state)
{
	(void)state;
	const char *error = NULL;
	assert_null(config_load(arena, "/nonexistent/latchkey.conf", &error));
	assert_string_equal(error, "cannot open /nonexistent/latchkey.conf: No such file or directory");
	assert_null(config_load(arena, "/tmp", &error));
	assert_string_equal(error, "cannot read /tmp: Is a directory");
	assert_null(load_bytes("issuer = https://a\n\0", 20, &error));
	assert_string_equal(error + strlen(path), ": not a text in UTF-8");
	refuses("issuer = https://a\n# \xff\n", ": not a text in UTF-8");

	static char large[65537];
	memset(large, '\n', sizeof large);
	memcpy(large, "issuer = https://a\n", 19);
	assert_null(load_bytes(large, 65537, &error));
	assert_string_equal(error + strlen(path), ": larger than 65536 bytes");
	assert_non_null(load_bytes(large, 65536, &error));
}

static void test_directory_of_a_relative_path(void **state)
{
	(void)state;
	load("issuer = https://a\n");
	const char *error;
	char here[4096];
	assert_non_null(getcwd(here, sizeof here));
	assert_int_equal(chdir("/tmp"), 0);
	assert_string_equal(config_load(arena, path + 5, &error)->directory, "/tmp");
	assert_int_equal(chdir("/"), 0);
	assert_string_equal(config_load(arena, path + 1, &error)->directory, "/tmp");
	assert_int_equal(chdir(here), 0);
}

static void test_config_path(void **state)
{
	(void)state;
	setenv("LATCHKEY_CONFIG", "/srv/x.conf", 1);
	assert_string_equal(config_path(), "/srv/x.conf");
	setenv("LATCHKEY_CONFIG", "", 1);
	assert_true(text_ends_with(config_path(), "/latchkey/latchkey.conf"));
	unsetenv("LATCHKEY_CONFIG");
	assert_true(text_ends_with(config_path(), "/latchkey/latchkey.conf"));
}

/* The sample names every key, commented out, with its default and its help, and loads once they are uncommented. */
static void test_sample(void **state)
{
	(void)state;
	static char sample[65536];
	FILE *file = fopen("scripts/latchkey.conf.sample", "r");
	assert_non_null(file);
	size_t length = fread(sample, 1, sizeof sample - 1, file);
	fclose(file);
	sample[length] = '\0';
	struct buffer all = buffer_create(arena, length);
	for (const struct config_key *key = config_keys; key->name; key++) {
		const char *text = key->fallback ? key->fallback : "https://id.example.org";
		const char *line = arena_format(arena, "%s =%s%s\n", key->name, *text ? " " : "", text);
		if (!strstr(sample, arena_format(arena, "\n#%s", line)))
			fail_msg("not in the sample: #%s", line);
		if (!strstr(sample, arena_format(arena, "\n# %s\n", key->help)))
			fail_msg("not in the sample: # %s", key->help);
		buffer_text(&all, line);
	}
	assert_string_equal(load(all.data)->issuer, "https://id.example.org");
	/* Nothing else is in it: a line "#key = …" only for keys that there are. */
	for (char *line = strtok(sample, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(text_starts_with(line, "# ") || strstr(all.data, line + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_directory_of_a_relative_path),
		cmocka_unit_test(test_config_path),
		cmocka_unit_test(test_sample),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
