/* SPDX-License-Identifier: MIT */
/* What clients call, and the making and freeing of the scheduler. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/gpu/sched/sched_engine.h"

/* The engine's time that a context has to leave it, when it must leave at once. */
#define HALT_PATIENCE (1000 * MS)

/* ---- what clients want ---- */

static void want(struct sched_client *client, unsigned int i, struct sched_ctx *ctx)
{
	client->want[i] = ctx;
	if (!ctx)
		return;
	ctx->client = client;
	ctx->running = true;
	ctx->refused = false;
}

/* A client that was idle does not catch up on that time, except for one slice. */
static void arrive(struct sched_engine *e, struct sched_client *client)
{
	const struct sched_client *least = sched_best(e, client);
	u64 at = least ? least->vtime : e->vtime;
	u64 credit = sched_by_weight(client, e->sched->times.slice);

	at = at > credit ? at - credit : 0;
	if (client->vtime < at)
		client->vtime = at;
}

static void run(struct sched_client *client, struct sched_ctx *first, struct sched_ctx *second)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	/* First charge the client that had the engine until now. */
	sched_account(e);
	arrive(e, client);
	want(client, 0, first);
	want(client, 1, second);
	first->reload = true;
	if (second)
		second->reload = true;
	sched_kick(e);
	sched_unlock(e);
	sched_poke(e->sched);
}

static bool extend(struct sched_client *client, struct sched_ctx *ctx, u32 tail,
		   struct sched_ctx *second)
{
	struct sched_engine *e = client->engine;
	bool there;

	pthread_mutex_lock(&e->lock);
	there = client->want[0] == ctx && !client->stopping;
	if (there) {
		ctx->tail = tail;
		__atomic_store_n(ctx->tail_at, tail, __ATOMIC_RELEASE);
		if (second) {
			want(client, 1, second);
			second->reload = true;
		}
		sched_kick(e);
	}
	sched_unlock(e);
	sched_poke(e->sched);
	return there;
}

static void stop(struct sched_client *client)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	client->want[0] = client->want[1] = NULL;
	client->stopping = true;
	sched_kick(e);
	sched_settle(e);
	sched_unlock(e);
	sched_poke(e->sched);
}

static bool alone(const struct sched_engine *e, const struct sched_client *client)
{
	for (const struct sched_client *c = e->clients; c; c = c->next)
		if (c != client && sched_on_gpu(e, c))
			return false;
	return true;
}

/* Waits until something changed, or it is time to look at the engine's time. */
static int wait_changed(struct sched_engine *e)
{
	u64 until = clock_now_ns() + BETWEEN_LOOKS / 2;
	const struct timespec at = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };

	return pthread_cond_timedwait(&e->changed, &e->lock, &at);
}

static void halt(struct sched_client *client, bool save)
{
	struct sched_engine *e = client->engine;
	u64 from;

	pthread_mutex_lock(&e->lock);
	sched_account(e);
	from = e->time;
	client->want[0] = client->want[1] = NULL;
	client->stopping = client->halting = true;
	if (save || !alone(e, client))
		sched_kick(e);
	for (;;) {
		/* Notify other clients before waiting. */
		sched_notify(e);
		if (!sched_on_gpu(e, client))
			break;
		if (e->stuck && !e->resetting)
			sched_give_up_stuck(e);
		else if (!e->resetting && !save && alone(e, client))
			sched_reset(e, NULL);
		else if (wait_changed(e) && !e->resetting) {
			sched_account(e);
			if (e->time - from >= HALT_PATIENCE)
				sched_give_up_front(e);
		}
	}
	client->stopping = client->halting = false;
	if (!save) {
		client->nr_reports = 0;
		__atomic_store_n(&client->irq, 0, __ATOMIC_RELAXED);
	}
	sched_settle(e);
	sched_kick(e);
	sched_unlock(e);
}

static u32 take(struct sched_client *client, struct sched_report reports[SCHED_REPORTS], u32 *irq)
{
	struct sched_engine *e = client->engine;
	u32 nr;

	pthread_mutex_lock(&e->lock);
	nr = client->nr_reports;
	memcpy(reports, client->reports, nr * sizeof(*reports));
	client->nr_reports = 0;
	*irq = __atomic_exchange_n(&client->irq, 0, __ATOMIC_ACQ_REL);
	sched_unlock(e);
	return nr;
}

static void weigh(struct sched_client *client, u32 weight, u32 cap)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	sched_account(e);
	client->weight = weight;
	client->cap = cap;
	/* Time that a cap withheld before is not made up for. */
	arrive(e, client);
	sched_kick(e);
	sched_unlock(e);
	/* A client with a cap must be looked at more often. */
	sched_poke(e->sched);
}

static void had(struct sched_client *client, u64 *run_ns, u64 *timesliced)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	sched_account(e);
	*run_ns = client->run_ns;
	*timesliced = client->timesliced;
	sched_unlock(e);
}

static bool at_work(struct sched_client *client)
{
	struct sched_engine *e = client->engine;
	bool works;

	pthread_mutex_lock(&e->lock);
	works = client->want[0] || sched_on_gpu(e, client);
	sched_unlock(e);
	return works;
}

/* ---- life ---- */

static void join(struct gvt_share *share, enum gvt_engine engine, struct sched_client *client)
{
	struct gvt_sched *sched = (struct gvt_sched *)share;
	struct sched_engine *e = &sched->engines[engine];

	pthread_mutex_lock(&e->lock);
	client->engine = e;
	client->idle.client = client;
	client->vtime = e->vtime;
	client->next = e->clients;
	e->clients = client;
	sched_unlock(e);
}

static void leave(struct sched_client *client)
{
	struct sched_engine *e = client->engine;
	struct sched_client **link;

	pthread_mutex_lock(&e->lock);
	for (link = &e->clients; *link && *link != client; link = &(*link)->next)
		;
	if (*link)
		*link = client->next;
	while (client->due || client->notifying)
		pthread_cond_wait(&e->changed, &e->lock);
	sched_unlock(e);
}

static const struct gvt_share_ops ops = {
	.join = join,
	.leave = leave,
	.weigh = weigh,
	.had = had,
	.at_work = at_work,
	.run = run,
	.extend = extend,
	.stop = stop,
	.halt = halt,
	.take = take,
	.event = sched_event,
};

struct gvt_share *gvt_sched_share(struct gvt_sched *sched)
{
	return &sched->share;
}

struct sched_times *gvt_sched_times(struct gvt_sched *sched)
{
	return &sched->times;
}

int gvt_sched_create(struct gvt_gpu *gpu, struct gvt_sched **out)
{
	struct gvt_sched *sched = calloc(1, sizeof(*sched));
	pthread_condattr_t clock;
	int err;

	if (!sched)
		return -ENOMEM;
	sched->share.ops = &ops;
	sched->gpu = gpu;
	sched->times = (struct sched_times){ .slice = 2 * MS, .patience = 500 * MS };
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&sched->lock, NULL);
	pthread_cond_init(&sched->wake, &clock);
	for (int i = 0; i < GVT_NR_ENGINES; i++) {
		struct sched_engine *e = &sched->engines[i];

		e->sched = sched;
		e->id = i;
		pthread_mutex_init(&e->lock, NULL);
		pthread_cond_init(&e->changed, &clock);
	}
	pthread_condattr_destroy(&clock);
	err = pthread_create(&sched->thread, NULL, sched_thread, sched);
	if (err) {
		free(sched);
		return -err;
	}
	*out = sched;
	return 0;
}

void gvt_sched_destroy(struct gvt_sched *sched)
{
	if (!sched)
		return;
	pthread_mutex_lock(&sched->lock);
	sched->quit = true;
	pthread_cond_signal(&sched->wake);
	pthread_mutex_unlock(&sched->lock);
	pthread_join(sched->thread, NULL);
	for (int i = 0; i < GVT_NR_ENGINES; i++) {
		/* Wait for an event's callback that is about to return. */
		pthread_mutex_lock(&sched->engines[i].lock);
		pthread_mutex_unlock(&sched->engines[i].lock);
		pthread_mutex_destroy(&sched->engines[i].lock);
		pthread_cond_destroy(&sched->engines[i].changed);
	}
	pthread_cond_destroy(&sched->wake);
	pthread_mutex_destroy(&sched->lock);
	free(sched);
}
