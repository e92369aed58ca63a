/* SPDX-License-Identifier: MIT */
/* The OpRegion's memory. */
#ifndef XENGT_XEN_OPREGION_H
#define XENGT_XEN_OPREGION_H

#include "core/base/types.h"

struct xengt_vgpu;

/**
 * xengt_opregion_set() - put memory at the address in ASLS, if there is none yet, and fill it.
 * Returns 0, also if ASLS is 0; -EINVAL (ASLS is not aligned), -EBUSY (the OpRegion is elsewhere
 * already), -EEXIST (the guest has memory there) or another negative errno.
 */
int xengt_opregion_set(struct xengt_vgpu *v);

/** xengt_opregion_renew() - fill it again; if the guest gave pages of it up, put memory there anew.
 * Returns as xengt_opregion_set(). */
int xengt_opregion_renew(struct xengt_vgpu *v);

/** xengt_opregion_remove() - take its memory back. */
void xengt_opregion_remove(struct xengt_vgpu *v);

#endif
