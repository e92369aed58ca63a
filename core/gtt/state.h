/* SPDX-License-Identifier: MIT */
/* What of graphics memory outlives the process: two sections of the state. */
#ifndef CORE_GTT_STATE_H
#define CORE_GTT_STATE_H

#include "core/base/section.h"
#include "core/hw/format.h"
#include "core/vgpu.h"

/* The section "ggtt". The entries count while the back end has no guest memory for them; they cost
 * nothing until then. */
struct vgpu_ggtt_state {
	u64 written[VGPU_GGTT_PAGES / 64]; /* bits: pages of .entries that were ever written */
	u64 entries[VGPU_GGTT_PAGES * GTT_ENTRIES];
};

extern const struct gvt_section vgpu_ggtt_section;

/* A root of a PPGTT that the guest has announced. .levels 0: a free slot. */
struct vgpu_root {
	u64 pdp[4];
	u32 levels; /* 4: pdp[0] is a PML4; 3: each is a page directory */
	u32 refs;
};

/* The section "ppgtts". */
struct vgpu_ppgtt_state {
	struct vgpu_root roots[GVT_ROOTS_MAX];
};

extern const struct gvt_section vgpu_ppgtt_section;

#endif
