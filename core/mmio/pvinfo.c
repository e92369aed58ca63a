/* SPDX-License-Identifier: MIT */
/* PVINFO: what differs between vGPUs, and the notifications of the guest's driver. */
#include "core/mmio/mmio.h"

#include "core/gtt/gtt.h"
#include "core/hw/bits.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

void gvt_g2v_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u64 pdp[4];

	(void)offset;
	(void)old;
	vgpu->tally->notifications[val < VGT_G2V_MAX ? val : VGT_G2V_MAX]++;
	for (unsigned int i = 0; i < ARRAY_SIZE(pdp); i++)
		pdp[i] = gvt_vreg(vgpu, PV_PDP + 8 * i) | (u64)gvt_vreg(vgpu, PV_PDP + 8 * i + 4)
								  << 32;
	vgpu_ppgtt_notify(vgpu, val, pdp);
}

/*
 * Each vGPU has a whole aperture and a whole graphics address space of its own, except for the
 * hidden range at the end.
 */
void gvt_pvinfo_populate(struct intel_vgpu *vgpu)
{
	const struct intel_vgpu_params *params = &vgpu->device->params;
	u32 aperture = params->aperture_mib << 20;

	gvt_vreg_set(vgpu, PV_MAGIC, 0x76544776);
	gvt_vreg_set(vgpu, PV_MAGIC + 4, 0x47765447);
	gvt_vreg_set(vgpu, PV_ID, params->id);
	gvt_vreg_set(vgpu, PV_MAPPABLE_SIZE, aperture);
	gvt_vreg_set(vgpu, PV_NONMAPPABLE_BASE, aperture);
	gvt_vreg_set(vgpu, PV_NONMAPPABLE_SIZE, HIDDEN_BASE - aperture);
	gvt_vreg_set(vgpu, PV_FENCES, params->fences);
}
