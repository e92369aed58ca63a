/* SPDX-License-Identifier: MIT */
/*
 * The core's hypervisor services on Xen. A handle is a struct xengt_vgpu. Each call uses Xen
 * handles that are restricted to the vGPU's domain, or asks xengtd.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xengt/guest/vgpu.h"
#include "xengt/settings/log.h"
#include "xengt/xen/aperture.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/bus.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/dma_look.h"
#include "xengt/xen/hostmem.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/quota.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

static struct xengt_vgpu *of(unsigned long handle)
{
	return (struct xengt_vgpu *)handle;
}

static int attach_vgpu(struct intel_vgpu *vgpu, unsigned long *handle)
{
	struct xengt_vgpu *v = vgpu->owner;
	int err;

	err = xengt_track_claim(v);
	if (err) {
		xengt_vgpu_log(v, XENGT_ERR, "cannot track pages: %s", strerror(-err));
		return err;
	}
	v->vgpu = vgpu;
	*handle = (unsigned long)v;
	err = xengt_backing_create(v);
	if (err)
		v->vgpu = NULL;
	return err;
}

static void detach_vgpu(unsigned long handle)
{
	struct xengt_vgpu *v = of(handle);

	/* A reset has emptied the aperture, but before XENGT_LEAVE_MEMORY the vGPU is not reset. */
	if (!v->keep)
		xengt_aperture_place(v, INTEL_GVT_BAR_OFF);
	xengt_aperture_drop(v, 0, XENGT_ALIAS_MAX);
	xengt_dma_close(v);
	xengt_view_close(&v->view);
	xengt_hostmem_close(v);
	if (!v->keep)
		xengt_track_settle(v);
	xengt_pagetab_free(&v->tracked);
	if (!v->keep && !v->leave)
		xengt_opregion_remove(v);
	if (v->leave)
		xengt_backing_leave(v);
	else
		xengt_backing_destroy(v, v->keep);
	xengt_mem_close(&v->mem);
	v->vgpu = NULL;
}

static int inject_msi(unsigned long handle, u32 addr, u16 data)
{
	struct xengt_vgpu *v = of(handle);

	return xendevicemodel_inject_msi(v->dmod, v->domid, addr, data) ? -errno : 0;
}

static int set_intx(unsigned long handle, bool level)
{
	struct xengt_vgpu *v = of(handle);

	return xendevicemodel_set_pci_intx_level(v->dmod, v->domid, 0, 0, v->kept->options.slot, 0,
						 level)
		       ? -errno
		       : 0;
}

static int enable_page_track(unsigned long handle, u64 gfn)
{
	return xengt_track_enable(of(handle), gfn);
}

static int disable_page_track(unsigned long handle, u64 gfn)
{
	return xengt_track_disable(of(handle), gfn);
}

static int read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	return xengt_mem_copy(&of(handle)->mem, gpa, buf, len, false);
}

static int write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	return xengt_mem_copy(&of(handle)->mem, gpa, buf, len, true);
}

static int set_trap_area(unsigned long handle, u64 start, u64 end, bool map)
{
	struct ioreq_server *server = of(handle)->server;
	int err = ioreq_server_map_range(server, start, end, map);

	/*
	 * A process that ended between this call and noting it has left the range mapped. The core
	 * asks for two areas that overlap only if the guest put its BARs so.
	 */
	if (err == -EEXIST && map && of(handle)->taking_up &&
	    !ioreq_server_map_range(server, start, end, false))
		err = ioreq_server_map_range(server, start, end, true);
	return err;
}

static int place_bar(unsigned long handle, unsigned int bar, u64 gpa)
{
	return bar == VGPU_BAR_GTTMM ? xengt_backing_place(of(handle), gpa)
				     : xengt_aperture_place(of(handle), gpa);
}

static int get_vfio_device(unsigned long handle)
{
	struct xengt_vgpu *v = of(handle);

	if (!v->refs)
		return -ENODEV;
	v->refs++;
	return 0;
}

static void put_vfio_device(unsigned long handle)
{
	of(handle)->refs--;
}

/* Whether @gfn is mapped; then no call to Xen is needed to tell whether it is @valid. */
static bool known(struct xengt_vgpu *v, unsigned long gfn, bool *valid)
{
	return v->host->gpu ? xengt_bus_valid(v, gfn, valid) : xengt_dma_valid(v, gfn, valid);
}

static bool is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	bool valid;

	return known(of(handle), gfn, &valid) ? valid : xengt_mem_valid(&of(handle)->mem, gfn);
}

#define ASK_PAGES 256u

/* Asks Xen about many frames at once, leaving out those that are known. */
static void are_valid_gfns(unsigned long handle, const u64 *gfns, size_t nr, bool *valid)
{
	u64 ask[ASK_PAGES];
	u32 at[ASK_PAGES];
	bool there[ASK_PAGES];
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		if (!known(of(handle), gfns[i], &valid[i])) {
			ask[n] = gfns[i];
			at[n++] = i;
		}
		if (n < ARRAY_SIZE(ask) && i < nr - 1)
			continue;
		xengt_mem_valid_many(&of(handle)->mem, ask, n, there);
		while (n--)
			valid[at[n]] = there[n];
		n = 0;
	}
}

static unsigned long gfn_to_mfn(unsigned long handle, unsigned long gfn)
{
	struct xengt_vgpu *v = of(handle);

	return v->host->gpu ? xengt_bus_mfn(v, gfn) : xengt_dma_mfn(v, gfn);
}

static int dma_map_guest_pages(unsigned long handle, const u64 *gfns, size_t nr,
			       dma_addr_t *dma_addrs)
{
	struct xengt_vgpu *v = of(handle);

	return v->host->gpu ? xengt_bus_map(v, gfns, nr, dma_addrs)
			    : xengt_dma_map(v, gfns, nr, dma_addrs);
}

static int dma_map_guest_page(unsigned long handle, unsigned long gfn, unsigned long size,
			      dma_addr_t *dma_addr)
{
	struct xengt_vgpu *v = of(handle);
	u64 frame = gfn;
	int err;

	for (u32 order = 0; order < XENGT_LARGE_ORDERS; order++) {
		if (size != xengt_large_pages[order] * GVT_PAGE_SIZE)
			continue;
		if (gfn % xengt_large_pages[order])
			return -EINVAL;
		return v->host->gpu ? xengt_bus_map_large(v, gfn, order, dma_addr)
				    : xengt_dma_map_large(v, gfn, order, dma_addr);
	}
	if (size != GVT_PAGE_SIZE)
		return -EINVAL;
	err = dma_map_guest_pages(handle, &frame, 1, dma_addr);
	if (!err && *dma_addr == GVT_DMA_INVALID)
		err = -EFAULT;
	return err;
}

static void dma_unmap_guest_pages(unsigned long handle, const dma_addr_t *dma_addrs, size_t nr)
{
	struct xengt_vgpu *v = of(handle);

	if (v->host->gpu)
		xengt_bus_unmap(v, dma_addrs, nr);
	else
		xengt_dma_unmap(v, dma_addrs, nr);
}

static void dma_unmap_guest_page(unsigned long handle, dma_addr_t dma_addr)
{
	dma_unmap_guest_pages(handle, &dma_addr, 1);
}

static void *alloc_host_pages(unsigned long handle, size_t nr)
{
	return xengt_hostmem_alloc(of(handle), nr);
}

static void free_host_pages(unsigned long handle, void *va, size_t nr)
{
	xengt_hostmem_free(of(handle), va, nr);
}

static unsigned long from_virt_to_mfn(unsigned long handle, void *p)
{
	return xengt_hostmem_mfn(of(handle), p);
}

static void *dma_to_virt(unsigned long handle, dma_addr_t bus)
{
	return xengt_bus_find(of(handle), bus);
}

static int map_gfn_to_mfn(unsigned long handle, unsigned long gfn, unsigned long mfn,
			  unsigned int nr, bool map)
{
	return map ? xengt_aperture_map(of(handle), gfn, mfn, nr)
		   : xengt_aperture_unmap(of(handle), gfn, nr);
}

static int set_opregion(struct intel_vgpu *vgpu)
{
	return xengt_opregion_set(of(vgpu->handle));
}

/*
 * Not supported: AcrnGT's shared register page collects writes that would trap one by one. A guest
 * without it still reads its registers from memory.
 */
static int set_pvmmio(struct intel_vgpu *vgpu, u64 start, u64 end, bool map)
{
	(void)vgpu;
	(void)start;
	(void)end;
	(void)map;
	return -EOPNOTSUPP;
}

static int reserve_state(unsigned long handle, const void *from, size_t len)
{
	struct xengt_vgpu *v = of(handle);

	return xengt_file_reserve(&v->file, from, len);
}

static void note(unsigned long handle, enum intel_gvt_note note, const char *reason,
		 const char *text)
{
	bool hang = note == INTEL_GVT_HANG;

	xengt_ask_log(&of(handle)->ask, hang ? XENGT_HANG : XENGT_RESET,
		      hang ? XENGT_WARN : XENGT_INFO, reason, text);
}

static int charge(unsigned long handle, s64 bytes)
{
	return xengt_quota_charge(of(handle), bytes);
}

static u64 maps_made(unsigned long handle)
{
	const struct xengt_vgpu *v = of(handle);

	return v->mem.maps + __atomic_load_n(&v->view.maps, __ATOMIC_RELAXED);
}

static void set_alarm(unsigned long handle, u64 when)
{
	ioreq_server_alarm(of(handle)->server, when);
}

static void wake(unsigned long handle)
{
	ioreq_server_wake(of(handle)->server);
}

const struct intel_gvt_mpt xengt_mpt = {
	.name = "xen",
	.attach_vgpu = attach_vgpu,
	.detach_vgpu = detach_vgpu,
	.inject_msi = inject_msi,
	.set_intx = set_intx,
	.enable_page_track = enable_page_track,
	.disable_page_track = disable_page_track,
	.read_gpa = read_gpa,
	.write_gpa = write_gpa,
	.set_trap_area = set_trap_area,
	.place_bar = place_bar,
	.get_vfio_device = get_vfio_device,
	.put_vfio_device = put_vfio_device,
	.is_valid_gfn = is_valid_gfn,
	.are_valid_gfns = are_valid_gfns,
	.gfn_to_mfn = gfn_to_mfn,
	.dma_map_guest_page = dma_map_guest_page,
	.dma_unmap_guest_page = dma_unmap_guest_page,
	.dma_map_guest_pages = dma_map_guest_pages,
	.dma_unmap_guest_pages = dma_unmap_guest_pages,
	.alloc_host_pages = alloc_host_pages,
	.free_host_pages = free_host_pages,
	.dma_to_virt = dma_to_virt,
	.from_virt_to_mfn = from_virt_to_mfn,
	.map_gfn_to_mfn = map_gfn_to_mfn,
	.set_opregion = set_opregion,
	.set_pvmmio = set_pvmmio,
	.reserve_state = reserve_state,
	.charge = charge,
	.maps_made = maps_made,
	.wake = wake,
	.alarm = set_alarm,
	.note = note,
};

int xengt_host_init(struct xengt_host *host)
{
	return intel_gvt_init(&xengt_mpt, host->gpu, host->share, host, &host->gvt);
}

void xengt_host_exit(struct xengt_host *host)
{
	intel_gvt_exit(host->gvt);
	host->gvt = NULL;
}
