/* SPDX-License-Identifier: MIT */
/* What is read and written of cgroups, in a folder of plain files that stands for the system. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/cgroup/cgroup.h"
#include "xengt/cgroup/file.h"
#include "xengt/cgroup/find.h"
#include "xengt/settings/options.h"

#define TOP	"/sys/fs/cgroup"
#define SERVICE "/system.slice/xengtd.service"
#define UNIFIED "cgroup2 " TOP " cgroup2 rw,nosuid 0 0\n"

static char root[64];
static struct xengt_cgroup cg;

static const char *full(const char *path)
{
	static char text[PATH_MAX];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static void put_bytes(const char *path, const char *bytes, size_t len)
{
	char text[PATH_MAX];
	FILE *file;

	strcpy(text, full(path));
	for (char *at = text + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		if (mkdir(text, 0755))
			ck_assert_int_eq(errno, EEXIST);
	}
	file = fopen(text, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static const char *get(const char *path)
{
	static char text[256];
	int err = xengt_cgroup_get(AT_FDCWD, full(path), text, sizeof(text));

	ck_assert_msg(!err, "%s: %s", path, strerror(-err));
	return text;
}

static bool is_there(const char *path)
{
	return !access(full(path), F_OK);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static void remove_all(const char *path)
{
	ck_assert_int_eq(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What the kernel has in a cgroup's folder, with as much of it as is looked at. */
static void put_cgroup(const char *path)
{
	static const char *const files[] = {
		"cgroup.procs",	     "cgroup.kill", "cgroup.subtree_control",
		"cpu.weight",	     "cpu.max",	    "memory.high",
		"memory.max",	     "pids.max",    "memory.swap.max",
		"cgroup.controllers"
	};
	char file[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		put(file, "");
	}
	snprintf(file, sizeof(file), "%s/cgroup.events", path);
	put(file, "populated 0\nfrozen 0\n");
	snprintf(file, sizeof(file), "%s/cpu.stat", path);
	put(file, "usage_usec 12345\nuser_usec 12000\nsystem_usec 345\nnr_periods 9\n"
		  "nr_throttled 7\nthrottled_usec 100\n");
	snprintf(file, sizeof(file), "%s/memory.current", path);
	put(file, "4096\n");
	snprintf(file, sizeof(file), "%s/memory.events", path);
	put(file, "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
}

/* A system whose cgroups are mounted as @mounts say, with this process in @own, as in the line. */
static void put_system(const char *mounts, const char *own)
{
	put("/proc/self/mounts", mounts);
	put("/proc/self/cgroup", own);
}

static void setup(void)
{
	strcpy(root, "/tmp/xengt-cgroup-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	cg.fd = -1;
}

static void teardown(void)
{
	xengt_cgroup_close(&cg);
	remove_all(root);
}

/* A service that systemd handed its cgroup to, opened; one guest's leaf is there. */
static void service(const char *mounts, const char *controllers)
{
	put_system(mounts, "0::" SERVICE "\n");
	put_cgroup(TOP SERVICE);
	put_cgroup(TOP SERVICE "/supervisor");
	put_cgroup(TOP SERVICE "/guest-7");
	put(TOP SERVICE "/cgroup.controllers", controllers);
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), 0);
}

static void add(u32 weight, u32 cap, u32 memory_mib, u32 guest_mib)
{
	const struct xengt_cgroup_share share = { weight, cap, memory_mib, guest_mib };

	ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 7, &share), 0);
}

static void check_why(const char *part)
{
	ck_assert_msg(strstr(cg.why, part) != NULL, "'%s' is not in: %s", part, cg.why);
}

/* ---- where ---- */

static const struct {
	const char *mounts, *own;
	int err;
	const char *mount, *below;
	bool alone, v1;
} places[] = {
	{ UNIFIED, "0::" SERVICE "\n", 0, TOP, SERVICE + 1, false, false },
	{ UNIFIED, "0::/\n", 0, TOP, "xengt", true, false },
	{ UNIFIED, "0::/", 0, TOP, "xengt", true, false },
	/* Moved before: by systemd's DelegateSubgroup=, and by ourselves without systemd. */
	{ UNIFIED, "0::" SERVICE "/supervisor\n", 0, TOP, SERVICE + 1, false, false },
	{ UNIFIED, "0::/xengt/supervisor\n", 0, TOP, "xengt", true, false },
	{ UNIFIED, "0::/supervisor\n", 0, TOP, "supervisor", false, false },
	{ UNIFIED, "0::/a/supervisors\n", 0, TOP, "a/supervisors", false, false },
	/* Names may have what other lines are divided by. */
	{ UNIFIED, "0::/a:b/c d.scope\n", 0, TOP, "a:b/c d.scope", false, false },
	{ UNIFIED, "0::/a/..b/c..\n", 0, TOP, "a/..b/c..", false, false },
	/* Hybrid: the line of cgroup2 comes last, its mount anywhere. */
	{ "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
	  "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
	  "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n",
	  "2:cpu,cpuacct:/other\n1:name=systemd:/some\n0::" SERVICE "\n", 0, TOP "/unified",
	  SERVICE + 1, false, true },
	/* The first of two mounts; a blank and a backslash in its path. */
	{ "none /a\\040b\\134c cgroup2 rw 0 0\n" UNIFIED, "0::/x\n", 0, "/a b\\c", "x", false,
	  false },
	{ "none /a\\04 cgroup2 rw 0 0\n", "0::/x\n", 0, "/a\\04", "x", false, false },
	{ "none /a\\999 cgroup2 rw 0 0\n", "0::/x\n", 0, "/a\\999", "x", false, false },
	{ "none /a\\ cgroup2 rw 0 0\n", "0::/x\n", 0, "/a\\", "x", false, false },
	/* Lines that are cut off, or are none. */
	{ "\n \ncgroup2\ncgroup2 /a\n" UNIFIED, "\n:\n0:\n0::/x\n", 0, TOP, "x", false, false },
	/* None to be had. */
	{ "proc /proc proc rw 0 0\n", "0::/x\n", -ENOENT, NULL, NULL, false, false },
	{ "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n", "1:cpu:/\n", -ENOENT, NULL, NULL, false,
	  false },
	{ "", "", -ENOENT, NULL, NULL, false, false },
	{ UNIFIED, "", -ENOENT, NULL, NULL, false, false },
	{ UNIFIED, "1:cpu:/x\n", -ENOENT, NULL, NULL, false, false },
	{ UNIFIED, "0::\n", -EPROTO, NULL, NULL, false, false },
	{ UNIFIED, "0::x\n", -EPROTO, NULL, NULL, false, false },
	/* Outside of the namespace: what is below our root is another cgroup. */
	{ UNIFIED, "0::/..\n", -EXDEV, NULL, NULL, false, false },
	{ UNIFIED, "0::/../../x\n", -EXDEV, NULL, NULL, false, false },
	{ UNIFIED, "0::/a/../x\n", -EXDEV, NULL, NULL, false, false },
};

START_TEST(find)
{
	struct xengt_cgroup_place place;
	char why[256];
	int err;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		put_system(places[i].mounts, places[i].own);
		why[0] = '\0';
		err = xengt_cgroup_find(root, &place, why, sizeof(why));
		ck_assert_msg(err == places[i].err, "%zu: %d", i, err);
		ck_assert_msg(!err == !why[0], "%zu: %s", i, why);
		if (err)
			continue;
		ck_assert_str_eq(place.mount, full(places[i].mount));
		ck_assert_str_eq(place.below, places[i].below);
		ck_assert_int_eq(place.alone, places[i].alone);
		ck_assert_int_eq(place.v1, places[i].v1);
	}
	ck_assert_int_eq(xengt_cgroup_find("/tmp/xengt-no-such", &place, why, sizeof(why)),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
}
END_TEST

/* Paths as long as the kernel's longest, and longer, and a file of bytes of all kinds. */
START_TEST(find_long)
{
	static char text[4 * PATH_MAX];
	struct xengt_cgroup_place place;
	char why[256];
	u64 seed = 5;

	memcpy(text, "0::/", 4);
	memset(text + 4, 'a', PATH_MAX - 1);
	put_system(UNIFIED, text);
	ck_assert_int_eq(xengt_cgroup_find(root, &place, why, sizeof(why)), 0);
	ck_assert_uint_eq(strlen(place.below), PATH_MAX - 1);
	text[PATH_MAX + 3] = 'a';
	put_system(UNIFIED, text);
	ck_assert_int_eq(xengt_cgroup_find(root, &place, why, sizeof(why)), -ENAMETOOLONG);

	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "none /", 6);
	memcpy(text + sizeof(text) - 20, " cgroup2 rw 0 0\n", 17);
	put_system(text, "0::/x\n");
	ck_assert_int_eq(xengt_cgroup_find(root, &place, why, sizeof(why)), -ENAMETOOLONG);

	for (unsigned int round = 0; round < 200; round++) {
		static const char some[] = "0::/.. \n\\cgroup2";

		for (size_t i = 0; i < 512; i++)
			text[i] = round % 2 ? some[unit_random(&seed) % sizeof(some)]
					    : (char)unit_random(&seed);
		put_bytes("/proc/self/mounts", text, 256);
		put_bytes("/proc/self/cgroup", text + 256, 256);
		if (!xengt_cgroup_find(root, &place, why, sizeof(why)))
			ck_assert_uint_lt(strlen(place.below), PATH_MAX);
	}
}
END_TEST

/* ---- open ---- */

START_TEST(opened_in_service)
{
	service(UNIFIED, "cpuset cpu io memory hugetlb pids rdma\n");
	ck_assert_str_eq(cg.why, "");
	ck_assert_str_eq(get(TOP SERVICE "/supervisor/cgroup.procs"), "0");
	ck_assert_str_eq(get(TOP SERVICE "/cgroup.subtree_control"), "+cpu +memory +pids");
	/* As the heaviest guest's. */
	ck_assert_str_eq(get(TOP SERVICE "/supervisor/cpu.weight"), "400");
	/* Of what is above nothing was touched: that is systemd's. */
	ck_assert_str_eq(get(TOP SERVICE "/cgroup.procs"), "");
	ck_assert_str_eq(get(TOP SERVICE "/cpu.weight"), "");
	ck_assert(!is_there(TOP "/xengt"));
}
END_TEST

/* Without systemd: the root has controllers for its children, and "xengt" is made. */
START_TEST(opened_alone)
{
	put_system(UNIFIED, "0::/\n");
	put_cgroup(TOP);
	put(TOP "/cgroup.controllers", "cpu memory pids\n");
	/* A folder that mkdir() makes here has no files, where the kernel's has. */
	ck_assert_int_lt(xengt_cgroup_open(&cg, root), 0);
	ck_assert(is_there(TOP "/xengt/supervisor"));
	ck_assert_str_eq(get(TOP "/cgroup.subtree_control"), "+cpu +memory +pids");
	check_why("no cgroup.kill");

	put_cgroup(TOP "/xengt");
	put_cgroup(TOP "/xengt/supervisor");
	put(TOP "/xengt/cgroup.controllers", "cpu memory pids\n");
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), 0);
	ck_assert_str_eq(cg.why, "");
	ck_assert_str_eq(get(TOP "/xengt/cgroup.subtree_control"), "+cpu +memory +pids");
	ck_assert_str_eq(get(TOP "/xengt/supervisor/cgroup.procs"), "0");
	ck_assert_str_eq(get(TOP "/cgroup.procs"), "");
}
END_TEST

/* Some controllers are not handed over: the others are used, and the sentence says which not. */
START_TEST(some_missing)
{
	service(UNIFIED, "memory pids\n");
	ck_assert_uint_eq(cg.has, XENGT_CGROUP_MEMORY | XENGT_CGROUP_PIDS);
	ck_assert_str_eq(get(TOP SERVICE "/cgroup.subtree_control"), "+memory +pids");
	check_why("do not count: cpu:");
	check_why("Delegate=cpu memory pids");
	add(8, 50, 512, 1024);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.weight"), "");
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.max"), "");
	ck_assert_str_ne(get(TOP SERVICE "/guest-7/memory.max"), "");
	ck_assert_int_eq(xengt_cgroup_guest_set(&cg, 7, 16, 0), 0);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.weight"), "");
}
END_TEST

/* Names that begin or end as a controller's are others. */
START_TEST(none_there)
{
	service("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n" UNIFIED,
		"cpuset hugetlb xcpu cpu_ memor\n");
	ck_assert_uint_eq(cg.has, 0);
	ck_assert_str_eq(get(TOP SERVICE "/cgroup.subtree_control"), "");
	check_why("do not count: cpu memory pids:");
	check_why("systemd.unified_cgroup_hierarchy=1");
	/* Processes are in leaves of their own all the same, to be killed with all they started. */
	add(8, 50, 512, 1024);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/memory.max"), "");
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, 7, 4711), 0);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cgroup.procs"), "4711");
}
END_TEST

START_TEST(nothing_there)
{
	struct xengt_cgroup_figures figures = { .cpu_us = 1 };
	const struct xengt_cgroup_share share = { 8, 0, 512, 1024 };

	put_system("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n", "1:cpu:/\n");
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), -ENOENT);
	check_why("only cgroup v1 is mounted");
	put_system("proc /proc proc rw 0 0\n", "");
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), -ENOENT);
	check_why("no cgroup v2 is mounted");
	put_system(UNIFIED, "0::" SERVICE " (deleted)\n");
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), -ENOENT);
	check_why(SERVICE " (deleted) cannot be opened: No such file");

	/* Whoever goes on without cgroups need not ask whether there are any. */
	ck_assert_int_eq(xengt_cgroup_sweep(&cg), 0);
	ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 7, &share), 0);
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, 7, getpid()), 0);
	ck_assert_int_eq(xengt_cgroup_guest_set(&cg, 7, 1, 1), 0);
	ck_assert_int_eq(xengt_cgroup_guest_figures(&cg, 7, &figures), -ENODATA);
	ck_assert_uint_eq(figures.cpu_us, 0);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, 7), 0);
	xengt_cgroup_close(&cg);
	xengt_cgroup_close(&cg);
}
END_TEST

/* ProtectControlGroups=yes: the sentence names what to change, whatever is there already. */
START_TEST(read_only)
{
	/* Whoever may not have a mount of his own cannot be protected by one. */
	if (unshare(CLONE_NEWNS)) {
		ck_assert_int_eq(errno, EPERM);
		return;
	}
	put_system(UNIFIED, "0::" SERVICE "\n");
	put_cgroup(TOP SERVICE);
	put(TOP SERVICE "/cgroup.controllers", "cpu memory pids\n");
	ck_assert_int_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(full(TOP), full(TOP), NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, full(TOP), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), -EROFS);
	check_why("ReadWritePaths=");
	ck_assert_int_eq(umount(full(TOP)), 0);
	/* Put into the leaf by systemd: the first that cannot be done is another. */
	put_cgroup(TOP SERVICE "/supervisor");
	ck_assert_int_eq(mount(full(TOP), full(TOP), NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(mount(NULL, full(TOP), NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
	ck_assert_int_eq(xengt_cgroup_open(&cg, root), -EROFS);
	check_why("ReadWritePaths=");
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, 7), 0);
	ck_assert_int_eq(umount(full(TOP)), 0);
}
END_TEST

/* ---- settings ---- */

START_TEST(weights)
{
	char wanted[16];

	service(UNIFIED, "cpu memory pids\n");
	for (u32 weight = 1; weight <= XENGT_WEIGHT_MAX; weight++) {
		add(weight, 0, 512, 1024);
		snprintf(wanted, sizeof(wanted), "%u", 25 * weight);
		ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.weight"), wanted);
		ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.max"), "max 100000");
	}
}
END_TEST

/* For every cap what Linux takes: 1 ms of quota or more, periods of up to 1 s; and its per cent. */
START_TEST(caps)
{
	unsigned int quota, period;
	char end;

	service(UNIFIED, "cpu memory pids\n");
	add(8, 50, 512, 1024);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.max"), "5000 10000");
	for (u32 cap = 1; cap <= XENGT_CAP_MAX; cap++) {
		ck_assert_int_eq(xengt_cgroup_guest_set(&cg, 7, 8, cap), 0);
		ck_assert_int_eq(sscanf(get(TOP SERVICE "/guest-7/cpu.max"), "%u %u%c", &quota,
					&period, &end),
				 2);
		ck_assert_uint_ge(quota, 1000);
		ck_assert_uint_ge(period, 1000);
		ck_assert_uint_le(period, 100000);
		ck_assert_msg(quota * 100ull <= period * (u64)cap &&
				      quota * 100ull >= period * (u64)cap - cap,
			      "%u: %u of %u", cap, quota, period);
	}
	ck_assert_int_eq(xengt_cgroup_guest_set(&cg, 7, 8, 0), 0);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.max"), "max 100000");
}
END_TEST

static unsigned long long mib_of(const char *path)
{
	return strtoull(get(path), NULL, 10) >> 20;
}

START_TEST(memory)
{
	service(UNIFIED, "cpu memory pids\n");
	add(8, 0, 512, 1024);
	/* The quota, 64 for the process, 6 for tables that map the guest's 1024. */
	ck_assert_uint_eq(mib_of(TOP SERVICE "/guest-7/memory.high"), 512 + 64 + 6);
	ck_assert_uint_eq(mib_of(TOP SERVICE "/guest-7/memory.max"), 512 + 64 + 6 + 32);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/memory.swap.max"), "0");
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/pids.max"), "16");
	/* The largest of each, and a kernel without swap. */
	ck_assert_int_eq(unlink(full(TOP SERVICE "/guest-7/memory.swap.max")), 0);
	add(8, 0, 1048576, ~0u);
	ck_assert_uint_eq(mib_of(TOP SERVICE "/guest-7/memory.high"),
			  1048576 + 64 + (~0u * 6ull >> 10));
	add(8, 0, 0, 0);
	ck_assert_uint_eq(mib_of(TOP SERVICE "/guest-7/memory.high"), 64);
}
END_TEST

START_TEST(out_of_range)
{
	static const struct xengt_cgroup_share wrong[] = {
		{ 0, 0, 512, 1024 },
		{ XENGT_WEIGHT_MAX + 1, 0, 512, 1024 },
		{ 8, XENGT_CAP_MAX + 1, 512, 1024 },
		{ ~0u, ~0u, 512, 1024 },
	};

	service(UNIFIED, "cpu memory pids\n");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 8, &wrong[i]), -EINVAL);
		ck_assert(!is_there(TOP SERVICE "/guest-8"));
		ck_assert_int_eq(xengt_cgroup_guest_set(&cg, 7, wrong[i].weight, wrong[i].cap),
				 -EINVAL);
	}
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cpu.weight"), "");
	ck_assert_int_eq(xengt_cgroup_guest_set(&cg, 8, 8, 0), -ENOENT);
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, 8, 1), -ENOENT);
	/* No process; this one, all of a group, and all there are, to other system calls. */
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, 7, 0), -ESRCH);
	ck_assert_int_eq(xengt_cgroup_guest_enter(&cg, 7, -1), -ESRCH);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cgroup.procs"), "");
}
END_TEST

/* A leaf that cannot be set as it should be does not stay. */
START_TEST(half_made)
{
	const struct xengt_cgroup_share share = { 8, 0, 512, 1024 };

	service(UNIFIED, "cpu memory pids\n");
	ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 9, &share), -ENOENT);
	ck_assert(!is_there(TOP SERVICE "/guest-9"));
	/* One that was there does: somebody may be in it. */
	ck_assert_int_eq(mkdir(full(TOP SERVICE "/guest-9"), 0755), 0);
	ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 9, &share), -ENOENT);
	ck_assert(is_there(TOP SERVICE "/guest-9"));
	ck_assert_int_eq(unlink(full(TOP SERVICE "/guest-7/pids.max")), 0);
	ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 7, &share), -ENOENT);
	ck_assert(is_there(TOP SERVICE "/guest-7"));
	/* A file in a leaf's place. */
	put(TOP SERVICE "/guest-10", "");
	ck_assert_int_eq(xengt_cgroup_guest_add(&cg, 10, &share), -ENOTDIR);
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, 10), -ENOTDIR);
}
END_TEST

/* ---- the end ---- */

static const struct {
	const char *events;
	int err;
} ends[] = {
	/* rmdir() of a folder of plain files fails, where the kernel's is gone. */
	{ "populated 0\nfrozen 0\n", -ENOTEMPTY },
	{ "frozen 1\npopulated 0", -ENOTEMPTY },
	/* Nobody tells that it changes. */
	{ "populated 1\nfrozen 0\n", -ETIMEDOUT },
	{ "populated 18446744073709551615\n", -ETIMEDOUT },
	/* What the kernel would not write is not taken for "nobody is there". */
	{ "", -EPROTO },
	{ "populated\n", -EPROTO },
	{ "populated \n", -EPROTO },
	{ "populated -1\n", -EPROTO },
	{ "populated 0x\n", -EPROTO },
	{ "populated 18446744073709551616\n", -EPROTO },
	{ "unpopulated 0\nxpopulated 0\npopulatedx 0\n", -EPROTO },
};

START_TEST(removed)
{
	service(UNIFIED, "cpu memory pids\n");
	cg.wait_ms = 10;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		int err;

		put(TOP SERVICE "/guest-7/cgroup.events", ends[i].events);
		put(TOP SERVICE "/guest-7/cgroup.kill", "");
		err = xengt_cgroup_guest_remove(&cg, 7);
		ck_assert_msg(err == ends[i].err, "%zu: %d", i, err);
		ck_assert_str_eq(get(TOP SERVICE "/guest-7/cgroup.kill"), "1");
	}
	ck_assert_int_eq(unlink(full(TOP SERVICE "/guest-7/cgroup.events")), 0);
	remove_all(full(TOP SERVICE "/guest-7"));
	ck_assert_int_eq(xengt_cgroup_guest_remove(&cg, 7), 0);
}
END_TEST

/* Only what is named as a guest's leaf is swept. */
START_TEST(swept)
{
	static const char *const others[] = { "guest-",	    "guest-x",		"guest-7x",
					      "guest--1",   "guest-4294967296", "xguest-1",
					      "supervisor", ".control" };
	static const char *const leaves[] = { "guest-0", "guest-007", "guest-4294967295" };
	char path[256];

	service(UNIFIED, "cpu memory pids\n");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(path, sizeof(path), TOP SERVICE "/%s", others[i]);
		put_cgroup(path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		snprintf(path, sizeof(path), TOP SERVICE "/%s", leaves[i]);
		put_cgroup(path);
	}
	cg.wait_ms = 10;
	ck_assert_int_eq(xengt_cgroup_sweep(&cg), -ENOTEMPTY);
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++) {
		snprintf(path, sizeof(path), TOP SERVICE "/%s/cgroup.kill", leaves[i]);
		ck_assert_str_eq(get(path), "1");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(path, sizeof(path), TOP SERVICE "/%s/cgroup.kill", others[i]);
		ck_assert_str_eq(get(path), "");
	}
	/* One that stays keeps none from being killed. */
	put(TOP SERVICE "/guest-7/cgroup.kill", "");
	put(TOP SERVICE "/guest-0/cgroup.kill", "");
	put(TOP SERVICE "/guest-7/cgroup.events", "populated 1\n");
	put(TOP SERVICE "/guest-0/cgroup.events", "populated 1\n");
	ck_assert_int_lt(xengt_cgroup_sweep(&cg), 0);
	ck_assert_str_eq(get(TOP SERVICE "/guest-7/cgroup.kill"), "1");
	ck_assert_str_eq(get(TOP SERVICE "/guest-0/cgroup.kill"), "1");
}
END_TEST

/* ---- figures ---- */

static int look(struct xengt_cgroup_figures *figures)
{
	memset(figures, 0xff, sizeof(*figures));
	return xengt_cgroup_guest_figures(&cg, 7, figures);
}

START_TEST(figures)
{
	struct xengt_cgroup_figures f;

	service(UNIFIED, "cpu memory pids\n");
	ck_assert_int_eq(look(&f), 0);
	ck_assert_uint_eq(f.cpu_us, 12345);
	ck_assert_uint_eq(f.throttled, 7);
	ck_assert_uint_eq(f.memory_bytes, 4096);
	ck_assert_uint_eq(f.memory_high, 2);
	ck_assert_uint_eq(f.oom, 4);
	put(TOP SERVICE "/guest-7/memory.current", "18446744073709551615\n");
	ck_assert_int_eq(look(&f), 0);
	ck_assert_uint_eq(f.memory_bytes, ~0ull);
	/* In any order, and keys that begin like others. */
	put(TOP SERVICE "/guest-7/memory.events", "oom_kill 5\nhigher 1\noom 4\nhigh 2");
	ck_assert_int_eq(look(&f), 0);
	ck_assert_uint_eq(f.memory_high, 2);
	ck_assert_uint_eq(f.oom, 4);
	ck_assert_int_eq(xengt_cgroup_guest_figures(&cg, 8, &f), -ENOENT);
	ck_assert_uint_eq(f.memory_bytes, 0);
}
END_TEST

/* Without the controllers there is the time on processors alone. */
START_TEST(figures_without)
{
	struct xengt_cgroup_figures f;

	service(UNIFIED, "\n");
	put(TOP SERVICE "/guest-7/cpu.stat", "usage_usec 5\n");
	ck_assert_int_eq(unlink(full(TOP SERVICE "/guest-7/memory.events")), 0);
	ck_assert_int_eq(unlink(full(TOP SERVICE "/guest-7/memory.current")), 0);
	ck_assert_int_eq(look(&f), 0);
	ck_assert_uint_eq(f.cpu_us, 5);
	ck_assert_uint_eq(f.throttled + f.memory_bytes + f.memory_high + f.oom, 0);
}
END_TEST

static const struct {
	const char *file, *text;
	size_t len;
} damaged[] = {
#define TEXT(t) t, sizeof(t) - 1
	{ "cpu.stat", TEXT("") },
	{ "cpu.stat", TEXT("usage_usec 1\n") },
	{ "cpu.stat", TEXT("nr_throttled 1\n") },
	{ "cpu.stat", TEXT("usage_usec 1 2\nnr_throttled 1\n") },
	{ "cpu.stat", TEXT("usage_usec  1\nnr_throttled 1\n") },
	{ "cpu.stat", TEXT("usage_usec -1\nnr_throttled 1\n") },
	{ "cpu.stat", TEXT("usage_usec 18446744073709551616\nnr_throttled 1\n") },
	{ "cpu.stat", TEXT("usage_usec 1\0\nnr_throttled 1\n") },
	{ "memory.current", TEXT("") },
	{ "memory.current", TEXT("max\n") },
	{ "memory.current", TEXT("1\n2\n") },
	{ "memory.current", TEXT("1 2\n") },
	{ "memory.current", TEXT("1\0002\n") },
	{ "memory.events", TEXT("high 1\n") },
	{ "memory.events", TEXT("high 1\noom_kill 1\n") },
	{ "memory.events", TEXT("oom 1\nhig 1\nhighs 1\n") },
};

START_TEST(figures_damaged)
{
	struct xengt_cgroup_figures f;
	static char large[4096];
	char path[128];

	service(UNIFIED, "cpu memory pids\n");
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		int err;

		put_cgroup(TOP SERVICE "/guest-7");
		ck_assert_int_eq(look(&f), 0);
		snprintf(path, sizeof(path), TOP SERVICE "/guest-7/%s", damaged[i].file);
		put_bytes(path, damaged[i].text, damaged[i].len);
		err = look(&f);
		ck_assert_msg(err == -EPROTO, "%zu: %d", i, err);
		ck_assert_uint_eq(f.cpu_us + f.throttled + f.memory_bytes + f.memory_high + f.oom,
				  0);
	}
	put_cgroup(TOP SERVICE "/guest-7");
	memset(large, '\n', sizeof(large));
	memcpy(large, "usage_usec 1\nnr_throttled 1", 27);
	put_bytes(TOP SERVICE "/guest-7/cpu.stat", large, sizeof(large));
	ck_assert_int_eq(look(&f), -EPROTO);
	ck_assert_int_eq(unlink(full(TOP SERVICE "/guest-7/cpu.stat")), 0);
	ck_assert_int_eq(look(&f), -ENOENT);
}
END_TEST

Suite *suite_cgroup(void)
{
	const TTest *const tests[] = {
		find,	    find_long,	     opened_in_service, opened_alone, some_missing,
		none_there, read_only,	     nothing_there,	weights,      caps,
		memory,	    half_made,	     out_of_range,	removed,      swept,
		figures,    figures_without, figures_damaged,
	};

	return unit_suite_with("cgroup", setup, teardown, tests, ARRAY_SIZE(tests));
}
