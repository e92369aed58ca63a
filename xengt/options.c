/* SPDX-License-Identifier: MIT */
#include "xengt/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gvt.h"

struct xengt_options xengt_options_default(void)
{
	return (struct xengt_options){
		.aperture_mib = 256,
		.fences = GVT_FENCES_MAX,
		.read_through = 1,
	};
}

/* One key: where its value goes, and what it may be. */
static const struct key {
	const char *name;
	size_t offset;
	u32 min, max;
	bool power_of_two, flag;
} keys[] = {
	{ "aperture_mb", offsetof(struct xengt_options, aperture_mib), GVT_APERTURE_MIB_MIN,
	  GVT_APERTURE_MIB_MAX, true, false },
	/* XenGT's and AcrnGT's name for it */
	{ "low_gm_mb", offsetof(struct xengt_options, aperture_mib), GVT_APERTURE_MIB_MIN,
	  GVT_APERTURE_MIB_MAX, true, false },
	{ "fences", offsetof(struct xengt_options, fences), 1, GVT_FENCES_MAX, false, false },
	{ "slot", offsetof(struct xengt_options, slot), 1, 31, false, false },
	{ "read_through", offsetof(struct xengt_options, read_through), 0, 1, false, true },
};

static int parse_number(const char *text, const struct key *key, u32 *val)
{
	char *end;
	unsigned long n;

	if (key->flag && (!strcmp(text, "on") || !strcmp(text, "off"))) {
		*val = !strcmp(text, "on");
		return 0;
	}
	errno = 0;
	n = strtoul(text, &end, 0);
	if (errno || !isdigit((unsigned char)*text) || *end || n < key->min || n > key->max)
		return -EINVAL;
	if (key->power_of_two && n & (n - 1))
		return -EINVAL;
	*val = n;
	return 0;
}

static int parse_pair(char *pair, struct xengt_options *options, char *why, size_t why_len)
{
	char *value = strchr(pair, '=');

	if (!value) {
		snprintf(why, why_len, "'%s' is not of the form key=value", pair);
		return -EINVAL;
	}
	*value++ = '\0';
	/* XenGT divided the graphics memory; here each vGPU has all of it, whatever it asks for. */
	if (!strcmp(pair, "high_gm_mb"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(pair, keys[i].name))
			continue;
		if (!parse_number(value, &keys[i], (u32 *)((char *)options + keys[i].offset)))
			return 0;
		snprintf(why, why_len, "%s=%s: it takes %s%u to %u", pair, value,
			 keys[i].flag		? "on or off, or "
			 : keys[i].power_of_two ? "a power of two from "
						: "a number from ",
			 keys[i].min, keys[i].max);
		return -EINVAL;
	}
	snprintf(why, why_len,
		 "'%s' is no option of a vGPU (aperture_mb, fences, slot, read_through are)", pair);
	return -EINVAL;
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
