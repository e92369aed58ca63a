/* SPDX-License-Identifier: MIT */
/* Shared only by the embedded Xen's own files. The order of locks is in embedded_xen.h. */
#ifndef EMBEDDED_INTERNAL_H
#define EMBEDDED_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>

#include "embedded_xen.h"

#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/hvm/dm_op.h>
#include <xen/hvm/hvm_op.h>
#include <xen/memory.h>
#include <xengnttab.h>

#define PAGE_SHIFT	 12
#define PAGE_SIZE	 4096ul
#define MAX_DOMS	 1024 /* created between exen_init() and exen_fini() */
#define MAX_VCPUS	 128  /* slots in the one ioreq page that Xen hands out */
#define MAX_SERVERS	 8
#define MAX_RANGES	 256
#define MAX_PORTS	 4096
#define MSI_LOG		 1024
#define NO_DOMID	 0xffffu
#define GFN_BITS	 28
#define POOL_FRAMES	 (4u << 20) /* 16 GiB of addresses; only touched pages cost memory */
#define MAX_GRANT_FRAMES 1024	    /* the most of a domain's table, whatever is set */

/* ---- machine frames: memory.c ---- */

/* Prepares the pool of zeroed frames, or drops it. */
int frames_init(void);
void frames_fini(void);
/* A zeroed frame with one reference, or 0: frame 0 is never given out. */
uint32_t frame_alloc(void);
void frame_get(uint32_t mfn);
void frame_put(uint32_t mfn);
/* The same for an alias in a p2m, which has no reference. Freeing a frame that has an alias aborts:
 * Xen would not notice, and the alias would show memory of the frame's next owner. */
void frame_alias(uint32_t mfn, bool add);
void *frame_va(uint32_t mfn);
/* The file whose page @mfn is frame @mfn, for mapping it elsewhere. */
int frames_fd(void);
unsigned int frames_used(void);

/* ---- ranges: rangeset.c ---- */

struct range {
	uint64_t start, end;
};

/* Sorted, disjoint, never touching: Xen's rangeset with its limit. */
struct rangeset {
	unsigned int nr;
	struct range r[MAX_RANGES];
};

bool rangeset_overlaps(const struct rangeset *rs, uint64_t start, uint64_t end);
bool rangeset_contains(const struct rangeset *rs, uint64_t start, uint64_t end);
/* -ENOMEM past MAX_RANGES. */
int rangeset_add(struct rangeset *rs, uint64_t start, uint64_t end);
int rangeset_remove(struct rangeset *rs, uint64_t start, uint64_t end);

/* ---- domains ---- */

enum p2m_type { P2M_HOLE, P2M_RAM_RW, P2M_RAM_RO, P2M_MMIO_DM, P2M_IOREQ, P2M_MMIO_DIRECT };

struct p2m_entry {
	uint32_t mfn;
	uint8_t type;
};

struct vcpu {
	unsigned int id;
	_Atomic uint32_t kicks; /* events for this vCPU so far: what it sleeps on */
	atomic_bool asleep;
	atomic_bool invalidate; /* owes the servers an IOREQ_TYPE_INVALIDATE */
	bool in_flight;		/* the vCPU's own: a request that timed out may still be answered */
	bool unclaimed_answer;	/* the vCPU's own: see reissue() */
};

struct server {
	unsigned int id;
	bool enabled;
	int bufioreq;
	uint32_t page, bufpage; /* frames, 0 until the resource is first asked for */
	evtchn_port_t bufport;
	struct server_vcpu {
		evtchn_port_t port;
		atomic_bool pending;
		uint8_t prev_state; /* the vCPU's own */
	} sv[MAX_VCPUS];
	struct rangeset ranges[XEN_DMOP_IO_RANGE_PCI + 1];
};

/* A guest-side event channel; always Xen's own end of an ioreq server's channel. */
struct guest_port {
	enum { PORT_FREE, PORT_UNBOUND, PORT_INTERDOMAIN } state;
	evtchn_port_t remote; /* dom0's port */
	struct vcpu *vcpu;
};

struct exen_domain {
	domid_t domid;
	unsigned int nr_vcpus;
	bool hap;
	uint8_t handle[16];
	struct vcpu vcpu[MAX_VCPUS];

	pthread_rwlock_t lock;	    /* what follows, up to the counters */
	bool dying, dead, logdirty; /* dead: dying, and reported as such */
	struct server *server[MAX_SERVERS];
	struct server *mem_server; /* owner of P2M_IOREQ pages */
	struct p2m_entry **p2m;
	uint64_t max_gfn;
	uint64_t tot_pages, max_pages, first_max_pages;
	unsigned int tracked, aliases, iomem_pages;
	uint8_t *iomem; /* by mfn: frames that may be mapped to the domain as device memory */
	struct {
		unsigned int version, max, nr;
		uint32_t frame[MAX_GRANT_FRAMES];
		struct active *active;
	} grant;

	atomic_uint pauses;
	_Atomic uint32_t p2m_seq; /* bumped when a write that retries may succeed */
	atomic_bool shared_info;  /* mapped, as firmware does first */
	atomic_bool shutdown;
	atomic_uint shutdown_reason;
	const char *_Atomic crashed; /* why, as a string that lives for ever */
	pthread_mutex_t pci_lock;    /* the guest's own: keeps 0xcf8 and 0xcfc together */
	_Atomic uint32_t cf8;

	atomic_uint mapped, pinned;
	atomic_ulong requests, invalidates, unclaimed, unhandled, modified, calls;

	pthread_mutex_t irq_lock;
	pthread_cond_t irq_cond;
	struct exen_msi msi[MSI_LOG];
	uint64_t msis;
	bool intx[32][4];

	struct guest_port ports[MAX_PORTS]; /* under the event-channel lock */
};

/* True if the domain is so far gone that its domid is not valid any more. */
bool domain_gone(struct exen_domain *d);
/* Finds a domain, zombies included; NULL with errno ESRCH. */
struct exen_domain *domain_find(uint32_t domid);
/* The first domain with an id of at least @domid, or NULL. */
struct exen_domain *domain_next(uint32_t domid);
/* Stops the guest as Xen's domain_crash() does. Only the first @reason, a literal, is kept. */
void domain_crash(struct exen_domain *d, const char *reason);
/* Xen's side of "the guest has shut down". */
void domain_stop(struct exen_domain *d, unsigned int reason);

/* ---- p2m: memory.c; callers hold d->lock, for writing where the table changes ---- */

struct p2m_entry p2m_get(const struct exen_domain *d, uint64_t gfn);
/* Replaces an entry and updates the count of tracked pages. The caller handles the references of
 * the frames. -ENOMEM, -EINVAL for a gfn out of range. */
int p2m_set(struct exen_domain *d, uint64_t gfn, uint32_t mfn, enum p2m_type type);
/* Allocates a page within the domain's limit and puts it at @gfn. -ENOMEM, -EINVAL. */
int p2m_populate(struct exen_domain *d, uint64_t gfn);
/* Frees the page at @gfn. -EINVAL for a hole. */
int p2m_release(struct exen_domain *d, uint64_t gfn);
/* Turns tracked pages back into plain ones. */
void p2m_untrack_all(struct exen_domain *d);
void p2m_free(struct exen_domain *d);
/* Wakes writers that retry. */
void p2m_changed(struct exen_domain *d);

/* ---- ioreq servers: server.c; callers hold d->lock for writing ---- */

int server_create(struct exen_domain *d, int bufioreq, ioservid_t *id);
struct server *server_get(struct exen_domain *d, unsigned int id);
void server_destroy(struct exen_domain *d, struct server *s);
void server_enable(struct exen_domain *d, struct server *s, bool on);
/* The frame of resource index @idx, allocated at first use: -ENOENT, -EINVAL, -ENOMEM. */
int server_frame(struct exen_domain *d, struct server *s, unsigned long idx, uint32_t *mfn);
/* The server for *p; makes *p a configuration access if it is one. The shared lock suffices. */
struct server *server_select(struct exen_domain *d, ioreq_t *p);
static inline ioreq_t *server_slot(const struct server *s, unsigned int vcpu)
{
	return s->page ? (ioreq_t *)frame_va(s->page) + vcpu : NULL;
}

/* ---- vCPUs: vcpu.c ---- */

/* Monotonic nanoseconds. */
uint64_t now_ns(void);
/* Sleeps while *word is @seen, up to @deadline (now_ns() scale). False when time is up. */
bool futex_wait_until(_Atomic uint32_t *word, uint32_t seen, uint64_t deadline);
void futex_wake_all(_Atomic uint32_t *word);
void vcpu_kick(struct vcpu *v);
void domain_kick(struct exen_domain *d);
/* The end of the time of a guest call that waits from now on. */
uint64_t guest_deadline(void);
/* Aborts with the reason if time-outs are fatal; returns -ETIMEDOUT otherwise. */
int guest_timeout(struct exen_domain *d, unsigned int vcpu, const char *what);
/*
 * Waits until the vCPU may run, and has told the servers what it owes them. Returns 0 with d->lock
 * held shared, or -ESHUTDOWN or -ETIMEDOUT without the lock. *deadline is 0 until the first wait,
 * so that native accesses never read the clock.
 */
int vcpu_enter(struct exen_domain *d, struct vcpu *v, uint64_t *deadline);
/* Hands *p to @s; the caller holds d->lock shared. -EFAULT if the slot or port was spoilt. */
int vcpu_send(struct exen_domain *d, struct vcpu *v, struct server *s, const ioreq_t *p);
/*
 * Waits, without the lock, until no server has a request of this vCPU and it may run; *last is the
 * last slot. Returns 0 with d->lock held shared, or -ESHUTDOWN or -ETIMEDOUT with no lock.
 * @seen is v->kicks from before the request was sent.
 */
int vcpu_complete(struct exen_domain *d, struct vcpu *v, uint32_t seen, uint64_t *deadline,
		  ioreq_t *last);

/* ---- event channels: evtchn.c ---- */

/* A channel of the domain's, unbound, whose events go to @v. 0 if there are too many. */
evtchn_port_t guest_port_alloc(struct exen_domain *d, struct vcpu *v);
void guest_port_free(struct exen_domain *d, evtchn_port_t port);
/* Xen notifies the far end, if one is bound. */
void guest_port_notify(struct exen_domain *d, evtchn_port_t port);
unsigned int evtchn_bound(void);
void evtchn_reset(void);

/* ---- mappings: mapping.c ---- */

/* Unmaps the pages in [va, va + pages), as munmap(2) does, even those that are not ours. */
int mapping_remove(void *va, size_t pages);
/* Maps frame @mfn of @d at @va, in place of what was there, and takes a reference. */
int mapping_add(struct exen_domain *d, void *va, uint32_t mfn, int prot);
/* Replaces every mapping by private zeros. */
void mapping_drop_all(void);
unsigned int mapping_count(void);
/* Drops the records only. */
void mapping_reset(void);

/* ---- library handles: handle.c ---- */

enum handle_kind {
	HANDLE_DEVICEMODEL,
	HANDLE_FOREIGNMEMORY,
	HANDLE_EVTCHN,
	HANDLE_CONTROL,
	HANDLE_STORE,
	HANDLE_GNTSHR,
	HANDLE_HYPFS,
};

/* First member of every library handle. */
struct handle {
	enum handle_kind kind;
	atomic_uint restricted; /* to this domid, or NO_DOMID */
	atomic_bool dead;	/* its process died */
	atomic_bool nulled;	/* cut off by xentoolcore_restrict_all() */
	struct handle *next;
};

/* Lists a new zeroed handle of @size. NULL with errno: ENOMEM, ENOENT without an instance, or a
 * fault that is set for @call. */
void *handle_open(enum handle_kind kind, size_t size, const char *call);
/* Takes it off the list; freeing is the caller's. */
void handle_close(struct handle *h);
/* Runs @fn on every handle of @kind, the list held. */
void handle_each(enum handle_kind kind, void (*fn)(struct handle *h, void *arg), void *arg);
/* False, with errno, if the call must fail: by a set fault, or on a dead handle. */
bool handle_ok(struct handle *h, const char *call);
/* The same, and the domain. NULL with errno, which is @denied if @domid is not allowed. */
struct exen_domain *handle_domain(struct handle *h, uint32_t domid, int denied, const char *call);
/* Restricts to @domid once; false with errno @again if it was restricted to another. */
bool handle_restrict(struct handle *h, domid_t domid, int again);
unsigned int handle_count(void);
/* Marks all dead and runs what their kinds need. */
void handle_kill_all(void);
void handle_reset(void);

/* What the kinds do when their process dies; called with the handle list held. */
void evtchn_handle_die(struct handle *h);
void store_handle_die(struct handle *h);

/* Turns -errno into errno and -1, as the libraries return it. */
int lib_return(int rc);

/* ---- grant tables: grant.c ---- */

void grants_init(void);
void grants_fini(void);
/* Handles of live mappings. */
unsigned int grants_used(void);
/* Drops the pages that the dead process shared. Grants that it has mapped stay mapped. */
void grants_process_died(void);
/* The frame of the domain's table, which grows up to it: -EINVAL, -ENOMEM. d->lock for writing. */
int grant_frame(struct exen_domain *d, unsigned int id, unsigned long frame, uint32_t *mfn);
void grant_table_free(struct exen_domain *d);
/* The hypercall: 0 or -errno. */
int grant_table_op(unsigned int cmd, void *ops, unsigned int count);

/* ---- Xen's parameters: hypfs.c ---- */

void hypfs_init(void);
/* gnttab_max_frames, the bound of the table of a domain that is created now. */
unsigned int hypfs_grant_frames(void);

/* ---- Xen's log: control.c ---- */

void log_init(void);
/* The errors in it. */
unsigned int log_complaints(void);

/* ---- faults: fault.c ---- */

/* 0, or the errno with which this call must fail. */
int fault_check(const char *call);

/* ---- xenstore: store.c ---- */

void store_init(void);
void store_fini(void);
/* The toolstack's writes, and Xen's events "@introduceDomain" and "@releaseDomain". */
void store_put(const char *path, const char *value);
/* A node's value, malloc'ed; NULL: there is none. */
char *store_get(const char *path);
void store_remove(const char *path);
void store_special(const char *name);
void store_introduce(domid_t domid, bool on);
unsigned int store_watches(void);

/* Whether exen_init() has run. */
bool instance_up(void);

#endif
