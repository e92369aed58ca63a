/* SPDX-License-Identifier: MIT */
/*
 * A driver of a few lines. It builds contexts and rings as i915 does, submits them by an execlist
 * port, and reads the answers as i915 does.
 */
#ifndef TESTS_UNIT_EXEC_GUEST_H
#define TESTS_UNIT_EXEC_GUEST_H

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

/* Page n of the GGTT is guest frame n. Frames of: */
#define GUEST_HWSP  32u	  /* status pages, one for each engine */
#define GUEST_PML4  40u	  /* one address space: entry 0 of each table leads to the next */
#define GUEST_SEQNO 48u	  /* receive breadcrumbs, by context */
#define GUEST_CTX   64u	  /* images, 32 pages for each */
#define GUEST_RING  1024u /* rings, 4 pages for each */
#define GUEST_DATA  2048u /* mapped by the address space, from 2 MiB on */

#define GUEST_RING_SIZE 0x4000u
#define GUEST_DATA_AT	0x200000ull

struct guest_ctx {
	enum gvt_engine engine;
	u32 nr, id;
	u32 tail;
	u32 seqno;
};

struct guest {
	struct fake *f;
	u32 csb_head[GVT_NR_ENGINES];
};

/** exec_guest() - a vGPU with a driver that has set its engines up; @gpu runs what it submits. */
struct guest exec_guest(struct gvt_gpu *gpu);

/** guest_setup() - only the driver's part of that. */
void guest_setup(struct guest *g);

/** guest_weigh() - set its vGPU's weight and cap on @engine only. */
void guest_weigh(struct guest *g, enum gvt_engine engine, u32 weight, u32 cap);

/** guest_had() - the time of @engine's own that its vGPU had, in nanoseconds. */
u64 guest_had(struct guest *g, enum gvt_engine engine);

/** guest_context() - context @nr (below 24) of @engine, with an empty ring. */
struct guest_ctx guest_context(struct guest *g, enum gvt_engine engine, u32 nr);

/** guest_emit() - put a dword into the ring. */
void guest_emit(struct guest *g, struct guest_ctx *ctx, u32 dw);

/**
 * guest_breadcrumb() - have the ring write the next seqno and interrupt: an even number of dwords.
 */
void guest_breadcrumb(struct guest *g, struct guest_ctx *ctx);

/** guest_write_tail() - write the tail to the image, as i915 does just before it submits. */
void guest_write_tail(struct guest *g, const struct guest_ctx *ctx);

/** guest_desc() - the descriptor of a context, as of lrc_descriptor(). */
u64 guest_desc(const struct guest_ctx *ctx);

/** guest_elsp() - the four writes to the port. */
void guest_elsp(struct guest *g, enum gvt_engine engine, u64 first, u64 second);

/** guest_submit() - write the tails, then to the port. @second may be NULL. */
void guest_submit(struct guest *g, const struct guest_ctx *first, const struct guest_ctx *second);

/** guest_endless() - submit context @nr, whose batch jumps to its own start for ever. */
struct guest_ctx guest_endless(struct guest *g, enum gvt_engine engine, u32 nr);

/** guest_event() - wait for the next entry of the status buffer. Asserts that it comes. */
u64 guest_event(struct guest *g, enum gvt_engine engine);

/** guest_no_event() - true if there is no new entry now. */
bool guest_no_event(struct guest *g, enum gvt_engine engine);

/** guest_await_hang() - wait until @engine shows in its RING_EIR that it stands still. */
void guest_await_hang(struct guest *g, enum gvt_engine engine);

/** guest_seqno() - the last breadcrumb of @ctx. */
u32 guest_seqno(struct guest *g, const struct guest_ctx *ctx);

/** guest_dw() - dword @i of guest frame @gfn. */
u32 *guest_dw(struct guest *g, u32 gfn, u32 i);

/** guest_reset_engine() - reset the engine by GDRST, as i915 does. */
void guest_reset_engine(struct guest *g, enum gvt_engine engine);

/** guest_check_works() - check that a new context runs to its end. */
void guest_check_works(struct guest *g, enum gvt_engine engine);

/** guest_second() - a second vGPU with a driver, on the GPU of the first. */
struct guest guest_second(struct guest *first);

/** guest_free_second() - free it, before the first. */
void guest_free_second(struct guest *g);

static inline u64 guest_csb(u32 status, u32 id)
{
	return status | (u64)id << 32;
}

/* The most frequent entries: a submission runs now, or a context has ended. */
#define IDLE_ACTIVE guest_csb(GVT_CSB_IDLE_ACTIVE, 0)
#define LAST	    (GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE)
#define NEXT	    (GVT_CSB_COMPLETE | GVT_CSB_ELEMENT_SWITCH)

#endif
