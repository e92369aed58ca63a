/* SPDX-License-Identifier: MIT */
/*
 * Shadow tables. A shadow's entry follows from its table's entry alone, and shows what it holds:
 * scratch, a child (shadow->child), or a page with its reference. So an entry is set in the same
 * way whatever it held before, and may be set twice.
 */
#ifndef CORE_GTT_SHADOW_H
#define CORE_GTT_SHADOW_H

#include "core/gtt/gtt.h"
#include "core/vgpu.h"

#define SHADOW_CHILDREN_SIZE (GTT_ENTRIES * sizeof(struct gtt_shadow *))

#define SHADOW_RUN 16u /* entries of a GTT_PT_64K that make one page */

/** shadow_nothing() - the entry of @shadow that leads to scratch. */
static inline u64 shadow_nothing(const struct intel_vgpu *vgpu, const struct gtt_shadow *shadow)
{
	return vgpu->gtt->scratch_entry[shadow->kind];
}

/** shadow_gfn() - the guest frame that the guest's entry @val, of @form, leads to. */
static inline u64 shadow_gfn(const struct intel_vgpu *vgpu, enum gtt_form form, u64 val)
{
	return gtt_addr(vgpu->gvt->gtt_format, form, val) >> GVT_PAGE_SHIFT;
}

/** shadow_is_hole() - true for an entry that leads to scratch and should lead elsewhere. */
static inline bool shadow_is_hole(const struct intel_vgpu *vgpu, const struct gtt_shadow *shadow,
				  unsigned int i)
{
	unsigned int from = shadow->kind == GTT_PT_64K ? ALIGN_DOWN(i, SHADOW_RUN) : i;

	return gtt_present(shadow->table->entries[from]) &&
	       shadow->page.va[i] == shadow_nothing(vgpu, shadow);
}

/* ---- giving back: shadow.c ---- */

/** shadow_count_holes() - count them anew, after entries were set. */
void shadow_count_holes(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/** shadow_unmap_4k() - give back the reference that @entry, of a leaf of 4 KiB pages, holds. */
static inline void shadow_unmap_4k(struct intel_vgpu *vgpu, const struct gtt_shadow *shadow,
				   u64 entry)
{
	if (entry != shadow_nothing(vgpu, shadow))
		gtt_unmap(vgpu, gtt_addr(vgpu->gvt->gtt_format, GTT_PAGE_4K, entry));
}

/** shadow_put_run() - the same for the entries @held of a run of a GTT_PT_64K. */
void shadow_put_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run,
		    const u64 *held);

/** shadow_put_entry() - give back what entry @i of a directory held; it leads to scratch now. */
void shadow_put_entry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i);

/** shadow_free() - free its memory. */
void shadow_free(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/* ---- leaves: shadow_leaf.c ---- */

/**
 * shadow_set_leaf() - set entries @idx by the table's entries. Each leads where it should, or to
 * scratch. Returns 0, or the errno that kept one from it.
 */
int shadow_set_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr);

/**
 * shadow_fill_pt() - the short way to set all entries of a new GTT_PT, if the guest's are all
 * present. Returns 0, 1 (one is not: nothing was done), or a negative errno.
 */
int shadow_fill_pt(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/** shadow_clear_leaf() - have entry @i lead to scratch. */
void shadow_clear_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i);

/** shadow_invalidate_leaf() - the same for all whose frames are not the guest's any more. */
void shadow_invalidate_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/**
 * shadow_end_whole() - not all runs of a GTT_PT_64K are 64 KiB pages any more, or it has got a
 * second parent. It is a valid table of 4 KiB pages too. The parent's entry has to say so before
 * anything in the table changes.
 */
void shadow_end_whole(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

#endif
