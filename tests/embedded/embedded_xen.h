/* SPDX-License-Identifier: MIT */
/*
 * Embedded Xen: the Xen library calls that this project uses, answered inside the calling process
 * on plain memory. Code under test includes Xen's own headers and links with these sources instead
 * of Xen's libraries. By this header a test makes domains, acts as their vCPUs, and looks at what
 * Xen would know.
 *
 * The library calls have no context argument, so there is one instance for the process.
 * All functions are thread safe. Functions that return int return 0 or -errno.
 *
 * Locking, outermost first: instance (domains, handles) - domain (p2m, servers; guest accesses
 * take it shared and never hold it while they wait) - event channels - xenstore.
 */
#ifndef EMBEDDED_XEN_H
#define EMBEDDED_XEN_H

#include <stdbool.h>
#include <stdint.h>

/* As xenctrl.h has it, so that the two may be included in either order. */
#if !defined(__XEN_PUBLIC_XEN_H__) && !defined(__XEN_TOOLS__)
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen.h>

#include <xen/grant_table.h>

#include <xen/hvm/ioreq.h>

struct exen_domain;

/* exen_domain_create() flags */
#define EXEN_SHADOW 1u /* shadow paging instead of HAP: no write tracking */
#define EXEN_PAUSED 2u /* as after "xl create -p": vCPUs wait for exen_domain_unpause() */

/* Counts for tests to compare: exen_stats() and exen_domain_stats(). */
struct exen_stats {
	unsigned int handles;	   /* library handles open */
	unsigned int mapped_pages; /* foreign and resource pages mapped, of all domains */
	unsigned int bound_ports;  /* event channels held by handles */
	unsigned int used_frames;  /* machine frames in use */
	unsigned int grant_maps;   /* grants that dom0 has mapped, in any process */
	unsigned int watches;	   /* xenstore watches */
	unsigned int complaints;   /* errors that Xen has written to its log */
};

struct exen_domain_stats {
	unsigned int servers;	    /* ioreq servers */
	unsigned int ranges;	    /* ranges of all servers, every type */
	unsigned int tracked_pages; /* pages of type HVMMEM_ioreq_server */
	unsigned int mapped_pages;  /* pages of this domain mapped by the process */
	unsigned int grant_frames;  /* frames of its grant table */
	unsigned int pinned_pages;  /* grants of this domain that dom0 has mapped */
	unsigned int aliases;	    /* p2m entries that show a frame as device memory */
	unsigned int iomem_pages;   /* frames that may be mapped to it as device memory */
	uint64_t tot_pages;	    /* pages the domain owns */
	uint64_t max_pages;	    /* its limit */
	uint64_t requests;	    /* ioreqs sent to servers */
	uint64_t invalidates;	    /* those of IOREQ_TYPE_INVALIDATE */
	uint64_t unclaimed;	    /* accesses that no server claimed */
	uint64_t unhandled;	    /* requests that Xen could not send: slot or port spoilt */
	uint64_t msis;		    /* messages injected so far */
	uint64_t modified_pages;    /* pages named to modified_memory */
	uint64_t domain_calls;	    /* device-model operations made for this domain */
};

struct exen_msi {
	uint64_t addr;
	uint32_t data;
};

/*
 * Starts the instance, or stops it. Before exen_init() every open fails with ENOENT, as on a
 * machine without Xen. exen_fini() needs all guest calls to have returned; it returns how many
 * library handles, mapped pages and bound ports were still held, 0 for a clean end.
 */
int exen_init(void);

/** exen_store_stop() - xenstored answers nobody, until this is called with false by the same
 * thread. */
void exen_store_stop(bool stop);
unsigned int exen_fini(void);

/* Fills *st with the instance's counters. */
void exen_stats(struct exen_stats *st);

/*
 * Makes the nth call from now on (1: the next) of the library function @call fail with errno @err;
 * "*" counts every library call. Calls that are made to fail have no effect, except for
 * "xc_domain_memory_mapping, half way", which adds half of a run. Several may be set.
 */
int exen_fail(const char *call, unsigned int nth, int err);

/* How many exen_fail() have not fired yet; forgets them if @forget. */
unsigned int exen_fail_left(bool forget);

/*
 * Has @fn called at the beginning of each call of the library function @call, in the caller's
 * thread. Only one function is followed at a time; @fn NULL: none. Set while no such call is under
 * way.
 */
void exen_on_call(const char *call, void (*fn)(void *arg), void *arg);

/*
 * What the kernel does when the process that holds the libraries dies: ports are closed, mappings
 * and watches vanish, every handle turns invalid (EBADF; closing it is still right). Servers,
 * ranges, types and requests in flight stay. Addresses that were mapped read as zeros afterwards.
 *
 * A kernel stops threads before it removes mappings. Here threads of the "dead" process would run
 * on, and find some mappings there and some not. exen_drop_handles() is the first half only: it
 * makes such threads end, so that they can be joined before the rest.
 */
void exen_drop_handles(void);
void exen_drop_process(void);

/* ---- domains ---- */

/*
 * Creates an HVM domain with @vcpus (1 to 128) and @ram_pages at gfn 0 and up, enters it into
 * xenstore and fires @introduceDomain. NULL with errno EEXIST, EINVAL or ENOMEM.
 * The pointer stays valid until exen_fini().
 */
struct exen_domain *exen_domain_create(domid_t domid, unsigned int vcpus, uint64_t ram_pages,
				       unsigned int flags);

/*
 * Destroys the domain as "xl destroy": guest accesses in flight return -ESHUTDOWN, servers and
 * memory go, @releaseDomain fires. Pages that are still mapped keep it as a dying zombie.
 */
void exen_domain_destroy(struct exen_domain *d);

/*
 * The first half of that: Xen is destroying the domain, which xl has paused. Its memory is gone,
 * but it is not reported as dying yet.
 */
void exen_domain_take_apart(struct exen_domain *d);

/* The guest shuts down with a SHUTDOWN_* reason: vCPUs stop, @releaseDomain fires. */
void exen_domain_shutdown(struct exen_domain *d, unsigned int reason);

/* A suspended domain runs on, as after "xl save -c". */
void exen_domain_resume(struct exen_domain *d);

/*
 * Soft-resets the domain that shut down, as libxl does for SHUTDOWN_soft_reset (kexec): it leaves
 * xenstore and comes back, with "name" and "memory/target" as they were and a limit of memory as at
 * first, has no shared-info page mapped any more, and runs on after exen_domain_unpause(). Memory,
 * types, ioreq servers and their event channels stay. -EINVAL if it has not shut down.
 */
int exen_domain_soft_reset(struct exen_domain *d);

/* Pauses, or undoes one pause. Accesses of a paused domain wait, even in the midst of a request. */
void exen_domain_pause(struct exen_domain *d);
void exen_domain_unpause(struct exen_domain *d);

/* Turns log-dirty mode on or off, as a live migration does; -EBUSY while pages are tracked. */
int exen_domain_logdirty(struct exen_domain *d, bool on);

/* Sets the most frames of the domain's grant table (64 at first), and its version (1). -EINVAL. */
int exen_domain_set_grants(struct exen_domain *d, unsigned int max_frames, unsigned int version);

/* Sets gnttab_max_frames, the bound of the grant tables of later domains; 64 at first. */
void exen_set_grant_frames(unsigned int frames);

/* Makes Xen one without hypfs: its parameters can neither be read nor written. */
void exen_set_hypfs(bool there);

/* Sets how many grants dom0 may have mapped at a time; Xen's default at first. */
void exen_set_grant_handles(unsigned int limit);

/* The gntalloc driver's parameter "limit", in pages: 1024 at first. */
void exen_set_gntalloc_limit(unsigned int pages);

/* Makes dom0 a PVH one: grants can no longer be mapped for a device only. */
void exen_set_pvh(bool pvh);

/* The memory that a device reaches at a bus address; NULL: the IOMMU does not allow it. */
void *exen_dma(uint64_t bus);

/* Why Xen crashed the domain, or NULL if it did not. */
const char *exen_domain_crashed(struct exen_domain *d);

/* Fills *st with the domain's counters. */
void exen_domain_stats(struct exen_domain *d, struct exen_domain_stats *st);

/* The HVMMEM_* type of a guest page, or -ENOENT for a hole. */
int exen_mem_type(struct exen_domain *d, uint64_t gfn);

/*
 * Copies the nth message injected (from 0) to *msi; waits for it as long as a guest access would.
 * -ETIMEDOUT if it does not come, -ERANGE if it is older than the 1024 that are kept.
 */
int exen_msi(struct exen_domain *d, uint64_t nth, struct exen_msi *msi);

/* The level of INTx pin @pin (0 to 3) of device @dev (0 to 31). */
bool exen_intx_level(struct exen_domain *d, unsigned int dev, unsigned int pin);

/* ---- the guest's side: each call is one vCPU's action and returns when it is complete ---- */

/*
 * How long a guest call waits for an answer, 10 s at first. If @fatal (at first) the process
 * prints the slot and aborts then, which fails the test; otherwise the call returns -ETIMEDOUT.
 */
void exen_set_timeout(unsigned int ms, bool fatal);

/* How many times a waiting vCPU looks for the answer before it sleeps; 0 at first. */
void exen_set_spin(unsigned int rounds);

/*
 * A memory access of 1 to 8 bytes at guest-physical @gpa. RAM is accessed natively. An address that
 * no server claims reads as ones. Page-crossing accesses are cut as Xen cuts them. -ESHUTDOWN: the
 * domain is gone, crashed or shut down. -EFAULT: Xen could not send the request.
 */
int exen_guest_read(struct exen_domain *d, unsigned int vcpu, uint64_t gpa, unsigned int size,
		    uint64_t *val);
int exen_guest_write(struct exen_domain *d, unsigned int vcpu, uint64_t gpa, unsigned int size,
		     uint64_t val);

/* Port input and output, 1, 2 or 4 bytes. Errors as above; for -EFAULT Xen crashes the guest. */
int exen_guest_in(struct exen_domain *d, unsigned int vcpu, uint16_t port, unsigned int size,
		  uint32_t *val);
int exen_guest_out(struct exen_domain *d, unsigned int vcpu, uint16_t port, unsigned int size,
		   uint32_t val);

/* Configuration space through ports 0xcf8 and 0xcfc; @bdf is bus << 8 | device << 3 | function. */
int exen_guest_pci_read(struct exen_domain *d, unsigned int vcpu, uint16_t bdf, unsigned int reg,
			unsigned int size, uint32_t *val);
int exen_guest_pci_write(struct exen_domain *d, unsigned int vcpu, uint16_t bdf, unsigned int reg,
			 unsigned int size, uint32_t val);

/*
 * A string instruction between a device (MMIO at @addr, or port @addr) and guest RAM at @buf,
 * as one data_is_ptr request for each stretch that Xen would send.
 */
struct exen_rep {
	bool pio;	   /* ins/outs instead of movs */
	bool read;	   /* device to memory */
	bool df;	   /* addresses run downwards from addr and buf */
	uint64_t addr;	   /* the device's first address, or its port */
	uint64_t buf;	   /* guest-physical address of the first element in memory */
	unsigned int size; /* of one element: 1, 2, 4 or 8 */
	uint32_t count;	   /* elements */
};
int exen_guest_rep(struct exen_domain *d, unsigned int vcpu, const struct exen_rep *rep);

/* Frees a guest page, then tells every enabled server (IOREQ_TYPE_INVALIDATE). -EINVAL: a hole. */
int exen_guest_balloon_out(struct exen_domain *d, unsigned int vcpu, uint64_t gfn);

/* Takes a fresh zeroed page at @gfn. -ENOMEM at the domain's limit. */
int exen_guest_populate(struct exen_domain *d, unsigned int vcpu, uint64_t gfn);

/*
 * Puts *req into the vCPU's slot of server @id, whatever its fields are (state and vp_eport are set
 * as Xen sets them), waits, and stores the slot as it was answered.
 */
int exen_guest_raw(struct exen_domain *d, unsigned int vcpu, unsigned int id, ioreq_t *req);

/*
 * The live slot of a vCPU in server @id's page, to be spoilt while it is served; NULL if there
 * is none. Valid until the server is destroyed.
 */
volatile ioreq_t *exen_slot(struct exen_domain *d, unsigned int vcpu, unsigned int id);

/* Wakes the vCPU as a stray event would. */
void exen_guest_kick(struct exen_domain *d, unsigned int vcpu);

/* An entry of the guest's grant table, which the guest may write; NULL: the table is shorter. */
volatile struct grant_entry_v1 *exen_grant_entry(struct exen_domain *d, unsigned int ref);

/*
 * The guest's RAM as its own CPU sees it: a pointer to the page at @gfn, good until the page is
 * ballooned out, moved or the domain destroyed. NULL for a hole.
 */
void *exen_guest_page(struct exen_domain *d, uint64_t gfn);

#endif
