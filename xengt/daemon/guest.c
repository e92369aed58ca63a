/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/daemon/process.h"
#include "xengt/daemon/work.h"
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
	/* xenstored does not answer: guests go by the names that they had. */
	for (struct guest *guest = ids ? NULL : daemon->guests; guest && !found;
	     guest = guest->next) {
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

void guest_refused(domid_t domid, const char *why)
{
	const struct xengt_subject of = { .domid = domid };

	xengt_log_of(&of, XENGT_REFUSED, XENGT_ERR, "no vGPU: %s", why);
}

/* What may change of it in xenstore. */
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

int guest_add(struct daemon *daemon, domid_t domid, const struct xengt_options *options,
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
		err = process_start(guest, options != NULL, why, why_len);
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

void guest_drop(struct guest *guest, bool keep)
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
	/* Not there where memory ran out as it was taken up. */
	if (guest->instance)
		xengt_instance_unbind(&guest->daemon->instances, guest->instance);
	free(guest);
}

void guest_log_attached(const struct guest *guest, bool take_up)
{
	const struct xengt_options *options = &xengt_keeper_kept(guest->keeper)->options;

	xengt_keeper_log_of(guest->keeper, XENGT_ATTACHED, XENGT_INFO,
			    "vGPU %u %s at 00:%02x.0, type %s, aperture %u MiB", options->id,
			    take_up ? "taken up again" : "attached", options->slot, options->type,
			    options->aperture_mib);
}

void guest_bind(struct xengt_instance *instance, struct guest *guest)
{
	instance->guest = guest;
	guest->instance = instance;
}

void guest_leave(struct guest *guest)
{
	xengt_keeper_log_of(guest->keeper, XENGT_DETACHED, XENGT_INFO,
			    "vGPU left to the next xengtd");
	guest_drop(guest, true);
}

bool guest_lives(const struct guest *guest, struct xengt_dominfo *info)
{
	return !xengt_dominfo(&guest->daemon->dom0, guest->domid, info) && !info->dying &&
	       !memcmp(info->uuid, xengt_keeper_kept(guest->keeper)->uuid, sizeof(info->uuid));
}

void guest_gone(struct guest *guest)
{
	char why[64];

	snprintf(why, sizeof(why), "there is no domain %u any more", guest->domid);
	work_stop(guest, -ESRCH, why);
	xengt_keeper_log_of(guest->keeper, XENGT_DETACHED, XENGT_INFO, "vGPU detached");
	guest_drop(guest, false);
}
