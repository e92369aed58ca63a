/* SPDX-License-Identifier: MIT */
/* The settings that the programs share: built-in, from the configuration file, from options. */
#ifndef XENGT_SETTINGS_CONFIG_H
#define XENGT_SETTINGS_CONFIG_H

#include <stddef.h>

#include "xengt/settings/vgpu_type.h"

struct xengt_config {
	char socket[108];		   /* the control socket, as long as an address may be */
	char group[64];			   /* whose members may use it */
	char state_dir[200];		   /* of the vGPUs' states; must not outlive a boot */
	char qemu[256];			   /* the stock device model; empty: looked for */
	char tree[200];			   /* where the tree of files is mounted; empty: nowhere */
	char gpu[16];			   /* what executes guests' work: "software" or "none" */
	char default_type[XENGT_NAME_MAX]; /* of a guest that names none */
	unsigned int poll_max;
	unsigned int max_vgpus;	   /* on this host at once */
	unsigned int memory_mb;	   /* of graphics memory, for all of them; 0: no limit */
	unsigned int grant_frames; /* Xen's bound of a guest's grant table, at least; 0: as it is */
	unsigned int uid_base; /* a guest's process has this user and group, plus its domain's number; 0:
				* those of xengtd */
	struct xengt_types types;
};

/* Users that systemd and Debian leave to nobody: from 0x70000000 on (systemd's UIDS-GIDS.md). */
#define XENGT_UID_BASE 1879048192u

#define XENGT_CONFIG_FILE XENGT_SYSCONFDIR "/xen/xengt.conf"

/**
 * xengt_config_load() - the built-in settings, overlaid by the file at @path.
 * A file that is not there is no error when @path is NULL, which means XENGT_CONFIG_FILE. @why
 * receives a sentence naming file and line. Returns 0 or a negative errno; @config then holds what
 * stands before the mistake, and is complete otherwise.
 */
int xengt_config_load(const char *path, struct xengt_config *config, char *why, size_t why_len);

/** xengt_config_set() - set one setting by its name in the file. Returns 0 or -EINVAL with @why. */
int xengt_config_set(struct xengt_config *config, const char *name, const char *value, char *why,
		     size_t why_len);

/**
 * xengt_config_reload() - take from the file at @path what may change while vGPUs are there: types,
 * limits and polling. The rest stays as it is until the daemon starts anew. Returns as
 * xengt_config_load(), with nothing changed on failure.
 */
int xengt_config_reload(const char *path, struct xengt_config *config, char *why, size_t why_len);

/**
 * xengt_config_model() - the stock device model, as set or where it is found; NULL: nowhere.
 * @root: before the paths looked at; "" for this system.
 */
const char *xengt_config_model(const struct xengt_config *config, const char *root);

#endif
