/* SPDX-License-Identifier: MIT */
/* The values of a vGPU's registers. */
#ifndef CORE_REGS_VREG_H
#define CORE_REGS_VREG_H

#include "core/base/section.h"
#include "core/hw/reg.h"

struct intel_vgpu;

/* The state's section. */
struct vgpu_regs {
	u64 used[GVT_MMIO_PAGES / 64]; /* bits: pages of .val that hold more than zeroes */
	u32 val[GVT_MMIO_DWORDS];
};

extern const struct gvt_section gvt_vreg_section;

/** gvt_vreg() - the value of the register at byte @offset (dword aligned, below GVT_MMIO_SIZE). */
u32 gvt_vreg(const struct intel_vgpu *vgpu, u32 offset);

/**
 * gvt_vreg_set() - give the register at @offset the value @val, show it to the guest if the page is
 * read without a trap, and tell the GPU. The register's handler is not called.
 */
void gvt_vreg_set(struct intel_vgpu *vgpu, u32 offset, u32 val);

/** gvt_vreg_reset() - give every register its reset value. */
void gvt_vreg_reset(struct intel_vgpu *vgpu);

/** gvt_vreg_count() - count a trapped access of the register at byte @offset, if memory allows. */
void gvt_vreg_count(struct intel_vgpu *vgpu, u32 offset, bool write);

/** gvt_vreg_exit() - release the counters, before detach. */
void gvt_vreg_exit(struct intel_vgpu *vgpu);

/** gvt_vreg_page_used() - false: no register of page @page (4 KiB) was ever other than zero. */
bool gvt_vreg_page_used(const struct intel_vgpu *vgpu, u32 page);

/** gvt_vreg_tell_all() - tell the GPU of all registers, when its space is new. */
void gvt_vreg_tell_all(struct intel_vgpu *vgpu);

/**
 * gvt_vreg_nonpriv() - what the guest reads from the FORCE_TO_NONPRIV slot at @offset: the value
 * that it wrote, even if the GPU was given an empty slot in its place (gvt_told_set()). If a
 * command has written the slot since, the value is the GPU's.
 */
u32 gvt_vreg_nonpriv(struct intel_vgpu *vgpu, u32 offset);

#endif
