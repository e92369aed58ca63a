/* SPDX-License-Identifier: MIT */
#include "xengt/xen/bus.h"

#include <errno.h>

#include "xengt/settings/log.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/hostmem.h"
#include "xengt/xen/quota.h"
#include "xengt/xen/xengt.h"

/* References taken at a time under the lock. */
#define BATCH 512u

/* The count of large pages at @gfn. A large page is counted where it begins; one of 2 MiB, in each
 * bucket that it covers. */
static u32 *large_at(const struct xengt_view *view, struct xengt_view_bucket *bucket, u64 gfn,
		     u32 order)
{
	u32 at = gfn % view->pages;

	return &bucket->large[order ? view->pages / 16 + at / 512 : at / 16];
}

static void count_large(struct xengt_vgpu *v, u64 gfn, u32 order, int by)
{
	struct xengt_view *view = &v->view;

	for (u32 i = 0; i < xengt_large_pages[order]; i += view->pages)
		*large_at(view, xengt_view_bucket(view, gfn + i), gfn, order) += by;
}

/* Takes references to @nr pages, in any order. Returns how many may have no memory, with their
 * indices in @lost; or a negative errno. */
static int use(struct xengt_vgpu *v, const u64 *gfns, u32 nr, u64 *addrs, u16 *lost)
{
	u64 before = v->view.used;
	int nr_lost = 0, there = 0;
	u32 i;

	for (i = 0; i < nr && there >= 0; i++) {
		addrs[i] = GVT_DMA_INVALID;
		if (gfns[i] >= XENGT_BUS_HOST) {
			v->view.refused++;
			continue;
		}
		/* Map no bucket after a miss: each bad frame might name another bucket. */
		there = xengt_view_use(&v->view, gfns[i], !nr_lost);
		if (there >= 0)
			addrs[i] = gfns[i] << GVT_PAGE_SHIFT;
		if (!there)
			lost[nr_lost++] = i;
	}
	if (there >= 0 && v->view.used > before && !xengt_quota_allows(v, 0)) {
		xengt_quota_refused(v);
		there = -ENOSPC;
	}
	if (there >= 0)
		return nr_lost;
	while (i--)
		if (addrs[i] != GVT_DMA_INVALID)
			xengt_view_unuse(&v->view, gfns[i]);
	return there;
}

/* Asks Xen about pages that were missing when their bucket was mapped; drops those still
 * missing. */
static void look_again(struct xengt_vgpu *v, const u64 *gfns, u64 *addrs, const u16 *lost, u32 nr)
{
	u64 ask[BATCH];
	bool valid[BATCH];

	for (u32 i = 0; i < nr; i++)
		ask[i] = gfns[lost[i]];
	xengt_mem_valid_many(&v->mem, ask, nr, valid);
	xengt_view_lock(&v->view);
	for (u32 i = 0; i < nr; i++) {
		if (valid[i]) {
			v->view.late += xengt_view_bucket(&v->view, ask[i])->now != NULL;
			continue;
		}
		xengt_view_unuse(&v->view, ask[i]);
		addrs[lost[i]] = GVT_DMA_INVALID;
		v->view.refused++;
	}
	xengt_view_unuse_done(&v->view);
	xengt_view_unlock(&v->view);
	xengt_view_bury(&v->view);
}

/*
 * Maps the buckets anew once XENGT_VIEW_LATE pages have come after their bucket was mapped: each of
 * these would be mapped alone, and take one of this process' areas (vm.max_map_count).
 */
static void map_anew(struct xengt_vgpu *v)
{
	if (v->view.late < XENGT_VIEW_LATE)
		return;
	xengt_view_retire(&v->view);
	intel_vgpu_flush(v->vgpu);
	xengt_view_reap(&v->view);
}

static void tell_of_failures(struct xengt_vgpu *v)
{
	if (v->view.told || !__atomic_load_n(&v->view.failed, __ATOMIC_RELAXED))
		return;
	v->view.told = true;
	xengt_vgpu_log(
		v, XENGT_WARN,
		"cannot map more of the guest's memory, and its GPU does not reach that: its pages "
		"are in too many places, or vm.max_map_count (a sysctl) is too low");
}

static int map_batch(struct xengt_vgpu *v, const u64 *gfns, u32 nr, u64 *addrs)
{
	u16 lost[BATCH];
	int nr_lost;

	xengt_view_lock(&v->view);
	nr_lost = use(v, gfns, nr, addrs, lost);
	xengt_view_unlock(&v->view);
	xengt_view_bury(&v->view);
	if (nr_lost > 0)
		look_again(v, gfns, addrs, lost, nr_lost);
	map_anew(v);
	tell_of_failures(v);
	return nr_lost < 0 ? nr_lost : 0;
}

int xengt_bus_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs)
{
	for (size_t done = 0, n; done < nr; done += n) {
		int err;

		n = nr - done < BATCH ? nr - done : BATCH;
		err = map_batch(v, gfns + done, n, addrs + done);
		if (err) {
			xengt_bus_unmap(v, addrs, done);
			return err;
		}
	}
	return 0;
}

/* All or nothing. */
int xengt_bus_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr)
{
	u64 gfns[512], addrs[512];
	u32 nr = xengt_large_pages[order], there = 0;
	int err;

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	err = xengt_bus_map(v, gfns, nr, addrs);
	if (err)
		return err;
	while (there < nr && addrs[there] != GVT_DMA_INVALID)
		there++;
	if (there < nr) {
		xengt_bus_unmap(v, addrs, nr);
		return -EFAULT;
	}
	xengt_view_lock(&v->view);
	count_large(v, gfn, order, 1);
	xengt_view_unlock(&v->view);
	*addr = addrs[0];
	return 0;
}

/*
 * Gives back one reference to the page that begins at @gfn. If pages of several sizes begin there,
 * the smallest goes first: pages of a larger one may then be kept too long, but none is lost early.
 */
static void unmap_one(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(&v->view, gfn);
	u32 refs = bucket ? bucket->refs[gfn % v->view.pages] : 0, nr = 1;
	u32 held_64k = refs ? *large_at(&v->view, bucket, gfn, 0) : 0;

	if (refs && refs == held_64k + *large_at(&v->view, bucket, gfn, 1)) {
		u32 order = gfn % 16 || !held_64k;

		nr = xengt_large_pages[order];
		if (gfn % nr)
			refs = 0;
		else
			count_large(v, gfn, order, -1);
	}
	if (!refs) {
		v->view.strays++;
		return;
	}
	for (u32 i = 0; i < nr; i++)
		xengt_view_unuse(&v->view, gfn + i);
}

void xengt_bus_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr)
{
	xengt_view_lock(&v->view);
	for (size_t i = 0; i < nr; i++)
		if (addrs[i] != GVT_DMA_INVALID)
			unmap_one(v, addrs[i] >> GVT_PAGE_SHIFT);
	xengt_view_unuse_done(&v->view);
	xengt_view_unlock(&v->view);
	xengt_view_bury(&v->view);
}

/* ---- look-ups ---- */

bool xengt_bus_valid(struct xengt_vgpu *v, u64 gfn, bool *valid)
{
	struct xengt_view_bucket *bucket;
	bool used;

	xengt_view_lock(&v->view);
	bucket = xengt_view_bucket(&v->view, gfn);
	used = bucket && bucket->refs[gfn % v->view.pages];
	if (used) {
		xengt_view_map(&v->view, bucket);
		*valid = xengt_view_find(&v->view, gfn);
	}
	xengt_view_unlock(&v->view);
	return used;
}

u64 xengt_bus_mfn(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_view_bucket *bucket;
	u64 mfn = INTEL_GVT_INVALID_ADDR;

	xengt_view_lock(&v->view);
	bucket = xengt_view_bucket(&v->view, gfn);
	if (bucket && bucket->refs[gfn % v->view.pages])
		mfn = gfn;
	xengt_view_unlock(&v->view);
	return mfn;
}

void *xengt_bus_find(struct xengt_vgpu *v, u64 bus)
{
	u64 frame = bus >> GVT_PAGE_SHIFT;
	void *va;

	xengt_view_lock(&v->view);
	va = frame < XENGT_BUS_HOST ? xengt_view_find(&v->view, frame) : xengt_hostmem_find(v, bus);
	xengt_view_unlock(&v->view);
	return va;
}
