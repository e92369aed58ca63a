/* SPDX-License-Identifier: MIT */
/*
 * Hypervisor services: the lower port of the vGPU. The core calls a hypervisor by nothing else.
 *
 * The names are those of GVT-g's mediated pass-through layer. A back end fills one
 * struct intel_gvt_mpt; the core calls it through the intel_gvt_hypervisor_*() wrappers. Every
 * service acts on one vGPU's own domain, named by the handle that attach_vgpu returned, and takes
 * guest frame numbers (gfn) and guest physical addresses (gpa) of that domain alone.
 *
 * The thread that owns the vGPU makes all calls except host_init, host_exit, attach_vgpu and
 * detach_vgpu. Other threads call dma_to_virt, charge and wake too.
 */
#ifndef CORE_PORT_MPT_H
#define CORE_PORT_MPT_H

#include <errno.h>

#include "core/base/types.h"

struct intel_gvt;
struct intel_vgpu;

#define INTEL_GVT_INVALID_ADDR (~0ul)

/* Events of execution that a person may have to know of. */
enum intel_gvt_note {
	INTEL_GVT_HANG,	 /* the guest sees an engine stand still */
	INTEL_GVT_RESET, /* an engine that stood still was reset */
};

/* What a hypervisor back end supplies. It leaves a service NULL that it does not have. */
struct intel_gvt_mpt {
	const char *name;
	int (*host_init)(struct intel_gvt *gvt);
	void (*host_exit)(struct intel_gvt *gvt);
	int (*attach_vgpu)(struct intel_vgpu *vgpu, unsigned long *handle);
	void (*detach_vgpu)(unsigned long handle);
	int (*inject_msi)(unsigned long handle, u32 addr, u16 data);
	int (*set_intx)(unsigned long handle, bool level);
	int (*enable_page_track)(unsigned long handle, u64 gfn);
	int (*disable_page_track)(unsigned long handle, u64 gfn);
	int (*read_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
	int (*write_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
	int (*set_trap_area)(unsigned long handle, u64 start, u64 end, bool map);
	int (*place_bar)(unsigned long handle, unsigned int bar, u64 gpa);
	int (*get_vfio_device)(unsigned long handle);
	void (*put_vfio_device)(unsigned long handle);
	bool (*is_valid_gfn)(unsigned long handle, unsigned long gfn);
	void (*are_valid_gfns)(unsigned long handle, const u64 *gfns, size_t nr, bool *valid);
	unsigned long (*gfn_to_mfn)(unsigned long handle, unsigned long gfn);
	int (*dma_map_guest_page)(unsigned long handle, unsigned long gfn, unsigned long size,
				  dma_addr_t *dma_addr);
	void (*dma_unmap_guest_page)(unsigned long handle, dma_addr_t dma_addr);
	int (*dma_map_guest_pages)(unsigned long handle, const u64 *gfns, size_t nr,
				   dma_addr_t *dma_addrs);
	void (*dma_unmap_guest_pages)(unsigned long handle, const dma_addr_t *dma_addrs, size_t nr);
	void *(*alloc_host_pages)(unsigned long handle, size_t nr);
	void (*free_host_pages)(unsigned long handle, void *va, size_t nr);
	void *(*dma_to_virt)(unsigned long handle, dma_addr_t bus);
	unsigned long (*from_virt_to_mfn)(unsigned long handle, void *p);
	int (*map_gfn_to_mfn)(unsigned long handle, unsigned long gfn, unsigned long mfn,
			      unsigned int nr, bool map);
	int (*set_opregion)(struct intel_vgpu *vgpu);
	int (*set_pvmmio)(struct intel_vgpu *vgpu, u64 start, u64 end, bool map);
	int (*reserve_state)(unsigned long handle, const void *from, size_t len);
	int (*charge)(unsigned long handle, s64 bytes);
	u64 (*maps_made)(unsigned long handle);
	void (*wake)(unsigned long handle);
	void (*alarm)(unsigned long handle, u64 when);
	void (*note)(unsigned long handle, enum intel_gvt_note note, const char *reason,
		     const char *text);
	int (*dom0_ready)(void);
};

/**
 * intel_gvt_hypervisor_host_init() - start the back end, once, before any vGPU exists.
 * Returns 0, or a negative errno when the back end could not open something.
 */
int intel_gvt_hypervisor_host_init(struct intel_gvt *gvt);

/** intel_gvt_hypervisor_host_exit() - undo host_init, after the last vGPU is gone. */
void intel_gvt_hypervisor_host_exit(struct intel_gvt *gvt);

/**
 * intel_gvt_hypervisor_attach_vgpu() - tie a vGPU to its domain inside the hypervisor.
 * Sets vgpu->handle, which the vGPU holds until detach. Returns 0 or a negative errno.
 */
int intel_gvt_hypervisor_attach_vgpu(struct intel_vgpu *vgpu);

/** intel_gvt_hypervisor_detach_vgpu() - undo attach_vgpu; the handle is not valid any more. */
void intel_gvt_hypervisor_detach_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_inject_msi() - send the vGPU's MSI, as its MSI capability says.
 * While MSI is disabled nothing is sent, and 0 returned: the interrupt is lost, as on hardware.
 * Returns 0 or a negative errno.
 */
int intel_gvt_hypervisor_inject_msi(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_set_intx() - drive the vGPU's interrupt pin, INTA#.
 * The guest's interrupt controller sees the line asserted (@level true) until the next call, even
 * if this process ends. The level may be the one that the line has already. Returns 0, or a
 * negative errno with the line unchanged; 0 also from a back end that has no pin.
 */
int intel_gvt_hypervisor_set_intx(struct intel_vgpu *vgpu, bool level);

/**
 * intel_gvt_hypervisor_enable_page_track() - have writes to a guest page reported.
 * From then on the guest's writes arrive at intel_vgpu_page_track_handler() and do not change the
 * page; its reads do not trap. Returns 0, -EEXIST when the page is tracked already, -EINVAL when
 * the frame is not ordinary guest memory, or another negative errno.
 */
int intel_gvt_hypervisor_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/** intel_gvt_hypervisor_disable_page_track() - the reverse. Returns 0, -ENOENT or an errno. */
int intel_gvt_hypervisor_disable_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/**
 * intel_gvt_hypervisor_read_gpa() - copy @len bytes of guest memory at @gpa to @buf.
 * May cross pages. Returns 0, or -EFAULT when any byte is outside the guest's memory; the contents
 * of @buf are then undefined.
 */
int intel_gvt_hypervisor_read_gpa(struct intel_vgpu *vgpu, unsigned long gpa, void *buf,
				  unsigned long len);

/**
 * intel_gvt_hypervisor_write_gpa() - copy @len bytes from @buf to guest memory at @gpa.
 * Writes tracked pages too, without a report. Returns 0 or -EFAULT (a prefix may be written).
 */
int intel_gvt_hypervisor_write_gpa(struct intel_vgpu *vgpu, unsigned long gpa, void *buf,
				   unsigned long len);

/**
 * intel_gvt_hypervisor_set_trap_area() - have the hypervisor send accesses to guest physical
 * addresses [@start, @end) to this vGPU, or (@map false) stop it. Both are page aligned. Accesses
 * to guest memory inside the area do not trap. Returns 0, -EEXIST when it overlaps an area of this
 * vGPU, -ENOENT when there is no such area to undo, or another negative errno.
 */
int intel_gvt_hypervisor_set_trap_area(struct intel_vgpu *vgpu, u64 start, u64 end, bool map);

/* The address of a BAR that decodes nothing. */
#define INTEL_GVT_BAR_OFF (~0ull)

/**
 * intel_gvt_hypervisor_place_bar() - move the guest memory that backs a BAR to @gpa.
 * A back end may back parts of a BAR with guest memory: register pages that are read without a
 * trap, and the GGTT. All of these parts move together. INTEL_GVT_BAR_OFF removes them from the
 * guest's physical memory. On failure nothing is at @gpa, and every access to the BAR traps.
 * Returns 0 or a negative errno; 0 also when the back end backs no part of the BAR.
 */
int intel_gvt_hypervisor_place_bar(struct intel_vgpu *vgpu, unsigned int bar, u64 gpa);

/**
 * intel_gvt_hypervisor_get_vfio_device() - take a reference on the domain's handles: they stay
 * valid until the put, even if the domain dies. Returns 0, or -ENODEV when the domain is gone.
 */
int intel_gvt_hypervisor_get_vfio_device(struct intel_vgpu *vgpu);

/** intel_gvt_hypervisor_put_vfio_device() - give back one reference. */
void intel_gvt_hypervisor_put_vfio_device(struct intel_vgpu *vgpu);

/** intel_gvt_hypervisor_is_valid_gfn() - true when there is guest memory at @gfn now. */
bool intel_gvt_hypervisor_is_valid_gfn(struct intel_vgpu *vgpu, unsigned long gfn);

/**
 * intel_gvt_hypervisor_are_valid_gfns() - the same for @nr frames, into @valid. A back end that has
 * only is_valid_gfn is asked frame by frame.
 */
void intel_gvt_hypervisor_are_valid_gfns(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr,
					 bool *valid);

/**
 * intel_gvt_hypervisor_gfn_to_mfn() - the bus frame of a guest page that is mapped for DMA, or
 * INTEL_GVT_INVALID_ADDR when it is not: a frame that is not pinned could belong to another domain
 * by the time the answer is used.
 */
unsigned long intel_gvt_hypervisor_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn);

/* The address from dma_map_guest_pages() of a frame that could not be mapped. */
#define GVT_DMA_INVALID (~(dma_addr_t)0)

/**
 * intel_gvt_hypervisor_dma_map_guest_page() - make a guest page reachable for the GPU, and pin it.
 * @size: 4 KiB, 64 KiB or 2 MiB. With more than 4 KiB @gfn must be naturally aligned, and the call
 *        succeeds only where the bus frames are contiguous and aligned in the same way.
 * Each success is one reference, undone by one dma_unmap_guest_page() of the address that it gave.
 * Returns 0, -EFAULT (no guest memory there), -ENXIO (not contiguous), -EINVAL, -ENOSPC (no grant
 * or quota is left) or another negative errno.
 */
int intel_gvt_hypervisor_dma_map_guest_page(struct intel_vgpu *vgpu, unsigned long gfn,
					    unsigned long size, dma_addr_t *dma_addr);

/** intel_gvt_hypervisor_dma_unmap_guest_page() - give back one reference, whatever its size. */
void intel_gvt_hypervisor_dma_unmap_guest_page(struct intel_vgpu *vgpu, dma_addr_t dma_addr);

/**
 * intel_gvt_hypervisor_dma_map_guest_pages() - the same for @nr pages of 4 KiB at once.
 * @dma_addrs receives for each of @gfns an address, which is one reference, or GVT_DMA_INVALID
 * where there is no guest memory. The same gfn may occur more than once. Returns 0, or a negative
 * errno
 * (-ENOSPC, -ENOMEM) with nothing mapped.
 */
int intel_gvt_hypervisor_dma_map_guest_pages(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr,
					     dma_addr_t *dma_addrs);

/** intel_gvt_hypervisor_dma_unmap_guest_pages() - undo it; GVT_DMA_INVALID is passed over. */
void intel_gvt_hypervisor_dma_unmap_guest_pages(struct intel_vgpu *vgpu,
						const dma_addr_t *dma_addrs, size_t nr);

/**
 * intel_gvt_hypervisor_alloc_host_pages() - allocate @nr zeroed pages of the host's memory that the
 * GPU can read, for shadow tables and shadow contexts. They are contiguous for the CPU only;
 * virt_to_mfn() gives the bus frame of each. The caller owns them until free_host_pages(). NULL:
 * none are left.
 */
void *intel_gvt_hypervisor_alloc_host_pages(struct intel_vgpu *vgpu, size_t nr);

/** intel_gvt_hypervisor_free_host_pages() - free all pages of one alloc_host_pages(). */
void intel_gvt_hypervisor_free_host_pages(struct intel_vgpu *vgpu, void *va, size_t nr);

/**
 * intel_gvt_hypervisor_dma_to_virt() - where the software GPU finds the page at bus address @bus,
 * which is page aligned: a guest page mapped for DMA, or one of alloc_host_pages(). The page stays
 * there until it is unmapped or freed. From any thread. NULL: the vGPU has no such page.
 */
void *intel_gvt_hypervisor_dma_to_virt(struct intel_vgpu *vgpu, dma_addr_t bus);

/**
 * intel_gvt_hypervisor_charge() - charge the guest's quota for @bytes of our memory; negative: give
 * them back. From any thread. Returns 0, or -ENOSPC when the quota does not suffice; then nothing
 * is charged. A back end without this service has no quota.
 */
int intel_gvt_hypervisor_charge(struct intel_vgpu *vgpu, s64 bytes);

/**
 * intel_gvt_hypervisor_maps_made() - how often guest memory was mapped so far. Each time is a call
 * of the hypervisor for many pages. A caller takes the difference to learn what its work cost.
 */
u64 intel_gvt_hypervisor_maps_made(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_alarm() - have intel_vgpu_alarm() called in the vGPU's thread at @when, in
 * nanoseconds of CLOCK_MONOTONIC; 0: not at all. It replaces what was set before.
 */
void intel_gvt_hypervisor_alarm(struct intel_vgpu *vgpu, u64 when);

/**
 * intel_gvt_hypervisor_wake() - have the vGPU's thread call intel_vgpu_service() soon. From any
 * thread; does not block.
 */
void intel_gvt_hypervisor_wake(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_note() - have a person told of @note. @reason: a word; @text: a sentence.
 * The caller makes sure that a guest cannot have it happen as often as it likes.
 */
void intel_gvt_hypervisor_note(struct intel_vgpu *vgpu, enum intel_gvt_note note,
			       const char *reason, const char *text);

/**
 * intel_gvt_hypervisor_virt_to_mfn() - the bus frame of a page from alloc_host_pages(), or
 * INTEL_GVT_INVALID_ADDR for any other address.
 */
unsigned long intel_gvt_hypervisor_virt_to_mfn(struct intel_vgpu *vgpu, void *p);

/**
 * intel_gvt_hypervisor_map_gfn_to_mfn() - map @nr bus frames, from @mfn on, at @gfn as an alias, or
 * (@map false) unmap them. The frames are those of guest pages mapped for DMA, which stay mapped
 * while the alias exists. Returns 0, -EOPNOTSUPP, or another negative errno; then nothing is
 * mapped.
 */
int intel_gvt_hypervisor_map_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn,
					unsigned long mfn, unsigned int nr, bool map);

/**
 * intel_gvt_hypervisor_set_opregion() - write the vGPU's OpRegion to where the guest expects it
 * (ASLS of the configuration space). Returns 0, or a negative errno.
 */
int intel_gvt_hypervisor_set_opregion(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_set_pvmmio() - answer a guest that asks for AcrnGT's shared register page.
 * Returns 0, or -EOPNOTSUPP: the guest then goes on without.
 */
int intel_gvt_hypervisor_set_pvmmio(struct intel_vgpu *vgpu, u64 start, u64 end, bool map);

/**
 * intel_gvt_hypervisor_reserve_state() - allocate the memory behind @len bytes of the vGPU's state,
 * from @from on, before they are first written. Bytes that are not reserved must not be read:
 * reading would allocate memory too. Returns 0 or a negative errno.
 */
int intel_gvt_hypervisor_reserve_state(struct intel_vgpu *vgpu, const void *from, size_t len);

/** intel_gvt_hypervisor_dom0_ready() - announce that vGPUs can be created from now on. */
int intel_gvt_hypervisor_dom0_ready(struct intel_gvt *gvt);

#endif
