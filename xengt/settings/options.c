/* SPDX-License-Identifier: MIT */
#include "xengt/settings/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/number.h"

struct xengt_options xengt_options_default(void)
{
	return (struct xengt_options){
		.aperture_mib = 256,
		.fences = GVT_FENCES_MAX,
		.read_through = 1,
		.memory_mib = 1024,
		.weight = 8,
	};
}

/* The keys: where a value goes, and its range. */
static const struct key {
	const char *name;
	size_t offset;
	u32 min, max;
	bool power_of_two, flag, alias;
} keys[] = {
	{ "aperture_mb", offsetof(struct xengt_options, aperture_mib), GVT_APERTURE_MIB_MIN,
	  GVT_APERTURE_MIB_MAX, .power_of_two = true },
	{ "memory_mb", offsetof(struct xengt_options, memory_mib), 16, 1048576 },
	{ "fences", offsetof(struct xengt_options, fences), 1, GVT_FENCES_MAX },
	{ "weight", offsetof(struct xengt_options, weight), 1, XENGT_WEIGHT_MAX },
	{ "cap", offsetof(struct xengt_options, cap), 0, XENGT_CAP_MAX },
	{ "audit_user", offsetof(struct xengt_options, audit_user), 0, 1, .flag = true },
	{ "slot", offsetof(struct xengt_options, slot), 1, 31 },
	{ "read_through", offsetof(struct xengt_options, read_through), 0, 1, .flag = true },
	/* XenGT's and AcrnGT's names. They divided the graphics memory; here it is a quota. */
	{ "low_gm_mb", offsetof(struct xengt_options, aperture_mib), GVT_APERTURE_MIB_MIN,
	  GVT_APERTURE_MIB_MAX, .power_of_two = true, .alias = true },
	{ "high_gm_mb", offsetof(struct xengt_options, memory_mib), 16, 1048576, .alias = true },
};

static int parse_number(const char *text, const struct key *key, u32 *val)
{
	u64 n;

	if (key->flag && (!strcmp(text, "on") || !strcmp(text, "off"))) {
		*val = !strcmp(text, "on");
		return 0;
	}
	if (xengt_number(text, XENGT_EITHER, key->min, key->max, &n))
		return -EINVAL;
	if (key->power_of_two && n & (n - 1))
		return -EINVAL;
	*val = n;
	return 0;
}

int xengt_options_set(struct xengt_options *options, const char *key, const char *value, char *why,
		      size_t why_len)
{
	if (!strcmp(key, "type")) {
		if (*value && strlen(value) < sizeof(options->type)) {
			strcpy(options->type, value);
			return 0;
		}
		snprintf(why, why_len, "type=%s: a type's name has 1 to %zu characters", value,
			 sizeof(options->type) - 1);
		return -EINVAL;
	}
	if (!strcmp(key, "uuid")) {
		if (!xengt_uuid_parse(value, options->uuid))
			return 0;
		snprintf(why, why_len, "uuid=%s: that is no UUID", value);
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i].name))
			continue;
		if (!parse_number(value, &keys[i], (u32 *)((char *)options + keys[i].offset)))
			return 0;
		snprintf(why, why_len, "%s=%s: it takes %s%u to %u", key, value,
			 keys[i].flag		? "on or off, or "
			 : keys[i].power_of_two ? "a power of two from "
						: "a number from ",
			 keys[i].min, keys[i].max);
		return -EINVAL;
	}
	snprintf(why, why_len,
		 "'%s' is no option of a vGPU (type, uuid, aperture_mb, memory_mb, fences, weight, "
		 "cap, audit_user, slot, read_through are)",
		 key);
	return -EINVAL;
}

static int parse_pair(char *pair, struct xengt_options *options, char *why, size_t why_len)
{
	char *value = strchr(pair, '=');

	if (!value) {
		snprintf(why, why_len, "'%s' is not of the form key=value", pair);
		return -EINVAL;
	}
	*value++ = '\0';
	return xengt_options_set(options, pair, value, why, why_len);
}

int xengt_options_parse(const char *text, struct xengt_options *options, char *why, size_t why_len)
{
	char *copy = strdup(text), *rest = copy, *pair;
	int err = 0;

	if (!copy) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	while (!err && (pair = strsep(&rest, ",")))
		if (*pair)
			err = parse_pair(pair, options, why, why_len);
	free(copy);
	return err;
}

void xengt_options_print(const struct xengt_options *options, char *text, size_t len)
{
	size_t at = 0;

	text[0] = '\0';
	if (options->type[0])
		at += snprintf(text + at, len - at, "type=%s,", options->type);
	if (options->uuid[0] && at < len)
		at += snprintf(text + at, len - at, "uuid=%s,", options->uuid);
	for (size_t i = 0; i < ARRAY_SIZE(keys) && at < len; i++) {
		u32 val = *(const u32 *)((const char *)options + keys[i].offset);

		if (!keys[i].alias && val >= keys[i].min)
			at += snprintf(text + at, len - at, "%s=%u,", keys[i].name, val);
	}
	if (at && at < len)
		text[at - 1] = '\0';
}
