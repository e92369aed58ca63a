/* SPDX-License-Identifier: MIT */
/* Shadows of leaves: tables of 4 KiB pages and of 64 KiB pages. */
#include "core/gtt/shadow.h"

#include <string.h>

/* ---- 4 KiB pages ---- */

static int set_pt(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	const struct gtt_format *fmt = vgpu->gvt->gtt_format;
	const u64 keep = fmt->rows[GTT_PAGE_4K].keep, none = shadow_nothing(vgpu, shadow);
	const u64 *from = shadow->table->entries;
	u64 *to = shadow->page.va;
	u64 gfns[GTT_ENTRIES], bus[GTT_ENTRIES];
	u16 at[GTT_ENTRIES];
	size_t present = 0;
	int missing;

	if (!nr)
		return 0;
	for (size_t k = 0; k < nr; k++) {
		u64 val = from[idx[k]], was = to[idx[k]];

		gfns[present] = (val & fmt->addr) >> GVT_PAGE_SHIFT;
		at[present] = idx[k];
		present += gtt_present(val);
		if (!gtt_present(val) && was != none) {
			to[idx[k]] = none;
			shadow_unmap_4k(vgpu, shadow, was);
		}
	}
	missing = gtt_map(vgpu, gfns, present, bus);
	for (size_t k = 0; k < present; k++) {
		u64 was = to[at[k]];
		bool hole = bus[k] == GVT_DMA_INVALID;

		to[at[k]] = hole ? none : (from[at[k]] & keep) | bus[k];
		if (was != none)
			shadow_unmap_4k(vgpu, shadow, was);
	}
	if (shadow->holes || missing)
		shadow_count_holes(vgpu, shadow);
	return missing < 0 ? missing : 0;
}

int shadow_fill_pt(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	const struct gtt_format *fmt = vgpu->gvt->gtt_format;
	const u64 keep = fmt->rows[GTT_PAGE_4K].keep, addr = fmt->addr;
	const u64 *restrict from = shadow->table->entries;
	u64 *restrict to = shadow->page.va;
	u64 gfns[GTT_ENTRIES], bus[GTT_ENTRIES], all = ~0ull;
	int missing;

	for (size_t i = 0; i < GTT_ENTRIES; i++) {
		all &= from[i];
		gfns[i] = (from[i] & addr) >> GVT_PAGE_SHIFT;
	}
	if (!gtt_present(all))
		return 1;
	missing = gtt_map(vgpu, gfns, GTT_ENTRIES, bus);
	for (size_t i = 0; i < GTT_ENTRIES; i++)
		to[i] = (from[i] & keep) | bus[i];
	if (!missing)
		return 0;
	for (size_t i = 0; i < GTT_ENTRIES; i++)
		if (bus[i] == GVT_DMA_INVALID)
			to[i] = shadow_nothing(vgpu, shadow);
	shadow_count_holes(vgpu, shadow);
	return missing < 0 ? missing : 0;
}

/* ---- 64 KiB pages ---- */

/*
 * Writes the 16 entries of a run. Each entry of a 64 KiB page is what it would be as a 4 KiB page.
 * Entries are replaced directly and do not lead to the 4 KiB scratch page between: the GPU may be
 * reading this table as one of 64 KiB pages.
 */
static void write_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run, u64 val,
		      const u64 *bus, bool large)
{
	u64 *to = &shadow->page.va[run * SHADOW_RUN];
	u64 was[SHADOW_RUN];

	memcpy(was, to, sizeof(was));
	for (unsigned int i = 0; i < SHADOW_RUN; i++)
		to[i] = bus[i] == GVT_DMA_INVALID
				? shadow_nothing(vgpu, shadow)
				: gtt_make(vgpu->gvt->gtt_format, GTT_PAGE_4K, val, bus[i]);
	shadow_put_run(vgpu, shadow, run, was);
	shadow->large = (shadow->large & ~BIT32(run)) | (u32)large << run;
}

static void clear_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run)
{
	u64 bus[SHADOW_RUN];

	for (unsigned int i = 0; i < SHADOW_RUN; i++)
		bus[i] = GVT_DMA_INVALID;
	write_run(vgpu, shadow, run, 0, bus, false);
}

static bool map_run(struct intel_vgpu *vgpu, u64 gfn, u64 *bus)
{
	dma_addr_t first = gtt_map_large(vgpu, gfn, KiB(64));

	for (u64 i = 0; i < SHADOW_RUN; i++)
		bus[i] = first + i * GVT_PAGE_SIZE;
	return first != GVT_DMA_INVALID;
}

void shadow_end_whole(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	struct gtt_shadow *parent = shadow->parent;
	unsigned int i = shadow->parent_at;

	if (!shadow->whole)
		return;
	shadow->whole = false;
	parent->page.va[i] = gtt_make(vgpu->gvt->gtt_format, GTT_TABLE, parent->table->entries[i],
				      shadow->page.bus);
	/* If the GPU still read it as a table of 64 KiB pages, new entries would map too much. */
	intel_vgpu_flush(vgpu);
}

static int set_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run)
{
	u64 val = shadow->table->entries[run * SHADOW_RUN], bus[SHADOW_RUN], gfns[SHADOW_RUN];
	int err;

	gfns[0] = shadow_gfn(vgpu, GTT_PAGE_64K, val);
	if (gtt_present(val) && map_run(vgpu, gfns[0], bus)) {
		write_run(vgpu, shadow, run, val, bus, true);
		return 0;
	}
	shadow_end_whole(vgpu, shadow);
	if (!gtt_present(val)) {
		clear_run(vgpu, shadow, run);
		return 0;
	}
	for (unsigned int i = 0; i < SHADOW_RUN; i++)
		gfns[i] = gfns[0] + i;
	err = gtt_map(vgpu, gfns, SHADOW_RUN, bus);
	write_run(vgpu, shadow, run, val, bus, false);
	return err < 0 ? err : 0;
}

static int set_pt_64k(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	u32 todo = 0;
	int first = 0;

	/* Only the first entry of a run has a meaning. */
	for (size_t k = 0; k < nr; k++)
		if (idx[k] % SHADOW_RUN == 0)
			todo |= BIT32(idx[k] / SHADOW_RUN);
	for (unsigned int run = 0; run < GTT_ENTRIES / SHADOW_RUN; run++)
		if (todo >> run & 1) {
			int err = set_run(vgpu, shadow, run);

			first = first ? first : err;
		}
	shadow_count_holes(vgpu, shadow);
	return first;
}

/* ---- both ---- */

int shadow_set_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	return shadow->kind == GTT_PT ? set_pt(vgpu, shadow, idx, nr)
				      : set_pt_64k(vgpu, shadow, idx, nr);
}

void shadow_clear_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i)
{
	u64 was = shadow->page.va[i];

	if (shadow->kind == GTT_PT_64K) {
		shadow_end_whole(vgpu, shadow);
		clear_run(vgpu, shadow, i / SHADOW_RUN);
	} else {
		shadow->page.va[i] = shadow_nothing(vgpu, shadow);
		shadow_unmap_4k(vgpu, shadow, was);
	}
}

/* The guest's frame behind entry @i of a leaf. */
static u64 gfn_at(const struct intel_vgpu *vgpu, const struct gtt_shadow *shadow, unsigned int i)
{
	const u64 *from = shadow->table->entries;

	if (shadow->kind != GTT_PT_64K)
		return shadow_gfn(vgpu, GTT_PAGE_4K, from[i]);
	return shadow_gfn(vgpu, GTT_PAGE_64K, from[ALIGN_DOWN(i, SHADOW_RUN)]) + i % SHADOW_RUN;
}

void shadow_invalidate_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u64 gfns[GTT_ENTRIES];
	u16 at[GTT_ENTRIES];
	bool valid[GTT_ENTRIES];
	size_t nr = 0;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++) {
		gfns[nr] = gfn_at(vgpu, shadow, i);
		at[nr] = i;
		nr += shadow->page.va[i] != shadow_nothing(vgpu, shadow);
	}
	intel_gvt_hypervisor_are_valid_gfns(vgpu, gfns, nr, valid);
	for (size_t k = 0; k < nr; k++)
		if (!valid[k] && shadow->page.va[at[k]] != shadow_nothing(vgpu, shadow))
			shadow_clear_leaf(vgpu, shadow, at[k]);
}
