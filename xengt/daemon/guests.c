/* SPDX-License-Identifier: MIT */
/* The guests that have a vGPU: it is given to them, taken from them, and its share is set. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xengt/daemon/choose.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/guest.h"
#include "xengt/daemon/process.h"
#include "xengt/daemon/work.h"
#include "xengt/settings/log.h"

/* ---- attached ---- */

static struct guest *attached(struct guest *guest, int *err, char *why, size_t why_len)
{
	(void)why_len;
	if (!*err) {
		guest_log_attached(guest, false);
		return guest;
	}
	guest_refused(guest->domid, why);
	guest_drop(guest, false);
	return NULL;
}

static const struct work_kind attaching = {
	.is = "attached",
	.hides = true,
	.patience = 30,
	.over = attached,
};

static int begin(struct daemon *daemon, domid_t domid, const char *text, guest_done *done,
		 void *arg, char *why, size_t why_len)
{
	struct xengt_instance *instance = NULL;
	struct xengt_options options;
	struct guest *guest;
	int err = choose_vgpu(daemon, text, &instance, &options, why, why_len);

	if (err)
		return err;
	err = choose_slot(daemon, domid, &options, why, why_len);
	if (!err)
		err = guest_add(daemon, domid, &options, &guest, why, why_len);
	if (err) {
		xengt_instance_unbind(&daemon->instances, instance);
		return err;
	}
	guest_bind(instance, guest);
	err = work_begin(guest, &attaching, 0, 0, done, arg);
	if (err) {
		snprintf(why, why_len, "%s", strerror(-err));
		guest_drop(guest, false);
	}
	return err;
}

void daemon_attach(struct daemon *daemon, domid_t domid, const char *text, guest_done *done,
		   void *arg)
{
	struct guest *guest = daemon_find_domid(daemon, domid);
	char why[512] = "";
	int err;

	if (guest && work_busy(guest, false, why, sizeof(why))) {
		err = -EBUSY;
	} else if (guest) {
		snprintf(why, sizeof(why), "domain %u has a vGPU already", domid);
		err = -EEXIST;
	} else {
		err = begin(daemon, domid, text, done, arg, why, sizeof(why));
		if (err)
			guest_refused(domid, why);
	}
	if (err)
		done(arg, NULL, err, why);
}

/* ---- detached ---- */

static struct guest *detached(struct guest *guest, int *err, char *why, size_t why_len)
{
	bool keep = *err;

	(void)why_len;
	if (keep)
		xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_ERR,
				    "its vGPU cannot be taken away whole, and is left to the next "
				    "xengtd: %s",
				    why);
	guest_drop(guest, keep);
	*err = 0;
	return NULL;
}

static const struct work_kind detaching = {
	.is = "detached",
	.asks = true,
	.hides = true,
	.ends = true,
	.patience = 10,
	.over = detached,
};

void daemon_detach(struct guest *guest, guest_done *done, void *arg)
{
	struct xengt_dominfo info;
	char why[512] = "";
	int err;

	if (work_busy(guest, false, why, sizeof(why))) {
		if (done)
			done(arg, guest, -EBUSY, why);
		return;
	}
	if (!guest_lives(guest, &info)) {
		guest_gone(guest);
		if (done)
			done(arg, NULL, 0, "");
		return;
	}
	xengt_keeper_log_of(guest->keeper, XENGT_DETACHED, XENGT_INFO, "vGPU detached");
	err = work_begin(guest, &detaching, XENGT_LINK_DETACH,
			 info.over ? XENGT_LEAVE_MEMORY : XENGT_GIVE_UP, done, arg);
	if (err) {
		snprintf(why, sizeof(why), "%s", strerror(-err));
		detached(guest, &err, why, sizeof(why));
		if (done)
			done(arg, NULL, 0, "");
	}
}

/* What becomes of a guest's vGPU when xengtd ends. */
static void leave(struct guest *guest)
{
	bool keep =
		!work_is(guest, &attaching) && !(work_is(guest, &detaching) && work_done(guest));

	work_stop(guest, -ESHUTDOWN, "xengtd ends");
	if (keep)
		guest_leave(guest);
	else
		guest_drop(guest, false);
}

void daemon_leave_all(struct daemon *daemon)
{
	process_leave_all(daemon);
	while (daemon->guests)
		leave(daemon->guests);
}

int daemon_schedule(struct daemon *daemon, struct xengt_instance *instance, u32 weight, u32 cap)
{
	const struct xengt_options was = instance->options;
	int err;

	instance->options.weight = weight;
	instance->options.cap = cap;
	err = xengt_instance_save(&daemon->instances, instance);
	if (err)
		instance->options = was;
	else if (instance->guest) {
		struct xengt_kept *kept = xengt_keeper_kept(instance->guest->keeper);

		kept->weight = weight;
		kept->cap = cap;
		process_ask(instance->guest, XENGT_LINK_SHARE, 0, NULL, NULL, NULL);
		xengt_cgroup_guest_set(&daemon->cgroup, instance->guest->domid, weight, cap);
	}
	return err;
}

/* Gives the vGPU its type's new weight and cap, unless it had ones of its own. */
static void follow_type(struct daemon *daemon, struct xengt_instance *instance,
			const struct xengt_types *was)
{
	const struct xengt_options *of = &instance->options;
	const struct xengt_type *old = xengt_types_find(was, of->type);
	const struct xengt_type *new = xengt_types_find(&daemon->config.types, of->type);
	u32 weight = of->weight, cap = of->cap;
	int err;

	if (!old || !new)
		return;
	if (weight == old->options.weight)
		weight = new->options.weight;
	if (cap == old->options.cap)
		cap = new->options.cap;
	if (weight == of->weight && cap == of->cap)
		return;
	err = daemon_schedule(daemon, instance, weight, cap);
	if (err)
		xengt_log(XENGT_ERR, "vGPU %s keeps its share: %s", of->uuid, strerror(-err));
}

int daemon_reload(struct daemon *daemon, char *why, size_t why_len)
{
	const struct xengt_types was = daemon->config.types;
	int err = xengt_config_reload(daemon->config_file, &daemon->config, why, why_len);

	if (err)
		return err;
	for (struct xengt_instance *i = daemon->instances.first; i; i = i->next)
		follow_type(daemon, i, &was);
	return 0;
}
