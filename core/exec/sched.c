/* SPDX-License-Identifier: MIT */
#include "core/exec/sched.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS 1000000ull

#define CAP_PERIOD   (100 * MS)
#define WEIGHT_UNIT  1024u
#define NEVER	     (~0ull)
#define HALT_TIMEOUT (1000 * MS)

struct sched_port {
	struct sched_ctx *ctx[2];
};

struct sched_engine {
	struct gvt_sched *sched;
	enum gvt_engine id;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something left the GPU, or a reset is over */
	struct sched_client *clients;
	struct sched_port running; /* as far as events have told */
	struct sched_port pending; /* submitted, and not acknowledged */
	bool waiting;		   /* .pending holds a submission */
	bool resetting, stuck;
	struct gvt_gpu_event stuck_event;
	u64 pending_at;
	u64 front_at; /* since when running.ctx[0] runs */
	u64 slice_at; /* since when its client has the engine */
	u64 vtime;    /* of who had the engine last: where newcomers to an idle one begin */
};

struct gvt_sched {
	struct gvt_gpu *gpu;
	struct sched_times times;
	struct sched_engine engines[GVT_NR_ENGINES];
	pthread_t thread;
	pthread_mutex_t lock; /* of the two below */
	pthread_cond_t wake;
	bool poked, quit;
};

u64 gvt_sched_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Has the thread look at the engines again. */
static void poke(struct gvt_sched *sched)
{
	pthread_mutex_lock(&sched->lock);
	sched->poked = true;
	pthread_cond_signal(&sched->wake);
	pthread_mutex_unlock(&sched->lock);
}

/* ---- who is there ---- */

static bool in_port(const struct sched_port *port, const struct sched_ctx *ctx)
{
	return port->ctx[0] == ctx || port->ctx[1] == ctx;
}

static bool port_of(const struct sched_port *port, const struct sched_client *client)
{
	return (port->ctx[0] && port->ctx[0]->client == client) ||
	       (port->ctx[1] && port->ctx[1]->client == client);
}

static bool on_gpu(const struct sched_engine *e, const struct sched_client *client)
{
	return port_of(&e->running, client) || (e->waiting && port_of(&e->pending, client));
}

/* What was had beyond a period's allowance counts in the next. */
static void new_period(struct sched_client *client, u64 now)
{
	u64 allowed = CAP_PERIOD / 100 * client->cap;

	if (now - client->window_at < CAP_PERIOD)
		return;
	client->window_ns = client->window_ns > allowed ? client->window_ns - allowed : 0;
	client->window_at = now;
}

static bool runnable(const struct sched_client *client)
{
	bool capped = client->cap && client->window_ns >= CAP_PERIOD / 100 * client->cap;

	return client->want[0] && !client->stopping && !capped;
}

static u64 by_weight(const struct sched_client *client, u64 ns)
{
	return ns * WEIGHT_UNIT / (client->weight ? client->weight : 1);
}

static struct sched_client *best(const struct sched_engine *e, const struct sched_client *but)
{
	struct sched_client *found = NULL;

	for (struct sched_client *c = e->clients; c; c = c->next)
		if (c != but && runnable(c) && (!found || c->vtime < found->vtime))
			found = c;
	return found;
}

static void notify(struct sched_client *client)
{
	client->notify(client->priv);
}

static void report(struct sched_client *client, enum sched_what what, struct sched_ctx *ctx,
		   const struct gvt_gpu_event *event)
{
	struct sched_report *r = &client->reports[client->nr_reports];

	if (client->nr_reports == SCHED_REPORTS)
		return;
	*r = (struct sched_report){ .what = what, .ctx = ctx };
	if (event)
		r->event = *event;
	client->nr_reports++;
	notify(client);
}

/* ---- what should run ---- */

static struct sched_ctx *pick_first(const struct sched_engine *e, u64 now)
{
	struct sched_ctx *front = e->running.ctx[0];
	struct sched_client *had = front ? front->client : NULL, *other = best(e, had);

	if (!had || !runnable(had) || had->want[0] != front) {
		struct sched_client *any = best(e, NULL);

		return any ? any->want[0] : NULL;
	}
	if (other && now - e->slice_at >= e->sched->times.slice && other->vtime < had->vtime)
		return other->want[0];
	return front;
}

static struct sched_ctx *pick_second(const struct sched_engine *e, const struct sched_ctx *first)
{
	struct sched_client *had = first->client, *other = best(e, had);
	struct sched_ctx *there = e->running.ctx[1];

	/* What follows already, and may, is left there. */
	if (first == e->running.ctx[0] && there &&
	    (there == had->want[1] ||
	     (there->client != had && runnable(there->client) && there == there->client->want[0])))
		return there;
	if (had->want[1] && (!other || had->vtime <= other->vtime))
		return had->want[1];
	return other ? other->want[0] : NULL;
}

/* With nothing else to run, what has to go gives way to a context that ends at once. */
static struct sched_ctx *pick_idle(const struct sched_engine *e)
{
	struct sched_ctx *front = e->running.ctx[0];

	if (!front || front == &front->client->idle || !front->client->idle.desc)
		return NULL;
	return &front->client->idle;
}

static void submit(struct sched_engine *e, struct sched_port next, u64 now)
{
	struct gvt_gpu *gpu = e->sched->gpu;
	struct gvt_gpu_context port[2] = { { 0 } };

	for (unsigned int i = 0; i < 2 && next.ctx[i]; i++) {
		struct sched_ctx *ctx = next.ctx[i];

		port[i].space = ctx->client->space;
		port[i].desc = ctx->desc | (ctx->reload ? GVT_DESC_RESTORE : 0);
	}
	/* Refused while an event is on its way, which brings us here again. */
	if (gpu->ops->submit(gpu, e->id, port))
		return;
	for (unsigned int i = 0; i < 2 && next.ctx[i]; i++) {
		next.ctx[i]->submitted = next.ctx[i]->tail;
		next.ctx[i]->reload = false;
	}
	e->pending = next;
	e->pending_at = now;
	e->waiting = true;
}

static bool changed(const struct sched_engine *e, const struct sched_port *next)
{
	const struct sched_ctx *front = next->ctx[0];

	return front != e->running.ctx[0] || next->ctx[1] != e->running.ctx[1] ||
	       (front && (front->tail != front->submitted || front->reload));
}

/*
 * Time had is what passes while a context has the engine: nobody else can have it then.
 */
static void account(struct sched_engine *e, u64 now)
{
	struct sched_ctx *front = e->running.ctx[0];
	u64 run_ns = now - e->front_at;
	struct sched_client *client;

	if (!front)
		return;
	client = front->client;
	client->window_ns += run_ns;
	client->run_ns += run_ns;
	client->vtime += by_weight(client, run_ns);
	front->alone_ns += run_ns;
	e->front_at = now;
	e->vtime = client->vtime;
}

static void kick(struct sched_engine *e, u64 now)
{
	struct sched_port next = { { NULL, NULL } };

	account(e, now);
	for (struct sched_client *c = e->clients; c; c = c->next)
		new_period(c, now);
	if (e->waiting || e->resetting || e->stuck)
		return;
	next.ctx[0] = pick_first(e, now);
	if (next.ctx[0])
		next.ctx[1] = pick_second(e, next.ctx[0]);
	else
		next.ctx[0] = pick_idle(e);
	if (next.ctx[0] && changed(e, &next))
		submit(e, next, now);
}

/* Those that are to stop and are off the GPU hear of it. */
static void settle(struct sched_engine *e)
{
	for (struct sched_client *c = e->clients; c; c = c->next)
		if (c->stopping && !on_gpu(e, c)) {
			c->stopping = false;
			if (!c->halting)
				report(c, SCHED_STOPPED, NULL, NULL);
		}
	pthread_cond_broadcast(&e->changed);
}

/* ---- what came of it ---- */

static void new_front(struct sched_engine *e, const struct sched_client *was, u64 now)
{
	const struct sched_ctx *front = e->running.ctx[0];

	e->front_at = now;
	if (!front || front->client != was)
		e->slice_at = now;
}

static const struct sched_client *front_client(const struct sched_engine *e)
{
	return e->running.ctx[0] ? e->running.ctx[0]->client : NULL;
}

/* Whether an event is about @ctx. One about none that it can be about is not believed. */
static bool tells_of(const struct gvt_gpu_event *event, const struct sched_ctx *ctx)
{
	return ctx && ctx->client->space == event->space &&
	       !((event->desc ^ ctx->desc) & ~GVT_DESC_RESTORE);
}

/* The submission that waited is what runs now. */
static void promoted(struct sched_engine *e, u64 now)
{
	const struct sched_client *was = front_client(e);
	struct sched_ctx *front = e->running.ctx[0];

	if (!e->waiting)
		return;
	account(e, now);
	if (front && !in_port(&e->pending, front) && front->client->want[0] == front)
		front->client->timesliced++;
	e->running = e->pending;
	e->waiting = false;
	e->running.ctx[0]->refused = false;
	new_front(e, was, now);
}

/* What ran first has ended. */
static void completed(struct sched_engine *e, u64 now)
{
	struct sched_ctx *ctx = e->running.ctx[0];
	struct sched_client *client = ctx->client;

	account(e, now);
	e->running.ctx[0] = e->running.ctx[1];
	e->running.ctx[1] = NULL;
	new_front(e, client, now);
	/* Its tail may have moved on meanwhile: then it runs again. */
	if (client->want[0] != ctx || ctx->submitted != ctx->tail ||
	    (e->waiting && in_port(&e->pending, ctx)))
		return;
	client->want[0] = client->want[1];
	client->want[1] = NULL;
	ctx->running = false;
	report(client, SCHED_DONE, ctx, NULL);
}

/* The context that the engine cannot go on with; NULL: none that it can have. */
static struct sched_ctx *stuck_ctx(const struct sched_engine *e, const struct gvt_gpu_event *event)
{
	if (tells_of(event, e->running.ctx[0]))
		return e->running.ctx[0];
	return e->waiting && tells_of(event, e->pending.ctx[0]) ? e->pending.ctx[0] : NULL;
}

#define PROMOTES (GVT_CSB_IDLE_ACTIVE | GVT_CSB_PREEMPTED)

void gvt_sched_event(struct sched_client *client, const struct gvt_gpu_event *event)
{
	struct sched_engine *e = client->engine;
	u64 now;

	pthread_mutex_lock(&e->lock);
	now = gvt_sched_now();
	switch (event->kind) {
	case GVT_GPU_INTERRUPT:
		client->irq |= event->irq;
		notify(client);
		break;
	case GVT_GPU_STATUS:
		/* A context can come to its end just as another takes its place. */
		if ((!(event->status & PROMOTES) || event->status & GVT_CSB_COMPLETE) &&
		    tells_of(event, e->running.ctx[0]))
			completed(e, now);
		if (event->status & PROMOTES)
			promoted(e, now);
		kick(e, now);
		settle(e);
		break;
	case GVT_GPU_STUCK:
		/* The engine can be reset from another thread alone. */
		if (!stuck_ctx(e, event))
			break;
		e->stuck = true;
		e->stuck_event = *event;
		break;
	}
	/* With the lock: the client may be gone once it is let go. */
	if (event->kind != GVT_GPU_INTERRUPT)
		poke(e->sched);
	pthread_mutex_unlock(&e->lock);
}

/* ---- resets ---- */

/* Empties the port. Called with the lock, which is let go meanwhile: events may have to end. */
static void reset(struct sched_engine *e)
{
	struct gvt_gpu *gpu = e->sched->gpu;
	u64 now;

	e->resetting = true;
	pthread_mutex_unlock(&e->lock);
	gpu->ops->reset(gpu, e->id);
	pthread_mutex_lock(&e->lock);
	now = gvt_sched_now();
	account(e, now);
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
}

/* @who cannot go on: its client is told, and the others go on. NULL: nobody's fault. */
static void give_up(struct sched_engine *e, struct sched_ctx *who,
		    const struct gvt_gpu_event *event)
{
	struct sched_client *client = who ? who->client : NULL;

	reset(e);
	if (client && client->want[0] == who) {
		client->want[0] = client->want[1] = NULL;
		client->stopping = false;
		who->running = false;
		report(client, SCHED_STUCK, who, event);
	}
	settle(e);
	kick(e, gvt_sched_now());
}

static void give_up_stuck(struct sched_engine *e)
{
	const struct gvt_gpu_event event = e->stuck_event;

	give_up(e, stuck_ctx(e, &event), &event);
}

static void give_up_late(struct sched_engine *e, struct sched_ctx *who, const char *why)
{
	const struct gvt_gpu_event event = {
		.kind = GVT_GPU_STUCK, .engine = e->id, .desc = who->desc, .why = why
	};

	give_up(e, who, &event);
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
		give_up_stuck(e);
		return now;
	}
	kick(e, now);
	if (e->waiting && front != e->pending.ctx[0]) {
		if (now - e->pending_at >= times->patience) {
			if (front)
				give_up_late(e, front, "does not let others have the engine");
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

static void *run_thread(void *arg)
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

/* ---- what clients want ---- */

static void want(struct sched_client *client, unsigned int i, struct sched_ctx *ctx)
{
	client->want[i] = ctx;
	if (!ctx)
		return;
	ctx->client = client;
	ctx->running = true;
	ctx->refused = false;
	ctx->alone_ns = 0;
}

/* Who was idle has no time to catch up on, but for what a slice is worth. */
static void arrive(struct sched_engine *e, struct sched_client *client)
{
	const struct sched_client *least = best(e, client);
	u64 at = least ? least->vtime : e->vtime;
	u64 credit = by_weight(client, e->sched->times.slice);

	at = at > credit ? at - credit : 0;
	if (client->vtime < at)
		client->vtime = at;
}

void sched_run(struct sched_client *client, struct sched_ctx *first, struct sched_ctx *second)
{
	struct sched_engine *e = client->engine;
	u64 now;

	pthread_mutex_lock(&e->lock);
	now = gvt_sched_now();
	arrive(e, client);
	want(client, 0, first);
	want(client, 1, second);
	first->reload = true;
	if (second)
		second->reload = true;
	kick(e, now);
	pthread_mutex_unlock(&e->lock);
	poke(e->sched);
}

bool sched_extend(struct sched_client *client, struct sched_ctx *ctx, u32 tail,
		  struct sched_ctx *second)
{
	struct sched_engine *e = client->engine;
	bool there;

	pthread_mutex_lock(&e->lock);
	there = client->want[0] == ctx && !client->stopping;
	if (there) {
		ctx->tail = tail;
		ctx->alone_ns = 0;
		__atomic_store_n(ctx->tail_at, tail, __ATOMIC_RELEASE);
		if (second) {
			want(client, 1, second);
			second->reload = true;
		}
		kick(e, gvt_sched_now());
	}
	pthread_mutex_unlock(&e->lock);
	poke(e->sched);
	return there;
}

void sched_stop(struct sched_client *client)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	client->want[0] = client->want[1] = NULL;
	client->stopping = true;
	kick(e, gvt_sched_now());
	settle(e);
	pthread_mutex_unlock(&e->lock);
	poke(e->sched);
}

static bool alone(const struct sched_engine *e, const struct sched_client *client)
{
	for (const struct sched_client *c = e->clients; c; c = c->next)
		if (c != client && on_gpu(e, c))
			return false;
	return true;
}

static int wait_changed(struct sched_engine *e, u64 until)
{
	const struct timespec at = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };

	return pthread_cond_timedwait(&e->changed, &e->lock, &at);
}

void sched_halt(struct sched_client *client, bool save)
{
	struct sched_engine *e = client->engine;
	u64 now, until;

	pthread_mutex_lock(&e->lock);
	now = gvt_sched_now();
	until = now + HALT_TIMEOUT;
	client->want[0] = client->want[1] = NULL;
	client->stopping = client->halting = true;
	if (save || !alone(e, client))
		kick(e, now);
	while (on_gpu(e, client)) {
		if (e->stuck && !e->resetting)
			give_up_stuck(e);
		else if (!e->resetting && !save && alone(e, client))
			reset(e);
		else if (wait_changed(e, until) && !e->resetting)
			reset(e);
	}
	client->stopping = client->halting = false;
	if (!save)
		client->nr_reports = client->irq = 0;
	settle(e);
	kick(e, gvt_sched_now());
	pthread_mutex_unlock(&e->lock);
}

u32 sched_take(struct sched_client *client, struct sched_report reports[SCHED_REPORTS], u32 *irq)
{
	struct sched_engine *e = client->engine;
	u32 nr;

	pthread_mutex_lock(&e->lock);
	nr = client->nr_reports;
	memcpy(reports, client->reports, nr * sizeof(*reports));
	client->nr_reports = 0;
	*irq = client->irq;
	client->irq = 0;
	pthread_mutex_unlock(&e->lock);
	return nr;
}

void sched_weigh(struct sched_client *client, u32 weight, u32 cap)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	account(e, gvt_sched_now());
	client->weight = weight;
	client->cap = cap;
	/* What a cap held back before is not made up for. */
	arrive(e, client);
	kick(e, gvt_sched_now());
	pthread_mutex_unlock(&e->lock);
	/* Who is capped from now on has to be looked at more often. */
	poke(e->sched);
}

void sched_had(struct sched_client *client, u64 *run_ns, u64 *timesliced)
{
	struct sched_engine *e = client->engine;

	pthread_mutex_lock(&e->lock);
	account(e, gvt_sched_now());
	*run_ns = client->run_ns;
	*timesliced = client->timesliced;
	pthread_mutex_unlock(&e->lock);
}

/* ---- life ---- */

void gvt_sched_join(struct gvt_sched *sched, enum gvt_engine engine, struct sched_client *client)
{
	struct sched_engine *e = &sched->engines[engine];

	pthread_mutex_lock(&e->lock);
	client->engine = e;
	client->idle.client = client;
	client->vtime = e->vtime;
	client->next = e->clients;
	e->clients = client;
	pthread_mutex_unlock(&e->lock);
}

void gvt_sched_leave(struct sched_client *client)
{
	struct sched_engine *e = client->engine;
	struct sched_client **link;

	pthread_mutex_lock(&e->lock);
	for (link = &e->clients; *link && *link != client; link = &(*link)->next)
		;
	if (*link)
		*link = client->next;
	pthread_mutex_unlock(&e->lock);
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
	sched->gpu = gpu;
	sched->times = (struct sched_times){ .slice = 2 * MS,
					     .watchdog = 10000 * MS,
					     .patience = 500 * MS };
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
	err = pthread_create(&sched->thread, NULL, run_thread, sched);
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
		/* An event's callback may be about to return. */
		pthread_mutex_lock(&sched->engines[i].lock);
		pthread_mutex_unlock(&sched->engines[i].lock);
		pthread_mutex_destroy(&sched->engines[i].lock);
		pthread_cond_destroy(&sched->engines[i].changed);
	}
	pthread_cond_destroy(&sched->wake);
	pthread_mutex_destroy(&sched->lock);
	free(sched);
}
