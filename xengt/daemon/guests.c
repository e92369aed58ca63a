/* SPDX-License-Identifier: MIT */
/* The guests that have a vGPU: choosing one, attaching and detaching it, and following the
 * domain. */
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
#include "xengt/daemon/process.h"
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
	/* An empty name, as of a script's unset variable, is no domain's. */
	ids = *who ? xengt_store_list(daemon->dom0.store, "/local/domain", &nr) : NULL;
	for (unsigned int i = 0; ids && i < nr; i++) {
		char *name;

		if (xengt_number(ids[i], XENGT_DECIMAL, 0, DOMID_FIRST_RESERVED - 1, &number))
			continue;
		name = xengt_dom0_read(&daemon->dom0, XENGT_NAME_PATH, number);
		if (name && !strcmp(name, who) && (!found || number < *domid)) {
			*domid = number;
			found = true;
		}
		free(name);
	}
	/* Without an answer of xenstored, the names that were last read count. */
	for (struct guest *guest = ids ? NULL : daemon->guests; guest && !found; guest = guest->next) {
		found = *who && !strcmp(xengt_keeper_name(guest->keeper), who);
		*domid = guest->domid;
	}
	free(ids);
	return found ? 0 : -ESRCH;
}

struct guest *daemon_find_domid(struct daemon *daemon, domid_t domid)
{
	for (struct guest *guest = daemon->guests; guest; guest = guest->next)
		if (guest->domid == domid)
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

/* Says who has the vGPU. A domain that crashed and is preserved keeps its vGPU until a detach. */
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

/* Takes the vGPU of the UUID. Of @text's options, the slot and read_through may differ from it. */
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

/* Watches the guest's name and memory target in xenstore, or stops. */
static void watch(const struct guest *guest, bool on)
{
	static const char *const paths[] = { XENGT_NAME_PATH, XENGT_MEMORY_PATH };
	struct xengt_store *store = guest->daemon->dom0.store;
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		snprintf(path, sizeof(path), paths[i], guest->domid);
		if (on)
			xengt_store_watch(store, path);
		else
			xengt_store_unwatch(store, path);
	}
}

/* Opens the domain's keeper, and starts its process. @options: NULL, an earlier xengtd left the
 * vGPU. */
static int add(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
	       struct guest **out, char *why, size_t why_len)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	int err;

	if (!guest) {
		snprintf(why, why_len, "out of memory");
		return -ENOMEM;
	}
	guest->daemon = daemon;
	guest->domid = domid;
	err = xengt_keeper_open(&daemon->dom0, domid, options, &guest->keeper, why, why_len);
	if (!err) {
		err = process_start(guest, why, why_len);
		if (err)
			xengt_keeper_close(guest->keeper, !options);
	}
	if (err) {
		free(guest);
		return err;
	}
	guest->serial = ++daemon->last_serial;
	guest->next = daemon->guests;
	daemon->guests = guest;
	watch(guest, true);
	xengt_keeper_follow(guest->keeper);
	*out = guest;
	return 0;
}

/* Ends the guest's process and frees the guest. @keep: another xengtd takes its vGPU up. */
static void drop(struct guest *guest, bool keep)
{
	struct guest **link = &guest->daemon->guests;

	control_forget(guest);
	process_end(guest);
	watch(guest, false);
	while (*link != guest)
		link = &(*link)->next;
	*link = guest->next;
	if (!keep)
		xengt_keeper_withdraw(guest->keeper);
	xengt_keeper_close(guest->keeper, keep);
	/* NULL if memory ran out as the vGPU was taken up. */
	if (guest->instance)
		xengt_instance_unbind(&guest->daemon->instances, guest->instance);
	free(guest);
}

static void log_attached(const struct guest *guest, bool take_up)
{
	const struct xengt_options *options = &xengt_keeper_kept(guest->keeper)->options;

	xengt_keeper_log_of(guest->keeper, XENGT_ATTACHED, XENGT_INFO,
			    "vGPU %u %s at 00:%02x.0, type %s, aperture %u MiB", options->id,
			    take_up ? "taken up again" : "attached", options->slot, options->type,
			    options->aperture_mib);
}

static int attach(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
		  struct guest **out, char *why, size_t why_len)
{
	int err = add(daemon, domid, options, out, why, why_len);

	if (err)
		return err;
	err = process_serves(*out, why, why_len);
	if (err) {
		drop(*out, false);
		return err;
	}
	log_attached(*out, false);
	return 0;
}

/* Chooses a slot that the domain's device model, if it runs already, has free. */
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

	/* The guest that had the vGPU may have gone, and its watch not have fired yet. */
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

/* Asks the guest's process. If the process is dead, starts another, and asks that. */
static int ask_surely(struct guest *guest, enum xengt_link_type type, u64 value, char *why,
		      size_t why_len)
{
	int err = process_wait(guest, type, value, NULL, NULL, NULL);

	if (err != -EPIPE)
		return err;
	process_end(guest);
	err = process_start(guest, why, why_len);
	if (!err)
		err = process_serves(guest, why, why_len);
	return err ? err : process_wait(guest, type, value, NULL, NULL, NULL);
}

/* Has the process take the vGPU out of a domain that lives. False: part of it is left there. */
static bool take_away(struct guest *guest, bool over)
{
	char why[256] = "";
	int err = ask_surely(guest, XENGT_LINK_DETACH, over ? XENGT_LEAVE_MEMORY : XENGT_GIVE_UP,
			     why, sizeof(why));

	if (err)
		xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_ERR,
				    "its vGPU cannot be taken away whole, and is left to the next "
				    "daemon: %s",
				    *why ? why : strerror(-err));
	return !err;
}

void daemon_detach(struct guest *guest, bool keep)
{
	struct xengt_dominfo info;
	bool lives = !xengt_dominfo(&guest->daemon->dom0, guest->domid, &info) && !info.dying &&
		     !memcmp(info.uuid, xengt_keeper_kept(guest->keeper)->uuid, sizeof(info.uuid));

	xengt_keeper_log_of(guest->keeper, XENGT_DETACHED, XENGT_INFO, "vGPU %s",
			    keep ? "left to the next daemon" : "detached");
	/* When a domain dies, Xen frees all that its vGPU had there. */
	if (!keep && lives)
		keep = !take_away(guest, info.over);
	drop(guest, keep);
}

void daemon_leave_all(struct daemon *daemon)
{
	process_leave_all(daemon);
	while (daemon->guests)
		daemon_detach(daemon->guests, true);
}

/* ---- domains that go on with another kernel, or another device model ---- */

/* Resets the vGPU after a soft reset of the domain. May come more than once for one soft reset: by
 * xenstore, and by the new device model. */
static int restart(struct guest *guest, char *why, size_t why_len)
{
	char said[256] = "";
	int err;

	/* xl has set the domain's memory limit anew. */
	xengt_keeper_follow(guest->keeper);
	err = ask_surely(guest, XENGT_LINK_RESTART, 0, said, sizeof(said));
	if (!err) {
		xengt_keeper_kept(guest->keeper)->booted = false;
		xengt_keeper_publish(guest->keeper);
		if (!guest->restarted)
			xengt_keeper_log_of(guest->keeper, XENGT_RESTARTED, XENGT_INFO,
					    "the domain was soft reset: vGPU as after power-on");
		guest->restarted = true;
		return 0;
	}
	snprintf(why, why_len, "domain %u was soft reset, and its vGPU cannot be: %s", guest->domid,
		 *said ? said : strerror(-err));
	xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_ERR, "%s", why);
	return err;
}

/* The process that xenstore names as the domain's device model; 0: none, or it does not run. */
static pid_t living_model(const struct guest *guest)
{
	char *text = xengt_dom0_read(&guest->daemon->dom0, XENGT_MODEL_PATH, guest->domid);
	u64 pid = 0;

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
	err = xengt_dominfo(&daemon->dom0, domid, &info);
	if (!err && !info.booted) {
		err = restart(guest, why, why_len);
	} else if (!err && (other = living_model(guest))) {
		snprintf(why, why_len,
			 "domain %u has a vGPU already, and a device model: process %d", domid,
			 other);
		refused(domid, why);
		err = -EEXIST;
	} else if (!err) {
		xengt_keeper_log_of(guest->keeper, XENGT_OTHER, XENGT_INFO,
				    "another device model; the vGPU stays as it is");
	}
	if (!err)
		*out = guest;
	return err;
}

/* A domain that was booted and is not any more was soft reset. */
static void follow_domain(struct guest *guest, const struct xengt_dominfo *info)
{
	u32 *booted = &xengt_keeper_kept(guest->keeper)->booted;
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
		const struct xengt_kept *kept = xengt_keeper_kept(guest->keeper);
		struct xengt_dominfo info;
		int err = xengt_dominfo(&daemon->dom0, guest->domid, &info);

		next = guest->next;
		if (err == -ESRCH ||
		    (!err && (info.dying || memcmp(info.uuid, kept->uuid, sizeof(info.uuid)))))
			daemon_detach(guest, false);
		else if (!err && info.suspended)
			process_ask(guest, XENGT_LINK_SUSPEND, 0, NULL, NULL, NULL);
		else if (!err)
			follow_domain(guest, &info);
	}
}

/* Marks the guest whose path fired. @releaseDomain, the other watch, names no domain. */
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
 * @releaseDomain does not name the domain that went or shut down: daemon_reap() asks Xen about
 * each. It comes first, since Xen cannot free a dead domain whose memory is still mapped.
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

/* ---- after another xengtd ---- */

static int take_up(struct daemon *daemon, domid_t domid, char *why, size_t why_len)
{
	struct xengt_instance *instance;
	struct xengt_options options;
	struct xengt_kept *kept;
	struct guest *guest;
	int err = add(daemon, domid, NULL, &guest, why, why_len);

	if (err)
		return err;
	kept = xengt_keeper_kept(guest->keeper);
	options = kept->options;
	options.weight = kept->weight;
	options.cap = kept->cap;
	instance = xengt_instances_find(&daemon->instances, options.uuid);
	if (!instance || instance->guest)
		instance = xengt_instance_adopt(&daemon->instances, &options);
	if (!instance) {
		snprintf(why, why_len, "out of memory");
		daemon_detach(guest, true);
		return -ENOMEM;
	}
	bind(instance, guest);
	log_attached(guest, true);
	return 0;
}

/* Removes the files of a vGPU whose domain is gone or another one by now. After other errors they
 * stay, for a person to look at. */
static void clear_away(struct daemon *daemon, domid_t domid, int err)
{
	static const char *const suffixes[] = { XENGT_STATE_SUFFIX, XENGT_KEPT_SUFFIX };
	struct xengt_dominfo info;
	bool gone = xengt_dominfo(&daemon->dom0, domid, &info) == -ESRCH;

	if (err != -ESRCH && err != -ESTALE && !gone)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		xengt_file_remove(daemon->config.state_dir, domid, suffixes[i]);
}

void daemon_take_up_all(struct daemon *daemon)
{
	DIR *dir = opendir(daemon->config.state_dir);
	struct dirent *entry;
	char why[512];

	while (dir && (entry = readdir(dir))) {
		const char *at = entry->d_name;
		u64 domid;
		int err;

		if (xengt_number_at(&at, XENGT_DECIMAL, DOMID_FIRST_RESERVED - 1, &domid) ||
		    strcmp(at, XENGT_KEPT_SUFFIX))
			continue;
		err = take_up(daemon, domid, why, sizeof(why));
		if (!err)
			continue;
		refused(domid, why);
		clear_away(daemon, domid, err);
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
