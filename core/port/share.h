/* SPDX-License-Identifier: MIT */
/*
 * Who shares a GPU's engines: the third lower port of the vGPU, by which it has its work run among
 * others'.
 *
 * A client is one vGPU on one engine. It wants at most two contexts run, one after the other, as
 * its guest's execlist port has them. Each engine's real port is kept filled from all clients:
 * by weighted fair shares of the engine's own time (gpu.h), with caps, and with time slices where
 * others wait. How long a context runs is its guest's matter, as with hardware: its driver resets
 * what it has waited for long enough. What is looked after here is that others get the engine.
 *
 * Called from vGPUs' threads, from the GPU's (events) and from a thread of its own (slices and
 * patience). There is one lock for each engine, held for a few hundred instructions and never
 * while a vGPU's own state is looked at: what came of a run waits in the client, for its vGPU's
 * thread to take. The client's .notify, which may call the hypervisor, is called without the lock.
 */
#ifndef CORE_PORT_SHARE_H
#define CORE_PORT_SHARE_H

#include "core/port/gpu.h"

struct gvt_share;
struct sched_engine;
struct sched_client;

/* A context that can be run: memory of its owner's, which stays until it is off the GPU. */
struct sched_ctx {
	struct sched_client *client;
	u64 desc;      /* as the GPU takes it */
	u32 *tail_at;  /* the ring's tail in the image that the GPU loads */
	u32 tail;      /* where the run is to end */
	u32 submitted; /* the tail that the GPU was last told of */
	bool running;  /* .tail and the image are the GPU's to read */
	bool reload;   /* its image was written anew: no lite restore */
	bool refused;  /* an idle engine did not take it up */
};

/* What came of what a client wanted, in the order in which it came. */
enum sched_what {
	SCHED_DONE,    /* .ctx ran to its tail */
	SCHED_STOPPED, /* as sched_stop() asked: nothing of the client's is on the GPU */
	SCHED_STUCK,   /* .ctx cannot go on; nothing of the client's is on the GPU */
};

struct sched_report {
	enum sched_what what;
	struct sched_ctx *ctx;
	struct gvt_gpu_event event; /* SCHED_STUCK: what the GPU said */
};

#define SCHED_REPORTS 4u /* two contexts done, and one of the others */

struct sched_client {
	struct sched_engine *engine;
	struct gvt_gpu_space *space;
	/* There is something to take. From any thread, with no lock of the scheduler's. */
	void (*notify)(void *priv);
	void *priv;
	u32 weight; /* share against others'; once it has joined, sched_weigh() sets both */
	u32 cap;    /* percent of the engine's time; 0: none */

	/* The rest is the scheduler's, under the engine's lock. */
	struct sched_client *next;
	struct sched_ctx *want[2];
	struct sched_ctx idle;	/* a context that ends at once; .desc 0: none */
	bool stopping, halting; /* leaves the GPU, with or without a report of it */
	u32 nr_reports;
	struct sched_report reports[SCHED_REPORTS];
	u32 irq;  /* GVT_IRQ_ bits that have not been taken; atomic, without the lock */
	bool due; /* in the engine's list of those that .notify is to be called for */
	struct sched_client *next_due;
	u32 notifying;	/* threads that are calling .notify */
	u64 vtime;	/* time had, by weight */
	u64 run_ns;	/* time had */
	u64 window_at;	/* begin of the cap's period, in the engine's .time */
	u64 window_ns;	/* had in it */
	u64 timesliced; /* runs that were cut short for others */
};

struct gvt_share_ops {
	/*
	 * @client takes part on @engine. Its first four fields but .engine are set.
	 */
	void (*join)(struct gvt_share *share, enum gvt_engine engine, struct sched_client *client);

	/*
	 * It does no more; to be halted before. No .notify is called when this
	 * returns.
	 */
	void (*leave)(struct sched_client *client);

	/*
	 * Its weight and cap from now on, whether it runs or waits. Time that it had
	 * before counts by the weight that it had then.
	 */
	void (*weigh)(struct sched_client *client, u32 weight, u32 cap);

	/*
	 * The time that it had, up to now, and how often a run was cut short for others.
	 */
	void (*had)(struct sched_client *client, u64 *run_ns, u64 *timesliced);

	/*
	 * Whether anything of the client's is wanted, or still on the GPU.
	 */
	bool (*at_work)(struct sched_client *client);

	/*
	 * Run @first, then @second (or NULL). Nothing of the client's may be wanted.
	 */
	void (*run)(struct sched_client *client, struct sched_ctx *first, struct sched_ctx *second);

	/*
	 * @ctx, the first of what is wanted, has a new tail, and @second follows it (or
	 * NULL: what followed stays). False: @ctx has ended, as a report says or will say.
	 */
	bool (*extend)(struct sched_client *client, struct sched_ctx *ctx, u32 tail,
		       struct sched_ctx *second);

	/*
	 * Take everything of the client's off the GPU, saved. A report says when.
	 */
	void (*stop)(struct sched_client *client);

	/*
	 * The same, at once and without a report of it.
	 * @save: contexts are saved where the GPU lets go of them in time, and earlier reports
	 * stay; otherwise contexts may be as they were, and reports are dropped. The engine is
	 * reset if need be, which costs others nothing but time, unless one runs and does not make
	 * room: it is stuck.
	 */
	void (*halt)(struct sched_client *client, bool save);

	/*
	 * What there is to report, oldest first, and which interrupts. Returns how many.
	 */
	u32 (*take)(struct sched_client *client, struct sched_report reports[SCHED_REPORTS],
		    u32 *irq);

	/*
	 * What a space's config.event() is to pass on. @client: of that engine.
	 */
	void (*event)(struct sched_client *client, const struct gvt_gpu_event *event);
};

/* What everything that shares a GPU begins with. */
struct gvt_share {
	const struct gvt_share_ops *ops;
};

#endif
