/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: who has an engine, and for how long, behind core/port/share.h.
 */
#ifndef CORE_GPU_SCHED_SCHED_H
#define CORE_GPU_SCHED_SCHED_H

#include "core/port/share.h"

struct gvt_sched;

/* Times, in nanoseconds. Those of a fresh scheduler are the defaults. */
struct sched_times {
	u64 slice;    /* before another that waits, and had less, gets the engine: by the clock */
	u64 patience; /* with an engine that does not take up what it was given: its own time */
};

/** gvt_sched_create() - for all engines of @gpu. Returns 0, -ENOMEM or the thread's errno. */
int gvt_sched_create(struct gvt_gpu *gpu, struct gvt_sched **sched);

/** gvt_sched_destroy() - after the last client; NULL is allowed. */
void gvt_sched_destroy(struct gvt_sched *sched);

/** gvt_sched_share() - its port, which lives as long as it. */
struct gvt_share *gvt_sched_share(struct gvt_sched *sched);

/** gvt_sched_times() - the times in use; may be changed before anything runs. */
struct sched_times *gvt_sched_times(struct gvt_sched *sched);

/** gvt_sched_tick() - slices and patience; returns when to look again. For the thread. */
u64 gvt_sched_tick(struct gvt_sched *sched);

#endif
