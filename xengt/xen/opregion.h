/* SPDX-License-Identifier: MIT */
/* The OpRegion's memory. */
#ifndef XENGT_XEN_OPREGION_H
#define XENGT_XEN_OPREGION_H

#include "core/base/types.h"

struct xengt_vgpu;

/**
 * xengt_opregion_set() - fill it, at the place that firmware says. Returns 0, where there is none
 * too; -EINVAL, -EBUSY (it is elsewhere already), -EEXIST (the guest has memory there) or an errno.
 */
int xengt_opregion_set(struct xengt_vgpu *v);

/** xengt_opregion_renew() - fill it again, wherever pages of it have gone to. Returns the same. */
int xengt_opregion_renew(struct xengt_vgpu *v);

/** xengt_opregion_remove() - take its memory back. */
void xengt_opregion_remove(struct xengt_vgpu *v);

#endif
