/* SPDX-License-Identifier: MIT */
/* What all rooms may read of a vGPU. */
#include "core/vgpu.h"
#include "core/base/section.h"

/* Guest physical addresses are at most this wide on any Xen guest (4-level paging). */
#define GPA_LIMIT (1ull << 48)

bool vgpu_params_valid(const struct intel_vgpu_params *params)
{
	return params->id && params->heads <= GVT_HEADS_MAX && params->fences && params->fences <= GVT_FENCES_MAX &&
	       params->aperture_mib >= GVT_APERTURE_MIB_MIN &&
	       params->aperture_mib <= GVT_APERTURE_MIB_MAX &&
	       !(params->aperture_mib & (params->aperture_mib - 1));
}

static const char *amiss(const void *section)
{
	const struct vgpu_device *device = section;

	if (!device->made)
		return "it was never complete";
	if (!vgpu_params_valid(&device->params))
		return "it has sizes that no vGPU has";
	for (int i = 0; i < VGPU_NR_BARS; i++)
		if (device->bar_at[i] != INTEL_GVT_BAR_OFF &&
		    (device->bar_at[i] >= GPA_LIMIT || device->bar_at[i] % GVT_PAGE_SIZE))
			return "it has a BAR where none can be";
	return NULL;
}

const struct gvt_section vgpu_device_section = {
	.name = "device",
	.version = 1,
	.size = sizeof(struct vgpu_device),
	.reserved = sizeof(struct vgpu_device),
	.amiss = amiss,
};

const struct gvt_section vgpu_tally_section = {
	.name = "counters",
	.version = 1,
	.size = sizeof(struct vgpu_tally),
	.reserved = sizeof(struct vgpu_tally),
	.may_lack = true,
};

u64 vgpu_bar_size(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar)
{
	return bar == VGPU_BAR_GTTMM ? GVT_BAR0_SIZE : MiB(vgpu->device->params.aperture_mib);
}

u64 intel_vgpu_bar(const struct intel_vgpu *vgpu, unsigned int bar, u64 *size)
{
	enum vgpu_bar_index index = bar ? VGPU_BAR_APERTURE : VGPU_BAR_GTTMM;

	if (size)
		*size = vgpu_bar_size(vgpu, index);
	return vgpu->device->bar_at[index];
}

const struct vgpu_counters *intel_vgpu_counters(const struct intel_vgpu *vgpu)
{
	return &vgpu->tally->counters;
}

const u64 *intel_vgpu_notifications(const struct intel_vgpu *vgpu)
{
	return vgpu->tally->notifications;
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
