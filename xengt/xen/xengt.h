/* SPDX-License-Identifier: MIT */
/*
 * Xen behind the core's hypervisor port, and one domain's vGPU as the daemon has it.
 *
 * Threads: the daemon's main thread makes and ends vGPUs; each vGPU's own thread serves it and
 * touches its objects in between. The main thread asks it by xengt_vgpu_call(), and takes what it
 * traced from a bounded ring. A GPU of software has threads too, which look pages up (view.h has
 * the one lock) and wake the vGPU's.
 */
#ifndef XENGT_XEN_XENGT_H
#define XENGT_XEN_XENGT_H

#include <pthread.h>
#include <semaphore.h>
#include <xencall.h>
#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xenstore.h>

#include "core/gvt.h"
#include "core/hw/reg.h"
#include "core/vgpu.h"
#include "ioreq/ioreq.h"
#include "xengt/settings/log.h"
#include "xengt/settings/options.h"
#include "xengt/state/file.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/mem.h"
#include "xengt/xen/view.h"

/* What all vGPUs of the daemon share on the Xen side. */
struct xengt_host {
	xc_interface *xc;
	struct xs_handle *xs;
	struct intel_gvt *gvt;
	struct gvt_gpu *gpu;	 /* what executes the guests' work, or NULL; the caller's */
	struct gvt_share *share; /* who shares it, or NULL; the same */
	const char *state_dir;
	unsigned int poll_max;
	bool pvh; /* the domain we run in, as the kernel says */
	u32 pins; /* pages that all vGPUs have mapped for DMA */
};

/* A domain as Xen describes it. */
struct xengt_dominfo {
	bool dying; /* Xen is destroying it, or has: no vCPU runs, its p2m is emptied */
	bool hvm, hap;
	bool suspended; /* shut down, to be saved or migrated */
	bool over;   /* shut down, and never to run again: crashed, powered off, to be rebooted */
	bool booted; /* firmware ran in it, and it was not soft reset (kexec) since */
	u64 max_kib;
	u8 uuid[16];
};

/** xengt_dominfo() - look @domid up. Returns 0, -ESRCH when there is none, or an errno. */
int xengt_dominfo(struct xengt_host *host, domid_t domid, struct xengt_dominfo *info);

/* Where xenstore has a domain's name, by its number, and the memory that it is to have, in KiB. */
#define XENGT_NAME_PATH	  "/local/domain/%u/name"
#define XENGT_MEMORY_PATH "/local/domain/%u/memory/target"

/** xengt_vgpu_log() - xengt_log_of() this vGPU. */
void xengt_vgpu_log(const struct xengt_vgpu *v, enum xengt_event event, enum xengt_level level,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

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
	char name[64];
	u64 heap;    /* atomic: bytes of ours that the core and the GPU have taken for it */
	u64 max_kib; /* the domain's limit of memory, when it was attached */
	xendevicemodel_handle *dmod;
	xenforeignmemory_handle *fmem;
	xenevtchn_handle *evtchn;
	xencall_handle *xcall;
	struct xengt_state *state;
	struct ioreq_server *server;
	struct intel_vgpu *vgpu;
	struct xengt_mem mem;
	struct xengt_grants grants;
	struct xengt_dma dma;
	struct xengt_hostmem hostmem;
	struct xengt_view view;
	struct xengt_pagetab tracked; /* gfn to its place in the state's list + 1 */
	struct xengt_writer {
		u64 gfn;     /* of its last request, plus one */
		bool leaves; /* that page is not tracked any more, but for it */
	} writers[IOREQ_MAX_VCPUS];
	u32 nr_leaving;	   /* of them that say so */
	u32 *regs;	   /* the register pages that the guest reads directly, mapped */
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
