/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: which client has an engine, and for how long. It is behind core/port/share.h.
 */
#ifndef CORE_GPU_SCHED_SCHED_H
#define CORE_GPU_SCHED_SCHED_H

#include "core/port/share.h"

struct gvt_sched;

/* Times in nanoseconds. A new scheduler has the defaults. */
struct sched_times {
	u64 slice;    /* by the clock: after it, one that waits and had less gets the engine */
	u64 patience; /* by the engine's own time: to take a submission up */
};

/** gvt_sched_create() - make one for all engines of @gpu. Returns 0 or a negative errno. */
int gvt_sched_create(struct gvt_gpu *gpu, struct gvt_sched **sched);

/** gvt_sched_destroy() - free it, after its last client has left; NULL is allowed. */
void gvt_sched_destroy(struct gvt_sched *sched);

/** gvt_sched_share() - its port for clients, which lives as long as the scheduler. */
struct gvt_share *gvt_sched_share(struct gvt_sched *sched);

/** gvt_sched_times() - the times in use, which may be changed before anything runs. */
struct sched_times *gvt_sched_times(struct gvt_sched *sched);

/** gvt_sched_tick() - check slices and patience. Returns when to check again. For the thread. */
u64 gvt_sched_tick(struct gvt_sched *sched);

#endif
