/* SPDX-License-Identifier: MIT */
/*
 * The aperture: BAR2 as a window on the first part of the GGTT.
 *
 * A page that the GGTT maps is also mapped at its place in BAR2, as an alias, so that the guest
 * reaches it without a trap. An alias is removed before the page's DMA mapping is. Accesses to a
 * page without an alias trap (fence.c). There are no aliases in tiled ranges, in leaves whose
 * entries are all alike, and for entries beside one that leads to the same page; and none at all if
 * the back end cannot make them.
 */
#include <errno.h>

#include "core/gtt/gtt.h"
#include "core/vgpu.h"

/*
 * The most calls of the back end that make aliases in one commit. If a guest's frames are
 * scattered, the next commits make the rest.
 */
#define ALIAS_BATCH 4096u

u32 aperture_leaves(const struct intel_vgpu *vgpu)
{
	return vgpu->device->params.aperture_mib / 2;
}

const struct ggtt_fence *aperture_fence_at(const struct vgpu_ggtt *ggtt, u32 page)
{
	for (u32 n = 0; ggtt->nr_fenced && n < ARRAY_SIZE(ggtt->fences); n++)
		if (page >= ggtt->fences[n].first && page < ggtt->fences[n].end)
			return &ggtt->fences[n];
	return NULL;
}

static bool is_aliased(const struct ggtt_entries *own, u32 i)
{
	return own->aliased[i / 64] >> i % 64 & 1;
}

/* The bus frame that is mapped. The guest's frame number may lead elsewhere by now. */
static u64 mfn_at(const struct intel_vgpu *vgpu, const struct ggtt_entries *own, u32 i)
{
	return gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, own->shadow[i]) >> GVT_PAGE_SHIFT;
}

/* Makes or removes the aliases of @nr entries from @i, whose frames are consecutive from @mfn. */
static int alias_run(struct intel_vgpu *vgpu, u32 nr_leaf, u32 i, u64 mfn, u32 nr, bool map)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	struct ggtt_entries *own = ggtt->leaves[nr_leaf].own;
	int err = intel_gvt_hypervisor_map_gfn_to_mfn(
		vgpu, ggtt->bar_gfn + nr_leaf * GTT_ENTRIES + i, mfn, nr, map);

	if (err)
		return err;
	for (u32 at = i; at < i + nr; at++)
		own->aliased[at / 64] ^= 1ull << at % 64;
	if (map)
		vgpu->gtt->counts.aliases += nr;
	else
		vgpu->gtt->counts.aliases -= nr;
	return 0;
}

/* The same for entries @idx, in ascending order, run by run, until an error. Making them ends when
 * the commit's calls are used up. */
static int alias_each(struct intel_vgpu *vgpu, u32 nr_leaf, const u16 *idx, size_t nr, bool map)
{
	const struct ggtt_entries *own = vgpu->gtt->ggtt.leaves[nr_leaf].own;
	int err = 0;

	for (size_t at = 0; !err && at < nr;) {
		u64 mfn = mfn_at(vgpu, own, idx[at]);
		size_t run = 1;

		while (at + run < nr && idx[at + run] == idx[at] + run &&
		       mfn_at(vgpu, own, idx[at + run]) == mfn + run)
			run++;
		if (map && !vgpu->gtt->ggtt.alias_left)
			return -EAGAIN;
		vgpu->gtt->ggtt.alias_left -= map;
		err = alias_run(vgpu, nr_leaf, idx[at], mfn, run, map);
		at += run;
	}
	return err;
}

void aperture_begin(struct intel_vgpu *vgpu)
{
	vgpu->gtt->ggtt.alias_left = ALIAS_BATCH;
}

size_t aperture_drop(struct intel_vgpu *vgpu, u32 nr_leaf, u16 *idx, size_t nr)
{
	const struct ggtt_entries *own = vgpu->gtt->ggtt.leaves[nr_leaf].own;
	u16 gone[GTT_ENTRIES];
	size_t drop = 0, left = 0;

	if (nr_leaf >= aperture_leaves(vgpu))
		return nr;
	for (size_t i = 0; i < nr; i++)
		if (is_aliased(own, idx[i]))
			gone[drop++] = idx[i];
	if (!drop || !alias_each(vgpu, nr_leaf, gone, drop, false))
		return nr;
	for (size_t i = 0; i < nr; i++)
		if (!is_aliased(own, idx[i]))
			idx[left++] = idx[i];
	return left;
}

int aperture_forget(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	u16 idx[GTT_ENTRIES];

	for (u32 i = 0; i < GTT_ENTRIES; i++)
		idx[i] = i;
	return aperture_drop(vgpu, nr_leaf, idx, GTT_ENTRIES) == GTT_ENTRIES ? 0 : -EBUSY;
}

/*
 * True for a page that several neighbours map: a driver's scratch page, with which it fills entries
 * that it does not use. Each alias would be a call, and nobody looks at these pages.
 */
static bool repeated(const struct intel_vgpu *vgpu, const struct ggtt_entries *own, u32 i)
{
	u64 mfn = mfn_at(vgpu, own, i);

	return (i && mfn_at(vgpu, own, i - 1) == mfn) ||
	       (i < GTT_ENTRIES - 1 && mfn_at(vgpu, own, i + 1) == mfn);
}

void aperture_follow(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	struct ggtt_leaf *leaf = &ggtt->leaves[nr_leaf];
	u64 scratch = gtt_scratch(vgpu);
	int err;
	u16 more[GTT_ENTRIES], less[GTT_ENTRIES];
	size_t nr_more = 0, nr_less = 0;

	leaf->realias = false;
	if (!leaf->own || !ggtt->bar_gfn || ggtt->alias_off || nr_leaf >= aperture_leaves(vgpu))
		return;
	for (u32 i = 0; i < GTT_ENTRIES; i++) {
		bool want = leaf->own->shadow[i] != scratch && !repeated(vgpu, leaf->own, i) &&
			    !aperture_fence_at(ggtt, nr_leaf * GTT_ENTRIES + i);

		if (want && !is_aliased(leaf->own, i))
			more[nr_more++] = i;
		if (!want && is_aliased(leaf->own, i))
			less[nr_less++] = i;
	}
	leaf->realias = aperture_drop(vgpu, nr_leaf, less, nr_less) != nr_less;
	/* Pages that cannot be aliased now trap. The next commit tries them again. */
	err = alias_each(vgpu, nr_leaf, more, nr_more, true);
	if (err == -EOPNOTSUPP)
		ggtt->alias_off = true;
	leaf->realias |= err && !ggtt->alias_off;
}

int vgpu_aperture_place(struct intel_vgpu *vgpu, u64 gfn)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	int err = 0;

	if (gfn == ggtt->bar_gfn)
		return 0;
	for (u32 i = 0; i < aperture_leaves(vgpu); i++) {
		/* If the move fails, the next commit makes the removed aliases again. */
		ggtt->leaves[i].realias = true;
		if (ggtt->leaves[i].own && aperture_forget(vgpu, i))
			err = -EBUSY;
	}
	if (err)
		return err;
	ggtt->bar_gfn = gfn;
	aperture_begin(vgpu);
	for (u32 i = 0; i < aperture_leaves(vgpu); i++)
		aperture_follow(vgpu, i);
	return 0;
}
