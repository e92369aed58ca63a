/* SPDX-License-Identifier: MIT */
/* What other threads ask of an engine, and the events by which it tells them. */
#include "core/gpu/soft/engine.h"

#include <errno.h>

/* Sleeps between polls of a semaphore: the first one, and the longest; each is twice the last. */
#define PAUSE_FIRST_NS 10000u
#define PAUSE_MOST_NS  1000000u

/* ---- requests of other threads; the lock is held ---- */

static void call(struct softgpu_engine *e)
{
	__atomic_store_n(&e->attention, 1, __ATOMIC_RELEASE);
	pthread_cond_signal(&e->work);
}

/* From here on the engine has no pointer into any space. */
static void begin_rest(struct softgpu_engine *e)
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

static void end_rest(struct softgpu_engine *e)
{
	e->resting = false;
	forget_translations(e);
}

void softgpu_rest(struct softgpu_engine *e, const struct timespec *until)
{
	begin_rest(e);
	if (until)
		pthread_cond_timedwait(&e->work, &e->lock, until);
	else
		pthread_cond_wait(&e->work, &e->lock);
	end_rest(e);
}

void softgpu_empty(struct softgpu_engine *e)
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
		softgpu_empty(e);
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
	begin_rest(e);
	pthread_mutex_unlock(&e->lock);
	config->event(config->priv, event);
	pthread_mutex_lock(&e->lock);
	end_rest(e);
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

/* ---- the engine looks at requests ---- */

bool softgpu_lite(const struct softgpu_engine *e)
{
	return e->pending[0].space == e->port[0].space &&
	       !((e->pending[0].desc ^ e->port[0].desc) & ~GVT_DESC_RESTORE) &&
	       !(e->pending[0].desc & GVT_DESC_RESTORE);
}

enum softgpu_end softgpu_attend(struct softgpu_engine *e)
{
	bool stop, waits, lite;

	pthread_mutex_lock(&e->lock);
	__atomic_store_n(&e->attention, 0, __ATOMIC_RELAXED);
	forget_translations(e);
	stop = e->exit || e->reset || e->aborted;
	waits = e->pending_valid && !e->cs.restoring;
	lite = waits && softgpu_lite(e);
	pthread_mutex_unlock(&e->lock);

	if (stop)
		return END_RESET;
	if (lite)
		return END_LITE;
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
	if (!softgpu_attention(e))
		softgpu_rest(e, &until);
	pthread_mutex_unlock(&e->lock);
	softgpu_look(e);
}

/* ---- life ---- */

int softgpu_engine_start(struct softgpu_engine *e, void *(*main)(void *e))
{
	pthread_condattr_t attr;
	int err;

	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->work, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&e->done, NULL);
	err = pthread_create(&e->thread, NULL, main, e);
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
