/* SPDX-License-Identifier: MIT */
/*
 * Inside the scheduler (sched.h): sched_engine.c decides what an engine runs, and hears what came
 * of it; sched_watch.c looks after time, and resets what does not answer; clients.c is what clients
 * call. All here is called with the engine's lock held.
 */
#ifndef CORE_GPU_SCHED_SCHED_ENGINE_H
#define CORE_GPU_SCHED_SCHED_ENGINE_H

#include <pthread.h>

#include "core/gpu/sched/sched.h"

#define MS 1000000ull

#define CAP_PERIOD (100 * MS)

/*
 * The most that counts of an engine's time between two looks at it. While anybody waits it is
 * looked at each slice: of a longer time that one had it, others had no chance to take theirs.
 */
#define BETWEEN_LOOKS (10 * MS)

struct sched_port {
	struct sched_ctx *ctx[2];
};

struct sched_engine {
	struct gvt_sched *sched;
	enum gvt_engine id;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* something left the GPU, or a reset is over */
	struct sched_client *clients;
	struct sched_client *due;  /* clients whose .notify is to be called */
	struct sched_port running; /* as far as events have told */
	struct sched_port pending; /* submitted, and not acknowledged */
	bool waiting;		   /* .pending holds a submission */
	bool resetting, stuck;
	struct gvt_gpu_event stuck_event;
	u64 looked_at; /* CLOCK_MONOTONIC */
	u64 slice_at;  /* the same: since when who is in front has the engine */
	u64 gpu_time;  /* the engine's own, then */
	/* What there was to be had: its own, as far as it counts, and that in which it was idle. */
	u64 time;
	u64 pending_at; /* in .time */
	u64 vtime;	/* of who had the engine last: where newcomers to an idle one begin */
};

struct gvt_sched {
	struct gvt_share share; /* first: clients know it alone */
	struct gvt_gpu *gpu;
	struct sched_times times;
	struct sched_engine engines[GVT_NR_ENGINES];
	pthread_t thread;
	pthread_mutex_t lock; /* of the two below */
	pthread_cond_t wake;
	bool poked, quit;
};

/** sched_notify() - call .notify of the clients that are due. The lock is let go meanwhile. */
void sched_notify(struct sched_engine *e);

/** sched_unlock() - the same, and let the lock go. */
void sched_unlock(struct sched_engine *e);

/** sched_event() - what a space says; gvt_share_ops.event. Without the lock held. */
void sched_event(struct sched_client *client, const struct gvt_gpu_event *event);

/** sched_poke() - have the thread look at the engines again. No need of an engine's lock. */
void sched_poke(struct gvt_sched *sched);

/** sched_on_gpu() - whether a context of @client is in the engine's port, or on its way there. */
bool sched_on_gpu(const struct sched_engine *e, const struct sched_client *client);

/** sched_has() - the same of one context, which need not be there any more. */
bool sched_has(const struct sched_engine *e, const struct sched_ctx *ctx);

/** sched_by_weight() - @ns of the engine's time, as @client is charged for them. */
u64 sched_by_weight(const struct sched_client *client, u64 ns);

/** sched_best() - who of those that can run, @but one, had least; NULL: nobody can. */
struct sched_client *sched_best(const struct sched_engine *e, const struct sched_client *but);

/** sched_tell() - queue a report for the client, and wake it. @event: what it is about, or NULL. */
void sched_tell(struct sched_client *client, enum sched_what what, struct sched_ctx *ctx,
		const struct gvt_gpu_event *event);

/** sched_account() - charge who runs for the engine's time since the last look. */
void sched_account(struct sched_engine *e);

/** sched_kick() - the same; then submit what should run, if that is not what does. */
void sched_kick(struct sched_engine *e);

/** sched_settle() - those that are to stop and are off the GPU hear of it. */
void sched_settle(struct sched_engine *e);

/** sched_stuck_ctx() - the context that, says @event, the engine cannot go on with; NULL: none that
 * it can have. */
struct sched_ctx *sched_stuck_ctx(const struct sched_engine *e, const struct gvt_gpu_event *event);

/**
 * sched_reset() - empty the engine's port. The lock is let go meanwhile: events may have to end.
 * True: @ctx (or NULL) was still there. If it was not, it may be gone altogether.
 */
bool sched_reset(struct sched_engine *e, const struct sched_ctx *ctx);

/** sched_give_up_stuck() - end what an event said is stuck; the others go on. */
void sched_give_up_stuck(struct sched_engine *e);

/** sched_give_up_front() - the same of what runs, which does not make room for others. */
void sched_give_up_front(struct sched_engine *e);

/** sched_thread() - the thread that looks at all engines in time; @arg: struct gvt_sched. Without
 * a lock held. */
void *sched_thread(void *arg);

#endif
