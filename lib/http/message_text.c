#include "lib/http/message_text.h"

#include <string.h>

#include "lib/base/buffer.h"
#include "lib/http/messages.h"

char *message_text(struct arena *arena, const char *key, const char *name, const char *value)
{
	const char *text = message(key);
	const char *marker = arena_format(arena, "{%s}", name);
	struct buffer out = buffer_create(arena, 128);
	for (const char *found; (found = strstr(text, marker)); text = found + strlen(marker)) {
		buffer_bytes(&out, text, (size_t)(found - text));
		buffer_text(&out, value);
	}
	buffer_text(&out, text);
	return out.data;
}
