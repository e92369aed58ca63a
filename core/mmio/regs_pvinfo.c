/* SPDX-License-Identifier: MIT */
/*
 * PVINFO, the page by which a guest's driver knows that its GPU is virtual. Layout and codes are
 * the interface of Linux' i915 (struct vgt_if and enum vgt_g2v_type in i915_pvinfo.h).
 */
#include "core/vgpu.h"

#define PVINFO 0x78000u

enum {
	PV_MAGIC = PVINFO,
	PV_VERSION = PVINFO + 0x8,
	PV_ID = PVINFO + 0xc,
	PV_CAPS = PVINFO + 0x10,
	PV_MAPPABLE_BASE = PVINFO + 0x40,
	PV_MAPPABLE_SIZE = PVINFO + 0x44,
	PV_NONMAPPABLE_BASE = PVINFO + 0x48,
	PV_NONMAPPABLE_SIZE = PVINFO + 0x4c,
	PV_FENCES = PVINFO + 0x50,
	PV_DISPLAY_READY = PVINFO + 0x804,
	PV_G2V = PVINFO + 0x818,
	PV_CURSOR_HOT = PVINFO + 0x830,
	PV_PDP = PVINFO + 0x838,
	PV_CONTEXT = PVINFO + 0x858,
};

#define PV_CAP_FULL_PPGTT     BIT32(2)
#define PV_CAP_HWSP_EMULATION BIT32(3)
#define PV_CAP_HUGE_GTT	      BIT32(4)

static void g2v_notify(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u64 pdp[4];

	(void)offset;
	(void)old;
	vgpu->state->notifications[val < VGT_G2V_MAX ? val : VGT_G2V_MAX]++;
	for (unsigned int i = 0; i < ARRAY_SIZE(pdp); i++)
		pdp[i] = gvt_vreg(vgpu, PV_PDP + 8 * i) | (u64)gvt_vreg(vgpu, PV_PDP + 8 * i + 4)
								  << 32;
	vgpu_ppgtt_notify(vgpu, val, pdp);
}

static const struct gvt_reg rows[] = {
	{ "VGT_MAGIC", PV_MAGIC, .count = 2, .ro = true },
	{ "VGT_VERSION", PV_VERSION, .ro = true, .reset = 1 }, /* major 1, minor 0 */
	{ "VGT_ID", PV_ID, .ro = true },
	{ "VGT_CAPS", PV_CAPS, .ro = true,
	  .reset = PV_CAP_FULL_PPGTT | PV_CAP_HWSP_EMULATION | PV_CAP_HUGE_GTT },
	{ "VGT_RSV", PV_CAPS + 4, .count = 11, .ro = true },
	{ "VGT_MAPPABLE_BASE", PV_MAPPABLE_BASE, .ro = true },
	{ "VGT_MAPPABLE_SIZE", PV_MAPPABLE_SIZE, .ro = true },
	{ "VGT_NONMAPPABLE_BASE", PV_NONMAPPABLE_BASE, .ro = true },
	{ "VGT_NONMAPPABLE_SIZE", PV_NONMAPPABLE_SIZE, .ro = true },
	{ "VGT_FENCE_NUM", PV_FENCES, .ro = true },
	{ "VGT_DISPLAY_READY", PV_DISPLAY_READY },
	{ "VGT_G2V_NOTIFY", PV_G2V, .write = g2v_notify },
	{ "VGT_CURSOR_HOT", PV_CURSOR_HOT, .count = 2 },
	{ "VGT_PDP", PV_PDP, .count = 8 },
	{ "VGT_CONTEXT_DESC", PV_CONTEXT, .count = 2 },
};

const struct gvt_reg_block gvt_block_pvinfo = { "pvinfo", rows, ARRAY_SIZE(rows) };

/*
 * What differs from one vGPU to the next. Each has the whole aperture and the whole graphics
 * address space for itself, but for the hidden range at its end.
 */
void gvt_pvinfo_populate(struct intel_vgpu *vgpu)
{
	const struct intel_vgpu_params *params = &vgpu->state->params;
	u32 aperture = params->aperture_mib << 20;

	gvt_vreg_set(vgpu, PV_MAGIC, 0x76544776);
	gvt_vreg_set(vgpu, PV_MAGIC + 4, 0x47765447);
	gvt_vreg_set(vgpu, PV_ID, params->id);
	gvt_vreg_set(vgpu, PV_MAPPABLE_SIZE, aperture);
	gvt_vreg_set(vgpu, PV_NONMAPPABLE_BASE, aperture);
	gvt_vreg_set(vgpu, PV_NONMAPPABLE_SIZE, HIDDEN_BASE - aperture);
	gvt_vreg_set(vgpu, PV_FENCES, params->fences);
}
