/* SPDX-License-Identifier: MIT */
/* Where entries lead that lead nowhere else: the scratch page, and tables full of it. */
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

static void fill(struct gtt_page *page, u64 entry)
{
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		page->va[i] = entry;
}

/* A kind's scratch entry leads to the scratch table of the kind below, and at last to the page. */
static int make_scratch(struct intel_vgpu *vgpu)
{
	static const enum gtt_kind upwards[] = { GTT_PT, GTT_PD, GTT_PDP, GTT_PML4 };
	struct vgpu_gtt *gtt = vgpu->gtt;
	const u64 flags = 3; /* present, writable */
	int err = gtt_pool_get(vgpu, &gtt->pool, &gtt->scratch_page);
	u64 entry;

	if (err)
		return err;
	fill(&gtt->scratch_page, 0);
	entry = gtt->scratch_page.bus | flags;
	gtt->scratch_entry[GTT_PT_64K] = entry;
	for (size_t i = 0; i < ARRAY_SIZE(upwards); i++) {
		struct gtt_page *table = &gtt->scratch[upwards[i]];

		gtt->scratch_entry[upwards[i]] = entry;
		err = gtt_pool_get(vgpu, &gtt->pool, table);
		if (err)
			return err;
		fill(table, entry);
		entry = table->bus | flags;
	}
	return 0;
}

void gtt_free_scratch(struct intel_vgpu *vgpu)
{
	struct vgpu_gtt *gtt = vgpu->gtt;

	for (unsigned int kind = 0; kind < GTT_KINDS; kind++)
		gtt_pool_put(vgpu, &gtt->pool, &gtt->scratch[kind]);
	gtt_pool_put(vgpu, &gtt->pool, &gtt->scratch_page);
	gtt->ready = false;
}

bool gtt_ready(struct intel_vgpu *vgpu)
{
	const struct intel_gvt_mpt *mpt = vgpu->gvt->mpt;

	if (vgpu->gtt->ready)
		return true;
	if (!mpt->dma_map_guest_pages || !mpt->alloc_host_pages)
		return false;
	if (make_scratch(vgpu)) {
		gtt_free_scratch(vgpu);
		return false;
	}
	vgpu->gtt->ready = true;
	vgpu_ggtt_push_all(vgpu);
	return true;
}
