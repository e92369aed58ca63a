/* SPDX-License-Identifier: MIT */
/* What GGTT and PPGTTs share: scratch pages, references of DMA mappings, beginning and end. */
#include "core/gtt/gtt.h"

#include <errno.h>
#include <stdlib.h>

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
	int err = gtt_pool_get(vgpu, &gtt->scratch_page);
	u64 entry;

	if (err)
		return err;
	fill(&gtt->scratch_page, 0);
	entry = gtt->scratch_page.bus | flags;
	gtt->scratch_entry[GTT_PT_64K] = entry;
	for (size_t i = 0; i < ARRAY_SIZE(upwards); i++) {
		struct gtt_page *table = &gtt->scratch[upwards[i]];

		gtt->scratch_entry[upwards[i]] = entry;
		err = gtt_pool_get(vgpu, table);
		if (err)
			return err;
		fill(table, entry);
		entry = table->bus | flags;
	}
	return 0;
}

static void free_scratch(struct intel_vgpu *vgpu)
{
	struct vgpu_gtt *gtt = vgpu->gtt;

	for (unsigned int kind = 0; kind < GTT_KINDS; kind++)
		gtt_pool_put(vgpu, &gtt->scratch[kind]);
	gtt_pool_put(vgpu, &gtt->scratch_page);
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
		free_scratch(vgpu);
		return false;
	}
	vgpu->gtt->ready = true;
	vgpu_ggtt_push_all(vgpu);
	return true;
}

int vgpu_gtt_init(struct intel_vgpu *vgpu)
{
	int err;

	vgpu->gtt->leaf_after = GTT_TRACK_LEAF_AFTER;
	err = ggtt_init(vgpu);
	if (!err)
		err = ppgtt_init(vgpu);
	if (err)
		vgpu_gtt_exit(vgpu);
	return err;
}

void vgpu_gtt_exit(struct intel_vgpu *vgpu)
{
	ppgtt_clear(vgpu, false);
	ggtt_exit(vgpu);
	gtt_release_all(vgpu);
	free_scratch(vgpu);
}

void vgpu_gtt_reset(struct intel_vgpu *vgpu)
{
	ppgtt_clear(vgpu, true);
	ggtt_clear(vgpu);
	/* For the scratch pages, which are freed here directly. */
	intel_vgpu_flush(vgpu);
	gtt_release_all(vgpu);
	free_scratch(vgpu);
}

/* ---- DMA mappings ---- */

static int map(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr, dma_addr_t *bus)
{
	int err;

	do
		err = intel_gvt_hypervisor_dma_map_guest_pages(vgpu, gfns, nr, bus);
	while ((err == -ENOSPC || err == -ENOMEM) && ppgtt_reclaim(vgpu));
	return err;
}

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

/* Gives back references that the GPU cannot use. Returns how many of @nr have no address. */
static int sort_out(struct intel_vgpu *vgpu, size_t nr, dma_addr_t *bus)
{
	int missing = 0;

	for (size_t i = 0; i < nr; i++) {
		if (bus[i] == GVT_DMA_INVALID) {
			vgpu->gtt->counts.dma_refs--;
		} else if (!gtt_reaches(vgpu->gvt->gtt_format, bus[i])) {
			gtt_unmap(vgpu, bus[i]);
			bus[i] = GVT_DMA_INVALID;
		}
		missing += bus[i] == GVT_DMA_INVALID;
	}
	if (missing)
		gtt_missed(vgpu);
	return missing;
}

int gtt_map(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr, dma_addr_t *bus)
{
	u64 other = 0, mask = ~vgpu->gvt->gtt_format->bus;
	int err;

	if (!nr)
		return 0;
	err = gtt_may_look(vgpu) ? map(vgpu, gfns, nr, bus) : -E2BIG;
	if (err) {
		for (size_t i = 0; i < nr; i++)
			bus[i] = GVT_DMA_INVALID;
		return err;
	}
	vgpu->gtt->counts.dma_refs += nr;
	for (size_t i = 0; i < nr; i++)
		other |= bus[i] & mask;
	return other ? sort_out(vgpu, nr, bus) : 0;
}

/* In the queue, a bit of the address marks the reference of a large page. */
#define RELEASE_LARGE 1ull

dma_addr_t gtt_map_large(struct intel_vgpu *vgpu, u64 gfn, unsigned long size)
{
	dma_addr_t bus;
	int err = intel_gvt_hypervisor_dma_map_guest_page(vgpu, gfn, size, &bus);

	if (err == -EFAULT)
		gtt_missed(vgpu);
	if (err)
		return GVT_DMA_INVALID;
	vgpu->gtt->counts.dma_refs++;
	if (bus & (size - 1) || !gtt_reaches(vgpu->gvt->gtt_format, bus)) {
		gtt_unmap(vgpu, bus | RELEASE_LARGE);
		return GVT_DMA_INVALID;
	}
	return bus;
}

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

void *gtt_alloc(struct intel_vgpu *vgpu, size_t size)
{
	void *p;

	do
		p = vgpu_alloc(vgpu, size);
	while (!p && ppgtt_reclaim(vgpu));
	return p;
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
		gtt_pool_put(vgpu, &release->page[--release->nr_pages]);
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

/* ---- frames that changed hands ---- */

#define NOT_VALID (1ull << 63)

bool gtt_valid(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache, u64 gfn)
{
	u64 *slot = &cache->gfn[gfn % ARRAY_SIZE(cache->gfn)];

	if ((*slot & ~NOT_VALID) != gfn + 1)
		*slot = (gfn + 1) | (intel_gvt_hypervisor_is_valid_gfn(vgpu, gfn) ? 0 : NOT_VALID);
	return !(*slot & NOT_VALID);
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
