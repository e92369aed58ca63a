/* SPDX-License-Identifier: MIT */
/*
 * Sharing a GPU's engines: the third lower port of the vGPU, by which it has its work run beside
 * that of others.
 *
 * A client is one vGPU on one engine. It wants at most two contexts run, one after the other: those
 * of its guest's execlist port. The scheduler fills each engine's real port from all clients, by
 * weighted fair shares of the engine's own time (gpu.h), with caps, and with time slices while
 * others wait. As with hardware, how long a context runs is its guest's matter: the guest's driver
 * resets an engine that it has waited for long enough. The scheduler makes sure that the others get
 * the engine meanwhile.
 *
 * vGPUs' threads call it, the GPU's threads (events), and a thread of its own (slices and
 * patience). Each engine has a lock, which is held for a few hundred instructions, and never while
 * a vGPU's own state is looked at: the result of a run waits in the client until the vGPU's thread
 * takes it. The client's .notify may call the hypervisor, and is called without the lock.
 */
#ifndef CORE_PORT_SHARE_H
#define CORE_PORT_SHARE_H

#include "core/port/gpu.h"

struct gvt_share;
struct sched_engine;
struct sched_client;

/* A context that can be run. Its owner keeps this memory until the context is off the GPU. */
struct sched_ctx {
	struct sched_client *client;
	u64 desc;      /* its descriptor for the GPU */
	u32 *tail_at;  /* the ring's tail in the image that the GPU loads */
	u32 tail;      /* where the run is to end */
	u32 submitted; /* the tail that the GPU was last told of */
	bool running;  /* .tail and the image are the GPU's to read */
	bool reload;   /* its image was written anew, so that a lite restore will not do */
	bool refused;  /* an idle engine did not take it up */
};

/* Results for a client, in the order in which they came. */
enum sched_what {
	SCHED_DONE,    /* .ctx ran to its tail */
	SCHED_STOPPED, /* what .stop asked for: nothing of the client's is on the GPU */
	SCHED_STUCK,   /* .ctx cannot go on; nothing of the client's is on the GPU */
};

struct sched_report {
	enum sched_what what;
	struct sched_ctx *ctx;
	struct gvt_gpu_event event; /* SCHED_STUCK: the GPU's event */
};

#define SCHED_REPORTS 4u /* enough for two contexts that are done, and one of the others */

struct sched_client {
	struct sched_engine *engine;
	struct gvt_gpu_space *space;
	/* There is something to .take. From any thread, without any lock of the scheduler's. */
	void (*notify)(void *priv);
	void *priv;
	u32 weight; /* share against others'; after .join only .weigh changes weight and cap */
	u32 cap;    /* percent of the engine's time; 0: none */

	/* The rest is the scheduler's, under the engine's lock. */
	struct sched_client *next;
	struct sched_ctx *want[2];
	struct sched_ctx idle;	/* a context that ends at once; .desc 0: none */
	bool stopping, halting; /* it leaves the GPU, with or without a report */
	u32 nr_reports;
	struct sched_report reports[SCHED_REPORTS];
	u32 irq;  /* GVT_IRQ_ bits that have not been taken; atomic, without the lock */
	bool due; /* in the engine's list of clients whose .notify is to be called */
	struct sched_client *next_due;
	u32 notifying;	/* threads that are calling .notify */
	u64 vtime;	/* time that it had, by weight */
	u64 run_ns;	/* time that it had */
	u64 window_at;	/* start of the cap's period, in the engine's .time */
	u64 window_ns;	/* time that it had in the period */
	u64 timesliced; /* runs that were cut short for others */
};

struct gvt_share_ops {
	/*
	 * @client joins those that share @engine. The caller has set .space, .notify, .priv,
	 * .weight and .cap.
	 */
	void (*join)(struct gvt_share *share, enum gvt_engine engine, struct sched_client *client);

	/*
	 * @client leaves. It was halted before. After this returns .notify is not called any more.
	 */
	void (*leave)(struct sched_client *client);

	/*
	 * Change its weight and cap, whether it runs or waits. Time that it had before still counts
	 * by the weight of then.
	 */
	void (*weigh)(struct sched_client *client, u32 weight, u32 cap);

	/*
	 * The time that it had until now, and how often a run was cut short for others.
	 */
	void (*had)(struct sched_client *client, u64 *run_ns, u64 *timesliced);

	/*
	 * Whether anything of the client's is wanted, or still on the GPU.
	 */
	bool (*at_work)(struct sched_client *client);

	/*
	 * Run @first, then @second (or NULL). The client wants nothing else at this time.
	 */
	void (*run)(struct sched_client *client, struct sched_ctx *first, struct sched_ctx *second);

	/*
	 * @ctx, the first context that the client wants, has a new tail, and @second follows it
	 * (NULL: what followed stays). False: @ctx has ended already, and a report says so or will.
	 */
	bool (*extend)(struct sched_client *client, struct sched_ctx *ctx, u32 tail,
		       struct sched_ctx *second);

	/*
	 * Take all of the client's contexts off the GPU, and have them saved. A report says when
	 * they are off.
	 */
	void (*stop)(struct sched_client *client);

	/*
	 * The same, but they are off when this returns, and there is no report.
	 * @save: true: contexts are saved if the GPU lets go of them in time, and earlier reports
	 * stay. False: contexts need not be saved, and reports are dropped. The engine is reset if
	 * necessary. This costs others only time, but a context of theirs that runs and does not
	 * make room is given up as stuck.
	 */
	void (*halt)(struct sched_client *client, bool save);

	/*
	 * Take the reports, oldest first, and the interrupts. Returns the number of reports.
	 */
	u32 (*take)(struct sched_client *client, struct sched_report reports[SCHED_REPORTS],
		    u32 *irq);

	/*
	 * A space's config.event() passes its events on by this. @client: the space's client on the
	 * event's engine.
	 */
	void (*event)(struct sched_client *client, const struct gvt_gpu_event *event);
};

/* What everything that shares a GPU begins with. */
struct gvt_share {
	const struct gvt_share_ops *ops;
};

#endif
