/* SPDX-License-Identifier: MIT */
/*
 * Xen behind the core's hypervisor port, and one domain's vGPU in its process.
 *
 * Threads: the process' main thread makes and ends the vGPU. In between, only the vGPU's own thread
 * touches its objects, and serves it. The main thread calls into it by xengt_vgpu_call(), and takes
 * traced events from a bounded ring. The software GPU's threads look pages up, under the lock of
 * view.h, and wake the vGPU's thread.
 *
 * The files of this room, each of which uses those to its left and above it:
 *
 *   pagetab, mem, state        know no vGPU
 *   view                       guest memory as the software GPU reaches it: on mem
 *   xengt.h, log               a vGPU, of these and of what the rest keeps in it
 *   quota, track, dma_page     what its guest may have; pages that trap; a page that is mapped
 *   dma, backing               pages mapped for DMA; memory behind BAR0
 *   aperture, hostmem          pages shown in the aperture; our own pages
 *   dma_look, bus, opregion    which pages are gone; the software GPU's addresses; the OpRegion
 */
#ifndef XENGT_XEN_XENGT_H
#define XENGT_XEN_XENGT_H

#include <pthread.h>
#include <semaphore.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "core/gvt.h"
#include "core/hw/reg.h"
#include "core/vgpu.h"
#include "ioreq/ioreq.h"
#include "xengt/ask/ask.h"
#include "xengt/xen/mem.h"
#include "xengt/xen/pagetab.h"
#include "xengt/xen/state.h"
#include "xengt/xen/view.h"

/* What the vGPUs of a process share. A process has one vGPU, except in tests. */
struct xengt_host {
	struct intel_gvt *gvt;
	struct gvt_gpu *gpu;	 /* the software GPU, or NULL; owned by the caller */
	struct gvt_share *share; /* its scheduler's, or NULL; owned by the caller */
	unsigned int poll_max;
};

#define XENGT_TRACE_SLOTS 4096u

/* A ring from the vGPU's thread to the main thread. Each may read the other's index. */
struct xengt_trace {
	bool on;
	u32 head, tail; /* next slot to write, next to read */
	u64 lost;
	int fd; /* an eventfd: there is something to read */
	struct ioreq_event slots[XENGT_TRACE_SLOTS];
};

/* ioreq_event.type of a write to a watched page; Xen has no such type. */
#define XENGT_EVENT_WATCH 0xf0

/* Pages that are mapped for DMA (dma.h). */
/* The first pins are scratch: they check whether other pins' frames are still the guest's. */
#define XENGT_PINS_SCRATCH 256u

struct xengt_dma_page;

struct xengt_dma {
	u32 nr;			   /* pins that were ever used */
	struct xengt_pagetab gfns; /* to a pin's number + 1, as all links here */
	struct xengt_dma_page *pages;
	u32 *by_bus;
	u32 *places;		/* by place in the aperture: the next that shows the same page */
	u32 free;		/* the first free pin */
	u32 idle_old, idle_new; /* list of pages mapped without references, by age */
	u32 idle, idle_gone, used;
	bool complained;
	u64 maps, hits, unmaps; /* grants mapped; pages found mapped; grants unmapped */
	u64 refused;		/* frames that could not be mapped */
	u64 gone;		/* pages that their guest gave up while mapped */
	u64 strays;		/* addresses unmapped that were not mapped */
	u64 over;		/* refusals for lack of quota */
};

/* Our own pages that the GPU reads (hostmem.h). */
#define XENGT_HOST_CHUNKS 1024u

struct xengt_host_chunk;

struct xengt_hostmem {
	xengntshr_handle *gntshr;
	struct xengt_host_chunk *chunk[XENGT_HOST_CHUNKS];
	u32 chunks;
	u32 next;		      /* where to look for a free bus frame, for the software GPU */
	struct xengt_pagetab by_page; /* from a page's address to its chunk's place + 1 */
	struct xengt_pagetab
		by_bus; /* from a bus frame to the page's address; under the view's lock */
	u64 pages;
	bool complained;
};

struct xengt_vgpu {
	struct xengt_host *host;
	domid_t domid;
	u64 heap; /* atomic: bytes of our memory that the core and the GPU have taken for it */
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *evtchn;
	struct xengt_ask ask;
	struct xengt_file kept_file, file;
	const struct xengt_kept *kept; /* sections of .kept_file */
	const struct xengt_pins *pins;
	const struct xengt_aliases *aliases;
	struct xengt_file_kind state_kind;
	struct xengt_memory *memory; /* sections of .file */
	struct xengt_tracked *listed;
	struct ioreq_server *server;
	struct intel_vgpu *vgpu;
	struct xengt_mem mem;
	struct xengt_dma dma;
	struct xengt_hostmem hostmem;
	struct xengt_view view;
	struct xengt_pagetab tracked; /* gfn to its place in .listed + 1 */
	struct xengt_writer {
		u64 gfn;     /* page of the vCPU's last write, plus one; 0: none */
		bool leaves; /* the page is to be untracked at the vCPU's next request */
	} writers[IOREQ_MAX_VCPUS];
	u32 nr_leaving;	   /* writers with .leaves */
	u32 *regs;	   /* the register pages that the guest reads directly, mapped */
	u64 *ggtt;	   /* the guest's GGTT pages, mapped */
	unsigned int refs; /* to the domain's handles: one of the process, and the core's */
	bool taking_up;	   /* an earlier process may have left steps half done: no error */
	bool keep;	   /* detaching as XENGT_KEEP */
	bool leave;	   /* detaching as XENGT_LEAVE_MEMORY */

	pthread_t thread;
	bool running;
	bool failed; /* the thread ended by an error */
	struct xengt_call {
		void (*fn)(struct xengt_vgpu *vgpu, void *arg);
		void *arg;
		bool stop;
		sem_t done;
	} * call;
	struct xengt_trace trace;
};

/** xengt_vgpu_log() - have xengtd log a line about this vGPU. */
void xengt_vgpu_log(struct xengt_vgpu *v, enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
