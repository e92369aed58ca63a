/* SPDX-License-Identifier: MIT */
/*
 * The GPU's side of graphics memory: its GGTT follows the shadow. Before anything is given back
 * that the GPU may have been told of, it is made to forget its translations.
 */
#include <errno.h>

#include "core/gtt/gtt.h"
#include "core/port/gpu.h"
#include "core/vgpu.h"

void intel_vgpu_flush(struct intel_vgpu *vgpu)
{
	if (!vgpu->space)
		return;
	vgpu->gvt->gpu->ops->flush(vgpu->space);
	vgpu->gtt->counts.flushes++;
}

u64 vgpu_ggtt_entry(const struct intel_vgpu *vgpu, u32 page)
{
	const struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[page / GTT_ENTRIES];
	u64 entry;

	/* The hidden range is the mediator's. */
	if (page >= GGTT_PAGES)
		return gtt_scratch(vgpu);
	entry = leaf->own ? leaf->own->shadow[page % GTT_ENTRIES] : leaf->shadow;

	return entry ? entry : gtt_scratch(vgpu);
}

static int set(struct intel_vgpu *vgpu, u32 first, u32 nr, const u64 *entries, u64 fill)
{
	vgpu->gtt->counts.pushes++;
	return vgpu->gvt->gpu->ops->ggtt_set(vgpu->space, first, nr, entries, fill);
}

/* If the GPU has no memory for a leaf's entries, all of them lead to scratch, which needs none. */
static void push(struct intel_vgpu *vgpu, u32 nr_leaf, u32 first, u32 nr, const u64 *entries)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	u32 base = nr_leaf * GTT_ENTRIES;

	leaf->behind = set(vgpu, base + first, nr, entries + first, 0) != 0;
	if (leaf->behind)
		set(vgpu, base, GTT_ENTRIES, NULL, gtt_scratch(vgpu));
}

void ggtt_push_leaf(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];

	if (!vgpu->space)
		return;
	if (leaf->own) {
		push(vgpu, nr_leaf, 0, GTT_ENTRIES, leaf->own->shadow);
	} else {
		set(vgpu, nr_leaf * GTT_ENTRIES, GTT_ENTRIES, NULL,
		    vgpu_ggtt_entry(vgpu, nr_leaf * GTT_ENTRIES));
		leaf->behind = false;
	}
	vgpu->gtt->user->moved(vgpu, nr_leaf * GTT_ENTRIES, GTT_ENTRIES);
}

void ggtt_push(struct intel_vgpu *vgpu, u32 nr_leaf, const u16 *idx, size_t nr)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];

	if (!vgpu->space || !nr)
		return;
	if (leaf->behind) {
		ggtt_push_leaf(vgpu, nr_leaf);
		return;
	}
	push(vgpu, nr_leaf, idx[0], idx[nr - 1] - idx[0] + 1, leaf->own->shadow);
	vgpu->gtt->user->moved(vgpu, nr_leaf * GTT_ENTRIES + idx[0], idx[nr - 1] - idx[0] + 1);
}

void vgpu_ggtt_push_all(struct intel_vgpu *vgpu)
{
	if (!vgpu->space || !vgpu->gtt->ready)
		return;
	set(vgpu, 0, GGTT_PAGES, NULL, gtt_scratch(vgpu));
	for (u32 i = 0; i < GGTT_LEAVES; i++)
		if (vgpu->gtt->ggtt.leaves[i].own || vgpu->gtt->ggtt.leaves[i].shadow)
			ggtt_push_leaf(vgpu, i);
}

void ggtt_push_nothing(struct intel_vgpu *vgpu)
{
	if (vgpu->space)
		set(vgpu, 0, GGTT_PAGES, NULL, 0);
}
