/* SPDX-License-Identifier: MIT */
/*
 * The places of the BARs, which follow the guest as it sizes, moves, disables and enables them.
 *
 * The configuration space says where the guest wants a BAR; device->bar_at says where it is. All
 * BARs that are to move leave their old places before one takes a new place, so that two can swap.
 */
#include <errno.h>

#include "core/gtt/gtt.h"
#include "core/pci/cfg_space.h"

/* Guest physical addresses are at most this wide on any Xen guest (4-level paging). */
#define GPA_LIMIT (1ull << 48)

/*
 * The address that the guest wants decoded. A BAR that ends at 4 GiB would cover the local APICs
 * and the firmware: the guest is sizing the BAR without having disabled it.
 */
static u64 wanted(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar)
{
	u64 at = vgpu_cfg_bar_address(vgpu, bar), size = vgpu_bar_size(vgpu, bar);

	if (!vgpu->device->active || !at || at + size == GiB(4) || at > GPA_LIMIT - size)
		return INTEL_GVT_BAR_OFF;
	return at;
}

static void leave(struct intel_vgpu *vgpu, enum vgpu_bar_index bar)
{
	u64 *at = &vgpu->device->bar_at[bar];
	int err;

	if (*at == INTEL_GVT_BAR_OFF)
		return;
	if (bar == VGPU_BAR_GTTMM)
		vgpu_ggtt_place(vgpu, 0);
	else if (vgpu_aperture_place(vgpu, 0))
		return;
	err = intel_gvt_hypervisor_set_trap_area(vgpu, *at, *at + vgpu_bar_size(vgpu, bar), false);
	/* A BAR that cannot leave stays, and is tried again at the next configuration write. */
	if (err && err != -ENOENT && err != -ESRCH)
		return;
	intel_gvt_hypervisor_place_bar(vgpu, bar, INTEL_GVT_BAR_OFF);
	*at = INTEL_GVT_BAR_OFF;
}

static void take(struct intel_vgpu *vgpu, enum vgpu_bar_index bar, u64 to)
{
	if (intel_gvt_hypervisor_set_trap_area(vgpu, to, to + vgpu_bar_size(vgpu, bar), true)) {
		vgpu->tally->counters.bar_refused++;
		return;
	}
	vgpu->device->bar_at[bar] = to;
	/* A BAR without memory behind it works as well, but all accesses trap. */
	if (intel_gvt_hypervisor_place_bar(vgpu, bar, to))
		vgpu->tally->counters.bar_refused++;
	else if (bar == VGPU_BAR_GTTMM)
		vgpu_ggtt_place(vgpu, (to + VGPU_GGTT_OFFSET) >> GVT_PAGE_SHIFT);
	if (bar == VGPU_BAR_APERTURE)
		vgpu_aperture_place(vgpu, to >> GVT_PAGE_SHIFT);
}

void vgpu_bars_update(struct intel_vgpu *vgpu)
{
	u64 want[VGPU_NR_BARS];

	for (int i = 0; i < VGPU_NR_BARS; i++) {
		want[i] = wanted(vgpu, i);
		if (want[i] != vgpu->device->bar_at[i])
			leave(vgpu, i);
	}
	for (int i = 0; i < VGPU_NR_BARS; i++)
		if (want[i] != INTEL_GVT_BAR_OFF && vgpu->device->bar_at[i] == INTEL_GVT_BAR_OFF)
			take(vgpu, i, want[i]);
}

void vgpu_bars_off(struct intel_vgpu *vgpu)
{
	for (int i = 0; i < VGPU_NR_BARS; i++)
		leave(vgpu, i);
}
