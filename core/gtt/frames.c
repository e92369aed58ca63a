/* SPDX-License-Identifier: MIT */
/*
 * The guest's frames: how many missing ones a sync looks for, whether they are the guest's still,
 * and how references of their DMA mappings are given back.
 */
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

bool gtt_may_look(struct intel_vgpu *vgpu)
{
	const struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;

	return !ppgtt->busy ||
	       (ppgtt->misses_left && intel_gvt_hypervisor_maps_made(vgpu) < ppgtt->maps_end);
}

void gtt_missed(struct intel_vgpu *vgpu)
{
	if (vgpu->gtt->ppgtt.misses_left)
		vgpu->gtt->ppgtt.misses_left--;
}

#define NOT_VALID (1ull << 63)

bool gtt_valid(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache, u64 gfn)
{
	u64 *slot = &cache->gfn[gfn % ARRAY_SIZE(cache->gfn)];

	if ((*slot & ~NOT_VALID) != gfn + 1)
		*slot = (gfn + 1) | (intel_gvt_hypervisor_is_valid_gfn(vgpu, gfn) ? 0 : NOT_VALID);
	return !(*slot & NOT_VALID);
}

/* ---- what is given back ---- */

/* In the queue, a bit of the address marks the reference of a large page. */
#define RELEASE_LARGE 1ull

void gtt_unmap(struct intel_vgpu *vgpu, dma_addr_t bus)
{
	struct gtt_release *release = &vgpu->gtt->release;

	if (release->nr == ARRAY_SIZE(release->bus))
		gtt_release_all(vgpu);
	release->bus[release->nr++] = bus;
}

void gtt_unmap_large(struct intel_vgpu *vgpu, dma_addr_t bus)
{
	gtt_unmap(vgpu, bus | RELEASE_LARGE);
}

void gtt_put_page(struct intel_vgpu *vgpu, struct gtt_page *page)
{
	struct gtt_release *release = &vgpu->gtt->release;

	if (release->nr_pages == ARRAY_SIZE(release->page))
		gtt_release_all(vgpu);
	release->page[release->nr_pages++] = *page;
	*page = (struct gtt_page){ 0 };
}

void gtt_release_all(struct intel_vgpu *vgpu)
{
	struct gtt_release *release = &vgpu->gtt->release;
	size_t small = 0;

	if (!release->nr && !release->nr_pages)
		return;
	intel_vgpu_flush(vgpu);
	while (release->nr_pages)
		gtt_pool_put(vgpu, &vgpu->gtt->pool, &release->page[--release->nr_pages]);
	for (size_t i = 0; i < release->nr; i++)
		if (release->bus[i] & RELEASE_LARGE)
			intel_gvt_hypervisor_dma_unmap_guest_page(vgpu,
								  release->bus[i] & ~RELEASE_LARGE);
		else
			release->bus[small++] = release->bus[i];
	if (small)
		intel_gvt_hypervisor_dma_unmap_guest_pages(vgpu, release->bus, small);
	vgpu->gtt->counts.dma_refs -= release->nr;
	release->nr = 0;
}
