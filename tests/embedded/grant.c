// SPDX-License-Identifier: MIT
/*
 * Grant tables of version 1, the domains' and dom0's own, and the mappings of their grants. A
 * mapping belongs to dom0, not to a process: it survives the process that made it.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define PER_FRAME (PAGE_SIZE / sizeof(grant_entry_v1_t))

/* Xen's default of maptrack frames for dom0, of 256 handles each. */
#define HANDLES_DEFAULT (1024u * 256u)

/* One live mapping, by handle. */
struct track {
	struct exen_domain *d; /* NULL: dom0 */
	uint32_t ref, mfn, flags;
};

/* What Xen remembers of an entry while it is mapped; the guest may change the table itself. */
struct active {
	uint32_t mfn, pins;
};

/* A page that dom0 grants to itself. */
struct own_grant {
	uint32_t mfn;
	uintptr_t va;
};

static struct {
	pthread_mutex_t lock;
	struct track *track;
	uint32_t *free_list; /* a ring, so that a handle is used again as late as possible */
	uint32_t free_at, nr_free, next, limit, used;
	struct own_grant *own; /* by reference number */
	uint32_t nr_own, own_used, own_limit;
	bool pvh;
} grants = { .lock = PTHREAD_MUTEX_INITIALIZER };

void grants_init(void)
{
	grants.next = grants.nr_free = grants.free_at = grants.used = 0;
	grants.limit = HANDLES_DEFAULT;
	grants.nr_own = grants.own_used = 0;
	grants.own_limit = 1024;
	grants.pvh = false;
	grants.track = calloc(HANDLES_DEFAULT, sizeof(*grants.track));
	grants.free_list = calloc(HANDLES_DEFAULT, sizeof(*grants.free_list));
	grants.own = calloc(1u << 20, sizeof(*grants.own));
	if (!grants.track || !grants.free_list || !grants.own)
		abort();
}

void grants_fini(void)
{
	free(grants.track);
	free(grants.free_list);
	free(grants.own);
	grants.track = NULL;
	grants.free_list = NULL;
	grants.own = NULL;
}

unsigned int grants_used(void)
{
	return grants.used;
}

void exen_set_grant_handles(unsigned int limit)
{
	grants.limit = limit < HANDLES_DEFAULT ? limit : HANDLES_DEFAULT;
}

void exen_set_gntalloc_limit(unsigned int pages)
{
	grants.own_limit = pages;
}

void exen_set_pvh(bool pvh)
{
	grants.pvh = pvh;
}

int exen_domain_set_grants(struct exen_domain *d, unsigned int max_frames, unsigned int version)
{
	if (!max_frames || max_frames > MAX_GRANT_FRAMES || version < 1 || version > 2)
		return -EINVAL;
	pthread_rwlock_wrlock(&d->lock);
	d->grant.max = max_frames;
	d->grant.version = version;
	pthread_rwlock_unlock(&d->lock);
	return 0;
}

void grant_table_free(struct exen_domain *d)
{
	for (unsigned int i = 0; i < d->grant.nr; i++)
		frame_put(d->grant.frame[i]);
	d->grant.nr = 0;
	free(d->grant.active);
	d->grant.active = NULL;
}

int grant_frame(struct exen_domain *d, unsigned int id, unsigned long frame, uint32_t *mfn)
{
	if (id != XENMEM_resource_grant_table_id_shared)
		return -EINVAL;
	if (d->dying || frame >= d->grant.max)
		return -EINVAL;
	/* Asked for one frame, Xen grows the table up to it. */
	while (d->grant.nr <= frame) {
		uint32_t fresh = frame_alloc();

		if (!fresh)
			return -ENOMEM;
		d->grant.frame[d->grant.nr++] = fresh;
	}
	*mfn = d->grant.frame[frame];
	return 0;
}

static grant_entry_v1_t *entry_of(struct exen_domain *d, uint32_t ref)
{
	if (ref / PER_FRAME >= d->grant.nr)
		return NULL;
	return (grant_entry_v1_t *)frame_va(d->grant.frame[ref / PER_FRAME]) + ref % PER_FRAME;
}

static struct active *active_of(struct exen_domain *d, uint32_t ref)
{
	if (!d->grant.active)
		d->grant.active = calloc(MAX_GRANT_FRAMES * PER_FRAME, sizeof(struct active));
	return d->grant.active ? &d->grant.active[ref] : NULL;
}

volatile struct grant_entry_v1 *exen_grant_entry(struct exen_domain *d, unsigned int ref)
{
	volatile grant_entry_v1_t *entry;

	pthread_rwlock_rdlock(&d->lock);
	entry = entry_of(d, ref);
	pthread_rwlock_unlock(&d->lock);
	return entry;
}

static bool take_handle(uint32_t *handle)
{
	bool ok = true;

	pthread_mutex_lock(&grants.lock);
	if (grants.used >= grants.limit)
		ok = false;
	else if (grants.next < grants.limit)
		*handle = grants.next++;
	else {
		*handle = grants.free_list[grants.free_at];
		grants.free_at = (grants.free_at + 1) % HANDLES_DEFAULT;
		grants.nr_free--;
	}
	grants.used += ok;
	pthread_mutex_unlock(&grants.lock);
	return ok;
}

static void give_handle(uint32_t handle)
{
	pthread_mutex_lock(&grants.lock);
	grants.free_list[(grants.free_at + grants.nr_free++) % HANDLES_DEFAULT] = handle;
	grants.used--;
	pthread_mutex_unlock(&grants.lock);
}

/* Latches the frame that the entry names now. Later writes of the guest's do not change it. */
static int pin(struct exen_domain *d, uint32_t ref, uint32_t *mfn)
{
	grant_entry_v1_t *entry = entry_of(d, ref);
	struct active *active;
	struct p2m_entry e;

	if (d->grant.version != 1 || !entry)
		return GNTST_bad_gntref;
	active = active_of(d, ref);
	if (!active)
		return GNTST_general_error;
	if (!active->pins) {
		uint16_t flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE);

		if ((flags & GTF_type_mask) != GTF_permit_access || flags & GTF_readonly ||
		    entry->domid != 0)
			return GNTST_general_error;
		e = p2m_get(d, entry->frame);
		if (e.type != P2M_RAM_RW && e.type != P2M_IOREQ)
			return GNTST_bad_page;
		__atomic_fetch_or(&entry->flags, GTF_reading | GTF_writing, __ATOMIC_RELAXED);
		active->mfn = e.mfn;
	}
	active->pins++;
	*mfn = active->mfn;
	return GNTST_okay;
}

static void unpin(struct exen_domain *d, uint32_t ref)
{
	struct active *active = active_of(d, ref);
	grant_entry_v1_t *entry = entry_of(d, ref);

	if (--active->pins == 0 && entry)
		__atomic_fetch_and(&entry->flags, (uint16_t) ~(GTF_reading | GTF_writing),
				   __ATOMIC_RELAXED);
}

static int map_foreign(struct exen_domain *d, gnttab_map_grant_ref_t *op)
{
	uint32_t handle, mfn;
	int status;

	if (!take_handle(&handle))
		return GNTST_no_space;
	pthread_rwlock_wrlock(&d->lock);
	status = d->dying ? GNTST_general_error : pin(d, op->ref, &mfn);
	if (status == GNTST_okay) {
		frame_get(mfn);
		atomic_fetch_add(&d->pinned, 1);
		grants.track[handle] = (struct track){ d, op->ref, mfn, op->flags };
		op->handle = handle;
		op->dev_bus_addr = (uint64_t)mfn << PAGE_SHIFT;
	}
	pthread_rwlock_unlock(&d->lock);
	if (status != GNTST_okay)
		give_handle(handle);
	return status;
}

static int map_own(gnttab_map_grant_ref_t *op)
{
	uint32_t handle, mfn;

	if (!take_handle(&handle))
		return GNTST_no_space;
	pthread_mutex_lock(&grants.lock);
	mfn = op->ref < grants.nr_own ? grants.own[op->ref].mfn : 0;
	if (mfn)
		frame_get(mfn);
	pthread_mutex_unlock(&grants.lock);
	if (!mfn) {
		give_handle(handle);
		return GNTST_bad_gntref;
	}
	grants.track[handle] = (struct track){ NULL, op->ref, mfn, op->flags };
	op->handle = handle;
	op->dev_bus_addr = (uint64_t)mfn << PAGE_SHIFT;
	return GNTST_okay;
}

static int map_one(gnttab_map_grant_ref_t *op)
{
	struct exen_domain *d;

	if (!(op->flags & (GNTMAP_device_map | GNTMAP_host_map)))
		return GNTST_bad_gntref;
	/* Only the kernel may ask for mapping into page tables. */
	if (op->flags != GNTMAP_device_map || grants.pvh)
		return GNTST_general_error;
	if (!op->dom)
		return map_own(op);
	d = domain_find(op->dom);
	return d ? map_foreign(d, op) : GNTST_bad_domain;
}

static int unmap_one(gnttab_unmap_grant_ref_t *op)
{
	struct track *track, was;

	if (op->handle >= grants.next)
		return GNTST_bad_handle;
	pthread_mutex_lock(&grants.lock);
	track = &grants.track[op->handle];
	was = *track;
	if (was.flags && op->dev_bus_addr == (uint64_t)was.mfn << PAGE_SHIFT)
		track->flags = 0;
	pthread_mutex_unlock(&grants.lock);
	if (!was.flags)
		return GNTST_bad_handle;
	if (!op->dev_bus_addr)
		return GNTST_okay; /* without an address nothing is done */
	if (op->dev_bus_addr != (uint64_t)was.mfn << PAGE_SHIFT)
		return GNTST_bad_dev_addr;
	if (was.d) {
		pthread_rwlock_wrlock(&was.d->lock);
		unpin(was.d, was.ref);
		pthread_rwlock_unlock(&was.d->lock);
	}
	frame_put(was.mfn);
	if (was.d)
		atomic_fetch_sub(&was.d->pinned, 1);
	give_handle(op->handle);
	return GNTST_okay;
}

int grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
	gnttab_get_version_t *version = ops;
	struct exen_domain *d;

	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		for (unsigned int i = 0; i < count; i++)
			((gnttab_map_grant_ref_t *)ops)[i].status =
				(int16_t)map_one((gnttab_map_grant_ref_t *)ops + i);
		return 0;
	case GNTTABOP_unmap_grant_ref:
		for (unsigned int i = 0; i < count; i++)
			((gnttab_unmap_grant_ref_t *)ops)[i].status =
				(int16_t)unmap_one((gnttab_unmap_grant_ref_t *)ops + i);
		return 0;
	case GNTTABOP_get_version:
		d = domain_find(version->dom);
		if (!d)
			return -ESRCH;
		version->version = d->grant.version;
		return 0;
	}
	return -ENOSYS;
}

/* ---- dom0's own pages: libxengntshr over /dev/xen/gntalloc ---- */

struct xengntdev_handle {
	struct handle h;
};

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned open_flags)
{
	(void)logger;
	(void)open_flags;
	return handle_open(HANDLE_GNTSHR, sizeof(xengntshr_handle), __func__);
}

int xengntshr_close(xengntshr_handle *xgs)
{
	if (!xgs)
		return 0;
	handle_close(&xgs->h);
	free(xgs);
	return 0;
}

static void unshare_at(uintptr_t va)
{
	for (uint32_t ref = 1; ref < grants.nr_own; ref++) {
		if (grants.own[ref].va != va)
			continue;
		grants.own[ref] = (struct own_grant){ 0 };
		grants.own_used--;
		return;
	}
}

void *xengntshr_share_pages(xengntshr_handle *xgs, uint32_t domid, int count, uint32_t *refs,
			    int writable)
{
	size_t pages = (size_t)count;
	char *va;

	if (!handle_ok(&xgs->h, __func__))
		return NULL;
	if (domid || !writable || count <= 0 || grants.own_used + pages > grants.own_limit) {
		errno = ENOSPC;
		return NULL;
	}
	va = mmap(NULL, pages * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (va == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < pages; i++) {
		uint32_t mfn = frame_alloc();

		if (!mfn || mapping_add(NULL, va + i * PAGE_SIZE, mfn, PROT_READ | PROT_WRITE))
			abort();
		frame_put(mfn); /* the mapping's reference stays */
		pthread_mutex_lock(&grants.lock);
		if (!grants.nr_own)
			grants.nr_own = 1; /* reference 0 is not used */
		refs[i] = grants.nr_own++;
		grants.own[refs[i]] = (struct own_grant){ mfn, (uintptr_t)va + i * PAGE_SIZE };
		grants.own_used++;
		pthread_mutex_unlock(&grants.lock);
	}
	return va;
}

int xengntshr_unshare(xengntshr_handle *xgs, void *start_address, uint32_t count)
{
	int err = fault_check(__func__);

	(void)xgs;
	if (err)
		return lib_return(-err);
	pthread_mutex_lock(&grants.lock);
	for (uint32_t i = 0; i < count; i++)
		unshare_at((uintptr_t)start_address + i * PAGE_SIZE);
	pthread_mutex_unlock(&grants.lock);
	return lib_return(mapping_remove(start_address, count));
}

void grants_process_died(void)
{
	pthread_mutex_lock(&grants.lock);
	for (uint32_t ref = 0; ref < grants.nr_own; ref++)
		grants.own[ref] = (struct own_grant){ 0 };
	grants.own_used = 0;
	pthread_mutex_unlock(&grants.lock);
}

/* ---- what a device would see ---- */

void *exen_dma(uint64_t bus)
{
	uint32_t mfn = (uint32_t)(bus >> PAGE_SHIFT);
	bool mapped = false;

	if (!grants.track || bus >> (PAGE_SHIFT + 32))
		return NULL;
	pthread_mutex_lock(&grants.lock);
	for (uint32_t i = 0; i < grants.next && !mapped; i++)
		mapped = grants.track[i].flags && grants.track[i].mfn == mfn;
	for (uint32_t i = 1; i < grants.nr_own && !mapped; i++)
		mapped = grants.own[i].mfn == mfn;
	pthread_mutex_unlock(&grants.lock);
	return mapped ? (char *)frame_va(mfn) + bus % PAGE_SIZE : NULL;
}
