/*
 * A client's claim_mapping: {"policy": {"claim": "groups", "type": "string"}, "immich_quota": {"value": 10}}, kept
 * as lines that programs without a JSON parser read (schema.sql: clients.claim_mapping).
 */
#ifndef LATCHKEY_PROTOCOL_CLAIM_MAPPING_H
#define LATCHKEY_PROTOCOL_CLAIM_MAPPING_H

#include "lib/base/buffer.h"

struct cJSON;

/* Checks and compiles the object. NULL with a sentence in *error. */
const char *claim_mapping_read(struct arena *arena, const struct cJSON *object, const char **error);

/* Writes lines that claim_mapping_read() made as the object that they came from. */
void claim_mapping_write(struct buffer *out, const char *name, const char *lines);

#endif
