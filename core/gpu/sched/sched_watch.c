/* SPDX-License-Identifier: MIT */
/* Time on engines: slices, patience, and resets of engines that do not react. */
#include <string.h>

#include "core/base/clock.h"
#include "core/gpu/sched/sched_engine.h"
#include "core/hw/reg.h"
#include "core/hw/ring_regs.h"

#define NEVER (~0ull)

bool sched_reset(struct sched_engine *e, const struct sched_ctx *ctx)
{
	struct gvt_gpu *gpu = e->sched->gpu;
	bool had;

	e->resetting = true;
	sched_unlock(e);
	gpu->ops->reset(gpu, e->id);
	pthread_mutex_lock(&e->lock);
	had = ctx && sched_has(e, ctx);
	sched_account(e);
	for (unsigned int i = 0; i < 2; i++) {
		if (e->running.ctx[i])
			e->running.ctx[i]->reload = true;
		if (e->waiting && e->pending.ctx[i])
			e->pending.ctx[i]->reload = true;
	}
	memset(&e->running, 0, sizeof(e->running));
	e->waiting = false;
	e->resetting = false;
	e->stuck = false;
	return had;
}

/* True if the context was to run, or to be saved, and cannot be now. */
static bool is_lost(const struct sched_ctx *ctx)
{
	const struct sched_client *client = ctx->client;

	return client->want[0] == ctx ||
	       (client->stopping && !client->halting && ctx != &client->idle);
}

/* Resets the engine because of @who (or NULL), and tells its client. The others go on. */
static void give_up(struct sched_engine *e, struct sched_ctx *who,
		    const struct gvt_gpu_event *event)
{
	if (sched_reset(e, who) && is_lost(who)) {
		struct sched_client *client = who->client;

		client->want[0] = client->want[1] = NULL;
		client->stopping = false;
		who->running = false;
		sched_tell(client, SCHED_STUCK, who, event);
	}
	sched_settle(e);
	sched_kick(e);
}

void sched_give_up_stuck(struct sched_engine *e)
{
	const struct gvt_gpu_event event = e->stuck_event;

	give_up(e, sched_stuck_ctx(e, &event), &event);
}

static u32 read_reg(const struct sched_engine *e, const struct sched_ctx *ctx, u32 reg)
{
	const struct gvt_gpu *gpu = e->sched->gpu;

	return gpu->ops->reg_read(ctx->client->space, gvt_engine_base(e->id) + reg);
}

void sched_give_up_front(struct sched_engine *e)
{
	struct sched_ctx *front = e->running.ctx[0];
	struct gvt_gpu_event event = {
		.kind = GVT_GPU_STUCK,
		.engine = e->id,
		.why = "does not give way to other work",
	};

	if (!front) {
		give_up(e, NULL, NULL);
		return;
	}
	event.desc = front->desc;
	event.cmd = read_reg(e, front, RING_IPEHR);
	event.addr = read_reg(e, front, RING_ACTHD) | (u64)read_reg(e, front, RING_ACTHD_UDW) << 32;
	give_up(e, front, &event);
}

/* An idle engine does not take @first up: reset it for that once; the next time, give @first up. */
static void not_taken_up(struct sched_engine *e, struct sched_ctx *first)
{
	const struct gvt_gpu_event event = {
		.kind = GVT_GPU_STUCK,
		.engine = e->id,
		.desc = first->desc,
		.why = "is not taken up by the engine",
	};
	bool before = first->refused;

	first->refused = !before;
	give_up(e, before ? first : NULL, &event);
}

/* Returns when this engine is to be looked at again. */
static u64 tick_engine(struct sched_engine *e, u64 now)
{
	const struct sched_times *times = &e->sched->times;
	const struct sched_ctx *front = e->running.ctx[0];
	u64 next = NEVER;

	if (e->resetting)
		return now + MS;
	if (e->stuck) {
		sched_give_up_stuck(e);
		return now;
	}
	sched_kick(e);
	if (e->waiting && e->time - e->pending_at >= times->patience) {
		if (front)
			sched_give_up_front(e);
		else
			not_taken_up(e, e->pending.ctx[0]);
		return now + MS;
	}
	if (e->waiting)
		next = now + BETWEEN_LOOKS / 2;
	for (const struct sched_client *c = e->clients; c; c = c->next)
		if (c->want[0] && (!front || c->want[0] != front || c->cap) &&
		    next > now + times->slice)
			next = now + times->slice;
	return next;
}

u64 gvt_sched_tick(struct gvt_sched *sched)
{
	u64 next = NEVER;

	for (int i = 0; i < GVT_NR_ENGINES; i++) {
		struct sched_engine *e = &sched->engines[i];
		u64 at;

		pthread_mutex_lock(&e->lock);
		at = tick_engine(e, clock_now_ns());
		sched_unlock(e);
		next = at < next ? at : next;
	}
	return next;
}

void *sched_thread(void *arg)
{
	struct gvt_sched *sched = arg;

	pthread_mutex_lock(&sched->lock);
	while (!sched->quit) {
		struct timespec until;
		u64 at;

		sched->poked = false;
		pthread_mutex_unlock(&sched->lock);
		at = gvt_sched_tick(sched);
		pthread_mutex_lock(&sched->lock);
		if (sched->poked || sched->quit)
			continue;
		until.tv_sec = at / 1000000000;
		until.tv_nsec = at % 1000000000;
		if (at == NEVER)
			pthread_cond_wait(&sched->wake, &sched->lock);
		else
			pthread_cond_timedwait(&sched->wake, &sched->lock, &until);
	}
	pthread_mutex_unlock(&sched->lock);
	return NULL;
}
