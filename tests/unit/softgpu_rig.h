/* SPDX-License-Identifier: MIT */
/*
 * A space of the software GPU on plain memory: pages that are in the GGTT at their own place,
 * PPGTTs, contexts with rings, and a queue of the events.
 */
#ifndef TESTS_UNIT_SOFTGPU_RIG_H
#define TESTS_UNIT_SOFTGPU_RIG_H

#include <pthread.h>

#include "core/port/gpu.h"
#include "tests/unit/unit.h"

#define RIG_PAGES     2048u
#define RIG_BUS	      0x100000000ull /* of page 0 */
#define RIG_RING_SIZE 4096u
#define RIG_EVENTS    4096u

/* Bits of a PPGTT entry. */
#define PTE_P	1ull
#define PTE_RW	2ull
#define PTE_PS	(1ull << 7)  /* in a PD or PDP: a large page */
#define PTE_IPS (1ull << 11) /* in a PD: a table of 64 KiB pages */

/* In its contexts' PPGTT, rig_start()'s pages are at their GGTT address + this. */
#define RIG_VA 0x123400000000ull

struct rig {
	struct gvt_gpu *gpu;
	bool owns_gpu;
	struct gvt_gpu_space *space;
	u8 *page[RIG_PAGES]; /* each an allocation, so that the sanitizer sees a step across its end
			      */
	u32 next;	     /* the next free page */
	u64 pml4;	     /* bus address of the PPGTT's root */
	bool gone[RIG_PAGES]; /* page() does not find them any more */
	/* Called with an event before it is queued. It may call the GPU. */
	void (*hook)(struct rig *r, const struct gvt_gpu_event *event);

	pthread_mutex_t lock;
	pthread_cond_t came;
	struct gvt_gpu_event events[RIG_EVENTS];
	u32 in, out;
};

struct rig_context {
	struct rig *r;
	enum gvt_engine engine;
	u32 lrca, ring, tail; /* GGTT addresses, and an offset in the ring */
	u64 desc;
};

/** rig_start() - make one on @gpu, or (NULL) on a GPU of its own. */
void rig_start(struct rig *r, struct gvt_gpu *gpu);
void rig_stop(struct rig *r);

/**
 * rig_pages() - allocate @nr pages of zeroes next to each other. Returns the first one's GGTT
 * address.
 */
u32 rig_pages(struct rig *r, u32 nr);

/** rig_at() - the dword at a GGTT address, and what follows it in the page. */
u32 *rig_at(struct rig *r, u32 addr);

/**
 * rig_get() - the value of a dword, which the GPU may be writing: as a guest looks at it, with
 * nothing that orders the two.
 */
__attribute__((no_sanitize("thread"))) static inline u32 rig_get(struct rig *r, u32 addr)
{
	return __atomic_load_n(rig_at(r, addr), __ATOMIC_ACQUIRE);
}

/** rig_set() - set a dword, which the GPU may be reading. */
static inline void rig_set(struct rig *r, u32 addr, u32 val)
{
	__atomic_store_n(rig_at(r, addr), val, __ATOMIC_RELEASE);
}

/** rig_entry() - the PPGTT entry that translates @va at @level (1: of 4 KiB, 2: of a PD, ...). */
u64 *rig_entry(struct rig *r, u64 va, u32 level);

/** rig_set_entry() - write it, as another thread may do. */
void rig_set_entry(struct rig *r, u64 va, u32 level, u64 val);

/** rig_context() - make a context with an empty ring. */
void rig_context(struct rig *r, struct rig_context *c, enum gvt_engine engine, u32 id);

/** rig_emit() - put @nr dwords into its ring. */
void rig_emit(struct rig_context *c, const u32 *dw, u32 nr);

#define RIG_EMIT(c, ...)                          \
	rig_emit(c, (const u32[]){ __VA_ARGS__ }, \
		 sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

/** rig_write() - write @nr dwords at a GGTT address. Returns the address behind them. */
u32 rig_write(struct rig *r, u32 addr, const u32 *dw, u32 nr);

#define RIG_WRITE(r, addr, ...)                          \
	rig_write(r, addr, (const u32[]){ __VA_ARGS__ }, \
		  sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

/** rig_submit() - submit one element, or two. Returns the result of gvt_gpu_ops.submit(). */
int rig_submit(struct rig_context *c0, struct rig_context *c1);

/** rig_next() - wait for the next event. Fails if none comes. */
struct gvt_gpu_event rig_next(struct rig *r);

/** rig_none() - check that there is no event. */
void rig_none(struct rig *r);

/** rig_status() - check that the next event is this status of @c, and return it. */
struct gvt_gpu_event rig_status(struct rig_context *c, u32 status);

/** rig_interrupt() - check that the next event is this interrupt of @c. */
void rig_interrupt(struct rig_context *c, u32 irq);

/** rig_stuck() - check that the next event says that @c is stuck, and return it. */
struct gvt_gpu_event rig_stuck(struct rig_context *c);

/** rig_run() - submit @c alone, and wait until it has ended. */
void rig_run(struct rig_context *c);

/** rig_image() - register @reg (by distance from the engine's base) in the context's image. */
u32 *rig_image(struct rig_context *c, u32 reg);

/** rig_reg() - a register, by distance from the engine's base. */
u32 rig_reg(struct rig_context *c, u32 reg);

/* The commands that tests use. */
#define NOOP		0u
#define USER_INTERRUPT	(0x02u << 23)
#define ARB_CHECK	(0x05u << 23)
#define ARB_ON		(0x08u << 23 | 1)
#define ARB_OFF		(0x08u << 23)
#define BATCH_END	(0x0au << 23)
#define BATCH_START	(0x31u << 23 | 1)
#define BATCH_PPGTT	(1u << 8)
#define BATCH_SECOND	(1u << 22)
#define SDI		(0x20u << 23 | 2)
#define SDI_QWORD	(0x20u << 23 | 1u << 21 | 3)
#define GLOBAL		(1u << 22)
#define LRI(n)		(0x22u << 23 | (2 * (n)-1))
#define LRR		(0x2au << 23 | 1)
#define LRM		(0x29u << 23 | 2)
#define SRM		(0x24u << 23 | 2)
#define SEMAPHORE_WAIT	(0x1cu << 23 | 1u << 15 | 2)
#define SEMAPHORE_EQUAL (4u << 12)

#define LO(va) ((u32)(va))
#define HI(va) ((u32)((u64)(va) >> 32))

#endif
