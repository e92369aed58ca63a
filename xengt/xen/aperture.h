/* SPDX-License-Identifier: MIT */
/* Guest pages shown in the aperture. */
#ifndef XENGT_XEN_APERTURE_H
#define XENGT_XEN_APERTURE_H

#include "core/base/types.h"

struct xengt_vgpu;

/**
 * xengt_aperture_map() - show @nr bus frames from @frame on at @gfn inside BAR2, in place of pages
 * shown there. Returns 0, or with nothing shown there: -EINVAL (outside BAR2), -ENXIO (a frame that
 * is not mapped for DMA), -EEXIST (the guest has memory there), -ENOSPC (no more can be pinned), or
 * another negative errno.
 */
int xengt_aperture_map(struct xengt_vgpu *v, u64 gfn, u64 frame, u32 nr);

/** xengt_aperture_unmap() - show nothing at @nr frames from @gfn on. Returns 0, or an errno: some
 * pages are still shown. */
int xengt_aperture_unmap(struct xengt_vgpu *v, u64 gfn, u32 nr);

/** xengt_aperture_place() - BAR2 moves to guest physical @gpa: hide all pages that were shown
 * elsewhere. Returns 0, or an errno: some are still shown. */
int xengt_aperture_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_aperture_drop() - hide the pages at @nr places of the aperture from @first on. Returns 0,
 * or an errno: some are still shown. */
int xengt_aperture_drop(struct xengt_vgpu *v, u32 first, u32 nr);

#endif
