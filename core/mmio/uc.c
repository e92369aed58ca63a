/* SPDX-License-Identifier: MIT */
/* The microcontrollers' copy engine, which copies nothing. */
#include "core/mmio/mmio.h"

#include "core/regs/vreg.h"

#define DMA_START BIT32(0)

/* The copy is over at once; that nothing was copied shows in HUC_STATUS2 and GUC_STATUS. */
void gvt_dma_ctrl_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, offset, gvt_vreg(vgpu, offset) & ~DMA_START);
}
