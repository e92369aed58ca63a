/* SPDX-License-Identifier: MIT */
/* Telling the GPU of a vGPU's registers: values go to the vGPU's space, by the rules of rule.h. */
#ifndef CORE_REGS_TOLD_H
#define CORE_REGS_TOLD_H

#include "core/hw/engine.h"

struct intel_vgpu;

/** gvt_told_set() - tell the GPU that register @offset has the value @val. */
void gvt_told_set(struct intel_vgpu *vgpu, u32 offset, u32 val);

/** gvt_told_reset_engine() - reset the registers that @engine changes as it runs. Nothing runs. */
void gvt_told_reset_engine(struct intel_vgpu *vgpu, enum gvt_engine engine);

/**
 * gvt_told_reset() - clear the registers of the GPU's space, and reset those that engines change as
 * they run. Nothing of the vGPU's runs.
 */
void gvt_told_reset(struct intel_vgpu *vgpu);

#endif
