/* SPDX-License-Identifier: MIT */
/* The settings that the programs share: built-in, from the configuration file, from options. */
#ifndef XENGT_SETTINGS_CONFIG_H
#define XENGT_SETTINGS_CONFIG_H

#include <stdio.h>

#include "xengt/settings/options.h"
#include "xengt/settings/vgpu_type.h"

#define XENGT_CONFIG_FILE XENGT_SYSCONFDIR "/xen/xengt.conf"

/**
 * xengt_config_load() - set @config to the built-in settings, then read the file at @path. NULL
 * means XENGT_CONFIG_FILE, which need not exist. The file is the administrator's: what it says in
 * another way than xengt.conf(5) has it is refused, not guessed.
 * @why: receives a sentence that names file and line. Returns 0, or a negative errno; then @config
 * has the settings before the mistake, and built-in ones.
 */
int xengt_config_load(const char *path, struct xengt_config *config, char *why, size_t why_len);

/** xengt_config_set() - set one setting by its name in the file. Returns 0 or -EINVAL with @why. */
int xengt_config_set(struct xengt_config *config, const char *name, const char *value, char *why,
		     size_t why_len);

/** xengt_config_print() - write all settings and types as xengt.conf may have them. */
void xengt_config_print(const struct xengt_config *config, FILE *to);

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
