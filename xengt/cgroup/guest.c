/* SPDX-License-Identifier: MIT */
/* One guest's leaf: made, set, entered, looked at and removed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "xengt/cgroup/cgroup.h"
#include "xengt/cgroup/file.h"
#include "xengt/settings/options.h"

/*
 * A process at its cap stands still until the period ends, and with it the thread that answers the
 * guest: the guest's processor waits for as long. With Linux' usual period, 100 ms, and a cap of
 * 10, that is 90 ms at a time. 10 ms are long enough for Linux to keep to the cap: it looks at the
 * time had at each tick, 1 to 10 ms (CONFIG_HZ), and what is had beyond the quota is taken from the
 * periods that follow. It refuses a quota of less than 1 ms (kernel/sched/core.c,
 * tg_set_cfs_bandwidth()): for caps below 10 the period is longer instead.
 */
#define CAP_PERIOD_US	 10000u
#define CAP_QUOTA_MIN_US 1000u
#define CAP_NONE	 "max 100000" /* as Linux has it in a new cgroup */

/*
 * The memory of a process beside what it counts itself, at most: programs and libraries 8 MiB;
 * structures of fixed size, and pages of the state file, 6 MiB; for each pin 16 bytes in the state
 * file and 40 elsewhere, 11 MiB for all the pins that there may be (xengtd(8), MEMORY); 3584
 * mappings (there), each with the page of a table that it begins and does not fill, 14 MiB, and the
 * kernel's description of them, 2 MiB; the threads' stacks, 2 MiB. The other third is for what
 * malloc() keeps.
 */
#define MEMORY_BASE_MIB 64u

/* Between memory.high, where it is slowed down, and memory.max, where it is killed. */
#define MEMORY_MORE_MIB 32u

/*
 * Page tables that map the guest's memory, in KiB for each MiB of it: 2 for each time that all of
 * it is mapped, which is once for xengt and twice for the GPU (XENGT_VIEW_BUCKETS).
 */
#define MEMORY_TABLES_KIB 6u

/*
 * A process has one main thread, the vGPU's, four engines' and the scheduler's. The other half is
 * for libraries, and for tools that look at it.
 */
#define THREADS_MAX 16u

#define LEAF	  "guest-"
#define LEAF_NAME 32u

/* ---- making and setting a leaf ---- */

static const char *name_of(u32 domid, char name[LEAF_NAME])
{
	snprintf(name, LEAF_NAME, LEAF "%u", domid);
	return name;
}

static int open_name(const struct xengt_cgroup *cg, const char *name)
{
	int dir = openat(cg->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? -errno : dir;
}

static int open_leaf(const struct xengt_cgroup *cg, u32 domid)
{
	char name[LEAF_NAME];

	return open_name(cg, name_of(domid, name));
}

static bool in_range(u32 weight, u32 cap)
{
	return weight && weight <= XENGT_WEIGHT_MAX && cap <= XENGT_CAP_MAX;
}

static int set_cap(int dir, u32 cap)
{
	u32 quota = CAP_PERIOD_US / 100 * cap, period = CAP_PERIOD_US;

	if (!cap)
		return xengt_cgroup_put(dir, "cpu.max", CAP_NONE);
	if (quota < CAP_QUOTA_MIN_US) {
		quota = CAP_QUOTA_MIN_US;
		period = (100 * CAP_QUOTA_MIN_US + cap - 1) / cap;
	}
	return xengt_cgroup_put(dir, "cpu.max", "%u %u", quota, period);
}

static int set_cpu(const struct xengt_cgroup *cg, int dir, u32 weight, u32 cap)
{
	int err;

	if (!(cg->has & XENGT_CGROUP_CPU))
		return 0;
	err = xengt_cgroup_put(dir, "cpu.weight", "%u", weight * XENGT_CGROUP_WEIGHT);
	return err ? err : set_cap(dir, cap);
}

static int set_memory(const struct xengt_cgroup *cg, int dir, u32 memory_mib, u32 guest_mib)
{
	u64 high = MiB(memory_mib) + MiB(MEMORY_BASE_MIB) + KiB((u64)guest_mib * MEMORY_TABLES_KIB);
	int err;

	if (!(cg->has & XENGT_CGROUP_MEMORY))
		return 0;
	err = xengt_cgroup_put(dir, "memory.high", "%llu", (unsigned long long)high);
	if (!err)
		err = xengt_cgroup_put(dir, "memory.max", "%llu",
				       (unsigned long long)(high + MiB(MEMORY_MORE_MIB)));
	if (err)
		return err;
	/* Without this it would fill the swap. A kernel without swap has no such file. */
	err = xengt_cgroup_put(dir, "memory.swap.max", "0");
	return err == -ENOENT ? 0 : err;
}

static int set_threads(const struct xengt_cgroup *cg, int dir)
{
	return cg->has & XENGT_CGROUP_PIDS ? xengt_cgroup_put(dir, "pids.max", "%u", THREADS_MAX)
					   : 0;
}

int xengt_cgroup_guest_add(const struct xengt_cgroup *cg, u32 domid,
			   const struct xengt_cgroup_share *share)
{
	char name[LEAF_NAME];
	bool made;
	int dir, err;

	if (cg->fd < 0)
		return 0;
	if (!in_range(share->weight, share->cap))
		return -EINVAL;
	made = !mkdirat(cg->fd, name_of(domid, name), 0755);
	if (!made && errno != EEXIST)
		return -errno;
	dir = open_name(cg, name);
	err = dir < 0 ? dir : set_cpu(cg, dir, share->weight, share->cap);
	if (!err)
		err = set_memory(cg, dir, share->memory_mib, share->guest_mib);
	if (!err)
		err = set_threads(cg, dir);
	if (dir >= 0)
		close(dir);
	if (err && made)
		unlinkat(cg->fd, name, AT_REMOVEDIR);
	return err;
}

int xengt_cgroup_guest_enter(const struct xengt_cgroup *cg, u32 domid, pid_t pid)
{
	int dir, err;

	if (cg->fd < 0)
		return 0;
	/* The kernel takes 0 as the writing process. */
	if (pid <= 0)
		return -ESRCH;
	dir = open_leaf(cg, domid);
	if (dir < 0)
		return dir;
	err = xengt_cgroup_put(dir, "cgroup.procs", "%d", (int)pid);
	close(dir);
	return err;
}

int xengt_cgroup_guest_set(const struct xengt_cgroup *cg, u32 domid, u32 weight, u32 cap)
{
	int dir, err;

	if (cg->fd < 0)
		return 0;
	if (!in_range(weight, cap))
		return -EINVAL;
	dir = open_leaf(cg, domid);
	if (dir < 0)
		return dir;
	err = set_cpu(cg, dir, weight, cap);
	close(dir);
	return err;
}

/* ---- removing a leaf ---- */

/* Sends SIGKILL to all processes in the leaf and below it. */
static int kill_all(const struct xengt_cgroup *cg, const char *name)
{
	int dir = open_name(cg, name), err;

	if (dir < 0)
		return dir;
	err = xengt_cgroup_put(dir, "cgroup.kill", "1");
	close(dir);
	return err;
}

/* Reads "populated" of the open cgroup.events @fd: 1 while a process is in the leaf. */
static int is_populated(int fd, u64 *populated)
{
	char text[256];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	return xengt_cgroup_value(text, "populated", populated);
}

/* Waits for the kernel's word that no process is left; it makes the file readable as an exception
 * whenever it changes. @until: on clock_now_ns(). */
static int wait_empty(int dir, u64 until)
{
	struct pollfd change = { openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC), POLLPRI, 0 };
	u64 populated, now;
	int err;

	if (change.fd < 0)
		return -errno;
	while (!(err = is_populated(change.fd, &populated)) && populated) {
		now = clock_now_ns();
		if (now >= until) {
			err = -ETIMEDOUT;
			break;
		}
		if (poll(&change, 1, (until - now) / 1000000 + 1) < 0 && errno != EINTR) {
			err = -errno;
			break;
		}
	}
	close(change.fd);
	return err;
}

static int remove_leaf(const struct xengt_cgroup *cg, const char *name, u64 until)
{
	int dir = open_name(cg, name), err;

	if (dir < 0)
		return dir;
	err = wait_empty(dir, until);
	close(dir);
	if (!err && unlinkat(cg->fd, name, AT_REMOVEDIR))
		err = -errno;
	return err;
}

static u64 deadline(const struct xengt_cgroup *cg)
{
	return clock_now_ns() + cg->wait_ms * 1000000ull;
}

int xengt_cgroup_guest_remove(const struct xengt_cgroup *cg, u32 domid)
{
	char name[LEAF_NAME];
	int err;

	if (cg->fd < 0)
		return 0;
	err = kill_all(cg, name_of(domid, name));
	if (!err)
		err = remove_leaf(cg, name, deadline(cg));
	return err == -ENOENT ? 0 : err;
}

static bool is_leaf(const char *name)
{
	u64 domid;

	return !strncmp(name, LEAF, strlen(LEAF)) &&
	       !xengt_number(name + strlen(LEAF), XENGT_DECIMAL, 0, ~0u, &domid);
}

/* Kills, or removes, every leaf. Counts them; *@first: the first error. */
static int each_leaf(const struct xengt_cgroup *cg, bool kill, u64 until, int *first)
{
	int dir = open_name(cg, "."), nr = 0, err;
	DIR *list = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *entry;

	if (!list) {
		*first = dir < 0 ? dir : -errno;
		if (dir >= 0)
			close(dir);
		return 0;
	}
	while ((entry = readdir(list))) {
		if (!is_leaf(entry->d_name))
			continue;
		err = kill ? kill_all(cg, entry->d_name) : remove_leaf(cg, entry->d_name, until);
		nr += !err;
		if (err && !*first)
			*first = err;
	}
	closedir(list);
	return nr;
}

int xengt_cgroup_sweep(const struct xengt_cgroup *cg)
{
	int err = 0, nr;

	if (cg->fd < 0)
		return 0;
	each_leaf(cg, true, 0, &err);
	nr = each_leaf(cg, false, deadline(cg), &err);
	return err ? err : nr;
}

/* ---- figures ---- */

static const struct figure {
	u32 controller; /* 0: it is there always */
	const char *file, *key;
	size_t offset;
} figures_of[] = {
	{ 0, "cpu.stat", "usage_usec", offsetof(struct xengt_cgroup_figures, cpu_us) },
	{ XENGT_CGROUP_CPU, "cpu.stat", "nr_throttled",
	  offsetof(struct xengt_cgroup_figures, throttled) },
	{ XENGT_CGROUP_MEMORY, "memory.current", NULL,
	  offsetof(struct xengt_cgroup_figures, memory_bytes) },
	{ XENGT_CGROUP_MEMORY, "memory.events", "high",
	  offsetof(struct xengt_cgroup_figures, memory_high) },
	{ XENGT_CGROUP_MEMORY, "memory.events", "oom", offsetof(struct xengt_cgroup_figures, oom) },
};

static int read_figure(int dir, const struct figure *figure, struct xengt_cgroup_figures *to)
{
	char text[2048];
	int err = xengt_cgroup_get(dir, figure->file, text, sizeof(text));

	return err ? err
		   : xengt_cgroup_value(text, figure->key, (u64 *)((char *)to + figure->offset));
}

int xengt_cgroup_guest_figures(const struct xengt_cgroup *cg, u32 domid,
			       struct xengt_cgroup_figures *figures)
{
	int dir, err = 0;

	*figures = (struct xengt_cgroup_figures){ 0 };
	if (cg->fd < 0)
		return -ENODATA;
	dir = open_leaf(cg, domid);
	if (dir < 0)
		return dir;
	for (size_t i = 0; !err && i < ARRAY_SIZE(figures_of); i++)
		if (!figures_of[i].controller || cg->has & figures_of[i].controller)
			err = read_figure(dir, &figures_of[i], figures);
	close(dir);
	if (err)
		*figures = (struct xengt_cgroup_figures){ 0 };
	return err;
}
