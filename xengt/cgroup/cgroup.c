/* SPDX-License-Identifier: MIT */
#include "xengt/cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xengt/cgroup/file.h"
#include "xengt/cgroup/find.h"
#include "xengt/settings/options.h"

/* The supervisor works for all guests: none of them comes before it. */
#define SUPERVISOR_WEIGHT (XENGT_CGROUP_WEIGHT * XENGT_WEIGHT_MAX)

/* To tear down the mappings of a large guest's memory takes a loaded host some seconds. */
#define WAIT_MS 5000u

static const struct controller {
	const char *name;
	u32 bit;
} controllers[] = {
	{ "cpu", XENGT_CGROUP_CPU },
	{ "memory", XENGT_CGROUP_MEMORY },
	{ "pids", XENGT_CGROUP_PIDS },
};

static void say(struct xengt_cgroup *cg, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct xengt_cgroup *cg, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(cg->why, sizeof(cg->why), format, args);
	va_end(args);
}

/* Notes in .why that there can be no leaves. @step: what failed. */
static int give_up(struct xengt_cgroup *cg, const struct xengt_cgroup_place *place,
		   const char *step, int err)
{
	xengt_cgroup_close(cg);
	say(cg,
	    "weights, caps and limits of memory of vGPUs do not count: cgroup %.150s/%.150s %s: "
	    "%s%s",
	    place->mount, place->below, step, strerror(-err),
	    err == -EROFS ? "; xengtd.service needs ReadWritePaths= with its path" : "");
	return err;
}

/*
 * Has the children of the cgroup @dir have those controllers that it has itself. Sets @has to
 * these. Returns 0 or a negative errno: then they have none.
 */
static int enable(int dir, u32 *has)
{
	char text[256], wanted[32] = "";
	u32 found = 0;
	int err = xengt_cgroup_get(dir, "cgroup.controllers", text, sizeof(text));
	size_t at = 0;

	*has = 0;
	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (!xengt_cgroup_lists(text, controllers[i].name))
			continue;
		at += snprintf(wanted + at, sizeof(wanted) - at, "%s+%s", at ? " " : "",
			       controllers[i].name);
		found |= controllers[i].bit;
	}
	if (found)
		err = xengt_cgroup_put(dir, "cgroup.subtree_control", "%s", wanted);
	if (!err)
		*has = found;
	return err;
}

/* Names what is missing. @err: why the controllers that are there were not to be had, or 0. */
static void say_missing(struct xengt_cgroup *cg, const struct xengt_cgroup_place *place, int err)
{
	char missing[32] = "";
	const char *reason;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		if (!(cg->has & controllers[i].bit))
			at += snprintf(missing + at, sizeof(missing) - at, " %s",
				       controllers[i].name);
	if (!at)
		return;
	if (err == -EBUSY)
		reason = "other processes are in that cgroup; start xengtd as a service";
	else if (err)
		reason = strerror(-err);
	else if (place->v1)
		reason = "cgroup v1 has them; Linux' parameter systemd.unified_cgroup_hierarchy=1 "
			 "changes that";
	else
		reason = "they are not delegated to it; xengtd.service needs "
			 "Delegate=cpu memory pids";
	say(cg,
	    "limits of vGPUs that need these controllers do not count:%s: cgroup %.100s/%.120s: %s",
	    missing, place->mount, place->below, reason);
}

/* Opens the cgroup to divide. */
static int open_place(struct xengt_cgroup *cg, const struct xengt_cgroup_place *place)
{
	int top = open(place->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	u32 has;

	if (top < 0)
		return -errno;
	/* Errors are ignored: say_missing() finds controllers that the root did not give. */
	if (place->alone)
		enable(top, &has);
	err = place->alone && mkdirat(top, place->below, 0755) && errno != EEXIST ? -errno : 0;
	if (!err) {
		cg->fd = openat(top, place->below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = cg->fd < 0 ? -errno : 0;
	}
	close(top);
	return err;
}

int xengt_cgroup_open(struct xengt_cgroup *cg, const char *root)
{
	struct xengt_cgroup_place place;
	char why[256];
	int err;

	*cg = (struct xengt_cgroup){ .fd = -1, .wait_ms = WAIT_MS };
	err = xengt_cgroup_find(root ? root : "", &place, why, sizeof(why));
	if (err) {
		say(cg, "weights, caps and limits of memory of vGPUs do not count: %s", why);
		return err;
	}
	err = open_place(cg, &place);
	if (err)
		return give_up(cg, &place, "cannot be opened", err);
	if (mkdirat(cg->fd, XENGT_CGROUP_SUPERVISOR, 0755) && errno != EEXIST)
		return give_up(cg, &place, "does not let xengtd create a cgroup", -errno);
	if (faccessat(cg->fd, XENGT_CGROUP_SUPERVISOR "/cgroup.kill", F_OK, 0))
		return give_up(cg, &place, "has no cgroup.kill, which Linux 5.14 brought", -errno);
	/* 0: who writes it. */
	err = xengt_cgroup_put(cg->fd, XENGT_CGROUP_SUPERVISOR "/cgroup.procs", "0");
	if (err)
		return give_up(cg, &place, "does not let xengtd move into it", err);
	err = enable(cg->fd, &cg->has);
	say_missing(cg, &place, err);
	if (cg->has & XENGT_CGROUP_CPU)
		xengt_cgroup_put(cg->fd, XENGT_CGROUP_SUPERVISOR "/cpu.weight", "%u",
				 SUPERVISOR_WEIGHT);
	return 0;
}

void xengt_cgroup_close(struct xengt_cgroup *cg)
{
	if (cg->fd >= 0)
		close(cg->fd);
	cg->fd = -1;
	cg->has = 0;
}
