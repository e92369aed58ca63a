/* SPDX-License-Identifier: MIT */
/* The calls to a vGPU's hypervisor, and what happens without a service that a back end lacks. */
#include "core/port/mpt.h"
#include "core/vgpu.h"

int intel_gvt_hypervisor_host_init(struct intel_gvt *gvt)
{
	return gvt->mpt->host_init ? gvt->mpt->host_init(gvt) : 0;
}

void intel_gvt_hypervisor_host_exit(struct intel_gvt *gvt)
{
	if (gvt->mpt->host_exit)
		gvt->mpt->host_exit(gvt);
}

int intel_gvt_hypervisor_attach_vgpu(struct intel_vgpu *vgpu)
{
	return vgpu->gvt->mpt->attach_vgpu(vgpu, &vgpu->handle);
}

void intel_gvt_hypervisor_detach_vgpu(struct intel_vgpu *vgpu)
{
	vgpu->gvt->mpt->detach_vgpu(vgpu->handle);
}

int intel_gvt_hypervisor_set_intx(struct intel_vgpu *vgpu, bool level)
{
	int err = vgpu->gvt->mpt->set_intx ? vgpu->gvt->mpt->set_intx(vgpu->handle, level) : 0;

	if (!err && level)
		vgpu->tally->counters.intx++;
	return err;
}

int intel_gvt_hypervisor_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	return vgpu->gvt->mpt->enable_page_track(vgpu->handle, gfn);
}

int intel_gvt_hypervisor_disable_page_track(struct intel_vgpu *vgpu, unsigned long gfn)
{
	return vgpu->gvt->mpt->disable_page_track(vgpu->handle, gfn);
}

int intel_gvt_hypervisor_read_gpa(struct intel_vgpu *vgpu, unsigned long gpa, void *buf,
				  unsigned long len)
{
	return vgpu->gvt->mpt->read_gpa(vgpu->handle, gpa, buf, len);
}

int intel_gvt_hypervisor_write_gpa(struct intel_vgpu *vgpu, unsigned long gpa, void *buf,
				   unsigned long len)
{
	return vgpu->gvt->mpt->write_gpa(vgpu->handle, gpa, buf, len);
}

int intel_gvt_hypervisor_set_trap_area(struct intel_vgpu *vgpu, u64 start, u64 end, bool map)
{
	return vgpu->gvt->mpt->set_trap_area(vgpu->handle, start, end, map);
}

int intel_gvt_hypervisor_place_bar(struct intel_vgpu *vgpu, unsigned int bar, u64 gpa)
{
	if (!vgpu->gvt->mpt->place_bar)
		return 0;
	return vgpu->gvt->mpt->place_bar(vgpu->handle, bar, gpa);
}

int intel_gvt_hypervisor_get_vfio_device(struct intel_vgpu *vgpu)
{
	return vgpu->gvt->mpt->get_vfio_device(vgpu->handle);
}

void intel_gvt_hypervisor_put_vfio_device(struct intel_vgpu *vgpu)
{
	vgpu->gvt->mpt->put_vfio_device(vgpu->handle);
}

bool intel_gvt_hypervisor_is_valid_gfn(struct intel_vgpu *vgpu, unsigned long gfn)
{
	return vgpu->gvt->mpt->is_valid_gfn(vgpu->handle, gfn);
}

void intel_gvt_hypervisor_are_valid_gfns(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr,
					 bool *valid)
{
	if (vgpu->gvt->mpt->are_valid_gfns) {
		vgpu->gvt->mpt->are_valid_gfns(vgpu->handle, gfns, nr, valid);
		return;
	}
	for (size_t i = 0; i < nr; i++)
		valid[i] = vgpu->gvt->mpt->is_valid_gfn(vgpu->handle, gfns[i]);
}

unsigned long intel_gvt_hypervisor_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn)
{
	if (!vgpu->gvt->mpt->gfn_to_mfn)
		return INTEL_GVT_INVALID_ADDR;
	return vgpu->gvt->mpt->gfn_to_mfn(vgpu->handle, gfn);
}

int intel_gvt_hypervisor_dma_map_guest_page(struct intel_vgpu *vgpu, unsigned long gfn,
					    unsigned long size, dma_addr_t *dma_addr)
{
	if (!vgpu->gvt->mpt->dma_map_guest_page)
		return -EOPNOTSUPP;
	return vgpu->gvt->mpt->dma_map_guest_page(vgpu->handle, gfn, size, dma_addr);
}

void intel_gvt_hypervisor_dma_unmap_guest_page(struct intel_vgpu *vgpu, dma_addr_t dma_addr)
{
	vgpu->gvt->mpt->dma_unmap_guest_page(vgpu->handle, dma_addr);
}

int intel_gvt_hypervisor_dma_map_guest_pages(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr,
					     dma_addr_t *dma_addrs)
{
	if (!vgpu->gvt->mpt->dma_map_guest_pages)
		return -EOPNOTSUPP;
	return vgpu->gvt->mpt->dma_map_guest_pages(vgpu->handle, gfns, nr, dma_addrs);
}

void intel_gvt_hypervisor_dma_unmap_guest_pages(struct intel_vgpu *vgpu,
						const dma_addr_t *dma_addrs, size_t nr)
{
	vgpu->gvt->mpt->dma_unmap_guest_pages(vgpu->handle, dma_addrs, nr);
}

void *intel_gvt_hypervisor_alloc_host_pages(struct intel_vgpu *vgpu, size_t nr)
{
	if (!vgpu->gvt->mpt->alloc_host_pages)
		return NULL;
	return vgpu->gvt->mpt->alloc_host_pages(vgpu->handle, nr);
}

void intel_gvt_hypervisor_free_host_pages(struct intel_vgpu *vgpu, void *va, size_t nr)
{
	vgpu->gvt->mpt->free_host_pages(vgpu->handle, va, nr);
}

unsigned long intel_gvt_hypervisor_virt_to_mfn(struct intel_vgpu *vgpu, void *p)
{
	if (!vgpu->gvt->mpt->from_virt_to_mfn)
		return INTEL_GVT_INVALID_ADDR;
	return vgpu->gvt->mpt->from_virt_to_mfn(vgpu->handle, p);
}

int intel_gvt_hypervisor_map_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn,
					unsigned long mfn, unsigned int nr, bool map)
{
	if (!vgpu->gvt->mpt->map_gfn_to_mfn)
		return -EOPNOTSUPP;
	return vgpu->gvt->mpt->map_gfn_to_mfn(vgpu->handle, gfn, mfn, nr, map);
}

int intel_gvt_hypervisor_set_opregion(struct intel_vgpu *vgpu)
{
	return vgpu->gvt->mpt->set_opregion ? vgpu->gvt->mpt->set_opregion(vgpu) : 0;
}

int intel_gvt_hypervisor_set_pvmmio(struct intel_vgpu *vgpu, u64 start, u64 end, bool map)
{
	if (!vgpu->gvt->mpt->set_pvmmio)
		return -EOPNOTSUPP;
	return vgpu->gvt->mpt->set_pvmmio(vgpu, start, end, map);
}

int intel_gvt_hypervisor_reserve_state(struct intel_vgpu *vgpu, const void *from, size_t len)
{
	if (!vgpu->gvt->mpt->reserve_state)
		return 0;
	return vgpu->gvt->mpt->reserve_state(vgpu->handle, from, len);
}

int intel_gvt_hypervisor_dom0_ready(struct intel_gvt *gvt)
{
	return gvt->mpt->dom0_ready ? gvt->mpt->dom0_ready() : 0;
}

void *intel_gvt_hypervisor_dma_to_virt(struct intel_vgpu *vgpu, dma_addr_t bus)
{
	const struct intel_gvt_mpt *mpt = vgpu->gvt->mpt;

	return mpt->dma_to_virt ? mpt->dma_to_virt(vgpu->handle, bus) : NULL;
}

void intel_gvt_hypervisor_note(struct intel_vgpu *vgpu, enum intel_gvt_note note,
			       const char *reason, const char *text)
{
	if (vgpu->gvt->mpt->note)
		vgpu->gvt->mpt->note(vgpu->handle, note, reason, text);
}

void intel_gvt_hypervisor_alarm(struct intel_vgpu *vgpu, u64 when)
{
	if (vgpu->gvt->mpt->alarm)
		vgpu->gvt->mpt->alarm(vgpu->handle, when);
}

void intel_gvt_hypervisor_wake(struct intel_vgpu *vgpu)
{
	if (vgpu->gvt->mpt->wake)
		vgpu->gvt->mpt->wake(vgpu->handle);
}

int intel_gvt_hypervisor_charge(struct intel_vgpu *vgpu, s64 bytes)
{
	return vgpu->gvt->mpt->charge ? vgpu->gvt->mpt->charge(vgpu->handle, bytes) : 0;
}

u64 intel_gvt_hypervisor_maps_made(struct intel_vgpu *vgpu)
{
	return vgpu->gvt->mpt->maps_made ? vgpu->gvt->mpt->maps_made(vgpu->handle) : 0;
}
