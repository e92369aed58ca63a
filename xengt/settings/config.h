/* SPDX-License-Identifier: MIT */
/* The settings that the programs share: built-in, from the configuration file, from options. */
#ifndef XENGT_SETTINGS_CONFIG_H
#define XENGT_SETTINGS_CONFIG_H

#include <stddef.h>

#include "xengt/settings/vgpu_type.h"

struct xengt_config {
	char socket[108];		   /* path of the control socket (108: sun_path's size) */
	char group[64];			   /* the group that may use it */
	char state_dir[200];		   /* for vGPUs' files; must be emptied at boot */
	char qemu[256];			   /* the stock device model; empty: look for it */
	char tree[200];			   /* mount point of the tree of files; empty: none */
	char gpu[16];			   /* what executes guests' work: "software" or "none" */
	char default_type[XENGT_NAME_MAX]; /* for guests that name no type */
	unsigned int poll_max;
	unsigned int max_vgpus;	   /* at most on this host */
	unsigned int memory_mb;	   /* graphics memory of all vGPUs; 0: no limit */
	unsigned int grant_frames; /* raise Xen's gnttab_max_frames to this; 0: leave it */
	unsigned int uid_base; /* a guest's process runs as this uid and gid, plus its domid; 0: as
				* xengtd's */
	struct xengt_types types;
};

/* A range that systemd and Debian leave unused, from 0x70000000 on (systemd's UIDS-GIDS.md). */
#define XENGT_UID_BASE 1879048192u

#define XENGT_CONFIG_FILE XENGT_SYSCONFDIR "/xen/xengt.conf"

/**
 * xengt_config_load() - set @config to the built-in settings, then read the file at @path. NULL
 * means XENGT_CONFIG_FILE, which need not exist.
 * @why: receives a sentence that names file and line. Returns 0, or a negative errno; then @config
 * has the settings before the mistake, and built-in ones.
 */
int xengt_config_load(const char *path, struct xengt_config *config, char *why, size_t why_len);

/** xengt_config_set() - set one setting by its name in the file. Returns 0 or -EINVAL with @why. */
int xengt_config_set(struct xengt_config *config, const char *name, const char *value, char *why,
		     size_t why_len);

/**
 * xengt_config_reload() - read the settings that may change while there are vGPUs: types, limits
 * and polling. The others stay as they are until xengtd is restarted. Returns as
 * xengt_config_load(), with nothing changed on failure.
 */
int xengt_config_reload(const char *path, struct xengt_config *config, char *why, size_t why_len);

/**
 * xengt_config_model() - the path of the stock device model, as set or found; NULL: there is none.
 * @root: before the paths looked at; "" for this system.
 */
const char *xengt_config_model(const struct xengt_config *config, const char *root);

#endif
