/* SPDX-License-Identifier: MIT */
/*
 * Shadow tables. A shadow's entry follows from its table's entry alone, and shows what it holds:
 * scratch, a child (shadow->child), or a page with its reference. So an entry is set in the same
 * way whatever it held before, and may be set twice.
 */
#include <errno.h>
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/vgpu.h"

#define CHILDREN_SIZE (GTT_ENTRIES * sizeof(struct gtt_shadow *))

#define RUN 16u /* entries of a GTT_PT_64K that make one page */

static const struct gtt_format *format(const struct intel_vgpu *vgpu)
{
	return vgpu->gvt->gtt_format;
}

static u64 gfn_of(const struct intel_vgpu *vgpu, enum gtt_form form, u64 val)
{
	return gtt_addr(format(vgpu), form, val) >> GVT_PAGE_SHIFT;
}

static u64 nothing(const struct intel_vgpu *vgpu, const struct gtt_shadow *shadow)
{
	return vgpu->gtt->scratch_entry[shadow->kind];
}

/* True for an entry that leads to scratch and should lead elsewhere. */
static bool is_hole(const struct intel_vgpu *vgpu, const struct gtt_shadow *shadow, unsigned int i)
{
	unsigned int from = shadow->kind == GTT_PT_64K ? ALIGN_DOWN(i, RUN) : i;

	return gtt_present(shadow->table->entries[from]) &&
	       shadow->page.va[i] == nothing(vgpu, shadow);
}

static void count_holes(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u32 holes = 0;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		holes += is_hole(vgpu, shadow, i);
	vgpu->gtt->counts.holes += (s64)holes - shadow->holes;
	shadow->holes = holes;
}

/* ---- leaves of 4 KiB pages ---- */

static void unmap_4k(struct intel_vgpu *vgpu, const struct gtt_shadow *shadow, u64 entry)
{
	if (entry != nothing(vgpu, shadow))
		gtt_unmap(vgpu, gtt_addr(format(vgpu), GTT_PAGE_4K, entry));
}

static int set_pt(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	const struct gtt_format *fmt = format(vgpu);
	const u64 keep = fmt->rows[GTT_PAGE_4K].keep, none = nothing(vgpu, shadow);
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
			unmap_4k(vgpu, shadow, was);
		}
	}
	missing = gtt_map(vgpu, gfns, present, bus);
	for (size_t k = 0; k < present; k++) {
		u64 was = to[at[k]];
		bool hole = bus[k] == GVT_DMA_INVALID;

		to[at[k]] = hole ? none : (from[at[k]] & keep) | bus[k];
		if (was != none)
			unmap_4k(vgpu, shadow, was);
	}
	if (shadow->holes || missing)
		count_holes(vgpu, shadow);
	return missing < 0 ? missing : 0;
}

/* ---- leaves of 64 KiB pages ---- */

/* Gives back the references that the entries @held of a run hold. */
static void put_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run,
		    const u64 *held)
{
	if (shadow->large >> run & 1)
		gtt_unmap_large(vgpu, gtt_addr(format(vgpu), GTT_PAGE_4K, held[0]));
	else
		for (unsigned int i = 0; i < RUN; i++)
			unmap_4k(vgpu, shadow, held[i]);
}

/*
 * Writes the 16 entries of a run. Each entry of a 64 KiB page is what it would be as a 4 KiB page.
 * Entries are replaced directly and do not lead to the 4 KiB scratch page between: the GPU may be
 * reading this table as one of 64 KiB pages.
 */
static void write_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run, u64 val,
		      const u64 *bus, bool large)
{
	u64 *to = &shadow->page.va[run * RUN];
	u64 was[RUN];

	memcpy(was, to, sizeof(was));
	for (unsigned int i = 0; i < RUN; i++)
		to[i] = bus[i] == GVT_DMA_INVALID
				? nothing(vgpu, shadow)
				: gtt_make(format(vgpu), GTT_PAGE_4K, val, bus[i]);
	put_run(vgpu, shadow, run, was);
	shadow->large = (shadow->large & ~BIT32(run)) | (u32)large << run;
}

static void clear_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run)
{
	u64 bus[RUN];

	for (unsigned int i = 0; i < RUN; i++)
		bus[i] = GVT_DMA_INVALID;
	write_run(vgpu, shadow, run, 0, bus, false);
}

static bool map_run(struct intel_vgpu *vgpu, u64 gfn, u64 *bus)
{
	dma_addr_t first = gtt_map_large(vgpu, gfn, KiB(64));

	for (u64 i = 0; i < RUN; i++)
		bus[i] = first + i * GVT_PAGE_SIZE;
	return first != GVT_DMA_INVALID;
}

/*
 * Not all runs of the table are 64 KiB pages any more, or it has got a second parent. It is a valid
 * table of 4 KiB pages too. The parent's entry has to say so before anything in the table changes.
 */
static void end_whole(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	struct gtt_shadow *parent = shadow->parent;
	unsigned int i = shadow->parent_at;

	if (!shadow->whole)
		return;
	shadow->whole = false;
	parent->page.va[i] =
		gtt_make(format(vgpu), GTT_TABLE, parent->table->entries[i], shadow->page.bus);
	/* If the GPU still read it as a table of 64 KiB pages, new entries would map too much. */
	intel_vgpu_flush(vgpu);
}

static int set_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run)
{
	u64 val = shadow->table->entries[run * RUN], bus[RUN], gfns[RUN];
	int err;

	gfns[0] = gfn_of(vgpu, GTT_PAGE_64K, val);
	if (gtt_present(val) && map_run(vgpu, gfns[0], bus)) {
		write_run(vgpu, shadow, run, val, bus, true);
		return 0;
	}
	end_whole(vgpu, shadow);
	if (!gtt_present(val)) {
		clear_run(vgpu, shadow, run);
		return 0;
	}
	for (unsigned int i = 0; i < RUN; i++)
		gfns[i] = gfns[0] + i;
	err = gtt_map(vgpu, gfns, RUN, bus);
	write_run(vgpu, shadow, run, val, bus, false);
	return err < 0 ? err : 0;
}

static int set_pt_64k(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	u32 todo = 0;
	int first = 0;

	/* Only the first entry of a run has a meaning. */
	for (size_t k = 0; k < nr; k++)
		if (idx[k] % RUN == 0)
			todo |= BIT32(idx[k] / RUN);
	for (unsigned int run = 0; run < GTT_ENTRIES / RUN; run++)
		if (todo >> run & 1) {
			int err = set_run(vgpu, shadow, run);

			first = first ? first : err;
		}
	count_holes(vgpu, shadow);
	return first;
}

/* ---- directories ---- */

static bool is_large(enum gtt_form form)
{
	return form == GTT_PAGE_2M || form == GTT_PAGE_1G;
}

static void put_entry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i)
{
	u64 was = shadow->page.va[i];
	struct gtt_shadow *child = shadow->child[i];

	shadow->page.va[i] = nothing(vgpu, shadow);
	shadow->child[i] = NULL;
	if (child)
		shadow_put(vgpu, child);
	else if (was != nothing(vgpu, shadow))
		gtt_unmap_large(vgpu, gtt_addr(format(vgpu), GTT_PAGE_2M, was));
}

static int new_shadow(struct intel_vgpu *vgpu, struct gtt_table *table, enum gtt_kind kind,
		      struct gtt_shadow **out);

/* Makes the shadow of a table that means the same as the large page @val. */
static int split(struct intel_vgpu *vgpu, enum gtt_form form, u64 val, struct gtt_shadow **out)
{
	struct gtt_table *table = table_new(vgpu);
	int err;

	if (!table)
		return -ENOMEM;
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		table->entries[i] = gtt_split(format(vgpu), form, val, i);
	err = new_shadow(vgpu, table, form == GTT_PAGE_1G ? GTT_PD : GTT_PT, out);
	table_put(vgpu, table);
	/* Nothing of it could be mapped: no table is needed. */
	if (!err && (*out)->holes == GTT_ENTRIES) {
		shadow_put(vgpu, *out);
		*out = NULL;
		err = -EFAULT;
	}
	return err;
}

static int get_child(struct intel_vgpu *vgpu, const struct gtt_shadow *shadow, enum gtt_form form,
		     u64 val, struct gtt_shadow **out)
{
	if (is_large(form))
		return split(vgpu, form, val, out);
	return shadow_get(vgpu, gfn_of(vgpu, form, val), gtt_below(shadow->kind, form), out);
}

static int set_entry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i)
{
	const struct gtt_format *fmt = format(vgpu);
	u64 val = shadow->table->entries[i], entry = nothing(vgpu, shadow);
	enum gtt_form form = gtt_form(fmt, shadow->kind, val, vgpu->gtt->ppgtt.ips);
	struct gtt_shadow *child = NULL;
	int err = 0;

	if (form == GTT_PAGE_2M) {
		u64 bus = gtt_map_large(vgpu, gfn_of(vgpu, form, val), MiB(2));

		if (bus != GVT_DMA_INVALID)
			entry = gtt_make(fmt, form, val, bus);
	}
	if (form != GTT_NONE && entry == nothing(vgpu, shadow)) {
		err = get_child(vgpu, shadow, form, val, &child);
		if (!err) {
			form = child->whole ? GTT_TABLE_64K : GTT_TABLE;
			entry = gtt_make(fmt, form, val, child->page.bus);
		}
	}
	put_entry(vgpu, shadow, i);
	shadow->page.va[i] = entry;
	shadow->child[i] = child;
	if (child) {
		child->parent = shadow;
		child->parent_at = i;
	}
	return err;
}

static int set_directory(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx,
			 size_t nr)
{
	int first = 0;

	for (size_t k = 0; k < nr; k++) {
		int err = 0;

		/* There is no room: the remaining entries lead to scratch, not where they did. */
		if (first == -ENOMEM || first == -ENOSPC || first == -E2BIG)
			put_entry(vgpu, shadow, idx[k]);
		else
			err = set_entry(vgpu, shadow, idx[k]);
		/* A frame that cannot be a table is the guest's mistake: the entry is a hole. */
		if (!first && err != -EFAULT && err != -EEXIST)
			first = err;
	}
	count_holes(vgpu, shadow);
	return first;
}

int shadow_set(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	switch (shadow->kind) {
	case GTT_PT:
		return set_pt(vgpu, shadow, idx, nr);
	case GTT_PT_64K:
		return set_pt_64k(vgpu, shadow, idx, nr);
	default:
		return set_directory(vgpu, shadow, idx, nr);
	}
}

static void clear(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i)
{
	u64 was = shadow->page.va[i];

	if (shadow->child) {
		put_entry(vgpu, shadow, i);
	} else if (shadow->kind == GTT_PT_64K) {
		end_whole(vgpu, shadow);
		clear_run(vgpu, shadow, i / RUN);
	} else {
		shadow->page.va[i] = nothing(vgpu, shadow);
		unmap_4k(vgpu, shadow, was);
	}
}

int shadow_clear(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	for (size_t k = 0; k < nr; k++)
		clear(vgpu, shadow, idx[k]);
	count_holes(vgpu, shadow);
	return 0;
}

int shadow_retry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u16 idx[GTT_ENTRIES];
	size_t nr = 0;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		if (is_hole(vgpu, shadow, i))
			idx[nr++] = shadow->kind == GTT_PT_64K ? ALIGN_DOWN(i, RUN) : i;
	return shadow_set(vgpu, shadow, idx, nr);
}

/* ---- life ---- */

static bool make_room(struct intel_vgpu *vgpu)
{
	while (vgpu->gtt->counts.shadows >= vgpu->gtt->ppgtt.quota)
		if (!ppgtt_reclaim(vgpu))
			return false;
	return true;
}

static int get_page(struct intel_vgpu *vgpu, struct gtt_page *page)
{
	int err = gtt_pool_get(vgpu, page);

	/* First pages that wait to be given back, then those of PPGTTs that are not in use. */
	if (err == -ENOMEM)
		gtt_release_all(vgpu);
	do
		err = err ? gtt_pool_get(vgpu, page) : 0;
	while (err == -ENOMEM && ppgtt_reclaim(vgpu));
	return err;
}

static int fill(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u16 idx[GTT_ENTRIES];

	for (unsigned int i = 0; i < GTT_ENTRIES; i++) {
		shadow->page.va[i] = nothing(vgpu, shadow);
		idx[i] = i;
	}
	return shadow_set(vgpu, shadow, idx, GTT_ENTRIES);
}

/* Sets all entries of a new leaf. If all are present, there is a short way. */
static int fill_pt(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	const struct gtt_format *fmt = format(vgpu);
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
		return fill(vgpu, shadow);
	missing = gtt_map(vgpu, gfns, GTT_ENTRIES, bus);
	for (size_t i = 0; i < GTT_ENTRIES; i++)
		to[i] = (from[i] & keep) | bus[i];
	if (!missing)
		return 0;
	for (size_t i = 0; i < GTT_ENTRIES; i++)
		if (bus[i] == GVT_DMA_INVALID)
			to[i] = nothing(vgpu, shadow);
	count_holes(vgpu, shadow);
	return missing < 0 ? missing : 0;
}

static void free_shadow(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	vgpu_free(vgpu, shadow->child, CHILDREN_SIZE);
	vgpu_free(vgpu, shadow, sizeof(*shadow));
}

static int new_shadow(struct intel_vgpu *vgpu, struct gtt_table *table, enum gtt_kind kind,
		      struct gtt_shadow **out)
{
	struct gtt_shadow *shadow;
	int err;

	if (!make_room(vgpu))
		return -ENOSPC;
	shadow = gtt_alloc(vgpu, sizeof(*shadow));
	if (!shadow)
		return -ENOMEM;
	if (kind >= GTT_PD)
		shadow->child = gtt_alloc(vgpu, CHILDREN_SIZE);
	if ((kind >= GTT_PD && !shadow->child) || get_page(vgpu, &shadow->page)) {
		free_shadow(vgpu, shadow);
		return -ENOMEM;
	}
	shadow->table = table;
	shadow->kind = kind;
	shadow->refs = 1;
	table->users++;
	table->shadow[kind] = shadow;
	vgpu->gtt->counts.shadows++;
	err = kind == GTT_PT ? fill_pt(vgpu, shadow) : fill(vgpu, shadow);
	if (err) {
		shadow_put(vgpu, shadow);
		return err;
	}
	shadow->whole = kind == GTT_PT_64K && shadow->large == ~0u;
	*out = shadow;
	return 0;
}

int shadow_get(struct intel_vgpu *vgpu, u64 gfn, enum gtt_kind kind, struct gtt_shadow **out)
{
	struct gtt_table *table;
	int err = table_get(vgpu, gfn, kind >= GTT_PD, &table);

	if (err)
		return err;
	if (table->shadow[kind]) {
		*out = table->shadow[kind];
		(*out)->refs++;
		end_whole(vgpu, *out);
	} else {
		err = table_refresh(vgpu, table);
		if (!err)
			err = new_shadow(vgpu, table, kind, out);
	}
	table_put(vgpu, table);
	return err;
}

void shadow_put(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	if (!shadow || --shadow->refs)
		return;
	vgpu->gtt->counts.holes -= shadow->holes;
	shadow->table->shadow[shadow->kind] = NULL;
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		if (shadow->kind == GTT_PT)
			unmap_4k(vgpu, shadow, shadow->page.va[i]);
		else if (shadow->child)
			put_entry(vgpu, shadow, i);
		else if (i % RUN == 0)
			put_run(vgpu, shadow, i / RUN, &shadow->page.va[i]);
	gtt_put_page(vgpu, &shadow->page);
	table_put(vgpu, shadow->table);
	vgpu->gtt->counts.shadows--;
	free_shadow(vgpu, shadow);
}

/* ---- frames that changed hands ---- */

/* The guest's frame behind entry @i of a leaf. */
static u64 gfn_at(const struct intel_vgpu *vgpu, const struct gtt_shadow *shadow, unsigned int i)
{
	const u64 *from = shadow->table->entries;

	if (shadow->kind != GTT_PT_64K)
		return gfn_of(vgpu, GTT_PAGE_4K, from[i]);
	return gfn_of(vgpu, GTT_PAGE_64K, from[ALIGN_DOWN(i, RUN)]) + i % RUN;
}

static void invalidate_leaf(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u64 gfns[GTT_ENTRIES];
	u16 at[GTT_ENTRIES];
	bool valid[GTT_ENTRIES];
	size_t nr = 0;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++) {
		gfns[nr] = gfn_at(vgpu, shadow, i);
		at[nr] = i;
		nr += shadow->page.va[i] != nothing(vgpu, shadow);
	}
	intel_gvt_hypervisor_are_valid_gfns(vgpu, gfns, nr, valid);
	for (size_t k = 0; k < nr; k++)
		if (!valid[k] && shadow->page.va[at[k]] != nothing(vgpu, shadow))
			clear(vgpu, shadow, at[k]);
}

static bool all_valid(struct intel_vgpu *vgpu, u64 gfn)
{
	u64 gfns[GTT_ENTRIES];
	bool valid[GTT_ENTRIES], all = true;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		gfns[i] = gfn + i;
	intel_gvt_hypervisor_are_valid_gfns(vgpu, gfns, GTT_ENTRIES, valid);
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		all &= valid[i];
	return all;
}

/* Looks at large pages only; the frames of tables are looked at with the tables. */
static void invalidate_directory(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		if (!shadow->child[i] && shadow->page.va[i] != nothing(vgpu, shadow) &&
		    !all_valid(vgpu, gfn_of(vgpu, GTT_PAGE_2M, shadow->table->entries[i])))
			put_entry(vgpu, shadow, i);
}

void shadow_invalidate(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	if (shadow->child)
		invalidate_directory(vgpu, shadow);
	else
		invalidate_leaf(vgpu, shadow);
	count_holes(vgpu, shadow);
}
