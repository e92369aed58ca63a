/* SPDX-License-Identifier: MIT */
/* Time on engines: slices, the watchdog, and resets of what does not answer. */
#include <string.h>

#include "core/exec/sched_engine.h"

#define NEVER (~0ull)

bool sched_reset(struct sched_engine *e, const struct sched_ctx *ctx)
{
	struct gvt_gpu *gpu = e->sched->gpu;
	bool had;
	u64 now;

	e->resetting = true;
	pthread_mutex_unlock(&e->lock);
	gpu->ops->reset(gpu, e->id);
	pthread_mutex_lock(&e->lock);
	now = gvt_sched_now();
	had = ctx && sched_has(e, ctx);
	sched_account(e, now);
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

/* It was to run, or to be saved, and will be neither. */
static bool is_lost(const struct sched_ctx *ctx)
{
	const struct sched_client *client = ctx->client;

	return client->want[0] == ctx ||
	       (client->stopping && !client->halting && ctx != &client->idle);
}

/* @who cannot go on: its client is told, and the others go on. NULL: nobody's fault. */
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
	sched_kick(e, gvt_sched_now());
}

void sched_give_up_stuck(struct sched_engine *e)
{
	const struct gvt_gpu_event event = e->stuck_event;

	give_up(e, sched_stuck_ctx(e, &event), &event);
}

static void give_up_late(struct sched_engine *e, struct sched_ctx *who, const char *why)
{
	const struct gvt_gpu_event event = {
		.kind = GVT_GPU_STUCK, .engine = e->id, .desc = who->desc, .why = why
	};

	give_up(e, who, &event);
}

void sched_give_up_front(struct sched_engine *e)
{
	struct sched_ctx *front = e->running.ctx[0];

	if (front)
		give_up_late(e, front, "does not let others have the engine");
	else
		give_up(e, NULL, NULL);
}

/* An idle engine that does not take @first up: it is reset for it once, and no more than once. */
static void not_taken_up(struct sched_engine *e, struct sched_ctx *first)
{
	bool before = first->refused;

	first->refused = !before;
	if (before)
		give_up_late(e, first, "is not taken up by the engine");
	else
		give_up(e, NULL, NULL);
}

/* Returns when this engine is to be looked at again. */
static u64 tick_engine(struct sched_engine *e, u64 now)
{
	const struct sched_times *times = &e->sched->times;
	struct sched_ctx *front = e->running.ctx[0];
	u64 next = NEVER, ran;

	if (e->resetting)
		return now + MS;
	if (e->stuck) {
		sched_give_up_stuck(e);
		return now;
	}
	sched_kick(e, now);
	if (e->waiting && front != e->pending.ctx[0]) {
		if (now - e->pending_at >= times->patience) {
			if (front)
				sched_give_up_front(e);
			else
				not_taken_up(e, e->pending.ctx[0]);
			return now + MS;
		}
		next = e->pending_at + times->patience;
	}
	if (!front)
		goto waiting;
	ran = front->alone_ns + (now - e->front_at);
	if (ran >= times->watchdog) {
		give_up_late(e, front, "runs for too long");
		return now + MS;
	}
	if (next > now + (times->watchdog - ran))
		next = now + (times->watchdog - ran);
waiting:
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
		at = tick_engine(e, gvt_sched_now());
		pthread_mutex_unlock(&e->lock);
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
