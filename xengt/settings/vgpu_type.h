/* SPDX-License-Identifier: MIT */
/*
 * vGPU types: named sets of options, as mediated devices have. Some are built in; the configuration
 * file changes them and adds others.
 */
#ifndef XENGT_SETTINGS_VGPU_TYPE_H
#define XENGT_SETTINGS_VGPU_TYPE_H

#include "xengt/settings/options.h"

#define XENGT_TYPES_MAX	  32u
#define XENGT_RESOLUTIONS 64u /* room for a type's list of them */

struct xengt_type {
	struct xengt_options options;	     /* .type is the type's name */
	char resolutions[XENGT_RESOLUTIONS]; /* "WIDTHxHEIGHT,...", the largest first */
	u32 instances;			     /* how many there may be; 0: as many as fit */
};

struct xengt_types {
	u32 nr;
	u32 generation; /* how often the settings were reloaded */
	struct xengt_type list[XENGT_TYPES_MAX];
};

/** xengt_types_builtin() - the built-in types. */
struct xengt_types xengt_types_builtin(void);

/** xengt_types_find() - the type called @name, or NULL. */
const struct xengt_type *xengt_types_find(const struct xengt_types *types, const char *name);

/**
 * xengt_types_section() - the type @name, for setting; a new one has the defaults. NULL with @why:
 * the name is invalid, or the table is full.
 */
struct xengt_type *xengt_types_section(struct xengt_types *types, const char *name, char *why,
				       size_t why_len);

/** xengt_type_set() - set one key of a type's section. Returns 0 or -EINVAL with @why. */
int xengt_type_set(struct xengt_type *type, const char *key, const char *value, char *why,
		   size_t why_len);

/** xengt_type_describe() - lines of "key: value" in GVT-g's words, into @text. */
void xengt_type_describe(const struct xengt_type *type, char *text, size_t len);

#endif
