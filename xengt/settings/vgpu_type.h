/* SPDX-License-Identifier: MIT */
/*
 * vGPU types: named sets of options, as mediated devices have. Some are built in; the configuration
 * file changes them and adds others.
 */
#ifndef XENGT_SETTINGS_VGPU_TYPE_H
#define XENGT_SETTINGS_VGPU_TYPE_H

#include "xengt/settings/table.h"

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

/** xengt_type_describe() - lines of "key: value" in GVT-g's words, into @text. */
void xengt_type_describe(const struct xengt_type *type, char *text, size_t len);

#endif
