/* SPDX-License-Identifier: MIT */
/*
 * An engine's own part, which no other thread touches: its time, its fault, its translations, and
 * what is known of its context.
 */
#include "core/gpu/soft/engine.h"

#include <errno.h>
#include <string.h>

/* ---- time ---- */

/*
 * The most time that counts between two looks at the clock. Between them there is work of some 100
 * us, or a pause of PAUSE_MOST_NS. If more time passed, the process was stopped, or the thread had
 * no processor. The thread's processor time cannot be used instead: a context that waits for a
 * semaphore or a lock has the engine as well, and would not be charged for it.
 */
#define BETWEEN_LOOKS_NS 5000000u

void softgpu_look(struct softgpu_engine *e)
{
	u64 now = clock_now_ns(), passed = now - e->looked_at;

	if (passed > BETWEEN_LOOKS_NS)
		passed = BETWEEN_LOOKS_NS;
	__atomic_store_n(&e->time, e->time + passed, __ATOMIC_RELAXED);
	e->looked_at = now;
	e->worked = 0;
}

void softgpu_begin(struct softgpu_engine *e)
{
	e->looked_at = clock_now_ns();
	e->worked = 0;
}

void softgpu_worked(struct softgpu_engine *e, u32 bytes)
{
	softgpu_work(e, bytes);
}

u64 softgpu_time(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	return __atomic_load_n(&((struct softgpu *)gpu)->engines[engine].time, __ATOMIC_RELAXED);
}

/* ---- its fault, and its translations ---- */

int softgpu_fail(struct softgpu_engine *e, const char *why)
{
	if (!e->fault.why) {
		e->fault.why = why;
		e->fault.addr = e->at;
		e->fault.cmd = e->dw[0];
	}
	return -EINVAL;
}

void softgpu_tlb_invalidate(struct softgpu_engine *e)
{
	struct softgpu_tlb *tlb = &e->tlb;

	tlb->generation += 1ull << TLB_GENERATION;
	if (tlb->generation)
		return;
	/* The generation wrapped: old tags must not be taken for new ones. */
	memset(tlb, 0, sizeof(*tlb));
	tlb->generation = 1ull << TLB_GENERATION;
}

/* ---- its context ---- */

void softgpu_context_roots(struct softgpu_engine *e)
{
	for (u32 i = 0; i < ARRAY_SIZE(e->pdp); i++)
		e->pdp[i] = softgpu_own(e, RING_PDP + 8 * i) |
			    (u64)softgpu_own(e, RING_PDP + 8 * i + 4) << 32;
	e->four = (e->port[0].desc & GVT_DESC_MODE_4L) == GVT_DESC_MODE_4L;
	softgpu_tlb_invalidate(e);
}

u32 softgpu_context_time(struct softgpu_engine *e)
{
	softgpu_look(e);
	return e->time_base + (u32)clock_ticks(e->time);
}

u64 softgpu_hwsp(struct softgpu_engine *e, bool own)
{
	return own ? e->port[0].desc & GVT_DESC_LRCA_MASK
		   : softgpu_own(e, RING_HWS_PGA) & GVT_DESC_LRCA_MASK;
}

u32 *softgpu_progress(struct softgpu_engine *e)
{
	return &e->cs.progress;
}

u32 *softgpu_setup(struct softgpu_engine *e)
{
	return e->setup;
}
