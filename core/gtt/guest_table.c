/* SPDX-License-Identifier: MIT */
/* The guest's tables: their entries are read and kept, and then compared or tracked. */
#include <errno.h>
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/vgpu.h"

#define LINE	   8u /* entries in a cache line */
#define TABLE_SIZE (GTT_ENTRIES * sizeof(u64))

static bool is_tracked(const struct gtt_table *table)
{
	return table->track && table->track->tracked;
}

static int track(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	int err;

	if (is_tracked(table))
		return 0;
	err = intel_vgpu_enable_page_track(vgpu, table->gfn);
	if (!err)
		vgpu->gtt->counts.tracked++;
	return err;
}

/* A page whose tracking cannot be ended stays tracked, which is slow but correct. */
static void untrack(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	if (!is_tracked(table))
		return;
	intel_vgpu_disable_page_track(vgpu, table->gfn);
	vgpu->gtt->counts.tracked -= !table->track->tracked;
}

static bool is_leaf(const struct gtt_table *table)
{
	return table->shadow[GTT_PT] || table->shadow[GTT_PT_64K];
}

/*
 * The guest wrote to a table that is not tracked any more, and the write trapped all the same: on
 * Xen a page keeps its type until the vCPU makes another request (xengt/xen/track.c). A driver that
 * fills new tables would trap at each entry. So each such write stops the tracking of one leaf that
 * was created later: drivers fill leaves in the order of their creation.
 */
static void let_another_go(struct intel_vgpu *vgpu, const struct gtt_table *table)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;

	if (ppgtt->written != table || !is_leaf(table))
		return;
	while (ppgtt->ahead) {
		ppgtt->ahead = ppgtt->ahead->prev;
		if (ppgtt->ahead && is_leaf(ppgtt->ahead) && is_tracked(ppgtt->ahead)) {
			untrack(vgpu, ppgtt->ahead);
			return;
		}
	}
}

/*
 * The first write to a tracked table, whatever its width: the next sync reads the whole table, and
 * further writes cost the guest nothing.
 */
static int on_write(struct intel_vgpu_page_track *page_track, u64 gpa, void *data, int bytes)
{
	struct gtt_table *table = page_track->priv_data;
	struct vgpu_ppgtt *ppgtt = &table->vgpu->gtt->ppgtt;

	(void)gpa;
	(void)data;
	(void)bytes;
	table->dirty = true;
	table->quiet = 0;
	table->vgpu->gtt->counts.traps++;
	if (is_tracked(table)) {
		untrack(table->vgpu, table);
		ppgtt->written = table;
		ppgtt->ahead = table;
	} else {
		let_another_go(table->vgpu, table);
	}
	return 0;
}

void table_add(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;

	table->vgpu = vgpu;
	table->gfn = GTT_NO_GFN;
	table->users = 1;
	table->epoch = ppgtt->epoch;
	table->next = ppgtt->tables;
	if (table->next)
		table->next->prev = table;
	ppgtt->tables = table;
	vgpu->gtt->counts.tables++;
}

void table_put(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	if (--table->users)
		return;
	if (table->track) {
		vgpu->gtt->counts.tracked -= table->track->tracked;
		intel_vgpu_unregister_page_track(vgpu, table->gfn);
	}
	if (vgpu->gtt->ppgtt.ahead == table)
		vgpu->gtt->ppgtt.ahead = table->next;
	if (vgpu->gtt->ppgtt.written == table)
		vgpu->gtt->ppgtt.written = NULL;
	if (table->prev)
		table->prev->next = table->next;
	else
		vgpu->gtt->ppgtt.tables = table->next;
	if (table->next)
		table->next->prev = table->prev;
	vgpu->gtt->counts.tables--;
	vgpu_free(vgpu, table, sizeof(*table));
}

static int read_table(struct intel_vgpu *vgpu, const struct gtt_table *table, u64 *entries)
{
	int err = intel_gvt_hypervisor_read_gpa(vgpu, table->gfn << GVT_PAGE_SHIFT, entries,
						TABLE_SIZE);

	if (err)
		gtt_missed(vgpu);
	return err;
}

int table_find(struct intel_vgpu *vgpu, u64 gfn, struct gtt_table **out)
{
	struct intel_vgpu_page_track *page_track = intel_vgpu_find_page_track(vgpu, gfn);

	if (!page_track)
		return -ENOENT;
	if (page_track->handler != on_write)
		return -EEXIST;
	*out = page_track->priv_data;
	(*out)->users++;
	return 0;
}

int table_open(struct intel_vgpu *vgpu, struct gtt_table *table, u64 gfn, bool tracked)
{
	int err = intel_vgpu_register_page_track(vgpu, gfn, on_write, table);

	if (err)
		return err;
	table->gfn = gfn;
	table->track = intel_vgpu_find_page_track(vgpu, gfn);
	/* Tracked before it is read, so that no write between is lost. */
	if (tracked)
		track(vgpu, table);
	return read_table(vgpu, table, table->entries);
}

/* Takes the entries @now. Returns how many changed, with their places in @idx. */
static size_t take(struct intel_vgpu *vgpu, struct gtt_table *table, const u64 *now, u16 *idx)
{
	size_t nr = 0;

	for (size_t at = 0; at < GTT_ENTRIES; at += LINE) {
		if (!memcmp(now + at, table->entries + at, LINE * sizeof(u64)))
			continue;
		for (size_t i = at; i < at + LINE; i++)
			if (now[i] != table->entries[i]) {
				table->entries[i] = now[i];
				idx[nr++] = i;
			}
	}
	vgpu->gtt->counts.changes += nr;
	return nr;
}

bool table_due(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	if (!table->track || table->epoch == vgpu->gtt->ppgtt.epoch)
		return false;
	table->epoch = vgpu->gtt->ppgtt.epoch;
	return !is_tracked(table) || table->dirty;
}

int table_compare(struct intel_vgpu *vgpu, struct gtt_table *table, u16 *idx)
{
	u64 now[GTT_ENTRIES];

	if (!gtt_may_look(vgpu))
		return -E2BIG;
	vgpu->gtt->counts.compared++;
	table->dirty = false;
	if (read_table(vgpu, table, now)) {
		memset(now, 0, sizeof(now));
		table->dirty = true;
	}
	if (!memcmp(now, table->entries, TABLE_SIZE)) {
		table->quiet++;
		return 0;
	}
	table->quiet = 0;
	return (int)take(vgpu, table, now, idx);
}

bool table_track_quiet(struct intel_vgpu *vgpu, struct gtt_table *table)
{
	u32 after = is_leaf(table) ? vgpu->gtt->leaf_after : GTT_TRACK_AFTER;

	if (table->dirty || table->quiet < after || is_tracked(table))
		return false;
	table->quiet = 0;
	return !track(vgpu, table);
}

size_t table_lost(struct intel_vgpu *vgpu, struct gtt_table *table, u16 *idx)
{
	static const u64 nothing[GTT_ENTRIES];

	untrack(vgpu, table);
	table->dirty = true;
	return take(vgpu, table, nothing, idx);
}
