/* SPDX-License-Identifier: MIT */
/*
 * Cgroups as this machine's Linux has them: a cgroup of the test's own stands for the one that
 * systemd hands to xengtd. What the machine does not have, a line says, and is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/unit/unit.h"
#include "xengt/cgroup/cgroup.h"
#include "xengt/cgroup/file.h"
#include "xengt/cgroup/find.h"

#define GUEST 3u
#define OTHER 4u

/* Of the test program; each test is a child of it. */
static struct {
	int top;	/* the root of cgroup2; -1: no cgroups here */
	char name[32];	/* of the program's cgroup in it, which holds one for each test */
	int dir;	/* that cgroup */
	char added[64]; /* controllers that the root's children have because of us */
	int home;	/* the cgroup that the program is in */
	u32 has;	/* controllers */
} here = { .top = -1 };

static struct xengt_cgroup cg;
static char base[32]; /* this test's cgroup: the one that is handed over */

/* ---- the machine ---- */

static void pass_over(const char *what, const char *why)
{
	printf("cgroup_real: %s: passed over: %s\n", what, why);
	fflush(stdout);
}

/* Hands the test's cgroups the controllers that the root has to give. */
static void get_controllers(void)
{
	static const char *const names[] = { "cpu", "memory", "pids" };
	char can[256], has[256];

	ck_assert_int_eq(xengt_cgroup_get(here.top, "cgroup.controllers", can, sizeof(can)), 0);
	ck_assert_int_eq(xengt_cgroup_get(here.top, "cgroup.subtree_control", has, sizeof(has)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!xengt_cgroup_lists(can, names[i]))
			continue;
		if (!xengt_cgroup_lists(has, names[i])) {
			if (xengt_cgroup_put(here.top, "cgroup.subtree_control", "+%s", names[i]))
				continue;
			strcat(strcat(here.added, here.added[0] ? " -" : "-"), names[i]);
		}
		ck_assert_int_eq(
			xengt_cgroup_put(here.dir, "cgroup.subtree_control", "+%s", names[i]), 0);
		here.has |= 1u << i;
	}
}

static void look_at_machine(void)
{
	struct xengt_cgroup_place place;
	char why[256], path[2 * PATH_MAX];
	struct stat st;

	if (xengt_cgroup_find("", &place, why, sizeof(why))) {
		pass_over("all of it", why);
		return;
	}
	here.top = open(place.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/%s", place.mount, place.alone ? "" : place.below);
	here.home = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that is no root has the file; in it, this process' path is another. */
	if (here.home < 0 || !fstatat(here.top, "cgroup.type", &st, 0)) {
		pass_over("all of it", "the root of cgroup v2 is not mounted");
		here.top = -1;
		return;
	}
	snprintf(here.name, sizeof(here.name), "xengt-test-%d", (int)getpid());
	if (mkdirat(here.top, here.name, 0755)) {
		pass_over("all of it", strerror(errno));
		here.top = -1;
		return;
	}
	here.dir = openat(here.top, here.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(here.dir, 0);
	get_controllers();
}

/* What a test left that failed. */
static void leave_test(const char *name)
{
	struct xengt_cgroup left = { .wait_ms = 10000 };

	left.fd = openat(here.dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	xengt_cgroup_sweep(&left);
	unlinkat(left.fd, "supervisor", AT_REMOVEDIR);
	xengt_cgroup_close(&left);
	if (unlinkat(here.dir, name, AT_REMOVEDIR))
		perror(name);
}

static void leave_machine(void)
{
	struct dirent *entry;
	DIR *list;

	if (here.top < 0)
		return;
	list = fdopendir(here.dir);
	while ((entry = readdir(list)))
		if (!strncmp(entry->d_name, "test-", 5))
			leave_test(entry->d_name);
	closedir(list);
	if (unlinkat(here.top, here.name, AT_REMOVEDIR))
		perror(here.name);
	if (here.added[0])
		xengt_cgroup_put(here.top, "cgroup.subtree_control", "%s", here.added);
	close(here.home);
	close(here.top);
}

/* Whether the machine has @controllers, and cgroups at all. */
static bool can(const char *what, u32 controllers)
{
	if (here.top < 0)
		return false;
	if ((here.has & controllers) == controllers)
		return true;
	pass_over(what, "cgroup v2 does not have the controllers here");
	return false;
}

/* ---- the supervisor that this process is, and guests' processes ---- */

/* Moves this process into @leaf of the test's cgroup ("": into the cgroup itself). */
static void enter(const char *leaf)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%s/cgroup.procs", base, leaf);
	ck_assert_int_eq(xengt_cgroup_put(here.dir, path, "0"), 0);
}

static void open_here(void)
{
	ck_assert_msg(!xengt_cgroup_open(&cg, NULL), "%s", cg.why);
	ck_assert_uint_eq(cg.has, here.has);
	ck_assert_int_eq(!cg.why[0], here.has == 7);
}

/* A service is started in a cgroup that is new. */
static void begin(void)
{
	snprintf(base, sizeof(base), "test-%d", (int)getpid());
	ck_assert_int_eq(mkdirat(here.dir, base, 0755), 0);
	enter("");
	open_here();
}

static void end(void)
{
	ck_assert_int_eq(xengt_cgroup_put(here.home, "cgroup.procs", "0"), 0);
	ck_assert_int_eq(unlinkat(cg.fd, "supervisor", AT_REMOVEDIR), 0);
	xengt_cgroup_close(&cg);
	ck_assert_int_eq(unlinkat(here.dir, base, AT_REMOVEDIR), 0);
}

static void add(u32 domid, u32 weight, u32 cap)
{
	const struct xengt_cgroup_share share = { weight, cap, 16, 0 };
	int err = xengt_cgroup_guest_add(&cg, domid, &share);

	ck_assert_msg(!err, "%s", strerror(-err));
}

static bool has_leaf(u32 domid)
{
	char name[32];

	snprintf(name, sizeof(name), "guest-%u", domid);
	return !faccessat(cg.fd, name, F_OK, 0);
}

/* A guest's process: begins when the pipe @gate is closed, and is in its leaf by then. */
static pid_t start(u32 domid, const int gate[2], void (*run)(void *arg), void *arg)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(gate[1]);
		if (read(gate[0], &(char){ 0 }, 1) < 0)
			_exit(1);
		run(arg);
		_exit(0);
	}
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, domid, pid), 0);
	return pid;
}

static pid_t start_one(void (*run)(void *arg), void *arg)
{
	int gate[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
	pid = start(GUEST, gate, run, arg);
	close(gate[0]);
	close(gate[1]);
	return pid;
}

static int wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static struct xengt_cgroup_figures figures_of(u32 domid)
{
	struct xengt_cgroup_figures figures;

	ck_assert_int_eq(xengt_cgroup_guest_figures(&cg, domid, &figures), 0);
	return figures;
}

/* ---- life and death ---- */

static void stand_still(void *arg)
{
	(void)arg;
	raise(SIGSTOP);
}

static void check_killed(pid_t pid)
{
	int status = wait_for(pid);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

START_TEST(removed_stopped)
{
	int status;
	pid_t pid;

	if (!can("removal", 0))
		return;
	begin();
	add(GUEST, 8, 0);
	pid = start_one(stand_still, NULL);
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	ck_assert(!has_leaf(GUEST));
	check_killed(pid);
	/* There is nothing to enter, and nothing to remove. */
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, GUEST, getpid()), -ENOENT);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	add(GUEST, 8, 0);
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, GUEST, pid), -ESRCH);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	end();
}
END_TEST

START_TEST(removed_frozen)
{
	pid_t pid;

	if (!can("removal", 0))
		return;
	begin();
	add(GUEST, 8, 0);
	pid = start_one(stand_still, NULL);
	ck_assert_int_eq(xengt_cgroup_put(cg.fd, "guest-3/cgroup.freeze", "1"), 0);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	check_killed(pid);
	end();
}
END_TEST

#define STORM 40u

struct storm {
	int told;	   /* a byte for each process */
	int alive;	   /* open in each */
	unsigned int *why; /* why there were no more */
};

/* A process that turned against its host starts as many others as it can, which start over. */
static void storm(void *arg)
{
	const struct storm *s = arg;

	for (unsigned int i = 0; i < STORM; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			*s->why = errno;
			break;
		}
		if (!pid) {
			setsid();
			break;
		}
	}
	if (write(s->told, "x", 1) == 1)
		for (;;)
			pause();
}

START_TEST(removed_with_all)
{
	struct storm s;
	int told[2], alive[2];
	char byte;

	if (!can("removal", 0))
		return;
	begin();
	add(GUEST, 8, 0);
	ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(alive, O_CLOEXEC), 0);
	s = (struct storm){ told[1], alive[1],
			    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				 0) };
	ck_assert_ptr_ne(s.why, MAP_FAILED);
	start_one(storm, &s);
	close(told[1]);
	close(alive[1]);
	/* With a bound: 16 processes in all. */
	for (unsigned int i = 0; i < (cg.has & XENGT_CGROUP_PIDS ? 16 : STORM); i++)
		ck_assert_int_eq(read(told[0], &byte, 1), 1);
	if (cg.has & XENGT_CGROUP_PIDS)
		ck_assert_uint_eq(*s.why, EAGAIN);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	/* Nobody is left who has it open. */
	ck_assert_int_eq(read(alive[0], &byte, 1), 0);
	end();
}
END_TEST

/* A supervisor with one guest's process, which tells its number and stands still. */
static void supervise(int tell)
{
	pid_t pid;

	begin();
	add(GUEST, 8, 0);
	add(OTHER, 8, 0);
	pid = start_one(stand_still, NULL);
	/* Its supervisor's end is not to be its end: that is what is tested. */
	if (write(tell, &pid, sizeof(pid)) == sizeof(pid))
		for (;;)
			pause();
}

START_TEST(swept)
{
	int tell[2], status;
	pid_t supervisor, pid;

	if (!can("sweeping", 0))
		return;
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe2(tell, O_CLOEXEC), 0);
	supervisor = fork();
	ck_assert_int_ge(supervisor, 0);
	if (!supervisor) {
		supervise(tell[1]);
		_exit(1);
	}
	close(tell[1]);
	ck_assert_int_eq(read(tell[0], &pid, sizeof(pid)), sizeof(pid));
	ck_assert_int_eq(kill(supervisor, SIGKILL), 0);
	ck_assert_int_eq(waitpid(supervisor, &status, 0), supervisor);

	/* The next supervisor is started in the leaf: the cgroup itself does not let xengtd move
	 * into it. */
	snprintf(base, sizeof(base), "test-%d", (int)supervisor);
	enter("/supervisor");
	open_here();
	ck_assert(has_leaf(GUEST) && has_leaf(OTHER));
	ck_assert_int_eq(xengt_cgroup_sweep(&cg), 2);
	ck_assert(!has_leaf(GUEST) && !has_leaf(OTHER));
	check_killed(pid);
	ck_assert_int_eq(xengt_cgroup_sweep(&cg), 0);
	end();
}
END_TEST

/* Opened again by the process that is in the leaf already, as after an exec of a newer program. */
START_TEST(opened_again)
{
	pid_t pid;

	if (!can("opening again", 0))
		return;
	begin();
	add(GUEST, 8, 0);
	pid = start_one(stand_still, NULL);
	xengt_cgroup_close(&cg);
	open_here();
	ck_assert(has_leaf(GUEST));
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	check_killed(pid);
	end();
}
END_TEST

/* ---- time on processors ---- */

/* Workers share one processor, and the work: so much time on it, of all of them together. */
struct work {
	u64 done, total; /* ns */
};

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void work(void *arg)
{
	struct work *w = arg;
	u64 before = cpu_ns(), now, done;

	do {
		for (volatile unsigned int i = 0; i < 20000; i++)
			;
		now = cpu_ns();
		done = __atomic_add_fetch(&w->done, now - before, __ATOMIC_RELAXED);
		before = now;
	} while (done < w->total);
}

static struct work *new_work(u64 ms)
{
	struct work *w =
		mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(w, MAP_FAILED);
	w->total = ms * 1000000;
	return w;
}

/* All that is started from now on runs on one processor. */
static void share_one_cpu(void)
{
	cpu_set_t may, one;
	int cpu = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(may), &may), 0);
	while (!CPU_ISSET(cpu, &may))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

START_TEST(weights)
{
	struct xengt_cgroup_figures light, heavy;
	struct work *w;
	int gate[2];
	pid_t a, b;
	u64 share;

	if (!can("weights", XENGT_CGROUP_CPU))
		return;
	begin();
	share_one_cpu();
	add(GUEST, 2, 0);
	add(OTHER, 8, 0);
	w = new_work(2000);
	ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
	a = start(GUEST, gate, work, w);
	b = start(OTHER, gate, work, w);
	close(gate[0]);
	close(gate[1]);
	ck_assert_int_eq(wait_for(a), 0);
	ck_assert_int_eq(wait_for(b), 0);
	light = figures_of(GUEST);
	heavy = figures_of(OTHER);
	share = heavy.cpu_us * 1000 / (heavy.cpu_us + light.cpu_us);
	printf("cgroup_real: weights 2 and 8: %llu and %llu us, 4/5 would be 800: %llu\n",
	       (unsigned long long)light.cpu_us, (unsigned long long)heavy.cpu_us,
	       (unsigned long long)share);
	ck_assert_uint_ge(share, 760);
	ck_assert_uint_le(share, 840);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, OTHER), 0);
	end();
}
END_TEST

/* Does @ms of work alone. Returns the time that it took, in us. */
static u64 work_alone(u64 ms)
{
	struct work *w = new_work(ms);
	u64 from = clock_now_ns();

	ck_assert_int_eq(wait_for(start_one(work, w)), 0);
	return (clock_now_ns() - from) / 1000;
}

/*
 * No time is asserted, but that it is not less than the cap makes it: a loaded machine makes it
 * more.
 */
START_TEST(caps)
{
	static const u32 per_cent[] = { 50, 20, 5 };
	struct xengt_cgroup_figures f, before = { 0 };
	u64 took;

	if (!can("caps", XENGT_CGROUP_CPU))
		return;
	begin();
	add(GUEST, 8, 100);
	for (size_t i = 0; i < ARRAY_SIZE(per_cent); i++) {
		ck_assert_int_eq(xengt_cgroup_guest_set(&cg, GUEST, 8, per_cent[i]), 0);
		took = work_alone(per_cent[i] * 20);
		f = figures_of(GUEST);
		printf("cgroup_real: cap %u: %llu us of %llu\n", per_cent[i],
		       (unsigned long long)(f.cpu_us - before.cpu_us), (unsigned long long)took);
		ck_assert_uint_le((f.cpu_us - before.cpu_us) * 100, took * (per_cent[i] + 2));
		ck_assert_uint_gt(f.throttled, before.throttled);
		before = f;
	}
	ck_assert_int_eq(xengt_cgroup_guest_set(&cg, GUEST, 8, 0), 0);
	before = figures_of(GUEST);
	work_alone(200);
	f = figures_of(GUEST);
	ck_assert_uint_ge(f.cpu_us - before.cpu_us, 200000);
	ck_assert_uint_eq(f.throttled, before.throttled);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	end();
}
END_TEST

/* ---- memory ---- */

static void touch(void *arg)
{
	size_t size = *(const size_t *)arg;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < size; i += GVT_PAGE_SIZE)
		at[i] = 1;
}

/* A quota of 16 MiB, and 64 for the process: 80 go, 83 slow it down, and 112 are the end. */
START_TEST(memory)
{
	size_t less = MiB(76), more = MiB(83), most = MiB(128);
	struct xengt_cgroup_figures f;

	if (!can("memory", XENGT_CGROUP_MEMORY))
		return;
	begin();
	add(GUEST, 8, 0);
	ck_assert_int_eq(wait_for(start_one(touch, &less)), 0);
	f = figures_of(GUEST);
	ck_assert_uint_eq(f.memory_high + f.oom, 0);
	ck_assert_int_eq(wait_for(start_one(touch, &more)), 0);
	f = figures_of(GUEST);
	ck_assert_uint_gt(f.memory_high, 0);
	ck_assert_uint_eq(f.oom, 0);
	/* The way there is slow, and is left out. */
	ck_assert_int_eq(xengt_cgroup_put(cg.fd, "guest-3/memory.high", "max"), 0);
	check_killed(start_one(touch, &most));
	f = figures_of(GUEST);
	ck_assert_uint_gt(f.oom, 0);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, GUEST), 0);
	end();
}
END_TEST

Suite *suite_cgroup_real(void)
{
	const TTest *const tests[] = { removed_stopped,
				       removed_frozen,
				       removed_with_all,
				       swept,
				       opened_again,
				       weights,
				       caps,
				       memory };
	Suite *suite = suite_create("cgroup_real");
	TCase *tcase = tcase_create("cgroup_real");

	tcase_set_timeout(tcase, 120);
	tcase_add_unchecked_fixture(tcase, look_at_machine, leave_machine);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}
