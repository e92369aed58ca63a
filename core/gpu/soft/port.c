/* SPDX-License-Identifier: MIT */
/*
 * An engine's thread and its execlist port. The port holds two elements, and a submission that
 * waits. It works as on Gen8 and Gen9: Skylake PRM, volume 3, "Execlists", and what Linux' i915
 * (gen8_csb_parse()) expects.
 */
#include "core/gpu/soft/engine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Sleeps between polls of a semaphore: the first one, and the longest; each is twice the last. */
#define PAUSE_FIRST_NS 10000u
#define PAUSE_MOST_NS  1000000u

/* EXECLIST_STATUS (gvt/execlist.h). */
#define STATUS_QUEUE_FULL BIT32(2)
#define STATUS_1_VALID	  BIT32(3)
#define STATUS_0_VALID	  BIT32(4)
#define STATUS_ELEMENT_0  (1u << 14)
#define STATUS_ARBITRATE  BIT32(16)
#define STATUS_0_ACTIVE	  BIT32(18)

#define INSTDONE_IDLE ~0u
#define INSTDONE_BUSY (~0u & ~BIT32(0)) /* the streamer is not done */

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

/* The engine was idle until now. */
static void begin(struct softgpu_engine *e)
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

/* ---- requests of other threads; the lock is held ---- */

static void call(struct softgpu_engine *e)
{
	__atomic_store_n(&e->attention, 1, __ATOMIC_RELEASE);
	pthread_cond_signal(&e->work);
}

/* From here on the engine has no pointer into any space. */
static void rest(struct softgpu_engine *e)
{
	e->resting = true;
	pthread_cond_broadcast(&e->done);
}

static void forget_translations(struct softgpu_engine *e)
{
	if (e->flush_done == e->flush_wanted)
		return;
	softgpu_tlb_invalidate(e);
	e->flush_done = e->flush_wanted;
	pthread_cond_broadcast(&e->done);
}

static void resume(struct softgpu_engine *e)
{
	e->resting = false;
	forget_translations(e);
}

static void empty_port(struct softgpu_engine *e)
{
	e->pending_valid = false;
	e->stuck = false;
	e->reset = false;
	pthread_cond_broadcast(&e->done);
}

int softgpu_submit(struct gvt_gpu *gpu, enum gvt_engine engine, const struct gvt_gpu_context ctx[2])
{
	struct softgpu_engine *e = &((struct softgpu *)gpu)->engines[engine];
	int err = 0;

	if (!ctx[0].space)
		return -EINVAL;
	pthread_mutex_lock(&e->lock);
	if (e->pending_valid || e->stuck || e->reset) {
		err = -EBUSY;
	} else {
		e->pending[0] = ctx[0];
		e->pending[1] = ctx[1];
		e->pending_valid = true;
		call(e);
	}
	pthread_mutex_unlock(&e->lock);
	return err;
}

void softgpu_reset(struct gvt_gpu *gpu, enum gvt_engine engine)
{
	struct softgpu_engine *e = &((struct softgpu *)gpu)->engines[engine];

	pthread_mutex_lock(&e->lock);
	if (pthread_equal(pthread_self(), e->thread)) {
		/* Called from one of its own callbacks: it unwinds when that returns. */
		empty_port(e);
		e->aborted = true;
		call(e);
	} else {
		e->reset = true;
		call(e);
		while (e->reset)
			pthread_cond_wait(&e->done, &e->lock);
	}
	pthread_mutex_unlock(&e->lock);
}

void softgpu_engine_flush(struct softgpu_engine *e, struct gvt_gpu_space *space, bool wait)
{
	u64 wanted;

	pthread_mutex_lock(&e->lock);
	if (e->space == space) {
		wanted = ++e->flush_wanted;
		__atomic_store_n(&e->attention, 1, __ATOMIC_RELEASE);
		while (wait && !e->resting && e->flush_done < wanted)
			pthread_cond_wait(&e->done, &e->lock);
	}
	pthread_mutex_unlock(&e->lock);
}

void softgpu_kick(struct softgpu_engine *e)
{
	pthread_mutex_lock(&e->lock);
	pthread_cond_signal(&e->work);
	pthread_mutex_unlock(&e->lock);
}

/* ---- events ---- */

void softgpu_event(struct softgpu_engine *e, struct gvt_gpu_event *event)
{
	const struct gvt_gpu_space_config *config = &event->space->config;

	event->engine = e->id;
	if (e->aborted)
		return;
	softgpu_work(e, SOFTGPU_EVENT_BYTES);
	pthread_mutex_lock(&e->lock);
	rest(e);
	pthread_mutex_unlock(&e->lock);
	config->event(config->priv, event);
	pthread_mutex_lock(&e->lock);
	resume(e);
	pthread_mutex_unlock(&e->lock);
}

void softgpu_interrupt(struct softgpu_engine *e, u32 irq)
{
	struct gvt_gpu_event event = {
		.kind = GVT_GPU_INTERRUPT,
		.space = e->port[0].space,
		.desc = e->port[0].desc,
		.irq = irq,
	};

	softgpu_event(e, &event);
}

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

/* True if the submission that waits begins with the context that runs. The lock is held. */
static bool pending_is_lite(const struct softgpu_engine *e)
{
	return e->pending[0].space == e->port[0].space &&
	       !((e->pending[0].desc ^ e->port[0].desc) & ~GVT_DESC_RESTORE) &&
	       !(e->pending[0].desc & GVT_DESC_RESTORE);
}

static void show_port(struct softgpu_engine *e)
{
	u32 status = STATUS_0_VALID | STATUS_0_ACTIVE | STATUS_ELEMENT_0;

	if (e->port[1].space)
		status |= STATUS_1_VALID;
	if (e->cs.arbitrate)
		status |= STATUS_ARBITRATE;
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

enum softgpu_end softgpu_attend(struct softgpu_engine *e)
{
	bool stop, waits, lite;

	pthread_mutex_lock(&e->lock);
	__atomic_store_n(&e->attention, 0, __ATOMIC_RELAXED);
	forget_translations(e);
	stop = e->exit || e->reset || e->aborted;
	waits = e->pending_valid && !e->cs.restoring;
	lite = waits && pending_is_lite(e);
	pthread_mutex_unlock(&e->lock);

	if (stop)
		return END_RESET;
	if (lite)
		return lite_restore(e);
	/* Otherwise MI_ARB_ON_OFF has it looked at again, or the end of the ring. */
	return waits && e->cs.arbitrate ? END_PREEMPT : END_EMPTY;
}

bool softgpu_point(struct softgpu_engine *e)
{
	bool stop;

	softgpu_look(e);
	if (!softgpu_attention(e))
		return true;
	pthread_mutex_lock(&e->lock);
	/* .attention stays set: a submission that waits is looked at after the command. */
	forget_translations(e);
	stop = e->exit || e->reset || e->aborted;
	pthread_mutex_unlock(&e->lock);
	return !stop;
}

bool softgpu_wanted(struct softgpu_engine *e)
{
	bool wanted;

	if (!softgpu_attention(e))
		return false;
	pthread_mutex_lock(&e->lock);
	wanted = e->pending_valid && e->cs.arbitrate && !e->cs.restoring;
	pthread_mutex_unlock(&e->lock);
	return wanted;
}

u32 *softgpu_progress(struct softgpu_engine *e)
{
	return &e->cs.progress;
}

void softgpu_pause(struct softgpu_engine *e)
{
	u64 ns = (u64)PAUSE_FIRST_NS << (e->polls < 16 ? e->polls : 16);
	struct timespec until;

	e->polls++;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns < PAUSE_MOST_NS ? ns : PAUSE_MOST_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&e->lock);
	if (!softgpu_attention(e)) {
		rest(e);
		pthread_cond_timedwait(&e->work, &e->lock, &until);
		resume(e);
	}
	pthread_mutex_unlock(&e->lock);
	softgpu_look(e);
}

/*
 * Turns the port to what follows, after port[0] has ended a run, as @end says, and was saved.
 * Returns the status to tell, or 0 if the context goes on by a lite restore.
 */
static u32 turn(struct softgpu_engine *e, enum softgpu_end end)
{
	u32 status = end == END_EMPTY ? GVT_CSB_COMPLETE : 0;

	pthread_mutex_lock(&e->lock);
	if (e->pending_valid && end == END_EMPTY && pending_is_lite(e)) {
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
			end = softgpu_cs_run(e);
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

static void *engine_main(void *arg)
{
	struct softgpu_engine *e = arg;

	/* By itself: a process without a file system cannot name another thread. */
	pthread_setname_np(pthread_self(), thread_names[e->id]);
	pthread_mutex_lock(&e->lock);
	while (!e->exit) {
		if (e->reset) {
			leave(e);
			empty_port(e);
		}
		if (e->stuck || !e->pending_valid) {
			rest(e);
			pthread_cond_wait(&e->work, &e->lock);
			resume(e);
			continue;
		}
		take_pending(e);
		pthread_mutex_unlock(&e->lock);
		begin(e);
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

int softgpu_engine_start(struct softgpu_engine *e)
{
	pthread_condattr_t attr;
	int err;

	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->work, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&e->done, NULL);
	err = pthread_create(&e->thread, NULL, engine_main, e);
	if (err) {
		pthread_cond_destroy(&e->done);
		pthread_cond_destroy(&e->work);
		pthread_mutex_destroy(&e->lock);
		return -err;
	}
	return 0;
}

void softgpu_engine_stop(struct softgpu_engine *e)
{
	pthread_mutex_lock(&e->lock);
	e->exit = true;
	call(e);
	pthread_mutex_unlock(&e->lock);
	pthread_join(e->thread, NULL);
	pthread_cond_destroy(&e->done);
	pthread_cond_destroy(&e->work);
	pthread_mutex_destroy(&e->lock);
}
