/* SPDX-License-Identifier: MIT */
/* Until core/irq is there: nothing is delivered. */
#include "core/vgpu.h"

__attribute__((weak)) void vgpu_irq_raise_engine(struct intel_vgpu *vgpu, enum gvt_engine engine,
						 u32 bits)
{
	(void)vgpu;
	(void)engine;
	(void)bits;
}
