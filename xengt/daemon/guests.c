/* SPDX-License-Identifier: MIT */
/* The guests that have a vGPU: it is given to them, taken from them, and its share is set. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xengt/daemon/choose.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/guest.h"
#include "xengt/daemon/process.h"
#include "xengt/settings/log.h"

static int attach(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
		  struct guest **out, char *why, size_t why_len)
{
	int err = guest_add(daemon, domid, options, out, why, why_len);

	if (err)
		return err;
	err = process_serves(*out, why, why_len);
	if (err) {
		guest_drop(*out, false);
		return err;
	}
	guest_log_attached(*out, false);
	return 0;
}

int daemon_attach(struct daemon *daemon, domid_t domid, const char *text, struct guest **out,
		  char *why, size_t why_len)
{
	struct xengt_instance *instance = NULL;
	struct xengt_options options;
	struct guest *guest;
	int err;

	if (daemon_find_domid(daemon, domid)) {
		snprintf(why, why_len, "domain %u has a vGPU already", domid);
		return -EEXIST;
	}
	err = choose_vgpu(daemon, text, &instance, &options, why, why_len);
	if (!err) {
		err = choose_slot(daemon, domid, &options, why, why_len);
		if (!err)
			err = attach(daemon, domid, &options, &guest, why, why_len);
		if (err)
			xengt_instance_unbind(&daemon->instances, instance);
	}
	if (err) {
		guest_refused(domid, why);
		return err;
	}
	guest_bind(instance, guest);
	if (out)
		*out = guest;
	return 0;
}

/* Has the vGPU taken from a domain that lives. False: some of it is left there. */
static bool take_away(struct guest *guest, bool over)
{
	char why[256] = "";
	int err = guest_ask(guest, XENGT_LINK_DETACH, over ? XENGT_LEAVE_MEMORY : XENGT_GIVE_UP,
			    why, sizeof(why));

	if (err)
		xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_ERR,
				    "its vGPU cannot be taken away whole, and is left to the next "
				    "xengtd: %s",
				    *why ? why : strerror(-err));
	return !err;
}

void daemon_detach(struct guest *guest, bool keep)
{
	struct xengt_dominfo info;
	bool lives = !xengt_dominfo(&guest->daemon->dom0, guest->domid, &info) && !info.dying &&
		     !memcmp(info.uuid, xengt_keeper_kept(guest->keeper)->uuid, sizeof(info.uuid));

	xengt_keeper_log_of(guest->keeper, XENGT_DETACHED, XENGT_INFO, "vGPU %s",
			    keep ? "left to the next xengtd" : "detached");
	/* When a domain dies, Xen frees all that its vGPU had there. */
	if (!keep && lives)
		keep = !take_away(guest, info.over);
	guest_drop(guest, keep);
}

void daemon_leave_all(struct daemon *daemon)
{
	process_leave_all(daemon);
	while (daemon->guests)
		daemon_detach(daemon->guests, true);
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
