/* SPDX-License-Identifier: MIT */
/*
 * Xen behind the core's hypervisor port, and one domain's vGPU as its process has it.
 *
 * Threads: the process' main thread makes and ends the vGPU; the vGPU's own thread serves it and
 * touches its objects in between. The main thread asks it by xengt_vgpu_call(), and takes what it
 * traced from a bounded ring. A GPU of software has threads too, which look pages up (view.h has
 * the one lock) and wake the vGPU's.
 */
#ifndef XENGT_XEN_XENGT_H
#define XENGT_XEN_XENGT_H

#include <pthread.h>
#include <semaphore.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "core/gvt.h"
#include "core/hw/reg.h"
#include "core/vgpu.h"
#include "ioreq/ioreq.h"
#include "xengt/ask/ask.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/mem.h"
#include "xengt/xen/state.h"
#include "xengt/xen/view.h"

/* What the vGPUs of a process share: one, but in tests. */
struct xengt_host {
	struct intel_gvt *gvt;
	struct gvt_gpu *gpu;	 /* what executes the guests' work, or NULL; the caller's */
	struct gvt_share *share; /* who shares it, or NULL; the same */
	unsigned int poll_max;
};

/** xengt_vgpu_log() - have xengtd log of this vGPU. */
void xengt_vgpu_log(struct xengt_vgpu *v, enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define XENGT_TRACE_SLOTS 4096u

/* From the vGPU's thread to the main thread; either may look at the other's index. */
struct xengt_trace {
	bool on;
	u32 head, tail; /* next written, next read */
	u64 lost;
	int fd; /* an eventfd: there is something to read */
	struct ioreq_event slots[XENGT_TRACE_SLOTS];
};

/* ioreq_event.type of a write that a watched page's handler saw; beyond Xen's types. */
#define XENGT_EVENT_WATCH 0xf0

struct xengt_vgpu {
	struct xengt_host *host;
	domid_t domid;
	u64 heap; /* atomic: bytes of ours that the core and the GPU have taken for it */
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *evtchn;
	struct xengt_ask ask;
	struct xengt_file kept_file, file;
	const struct xengt_kept *kept; /* both mapped */
	struct xengt_state *state;
	struct xengt_file_kind state_kind;
	struct ioreq_server *server;
	struct intel_vgpu *vgpu;
	struct xengt_mem mem;
	struct xengt_dma dma;
	struct xengt_hostmem hostmem;
	struct xengt_view view;
	struct xengt_pagetab tracked; /* gfn to its place in the state's list + 1 */
	struct xengt_writer {
		u64 gfn;     /* of its last request, plus one */
		bool leaves; /* that page is not tracked any more, but for it */
	} writers[IOREQ_MAX_VCPUS];
	u32 nr_leaving;	   /* of them that say so */
	u32 *regs; /* the register pages that the guest reads directly, mapped */
	u64 *ggtt;	   /* the guest's GGTT pages, mapped */
	unsigned int refs; /* of the domain's handles: the daemon's own, and the core's */
	bool taking_up;	   /* what an earlier process may have left half done is not an error */
	bool keep;	   /* detaching leaves the guest's side as it is, to be taken up again */
	bool leave;	   /* or its memory alone: the domain does not run again */

	pthread_t thread;
	bool running;
	bool failed; /* the thread ended by itself */
	struct xengt_call {
		void (*fn)(struct xengt_vgpu *vgpu, void *arg);
		void *arg;
		bool stop;
		sem_t done;
	} * call;
	struct xengt_trace trace;
};

#endif
