/* SPDX-License-Identifier: MIT */
/*
 * How long a guest's process may keep its keeper's thread at work: a quarter of a processor's time,
 * and four seconds at once after a quiet time: as long as it may take to unpin all that a guest can
 * have pinned. A process that was taken over could ask without end.
 */
#ifndef XENGT_KEEPER_BUDGET_H
#define XENGT_KEEPER_BUDGET_H

#include "core/base/types.h"

#define XENGT_BUDGET_NS	   4000000000ll /* at once */
#define XENGT_BUDGET_SHARE 4u		/* one part in so many of a processor */

struct xengt_budget {
	s64 left_ns;  /* below 0: it has had more than it may */
	u64 now_ns;   /* when it was last charged; 0: never */
	u64 spent_ns; /* what the thread had spent by then */
};

/* The time by which a keeper charges its process. Tests have another. */
struct xengt_keeper_clock {
	u64 (*now_ns)(void);
	u64 (*spent_ns)(void); /* processor time of the calling thread */
	/** wait() - wait for @ns nanoseconds. False: the other end of @fd has hung up, or @fd was
	 * shut down, which ends the wait. */
	bool (*wait)(int fd, u64 ns);
};

/** xengt_keeper_clock - the host's clocks. */
extern const struct xengt_keeper_clock xengt_keeper_clock;

/** xengt_budget_begin() - another thread, which has spent nothing so far, answers from now on. What
 * is left stays, so that a process that dies gains nothing. */
void xengt_budget_begin(struct xengt_budget *budget);

/**
 * xengt_budget_charge() - at @now_ns the thread has spent @spent_ns in all. Returns how many
 * nanoseconds it has to wait before it answers again; mostly 0.
 */
u64 xengt_budget_charge(struct xengt_budget *budget, u64 now_ns, u64 spent_ns);

#endif
