/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "xengt/guest/xengt.h"

void xengt_view_init(struct xengt_view *view)
{
	pthread_mutex_init(&view->lock, NULL);
}

void xengt_view_exit(struct xengt_view *view)
{
	pthread_mutex_destroy(&view->lock);
}

void xengt_view_lock(struct xengt_vgpu *v)
{
	pthread_mutex_lock(&v->view.lock);
}

void xengt_view_unlock(struct xengt_vgpu *v)
{
	pthread_mutex_unlock(&v->view.lock);
}

/* ---- mappings ---- */

/* Of the view alone: the vGPU's thread uses the other handle at the same time. */
static xenforeignmemory_handle *fmem_of(struct xengt_vgpu *v)
{
	struct xengt_view *view = &v->view;

	if (view->fmem)
		return view->fmem;
	view->fmem = xenforeignmemory_open(NULL, 0);
	/* A kernel too old to restrict it leaves it as it is. */
	if (view->fmem && xenforeignmemory_restrict(view->fmem, v->domid) && errno != ENOTTY &&
	    errno != EOPNOTSUPP) {
		xenforeignmemory_close(view->fmem);
		view->fmem = NULL;
	}
	return view->fmem;
}

static void *map_frames(struct xengt_vgpu *v, u64 gfn, u32 nr, int *errs)
{
	xenforeignmemory_handle *fmem = fmem_of(v);
	xen_pfn_t gfns[XENGT_VIEW_PAGES];

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	if (!fmem)
		return NULL;
	v->view.maps++;
	return xenforeignmemory_map(fmem, v->domid, PROT_READ | PROT_WRITE, nr, gfns, errs);
}

static void unmap(struct xengt_vgpu *v, struct xengt_view_mapping *mapping)
{
	if (!mapping->va)
		return;
	xenforeignmemory_unmap(v->view.fmem, mapping->va, XENGT_VIEW_PAGES);
	for (u32 i = 0; mapping->alone && i < XENGT_VIEW_PAGES; i++)
		if (mapping->alone[i])
			xenforeignmemory_unmap(v->view.fmem, mapping->alone[i], 1);
	free(mapping->alone);
	*mapping = (struct xengt_view_mapping){ 0 };
	v->view.drops++;
}

static bool map_bucket(struct xengt_vgpu *v, struct xengt_view_bucket *bucket)
{
	struct xengt_view_mapping *now = &bucket->now;
	int errs[XENGT_VIEW_PAGES];

	if (now->va)
		return true;
	now->va = map_frames(v, bucket->number * XENGT_VIEW_PAGES, XENGT_VIEW_PAGES, errs);
	v->view.failed += !now->va && errno == ENOMEM;
	for (u32 i = 0; now->va && i < XENGT_VIEW_PAGES; i++)
		if (!errs[i])
			now->present[i / 64] |= 1ull << i % 64;
	return now->va;
}

/* A frame that was not there when its bucket was mapped. */
static void *find_alone(struct xengt_vgpu *v, struct xengt_view_bucket *bucket, u32 i)
{
	struct xengt_view_mapping *now = &bucket->now;

	if (!now->alone)
		now->alone = calloc(XENGT_VIEW_PAGES, sizeof(*now->alone));
	if (!now->alone)
		return NULL;
	if (!now->alone[i])
		now->alone[i] = map_frames(v, bucket->number * XENGT_VIEW_PAGES + i, 1, NULL);
	return now->alone[i];
}

/* ---- buckets ---- */

struct xengt_view_bucket *xengt_view_bucket(struct xengt_view *view, u64 gfn)
{
	u64 number = gfn / XENGT_VIEW_PAGES;
	u32 link;

	if (view->last && view->last->number == number)
		return view->last;
	link = xengt_pagetab_get(&view->by_gfn, number);
	if (link)
		view->last = &view->buckets[link - 1];
	return link ? view->last : NULL;
}

static void free_bucket(struct xengt_view *view, struct xengt_view_bucket *bucket)
{
	xengt_pagetab_set(&view->by_gfn, bucket->number, 0);
	*bucket = (struct xengt_view_bucket){ .next = view->free };
	view->free = bucket - view->buckets + 1;
	view->last = NULL;
}

/* Unmaps what nobody uses. */
static void sweep(struct xengt_vgpu *v)
{
	struct xengt_view *view = &v->view;

	for (u32 i = 0; view->idle && i < view->nr; i++) {
		struct xengt_view_bucket *bucket = &view->buckets[i];

		if (bucket->users || !bucket->now.va)
			continue;
		unmap(v, &bucket->now);
		view->idle--;
		if (!bucket->old.va)
			free_bucket(view, bucket);
	}
}

static struct xengt_view_bucket *new_bucket(struct xengt_vgpu *v, u64 gfn, int *err)
{
	struct xengt_view *view = &v->view;
	struct xengt_view_bucket *bucket;

	if (!view->buckets)
		view->buckets = calloc(XENGT_VIEW_BUCKETS, sizeof(*view->buckets));
	*err = -ENOMEM;
	if (!view->buckets)
		return NULL;
	if (!view->free && view->nr == XENGT_VIEW_BUCKETS)
		sweep(v);
	*err = -ENOSPC;
	if (!view->free && view->nr == XENGT_VIEW_BUCKETS)
		return NULL;
	bucket = view->free ? &view->buckets[view->free - 1] : &view->buckets[view->nr];
	*err = xengt_pagetab_set(&view->by_gfn, gfn / XENGT_VIEW_PAGES, bucket - view->buckets + 1);
	if (*err)
		return NULL;
	if (view->free)
		view->free = bucket->next;
	else
		view->nr++;
	*bucket = (struct xengt_view_bucket){ .number = gfn / XENGT_VIEW_PAGES };
	return bucket;
}

int xengt_view_use(struct xengt_vgpu *v, u64 gfn, bool map)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(&v->view, gfn);
	u32 i = gfn % XENGT_VIEW_PAGES;
	int err = 0;

	if (!bucket)
		bucket = new_bucket(v, gfn, &err);
	if (!bucket)
		return err;
	if (!bucket->refs[i]++) {
		v->view.used++;
		if (!bucket->users++ && bucket->now.va)
			v->view.idle--;
	}
	if (map)
		map_bucket(v, bucket);
	return bucket->now.va && (bucket->now.present[i / 64] >> i % 64 & 1);
}

void xengt_view_unuse(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(&v->view, gfn);

	if (--bucket->refs[gfn % XENGT_VIEW_PAGES])
		return;
	v->view.used--;
	if (--bucket->users)
		return;
	if (bucket->now.va)
		v->view.idle++;
	else if (!bucket->old.va)
		free_bucket(&v->view, bucket);
}

void xengt_view_unuse_done(struct xengt_vgpu *v)
{
	if (v->view.idle > XENGT_VIEW_IDLE)
		sweep(v);
}

void xengt_view_retire(struct xengt_vgpu *v)
{
	xengt_view_lock(v);
	sweep(v);
	for (u32 i = 0; i < v->view.nr; i++) {
		struct xengt_view_bucket *bucket = &v->view.buckets[i];

		bucket->old = bucket->now;
		bucket->now = (struct xengt_view_mapping){ 0 };
	}
	v->view.late = 0;
	xengt_view_unlock(v);
}

void xengt_view_reap(struct xengt_vgpu *v)
{
	xengt_view_lock(v);
	for (u32 i = 0; i < v->view.nr; i++) {
		struct xengt_view_bucket *bucket = &v->view.buckets[i];

		if (!bucket->old.va)
			continue;
		unmap(v, &bucket->old);
		if (!bucket->users && !bucket->now.va)
			free_bucket(&v->view, bucket);
	}
	xengt_view_unlock(v);
}

void xengt_view_close(struct xengt_vgpu *v)
{
	struct xengt_view *view = &v->view;

	for (u32 i = 0; i < view->nr; i++) {
		unmap(v, &view->buckets[i].now);
		unmap(v, &view->buckets[i].old);
	}
	xengt_pagetab_free(&view->by_gfn);
	free(view->buckets);
	view->buckets = NULL;
	view->last = NULL;
	view->nr = view->free = view->idle = view->used = 0;
	if (view->fmem)
		xenforeignmemory_close(view->fmem);
	view->fmem = NULL;
}

void *xengt_view_find(struct xengt_vgpu *v, u64 gfn)
{
	struct xengt_view_bucket *bucket = xengt_view_bucket(&v->view, gfn);
	u32 i = gfn % XENGT_VIEW_PAGES;

	if (!bucket || !bucket->refs[i] || !map_bucket(v, bucket))
		return NULL;
	if (bucket->now.present[i / 64] >> i % 64 & 1)
		return bucket->now.va + i * GVT_PAGE_SIZE;
	return find_alone(v, bucket, i);
}
