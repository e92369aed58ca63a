/* SPDX-License-Identifier: MIT */
/* The functions for what the register table names: what writes do, and where reads come from. */
#include "core/mmio/mmio.h"

#include "core/head/head.h"
#include "core/irq/irq.h"
#include "core/regs/vreg.h"

static void (*const writes[GVT_WRITES])(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val) = {
	[GVT_WRITE_AUX] = vgpu_head_aux_write,
	[GVT_WRITE_DP_TP] = vgpu_head_dp_tp_write,
	[GVT_WRITE_ELSP] = gvt_elsp_write,
	[GVT_WRITE_FENCE] = gvt_fence_write,
	[GVT_WRITE_FORCEWAKE] = gvt_forcewake_write,
	[GVT_WRITE_G2V] = gvt_g2v_write,
	[GVT_WRITE_GAMW] = gvt_gamw_write,
	[GVT_WRITE_GDRST] = gvt_gdrst_write,
	[GVT_WRITE_GGTT_FLUSH] = gvt_ggtt_flush_write,
	[GVT_WRITE_GMBUS1] = gvt_gmbus1_write,
	[GVT_WRITE_IRQ_IER] = vgpu_irq_ier_write,
	[GVT_WRITE_IRQ_IIR] = vgpu_irq_iir_write,
	[GVT_WRITE_IRQ_MASTER] = vgpu_irq_master_write,
	[GVT_WRITE_OA_CONTROL] = gvt_oa_control_write,
	[GVT_WRITE_PCODE] = gvt_pcode_write,
	[GVT_WRITE_PIPECONF] = vgpu_head_pipeconf_write,
	[GVT_WRITE_PIPE_IMR] = vgpu_head_pipe_imr_write,
	[GVT_WRITE_PLL] = gvt_pll_write,
	[GVT_WRITE_PP_CONTROL] = gvt_pp_control_write,
	[GVT_WRITE_PWR_WELL] = gvt_pwr_well_write,
};

static u32 (*const reads[GVT_READS])(struct intel_vgpu *vgpu, u32 offset) = {
	[GVT_READ_LIVE] = gvt_live_read,
	[GVT_READ_NONPRIV] = gvt_nonpriv_read,
	[GVT_READ_OA_TAIL] = gvt_oa_tail_read,
	[GVT_READ_RING_START] = gvt_ring_start_read,
	[GVT_READ_TIMESTAMP] = gvt_timestamp_read,
	[GVT_READ_TIMESTAMP_UDW] = gvt_timestamp_udw_read,
};

u32 gvt_mmio_value(struct intel_vgpu *vgpu, const struct gvt_reg *row, u32 offset)
{
	return row && row->read ? reads[row->read](vgpu, offset) : gvt_vreg(vgpu, offset);
}

void gvt_mmio_written(struct intel_vgpu *vgpu, const struct gvt_reg *row, u32 offset, u32 old,
		      u32 val)
{
	if (row && row->write)
		writes[row->write](vgpu, offset, old, val);
}
