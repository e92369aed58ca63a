/* SPDX-License-Identifier: MIT */
/*
 * Xen's parameters that may be looked at, and some of them changed, while it runs: its file system
 * of them, hypfs. They have the names that they have on Xen's command line.
 */
#ifndef XENGT_SETTINGS_XEN_PARAM_H
#define XENGT_SETTINGS_XEN_PARAM_H

#include "core/base/types.h"

/**
 * xengt_xen_param() - the number that a parameter has now.
 * Returns 0 with @number; or a negative errno: Xen has no hypfs (-ENOSYS), does not let us, or has
 * no number there.
 */
int xengt_xen_param(const char *name, u32 *number);

/** xengt_xen_param_set() - change it. Returns 0, or a negative errno as above. */
int xengt_xen_param_set(const char *name, u32 number);

#endif
