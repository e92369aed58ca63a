/* SPDX-License-Identifier: MIT */
/* Guests that an earlier daemon left. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/number.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/guest.h"
#include "xengt/xen/state.h"

static int take_up(struct daemon *daemon, domid_t domid, char *why, size_t why_len)
{
	struct xengt_instance *instance;
	struct xengt_options options;
	struct xengt_kept *kept;
	struct guest *guest;
	int err = guest_add(daemon, domid, NULL, &guest, why, why_len);

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
		guest_leave(guest);
		return -ENOMEM;
	}
	guest_bind(instance, guest);
	guest_log_attached(guest, true);
	return 0;
}

/* What is left of a vGPU that nobody can take up, unless a person is to see it. */
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
		guest_refused(domid, why);
		clear_away(daemon, domid, err);
	}
	if (dir)
		closedir(dir);
}
