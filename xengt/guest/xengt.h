/* SPDX-License-Identifier: MIT */
/*
 * Xen behind the core's hypervisor port, and one domain's vGPU as the daemon has it.
 *
 * Threads: the daemon's main thread makes and ends vGPUs; each vGPU's own thread serves it and
 * touches its objects in between. The main thread asks it by xengt_vgpu_call(), and takes what it
 * traced from a bounded ring. A GPU of software has threads too, which look pages up (view.h has
 * the one lock) and wake the vGPU's.
 */
#ifndef XENGT_XENGT_H
#define XENGT_XENGT_H

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
#include "xengt/xen/dma.h"
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

extern const struct intel_gvt_mpt xengt_mpt;

/**
 * xengt_host_init() - open Xen's interfaces and build the shared part of the vGPUs.
 * @host: .gpu, .state_dir and .poll_max are set by the caller. Returns 0, or a negative errno after
 * a log line that says what could not be had.
 */
int xengt_host_init(struct xengt_host *host);

/** xengt_host_exit() - the reverse, after the last vGPU. */
void xengt_host_exit(struct xengt_host *host);

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

/* ---- guest memory: mem.c ---- */

/*
 * Guest memory is mapped an area at a time, each of which is one of vm.max_map_count. All of a
 * guest's memory takes XENGT_AREAS of them at most: of a guest with more than 1 GiB they are larger
 * than 1 MiB.
 */
#define XENGT_AREAS	 1024u
#define XENGT_AREA_PAGES 256u /* of one, at least; and at most: */
#define XENGT_AREA_MOST	 16384u

/** xengt_area_pages() - of one area, a power of two, for a guest with @kib of memory. */
u32 xengt_area_pages(u64 kib);

struct xengt_area {
	u64 number; /* its first frame's, in areas */
	u64 used;   /* when last, in accesses */
	u8 *va;
	u64 *present; /* a bit for each page */
	u16 next;     /* in its chain, or of those that are free: its place + 1 */
};

/*
 * A bounded cache of mappings of guest memory. What is mapped stays, until frames change hands or
 * other areas take its place.
 */
struct xengt_mem {
	xenforeignmemory_handle *fmem;
	domid_t domid;
	u32 pages;     /* of an area */
	u32 areas_max; /* XENGT_AREAS */
	u32 nr, free;  /* places that were ever used; the first that is free again, + 1 */
	u64 clock;
	struct xengt_area *areas; /* NULL: none was ever mapped; so the next two */
	u16 *chains;
	struct xengt_area *last; /* that was found, or NULL */
	u64 maps, drops;
};

/** xengt_mem_init() - an empty cache for @domid, with @kib of memory; @fmem stays the caller's. */
void xengt_mem_init(struct xengt_mem *mem, xenforeignmemory_handle *fmem, domid_t domid, u64 kib);

/** xengt_mem_copy() - between @buf and guest memory at @gpa. Returns 0 or -EFAULT. */
int xengt_mem_copy(struct xengt_mem *mem, u64 gpa, void *buf, size_t len, bool write);

/** xengt_mem_valid() - whether guest memory stands behind @gfn at this moment. */
bool xengt_mem_valid(struct xengt_mem *mem, u64 gfn);

/** xengt_mem_valid_many() - the same for @nr frames, into @valid, in a call for each 256.
 */
void xengt_mem_valid_many(struct xengt_mem *mem, const u64 *gfns, size_t nr, bool *valid);

/** xengt_mem_holes() - whether no memory at all is in @nr frames from @gfn, for certain. */
bool xengt_mem_holes(struct xengt_mem *mem, u64 gfn, size_t nr);

/** xengt_mem_drop() - forget all mappings: frames changed hands. */
void xengt_mem_drop(struct xengt_mem *mem);

/** xengt_mem_close() - and give all memory back: the domain goes. */
void xengt_mem_close(struct xengt_mem *mem);

/** xengt_mem_areas() - mapped now. */
u32 xengt_mem_areas(const struct xengt_mem *mem);

/** xengt_mem_bytes() - of ours that the cache takes. */
u64 xengt_mem_bytes(const struct xengt_mem *mem);

/* ---- state that outlives the process: state.c ---- */

#define XENGT_TRACK_MAX (1u << 20)

/*
 * The head of a vGPU's state file; intel_gvt_state_size() bytes of the core's follow it, at the
 * next page. A file of another layout is refused whole.
 *
 * The file is the memory of the process that has it: no checksum fits what changes at each instant.
 * So there are two: of what never changes, which is always checked, and of all, which is there when
 * a process has left the file in order.
 */
struct xengt_state {
	char magic[8];
	u32 layout, size;
	u32 domid;
	u32 ready;    /* written to the end at least once, with .head_crc */
	u32 head_crc; /* of what is above .ready, .uuid, and .options but for weight and cap */
	u32 sealed;   /* not 0: left in order, .crc is of all of it, with these two as 0 */
	u32 crc;
	u8 uuid[16];
	struct xengt_options options;
	struct ioreq_state ioreq;
	u64 added_kib;	   /* put on the domain's memory limit */
	u64 opregion_at;   /* frame of the OpRegion's memory, or 0 */
	u64 backing_at;	   /* frame at which the memory behind BAR0 is, or 0: there is none */
	u64 backing_was;   /* frame from which it is being moved there, or 0 */
	u32 backing_typed; /* writes to its register pages trap */
	u32 nr_tracked;	   /* of .tracked, gfns */
	u32 backing_held;  /* the domain is paused for a move */
	u32 booted;	   /* the domain was seen to run, since its vGPU was as after power-on */
	u64 limit_kib;	   /* of the domain's memory, as last seen; and what it was to have then: */
	u64 target_kib;	   /* 0: not known */
	u64 tracked[XENGT_TRACK_MAX] __attribute__((aligned(4096)));
	struct xengt_pins pins;
	struct xengt_aliases aliases;
};

/** xengt_state_create() - a new file, zeroed. Returns it mapped, or NULL with errno and @why. */
struct xengt_state *xengt_state_create(const struct xengt_host *host, domid_t domid, char *why,
				       size_t why_len);

/**
 * xengt_state_open() - one left by an earlier process. NULL with errno and @why, a sentence;
 * EPROTO: it is of another version, cut off, or damaged.
 */
struct xengt_state *xengt_state_open(const struct xengt_host *host, domid_t domid, char *why,
				     size_t why_len);

/** xengt_state_ready() - what never changes of it is complete: a later process may take it up. */
void xengt_state_ready(struct xengt_state *state);

/** xengt_state_core() - the core's part of it. */
struct vgpu_state *xengt_state_core(struct xengt_state *state);

/** xengt_state_cost() - bytes of memory that a new one takes at once. */
size_t xengt_state_cost(void);

/** xengt_state_close() - seal and unmap it; with @remove, delete the file. */
void xengt_state_close(const struct xengt_host *host, struct xengt_state *state, bool remove);

/** xengt_state_reserve() - make sure of the memory under [@from, @from + @len) of it. 0 or errno.
 */
int xengt_state_reserve(const struct xengt_host *host, struct xengt_state *state, const void *from,
			size_t len);

/* ---- a vGPU ---- */

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

/**
 * xengt_vgpu_attach() - give @domid a vGPU, or take up the one that a state file has of it.
 * @options: ignored when taking up.
 * @why:     on failure, receives a sentence for the user.
 * Returns 0 or a negative errno; then nothing is left behind.
 */
int xengt_vgpu_attach(struct xengt_host *host, domid_t domid, const struct xengt_options *options,
		      bool take_up, struct xengt_vgpu **out, char *why, size_t why_len);

/**
 * xengt_vgpu_detach() - take the vGPU from its domain, and release it. In a domain that crashed or
 * was powered off, and is preserved, the memory behind BAR0 and that of the OpRegion stay as they
 * are.
 * @keep: only stop serving: the guest's next access waits for a daemon that takes it up.
 */
void xengt_vgpu_detach(struct xengt_vgpu *v, bool keep);

/**
 * xengt_vgpu_restart() - its domain was soft reset: same memory and vCPUs, and another kernel
 * starts in it without firmware. The vGPU is as after power-on, with its BARs and its OpRegion
 * where they were. Safe to repeat, also after it was broken off. Returns as xengt_vgpu_call() does.
 */
int xengt_vgpu_restart(struct xengt_vgpu *v);

/**
 * xengt_vgpu_call() - run @fn in the vGPU's thread, and wait until it is done.
 * Returns 0, or a negative errno when the thread could not be woken.
 */
int xengt_vgpu_call(struct xengt_vgpu *v, void (*fn)(struct xengt_vgpu *v, void *arg), void *arg);

/**
 * xengt_vgpu_suspended() - its domain is suspended, and about to be saved.
 * Takes out of it what a saved domain could not be restored with: the memory behind BAR0, beyond
 * the domain's configured size. The vGPU goes on without, should the domain be resumed: each access
 * traps. Returns as xengt_vgpu_call() does.
 */
int xengt_vgpu_suspended(struct xengt_vgpu *v);

/* Where xenstore has a domain's name, by its number, and the memory that it is to have, in KiB. */
#define XENGT_NAME_PATH	  "/local/domain/%u/name"
#define XENGT_MEMORY_PATH "/local/domain/%u/memory/target"

/** xengt_vgpu_follow_name() - its domain may have another name by now. Returns as xengt_vgpu_call()
 * does. */
int xengt_vgpu_follow_name(struct xengt_vgpu *v);

/** xengt_vgpu_follow_memory() - nor may it be meant to have as much memory. Returns the same way.
 */
int xengt_vgpu_follow_memory(struct xengt_vgpu *v);

/** xengt_vgpu_log() - xengt_log_of() this vGPU. */
void xengt_vgpu_log(const struct xengt_vgpu *v, enum xengt_event event, enum xengt_level level,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

/** xengt_trace_push() - from the vGPU's thread: pass an event on, or count it as lost. */
void xengt_trace_push(struct xengt_trace *trace, const struct ioreq_event *event);

/** xengt_trace_pop() - from the main thread: the oldest event. False: none. */
bool xengt_trace_pop(struct xengt_trace *trace, struct ioreq_event *event);

/* ---- memory behind BAR0: backing.c ---- */

/** xengt_backing_create() - populate, park and map it; or map what a state file has. */
int xengt_backing_create(struct xengt_vgpu *v);

/**
 * xengt_backing_renew() - as xengt_backing_create() made it, wherever pages of it have gone to
 * since; while it is out of sight. Returns 0, or an errno: the GGTT has no memory.
 */
int xengt_backing_renew(struct xengt_vgpu *v);

/** xengt_backing_place() - to guest physical @gpa, or INTEL_GVT_BAR_OFF: out of sight. */
int xengt_backing_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_backing_withdraw() - give it back, with the GGTT's entries going on in the state file. */
void xengt_backing_withdraw(struct xengt_vgpu *v);

/** xengt_backing_leave() - unmap it for good; its pages stay where they are, as plain memory. */
void xengt_backing_leave(struct xengt_vgpu *v);

/** xengt_backing_destroy() - unmap; unless @keep, give the memory back. */
int xengt_backing_destroy(struct xengt_vgpu *v, bool keep);

/** xengt_backing_limit() - raise, or lower, what the domain may have. Returns 0 or an errno. */
int xengt_backing_limit(struct xengt_vgpu *v, s64 by_kib);

/**
 * xengt_backing_follow() - the domain is to have @target_kib of memory, and its limit may have been
 * set for that alone: what was added is added again. In the vGPU's thread.
 */
void xengt_backing_follow(struct xengt_vgpu *v, u64 target_kib);

/* ---- the OpRegion's memory: opregion.c ---- */

/**
 * xengt_opregion_set() - fill it, at the place that firmware says. Returns 0, where there is none
 * too; -EINVAL, -EBUSY (it is elsewhere already), -EEXIST (the guest has memory there) or an errno.
 */
int xengt_opregion_set(struct xengt_vgpu *v);

/** xengt_opregion_renew() - fill it again, wherever pages of it have gone to. Returns the same. */
int xengt_opregion_renew(struct xengt_vgpu *v);

/** xengt_opregion_remove() - take its memory back. */
void xengt_opregion_remove(struct xengt_vgpu *v);

/* ---- tracked pages: track.c ---- */

/** xengt_track_claim() - have writes to pages of the tracked type sent to our server. */
int xengt_track_claim(struct xengt_vgpu *v);

/** xengt_track_release() - after the last page. Returns 0, or an errno: pages remain. */
int xengt_track_release(struct xengt_vgpu *v);

int xengt_track_enable(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_track_disable() - the page is plain memory from now on, or, if the last request of a vCPU
 * was to it, from that vCPU's next request on. Returns 0, -ENOENT or an errno.
 */
int xengt_track_disable(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_track_begin() - a request of @vcpu comes, to write memory at @gpa or (IOREQ_NO_WRITE) for
 * another thing: whatever the vCPU asked for before has come to its end.
 */
void xengt_track_begin(struct xengt_vgpu *v, unsigned int vcpu, u64 gpa);

/** xengt_track_settle() - pages that wait for a vCPU's next request wait no longer. */
void xengt_track_settle(struct xengt_vgpu *v);

/** xengt_track_type() - type @nr frames from @gfn as tracked, or as plain memory again. */
int xengt_track_type(struct xengt_vgpu *v, u64 gfn, u32 nr, bool tracked);

#endif
