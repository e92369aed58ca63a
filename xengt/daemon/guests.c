/* SPDX-License-Identifier: MIT */
/* The guests that have a vGPU: who gets which, and what becomes of it when a guest goes. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/daemon/daemon.h"
#include "xengt/guest/vgpu.h"
#include "xengt/qemu/qmp.h"
#include "xengt/settings/log.h"

int daemon_domid(struct daemon *daemon, const char *who, domid_t *domid)
{
	unsigned int nr = 0;
	bool found = false;
	u64 number;
	char **ids;
	int err = xengt_number(who, XENGT_DECIMAL, 0, DOMID_FIRST_RESERVED - 1, &number);

	if (err != -EINVAL) {
		*domid = number;
		return err ? -ESRCH : 0;
	}
	/* An empty word is what a script has in place of a name. */
	ids = *who ? xs_directory(daemon->host.xs, XBT_NULL, "/local/domain", &nr) : NULL;
	for (unsigned int i = 0; ids && i < nr; i++) {
		char path[64], *name;

		if (xengt_number(ids[i], XENGT_DECIMAL, 0, DOMID_FIRST_RESERVED - 1, &number))
			continue;
		snprintf(path, sizeof(path), XENGT_NAME_PATH, (unsigned int)number);
		name = xs_read(daemon->host.xs, XBT_NULL, path, NULL);
		if (name && !strcmp(name, who) && (!found || number < *domid)) {
			*domid = number;
			found = true;
		}
		free(name);
	}
	free(ids);
	return found ? 0 : -ESRCH;
}

struct guest *daemon_find_domid(struct daemon *daemon, domid_t domid)
{
	for (struct guest *guest = daemon->guests; guest; guest = guest->next)
		if (guest->v->domid == domid)
			return guest;
	return NULL;
}

/* ---- which vGPU ---- */

static bool same(const struct xengt_options *a, const struct xengt_options *b)
{
	return !strcmp(a->type, b->type) && a->aperture_mib == b->aperture_mib &&
	       a->fences == b->fences && a->memory_mib == b->memory_mib && a->weight == b->weight &&
	       a->cap == b->cap && a->audit_user == b->audit_user;
}

/* A domain that crashed and is preserved keeps its vGPU, until somebody says otherwise. */
static void held(const struct guest *guest, const char *uuid, char *why, size_t why_len)
{
	struct xengt_vgpu *v = guest->v;
	struct xengt_dominfo info;
	bool over = !xengt_dominfo(v->host, v->domid, &info) && info.over;
	char who[sizeof(v->name)];
	domid_t domid;

	xengt_vgpu_follow_name(v);
	snprintf(who, sizeof(who), "%s", v->name);
	if (daemon_domid(guest->daemon, who, &domid) || domid != v->domid)
		snprintf(who, sizeof(who), "%u", v->domid);
	snprintf(why, why_len, "domain %u (%s)%s has vGPU %s; 'xengt detach %s' takes it away",
		 v->domid, v->name, over ? ", which does not run any more," : "", uuid, who);
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

static int choose(struct daemon *daemon, const char *text, struct xengt_instance **out,
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

/* ---- attaching and detaching ---- */

static void refused(domid_t domid, const char *why)
{
	const struct xengt_subject of = { .domid = domid };

	xengt_log_of(&of, XENGT_REFUSED, XENGT_ERR, "no vGPU: %s", why);
}

/* What may change of it in xenstore. */
static void watch(struct guest *guest, bool on)
{
	static const char *const paths[] = { XENGT_NAME_PATH, XENGT_MEMORY_PATH };
	struct xs_handle *xs = guest->daemon->host.xs;
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		snprintf(path, sizeof(path), paths[i], guest->v->domid);
		if (on)
			xs_watch(xs, path, path);
		else
			xs_unwatch(xs, path, path);
	}
}

static int attach(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
		  struct guest **out, char *why, size_t why_len)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	bool take_up = !options;
	int err;

	if (!guest) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	err = xengt_vgpu_attach(&daemon->host, domid, options, take_up, &guest->v, why, why_len);
	if (err) {
		free(guest);
		return err;
	}
	guest->daemon = daemon;
	guest->serial = ++daemon->last_serial;
	guest->next = daemon->guests;
	daemon->guests = guest;
	watch(guest, true);
	xengt_vgpu_follow_memory(guest->v);
	if (control_follow(guest) < 0)
		xengt_vgpu_log(guest->v, XENGT_OTHER, XENGT_WARN, "cannot be traced");
	xengt_vgpu_log(guest->v, XENGT_ATTACHED, XENGT_INFO,
		       "vGPU %u %s at 00:%02x.0, type %s, aperture %u MiB",
		       guest->v->state->options.id, take_up ? "taken up again" : "attached",
		       guest->v->state->options.slot, guest->v->state->options.type,
		       guest->v->state->options.aperture_mib);
	*out = guest;
	return 0;
}

/* Of a domain whose device model runs already, as when a vGPU is attached by hand. */
static int choose_slot(struct daemon *daemon, domid_t domid, struct xengt_options *options,
		       char *why, size_t why_len)
{
	struct xengt_slots slots;
	int err = xengt_qmp_slots(daemon->qmp_dir, domid, &slots, why, why_len);

	return err ? err : xengt_slots_choose(&slots, &options->slot, why, why_len);
}

static void bind(struct xengt_instance *instance, struct guest *guest)
{
	instance->guest = guest;
	guest->instance = instance;
}

int daemon_attach(struct daemon *daemon, domid_t domid, const char *text, struct guest **out,
		  char *why, size_t why_len)
{
	struct xengt_instance *instance = NULL;
	struct xengt_options options;
	struct guest *guest;
	int err;

	/* The guest that had it may have gone without our having been told yet. */
	daemon_reap(daemon);
	if (daemon_find_domid(daemon, domid)) {
		snprintf(why, why_len, "domain %u has a vGPU already", domid);
		return -EEXIST;
	}
	err = choose(daemon, text, &instance, &options, why, why_len);
	if (!err) {
		err = choose_slot(daemon, domid, &options, why, why_len);
		if (!err)
			err = attach(daemon, domid, &options, &guest, why, why_len);
		if (err)
			xengt_instance_unbind(&daemon->instances, instance);
	}
	if (err) {
		refused(domid, why);
		return err;
	}
	bind(instance, guest);
	if (out)
		*out = guest;
	return 0;
}

void daemon_detach(struct guest *guest, bool keep)
{
	struct guest **link = &guest->daemon->guests;

	control_forget(guest);
	watch(guest, false);
	while (*link != guest)
		link = &(*link)->next;
	*link = guest->next;
	xengt_vgpu_log(guest->v, XENGT_DETACHED, XENGT_INFO, "vGPU %s",
		       keep ? "left to the next daemon" : "detached");
	xengt_vgpu_detach(guest->v, keep);
	/* Not there where memory ran out as it was taken up. */
	if (guest->instance)
		xengt_instance_unbind(&guest->daemon->instances, guest->instance);
	free(guest);
}

/* ---- domains that go on with another kernel, or another device model ---- */

/* Of one soft reset the daemon hears more than once: from xenstore, and from the device model. */
static int restart(struct guest *guest, char *why, size_t why_len)
{
	int err = xengt_vgpu_restart(guest->v);

	if (!err) {
		if (!guest->restarted)
			xengt_vgpu_log(guest->v, XENGT_RESTARTED, XENGT_INFO,
				       "the domain was soft reset: vGPU as after power-on");
		guest->restarted = true;
		return 0;
	}
	snprintf(why, why_len, "domain %u was soft reset, and its vGPU cannot be: %s",
		 guest->v->domid, strerror(-err));
	xengt_vgpu_log(guest->v, XENGT_OTHER, XENGT_ERR, "%s", why);
	return err;
}

/* The process that xl knows as the domain's device model, if it is there; 0: none. */
static pid_t living_model(const struct guest *guest)
{
	char path[64], *text;
	u64 pid = 0;

	snprintf(path, sizeof(path), XENGT_MODEL_PATH, guest->v->domid);
	text = xs_read(guest->daemon->host.xs, XBT_NULL, path, NULL);
	if (text)
		xengt_number(text, XENGT_DECIMAL, 1, INT_MAX, &pid);
	free(text);
	return pid && (!kill(pid, 0) || errno == EPERM) ? pid : 0;
}

int daemon_start_model(struct daemon *daemon, domid_t domid, const char *text, struct guest **out,
		       char *why, size_t why_len)
{
	struct xengt_dominfo info;
	struct guest *guest;
	pid_t other;
	int err;

	daemon_reap(daemon);
	guest = daemon_find_domid(daemon, domid);
	if (!guest)
		return daemon_attach(daemon, domid, text, out, why, why_len);
	err = xengt_dominfo(&daemon->host, domid, &info);
	if (!err && !info.booted) {
		err = restart(guest, why, why_len);
		/* Nobody serves it any more. */
		if (err == -EIO) {
			daemon_detach(guest, false);
			return daemon_attach(daemon, domid, text, out, why, why_len);
		}
	} else if (!err && (other = living_model(guest))) {
		snprintf(why, why_len,
			 "domain %u has a vGPU already, and a device model: process %d", domid,
			 other);
		refused(domid, why);
		err = -EEXIST;
	} else if (!err) {
		xengt_vgpu_log(guest->v, XENGT_OTHER, XENGT_INFO,
			       "another device model; the vGPU stays as it is");
	}
	if (!err)
		*out = guest;
	return err;
}

/* Its firmware ran, and then it had not: the domain starts anew. */
static void follow_domain(struct guest *guest, const struct xengt_dominfo *info)
{
	u32 *booted = &guest->v->state->booted;
	char why[256];

	if (info->booted) {
		*booted = true;
		guest->restarted = false;
	} else if (*booted && restart(guest, why, sizeof(why))) {
		*booted = false;
	}
}

void daemon_reap(struct daemon *daemon)
{
	struct guest *guest, *next;

	for (guest = daemon->guests; guest; guest = next) {
		struct xengt_dominfo info;
		int err = xengt_dominfo(&daemon->host, guest->v->domid, &info);

		next = guest->next;
		if (err == -ESRCH ||
		    (!err &&
		     (info.dying || memcmp(info.uuid, guest->v->state->uuid, sizeof(info.uuid)))))
			daemon_detach(guest, false);
		else if (!err && info.suspended)
			xengt_vgpu_suspended(guest->v);
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
	char **fired;

	while ((fired = xs_check_watch(daemon->host.xs))) {
		mark_changed(daemon, fired[XS_WATCH_PATH]);
		free(fired);
	}
	daemon_reap(daemon);
	/* Others are not asked: one that is at long work would be waited for. */
	for (struct guest *guest = daemon->guests; guest; guest = guest->next) {
		if (!guest->changed)
			continue;
		guest->changed = false;
		xengt_vgpu_follow_name(guest->v);
		xengt_vgpu_follow_memory(guest->v);
	}
}

/* ---- after another daemon ---- */

static int take_up(struct daemon *daemon, domid_t domid, char *why, size_t why_len)
{
	struct xengt_instance *instance;
	struct xengt_options *options;
	struct guest *guest;
	int err = attach(daemon, domid, NULL, &guest, why, why_len);

	if (err)
		return err;
	options = &guest->v->state->options;
	instance = xengt_instances_find(&daemon->instances, options->uuid);
	if (!instance || instance->guest)
		instance = xengt_instance_adopt(&daemon->instances, options);
	if (!instance) {
		snprintf(why, why_len, "out of memory");
		daemon_detach(guest, true);
		return -ENOMEM;
	}
	bind(instance, guest);
	return 0;
}

void daemon_take_up_all(struct daemon *daemon)
{
	DIR *dir = opendir(daemon->config.state_dir);
	struct dirent *entry;
	char why[512];

	while (dir && (entry = readdir(dir))) {
		const char *at = entry->d_name;
		char path[512];
		u64 domid;
		int err;

		if (xengt_number_at(&at, XENGT_DECIMAL, DOMID_FIRST_RESERVED - 1, &domid) ||
		    strcmp(at, ".vgpu"))
			continue;
		err = take_up(daemon, domid, why, sizeof(why));
		if (err)
			refused(domid, why);
		if (err != -ESRCH && err != -ESTALE && err != -EPROTO)
			continue;
		snprintf(path, sizeof(path), "%s/%s", daemon->config.state_dir, entry->d_name);
		/* A domain that is there, and a state that cannot be read: for a person to see. */
		if (err == -EPROTO) {
			struct xengt_dominfo info;

			if (xengt_dominfo(&daemon->host, domid, &info) != -ESRCH)
				continue;
		}
		unlink(path);
	}
	if (dir)
		closedir(dir);
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
		instance->guest->v->state->options.weight = weight;
		instance->guest->v->state->options.cap = cap;
		intel_vgpu_schedule(instance->guest->v->vgpu, weight, cap);
	}
	return err;
}

/* What a vGPU has of its type, and not by itself, follows the type. */
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
	daemon->host.poll_max = daemon->config.poll_max;
	for (struct xengt_instance *i = daemon->instances.first; i; i = i->next)
		follow_type(daemon, i, &was);
	return 0;
}
