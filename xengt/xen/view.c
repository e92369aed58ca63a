/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/base/limits.h"
#include "xengt/xen/mem.h"
#include "xengt/xen/view.h"

void xengt_view_init(struct xengt_view *view)
{
	pthread_mutex_init(&view->lock, NULL);
	view->pages = XENGT_AREA_PAGES;
}

void xengt_view_open(struct xengt_view *view, xenforeignmemory_handle *fmem, domid_t domid,
		     u32 pages)
{
	view->own = fmem;
	view->domid = domid;
	view->pages = pages;
}

void xengt_view_exit(struct xengt_view *view)
{
	pthread_mutex_destroy(&view->lock);
}

void xengt_view_lock(struct xengt_view *view)
{
	pthread_mutex_lock(&view->lock);
}

void xengt_view_unlock(struct xengt_view *view)
{
	pthread_mutex_unlock(&view->lock);
}

/* ---- mappings ---- */

static size_t mapping_size(const struct xengt_view *view)
{
	return sizeof(struct xengt_view_mapping) + view->pages / 8;
}

static size_t alone_size(const struct xengt_view *view)
{
	return view->pages * sizeof(u8 *);
}

/* A handle for the GPU's threads: the vGPU's thread uses view->own at the same time. */
static xenforeignmemory_handle *fmem_of(struct xengt_view *view)
{
	if (view->fmem)
		return view->fmem;
	view->fmem = xenforeignmemory_open(NULL, 0);
	/* On a kernel too old for it the handle stays unrestricted. */
	if (view->fmem && xenforeignmemory_restrict(view->fmem, view->domid) && errno != ENOTTY &&
	    errno != EOPNOTSUPP) {
		xenforeignmemory_close(view->fmem);
		view->fmem = NULL;
	}
	return view->fmem;
}

/* Counts one area more, if the guest may have it. */
static bool take_area(struct xengt_view *view)
{
	if (view->areas >= XENGT_VIEW_AREAS) {
		view->failed++;
		return false;
	}
	view->areas++;
	view->maps++;
	return true;
}

static struct xengt_view_mapping *free_mapping(struct xengt_view *view,
					       struct xengt_view_mapping *mapping)
{
	if (mapping->alone)
		view->bytes -= alone_size(view);
	view->bytes -= mapping_size(view);
	free(mapping->alone);
	free(mapping);
	return NULL;
}

/* Allocates a mapping, and counts its area. The lock is held. */
static struct xengt_view_mapping *new_mapping(struct xengt_view *view)
{
	struct xengt_view_mapping *mapping = calloc(1, mapping_size(view));

	if (!mapping)
		return NULL;
	view->bytes += mapping_size(view);
	return take_area(view) ? mapping : free_mapping(view, mapping);
}

/* Maps the frames of bucket @number, with the lock held or not. */
static void fill(struct xengt_view *view, xenforeignmemory_handle *fmem, u64 number,
		 struct xengt_view_mapping *mapping)
{
	u32 pages = view->pages;

	if (fmem)
		mapping->va =
			xengt_area_map(fmem, view->domid, number * pages, pages, mapping->present);
}

/* Queues the mapping for xengt_view_bury(), which unmaps it without the lock. The lock is held. */
static void let_go(struct xengt_view *view, struct xengt_view_mapping **mapping)
{
	if (!*mapping)
		return;
	(*mapping)->next = view->dead;
	view->dead = *mapping;
	*mapping = NULL;
}

/* Puts the mapping into its bucket, unless another is there by now. The lock is held. */
static void enter(struct xengt_view *view, struct xengt_view_bucket *bucket,
		  struct xengt_view_mapping *mapping)
{
	if (!mapping->va) {
		view->failed += errno == ENOMEM;
		view->areas--;
		free_mapping(view, mapping);
	} else if (bucket->now) {
		let_go(view, &mapping);
	} else {
		bucket->now = mapping;
	}
}

void xengt_view_map(struct xengt_view *view, struct xengt_view_bucket *bucket)
{
	struct xengt_view_mapping *mapping = bucket->now ? NULL : new_mapping(view);

	if (!mapping)
		return;
	xengt_view_unlock(view);
	fill(view, view->own, bucket->number, mapping);
	xengt_view_lock(view);
	enter(view, bucket, mapping);
}

/* xengt_view_map() for a thread of the GPU, which needs the page now: keeps the lock meanwhile. */
static bool map_here(struct xengt_view *view, struct xengt_view_bucket *bucket)
{
	struct xengt_view_mapping *mapping = bucket->now ? NULL : new_mapping(view);

	if (mapping) {
		fill(view, fmem_of(view), bucket->number, mapping);
		enter(view, bucket, mapping);
	}
	return bucket->now;
}

/* Unmaps a mapping. Returns how many areas it took. */
static u32 unmap(struct xengt_view *view, struct xengt_view_mapping *mapping)
{
	u32 areas = 1;

	xenforeignmemory_unmap(view->own, mapping->va, view->pages);
	for (u32 i = 0; mapping->alone && i < view->pages; i++)
		if (mapping->alone[i]) {
			xenforeignmemory_unmap(view->own, mapping->alone[i], 1);
			areas++;
		}
	return areas;
}

void xengt_view_bury(struct xengt_view *view)
{
	struct xengt_view_mapping *mapping;

	xengt_view_lock(view);
	while ((mapping = view->dead)) {
		u32 areas;

		view->dead = mapping->next;
		xengt_view_unlock(view);
		areas = unmap(view, mapping);
		xengt_view_lock(view);
		view->areas -= areas;
		view->drops++;
		free_mapping(view, mapping);
	}
	xengt_view_unlock(view);
}

static void *map_alone(struct xengt_view *view, u64 gfn)
{
	xenforeignmemory_handle *fmem = fmem_of(view);
	xen_pfn_t pfn = gfn;
	void *va;

	if (!fmem || !take_area(view))
		return NULL;
	va = xenforeignmemory_map(fmem, view->domid, PROT_READ | PROT_WRITE, 1, &pfn, NULL);
	view->areas -= !va;
	return va;
}

/* Maps a page alone that was missing when its bucket was mapped. */
static void *find_alone(struct xengt_view *view, struct xengt_view_bucket *bucket, u32 i)
{
	struct xengt_view_mapping *now = bucket->now;

	if (!now->alone) {
		now->alone = calloc(1, alone_size(view));
		view->bytes += now->alone ? alone_size(view) : 0;
	}
	if (!now->alone)
		return NULL;
	if (!now->alone[i])
		now->alone[i] = map_alone(view, bucket->number * view->pages + i);
	return now->alone[i];
}

/* ---- buckets ---- */

struct xengt_view_bucket *xengt_view_bucket(struct xengt_view *view, u64 gfn)
{
	u64 number = gfn / view->pages;
	u32 link;

	if (view->last && view->last->number == number)
		return view->last;
	link = xengt_pagetab_get(&view->by_gfn, number);
	if (link)
		view->last = &view->buckets[link - 1];
	return link ? view->last : NULL;
}

/* Bytes of a bucket's reference counts: for each page, and each large page of 64 KiB and 2 MiB. */
static size_t counts_size(const struct xengt_view *view)
{
	return (view->pages + view->pages / 16 + (view->pages + 511) / 512) * sizeof(u32);
}

static void free_bucket(struct xengt_view *view, struct xengt_view_bucket *bucket)
{
	xengt_pagetab_set(&view->by_gfn, bucket->number, 0);
	view->bytes -= counts_size(view);
	free(bucket->refs);
	*bucket = (struct xengt_view_bucket){ .next = view->free };
	view->free = bucket - view->buckets + 1;
	view->last = NULL;
}

/* Unmaps all buckets that are not in use. */
static void sweep(struct xengt_view *view)
{
	for (u32 i = 0; view->idle && i < view->nr; i++) {
		struct xengt_view_bucket *bucket = &view->buckets[i];

		if (bucket->users || !bucket->now)
			continue;
		let_go(view, &bucket->now);
		view->idle--;
		if (!bucket->old)
			free_bucket(view, bucket);
	}
}

static struct xengt_view_bucket *new_bucket(struct xengt_view *view, u64 gfn, int *err)
{
	struct xengt_view_bucket *bucket;
	u32 *refs;

	*err = -ENOMEM;
	if (!view->buckets) {
		view->buckets = calloc(XENGT_VIEW_BUCKETS, sizeof(*view->buckets));
		view->bytes += view->buckets ? XENGT_VIEW_BUCKETS * sizeof(*view->buckets) : 0;
	}
	if (!view->buckets)
		return NULL;
	if (!view->free && view->nr == XENGT_VIEW_BUCKETS)
		sweep(view);
	*err = -ENOSPC;
	if (!view->free && view->nr == XENGT_VIEW_BUCKETS)
		return NULL;
	*err = -ENOMEM;
	refs = calloc(1, counts_size(view));
	if (!refs)
		return NULL;
	bucket = view->free ? &view->buckets[view->free - 1] : &view->buckets[view->nr];
	*err = xengt_pagetab_set(&view->by_gfn, gfn / view->pages, bucket - view->buckets + 1);
	if (*err) {
		free(refs);
		return NULL;
	}
	if (view->free)
		view->free = bucket->next;
	else
		view->nr++;
	view->bytes += counts_size(view);
	*bucket = (struct xengt_view_bucket){ .number = gfn / view->pages,
					      .refs = refs,
					      .large = refs + view->pages };
	return bucket;
}

int xengt_view_use(struct xengt_view *view, u64 gfn, bool map)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(view, gfn);
	u32 i = gfn % view->pages;
	int err = 0;

	if (!bucket)
		bucket = new_bucket(view, gfn, &err);
	if (!bucket)
		return err;
	if (!bucket->refs[i]++) {
		view->used++;
		if (!bucket->users++ && bucket->now)
			view->idle--;
	}
	if (map)
		xengt_view_map(view, bucket);
	return bucket->now && (bucket->now->present[i / 64] >> i % 64 & 1);
}

void xengt_view_unuse(struct xengt_view *view, u64 gfn)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(view, gfn);

	if (--bucket->refs[gfn % view->pages])
		return;
	view->used--;
	if (--bucket->users)
		return;
	if (bucket->now)
		view->idle++;
	else if (!bucket->old)
		free_bucket(view, bucket);
}

void xengt_view_unuse_done(struct xengt_view *view)
{
	if (view->idle > XENGT_VIEW_IDLE)
		sweep(view);
}

void xengt_view_retire(struct xengt_view *view)
{
	xengt_view_lock(view);
	sweep(view);
	for (u32 i = 0; i < view->nr; i++) {
		struct xengt_view_bucket *bucket = &view->buckets[i];

		bucket->old = bucket->now;
		bucket->now = NULL;
	}
	view->late = 0;
	xengt_view_unlock(view);
	xengt_view_bury(view);
}

void xengt_view_reap(struct xengt_view *view)
{
	xengt_view_lock(view);
	for (u32 i = 0; i < view->nr; i++) {
		struct xengt_view_bucket *bucket = &view->buckets[i];

		if (!bucket->old)
			continue;
		let_go(view, &bucket->old);
		if (!bucket->users && !bucket->now)
			free_bucket(view, bucket);
	}
	xengt_view_unlock(view);
	xengt_view_bury(view);
}

void xengt_view_close(struct xengt_view *view)
{
	for (u32 i = 0; i < view->nr; i++) {
		let_go(view, &view->buckets[i].now);
		let_go(view, &view->buckets[i].old);
		free(view->buckets[i].refs);
	}
	xengt_view_bury(view);
	xengt_pagetab_free(&view->by_gfn);
	free(view->buckets);
	view->buckets = NULL;
	view->last = NULL;
	view->nr = view->free = view->idle = view->used = 0;
	view->bytes = 0;
	if (view->fmem)
		xenforeignmemory_close(view->fmem);
	view->fmem = NULL;
}

void *xengt_view_find(struct xengt_view *view, u64 gfn)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(view, gfn);
	u32 i = gfn % view->pages;

	if (!bucket || !bucket->refs[i] || !map_here(view, bucket))
		return NULL;
	if (bucket->now->present[i / 64] >> i % 64 & 1)
		return bucket->now->va + i * GVT_PAGE_SIZE;
	return find_alone(view, bucket, i);
}
