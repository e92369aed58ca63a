// SPDX-License-Identifier: MIT
/* The part of libxenctrl that the project uses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

#include "internal.h"

struct xc_interface_core {
	struct handle h;
};

static atomic_uint complaints;

void log_init(void)
{
	atomic_store(&complaints, 0);
}

unsigned int log_complaints(void)
{
	return atomic_load(&complaints);
}

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
				unsigned open_flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)open_flags;
	return handle_open(HANDLE_CONTROL, sizeof(xc_interface), __func__);
}

int xc_interface_close(xc_interface *xch)
{
	if (!xch)
		return 0;
	handle_close(&xch->h);
	free(xch);
	return 0;
}

static void fill_info(struct exen_domain *d, xc_domaininfo_t *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->domid;
	info->flags = XEN_DOMINF_hvm_guest | (d->hap ? XEN_DOMINF_hap : 0);
	info->max_vcpu_id = d->nr_vcpus - 1;
	info->nr_online_vcpus = d->nr_vcpus;
	info->gpaddr_bits = 40;
	/* Any frame will do: only whether the page is mapped is known here. */
	info->shared_info_frame = atomic_load(&d->shared_info) ? 0xfeff0 : ~0ull;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	pthread_rwlock_rdlock(&d->lock);
	if (d->dead)
		info->flags |= XEN_DOMINF_dying;
	if (atomic_load(&d->shutdown)) {
		info->flags |= XEN_DOMINF_shutdown;
		info->flags |= atomic_load(&d->shutdown_reason) << XEN_DOMINF_shutdownshift;
	}
	if (atomic_load(&d->pauses))
		info->flags |= XEN_DOMINF_paused;
	info->tot_pages = d->tot_pages;
	info->max_pages = d->max_pages;
	pthread_rwlock_unlock(&d->lock);
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain, unsigned int max_domains,
			  xc_domaininfo_t *info)
{
	struct exen_domain *d;
	unsigned int n = 0;

	if (!handle_ok(&xch->h, __func__))
		return -1;
	if (!first_domain && max_domains) {
		memset(info, 0, sizeof(*info));
		info->flags = XEN_DOMINF_running;
		n++;
	}
	for (; n < max_domains && (d = domain_next(first_domain)); n++) {
		fill_info(d, &info[n]);
		first_domain = d->domid + 1u;
	}
	return (int)n;
}

/* Gives no record: only whether the domain could be saved matters. */
int xc_domain_hvm_getcontext_partial(xc_interface *xch, uint32_t domid, uint16_t typecode,
				     uint16_t instance, void *ctxt_buf, uint32_t size)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);
	bool dying;

	(void)typecode;
	(void)instance;
	if (!d)
		return -1;
	pthread_rwlock_rdlock(&d->lock);
	dying = d->dying;
	pthread_rwlock_unlock(&d->lock);
	if (!dying)
		memset(ctxt_buf, 0, size);
	return lib_return(dying ? -EINVAL : 0);
}

int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);

	if (!d)
		return -1;
	exen_domain_pause(d);
	return 0;
}

int xc_domain_unpause(xc_interface *xch, uint32_t domid)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);

	if (!d)
		return -1;
	exen_domain_unpause(d);
	return 0;
}

int xc_domain_setmaxmem(xc_interface *xch, uint32_t domid, uint64_t max_memkb)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);

	if (!d)
		return -1;
	pthread_rwlock_wrlock(&d->lock);
	d->max_pages = max_memkb >> (PAGE_SHIFT - 10);
	pthread_rwlock_unlock(&d->lock);
	return 0;
}

/* Runs @change on each page of the extents until one fails; then the errno is @partial. */
static int for_extents(struct exen_domain *d, unsigned long nr, unsigned int order,
		       const xen_pfn_t *start, int partial,
		       int (*change)(struct exen_domain *d, uint64_t gfn))
{
	int rc = 0;

	pthread_rwlock_wrlock(&d->lock);
	if (d->dying)
		rc = -EINVAL;
	for (unsigned long i = 0; !rc && i < nr; i++) {
		for (uint64_t j = 0; !rc && j < 1ull << order; j++)
			rc = change(d, start[i] + j);
	}
	pthread_rwlock_unlock(&d->lock);
	p2m_changed(d);
	return lib_return(rc ? -partial : 0);
}

/* Xen scrubs pages of a dead domain, but not those that a living one gives back: fill the page. */
static int populate_unscrubbed(struct exen_domain *d, uint64_t gfn)
{
	int rc = p2m_populate(d, gfn);

	if (!rc)
		memset(frame_va(p2m_get(d, gfn).mfn), 0x5d, PAGE_SIZE);
	return rc;
}

int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid, unsigned long nr_extents,
				     unsigned int extent_order, unsigned int mem_flags,
				     xen_pfn_t *extent_start)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);

	(void)mem_flags;
	return d ? for_extents(d, nr_extents, extent_order, extent_start, EBUSY,
			       populate_unscrubbed)
		 : -1;
}

int xc_domain_decrease_reservation_exact(xc_interface *xch, uint32_t domid,
					 unsigned long nr_extents, unsigned int extent_order,
					 xen_pfn_t *extent_start)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);

	if (!d)
		return -1;
	/* As in newer Xen, every vCPU has to tell the servers before it runs on. */
	for (unsigned int v = 0; v < d->nr_vcpus; v++)
		atomic_store(&d->vcpu[v].invalidate, true);
	return for_extents(d, nr_extents, extent_order, extent_start, EINVAL, p2m_release);
}

/* Xen keeps a set of ranges; here each frame has a flag. */
int xc_domain_iomem_permission(xc_interface *xch, uint32_t domid, unsigned long first_mfn,
			       unsigned long nr_mfns, uint8_t allow_access)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);
	int rc = 0;

	allow_access = allow_access != 0;
	if (!d)
		return -1;
	if (first_mfn >= POOL_FRAMES || nr_mfns > POOL_FRAMES - first_mfn)
		return lib_return(-EPERM);
	pthread_rwlock_wrlock(&d->lock);
	if (!d->iomem)
		d->iomem = calloc(POOL_FRAMES, 1);
	if (!d->iomem)
		rc = -ENOMEM;
	for (unsigned long i = 0; !rc && i < nr_mfns; i++) {
		d->iomem_pages += (unsigned int)allow_access - d->iomem[first_mfn + i];
		d->iomem[first_mfn + i] = allow_access;
	}
	pthread_rwlock_unlock(&d->lock);
	return lib_return(rc);
}

/* Device memory may be mapped again as it is; for another frame there, Xen crashes the guest. */
static int map_alias(struct exen_domain *d, uint64_t gfn, uint32_t mfn)
{
	struct p2m_entry was = p2m_get(d, gfn);

	if (was.type == P2M_MMIO_DIRECT) {
		if (was.mfn == mfn)
			return 0;
		domain_crash(d, "an alias was put over another");
		return -EPERM;
	}
	p2m_set(d, gfn, mfn, P2M_MMIO_DIRECT);
	if (was.mfn)
		frame_put(was.mfn);
	return 0;
}

static int unmap_alias(struct exen_domain *d, uint64_t gfn)
{
	if (p2m_get(d, gfn).type != P2M_MMIO_DIRECT)
		return -EINVAL;
	return p2m_set(d, gfn, 0, P2M_HOLE);
}

int xc_domain_memory_mapping(xc_interface *xch, uint32_t domid, unsigned long first_gfn,
			     unsigned long first_mfn, unsigned long nr_mfns, uint32_t add_mapping)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);
	int rc = 0;

	if (!d)
		return -1;
	pthread_rwlock_wrlock(&d->lock);
	for (unsigned long i = 0; !rc && i < nr_mfns; i++)
		if (first_mfn + i >= POOL_FRAMES || !d->iomem || !d->iomem[first_mfn + i])
			rc = -EPERM;
	/* When Xen fails in the midst of a run, libxc may fail to remove what was added. */
	for (unsigned long i = 0; !rc && i < nr_mfns; i++) {
		if (add_mapping && i && i == nr_mfns / 2)
			rc = -fault_check("xc_domain_memory_mapping, half way");
		if (rc)
			break;
		rc = add_mapping ? map_alias(d, first_gfn + i, (uint32_t)(first_mfn + i))
				 : unmap_alias(d, first_gfn + i);
		/* "memory_map: error ... removing ... access" */
		complaints += rc && !add_mapping;
	}
	pthread_rwlock_unlock(&d->lock);
	p2m_changed(d);
	return lib_return(rc);
}

int xc_domain_maximum_gpfn(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns)
{
	struct exen_domain *d = handle_domain(&xch->h, domid, EPERM, __func__);

	if (!d)
		return -1;
	pthread_rwlock_rdlock(&d->lock);
	*gpfns = d->max_gfn;
	pthread_rwlock_unlock(&d->lock);
	return 0;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
	if (!handle_ok(&xch->h, __func__))
		return -1;
	memset(info, 0, sizeof(*info));
	info->nr_cpus = 2;
	info->nr_nodes = 1;
	info->threads_per_core = 1;
	info->cores_per_socket = 2;
	info->cpu_khz = 1000000;
	info->total_pages = 4u << 20;
	info->free_pages = info->total_pages - frames_used();
	info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap;
	return 0;
}
