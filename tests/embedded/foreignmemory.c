// SPDX-License-Identifier: MIT
/* libxenforeignmemory: errors as the Linux privcmd driver and the library give them. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include "internal.h"

struct xenforeignmemory_handle {
	struct handle h;
};

struct xenforeignmemory_resource_handle {
	void *va;
	size_t pages;
};

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned flags)
{
	(void)logger;
	(void)flags;
	return handle_open(HANDLE_FOREIGNMEMORY, sizeof(xenforeignmemory_handle), __func__);
}

int xenforeignmemory_close(xenforeignmemory_handle *fmem)
{
	if (!fmem)
		return 0;
	handle_close(&fmem->h);
	free(fmem);
	return 0;
}

int xenforeignmemory_restrict(xenforeignmemory_handle *fmem, domid_t domid)
{
	if (!handle_ok(&fmem->h, __func__))
		return -1;
	return handle_restrict(&fmem->h, domid, EINVAL) ? 0 : -1;
}

/* Maps the pages that exist. Pages that fail stay inaccessible, with -errno in err[]. */
static void map_pages(struct exen_domain *d, char *va, int prot, size_t pages,
		      const xen_pfn_t arr[], int err[])
{
	for (size_t i = 0; i < pages; i++) {
		struct p2m_entry e;

		pthread_rwlock_rdlock(&d->lock);
		e = p2m_get(d, arr[i]);
		if (e.mfn && e.type != P2M_MMIO_DM && e.type != P2M_MMIO_DIRECT)
			err[i] = mapping_add(d, va + i * PAGE_SIZE, e.mfn, prot);
		else
			err[i] = -EINVAL;
		pthread_rwlock_unlock(&d->lock);
	}
}

static void *map_area(void *addr, int prot, int flags, size_t pages)
{
	/* The area behind failed pages faults, as unfilled pages of the real driver do. */
	(void)prot;
	if (flags & MAP_FIXED)
		mapping_remove(addr, pages);
	return mmap(addr, pages * PAGE_SIZE, PROT_NONE,
		    (flags & ~(MAP_SHARED | MAP_PRIVATE)) | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *map(xenforeignmemory_handle *fmem, const char *call, uint32_t dom, void *addr,
		 int prot, int flags, size_t pages, const xen_pfn_t arr[], int err[])
{
	struct exen_domain *d;
	int *errs = err;
	int first = 0;
	void *va;

	d = handle_domain(&fmem->h, dom, EPERM, call);
	if (!d && errno != ESRCH)
		return NULL;
	if (!err)
		errs = malloc(pages * sizeof(*errs) + 1);
	if (!errs)
		return NULL;
	va = map_area(addr, prot, flags, pages);
	if (va == MAP_FAILED) {
		va = NULL;
		goto out;
	}
	if (d)
		map_pages(d, va, prot, pages, arr, errs);
	/* If the domain is gone, each page fails, and not the call. */
	for (size_t i = 0; !d && i < pages; i++)
		errs[i] = -ESRCH;
	for (size_t i = 0; !err && !first && i < pages; i++)
		first = -errs[i];
	if (first) {
		mapping_remove(va, pages);
		errno = first;
		va = NULL;
	}
out:
	if (!err)
		free(errs);
	return va;
}

void *xenforeignmemory_map2(xenforeignmemory_handle *fmem, uint32_t dom, void *addr, int prot,
			    int flags, size_t pages, const xen_pfn_t arr[], int err[])
{
	return map(fmem, __func__, dom, addr, prot, flags, pages, arr, err);
}

void *xenforeignmemory_map(xenforeignmemory_handle *fmem, uint32_t dom, int prot, size_t pages,
			   const xen_pfn_t arr[], int err[])
{
	return map(fmem, __func__, dom, NULL, prot, 0, pages, arr, err);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *fmem, void *addr, size_t pages)
{
	int err = fault_check(__func__);

	/* munmap(2) needs no descriptor, so this works on a dead or restricted handle too. */
	(void)fmem;
	return lib_return(err ? -err : mapping_remove(addr, pages));
}

/* Xen's size of the ioreq server resource: the buffered page, and a slot for each vCPU. */
static size_t ioreq_frames(const struct exen_domain *d)
{
	return 1 + (d->nr_vcpus * sizeof(ioreq_t) + PAGE_SIZE - 1) / PAGE_SIZE;
}

static int map_ioreq_frames(struct exen_domain *d, unsigned int id, unsigned long frame,
			    unsigned long nr, char *va, int prot)
{
	struct server *s;
	uint32_t mfn;
	int rc = -ENOENT;

	pthread_rwlock_wrlock(&d->lock);
	s = server_get(d, id);
	if (s)
		rc = 0;
	for (unsigned long i = 0; !rc && i < nr; i++) {
		rc = server_frame(d, s, frame + i, &mfn);
		if (!rc)
			rc = mapping_add(d, va + i * PAGE_SIZE, mfn, prot);
	}
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

static int map_grant_frames(struct exen_domain *d, unsigned int id, unsigned long frame,
			    unsigned long nr, char *va, int prot)
{
	uint32_t mfn;
	int rc = 0;

	pthread_rwlock_wrlock(&d->lock);
	for (unsigned long i = 0; !rc && i < nr; i++) {
		rc = grant_frame(d, id, frame + i, &mfn);
		if (!rc)
			rc = mapping_add(d, va + i * PAGE_SIZE, mfn, prot);
	}
	pthread_rwlock_unlock(&d->lock);
	return rc;
}

xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *fmem, domid_t domid, unsigned int type,
			      unsigned int id, unsigned long frame, unsigned long nr_frames,
			      void **paddr, int prot, int flags)
{
	struct exen_domain *d = handle_domain(&fmem->h, domid, EPERM, __func__);
	xenforeignmemory_resource_handle *res;
	int rc = 0;

	if (!d)
		return NULL;
	if (flags & ~(MAP_SHARED | MAP_PRIVATE))
		rc = -EINVAL;
	else if ((type != XENMEM_resource_ioreq_server && type != XENMEM_resource_grant_table) ||
		 !nr_frames)
		rc = -EINVAL;
	if (rc) {
		errno = -rc;
		return NULL;
	}
	res = malloc(sizeof(*res));
	if (!res)
		return NULL;
	res->pages = nr_frames;
	res->va = map_area(*paddr, prot, flags, nr_frames);
	if (res->va == MAP_FAILED) {
		free(res);
		return NULL;
	}
	rc = type == XENMEM_resource_grant_table
		     ? map_grant_frames(d, id, frame, nr_frames, res->va, prot)
		     : map_ioreq_frames(d, id, frame, nr_frames, res->va, prot);
	if (rc) {
		mapping_remove(res->va, res->pages);
		free(res);
		errno = -rc;
		return NULL;
	}
	*paddr = res->va;
	return res;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *fmem,
				    xenforeignmemory_resource_handle *fres)
{
	int err = fault_check(__func__);
	int rc = fres ? mapping_remove(fres->va, fres->pages) : 0;

	(void)fmem;
	free(fres);
	/* The library frees its handle even if munmap fails, and so does a call that must fail. */
	return lib_return(err ? -err : rc);
}

int xenforeignmemory_resource_size(xenforeignmemory_handle *fmem, domid_t domid, unsigned int type,
				   unsigned int id, size_t *size)
{
	struct exen_domain *d = handle_domain(&fmem->h, domid, EPERM, __func__);

	(void)id;
	if (!d)
		return -1;
	if (type == XENMEM_resource_grant_table) {
		*size = d->grant.max * PAGE_SIZE;
		return 0;
	}
	if (type != XENMEM_resource_ioreq_server)
		return lib_return(-EINVAL);
	*size = ioreq_frames(d) * PAGE_SIZE;
	return 0;
}
