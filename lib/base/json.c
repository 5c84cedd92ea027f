#include "lib/base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/json_write.h"

/* cJSON allocates from one piece of the arena that is large enough, so that nothing unwinds across its frames. */
static struct {
	unsigned char *next;
	size_t left;
} pool;

static void *pool_alloc(size_t size)
{
	size_t need = (size + 15) / 16 * 16;
	if (size > pool.left || need > pool.left)
		return NULL;
	unsigned char *bytes = pool.next;
	pool.next += need;
	pool.left -= need;
	return bytes;
}

static void pool_free(void *bytes)
{
	(void)bytes;
}

static const struct cJSON *parse(struct arena *arena, const char *text, size_t length, const struct json_extent *extent)
{
	size_t size = (extent->values + 1) * (sizeof(cJSON) + 16) + extent->strings * 32 + extent->string_bytes;
	pool.next = arena_alloc(arena, size);
	pool.left = size;
	cJSON_Hooks hooks = { .malloc_fn = pool_alloc, .free_fn = pool_free };
	cJSON_InitHooks(&hooks);
	const struct cJSON *value = cJSON_ParseWithLengthOpts(text, length, NULL, 0);
	cJSON_InitHooks(NULL);
	pool.next = NULL;
	pool.left = 0;
	return value;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_differ(struct arena *arena, const struct cJSON *object)
{
	size_t count = 0;
	for (const struct cJSON *member = object->child; member; member = member->next)
		count++;
	if (count < 2)
		return true;
	const char **names = arena_alloc(arena, count * sizeof *names);
	count = 0;
	for (const struct cJSON *member = object->child; member; member = member->next)
		names[count++] = member->string;
	qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return false;
	return true;
}

/* What only the tree shows. The depth was bounded by json_check(). */
static const char *check_tree(struct arena *arena, const struct cJSON *value)
{
	if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
		return "there is a number that is too large";
	if (cJSON_IsObject(value) && !names_differ(arena, value))
		return "a member is repeated";
	for (const struct cJSON *child = value->child; child; child = child->next) {
		const char *why = check_tree(arena, child);
		if (why)
			return why;
	}
	return NULL;
}

const struct cJSON *json_parse(struct arena *arena, const char *text, size_t length, const char **why)
{
	const char *unused;
	struct json_extent extent;
	if (!why)
		why = &unused;
	*why = NULL;
	if (!json_check(text, length, &extent, why))
		return NULL;
	const struct cJSON *value = parse(arena, text, length, &extent);
	*why = value ? check_tree(arena, value) : "it is no JSON";
	return *why ? NULL : value;
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
	if (!cJSON_IsObject(object))
		return NULL;
	for (const struct cJSON *member = object->child; member; member = member->next)
		if (strcmp(member->string, name) == 0)
			return member;
	return NULL;
}

const struct cJSON *json_next(const struct cJSON *parent, const struct cJSON *previous)
{
	if (previous)
		return previous->next;
	return cJSON_IsObject(parent) || cJSON_IsArray(parent) ? parent->child : NULL;
}

const char *json_name(const struct cJSON *member)
{
	return member ? member->string : NULL;
}

bool json_is_object(const struct cJSON *value)
{
	return cJSON_IsObject(value);
}

bool json_is_array(const struct cJSON *value)
{
	return cJSON_IsArray(value);
}

bool json_is_null(const struct cJSON *value)
{
	return cJSON_IsNull(value);
}

bool json_is_text(const struct cJSON *value)
{
	return cJSON_IsString(value);
}

bool json_is_bool(const struct cJSON *value, bool *is)
{
	if (!cJSON_IsBool(value))
		return false;
	if (is)
		*is = cJSON_IsTrue(value);
	return true;
}

bool json_is_number(const struct cJSON *value, int64_t *number)
{
	static const double limit = 9007199254740992.0; /* 2^53: beyond it a double skips whole numbers */
	if (!cJSON_IsNumber(value) || fabs(value->valuedouble) > limit || trunc(value->valuedouble) != value->valuedouble)
		return false;
	if (number)
		*number = (int64_t)value->valuedouble;
	return true;
}

const char *json_string(const struct cJSON *value)
{
	return cJSON_IsString(value) ? value->valuestring : NULL;
}

static void print_number(struct buffer *out, const char *name, const struct cJSON *value)
{
	int64_t number;
	if (json_is_number(value, &number)) {
		json_number(out, name, number);
		return;
	}
	char text[40];
	snprintf(text, sizeof text, "%.17g", value->valuedouble);
	json_raw(out, name, text);
}

static void print(struct buffer *out, const char *name, const struct cJSON *value)
{
	bool is;
	if (json_is_bool(value, &is)) {
		json_bool(out, name, is);
	} else if (cJSON_IsNumber(value)) {
		print_number(out, name, value);
	} else if (cJSON_IsString(value)) {
		json_text(out, name, value->valuestring);
	} else if (cJSON_IsArray(value)) {
		json_array_open(out, name);
		for (const struct cJSON *child = value->child; child; child = child->next)
			print(out, NULL, child);
		json_array_close(out);
	} else if (cJSON_IsObject(value)) {
		json_object_open(out, name);
		for (const struct cJSON *child = value->child; child; child = child->next)
			print(out, child->string, child);
		json_object_close(out);
	} else {
		json_raw(out, name, "null");
	}
}

char *json_print(struct arena *arena, const struct cJSON *value)
{
	struct buffer out = buffer_create(arena, 256);
	print(&out, NULL, value);
	return out.data;
}
