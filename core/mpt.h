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
 * owns the vGPU.
 */
#ifndef CORE_MPT_H
#define CORE_MPT_H

#include <errno.h>

#include "core/types.h"

struct intel_gvt;
struct intel_vgpu;

#define INTEL_GVT_INVALID_ADDR (~0ul)

/* What a hypervisor back end supplies. A service left NULL is one that it does not have. */
struct intel_gvt_mpt {
	const char *name;
	int (*host_init)(struct intel_gvt *gvt);
	void (*host_exit)(struct intel_gvt *gvt);
	int (*attach_vgpu)(struct intel_vgpu *vgpu, unsigned long *handle);
	void (*detach_vgpu)(unsigned long handle);
	int (*inject_msi)(unsigned long handle, u32 addr, u16 data);
	int (*enable_page_track)(unsigned long handle, u64 gfn);
	int (*disable_page_track)(unsigned long handle, u64 gfn);
	int (*read_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
	int (*write_gpa)(unsigned long handle, unsigned long gpa, void *buf, unsigned long len);
	int (*set_trap_area)(unsigned long handle, u64 start, u64 end, bool map);
	int (*place_bar)(unsigned long handle, unsigned int bar, u64 gpa);
	int (*get_vfio_device)(unsigned long handle);
	void (*put_vfio_device)(unsigned long handle);
	bool (*is_valid_gfn)(unsigned long handle, unsigned long gfn);
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

/** intel_gvt_hypervisor_dom0_ready() - say that vGPUs can be had from now on. */
int intel_gvt_hypervisor_dom0_ready(struct intel_gvt *gvt);

#endif
