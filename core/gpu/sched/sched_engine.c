/* SPDX-License-Identifier: MIT */
/* Decides what an engine runs, by time had and weight, submits it, and follows it by events. */
#include "core/gpu/sched/sched_engine.h"

#include "core/base/clock.h"

#define WEIGHT_UNIT 1024u

/* ---- clients and contexts of an engine ---- */

static bool in_port(const struct sched_port *port, const struct sched_ctx *ctx)
{
	return port->ctx[0] == ctx || port->ctx[1] == ctx;
}

static bool port_of(const struct sched_port *port, const struct sched_client *client)
{
	return (port->ctx[0] && port->ctx[0]->client == client) ||
	       (port->ctx[1] && port->ctx[1]->client == client);
}

void sched_poke(struct gvt_sched *sched)
{
	pthread_mutex_lock(&sched->lock);
	sched->poked = true;
	pthread_cond_signal(&sched->wake);
	pthread_mutex_unlock(&sched->lock);
}

bool sched_on_gpu(const struct sched_engine *e, const struct sched_client *client)
{
	return port_of(&e->running, client) || (e->waiting && port_of(&e->pending, client));
}

bool sched_has(const struct sched_engine *e, const struct sched_ctx *ctx)
{
	return in_port(&e->running, ctx) || (e->waiting && in_port(&e->pending, ctx));
}

/* Time beyond a period's allowance counts in the next period. */
static void new_period(const struct sched_engine *e, struct sched_client *client)
{
	u64 allowed = CAP_PERIOD / 100 * client->cap;

	if (e->time - client->window_at < CAP_PERIOD)
		return;
	client->window_ns = client->window_ns > allowed ? client->window_ns - allowed : 0;
	client->window_at = e->time;
}

static bool runnable(const struct sched_client *client)
{
	bool capped = client->cap && client->window_ns >= CAP_PERIOD / 100 * client->cap;

	return client->want[0] && !client->stopping && !capped;
}

u64 sched_by_weight(const struct sched_client *client, u64 ns)
{
	return ns * WEIGHT_UNIT / (client->weight ? client->weight : 1);
}

struct sched_client *sched_best(const struct sched_engine *e, const struct sched_client *but)
{
	struct sched_client *found = NULL;

	for (struct sched_client *c = e->clients; c; c = c->next)
		if (c != but && runnable(c) && (!found || c->vtime < found->vtime))
			found = c;
	return found;
}

/* Its .notify is called when the lock is dropped. */
static void make_due(struct sched_client *client)
{
	struct sched_engine *e = client->engine;

	if (client->due)
		return;
	client->due = true;
	client->next_due = e->due;
	e->due = client;
}

void sched_notify(struct sched_engine *e)
{
	struct sched_client *client;

	while ((client = e->due)) {
		e->due = client->next_due;
		client->due = false;
		client->notifying++;
		pthread_mutex_unlock(&e->lock);
		client->notify(client->priv);
		pthread_mutex_lock(&e->lock);
		client->notifying--;
		pthread_cond_broadcast(&e->changed);
	}
}

void sched_unlock(struct sched_engine *e)
{
	sched_notify(e);
	pthread_mutex_unlock(&e->lock);
}

void sched_tell(struct sched_client *client, enum sched_what what, struct sched_ctx *ctx,
		const struct gvt_gpu_event *event)
{
	struct sched_report *r = &client->reports[client->nr_reports];

	if (client->nr_reports == SCHED_REPORTS)
		return;
	*r = (struct sched_report){ .what = what, .ctx = ctx };
	if (event)
		r->event = *event;
	client->nr_reports++;
	make_due(client);
}

/* ---- what should run ---- */

static struct sched_ctx *pick_first(const struct sched_engine *e)
{
	struct sched_ctx *front = e->running.ctx[0];
	struct sched_client *had = front ? front->client : NULL, *other = sched_best(e, had);

	if (!had || !runnable(had) || had->want[0] != front) {
		struct sched_client *any = sched_best(e, NULL);

		return any ? any->want[0] : NULL;
	}
	if (other && e->looked_at - e->slice_at >= e->sched->times.slice &&
	    other->vtime < had->vtime)
		return other->want[0];
	return front;
}

static struct sched_ctx *pick_second(const struct sched_engine *e, const struct sched_ctx *first)
{
	struct sched_client *had = first->client, *other = sched_best(e, had);
	struct sched_ctx *there = e->running.ctx[1];

	/* Leave the context that follows already, if it may run. */
	if (first == e->running.ctx[0] && there &&
	    (there == had->want[1] ||
	     (there->client != had && runnable(there->client) && there == there->client->want[0])))
		return there;
	if (had->want[1] && (!other || had->vtime <= other->vtime))
		return had->want[1];
	return other ? other->want[0] : NULL;
}

/* With nothing else to run, a context that ends at once preempts one that has to leave. */
static struct sched_ctx *pick_idle(const struct sched_engine *e)
{
	struct sched_ctx *front = e->running.ctx[0];

	if (!front || front == &front->client->idle || !front->client->idle.desc)
		return NULL;
	return &front->client->idle;
}

static void submit(struct sched_engine *e, struct sched_port next)
{
	struct gvt_gpu *gpu = e->sched->gpu;
	struct gvt_gpu_context port[2] = { { 0 } };

	for (unsigned int i = 0; i < 2 && next.ctx[i]; i++) {
		struct sched_ctx *ctx = next.ctx[i];

		port[i].space = ctx->client->space;
		port[i].desc = ctx->desc | (ctx->reload ? GVT_DESC_RESTORE : 0);
	}
	/* It is refused while an event is on its way. That event has this called again. */
	if (gpu->ops->submit(gpu, e->id, port))
		return;
	for (unsigned int i = 0; i < 2 && next.ctx[i]; i++) {
		next.ctx[i]->submitted = next.ctx[i]->tail;
		next.ctx[i]->reload = false;
	}
	e->pending = next;
	e->pending_at = e->time;
	e->waiting = true;
}

static bool changed(const struct sched_engine *e, const struct sched_port *next)
{
	const struct sched_ctx *front = next->ctx[0];

	return front != e->running.ctx[0] || next->ctx[1] != e->running.ctx[1] ||
	       (front && (front->tail != front->submitted || front->reload));
}

/* A client is charged for all of the engine's own time while it has the engine, waits included. */
void sched_account(struct sched_engine *e)
{
	struct gvt_gpu *gpu = e->sched->gpu;
	u64 now = clock_now_ns(), idle = now - e->looked_at;
	u64 at = gpu->ops->time(gpu, e->id), ran = at - e->gpu_time;
	u64 counts = ran < BETWEEN_LOOKS ? ran : BETWEEN_LOOKS;
	struct sched_client *client;

	e->looked_at = now;
	e->gpu_time = at;
	e->time += e->running.ctx[0] || e->waiting ? counts : idle;
	if (!e->running.ctx[0])
		return;
	client = e->running.ctx[0]->client;
	client->run_ns += ran;
	client->window_ns += counts;
	client->vtime += sched_by_weight(client, counts);
	e->vtime = client->vtime;
}

void sched_kick(struct sched_engine *e)
{
	struct sched_port next = { { NULL, NULL } };

	sched_account(e);
	for (struct sched_client *c = e->clients; c; c = c->next)
		new_period(e, c);
	if (e->waiting || e->resetting || e->stuck)
		return;
	next.ctx[0] = pick_first(e);
	if (next.ctx[0])
		next.ctx[1] = pick_second(e, next.ctx[0]);
	else
		next.ctx[0] = pick_idle(e);
	if (next.ctx[0] && changed(e, &next))
		submit(e, next);
}

void sched_settle(struct sched_engine *e)
{
	for (struct sched_client *c = e->clients; c; c = c->next)
		if (c->stopping && !sched_on_gpu(e, c)) {
			c->stopping = false;
			if (!c->halting)
				sched_tell(c, SCHED_STOPPED, NULL, NULL);
		}
	pthread_cond_broadcast(&e->changed);
}

/* ---- what came of it ---- */

static void new_front(struct sched_engine *e, const struct sched_client *was)
{
	const struct sched_ctx *front = e->running.ctx[0];

	if (!front || front->client != was)
		e->slice_at = e->looked_at;
}

static const struct sched_client *front_client(const struct sched_engine *e)
{
	return e->running.ctx[0] ? e->running.ctx[0]->client : NULL;
}

/* True if an event is about @ctx. Events about no context of the port are ignored. */
static bool tells_of(const struct gvt_gpu_event *event, const struct sched_ctx *ctx)
{
	return ctx && ctx->client->space == event->space &&
	       !((event->desc ^ ctx->desc) & ~GVT_DESC_RESTORE);
}

/* The pending submission runs now. */
static void promoted(struct sched_engine *e)
{
	const struct sched_client *was = front_client(e);
	struct sched_ctx *front = e->running.ctx[0];

	if (!e->waiting)
		return;
	sched_account(e);
	/* The context in front is counted as cut short, even if it waits behind the other. */
	if (front && front->client != e->pending.ctx[0]->client && front->client->want[0] == front)
		front->client->timesliced++;
	e->running = e->pending;
	e->waiting = false;
	e->running.ctx[0]->refused = false;
	new_front(e, was);
}

/* The context in front has ended. */
static void completed(struct sched_engine *e)
{
	struct sched_ctx *ctx = e->running.ctx[0];
	struct sched_client *client = ctx->client;

	sched_account(e);
	e->running.ctx[0] = e->running.ctx[1];
	e->running.ctx[1] = NULL;
	new_front(e, client);
	/* If its tail has moved on meanwhile, it runs again. */
	if (client->want[0] != ctx || ctx->submitted != ctx->tail ||
	    (e->waiting && in_port(&e->pending, ctx)))
		return;
	client->want[0] = client->want[1];
	client->want[1] = NULL;
	ctx->running = false;
	sched_tell(client, SCHED_DONE, ctx, NULL);
}

struct sched_ctx *sched_stuck_ctx(const struct sched_engine *e, const struct gvt_gpu_event *event)
{
	if (tells_of(event, e->running.ctx[0]))
		return e->running.ctx[0];
	return e->waiting && tells_of(event, e->pending.ctx[0]) ? e->pending.ctx[0] : NULL;
}

#define PROMOTES (GVT_CSB_IDLE_ACTIVE | GVT_CSB_PREEMPTED)

/*
 * Needs no lock: the client stays while its context runs. Its owner was notified already if earlier
 * interrupts have not been taken yet.
 */
static void interrupt(struct sched_client *client, u32 irq)
{
	if (!__atomic_fetch_or(&client->irq, irq, __ATOMIC_ACQ_REL))
		client->notify(client->priv);
}

void sched_event(struct sched_client *client, const struct gvt_gpu_event *event)
{
	struct sched_engine *e = client->engine;

	if (event->kind == GVT_GPU_INTERRUPT) {
		interrupt(client, event->irq);
		return;
	}
	pthread_mutex_lock(&e->lock);
	switch (event->kind) {
	case GVT_GPU_INTERRUPT:
		break;
	case GVT_GPU_STATUS:
		/* A context can end at the moment when another takes its place. */
		if ((!(event->status & PROMOTES) || event->status & GVT_CSB_COMPLETE) &&
		    tells_of(event, e->running.ctx[0]))
			completed(e);
		if (event->status & PROMOTES)
			promoted(e);
		sched_kick(e);
		sched_settle(e);
		break;
	case GVT_GPU_STUCK:
		/* The engine can only be reset from another thread. */
		if (!sched_stuck_ctx(e, event))
			break;
		e->stuck = true;
		e->stuck_event = *event;
		break;
	}
	/* Before the lock is dropped: after that, the scheduler may be destroyed. */
	sched_poke(e->sched);
	sched_unlock(e);
}
