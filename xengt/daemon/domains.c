/* SPDX-License-Identifier: MIT */
/* What becomes of guests' domains: they go, are suspended, go on with another kernel or device
 * model. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/guest.h"
#include "xengt/daemon/process.h"
#include "xengt/daemon/work.h"

static struct guest *was_reset(struct guest *guest, int *err, char *why, size_t why_len)
{
	char said[256];

	xengt_keeper_kept(guest->keeper)->booted = false;
	if (!*err) {
		xengt_keeper_publish(guest->keeper);
		if (!guest->restarted)
			xengt_keeper_log_of(guest->keeper, XENGT_RESTARTED, XENGT_INFO,
					    "the domain was soft reset: vGPU as after power-on");
		guest->restarted = true;
		return guest;
	}
	snprintf(said, sizeof(said), "%.255s", why);
	snprintf(why, why_len, "domain %u was soft reset, and its vGPU cannot be: %s", guest->domid,
		 said);
	xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_ERR, "%s", why);
	return guest;
}

static const struct work_kind resetting = {
	.is = "reset",
	.asks = true,
	.patience = 10,
	.over = was_reset,
};

/* Of one soft reset xengtd hears more than once: from xenstore, and from the device model. */
static int reset(struct guest *guest, guest_done *done, void *arg, char *why, size_t why_len)
{
	int err;

	if (done && work_join(guest, &resetting, done, arg))
		return 0;
	if (work_busy(guest, false, why, why_len))
		return -EBUSY;
	/* xl has set the limit anew. */
	xengt_keeper_follow(guest->keeper);
	err = work_begin(guest, &resetting, XENGT_LINK_RESTART, 0, done, arg);
	if (err)
		snprintf(why, why_len, "%s", strerror(-err));
	return err;
}

/* The process that xl knows as the domain's device model, if it is there; 0: none. */
static pid_t living_model(const struct guest *guest)
{
	char *text = xengt_dom0_read(&guest->daemon->dom0, XENGT_MODEL_PATH, guest->domid);
	u64 pid = 0;

	if (text)
		xengt_number(text, XENGT_DECIMAL, 1, INT_MAX, &pid);
	free(text);
	return pid && (!kill(pid, 0) || errno == EPERM) ? pid : 0;
}

void daemon_start_model(struct daemon *daemon, domid_t domid, const char *text, guest_done *done,
			void *arg)
{
	struct xengt_dominfo info;
	struct guest *guest;
	char why[512] = "";
	pid_t other;
	int err;

	daemon_reap(daemon);
	guest = daemon_find_domid(daemon, domid);
	if (!guest) {
		daemon_attach(daemon, domid, text, done, arg);
		return;
	}
	err = xengt_dominfo(&daemon->dom0, domid, &info);
	if (!err && (!info.booted || guest->work)) {
		err = reset(guest, done, arg, why, sizeof(why));
		if (!err)
			return;
	} else if (!err && (other = living_model(guest))) {
		snprintf(why, sizeof(why),
			 "domain %u has a vGPU already, and a device model: process %d", domid,
			 other);
		guest_refused(domid, why);
		err = -EEXIST;
	} else if (!err) {
		xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_INFO,
				    "another device model; the vGPU stays as it is");
	} else {
		snprintf(why, sizeof(why), "%s", strerror(-err));
	}
	done(arg, err ? NULL : guest, err, why);
}

/* Its firmware ran, and then it had not: the domain starts anew. */
static void follow_domain(struct guest *guest, const struct xengt_dominfo *info)
{
	u32 *booted = &xengt_keeper_kept(guest->keeper)->booted;
	char why[256];

	if (info->booted) {
		*booted = true;
		guest->restarted = false;
	} else if (*booted && !guest->work && reset(guest, NULL, NULL, why, sizeof(why))) {
		*booted = false;
	}
}

void daemon_reap(struct daemon *daemon)
{
	struct guest *guest, *next;

	for (guest = daemon->guests; guest; guest = next) {
		const struct xengt_kept *kept = xengt_keeper_kept(guest->keeper);
		struct xengt_dominfo info;
		int err = xengt_dominfo(&daemon->dom0, guest->domid, &info);

		next = guest->next;
		if (err == -ESRCH ||
		    (!err && (info.dying || memcmp(info.uuid, kept->uuid, sizeof(info.uuid)))))
			guest_gone(guest);
		else if (!err && info.suspended)
			process_ask(guest, XENGT_LINK_SUSPEND, 0, NULL, NULL, NULL);
		else if (!err)
			follow_domain(guest, &info);
	}
}

/* What is watched of a guest is named by its path; domains that come and go are not. */
static void mark_changed(struct daemon *daemon, const char *path)
{
	static const char within[] = "/local/domain/";
	struct guest *guest;
	u64 domid;

	if (strncmp(path, within, strlen(within)))
		return;
	path += strlen(within);
	if (xengt_number_at(&path, XENGT_DECIMAL, DOMID_FIRST_RESERVED - 1, &domid) || *path != '/')
		return;
	guest = daemon_find_domid(daemon, domid);
	if (guest)
		guest->changed = true;
}

/*
 * A domain that went, or merely shut down, is not named: Xen knows which. What is held of a dead
 * one keeps it from being freed, so this comes before all else.
 */
void daemon_on_xenstore(struct daemon *daemon)
{
	char *fired;

	while ((fired = xengt_store_fired(daemon->dom0.store))) {
		mark_changed(daemon, fired);
		free(fired);
	}
	daemon_reap(daemon);
	for (struct guest *guest = daemon->guests; guest; guest = guest->next) {
		if (!guest->changed)
			continue;
		guest->changed = false;
		xengt_keeper_follow(guest->keeper);
	}
}
