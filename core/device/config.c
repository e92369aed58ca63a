/* SPDX-License-Identifier: MIT */
/* Accesses to the configuration space, and what else writes to it cause. */
#include <errno.h>
#include <string.h>

#include "core/irq/irq.h"
#include "core/pci/cfg_space.h"

/* Counts an access that no function answers. Returns 0 for one that reads as ones, or -EINVAL. */
static int outside(struct intel_vgpu *vgpu, bool width_valid)
{
	vgpu->tally->counters.outside++;
	return width_valid ? 0 : -EINVAL;
}

static bool width_valid(unsigned int bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4;
}

int intel_vgpu_emulate_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
				unsigned int bytes)
{
	memset(buf, 0xff, bytes <= 8 ? bytes : 8);
	vgpu->tally->counters.cfg_read++;
	if (!width_valid(bytes) || offset > VGPU_CFG_SIZE - bytes)
		return outside(vgpu, width_valid(bytes));
	vgpu_cfg_read(vgpu, offset, buf, bytes);
	return 0;
}

int intel_vgpu_emulate_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const void *buf,
				 unsigned int bytes)
{
	unsigned int effects;

	vgpu->tally->counters.cfg_write++;
	if (!width_valid(bytes) || offset > VGPU_CFG_SIZE - bytes)
		return outside(vgpu, width_valid(bytes));
	effects = vgpu_cfg_write(vgpu, offset, buf, bytes);
	if (effects & VGPU_CFG_RESETS) {
		intel_gvt_reset_vgpu(vgpu);
		return 0;
	}
	vgpu_bars_update(vgpu);
	/* Messages, or the pin, may have been switched on or off. */
	vgpu_irq_refresh(vgpu);
	/* If there can be no OpRegion, the driver goes on without one. */
	if (effects & VGPU_CFG_OPREGION)
		intel_gvt_hypervisor_set_opregion(vgpu);
	return 0;
}
