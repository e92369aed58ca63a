/* SPDX-License-Identifier: MIT */
/*
 * An engine's thread and its execlist port. The port holds two elements, and a submission that
 * waits. It works as on Gen8 and Gen9: Skylake PRM, volume 3, "Execlists", and what Linux' i915
 * (gen8_csb_parse()) expects.
 */
#include "core/gpu/soft/engine.h"

#include <string.h>

#define INSTDONE_IDLE ~0u
#define INSTDONE_BUSY (~0u & ~BIT32(0)) /* the streamer is not done */

static void status_event(struct softgpu_engine *e, const struct gvt_gpu_context *ctx, u32 status)
{
	struct gvt_gpu_event event = {
		.kind = GVT_GPU_STATUS,
		.space = ctx->space,
		.desc = ctx->desc,
		.status = status,
		.head = e->cs.head,
	};

	softgpu_event(e, &event);
}

static void stuck_event(struct softgpu_engine *e)
{
	struct gvt_gpu_event event = {
		.kind = GVT_GPU_STUCK,
		.space = e->port[0].space,
		.desc = e->port[0].desc,
		.head = e->cs.head,
		.addr = e->fault.addr,
		.cmd = e->fault.cmd,
		.why = e->fault.why,
	};

	softgpu_event(e, &event);
}

/* ---- the port ---- */

/* Makes port[0]'s space the engine's, or none. The lock is held. */
static void take_space(struct softgpu_engine *e)
{
	e->space = e->port[0].space;
	if (e->sunk)
		memset(e->sink, 0, sizeof(e->sink));
	e->sunk = false;
}

/* The lock is held. */
static void take_pending(struct softgpu_engine *e)
{
	e->port[0] = e->pending[0];
	e->port[1] = e->pending[1];
	e->pending_valid = false;
	take_space(e);
}

static void show_port(struct softgpu_engine *e)
{
	u32 status = EXECLIST_0_VALID | EXECLIST_0_ACTIVE | EXECLIST_ELEMENT_0;

	if (e->port[1].space)
		status |= EXECLIST_1_VALID;
	if (e->cs.arbitrate)
		status |= EXECLIST_ARBITRATES;
	softgpu_set_own(e, RING_EXECLIST_STATUS, status);
	softgpu_set_own(e, RING_EXECLIST_STATUS + 4, (u32)(e->port[0].desc >> GVT_DESC_ID_SHIFT));
	softgpu_set_own(e, RING_CCID, (u32)(e->port[0].desc & GVT_DESC_LRCA_MASK) | 1);
	softgpu_set_own(e, RING_INSTDONE, INSTDONE_BUSY);
}

static void show_idle(struct softgpu_engine *e)
{
	softgpu_set_own(e, RING_EXECLIST_STATUS, 0);
	softgpu_set_own(e, RING_EXECLIST_STATUS + 4, 0);
	softgpu_set_own(e, RING_CCID, 0);
	softgpu_set_own(e, RING_INSTDONE, INSTDONE_IDLE);
}

/* The context that runs goes on with a new tail, and with the new element behind it. */
static enum softgpu_end lite_restore(struct softgpu_engine *e)
{
	struct gvt_gpu_context ctx;

	pthread_mutex_lock(&e->lock);
	e->port[1] = e->pending[1];
	e->pending_valid = false;
	ctx = e->port[0];
	pthread_mutex_unlock(&e->lock);
	softgpu_tlb_invalidate(e);
	if (!softgpu_context_tail(e))
		return END_STUCK;
	show_port(e);
	status_event(e, &ctx, GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE);
	return e->aborted ? END_RESET : END_EMPTY;
}

/* Runs the context, whatever is added to its ring meanwhile. */
static enum softgpu_end run(struct softgpu_engine *e)
{
	enum softgpu_end end;

	do {
		end = softgpu_cs_run(e);
		if (end != END_LITE)
			return end;
		end = lite_restore(e);
	} while (end == END_EMPTY);
	return end;
}

/*
 * Turns the port to what follows, after port[0] has ended a run, as @end says, and was saved.
 * Returns the status to tell, or 0 if the context goes on by a lite restore.
 */
static u32 turn(struct softgpu_engine *e, enum softgpu_end end)
{
	u32 status = end == END_EMPTY ? GVT_CSB_COMPLETE : 0;

	pthread_mutex_lock(&e->lock);
	if (e->pending_valid && end == END_EMPTY && softgpu_lite(e)) {
		status = 0;
	} else if (e->pending_valid) {
		status |= GVT_CSB_PREEMPTED;
		take_pending(e);
	} else {
		status |= e->port[1].space ? GVT_CSB_ELEMENT_SWITCH : GVT_CSB_ACTIVE_IDLE;
		e->port[0] = e->port[1];
		e->port[1].space = NULL;
		take_space(e);
	}
	pthread_mutex_unlock(&e->lock);
	return status;
}

/* The engine cannot go on: shows and tells that, and waits for a reset. */
static void stand_still(struct softgpu_engine *e)
{
	softgpu_cs_show(e, e->fault.addr, e->fault.cmd);
	softgpu_look(e);
	pthread_mutex_lock(&e->lock);
	e->stuck = true;
	pthread_mutex_unlock(&e->lock);
	stuck_event(e);
}

/* Runs one element, from its restore to the status event of its end. False: the port is empty. */
static bool run_element(struct softgpu_engine *e)
{
	struct gvt_gpu_context ctx = e->port[0];
	enum softgpu_end end;
	u32 status;

	e->fault.why = NULL;
	e->regs = NULL;
	end = softgpu_context_restore(e);
	if (e->regs)
		show_port(e);
	for (;;) {
		if (end == END_EMPTY)
			end = run(e);
		if (end <= END_PREEMPT && !softgpu_context_save(e))
			end = END_STUCK;
		if (end > END_PREEMPT)
			break;
		softgpu_look(e);
		status = turn(e, end);
		if (status) {
			if (status & GVT_CSB_ACTIVE_IDLE)
				show_idle(e);
			status_event(e, &ctx, status);
			return !e->aborted && e->port[0].space;
		}
		end = lite_restore(e);
	}
	if (end == END_STUCK && !e->aborted)
		stand_still(e);
	return false;
}

/* No context has the engine any more. The lock is held. */
static void leave(struct softgpu_engine *e)
{
	if (e->space && e->regs)
		show_idle(e);
	e->port[0].space = e->port[1].space = NULL;
	take_space(e);
}

static const char *const thread_names[GVT_NR_ENGINES] = {
	[GVT_RCS0] = "gpu-rcs0",
	[GVT_BCS0] = "gpu-bcs0",
	[GVT_VCS0] = "gpu-vcs0",
	[GVT_VECS0] = "gpu-vecs0",
};

void *softgpu_engine_main(void *arg)
{
	struct softgpu_engine *e = arg;

	/* By itself: a process without a file system cannot name another thread. */
	pthread_setname_np(pthread_self(), thread_names[e->id]);
	pthread_mutex_lock(&e->lock);
	while (!e->exit) {
		if (e->reset) {
			leave(e);
			softgpu_empty(e);
		}
		if (e->stuck || !e->pending_valid) {
			softgpu_rest(e, NULL);
			continue;
		}
		take_pending(e);
		pthread_mutex_unlock(&e->lock);
		softgpu_begin(e);
		e->cs.head = 0;
		status_event(e, &e->port[0], GVT_CSB_IDLE_ACTIVE);
		while (!e->aborted && run_element(e))
			;
		pthread_mutex_lock(&e->lock);
		e->aborted = false;
		if (!e->stuck)
			leave(e);
	}
	pthread_mutex_unlock(&e->lock);
	return NULL;
}
