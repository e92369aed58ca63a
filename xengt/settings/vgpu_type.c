/* SPDX-License-Identifier: MIT */
#include "xengt/settings/vgpu_type.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/number.h"

/*
 * Names, sizes and weights as in GVT-g (i915's gvt/vgpu.c, vgpu_types). The last number of a name
 * is how many such vGPUs share a GPU fairly.
 */
static const struct {
	const char *name, *resolutions;
	u32 aperture_mib, memory_mib, weight;
} builtin[] = {
	{ "i915-GVTg_V5_1", "1920x1200", 512, 2048, 16 },
	{ "i915-GVTg_V5_2", "1920x1200", 256, 1024, 8 },
	{ "i915-GVTg_V5_4", "1920x1200", 128, 512, 4 },
	{ "i915-GVTg_V5_8", "1024x768", 64, 384, 2 },
};

struct xengt_types xengt_types_builtin(void)
{
	struct xengt_types types = { .nr = ARRAY_SIZE(builtin) };

	for (u32 i = 0; i < types.nr; i++) {
		struct xengt_type *type = &types.list[i];

		type->options = xengt_options_default();
		type->options.aperture_mib = builtin[i].aperture_mib;
		type->options.memory_mib = builtin[i].memory_mib;
		type->options.weight = builtin[i].weight;
		strcpy(type->options.type, builtin[i].name);
		strcpy(type->resolutions, builtin[i].resolutions);
	}
	return types;
}

const struct xengt_type *xengt_types_find(const struct xengt_types *types, const char *name)
{
	for (u32 i = 0; i < types->nr; i++)
		if (!strcmp(types->list[i].options.type, name))
			return &types->list[i];
	return NULL;
}

/* A type's name is also a file's name in the tree, and part of an option. */
static bool name_fits(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= XENGT_NAME_MAX || !isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

struct xengt_type *xengt_types_section(struct xengt_types *types, const char *name, char *why,
				       size_t why_len)
{
	struct xengt_type *type = (struct xengt_type *)xengt_types_find(types, name);

	if (type)
		return type;
	if (!name_fits(name)) {
		snprintf(why, why_len,
			 "a type's name has 1 to %u letters, digits, '-', '_' and '.'",
			 XENGT_NAME_MAX - 1);
		return NULL;
	}
	if (types->nr == XENGT_TYPES_MAX) {
		snprintf(why, why_len, "there are %u types already", XENGT_TYPES_MAX);
		return NULL;
	}
	type = &types->list[types->nr++];
	type->options = xengt_options_default();
	strcpy(type->options.type, name);
	strcpy(type->resolutions, "1920x1200");
	return type;
}

static bool resolution(const char **at)
{
	u64 width, height;

	if (xengt_number_at(at, XENGT_DECIMAL, 4096, &width) || *(*at)++ != 'x' ||
	    xengt_number_at(at, XENGT_DECIMAL, 4096, &height))
		return false;
	return width >= 640 && height >= 480;
}

static int set_resolutions(struct xengt_type *type, const char *value, char *why, size_t why_len)
{
	const char *at = value;

	if (strlen(value) >= sizeof(type->resolutions)) {
		snprintf(why, why_len, "the list of resolutions is too long");
		return -EINVAL;
	}
	do {
		if (resolution(&at) && (!*at || *at == ','))
			continue;
		snprintf(why, why_len,
			 "resolution takes WIDTHxHEIGHT,..., from 640x480 to 4096x4096");
		return -EINVAL;
	} while (*at++);
	strcpy(type->resolutions, value);
	return 0;
}

int xengt_type_set(struct xengt_type *type, const char *key, const char *value, char *why,
		   size_t why_len)
{
	u64 number;

	if (!strcmp(key, "resolution"))
		return set_resolutions(type, value, why, why_len);
	if (!strcmp(key, "instances")) {
		if (!xengt_number(value, XENGT_EITHER, 0, 999, &number)) {
			type->instances = number;
			return 0;
		}
		snprintf(why, why_len, "instances=%s: it takes a number from 0 to 999", value);
		return -EINVAL;
	}
	if (!strcmp(key, "type") || !strcmp(key, "uuid") || !strcmp(key, "slot")) {
		snprintf(why, why_len, "'%s' is one vGPU's, not a type's", key);
		return -EINVAL;
	}
	return xengt_options_set(&type->options, key, value, why, why_len);
}

void xengt_type_describe(const struct xengt_type *type, char *text, size_t len)
{
	snprintf(text, len,
		 "low_gm_size: %uMB\nhigh_gm_size: %uMB\nfence: %u\nresolution: %s\n"
		 "weight: %u\ncap: %u\n",
		 type->options.aperture_mib, type->options.memory_mib, type->options.fences,
		 type->resolutions, type->options.weight, type->options.cap);
}
