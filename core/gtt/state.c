/* SPDX-License-Identifier: MIT */
/* What of graphics memory outlives the process, and where the guest's entries are. */
#include "core/gtt/state.h"

#include <string.h>

const struct gvt_section vgpu_ggtt_section = {
	.name = "ggtt",
	.version = 1,
	.size = sizeof(struct vgpu_ggtt_state),
	.reserved = offsetof(struct vgpu_ggtt_state, entries),
};

/* Where a root leads is the guest's word, and is looked at as such whenever it is used. */
static const char *ppgtts_amiss(const void *section)
{
	const struct vgpu_ppgtt_state *state = section;

	for (u32 i = 0; i < GVT_ROOTS_MAX; i++)
		if (state->roots[i].refs && state->roots[i].levels != 3 &&
		    state->roots[i].levels != 4)
			return "it has page tables of a depth that there is not";
	return NULL;
}

const struct gvt_section vgpu_ppgtt_section = {
	.name = "ppgtts",
	.version = 1,
	.size = sizeof(struct vgpu_ppgtt_state),
	.reserved = sizeof(struct vgpu_ppgtt_state),
	.amiss = ppgtts_amiss,
};

void intel_vgpu_place_ggtt(struct intel_vgpu *vgpu, u64 *entries)
{
	vgpu->ggtt = entries ? entries : vgpu->ggtt_state->entries;
}

int intel_vgpu_reserve_ggtt(struct intel_vgpu *vgpu)
{
	return intel_gvt_hypervisor_reserve_state(vgpu, vgpu->ggtt_state->entries,
						  sizeof(vgpu->ggtt_state->entries));
}

int intel_vgpu_keep_ggtt(struct intel_vgpu *vgpu, const u64 *entries, const int *errs)
{
	struct vgpu_ggtt_state *state = vgpu->ggtt_state;
	int err = intel_vgpu_reserve_ggtt(vgpu);

	if (err)
		return err;
	for (u32 i = 0; i < VGPU_GGTT_PAGES; i++)
		if (!errs[i])
			memcpy(&state->entries[i * GTT_ENTRIES], &entries[i * GTT_ENTRIES],
			       GVT_PAGE_SIZE);
	memset(state->written, 0xff, sizeof(state->written));
	return 0;
}
