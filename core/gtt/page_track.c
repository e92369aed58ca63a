/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "core/gtt/page_track.h"
#include "core/gvt.h"
#include "core/vgpu.h"

#define TABLE_MIN 64u

static size_t slot_of(const struct page_track_table *table, unsigned long gfn)
{
	return (gfn * 0x9e3779b97f4a7c15ull >> 32) & table->mask;
}

static void insert(struct page_track_table *table, struct intel_vgpu_page_track *track)
{
	struct intel_vgpu_page_track **slot = &table->slots[slot_of(table, track->gfn)];

	track->next = *slot;
	*slot = track;
}

static size_t slots_size(const struct page_track_table *table)
{
	return (table->mask + 1) * sizeof(*table->slots);
}

/* Doubles the table when it is full, so that chains stay about one long. */
static int make_room(struct intel_vgpu *vgpu)
{
	struct page_track_table *table = vgpu->tracked, wider;

	if (table->slots && table->nr <= table->mask)
		return 0;
	wider.nr = table->nr;
	wider.mask = table->slots ? table->mask * 2 + 1 : TABLE_MIN - 1;
	wider.slots = vgpu_alloc(vgpu, slots_size(&wider));
	if (!wider.slots)
		return -ENOMEM;
	for (size_t i = 0; table->slots && i <= table->mask; i++) {
		struct intel_vgpu_page_track *track, *next;

		for (track = table->slots[i]; track; track = next) {
			next = track->next;
			insert(&wider, track);
		}
	}
	vgpu_free(vgpu, table->slots, slots_size(table));
	*table = wider;
	return 0;
}

struct intel_vgpu_page_track *intel_vgpu_find_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	const struct page_track_table *table = vgpu->tracked;
	struct intel_vgpu_page_track *track;

	if (!table->slots)
		return NULL;
	for (track = table->slots[slot_of(table, gfn)]; track; track = track->next)
		if (track->gfn == gfn)
			return track;
	return NULL;
}

int intel_vgpu_register_page_track(struct intel_vgpu *vgpu, unsigned long gfn,
				   gvt_page_track_handler_t handler, void *priv)
{
	struct intel_vgpu_page_track *track;
	int err;

	if (intel_vgpu_find_page_track(vgpu, gfn))
		return -EEXIST;
	err = make_room(vgpu);
	if (err)
		return err;
	track = vgpu_alloc(vgpu, sizeof(*track));
	if (!track)
		return -ENOMEM;
	track->handler = handler;
	track->priv_data = priv;
	track->gfn = gfn;
	insert(vgpu->tracked, track);
	vgpu->tracked->nr++;
	return 0;
}

void intel_vgpu_unregister_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	struct page_track_table *table = vgpu->tracked;
	struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(vgpu, gfn), **link;

	if (!track)
		return;
	if (track->tracked)
		intel_gvt_hypervisor_disable_page_track(vgpu, gfn);
	for (link = &table->slots[slot_of(table, gfn)]; *link != track; link = &(*link)->next)
		;
	*link = track->next;
	table->nr--;
	vgpu_free(vgpu, track, sizeof(*track));
}

static int set_tracked(struct intel_vgpu *vgpu, unsigned long gfn, bool on)
{
	struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(vgpu, gfn);
	int err;

	if (!track)
		return -ENXIO;
	if (track->tracked == on)
		return 0;
	err = on ? intel_gvt_hypervisor_enable_page_track(vgpu, gfn)
		 : intel_gvt_hypervisor_disable_page_track(vgpu, gfn);
	/* -EEXIST: an earlier disabling failed. -ENOENT: the page is gone, and with it its
	 * tracking. */
	if (err == (on ? -EEXIST : -ENOENT))
		err = 0;
	if (!err)
		track->tracked = on;
	return err;
}

int intel_vgpu_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	return set_tracked(vgpu, gfn, true);
}

int intel_vgpu_disable_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	return set_tracked(vgpu, gfn, false);
}

int intel_vgpu_page_track_handler(struct intel_vgpu *vgpu, u64 gpa, void *data, unsigned int bytes)
{
	struct intel_vgpu_page_track *track;
	int err;

	/*
	 * While a page's writes trap, only we change it. A write may arrive after its page was
	 * untracked; the guest still has to get it.
	 */
	err = intel_gvt_hypervisor_write_gpa(vgpu, gpa, data, bytes);
	if (err)
		return err == -EFAULT ? -ENXIO : err;
	vgpu->tally->counters.tracked_write++;

	track = intel_vgpu_find_page_track(vgpu, gpa >> GVT_PAGE_SHIFT);
	/* The write is late, or the page could not be untracked before. */
	if (!track || !track->tracked)
		intel_gvt_hypervisor_disable_page_track(vgpu, gpa >> GVT_PAGE_SHIFT);
	return track ? track->handler(track, gpa, data, bytes) : 0;
}

void page_track_clear(struct intel_vgpu *vgpu)
{
	struct page_track_table *table = vgpu->tracked;

	for (size_t i = 0; table->slots && i <= table->mask; i++)
		while (table->slots[i])
			intel_vgpu_unregister_page_track(vgpu, table->slots[i]->gfn);
	vgpu_free(vgpu, table->slots, slots_size(table));
	*table = (struct page_track_table){ 0 };
}
