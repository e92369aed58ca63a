/* SPDX-License-Identifier: MIT */
#include "xengt/keeper/budget.h"

#include <limits.h>
#include <poll.h>
#include <time.h>

#include "core/base/clock.h"

void xengt_budget_begin(struct xengt_budget *budget)
{
	budget->spent_ns = 0;
}

u64 xengt_budget_charge(struct xengt_budget *budget, u64 now_ns, u64 spent_ns)
{
	u64 gained = (now_ns - budget->now_ns) / XENGT_BUDGET_SHARE;

	if (!budget->now_ns || gained > (u64)(XENGT_BUDGET_NS - budget->left_ns))
		budget->left_ns = XENGT_BUDGET_NS;
	else
		budget->left_ns += (s64)gained;
	budget->left_ns -= (s64)(spent_ns - budget->spent_ns);
	budget->now_ns = now_ns;
	budget->spent_ns = spent_ns;
	return budget->left_ns < 0 ? (u64)-budget->left_ns * XENGT_BUDGET_SHARE : 0;
}

static u64 thread_ns(void)
{
	struct timespec spent = { 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
	return (u64)spent.tv_sec * 1000000000 + (u64)spent.tv_nsec;
}

static bool wait_ns(int fd, u64 ns)
{
	/* Of a hang-up poll() tells whatever it is asked for (poll(2)). */
	struct pollfd hangup = { .fd = fd };
	u64 ms = ns / 1000000 + 1;

	return poll(&hangup, 1, ms < INT_MAX ? (int)ms : INT_MAX) <= 0;
}

const struct xengt_keeper_clock xengt_keeper_clock = { clock_now_ns, thread_ns, wait_ns };
