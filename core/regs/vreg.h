/* SPDX-License-Identifier: MIT */
/* The values of a vGPU's registers. */
#ifndef CORE_REGS_VREG_H
#define CORE_REGS_VREG_H

#include "core/hw/reg.h"

struct intel_vgpu;

/**
 * gvt_vreg() - the value of the register at byte @offset (dword aligned, below GVT_MMIO_SIZE).
 */
u32 gvt_vreg(const struct intel_vgpu *vgpu, u32 offset);

/**
 * gvt_vreg_set() - give the register at @offset the value @val, without its handler, and show it
 * to the guest where the page is read without a trap.
 */
void gvt_vreg_set(struct intel_vgpu *vgpu, u32 offset, u32 val);

/** gvt_vreg_reset() - give every register the value that its row has after reset. */
void gvt_vreg_reset(struct intel_vgpu *vgpu);

/** gvt_vreg_count() - a trapped access of the register at byte @offset, for as long as there is
 * memory to count it. */
void gvt_vreg_count(struct intel_vgpu *vgpu, u32 offset, bool write);

/** gvt_vreg_exit() - release the counters, before detach. */
void gvt_vreg_exit(struct intel_vgpu *vgpu);

/** gvt_vreg_page_used() - false: all registers of page @page (4 KiB each) are zero, and no row's
 * value after reset is another. */
bool gvt_vreg_page_used(const struct intel_vgpu *vgpu, u32 page);

/** gvt_vreg_tell_all() - tell the GPU all registers: its space is new. */
void gvt_vreg_tell_all(struct intel_vgpu *vgpu);

/**
 * gvt_vreg_nonpriv() - what the FORCE_TO_NONPRIV slot at @offset reads as: what the guest wrote,
 * also where the GPU was given an empty slot instead (gvt_told_set()). What a command wrote
 * since then is in the GPU alone.
 */
u32 gvt_vreg_nonpriv(struct intel_vgpu *vgpu, u32 offset);

#endif
