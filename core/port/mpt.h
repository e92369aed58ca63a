/* SPDX-License-Identifier: MIT */
/*
 * Hypervisor services: the lower port of the vGPU. The core calls nothing else of a hypervisor.
 *
 * The names are those of GVT-g's mediated pass-through layer. A back end fills one
 * struct intel_gvt_mpt; the core calls it through the intel_gvt_hypervisor_*() wrappers. Every
 * service acts on one vGPU's own domain, named by the handle that attach_vgpu returned, and takes
 * guest frame numbers (gfn) and guest physical addresses (gpa) of that domain alone.
 *
 * All calls but host_init, host_exit, attach_vgpu and detach_vgpu are made from the thread that
 * owns the vGPU; dma_to_virt and wake alone from others too.
 */
#ifndef CORE_PORT_MPT_H
#define CORE_PORT_MPT_H

#include <errno.h>

#include "core/base/types.h"

struct intel_gvt;
struct intel_vgpu;

#define INTEL_GVT_INVALID_ADDR (~0ul)

/* What came of execution that a person may have to know. */
enum intel_gvt_note {
	INTEL_GVT_HANG,	 /* an engine stands still, in the guest's sight */
	INTEL_GVT_RESET, /* one that did was reset */
};

/* What a hypervisor back end supplies. A service left NULL is one that it does not have. */
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
	void (*note)(unsigned long handle, enum intel_gvt_note note, const char *reason,
		     const char *text);
	int (*dom0_ready)(void);
};

/**
 * intel_gvt_hypervisor_host_init() - bring the back end up, once, before any vGPU exists.
 * Returns 0 or a negative errno (what the back end could not open).
 */
int intel_gvt_hypervisor_host_init(struct intel_gvt *gvt);

/** intel_gvt_hypervisor_host_exit() - undo host_init; every vGPU is gone by then. */
void intel_gvt_hypervisor_host_exit(struct intel_gvt *gvt);

/**
 * intel_gvt_hypervisor_attach_vgpu() - tie a vGPU to its domain inside the hypervisor.
 * Sets vgpu->handle, which the vGPU holds until detach. Returns 0 or a negative errno.
 */
int intel_gvt_hypervisor_attach_vgpu(struct intel_vgpu *vgpu);

/** intel_gvt_hypervisor_detach_vgpu() - release what attach took; the handle dies with it. */
void intel_gvt_hypervisor_detach_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_inject_msi() - send the vGPU's MSI, as its capability says.
 * A vGPU whose MSI is disabled sends none and gets 0: the interrupt is lost, as on hardware.
 * Returns 0 or a negative errno.
 */
int intel_gvt_hypervisor_inject_msi(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_set_intx() - drive the vGPU's interrupt pin, INTA#.
 * The guest's interrupt controller sees the line asserted (@level true) until it is driven
 * otherwise, also when this process ends. Setting the level that the line has is allowed. Returns 0
 * or a negative errno, the line then being as it was. A back end without it has no pin: 0.
 */
int intel_gvt_hypervisor_set_intx(struct intel_vgpu *vgpu, bool level);

/**
 * intel_gvt_hypervisor_enable_page_track() - have writes to a guest page reported.
 * Afterwards the guest's writes arrive at intel_vgpu_page_track_handler() and change nothing by
 * themselves; its reads are not trapped. Returns 0, -EEXIST when tracked already, -EINVAL when
 * the frame is no plain guest memory, or another negative errno.
 */
int intel_gvt_hypervisor_enable_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/** intel_gvt_hypervisor_disable_page_track() - the reverse. Returns 0, -ENOENT or an errno. */
int intel_gvt_hypervisor_disable_page_track(struct intel_vgpu *vgpu, unsigned long gfn);

/**
 * intel_gvt_hypervisor_read_gpa() - copy @len bytes of guest memory at @gpa to @buf.
 * May cross pages. Returns 0, or -EFAULT when any byte lies outside the guest's memory
 * (what @buf then holds is undefined).
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
 * intel_gvt_hypervisor_set_trap_area() - have accesses to [@start, @end) of guest physical
 * space sent to this vGPU, or (@map false) no longer. Both page aligned. Guest memory inside
 * the area is not trapped. Returns 0, -EEXIST on overlap with an area of this vGPU, -ENOENT when
 * undoing what was not set, or another negative errno.
 */
int intel_gvt_hypervisor_set_trap_area(struct intel_vgpu *vgpu, u64 start, u64 end, bool map);

/* The place_bar address of a BAR that decodes nothing. */
#define INTEL_GVT_BAR_OFF (~0ull)

/**
 * intel_gvt_hypervisor_place_bar() - put the guest memory that backs a BAR at @gpa.
 * The back end may back parts of a BAR with guest memory (read-through register pages, the
 * GGTT); they move as a whole. INTEL_GVT_BAR_OFF takes them out of the guest's sight. On failure
 * nothing is at @gpa and every access to the BAR traps. Returns 0 or a negative errno; 0 too when
 * the back end backs no part of it.
 */
int intel_gvt_hypervisor_place_bar(struct intel_vgpu *vgpu, unsigned int bar, u64 gpa);

/**
 * intel_gvt_hypervisor_get_vfio_device() - take a reference on the domain's handles: they stay
 * valid until put, though the domain die. Returns 0, or -ENODEV when it is gone already.
 */
int intel_gvt_hypervisor_get_vfio_device(struct intel_vgpu *vgpu);

/** intel_gvt_hypervisor_put_vfio_device() - give back one reference. */
void intel_gvt_hypervisor_put_vfio_device(struct intel_vgpu *vgpu);

/** intel_gvt_hypervisor_is_valid_gfn() - true when guest memory stands behind @gfn now. */
bool intel_gvt_hypervisor_is_valid_gfn(struct intel_vgpu *vgpu, unsigned long gfn);

/**
 * intel_gvt_hypervisor_are_valid_gfns() - the same for @nr frames at once, into @valid. A back end
 * without it is asked for one after the other.
 */
void intel_gvt_hypervisor_are_valid_gfns(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr,
					 bool *valid);

/**
 * intel_gvt_hypervisor_gfn_to_mfn() - the bus frame of a guest page that is mapped for DMA, or
 * INTEL_GVT_INVALID_ADDR when it is not: a frame that nothing holds could be another's by the time
 * the answer is used.
 */
unsigned long intel_gvt_hypervisor_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn);

/* What dma_map_guest_pages() gives for a frame that cannot be had. */
#define GVT_DMA_INVALID (~(dma_addr_t)0)

/**
 * intel_gvt_hypervisor_dma_map_guest_page() - have the GPU reach a guest page, and pin it.
 * @size: 4 KiB, 64 KiB or 2 MiB; more than 4 KiB wants a naturally aligned @gfn, and succeeds only
 *        where the frames behind it are as contiguous and as aligned.
 * Each success is one reference, undone by one dma_unmap_guest_page() of the address it gave.
 * Returns 0, -EFAULT (no guest memory there), -ENXIO (not contiguous), -EINVAL, -ENOSPC (no grant
 * or quota is left) or another negative errno.
 */
int intel_gvt_hypervisor_dma_map_guest_page(struct intel_vgpu *vgpu, unsigned long gfn,
					    unsigned long size, dma_addr_t *dma_addr);

/** intel_gvt_hypervisor_dma_unmap_guest_page() - give back one reference; any mapped size. */
void intel_gvt_hypervisor_dma_unmap_guest_page(struct intel_vgpu *vgpu, dma_addr_t dma_addr);

/**
 * intel_gvt_hypervisor_dma_map_guest_pages() - the same for @nr pages of 4 KiB at once.
 * @dma_addrs receives an address for each of @gfns, each one reference, or GVT_DMA_INVALID where
 * no guest memory is. The same gfn may occur more than once. Returns 0, or a negative errno
 * (-ENOSPC, -ENOMEM) with nothing mapped.
 */
int intel_gvt_hypervisor_dma_map_guest_pages(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr,
					     dma_addr_t *dma_addrs);

/** intel_gvt_hypervisor_dma_unmap_guest_pages() - the reverse; GVT_DMA_INVALID is passed over. */
void intel_gvt_hypervisor_dma_unmap_guest_pages(struct intel_vgpu *vgpu,
						const dma_addr_t *dma_addrs, size_t nr);

/**
 * intel_gvt_hypervisor_alloc_host_pages() - @nr zeroed pages of ours that the GPU can read:
 * shadow tables, shadow contexts. Contiguous for the CPU alone; each has its own bus frame, by
 * virt_to_mfn(). Owned by the caller until free_host_pages(). NULL: none left.
 */
void *intel_gvt_hypervisor_alloc_host_pages(struct intel_vgpu *vgpu, size_t nr);

/** intel_gvt_hypervisor_free_host_pages() - give them back, whole, as allocated. */
void intel_gvt_hypervisor_free_host_pages(struct intel_vgpu *vgpu, void *va, size_t nr);

/**
 * intel_gvt_hypervisor_dma_to_virt() - where a GPU made of software finds the page at bus address
 * @bus, which is page aligned: a guest page mapped for DMA, or one of alloc_host_pages(). From any
 * thread. It stays there until it is unmapped or freed. NULL: no such page is this vGPU's.
 */
void *intel_gvt_hypervisor_dma_to_virt(struct intel_vgpu *vgpu, dma_addr_t bus);

/**
 * intel_gvt_hypervisor_charge() - @bytes of our memory are taken on the guest's behalf, or,
 * negative, given back. From any thread. Returns 0, or -ENOSPC when it is more than the guest may
 * have; then nothing is charged. A back end without it has no quota.
 */
int intel_gvt_hypervisor_charge(struct intel_vgpu *vgpu, s64 bytes);

/**
 * intel_gvt_hypervisor_maps_made() - how often guest memory had to be mapped so far, each a call of
 * the hypervisor for many pages: by the difference a caller knows what it had done.
 */
u64 intel_gvt_hypervisor_maps_made(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_wake() - have the vGPU's thread call intel_vgpu_service() soon. From any
 * thread; does not block.
 */
void intel_gvt_hypervisor_wake(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_note() - have a person told of @note. @reason: in a word; @text: a sentence.
 * The caller sees to it that no guest decides how often.
 */
void intel_gvt_hypervisor_note(struct intel_vgpu *vgpu, enum intel_gvt_note note,
			       const char *reason, const char *text);

/**
 * intel_gvt_hypervisor_virt_to_mfn() - the bus frame of a page from alloc_host_pages(), or
 * INTEL_GVT_INVALID_ADDR for any other address.
 */
unsigned long intel_gvt_hypervisor_virt_to_mfn(struct intel_vgpu *vgpu, void *p);

/**
 * intel_gvt_hypervisor_map_gfn_to_mfn() - put @nr bus frames from @mfn at @gfn, or (@map
 * false) take them away. The frames are of guest pages mapped for DMA, which stay mapped for as
 * long as the alias exists. Returns 0, -EOPNOTSUPP, or another negative errno, nothing then
 * being mapped.
 */
int intel_gvt_hypervisor_map_gfn_to_mfn(struct intel_vgpu *vgpu, unsigned long gfn,
					unsigned long mfn, unsigned int nr, bool map);

/**
 * intel_gvt_hypervisor_set_opregion() - put the vGPU's OpRegion where its guest expects it
 * (ASLS of configuration space). Returns 0, or a negative errno.
 */
int intel_gvt_hypervisor_set_opregion(struct intel_vgpu *vgpu);

/**
 * intel_gvt_hypervisor_set_pvmmio() - answer a guest that asks for AcrnGT's shared register page.
 * Returns 0, or -EOPNOTSUPP: the guest then goes on without.
 */
int intel_gvt_hypervisor_set_pvmmio(struct intel_vgpu *vgpu, u64 start, u64 end, bool map);

/**
 * intel_gvt_hypervisor_reserve_state() - make sure of the memory behind @len bytes of the vGPU's
 * state from @from on, before they are first written. What is not reserved is to be read by nobody:
 * reading would take memory too. Returns 0 or a negative errno.
 */
int intel_gvt_hypervisor_reserve_state(struct intel_vgpu *vgpu, const void *from, size_t len);

/** intel_gvt_hypervisor_dom0_ready() - say that vGPUs can be had from now on. */
int intel_gvt_hypervisor_dom0_ready(struct intel_gvt *gvt);

#endif
