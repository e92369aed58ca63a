/* SPDX-License-Identifier: MIT */
/* What all rooms may read of a vGPU. */
#include "core/vgpu.h"

size_t intel_gvt_state_size(void)
{
	return sizeof(struct vgpu_state);
}

u64 vgpu_bar_size(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar)
{
	return bar == VGPU_BAR_GTTMM ? GVT_BAR0_SIZE : MiB(vgpu->state->params.aperture_mib);
}

u64 intel_vgpu_bar(const struct intel_vgpu *vgpu, unsigned int bar, u64 *size)
{
	enum vgpu_bar_index index = bar ? VGPU_BAR_APERTURE : VGPU_BAR_GTTMM;

	if (size)
		*size = vgpu_bar_size(vgpu, index);
	return vgpu->state->bar_at[index];
}
const struct vgpu_counters *intel_vgpu_counters(const struct intel_vgpu *vgpu)
{
	return &vgpu->state->counters;
}

const u64 *intel_vgpu_notifications(const struct intel_vgpu *vgpu)
{
	return vgpu->state->notifications;
}

const struct gvt_reg *intel_gvt_reg(const struct intel_gvt *gvt, u32 offset)
{
	return gvt_regs_row(&gvt->regs, offset);
}

bool intel_gvt_page_traps(const struct intel_gvt *gvt, unsigned int page)
{
	return page >= GVT_MMIO_PAGES || gvt->regs.traps[page];
}

const char *intel_gvt_reg_name(const struct intel_gvt *gvt, u32 offset, char *buf, size_t len)
{
	return gvt_regs_name(&gvt->regs, offset, buf, len);
}
