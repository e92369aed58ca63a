/* SPDX-License-Identifier: MIT */
/* What the GPU is told of a vGPU's registers: in its own space there, by the rules (rule.h). */
#ifndef CORE_REGS_TOLD_H
#define CORE_REGS_TOLD_H

#include "core/hw/engine.h"

struct intel_vgpu;

/** gvt_told_set() - register @offset has value @val from now on: so in the GPU's space. */
void gvt_told_set(struct intel_vgpu *vgpu, u32 offset, u32 val);

/** gvt_told_all() - all registers, to a space that is new. */
void gvt_told_all(struct intel_vgpu *vgpu);

/** gvt_told_reset_engine() - what @engine changes as it runs is as after reset. Nothing runs. */
void gvt_told_reset_engine(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** gvt_told_reset() - no register has a value in the GPU's space, but those that an engine
 * has after reset. Nothing of the vGPU's runs. */
void gvt_told_reset(struct intel_vgpu *vgpu);

/**
 * gvt_told_nonpriv() - what the FORCE_TO_NONPRIV slot at @offset reads as: what the guest wrote,
 * also where the GPU was given an empty slot instead (gvt_told_set()). What a command wrote
 * since then is in the GPU alone.
 */
u32 gvt_told_nonpriv(struct intel_vgpu *vgpu, u32 offset);

#endif
