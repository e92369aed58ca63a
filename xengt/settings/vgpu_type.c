/* SPDX-License-Identifier: MIT */
#include "xengt/settings/vgpu_type.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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

static struct xengt_type blank(void)
{
	struct xengt_type type = { 0 };

	xengt_setting_defaults(XENGT_IN_TYPE, &type);
	return type;
}

struct xengt_types xengt_types_builtin(void)
{
	struct xengt_types types = { .nr = ARRAY_SIZE(builtin) };

	for (u32 i = 0; i < types.nr; i++) {
		struct xengt_type *type = &types.list[i];

		*type = blank();
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
	*type = blank();
	strcpy(type->options.type, name);
	return type;
}

void xengt_type_describe(const struct xengt_type *type, char *text, size_t len)
{
	snprintf(text, len,
		 "low_gm_size: %uMB\nhigh_gm_size: %uMB\nfence: %u\nresolution: %s\n"
		 "weight: %u\ncap: %u\n",
		 type->options.aperture_mib, type->options.memory_mib, type->options.fences,
		 type->resolutions, type->options.weight, type->options.cap);
}
