/* SPDX-License-Identifier: MIT */
/*
 * A guest's configuration, as xl reads it (xl.cfg(5)): names with a string, a number or a list.
 * It is read here so that it can be looked at where there is no Xen.
 */
#ifndef XENGT_XLCFG_H
#define XENGT_XLCFG_H

#include <stddef.h>

struct xlcfg;

/**
 * xlcfg_read() - read the file at @path. Returns 0 with @out, released by xlcfg_free(); or a
 * negative errno, with @why, a sentence that names file and line.
 */
int xlcfg_read(const char *path, struct xlcfg **out, char *why, size_t why_len);

/** xlcfg_free() - NULL is allowed. */
void xlcfg_free(struct xlcfg *cfg);

/** xlcfg_string() - the value of @name, or the first of its list; NULL: it is not set. */
const char *xlcfg_string(const struct xlcfg *cfg, const char *name);

/** xlcfg_number() - the same as a number; @otherwise where it is not set, or is none. */
long xlcfg_number(const struct xlcfg *cfg, const char *name, long otherwise);

/** xlcfg_item() - item @at of the list called @name; NULL: there are not so many. */
const char *xlcfg_item(const struct xlcfg *cfg, const char *name, size_t at);

#endif
