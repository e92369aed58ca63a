/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xengt/qemu/qmp.h"

static bool same(const struct xengt_options *a, const struct xengt_options *b)
{
	return !strcmp(a->type, b->type) && a->aperture_mib == b->aperture_mib &&
	       a->fences == b->fences && a->memory_mib == b->memory_mib && a->weight == b->weight &&
	       a->cap == b->cap && a->audit_user == b->audit_user && a->heads == b->heads;
}

/* A domain that crashed and is preserved keeps its vGPU, until somebody says otherwise. */
static void held(const struct guest *guest, const char *uuid, char *why, size_t why_len)
{
	struct daemon *daemon = guest->daemon;
	const char *name = xengt_keeper_name(guest->keeper);
	struct xengt_dominfo info;
	bool over = !xengt_dominfo(&daemon->dom0, guest->domid, &info) && info.over;
	char who[64];
	domid_t domid;

	xengt_keeper_follow(guest->keeper);
	snprintf(who, sizeof(who), "%s", name);
	if (daemon_domid(daemon, who, &domid) || domid != guest->domid)
		snprintf(who, sizeof(who), "%u", guest->domid);
	snprintf(why, why_len, "domain %u (%s)%s has vGPU %s; 'xengt detach %s' takes it away",
		 guest->domid, name, over ? ", which does not run any more," : "", uuid, who);
}

/* The vGPU that a UUID names, with what the guest may say of it itself: slot and reads. */
static int take_by_uuid(struct daemon *daemon, const char *text, const struct xengt_options *asked,
			struct xengt_instance **out, struct xengt_options *options, char *why,
			size_t why_len)
{
	struct xengt_instance *instance = xengt_instances_find(&daemon->instances, asked->uuid);
	int err;

	if (!instance) {
		snprintf(why, why_len, "there is no vGPU %s: create it first, or name a type",
			 asked->uuid);
		return -ENOENT;
	}
	if (instance->guest) {
		held(instance->guest, asked->uuid, why, why_len);
		return -EBUSY;
	}
	*options = instance->options;
	err = xengt_options_parse(text, options, why, why_len);
	if (!err && !same(options, &instance->options)) {
		snprintf(why, why_len, "vGPU %s is of type %s, and has its sizes and share",
			 asked->uuid, instance->options.type);
		err = -EINVAL;
	}
	*out = instance;
	return err;
}

int choose_vgpu(struct daemon *daemon, const char *text, struct xengt_instance **out,
		struct xengt_options *options, char *why, size_t why_len)
{
	struct xengt_options asked = xengt_options_default();
	const struct xengt_type *type;
	const char *name;
	int err = xengt_options_parse(text, &asked, why, why_len);

	if (err)
		return err;
	if (asked.uuid[0])
		return take_by_uuid(daemon, text, &asked, out, options, why, why_len);
	name = asked.type[0] ? asked.type : daemon->config.default_type;
	type = xengt_types_find(&daemon->config.types, name);
	if (!type) {
		snprintf(why, why_len, "there is no type '%s'", name);
		return -ENOENT;
	}
	*options = type->options;
	err = xengt_options_parse(text, options, why, why_len);
	if (!err)
		err = xengt_instance_create(&daemon->instances, options, false, out, why, why_len);
	if (!err) {
		options->id = (*out)->options.id;
		strcpy(options->uuid, (*out)->options.uuid);
	}
	return err;
}

/* Of a domain whose device model runs already, as when a vGPU is attached by hand. */
int choose_slot(struct daemon *daemon, domid_t domid, struct xengt_options *options, char *why,
		size_t why_len)
{
	struct xengt_slots slots;
	int err = xengt_qmp_slots(daemon->qmp_dir, domid, &slots, why, why_len);

	return err ? err : xengt_slots_choose(&slots, &options->slot, why, why_len);
}
