/* SPDX-License-Identifier: MIT */
/*
 * The order in which a process gives up its rights. Each step leaves it those that the later ones
 * need, and no more.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xengt/jail/internal.h"
#include "xengt/jail/sanitizer.h"

static int check_asked(struct jail_entry *entry)
{
	const struct xengt_jail *jail = entry->jail;

	return !jail->uid || !jail->files || jail->files > XENGT_JAIL_FILES_MAX ? -EINVAL : 0;
}

/* Capabilities and the flags of prctl() are a thread's, so another thread would keep its own. */
static int be_alone(struct jail_entry *entry)
{
	struct stat st;

	(void)entry;
	if (stat("/proc/self/task", &st))
		return -errno;
	/* A folder of each, and two links as any folder has (Linux's proc_task_getattr()). */
	return st.st_nlink == 2 + 1 ? 0 : -EBUSY;
}

static int change_user(struct jail_entry *entry)
{
	uid_t uid = entry->jail->uid;

	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

static int gain_nothing(struct jail_entry *entry)
{
	(void)entry;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* Nobody of the same user may trace it or read its memory. A change of user makes it so too, unless
 * fs.suid_dumpable says otherwise. */
static int hide_memory(struct jail_entry *entry)
{
	(void)entry;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) ? -errno : 0;
}

/* A parent that died before this has sent no signal, but is not the parent any more. */
static int die_with_parent(struct jail_entry *entry)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return getppid() == entry->jail->parent ? 0 : -ESRCH;
}

static const struct step {
	const char *what; /* "could not ..." */
	int (*take)(struct jail_entry *entry);
} steps[] = {
	{ "take these numbers of user and descriptors", check_asked },
	{ "enter while there are other threads", be_alone },
	{ "look through the descriptors", jail_descriptors },
	/* In the user namespace there is a full bounding set, to be emptied again; without one this
	 * was the only chance. */
	{ "empty the bounding set", jail_bounding },
	/* Before the namespaces, so that these belong to this user and need no right of root's. */
	{ "become another user", change_user },
	{ "make namespaces", jail_namespaces },
	{ "give up all capabilities", jail_capabilities },
	/* After the user namespace, in which threads are counted for this process alone. */
	{ "set the limits", jail_limits },
	{ "refuse new privileges", gain_nothing },
	{ "hide the memory", hide_memory },
	/* Any change of user or capabilities takes the signal back (prctl(2)). */
	{ "be the child of that parent", die_with_parent },
};

int jail_rights(const struct xengt_jail *jail, u32 *missing, char *why, size_t why_len)
{
	struct jail_entry entry = { .jail = jail, .why = why, .why_len = why_len };
	int err;

	why[0] = '\0';
	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		err = steps[i].take(&entry);
		if (err && !why[0])
			snprintf(why, why_len, "could not %s: %s", steps[i].what, strerror(-err));
		if (err)
			return err;
	}
	*missing = entry.missing;
	return 0;
}

int xengt_jail_enter(const struct xengt_jail *jail, u32 *missing, char *why, size_t why_len)
{
	int err = jail_rights(jail, missing, why, why_len);

	if (!err)
		jail_no_leak_check();
	return err ?: jail_filter(why, why_len);
}
