/* SPDX-License-Identifier: MIT */
/*
 * Cgroups (cgroup v2) of the processes that serve guests: each guest's process is in a leaf of its
 * own, where Linux keeps to the guest's weight, cap and bound of memory. Linux'
 * Documentation/admin-guide/cgroup-v2.rst says what the files mean; Linux 5.14 or newer is needed.
 *
 *     xengtd.service/            handed over by systemd (Delegate=); without systemd, /xengt
 *         supervisor/            xengtd itself: a cgroup with controllers for leaves holds no
 *         guest-3/               process of its own
 *         guest-7/
 *
 * Linux puts no process into a cgroup that has controllers for its leaves. So after xengtd's death
 * systemd kills the remaining processes, removes the whole cgroup, and starts the next xengtd in a
 * new one; with KillMode=mixed it kills at once. Leaves outlive a supervisor where the next is
 * started outside (without systemd), or in the leaf "supervisor" (DelegateSubgroup= of systemd 254
 * and newer, with KillMode=process); xengt_cgroup_sweep() removes them then.
 *
 * How a vGPU's options become Linux' settings:
 *
 * weight, 1 to 16, becomes cpu.weight 25 to 400, in exact proportion. It counts where processes of
 * several guests want one processor. It is the share of the whole process: engines of the software
 * GPU, the thread that answers the guest's accesses, and all other threads.
 *
 * cap, in per cent of one processor, becomes cpu.max, and bounds the whole process likewise. 0: no
 * bound. The scheduler of a shared GPU (core/gpu/sched) bounds each engine by itself: with a cap of
 * 50 a guest that keeps four engines busy has two processors' time there, and half of one here. A
 * guest that keeps one engine busy has the same from both, less the time in which its accesses are
 * answered. A process at its bound stands still until its period ends, and the guest's accesses
 * wait meanwhile; so the period is short (guest.c).
 *
 * memory_mib, the quota of graphics memory, becomes memory.high after a base for the process is
 * added; memory.max is somewhat more. The process itself keeps its guest within the quota
 * (xengt/xen/quota.c). Only a process that does not count, or miscounts, reaches these bounds:
 * Linux slows it down from memory.high on and kills it at memory.max. Guest pages that the process
 * has mapped count against the quota, and not as memory of the cgroup: they are not Linux' memory.
 *
 * If there are no cgroups, .why says so, and all calls except xengt_cgroup_open() do nothing. Calls
 * come from one thread.
 */
#ifndef XENGT_CGROUP_CGROUP_H
#define XENGT_CGROUP_CGROUP_H

#include <sys/types.h>

#include "core/base/types.h"

/* Controllers. */
#define XENGT_CGROUP_CPU    BIT32(0)
#define XENGT_CGROUP_MEMORY BIT32(1)
#define XENGT_CGROUP_PIDS   BIT32(2)

/*
 * cpu.weight of one unit of weight. Linux makes weight * 1024 / 100 shares of it, rounded
 * (kernel/sched/core.c, cpu_weight_write_u64()). Nothing is rounded of multiples of 25.
 */
#define XENGT_CGROUP_WEIGHT 25u

#define XENGT_CGROUP_WHY 512u

struct xengt_cgroup {
	int fd;	     /* the cgroup that has the leaves; -1: there is none */
	u32 has;     /* the controllers that the leaves have; settings of others are left out */
	u32 wait_ms; /* how long a removal waits for killed processes to be gone; may be changed */
	char why[XENGT_CGROUP_WHY]; /* what is missing, a sentence for a user; empty: nothing */
};

/* What a guest's process may have. */
struct xengt_cgroup_share {
	u32 weight;	/* 1 to XENGT_WEIGHT_MAX (options.h) */
	u32 cap;	/* per cent of one processor, up to XENGT_CAP_MAX; 0: no bound */
	u32 memory_mib; /* the vGPU's quota of graphics memory */
	u32 guest_mib;	/* the guest's own memory: tables that map it are the process' memory */
};

/* What a guest's process has used since its leaf was made. Figures without a controller are 0. */
struct xengt_cgroup_figures {
	u64 cpu_us;	  /* time on processors */
	u64 throttled;	  /* periods in which the cap made it wait */
	u64 memory_bytes; /* now */
	u64 memory_high;  /* times that it was slowed down, for being above memory.high */
	u64 oom;	  /* times that it reached memory.max and got no memory */
};

/**
 * xengt_cgroup_open() - find this process' cgroup, move this process into the leaf "supervisor",
 * and get controllers for leaves.
 * @root: prefix of the paths of system files; NULL for this system.
 *
 * Moves the calling process: it owns @cg from now on, and no other process of the same cgroup calls
 * this meanwhile. xengt_cgroup_close() releases what @cg holds, after failure too.
 *
 * Returns 0, and .why may name controllers that are missing; or a negative errno, when no process
 * can be put into a leaf: then .why says why not.
 */
int xengt_cgroup_open(struct xengt_cgroup *cg, const char *root);

/** xengt_cgroup_close() - release @cg. Leaves and their processes stay as they are. */
void xengt_cgroup_close(struct xengt_cgroup *cg);

/**
 * xengt_cgroup_sweep() - remove all guests' leaves, which a dead supervisor has left. Kills the
 * processes in all of them, and then waits for them.
 * Returns how many were removed, or the negative errno of the first that was not; the others are.
 */
int xengt_cgroup_sweep(const struct xengt_cgroup *cg);

/**
 * xengt_cgroup_guest_add() - make domain @domid's leaf. One that is there gets these settings.
 * Returns 0; -EINVAL: @share is out of range; or a negative errno, and a leaf that was made for it
 * is gone again.
 */
int xengt_cgroup_guest_add(const struct xengt_cgroup *cg, u32 domid,
			   const struct xengt_cgroup_share *share);

/**
 * xengt_cgroup_guest_enter() - move process @pid, with all its threads, into domain @domid's leaf.
 * Memory that it has already stays charged to its old cgroup: so it should enter before it takes
 * any. Returns 0; -ENOENT: there is no such leaf; -ESRCH: no such process; or another negative
 * errno.
 */
int xengt_cgroup_guest_enter(const struct xengt_cgroup *cg, u32 domid, pid_t pid);

/**
 * xengt_cgroup_guest_set() - change weight and cap of domain @domid's process, at once.
 * Returns 0, -EINVAL, -ENOENT or another negative errno.
 */
int xengt_cgroup_guest_set(const struct xengt_cgroup *cg, u32 domid, u32 weight, u32 cap);

/**
 * xengt_cgroup_guest_remove() - kill the processes in domain @domid's leaf, and remove the leaf.
 * Whether a process is stopped or frozen does not matter. Waits for @cg's .wait_ms at most.
 * Children that were killed are still the caller's to wait for. Returns 0, also when there is no
 * such leaf; -ETIMEDOUT: a process is not gone yet, and the leaf stays, for another call; or
 * another negative errno.
 */
int xengt_cgroup_guest_remove(const struct xengt_cgroup *cg, u32 domid);

/**
 * xengt_cgroup_guest_figures() - what domain @domid's process has used.
 * Returns 0; -ENODATA: there are no cgroups; -ENOENT: there is no such leaf; -EPROTO: the files are
 * not as Linux documents them; or another negative errno. @figures is all zeroes on failure.
 */
int xengt_cgroup_guest_figures(const struct xengt_cgroup *cg, u32 domid,
			       struct xengt_cgroup_figures *figures);

#endif
