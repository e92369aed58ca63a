/* SPDX-License-Identifier: MIT */
/*
 * Xen's parameters at run time, by hypfs: all of them there can be read, and some changed. They
 * have the names of Xen's command line.
 */
#ifndef XENGT_SETTINGS_XEN_PARAM_H
#define XENGT_SETTINGS_XEN_PARAM_H

#include "core/base/types.h"

/**
 * xengt_xen_param() - read a parameter that is a number.
 * Returns 0 with @number; or a negative errno: Xen has no hypfs (-ENOSYS), refuses, or has no
 * number there.
 */
int xengt_xen_param(const char *name, u32 *number);

/** xengt_xen_param_set() - change a parameter. Returns 0, or a negative errno as above. */
int xengt_xen_param_set(const char *name, u32 number);

#endif
