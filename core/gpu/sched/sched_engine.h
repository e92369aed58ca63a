/* SPDX-License-Identifier: MIT */
/*
 * Inside the scheduler (sched.h): sched_engine.c decides what an engine runs, and takes the GPU's
 * events; sched_watch.c watches the time, and resets engines that do not react; clients.c is what
 * clients call. These functions are called with the engine's lock held, unless they say otherwise.
 */
#ifndef CORE_GPU_SCHED_SCHED_ENGINE_H
#define CORE_GPU_SCHED_SCHED_ENGINE_H

#include <pthread.h>

#include "core/gpu/sched/sched.h"

#define MS 1000000ull

#define CAP_PERIOD (100 * MS)

/*
 * The most of an engine's time that counts between two looks at it. While a client waits, the
 * engine is looked at every slice. If a look comes late, the others had no chance to take their
 * turn, so the client that ran is not charged for all of it.
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
	struct sched_port running; /* what runs, by the events so far */
	struct sched_port pending; /* the submission that no event has acknowledged */
	bool waiting;		   /* there is one in .pending */
	bool resetting, stuck;
	struct gvt_gpu_event stuck_event;
	u64 looked_at; /* the last look, CLOCK_MONOTONIC */
	u64 slice_at;  /* when the client in front got the engine, CLOCK_MONOTONIC */
	u64 gpu_time;  /* the engine's own time at the last look */
	u64 time;      /* time to be shared: the engine's own, as far as it counts, and idle time */
	u64 pending_at; /* when .pending was submitted, in .time */
	u64 vtime; /* of the client that had the engine last: where one begins on an idle engine */
};

struct gvt_sched {
	struct gvt_share share; /* first: clients know only this part */
	struct gvt_gpu *gpu;
	struct sched_times times;
	struct sched_engine engines[GVT_NR_ENGINES];
	pthread_t thread;
	pthread_mutex_t lock; /* of .poked and .quit */
	pthread_cond_t wake;
	bool poked, quit;
};

/** sched_notify() - call .notify of the clients that are due. Drops the lock meanwhile. */
void sched_notify(struct sched_engine *e);

/** sched_unlock() - the same, then unlock. */
void sched_unlock(struct sched_engine *e);

/** sched_event() - gvt_share_ops.event. Without the lock held. */
void sched_event(struct sched_client *client, const struct gvt_gpu_event *event);

/** sched_poke() - have the thread look at the engines again. Needs no engine's lock. */
void sched_poke(struct gvt_sched *sched);

/** sched_on_gpu() - true if a context of @client is in the engine's port, or submitted to it. */
bool sched_on_gpu(const struct sched_engine *e, const struct sched_client *client);

/** sched_has() - the same for one context, which may have been freed. */
bool sched_has(const struct sched_engine *e, const struct sched_ctx *ctx);

/** sched_by_weight() - what @client is charged for @ns of the engine's time. */
u64 sched_by_weight(const struct sched_client *client, u64 ns);

/** sched_best() - of the clients that can run, except @but, the one that had least; or NULL. */
struct sched_client *sched_best(const struct sched_engine *e, const struct sched_client *but);

/** sched_tell() - queue a report for the client, and notify it. @event: the GPU's, or NULL. */
void sched_tell(struct sched_client *client, enum sched_what what, struct sched_ctx *ctx,
		const struct gvt_gpu_event *event);

/** sched_account() - charge the client that runs for the engine's time since the last look. */
void sched_account(struct sched_engine *e);

/** sched_kick() - the same; then submit what should run, if something else runs. */
void sched_kick(struct sched_engine *e);

/** sched_settle() - tell clients that were to stop and are off the GPU. */
void sched_settle(struct sched_engine *e);

/** sched_stuck_ctx() - the context that @event says is stuck; NULL: not one of this engine's. */
struct sched_ctx *sched_stuck_ctx(const struct sched_engine *e, const struct gvt_gpu_event *event);

/**
 * sched_reset() - empty the engine's port. Drops the lock meanwhile, so that events can end.
 * True: @ctx was still in the port. False: it was not (or is NULL), and may have been freed.
 */
bool sched_reset(struct sched_engine *e, const struct sched_ctx *ctx);

/** sched_give_up_stuck() - give up the context that an event said is stuck; the others go on. */
void sched_give_up_stuck(struct sched_engine *e);

/** sched_give_up_front() - give up the context that runs, which does not make room for others. */
void sched_give_up_front(struct sched_engine *e);

/** sched_thread() - the thread that looks at all engines; @arg: struct gvt_sched. Holds no lock. */
void *sched_thread(void *arg);

#endif
