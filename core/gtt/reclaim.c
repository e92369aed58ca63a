/* SPDX-License-Identifier: MIT */
/*
 * What graphics memory takes: memory, pages and DMA mappings. When one of these runs out, the
 * shadow of the PPGTT that was used longest ago is freed.
 */
#include "core/gtt/gtt.h"

#include <errno.h>

#include "core/vgpu.h"

void ppgtt_take_down(struct intel_vgpu *vgpu, struct vgpu_mm *mm)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(mm->top); i++) {
		struct gtt_shadow *top = mm->top[i];

		mm->top[i] = NULL;
		shadow_put(vgpu, top);
	}
}

bool ppgtt_reclaim(struct intel_vgpu *vgpu)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;
	struct vgpu_mm *oldest = NULL;

	for (unsigned int b = 0; b < GTT_MM_BUCKETS; b++)
		for (struct vgpu_mm *mm = ppgtt->mms[b]; mm; mm = mm->next) {
			bool shadowed = mm->top[0] || mm->top[1] || mm->top[2] || mm->top[3];

			if (shadowed && !mm->pins && mm != ppgtt->busy &&
			    (!oldest || mm->used < oldest->used))
				oldest = mm;
		}
	if (!oldest)
		return false;
	ppgtt_take_down(vgpu, oldest);
	gtt_release_all(vgpu);
	vgpu->gtt->counts.reclaims++;
	return true;
}

void vgpu_ppgtt_set_quota(struct intel_vgpu *vgpu, u32 shadows)
{
	vgpu->gtt->ppgtt.quota = shadows;
	while (vgpu->gtt->counts.shadows > shadows)
		if (!ppgtt_reclaim(vgpu))
			return;
}

/* ---- memory and pages ---- */

void *gtt_alloc(struct intel_vgpu *vgpu, size_t size)
{
	void *p;

	do
		p = vgpu_alloc(vgpu, size);
	while (!p && ppgtt_reclaim(vgpu));
	return p;
}

bool gtt_room_for_shadow(struct intel_vgpu *vgpu)
{
	while (vgpu->gtt->counts.shadows >= vgpu->gtt->ppgtt.quota)
		if (!ppgtt_reclaim(vgpu))
			return false;
	return true;
}

int gtt_get_page(struct intel_vgpu *vgpu, struct gtt_page *page)
{
	int err = gtt_pool_get(vgpu, &vgpu->gtt->pool, page);

	/* First pages that wait to be given back, then those of PPGTTs that are not in use. */
	if (err == -ENOMEM)
		gtt_release_all(vgpu);
	do
		err = err ? gtt_pool_get(vgpu, &vgpu->gtt->pool, page) : 0;
	while (err == -ENOMEM && ppgtt_reclaim(vgpu));
	return err;
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
		gtt_unmap_large(vgpu, bus);
		return GVT_DMA_INVALID;
	}
	return bus;
}
