/* SPDX-License-Identifier: MIT */
/* Shadows follow their tables: directories are set, shadows are made, and all are synced. */
#include <errno.h>

#include "core/gtt/shadow.h"

/* ---- the guest's tables ---- */

static struct gtt_table *new_table(struct intel_vgpu *vgpu)
{
	struct gtt_table *table = gtt_alloc(vgpu, sizeof(*table));

	if (table)
		table_add(vgpu, table);
	return table;
}

/* Becomes a user of guest frame @gfn as a table. A new one is read, and tracked if @tracked. */
static int get_table(struct intel_vgpu *vgpu, u64 gfn, bool tracked, struct gtt_table **out)
{
	int err = table_find(vgpu, gfn, out);

	if (err != -ENOENT)
		return err;
	if (!gtt_may_look(vgpu))
		return -E2BIG;
	*out = new_table(vgpu);
	if (!*out)
		return -ENOMEM;
	err = table_open(vgpu, *out, gfn, tracked);
	if (err)
		table_put(vgpu, *out);
	return err;
}

/* ---- directories ---- */

static bool is_large(enum gtt_form form)
{
	return form == GTT_PAGE_2M || form == GTT_PAGE_1G;
}

static int new_shadow(struct intel_vgpu *vgpu, struct gtt_table *table, enum gtt_kind kind,
		      struct gtt_shadow **out);

/* Makes the shadow of a table that means the same as the large page @val. */
static int split(struct intel_vgpu *vgpu, enum gtt_form form, u64 val, struct gtt_shadow **out)
{
	struct gtt_table *table = new_table(vgpu);
	int err;

	if (!table)
		return -ENOMEM;
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		table->entries[i] = gtt_split(vgpu->gvt->gtt_format, form, val, i);
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
	return shadow_get(vgpu, shadow_gfn(vgpu, form, val), gtt_below(shadow->kind, form), out);
}

static int set_entry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i)
{
	const struct gtt_format *fmt = vgpu->gvt->gtt_format;
	u64 val = shadow->table->entries[i], entry = shadow_nothing(vgpu, shadow);
	enum gtt_form form = gtt_form(fmt, shadow->kind, val, vgpu->gtt->ppgtt.ips);
	struct gtt_shadow *child = NULL;
	int err = 0;

	if (form == GTT_PAGE_2M) {
		u64 bus = gtt_map_large(vgpu, shadow_gfn(vgpu, form, val), MiB(2));

		if (bus != GVT_DMA_INVALID)
			entry = gtt_make(fmt, form, val, bus);
	}
	if (form != GTT_NONE && entry == shadow_nothing(vgpu, shadow)) {
		err = get_child(vgpu, shadow, form, val, &child);
		if (!err) {
			form = child->whole ? GTT_TABLE_64K : GTT_TABLE;
			entry = gtt_make(fmt, form, val, child->page.bus);
		}
	}
	shadow_put_entry(vgpu, shadow, i);
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
			shadow_put_entry(vgpu, shadow, idx[k]);
		else
			err = set_entry(vgpu, shadow, idx[k]);
		/* A frame that cannot be a table is the guest's mistake: the entry is a hole. */
		if (!first && err != -EFAULT && err != -EEXIST)
			first = err;
	}
	shadow_count_holes(vgpu, shadow);
	return first;
}

/* ---- all kinds ---- */

/* shadow_set_leaf(), for directories too. */
static int set(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	return shadow->child ? set_directory(vgpu, shadow, idx, nr)
			     : shadow_set_leaf(vgpu, shadow, idx, nr);
}

/*
 * Has entries @idx of @shadow lead to scratch, whatever its table's entries say. Those that should
 * lead elsewhere are holes now. Returns 0.
 */
static int clear(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr)
{
	for (size_t k = 0; k < nr; k++)
		if (shadow->child)
			shadow_put_entry(vgpu, shadow, idx[k]);
		else
			shadow_clear_leaf(vgpu, shadow, idx[k]);
	shadow_count_holes(vgpu, shadow);
	return 0;
}

/* set() for all holes. */
static int retry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u16 idx[GTT_ENTRIES];
	size_t nr = 0;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		if (shadow_is_hole(vgpu, shadow, i))
			idx[nr++] = shadow->kind == GTT_PT_64K ? ALIGN_DOWN(i, SHADOW_RUN) : i;
	return set(vgpu, shadow, idx, nr);
}

/* ---- what changed in a table ---- */

/* set() or clear(). */
typedef int set_fn(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr);

/* Directories first: the shadows that a directory's change makes have the new entries already. */
static int each_shadow(struct intel_vgpu *vgpu, struct gtt_table *table, const u16 *idx, size_t nr,
		       set_fn *fn)
{
	int first = 0;

	table->users++;
	for (int kind = GTT_KINDS - 1; kind >= 0; kind--) {
		struct gtt_shadow *shadow = table->shadow[kind];
		int err;

		if (!shadow)
			continue;
		shadow->refs++;
		err = fn(vgpu, shadow, idx, nr);
		shadow_put(vgpu, shadow);
		first = first ? first : err;
	}
	table_put(vgpu, table);
	return first;
}

/* Finds what changed in a table, and has its shadows follow by @fn. */
static int follow(struct intel_vgpu *vgpu, struct gtt_table *table, set_fn *fn)
{
	u16 idx[GTT_ENTRIES];
	int nr = table_compare(vgpu, table, idx);

	return nr > 0 ? each_shadow(vgpu, table, idx, (size_t)nr, fn) : nr;
}

/* Finds what changed in a table, once in an epoch, and sets its shadows' entries. */
static int sync_table(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	int err;

	if (!table_due(vgpu, table))
		return 0;
	err = follow(vgpu, table, set);
	if (err || !table_track_quiet(vgpu, table))
		return err;
	/* One more comparison finds what was written before tracking began. */
	return follow(vgpu, table, set);
}

int shadow_sync(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	int first, err;

	/* The kinds of tables bound the depth; the epoch makes it sync each shadow once. */
	if (shadow->epoch == vgpu->gtt->ppgtt.epoch)
		return 0;
	shadow->epoch = vgpu->gtt->ppgtt.epoch;
	first = sync_table(vgpu, shadow->table);
	if (shadow->holes) {
		err = retry(vgpu, shadow);
		first = first ? first : err;
	}
	for (unsigned int i = 0; shadow->child && i < GTT_ENTRIES; i++)
		if (shadow->child[i]) {
			err = shadow_sync(vgpu, shadow->child[i]);
			first = first ? first : err;
		}
	return first;
}

/* ---- new shadows ---- */

static int fill(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	int err = shadow->kind == GTT_PT ? shadow_fill_pt(vgpu, shadow) : 1;
	u16 idx[GTT_ENTRIES];

	if (err <= 0)
		return err;
	for (unsigned int i = 0; i < GTT_ENTRIES; i++) {
		shadow->page.va[i] = shadow_nothing(vgpu, shadow);
		idx[i] = i;
	}
	return set(vgpu, shadow, idx, GTT_ENTRIES);
}

static int new_shadow(struct intel_vgpu *vgpu, struct gtt_table *table, enum gtt_kind kind,
		      struct gtt_shadow **out)
{
	struct gtt_shadow *shadow;
	int err;

	if (!gtt_room_for_shadow(vgpu))
		return -ENOSPC;
	shadow = gtt_alloc(vgpu, sizeof(*shadow));
	if (!shadow)
		return -ENOMEM;
	if (kind >= GTT_PD)
		shadow->child = gtt_alloc(vgpu, SHADOW_CHILDREN_SIZE);
	if ((kind >= GTT_PD && !shadow->child) || gtt_get_page(vgpu, &shadow->page)) {
		shadow_free(vgpu, shadow);
		return -ENOMEM;
	}
	shadow->table = table;
	shadow->kind = kind;
	shadow->refs = 1;
	table->users++;
	table->shadow[kind] = shadow;
	vgpu->gtt->counts.shadows++;
	err = fill(vgpu, shadow);
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
	int err = get_table(vgpu, gfn, kind >= GTT_PD, &table);

	if (err)
		return err;
	if (table->shadow[kind]) {
		*out = table->shadow[kind];
		(*out)->refs++;
		shadow_end_whole(vgpu, *out);
	} else {
		/*
		 * A frame that was a leaf may be a directory now, while its old parents are not
		 * synced yet. Changed entries of the shadows that it has lead to scratch until
		 * these are synced: setting them here could lead from table to table without a
		 * bound.
		 */
		err = table_due(vgpu, table) ? follow(vgpu, table, clear) : 0;
		if (!err)
			err = new_shadow(vgpu, table, kind, out);
	}
	table_put(vgpu, table);
	return err;
}

/* ---- frames that changed hands ---- */

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
		if (!shadow->child[i] && shadow->page.va[i] != shadow_nothing(vgpu, shadow) &&
		    !all_valid(vgpu, shadow_gfn(vgpu, GTT_PAGE_2M, shadow->table->entries[i])))
			shadow_put_entry(vgpu, shadow, i);
}

/* Has entries lead to scratch whose frames are not the guest's any more. */
static void invalidate(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	if (shadow->child)
		invalidate_directory(vgpu, shadow);
	else
		shadow_invalidate_leaf(vgpu, shadow);
	shadow_count_holes(vgpu, shadow);
}

/* The guest has given a table's frame up: its entries are empty. */
static void lose(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	u16 idx[GTT_ENTRIES];
	size_t nr = table_lost(vgpu, table, idx);

	each_shadow(vgpu, table, idx, nr, set);
}

void ppgtt_invalidate(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache)
{
	struct gtt_table *table, *next;

	/* Changes of a directory make and free tables. The count keeps this one in the list. */
	for (table = vgpu->gtt->ppgtt.tables; table; table = next) {
		table->users++;
		if (table->track && !gtt_valid(vgpu, cache, table->gfn))
			lose(vgpu, table);
		for (unsigned int kind = 0; kind < GTT_KINDS; kind++) {
			struct gtt_shadow *shadow = table->shadow[kind];

			if (shadow)
				invalidate(vgpu, shadow);
		}
		next = table->next;
		table_put(vgpu, table);
	}
}
