/* SPDX-License-Identifier: MIT */
/* The commit: the shadow of the GGTT is brought after the guest's table. */
#include <errno.h>
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/gtt/state.h"
#include "core/vgpu.h"

#define LINE	    8u /* entries in a cache line */
#define LEAVES_SIZE (GGTT_LEAVES * sizeof(struct ggtt_leaf))
#define LEAF_SIZE   (GTT_ENTRIES * sizeof(u64))

static bool all_alike(const u64 *entries, u64 val)
{
	return entries[0] == val && !memcmp(entries, entries + 1, LEAF_SIZE - sizeof(u64));
}

static u64 gfn_of(const struct intel_vgpu *vgpu, u64 entry)
{
	return gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, entry) >> GVT_PAGE_SHIFT;
}

/*
 * Makes the shadow of @nr entries @guest, each with a reference of its own. @holes receives how
 * many lead to scratch though they are present. Returns 0, or the errno that kept all from being
 * mapped.
 */
static int map_entries(struct intel_vgpu *vgpu, const u64 *guest, size_t nr, u64 *shadow,
		       size_t *holes)
{
	const struct gtt_format *fmt = vgpu->gvt->gtt_format;
	u64 gfns[GTT_ENTRIES], bus[GTT_ENTRIES];
	u16 at[GTT_ENTRIES];
	size_t present = 0;
	int err;

	*holes = 0;
	if (!nr)
		return 0;
	for (size_t i = 0; i < nr; i++) {
		shadow[i] = gtt_scratch(vgpu);
		gfns[present] = gfn_of(vgpu, guest[i]);
		at[present] = i;
		present += gtt_present(guest[i]);
	}
	err = gtt_map(vgpu, gfns, present, bus);
	for (size_t i = 0; i < present; i++)
		if (bus[i] == GVT_DMA_INVALID)
			(*holes)++;
		else
			shadow[at[i]] = gtt_make(fmt, GTT_GGTT, guest[at[i]], bus[i]);
	return err < 0 ? err : 0;
}

static void unmap_entry(struct intel_vgpu *vgpu, u64 shadow)
{
	if (shadow && shadow != gtt_scratch(vgpu))
		gtt_unmap(vgpu, gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, shadow));
}

static void add_holes(struct intel_vgpu *vgpu, struct ggtt_leaf *leaf, int n)
{
	leaf->holes += n;
	vgpu->gtt->counts.holes += n;
}

/* Sets all of the leaf's entries, which are alike, to @val. */
static int set_alike(struct intel_vgpu *vgpu, struct ggtt_leaf *leaf, u64 val)
{
	u64 shadow, was = leaf->shadow;
	size_t holes;
	int err = map_entries(vgpu, &val, 1, &shadow, &holes);

	add_holes(vgpu, leaf, (int)holes - leaf->holes);
	leaf->guest = val;
	leaf->shadow = shadow;
	ggtt_push_leaf(vgpu, leaf - vgpu->gtt->ggtt.leaves);
	unmap_entry(vgpu, was);
	vgpu->gtt->counts.ggtt_changes += GTT_ENTRIES;
	return err;
}

/* Sets entries @idx of a leaf with its own entries to @vals, except where an alias does not go. */
static int set_entries(struct intel_vgpu *vgpu, u32 nr_leaf, u16 *idx, const u64 *vals, size_t nr)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	struct ggtt_entries *own = leaf->own;
	u64 guest[GTT_ENTRIES], shadow[GTT_ENTRIES];
	size_t holes, before = 0, changed = 0;
	int err;

	nr = aperture_drop(vgpu, nr_leaf, idx, nr);
	if (!nr)
		return 0;
	for (size_t i = 0; i < nr; i++) {
		guest[i] = vals[idx[i]];
		before +=
			gtt_present(own->guest[idx[i]]) && own->shadow[idx[i]] == gtt_scratch(vgpu);
	}
	err = map_entries(vgpu, guest, nr, shadow, &holes);
	for (size_t i = 0; i < nr; i++) {
		u64 was = own->shadow[idx[i]];

		own->guest[idx[i]] = guest[i];
		own->shadow[idx[i]] = shadow[i];
		if (shadow[i] != was)
			idx[changed++] = idx[i];
		shadow[i] = was;
	}
	/* A hole that was tried again is mostly a hole again, and no change to the GPU. */
	ggtt_push(vgpu, nr_leaf, idx, changed);
	for (size_t i = 0; i < nr; i++)
		unmap_entry(vgpu, shadow[i]);
	add_holes(vgpu, leaf, (int)holes - (int)before);
	leaf->realias = true;
	return err;
}

/* Gives the leaf entries of its own, @vals. */
static int part(struct intel_vgpu *vgpu, struct ggtt_leaf *leaf, const u64 *vals)
{
	struct ggtt_entries *own = gtt_alloc(vgpu, sizeof(*own));
	size_t holes;
	int err;

	if (!own)
		return -ENOMEM;
	memcpy(own->guest, vals, LEAF_SIZE);
	err = map_entries(vgpu, own->guest, GTT_ENTRIES, own->shadow, &holes);
	leaf->own = own;
	ggtt_push_leaf(vgpu, leaf - vgpu->gtt->ggtt.leaves);
	unmap_entry(vgpu, leaf->shadow);
	leaf->realias = true;
	add_holes(vgpu, leaf, (int)holes - leaf->holes);
	vgpu->gtt->ggtt.nr_own++;
	vgpu->gtt->counts.ggtt_changes += GTT_ENTRIES;
	return err;
}

/* The reverse of part(), when all entries have become the same. */
static void unite(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	struct ggtt_entries *own = leaf->own;
	int holes = own->shadow[0] == gtt_scratch(vgpu) && gtt_present(own->guest[0]);

	if (aperture_forget(vgpu, nr_leaf))
		return;
	/* If the frame came or went meanwhile, only some of the entries may lead to it. */
	if (memcmp(own->shadow, own->shadow + 1, LEAF_SIZE - sizeof(u64)))
		return;
	add_holes(vgpu, leaf, holes - leaf->holes);
	leaf->guest = own->guest[0];
	leaf->shadow = own->shadow[0];
	leaf->own = NULL;
	leaf->realias = false;
	ggtt_push_leaf(vgpu, nr_leaf);
	for (size_t i = 1; i < GTT_ENTRIES; i++)
		unmap_entry(vgpu, own->shadow[i]);
	vgpu->gtt->ggtt.nr_own--;
	vgpu_free(vgpu, own, sizeof(*own));
}

/* The guest may be writing to @live: each line is copied once, and only the copy is used. */
static size_t find_changes(const u64 *live, const struct ggtt_entries *own, u64 *vals, u16 *idx)
{
	size_t nr = 0;

	for (size_t at = 0; at < GTT_ENTRIES; at += LINE) {
		if (!memcmp(live + at, own->guest + at, LINE * sizeof(u64)))
			continue;
		memcpy(vals + at, live + at, LINE * sizeof(u64));
		__asm__ volatile("" ::: "memory");
		for (size_t i = at; i < at + LINE; i++)
			if (vals[i] != own->guest[i])
				idx[nr++] = i;
	}
	return nr;
}

static size_t find_holes(const struct intel_vgpu *vgpu, const struct ggtt_entries *own, u64 *vals,
			 u16 *idx)
{
	size_t nr = 0;

	for (size_t i = 0; i < GTT_ENTRIES; i++)
		if (gtt_present(own->guest[i]) && own->shadow[i] == gtt_scratch(vgpu)) {
			vals[i] = own->guest[i];
			idx[nr++] = i;
		}
	return nr;
}

static void invalidate_own(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	struct ggtt_entries *own = leaf->own;
	u64 gfns[GTT_ENTRIES];
	bool valid[GTT_ENTRIES];
	u16 idx[GTT_ENTRIES];
	size_t nr = 0, mapped = 0, can;

	for (size_t i = 0; i < GTT_ENTRIES; i++) {
		gfns[mapped] = gfn_of(vgpu, own->guest[i]);
		idx[mapped] = i;
		mapped += own->shadow[i] != gtt_scratch(vgpu);
	}
	intel_gvt_hypervisor_are_valid_gfns(vgpu, gfns, mapped, valid);
	for (size_t k = 0; k < mapped; k++)
		if (!valid[k])
			idx[nr++] = idx[k];
	can = aperture_drop(vgpu, nr_leaf, idx, nr);
	for (size_t i = 0; i < can; i++) {
		gfns[i] = own->shadow[idx[i]];
		own->shadow[idx[i]] = gtt_scratch(vgpu);
	}
	ggtt_push(vgpu, nr_leaf, idx, can);
	for (size_t i = 0; i < can; i++)
		unmap_entry(vgpu, gfns[i]);
	add_holes(vgpu, leaf, can);
	leaf->gone = can != nr;
}

static int commit_own(struct intel_vgpu *vgpu, u32 nr_leaf, const u64 *live, bool retry)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	u64 vals[GTT_ENTRIES];
	u16 idx[GTT_ENTRIES];
	size_t nr = 0;
	int err = 0;

	if (leaf->gone)
		invalidate_own(vgpu, nr_leaf);
	if (leaf->holes && retry) {
		nr = find_holes(vgpu, leaf->own, vals, idx);
		err = set_entries(vgpu, nr_leaf, idx, vals, nr);
	}
	/* First all at once: most leaves have not changed. */
	if (!memcmp(live, leaf->own->guest, LEAF_SIZE)) {
		nr = 0;
	} else {
		int again;

		nr = find_changes(live, leaf->own, vals, idx);
		vgpu->gtt->counts.ggtt_changes += nr;
		again = set_entries(vgpu, nr_leaf, idx, vals, nr);
		err = err ? err : again;
	}
	if (nr && all_alike(leaf->own->guest, leaf->own->guest[0]))
		unite(vgpu, nr_leaf);
	if (leaf->own && leaf->realias)
		aperture_follow(vgpu, nr_leaf);
	return err;
}

static int commit_leaf(struct intel_vgpu *vgpu, u32 nr_leaf, bool retry)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	const u64 *live = vgpu->ggtt + nr_leaf * GTT_ENTRIES;
	u64 vals[GTT_ENTRIES];
	int err;

	if (leaf->own)
		return commit_own(vgpu, nr_leaf, live, retry);
	if (all_alike(live, leaf->guest))
		return leaf->holes && retry ? set_alike(vgpu, leaf, leaf->guest) : 0;
	memcpy(vals, live, sizeof(vals));
	__asm__ volatile("" ::: "memory");
	if (all_alike(vals, vals[0]))
		return set_alike(vgpu, leaf, vals[0]);
	err = part(vgpu, leaf, vals);
	if (leaf->own)
		aperture_follow(vgpu, nr_leaf);
	return err;
}

/* The most leaves that one commit starts to track: each is a call of the hypervisor. */
#define TRACK_BATCH 64u

/* What one commit may still do: leaves to start tracking, and holes to try again. */
struct budget {
	u32 tracks, holes;
	bool skipped; /* holes from vgpu_ggtt.retry_at on have to wait */
};

/* Commits a leaf, if it may have changed or has work left over. */
static int follow_leaf(struct intel_vgpu *vgpu, u32 nr_leaf, struct budget *budget)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];
	u64 changes = vgpu->gtt->counts.ggtt_changes;
	bool retry;
	int err;

	if (leaf->behind)
		ggtt_push_leaf(vgpu, nr_leaf);
	if (leaf->tracked && !leaf->holes && !leaf->realias && !leaf->gone)
		return 0;
	retry = leaf->holes <= budget->holes;
	budget->holes -= retry ? leaf->holes : 0;
	if (!retry && !budget->skipped)
		vgpu->gtt->ggtt.retry_at = nr_leaf;
	budget->skipped |= !retry;
	err = commit_leaf(vgpu, nr_leaf, retry);
	if (err || vgpu->gtt->counts.ggtt_changes != changes) {
		leaf->quiet = 0;
		return err;
	}
	if (leaf->tracked || !vgpu->gtt->ggtt.table_gfn || vgpu->gtt->ggtt.track_off)
		return 0;
	leaf->quiet += leaf->quiet < vgpu->gtt->leaf_after;
	if (!budget->tracks || !ggtt_quiet_enough(vgpu, nr_leaf))
		return 0;
	budget->tracks--;
	/* One more comparison finds what was written before tracking began. */
	return ggtt_track(vgpu, nr_leaf) ? commit_leaf(vgpu, nr_leaf, false) : 0;
}

/* If all writes of the table trap, pages that were never written are empty. */
static bool may_differ(const struct intel_vgpu *vgpu, u32 nr_leaf)
{
	return vgpu->ggtt != vgpu->ggtt_state->entries ||
	       vgpu->ggtt_state->written[nr_leaf / 64] >> nr_leaf % 64 & 1;
}

int vgpu_ggtt_commit(struct intel_vgpu *vgpu)
{
	struct budget budget = { TRACK_BATCH, GGTT_RETRY_BATCH, false };
	u32 start = vgpu->gtt->ggtt.retry_at;
	int first = 0;

	if (!gtt_ready(vgpu))
		return -EOPNOTSUPP;
	vgpu->gtt->counts.commits++;
	aperture_begin(vgpu);
	for (u32 n = 0; n < GGTT_LEAVES; n++) {
		u32 i = (start + n) % GGTT_LEAVES;
		int err = may_differ(vgpu, i) ? follow_leaf(vgpu, i, &budget) : 0;

		first = first ? first : err;
	}
	gtt_release_all(vgpu);
	return first;
}

int ggtt_init(struct intel_vgpu *vgpu)
{
	vgpu->gtt->ggtt.leaves = vgpu_alloc(vgpu, LEAVES_SIZE);
	if (!vgpu->gtt->ggtt.leaves)
		return -ENOMEM;
	if (vgpu->device->bar_at[VGPU_BAR_APERTURE] != INTEL_GVT_BAR_OFF)
		vgpu->gtt->ggtt.bar_gfn = vgpu->device->bar_at[VGPU_BAR_APERTURE] >> GVT_PAGE_SHIFT;
	if (vgpu->device->bar_at[VGPU_BAR_GTTMM] != INTEL_GVT_BAR_OFF)
		vgpu_ggtt_place(vgpu, (vgpu->device->bar_at[VGPU_BAR_GTTMM] + VGPU_GGTT_OFFSET) >>
					      GVT_PAGE_SHIFT);
	return 0;
}

static void drop_leaf(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];

	ggtt_untrack(vgpu, nr_leaf);
	if (leaf->own) {
		/*
		 * A page whose alias cannot be removed stays mapped, until the back end gives it up
		 * with the domain.
		 */
		aperture_forget(vgpu, nr_leaf);
		for (u32 i = 0; i < GTT_ENTRIES; i++)
			if (!(leaf->own->aliased[i / 64] >> i % 64 & 1))
				unmap_entry(vgpu, leaf->own->shadow[i]);
		vgpu_free(vgpu, leaf->own, sizeof(*leaf->own));
		vgpu->gtt->ggtt.nr_own--;
	} else {
		unmap_entry(vgpu, leaf->shadow);
	}
	add_holes(vgpu, leaf, -leaf->holes);
	*leaf = (struct ggtt_leaf){ 0 };
}

void ggtt_clear(struct intel_vgpu *vgpu)
{
	ggtt_push_nothing(vgpu);
	for (u32 i = 0; i < VGPU_GGTT_PAGES; i++) {
		u64 *live = vgpu->ggtt + i * GTT_ENTRIES;

		if (i < GGTT_LEAVES)
			drop_leaf(vgpu, i);
		if (may_differ(vgpu, i) && !all_alike(live, 0))
			memset(live, 0, LEAF_SIZE);
	}
	memset(vgpu->ggtt_state->written, 0, sizeof(vgpu->ggtt_state->written));
}

void ggtt_exit(struct intel_vgpu *vgpu)
{
	if (!vgpu->gtt->ggtt.leaves)
		return;
	for (u32 i = 0; i < GGTT_LEAVES; i++)
		drop_leaf(vgpu, i);
	vgpu_free(vgpu, vgpu->gtt->ggtt.leaves, LEAVES_SIZE);
	vgpu->gtt->ggtt.leaves = NULL;
}

void ggtt_invalidate(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache)
{
	for (u32 i = 0; i < GGTT_LEAVES; i++) {
		struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[i];

		if (leaf->own) {
			invalidate_own(vgpu, i);
		} else if (leaf->shadow && leaf->shadow != gtt_scratch(vgpu) &&
			   !gtt_valid(vgpu, cache, gfn_of(vgpu, leaf->guest))) {
			u64 was = leaf->shadow;

			leaf->shadow = gtt_scratch(vgpu);
			ggtt_push_leaf(vgpu, i);
			unmap_entry(vgpu, was);
			add_holes(vgpu, leaf, 1);
		}
	}
}
