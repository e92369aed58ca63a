/* SPDX-License-Identifier: MIT */
/* Command streamers: what writes of their registers do, and where live values come from. */
#include "core/mmio/mmio.h"

#include "core/base/clock.h"
#include "core/exec/exec.h"
#include "core/hw/bits.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define TIMESTAMP_BITS 36

u64 gvt_timestamp(void)
{
	return clock_ticks(clock_now_ns());
}

u32 gvt_timestamp_read(struct intel_vgpu *vgpu, u32 offset)
{
	(void)vgpu;
	(void)offset;
	return (u32)gvt_timestamp();
}

u32 gvt_timestamp_udw_read(struct intel_vgpu *vgpu, u32 offset)
{
	(void)vgpu;
	(void)offset;
	return gvt_timestamp() >> 32 & (BIT32(TIMESTAMP_BITS - 32) - 1);
}

/* The value of the GPU, whose engine changes it as it runs. */
u32 gvt_live_read(struct intel_vgpu *vgpu, u32 offset)
{
	return vgpu->space ? vgpu->gvt->gpu->ops->reg_read(vgpu->space, offset)
			   : gvt_vreg(vgpu, offset);
}

u32 gvt_ring_start_read(struct intel_vgpu *vgpu, u32 offset)
{
	return vgpu->space ? vgpu_exec_ring_start(vgpu, gvt_engine_of(offset))
			   : gvt_vreg(vgpu, offset);
}

void gvt_elsp_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	vgpu_exec_elsp(vgpu, gvt_engine_of(offset), val);
}

u32 gvt_nonpriv_read(struct intel_vgpu *vgpu, u32 offset)
{
	return gvt_vreg_nonpriv(vgpu, offset);
}
