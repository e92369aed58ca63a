/* SPDX-License-Identifier: MIT */
/* Graphics memory as a whole: its beginning, reset and end, and frames that changed hands. */
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

int vgpu_gtt_init(struct intel_vgpu *vgpu)
{
	int err;

	vgpu->gtt->leaf_after = GTT_TRACK_LEAF_AFTER;
	err = ggtt_init(vgpu);
	if (!err) {
		fences_init(vgpu);
		err = ppgtt_init(vgpu);
	}
	if (err)
		vgpu_gtt_exit(vgpu);
	return err;
}

void vgpu_gtt_exit(struct intel_vgpu *vgpu)
{
	ppgtt_clear(vgpu, false);
	ggtt_exit(vgpu);
	gtt_release_all(vgpu);
	gtt_free_scratch(vgpu);
}

void vgpu_gtt_reset(struct intel_vgpu *vgpu)
{
	ppgtt_clear(vgpu, true);
	ggtt_clear(vgpu);
	fences_init(vgpu);
	/* For the scratch pages, which are freed here directly. */
	intel_vgpu_flush(vgpu);
	gtt_release_all(vgpu);
	gtt_free_scratch(vgpu);
}

void intel_vgpu_invalidate(struct intel_vgpu *vgpu)
{
	struct gtt_valid_cache cache = { 0 };

	if (vgpu->gtt->ready) {
		ggtt_invalidate(vgpu, &cache);
		ppgtt_invalidate(vgpu, &cache);
	}
	/* Even if no entry changed: what the back end maps for the others may have moved. */
	intel_vgpu_flush(vgpu);
	gtt_release_all(vgpu);
}

const struct vgpu_gtt_counts *intel_vgpu_gtt_counts(const struct intel_vgpu *vgpu)
{
	return &vgpu->gtt->counts;
}

u64 intel_vgpu_gtt_bytes(const struct intel_vgpu *vgpu)
{
	return vgpu->gtt->pool.pages * GVT_PAGE_SIZE + vgpu->heap;
}
