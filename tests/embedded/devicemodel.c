// SPDX-License-Identifier: MIT
/* libxendevicemodel on the embedded servers and p2m; errnos as in Xen's dm.c and ioreq.c. */
#include <errno.h>
#include <stdlib.h>

#include <xendevicemodel.h>

#include "internal.h"

struct xendevicemodel_handle {
	struct handle h;
};

xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger, unsigned int flags)
{
	(void)logger;
	(void)flags;
	return handle_open(HANDLE_DEVICEMODEL, sizeof(xendevicemodel_handle), __func__);
}

int xendevicemodel_close(xendevicemodel_handle *dmod)
{
	if (!dmod)
		return 0;
	handle_close(&dmod->h);
	free(dmod);
	return 0;
}

int xendevicemodel_restrict(xendevicemodel_handle *dmod, domid_t domid)
{
	if (!handle_ok(&dmod->h, __func__))
		return -1;
	return handle_restrict(&dmod->h, domid, EINVAL) ? 0 : -1;
}

/* The domain of a call, with its lock held for writing; or NULL with errno. */
static struct exen_domain *begin(xendevicemodel_handle *dmod, domid_t domid, const char *call)
{
	struct exen_domain *d = handle_domain(&dmod->h, domid, EPERM, call);

	if (!d)
		return NULL;
	atomic_fetch_add_explicit(&d->calls, 1, memory_order_relaxed);
	pthread_rwlock_wrlock(&d->lock);
	return d;
}

static int end(struct exen_domain *d, int rc)
{
	pthread_rwlock_unlock(&d->lock);
	return lib_return(rc);
}

int xendevicemodel_create_ioreq_server(xendevicemodel_handle *dmod, domid_t domid,
				       int handle_bufioreq, ioservid_t *id)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	return d ? end(d, server_create(d, handle_bufioreq, id)) : -1;
}

int xendevicemodel_get_ioreq_server_info(xendevicemodel_handle *dmod, domid_t domid, ioservid_t id,
					 xen_pfn_t *ioreq_gfn, xen_pfn_t *bufioreq_gfn,
					 evtchn_port_t *bufioreq_port)
{
	struct exen_domain *d = begin(dmod, domid, __func__);
	struct server *s;
	int rc = 0;

	if (!d)
		return -1;
	s = server_get(d, id);
	if (!s)
		rc = -ENOENT;
	else if (ioreq_gfn || bufioreq_gfn)
		/* Either the page is mapped as a resource, or there is no gfn left to give. */
		rc = s->page ? -EPERM : -ENOMEM;
	else if (s->bufioreq && bufioreq_port)
		*bufioreq_port = s->bufport;
	return end(d, rc);
}

static int map_range(struct exen_domain *d, ioservid_t id, unsigned int type, uint64_t start,
		     uint64_t last)
{
	struct server *s = server_get(d, id);

	if (start > last)
		return -EINVAL;
	if (!s)
		return -ENOENT;
	if (rangeset_overlaps(&s->ranges[type], start, last))
		return -EEXIST;
	return rangeset_add(&s->ranges[type], start, last);
}

static int unmap_range(struct exen_domain *d, ioservid_t id, unsigned int type, uint64_t start,
		       uint64_t last)
{
	struct server *s = server_get(d, id);

	if (start > last)
		return -EINVAL;
	if (!s || !rangeset_contains(&s->ranges[type], start, last))
		return -ENOENT;
	return rangeset_remove(&s->ranges[type], start, last);
}

static unsigned int io_type(int is_mmio)
{
	return is_mmio ? XEN_DMOP_IO_RANGE_MEMORY : XEN_DMOP_IO_RANGE_PORT;
}

int xendevicemodel_map_io_range_to_ioreq_server(xendevicemodel_handle *dmod, domid_t domid,
						ioservid_t id, int is_mmio, uint64_t start,
						uint64_t last)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	return d ? end(d, map_range(d, id, io_type(is_mmio), start, last)) : -1;
}

int xendevicemodel_unmap_io_range_from_ioreq_server(xendevicemodel_handle *dmod, domid_t domid,
						    ioservid_t id, int is_mmio, uint64_t start,
						    uint64_t last)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	return d ? end(d, unmap_range(d, id, io_type(is_mmio), start, last)) : -1;
}

static uint64_t sbdf(uint16_t segment, uint8_t bus, uint8_t device, uint8_t function)
{
	return XEN_DMOP_PCI_SBDF((uint64_t)segment, (uint64_t)bus, (uint64_t)device, function);
}

int xendevicemodel_map_pcidev_to_ioreq_server(xendevicemodel_handle *dmod, domid_t domid,
					      ioservid_t id, uint16_t segment, uint8_t bus,
					      uint8_t device, uint8_t function)
{
	uint64_t at = sbdf(segment, bus, device, function);
	struct exen_domain *d;

	if (device > 0x1f || function > 0x7)
		return lib_return(-EINVAL);
	d = begin(dmod, domid, __func__);
	return d ? end(d, map_range(d, id, XEN_DMOP_IO_RANGE_PCI, at, at)) : -1;
}

int xendevicemodel_unmap_pcidev_from_ioreq_server(xendevicemodel_handle *dmod, domid_t domid,
						  ioservid_t id, uint16_t segment, uint8_t bus,
						  uint8_t device, uint8_t function)
{
	uint64_t at = sbdf(segment, bus, device, function);
	struct exen_domain *d;

	if (device > 0x1f || function > 0x7)
		return lib_return(-EINVAL);
	d = begin(dmod, domid, __func__);
	return d ? end(d, unmap_range(d, id, XEN_DMOP_IO_RANGE_PCI, at, at)) : -1;
}

int xendevicemodel_destroy_ioreq_server(xendevicemodel_handle *dmod, domid_t domid, ioservid_t id)
{
	struct exen_domain *d = begin(dmod, domid, __func__);
	struct server *s;

	if (!d)
		return -1;
	s = server_get(d, id);
	if (!s)
		return end(d, -ENOENT);
	server_destroy(d, s);
	return end(d, 0);
}

int xendevicemodel_set_ioreq_server_state(xendevicemodel_handle *dmod, domid_t domid, ioservid_t id,
					  int enabled)
{
	struct exen_domain *d = begin(dmod, domid, __func__);
	struct server *s;

	if (!d)
		return -1;
	s = server_get(d, id);
	if (!s)
		return end(d, -ENOENT);
	server_enable(d, s, enabled);
	return end(d, 0);
}

static int map_mem_type(struct exen_domain *d, ioservid_t id, uint16_t type, uint32_t flags)
{
	struct server *s = server_get(d, id);

	if (!d->hap)
		return -EOPNOTSUPP;
	if (type != HVMMEM_ioreq_server || (flags & ~XEN_DMOP_IOREQ_MEM_ACCESS_WRITE))
		return -EINVAL;
	if (!s)
		return -ENOENT;
	if (!flags) {
		if (d->mem_server != s)
			return -EINVAL;
		d->mem_server = NULL;
		p2m_untrack_all(d);
	} else {
		/* Pages that an earlier server left must be set back before another can claim. */
		if (d->mem_server || d->tracked)
			return -EBUSY;
		d->mem_server = s;
	}
	p2m_changed(d);
	return 0;
}

int xendevicemodel_map_mem_type_to_ioreq_server(xendevicemodel_handle *dmod, domid_t domid,
						ioservid_t id, uint16_t type, uint32_t flags)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	return d ? end(d, map_mem_type(d, id, type, flags)) : -1;
}

/* Xen's table of allowed changes. In log-dirty mode Xen has another type for plain RAM. */
static bool may_change(const struct exen_domain *d, enum p2m_type from, enum p2m_type to)
{
	if (to == P2M_IOREQ)
		return from == P2M_RAM_RW && !d->logdirty;
	if (from == P2M_IOREQ)
		return to == P2M_RAM_RW;
	if (from == P2M_RAM_RW || from == P2M_RAM_RO)
		return true;
	return to == P2M_MMIO_DM;
}

static int set_mem_type(struct exen_domain *d, hvmmem_type_t mem_type, uint64_t first, uint32_t nr)
{
	static const enum p2m_type types[] = {
		[HVMMEM_ram_rw] = P2M_RAM_RW,
		[HVMMEM_ram_ro] = P2M_RAM_RO,
		[HVMMEM_mmio_dm] = P2M_MMIO_DM,
		[HVMMEM_ioreq_server] = P2M_IOREQ,
	};
	uint64_t last = first + nr - 1;
	int rc = 0;

	if (first > last || last > d->max_gfn)
		return -EINVAL;
	if ((size_t)mem_type >= sizeof(types) / sizeof(types[0]) || !types[mem_type])
		return -EINVAL;
	if (types[mem_type] == P2M_IOREQ) {
		if (!d->hap)
			return -EOPNOTSUPP;
		if (!d->mem_server)
			return -EINVAL;
	}
	for (uint64_t gfn = first; !rc && gfn <= last; gfn++) {
		struct p2m_entry e = p2m_get(d, gfn);

		rc = -EINVAL;
		if (may_change(d, e.type, types[mem_type]))
			rc = p2m_set(d, gfn, e.mfn, types[mem_type]);
	}
	/* Pages before the one that failed keep their new type, as in Xen. */
	p2m_changed(d);
	return rc;
}

int xendevicemodel_set_mem_type(xendevicemodel_handle *dmod, domid_t domid, hvmmem_type_t mem_type,
				uint64_t first_pfn, uint32_t nr)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	return d ? end(d, set_mem_type(d, mem_type, first_pfn, nr)) : -1;
}

static int relocate(struct exen_domain *d, uint64_t src, uint64_t dst)
{
	struct p2m_entry e = p2m_get(d, src);
	uint32_t old = p2m_get(d, dst).mfn;
	int rc;

	if (!e.mfn || e.type == P2M_MMIO_DIRECT || p2m_get(d, dst).type == P2M_MMIO_DIRECT)
		return -EINVAL;
	rc = p2m_set(d, dst, e.mfn, P2M_RAM_RW);
	if (rc || src == dst)
		return rc;
	if (old) {
		frame_put(old);
		d->tot_pages--;
	}
	return p2m_set(d, src, 0, P2M_HOLE);
}

int xendevicemodel_relocate_memory(xendevicemodel_handle *dmod, domid_t domid, uint32_t size,
				   uint64_t src_gfn, uint64_t dst_gfn)
{
	struct exen_domain *d = begin(dmod, domid, __func__);
	int rc = 0;

	if (!d)
		return -1;
	for (uint32_t i = 0; !rc && i < size; i++)
		rc = relocate(d, src_gfn + i, dst_gfn + i);
	for (unsigned int v = 0; v < d->nr_vcpus; v++)
		atomic_store(&d->vcpu[v].invalidate, true);
	return end(d, rc);
}

int xendevicemodel_modified_memory_bulk(xendevicemodel_handle *dmod, domid_t domid,
					struct xen_dm_op_modified_memory_extent extents[],
					uint32_t nr)
{
	struct exen_domain *d = begin(dmod, domid, __func__);
	int rc = 0;

	if (!d)
		return -1;
	for (uint32_t i = 0; !rc && i < nr; i++) {
		/* Xen looks at the extents only while it logs. */
		if (d->logdirty && (!extents[i].nr || extents[i].pad))
			rc = -EINVAL;
		else
			atomic_fetch_add(&d->modified, extents[i].nr);
	}
	return end(d, rc);
}

int xendevicemodel_modified_memory(xendevicemodel_handle *dmod, domid_t domid, uint64_t first_pfn,
				   uint32_t nr)
{
	struct xen_dm_op_modified_memory_extent extent = { .nr = nr, .first_pfn = first_pfn };

	return xendevicemodel_modified_memory_bulk(dmod, domid, &extent, 1);
}

int xendevicemodel_nr_vcpus(xendevicemodel_handle *dmod, domid_t domid, unsigned int *vcpus)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	if (!d)
		return -1;
	*vcpus = d->nr_vcpus;
	return end(d, 0);
}

int xendevicemodel_shutdown(xendevicemodel_handle *dmod, domid_t domid, unsigned int reason)
{
	struct exen_domain *d = begin(dmod, domid, __func__);

	if (!d)
		return -1;
	end(d, 0);
	domain_stop(d, reason);
	return 0;
}
