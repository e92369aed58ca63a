/* SPDX-License-Identifier: MIT */
/* Fields of the JSON objects that the control socket answers with. */
#ifndef XENGT_CONTROL_JSON_H
#define XENGT_CONTROL_JSON_H

#include <json-c/json.h>
#include <stdio.h>

#include "core/base/types.h"

static inline void put_u64(struct json_object *to, const char *key, u64 value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static inline void put_str(struct json_object *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

static inline void put_bool(struct json_object *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

/* As text: JSON has no hexadecimal numbers. */
static inline void put_hex(struct json_object *to, const char *key, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	put_str(to, key, text);
}

#endif
