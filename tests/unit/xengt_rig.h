/* SPDX-License-Identifier: MIT */
/*
 * A guest on embedded Xen, its keeper and its vGPU, for the tests of xengt/. What is two processes
 * is threads of one here.
 *
 * guest_kill() does what kill -9 does to the daemon: nothing of it runs on, and Xen and the state
 * file stay as they are at that moment. guest_take_up() is the next daemon.
 */
#ifndef TESTS_UNIT_XENGT_RIG_H
#define TESTS_UNIT_XENGT_RIG_H

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/gtt/state.h"
#include "core/irq/irq.h"
#include "core/regs/vreg.h"
#include "tests/embedded/embedded_xen.h"
#include "tests/unit/unit.h"
#include "xengt/guest/vgpu.h"
#include "xengt/keeper/keeper.h"
#include "xengt/xen/aperture.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/dma.h"
#include "xengt/xen/dma_look.h"
#include "xengt/xen/hostmem.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/quota.h"
#include "xengt/xen/track.h"
#include "xengt/xen/xengt.h"

#define GUEST_DOMID 9
#define GUEST_PAGES 0x4100u /* 65 MiB: memory ends in the middle of a BAR */
#define GUEST_DEVFN 0x80    /* slot 16, which a guest gets by default */
#define GUEST_BAR0  0xf4000000ull
#define GUEST_BAR2  0x80000000ull

/* A scratch register, and one in a page that always traps. */
#define PLAIN	   0x4f100u
#define TRAPPED	   0x2030u /* RCS0's RING_TAIL */
#define GFN(gpa)   ((gpa) >> GVT_PAGE_SHIFT)
#define REG_GFN(r) (GFN(GUEST_BAR0) + ((r) >> GVT_PAGE_SHIFT))

/* What must be the same after attaching and detaching. */
struct guest_before {
	struct exen_stats xen;
	struct exen_domain_stats domain;
};

struct guest {
	struct xengt_dom0 dom0;
	struct xengt_keeper *keeper; /* and what it keeps: */
	struct xengt_kept *kept;
	struct xengt_pins *pins;
	struct xengt_aliases *aliases;
	struct xengt_host host;
	struct gvt_sched *sched; /* if there is a GPU */
	char dir[32];
	struct exen_domain *d;
	struct xengt_vgpu *v;
	struct guest_before before; /* attaching */
	bool complaints;	    /* Xen may log errors: failures are undone blindly */
	char why[256];
};

/** guest_new() - the daemon's host side, and a guest of @vcpus. @flags: exen_domain_create()'s. */
struct guest *guest_new(unsigned int vcpus, unsigned int flags);

/**
 * guest_attach() - give it a vGPU. @options: a text, "" for none. Returns 0 or errno, with ->why.
 */
int guest_attach(struct guest *g, const char *options);

/** guest_attach_to() - give @domid a vGPU, or take up the one that is left of it: NULL. The same.
 */
int guest_attach_to(struct guest *g, domid_t domid, const struct xengt_options *options);

/** guest_start() - guest_new(), guest_attach() without options, and the BARs in place. */
struct guest *guest_start(unsigned int vcpus);

/** guest_start_gpu() - the same with a software GPU. */
struct guest *guest_start_gpu(unsigned int vcpus);

/** guest_detach() - take its vGPU away. */
void guest_detach(struct guest *g);

/** guest_end() - the same, or with @keep: the daemon and the guest's process end in order, and
 * leave it to the next. */
void guest_end(struct guest *g, bool keep);

/** guest_running() - whether its thread serves it. */
bool guest_running(const struct guest *g);

/** guest_free() - all of it, checking that nothing of ours is left. */
void guest_free(struct guest *g);

/** guest_check_before() - check that everything is as before attaching. */
void guest_check_before(struct guest *g);

/** guest_kill() - kill the daemon. @by_itself: its vGPU's thread ends by what the test set up. */
void guest_kill(struct guest *g, bool by_itself);

/** guest_take_up() - start the next daemon. Returns 0 or errno, with ->why. */
int guest_take_up(struct guest *g);

/** guest_has_state() - true if the vGPU's state file exists. */
bool guest_has_state(const struct guest *g);

/** guest_file() - the path of a file of its vGPU's: ".vgpu" or ".kept". */
void guest_file(const struct guest *g, const char *suffix, char path[64]);

/** guest_open() - the same file, open for reading and writing; the caller's to close. */
int guest_open(const struct guest *g, const char *suffix);

/** guest_stats() - the domain's, as they are now. */
struct exen_domain_stats guest_stats(const struct guest *g);

/** guest_in_thread() - run @fn in the vGPU's thread. */
void guest_in_thread(struct guest *g, void (*fn)(struct xengt_vgpu *v, void *arg), void *arg);

/* The guest's accesses. Each asserts that it completes. */
u32 guest_cfg_read(struct guest *g, unsigned int reg, unsigned int size);

/*
 * @vcpu makes another request, so that its last one is complete; and the work that changed frames
 * have left is done.
 */
void guest_move_on(struct guest *g, unsigned int vcpu);
void guest_cfg_write(struct guest *g, unsigned int reg, unsigned int size, u32 val);
u64 guest_read(struct guest *g, u64 gpa, unsigned int size);
void guest_write(struct guest *g, u64 gpa, unsigned int size, u64 val);

/** guest_capability() - the offset of capability @id (PCI_CAP_ID_) in its configuration space. */
unsigned int guest_capability(struct guest *g, u8 id);

/** guest_place() - place the BARs as firmware does, and enable decoding. */
void guest_place(struct guest *g);

/** guest_move() - write @gpa to one BAR, with decoding disabled meanwhile. */
void guest_move(struct guest *g, unsigned int reg, u64 gpa);

/** guest_traps() - the number of requests that the guest's read at @gpa causes. */
u64 guest_traps(struct guest *g, u64 gpa);

/** guest_ram() - its memory at @gpa, up to the end of the page. */
u8 *guest_ram(struct guest *g, u64 gpa);

#endif
