/* SPDX-License-Identifier: MIT */
/* What the GPU is told of a vGPU's registers: in its own space there, by the rules (rule.h). */
#ifndef CORE_REGS_TOLD_H
#define CORE_REGS_TOLD_H

#include "core/hw/engine.h"

struct intel_vgpu;

/** gvt_told_set() - register @offset has value @val from now on: so in the GPU's space. */
void gvt_told_set(struct intel_vgpu *vgpu, u32 offset, u32 val);

/** gvt_told_reset_engine() - what @engine changes as it runs is as after reset. Nothing runs. */
void gvt_told_reset_engine(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** gvt_told_reset() - no register has a value in the GPU's space, but those that an engine
 * has after reset. Nothing of the vGPU's runs. */
void gvt_told_reset(struct intel_vgpu *vgpu);

#endif
