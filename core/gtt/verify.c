/* SPDX-License-Identifier: MIT */
/*
 * Compares our tables with the guest's. Both are walked anew, by address alone: pointers between
 * shadows are not used, and each frame is mapped once more to learn its bus address.
 *
 * The guest may be running, and may change a table between the sync and the comparison. So a
 * difference counts if the same one is found again after another sync.
 */
#include "core/gtt/by_bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/gtt/state.h"
#include "core/vgpu.h"

#define TRIES 8

struct verify {
	struct intel_vgpu *vgpu;
	struct gvt_verify *result;
	struct gtt_map_of_tables map;
	/* Pairs of tables that were compared: guest's, ours, and as which kind. An open hash. */
	struct pair {
		u64 guest, shadow;
	} * seen;
	size_t nr_seen, mask;
};

#define NOTHING (~0ull) /* in place of a guest's table: all must lead to scratch */

static int grow(struct verify *v)
{
	struct verify wider = { .mask = v->mask * 2 + 1 };

	wider.seen = calloc(wider.mask + 1, sizeof(*wider.seen));
	if (!wider.seen)
		return -ENOMEM;
	for (size_t i = 0; v->seen && i <= v->mask; i++) {
		size_t at = v->seen[i].guest * 31 + v->seen[i].shadow / 8;

		if (!v->seen[i].shadow)
			continue;
		while (wider.seen[at & wider.mask].shadow)
			at++;
		wider.seen[at & wider.mask] = v->seen[i];
	}
	free(v->seen);
	v->seen = wider.seen;
	v->mask = wider.mask;
	return 0;
}

/* Returns 1 if the pair was compared already; otherwise notes it and returns 0, or an errno. */
static int seen(struct verify *v, u64 guest, u64 shadow, enum gtt_kind kind, bool runs)
{
	struct pair pair = { guest | (guest == NOTHING ? 0 : kind), shadow | kind << 1 | runs };
	size_t at = pair.guest * 31 + pair.shadow / 8;
	int err;

	for (; v->seen[at & v->mask].shadow; at++)
		if (!memcmp(&v->seen[at & v->mask], &pair, sizeof(pair)))
			return 1;
	v->seen[at & v->mask] = pair;
	if (++v->nr_seen * 2 <= v->mask)
		return 0;
	err = grow(v);
	return err;
}

static int differ(struct verify *v, const char *what, u64 addr, u64 guest, u64 shadow)
{
	if (!v->result->what) {
		v->result->what = what;
		v->result->addr = addr;
		v->result->guest = guest;
		v->result->shadow = shadow;
	}
	return -EILSEQ;
}

/* Compares entries @guest, each of form @form, with the pages @bus that ours lead to. */
static int same_pages(struct verify *v, const u64 *guest, const u64 *gfns, const u64 *shadow,
		      const u64 *bus, enum gtt_form form, size_t nr, u64 addr)
{
	const u64 keep = v->vgpu->gvt->gtt_format->rows[form].keep;
	u64 is[GTT_ENTRIES], none = v->vgpu->gtt->scratch_page.bus;
	int err = gtt_map(v->vgpu, gfns, nr, is);

	err = err < 0 ? err : 0;
	for (size_t i = 0; !err && i < nr; i++) {
		u64 expect = gtt_present(guest[i]) && is[i] != GVT_DMA_INVALID ? is[i] : none;

		if (bus[i] != expect)
			err = differ(v, "leads elsewhere", addr + i * GVT_PAGE_SIZE, guest[i],
				     shadow[i]);
		else if (expect != none && (shadow[i] ^ guest[i]) & keep)
			err = differ(v, "has other attributes", addr + i * GVT_PAGE_SIZE, guest[i],
				     shadow[i]);
	}
	for (size_t i = 0; i < nr; i++)
		if (is[i] != GVT_DMA_INVALID)
			gtt_unmap(v->vgpu, is[i]);
	gtt_release_all(v->vgpu);
	v->result->entries += nr;
	return err;
}

/* Compares a leaf, or a large page of the guest's; @guest: its entries, as 4 KiB pages. */
static int same_leaf(struct verify *v, const u64 *guest, u64 bus, bool runs, u64 addr)
{
	const struct gtt_format *fmt = v->vgpu->gvt->gtt_format;
	const u64 *ours = gtt_tables_find(&v->map, bus);
	u64 gfns[GTT_ENTRIES], to[GTT_ENTRIES];

	if (!ours)
		return differ(v, "leads to no table of ours", addr, guest[0], bus);
	for (u64 i = 0; i < GTT_ENTRIES; i++) {
		gfns[i] = gtt_addr(fmt, GTT_PAGE_4K, guest[i]) >> GVT_PAGE_SHIFT;
		to[i] = runs ? gtt_addr(fmt, GTT_PAGE_64K, ours[ALIGN_DOWN(i, 16)]) +
					i % 16 * GVT_PAGE_SIZE
			     : gtt_addr(fmt, GTT_PAGE_4K, ours[i]);
	}
	return same_pages(v, guest, gfns, ours, to, GTT_PAGE_4K, GTT_ENTRIES, addr);
}

/* Compares the guest's 2 MiB page @guest with ours, which may be a table of small pages. */
static int same_2m(struct verify *v, u64 guest, u64 shadow, u64 addr)
{
	const struct gtt_format *fmt = v->vgpu->gvt->gtt_format;
	u64 small[GTT_ENTRIES], gfns[GTT_ENTRIES], to[GTT_ENTRIES], as[GTT_ENTRIES];

	for (unsigned int i = 0; i < GTT_ENTRIES; i++) {
		small[i] = gtt_split(fmt, GTT_PAGE_2M, guest, i);
		gfns[i] = gtt_addr(fmt, GTT_PAGE_4K, small[i]) >> GVT_PAGE_SHIFT;
		as[i] = gtt_split(fmt, GTT_PAGE_2M, shadow, i);
		to[i] = gtt_addr(fmt, GTT_PAGE_4K, as[i]);
	}
	if (gtt_form(fmt, GTT_PD, shadow, true) == GTT_PAGE_2M)
		return same_pages(v, small, gfns, as, to, GTT_PAGE_4K, GTT_ENTRIES, addr);
	return same_leaf(v, small, gtt_addr(fmt, GTT_TABLE, shadow), false, addr);
}

static int same_table(struct verify *v, u64 gfn, enum gtt_kind kind, u64 bus, bool runs, u64 addr);

static int same_entry(struct verify *v, enum gtt_kind kind, u64 guest, u64 shadow, u64 addr)
{
	const struct gtt_format *fmt = v->vgpu->gvt->gtt_format;
	enum gtt_form is = gtt_form(fmt, kind, guest, v->vgpu->gtt->ppgtt.ips);
	enum gtt_form as = gtt_form(fmt, kind, shadow, true);
	u64 gfn = gtt_addr(fmt, is, guest) >> GVT_PAGE_SHIFT, to = gtt_addr(fmt, as, shadow);
	u64 probe;

	if (as == GTT_NONE || as == GTT_PAGE_1G)
		return differ(v, "is not as we make them", addr, guest, shadow);
	if (is == GTT_PAGE_2M)
		return same_2m(v, guest, shadow, addr);
	if (as == GTT_PAGE_2M)
		return differ(v, "is a large page", addr, guest, shadow);
	if (is == GTT_PAGE_1G) {
		const u64 *ours = gtt_tables_find(&v->map, to);
		int err = ours ? 0 : differ(v, "leads to no table of ours", addr, guest, shadow);

		for (unsigned int i = 0; !err && i < GTT_ENTRIES; i++)
			err = same_2m(v, gtt_split(fmt, is, guest, i), ours[i], addr + i * MiB(2));
		return err;
	}
	/* A table that is no memory counts as empty. */
	if (is == GTT_NONE ||
	    intel_gvt_hypervisor_read_gpa(v->vgpu, gfn << GVT_PAGE_SHIFT, &probe, sizeof(probe)))
		return same_table(v, NOTHING, gtt_below(kind, GTT_TABLE), to, false, addr);
	return same_table(v, gfn, gtt_below(kind, is), to, as == GTT_TABLE_64K, addr);
}

static int same_table(struct verify *v, u64 gfn, enum gtt_kind kind, u64 bus, bool runs, u64 addr)
{
	const u64 *ours = gtt_tables_find(&v->map, bus);
	u64 guest[GTT_ENTRIES] = { 0 };
	int err = seen(v, gfn << GVT_PAGE_SHIFT, bus, kind, runs);

	if (err)
		return err < 0 ? err : 0;
	if (!ours)
		return differ(v, "leads to no table of ours", addr, gfn << GVT_PAGE_SHIFT, bus);
	v->result->tables++;
	if (gfn != NOTHING)
		intel_gvt_hypervisor_read_gpa(v->vgpu, gfn << GVT_PAGE_SHIFT, guest, sizeof(guest));
	if (kind == GTT_PT_64K)
		for (u64 i = 0; i < GTT_ENTRIES; i++) {
			u64 first = guest[ALIGN_DOWN(i, 16)];

			guest[i] = ALIGN_DOWN(first, KiB(64)) + (i % 16) * GVT_PAGE_SIZE;
			guest[i] |= first % GVT_PAGE_SIZE;
		}
	if (kind <= GTT_PT_64K)
		return same_leaf(v, guest, bus, runs, addr);
	for (u64 i = 0; !err && i < GTT_ENTRIES; i++)
		err = same_entry(v, kind, guest[i], ours[i], addr + (i << gtt_shift(kind)));
	v->result->entries += GTT_ENTRIES;
	return err;
}

static int same_ggtt(struct verify *v)
{
	const struct gtt_format *fmt = v->vgpu->gvt->gtt_format;
	int err = 0;

	for (u32 leaf = 0; !err && leaf < GGTT_LEAVES; leaf++) {
		u64 guest[GTT_ENTRIES], gfns[GTT_ENTRIES], ours[GTT_ENTRIES], to[GTT_ENTRIES];

		memcpy(guest, v->vgpu->ggtt + leaf * GTT_ENTRIES, sizeof(guest));
		for (u32 i = 0; i < GTT_ENTRIES; i++) {
			gfns[i] = gtt_addr(fmt, GTT_GGTT, guest[i]) >> GVT_PAGE_SHIFT;
			ours[i] = vgpu_ggtt_entry(v->vgpu, leaf * GTT_ENTRIES + i);
			to[i] = gtt_addr(fmt, GTT_GGTT, ours[i]);
		}
		err = same_pages(v, guest, gfns, ours, to, GTT_GGTT, GTT_ENTRIES,
				 (u64)leaf * MiB(2));
		v->result->tables++;
	}
	return err;
}

static int try_ggtt(struct verify *v)
{
	/* One commit looks for a bounded number of missing frames: do as many as look for all. */
	u64 commits = 1 + v->vgpu->gtt->counts.holes / (GGTT_RETRY_BATCH - GTT_ENTRIES);
	int err = 0;

	while (!err && commits--)
		err = vgpu_ggtt_commit(v->vgpu);
	return err ? err : same_ggtt(v);
}

static int try_ppgtt(struct verify *v, struct vgpu_mm *mm)
{
	struct intel_vgpu *vgpu = v->vgpu;
	int err = vgpu_ppgtt_sync(vgpu, mm);

	if (err)
		return err;
	v->mask = 255;
	v->nr_seen = 0;
	v->seen = NULL;
	err = gtt_tables_map(vgpu, &v->map);
	if (!err)
		err = grow(v);
	for (unsigned int i = 0; !err && i < (mm->root->levels == 4 ? 1u : 4u); i++) {
		enum gtt_kind kind = mm->root->levels == 4 ? GTT_PML4 : GTT_PD;

		if (mm->top[i])
			err = same_table(v, mm->root->pdp[i] >> GVT_PAGE_SHIFT, kind,
					 vgpu_ppgtt_root(vgpu, mm, i), false, GiB(1) * i);
	}
	gtt_tables_unmap(&v->map);
	free(v->seen);
	return err;
}

static int try_once(struct verify *v, struct vgpu_mm *mm)
{
	int err;

	if (!mm)
		return try_ggtt(v);
	/* The mappings made for comparing must not free the shadow that is compared. */
	mm->pins++;
	err = try_ppgtt(v, mm);
	mm->pins--;
	return err;
}

int intel_vgpu_verify(struct intel_vgpu *vgpu, const struct gvt_root *root,
		      struct gvt_verify *result)
{
	struct vgpu_mm *mm = root ? vgpu_ppgtt_find(vgpu, root->pdp, root->levels) : NULL;
	struct gvt_verify before = { 0 };

	*result = before;
	if (!gtt_ready(vgpu))
		return -EOPNOTSUPP;
	if (root && !mm)
		return -ENOENT;
	for (unsigned int n = 1; n <= TRIES; n++) {
		struct verify v = { .vgpu = vgpu, .result = result };
		int err;

		*result = (struct gvt_verify){ .tries = n };
		err = try_once(&v, mm);
		if (err != -EILSEQ)
			return err;
		if (before.what && before.addr == result->addr && before.guest == result->guest &&
		    before.shadow == result->shadow)
			return -EILSEQ;
		before = *result;
	}
	/* A different difference each time: the guest keeps changing its tables. */
	return -EAGAIN;
}
