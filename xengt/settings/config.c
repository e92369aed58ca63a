/* SPDX-License-Identifier: MIT */
#include "xengt/settings/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/number.h"
#include "core/base/types.h"

static const struct xengt_config defaults = {
	.socket = XENGT_RUNDIR "/xengt.sock",
	.group = "root",
	.state_dir = XENGT_RUNDIR,
	.tree = XENGT_RUNDIR "/gvt",
	.gpu = "software",
	.default_type = "i915-GVTg_V5_2",
	.poll_max = 64,
	.max_vgpus = 64,
	.grant_frames = 273,
	.uid_base = XENGT_UID_BASE,
};

static const char *const gpus[] = { "software", "none", NULL };

/* The keys of the file. Size 0: the value is a number. .words: the value must be one of them. */
static const struct {
	const char *name;
	size_t offset, size;
	const char *const *words;
	const char *wrong;
	u32 max; /* the largest number; 0: a million */
} keys[] = {
	{ "socket", offsetof(struct xengt_config, socket), sizeof(defaults.socket) },
	{ "group", offsetof(struct xengt_config, group), sizeof(defaults.group) },
	{ "state_dir", offsetof(struct xengt_config, state_dir), sizeof(defaults.state_dir) },
	{ "qemu", offsetof(struct xengt_config, qemu), sizeof(defaults.qemu) },
	{ "tree", offsetof(struct xengt_config, tree), sizeof(defaults.tree) },
	{ "gpu", offsetof(struct xengt_config, gpu), sizeof(defaults.gpu), gpus,
	  "the value must be software or none" },
	{ "default_type", offsetof(struct xengt_config, default_type),
	  sizeof(defaults.default_type) },
	{ "poll_max", offsetof(struct xengt_config, poll_max), 0 },
	{ "max_vgpus", offsetof(struct xengt_config, max_vgpus), 0 },
	{ "memory_mb", offsetof(struct xengt_config, memory_mb), 0 },
	{ "grant_frames", offsetof(struct xengt_config, grant_frames), 0 },
	{ "uid_base", offsetof(struct xengt_config, uid_base), 0, NULL,
	  "the value must be a number from 0 to 2000000000", 2000000000 },
};

/* Where Xen and Debian put the stock device model. */
static const char *const stock_models[] = {
	"/usr/libexec/xen-qemu-system-i386",
	"/usr/lib/xen/bin/qemu-system-i386",
	"/usr/libexec/xen/bin/qemu-system-i386",
	"/usr/local/lib/xen/bin/qemu-system-i386",
	"/usr/bin/qemu-system-i386",
};

static char *strip(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static bool is_one_of(const char *value, const char *const *words)
{
	while (*words && strcmp(value, *words))
		words++;
	return *words;
}

static const char *set(struct xengt_config *config, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *to = (char *)config + keys[i].offset;
		u64 number;

		if (strcmp(name, keys[i].name))
			continue;
		if (keys[i].size) {
			if (strlen(value) >= keys[i].size)
				return "the value is too long";
			if (keys[i].words && !is_one_of(value, keys[i].words))
				return keys[i].wrong;
			strcpy(to, value);
			return NULL;
		}
		if (xengt_number(value, XENGT_EITHER, 0, keys[i].max ? keys[i].max : 1000000,
				 &number))
			return keys[i].wrong ? keys[i].wrong
					     : "the value must be a number from 0 to 1000000";
		*(unsigned int *)to = number;
		return NULL;
	}
	return "there is no such setting";
}

int xengt_config_set(struct xengt_config *config, const char *name, const char *value, char *why,
		     size_t why_len)
{
	const char *wrong = set(config, name, value);

	if (!wrong)
		return 0;
	snprintf(why, why_len, "%s: %s", name, wrong);
	return -EINVAL;
}

/* Reads a line of the file. *@type: the section that it is in; NULL before the first section. */
static int take_line(struct xengt_config *config, char *line, struct xengt_type **type, char *why,
		     size_t why_len)
{
	char *key = strip(line), *value = strchr(key, '=');
	size_t len = strlen(key);
	const char *wrong;

	if (!*key || *key == '#')
		return 0;
	if (!strncmp(key, "[type ", 6) && key[len - 1] == ']') {
		key[len - 1] = '\0';
		*type = xengt_types_section(&config->types, strip(key + 6), why, why_len);
		return *type ? 0 : -EINVAL;
	}
	if (value) {
		*value++ = '\0';
		key = strip(key);
		value = strip(value);
		if (*type)
			return xengt_type_set(*type, key, value, why, why_len);
		wrong = set(config, key, value);
	} else {
		wrong = "a line is key = value, or [type NAME]";
	}
	if (wrong)
		snprintf(why, why_len, "%s", wrong);
	return wrong ? -EINVAL : 0;
}

int xengt_config_load(const char *path, struct xengt_config *config, char *why, size_t why_len)
{
	const char *name = path ? path : XENGT_CONFIG_FILE;
	struct xengt_type *type = NULL;
	unsigned int number = 0;
	char *line = NULL, said[256];
	size_t room = 0;
	FILE *file;
	int err = 0;

	*config = defaults;
	config->types = xengt_types_builtin();
	file = fopen(name, "re");
	if (!file) {
		if (!path && errno == ENOENT)
			return 0;
		snprintf(why, why_len, "%s: %s", name, strerror(errno));
		return -errno;
	}
	while (!err && getline(&line, &room, file) >= 0) {
		number++;
		err = take_line(config, line, &type, said, sizeof(said));
	}
	free(line);
	fclose(file);
	if (!err && !xengt_types_find(&config->types, config->default_type)) {
		snprintf(why, why_len, "%s: default_type: there is no type '%s'", name,
			 config->default_type);
		return -EINVAL;
	}
	if (err)
		snprintf(why, why_len, "%s:%u: %s", name, number, said);
	return err;
}

int xengt_config_reload(const char *path, struct xengt_config *config, char *why, size_t why_len)
{
	struct xengt_config next;
	int err = xengt_config_load(path, &next, why, why_len);

	if (err)
		return err;
	next.types.generation = config->types.generation + 1;
	config->types = next.types;
	strcpy(config->default_type, next.default_type);
	config->poll_max = next.poll_max;
	config->max_vgpus = next.max_vgpus;
	config->memory_mb = next.memory_mb;
	return 0;
}

const char *xengt_config_model(const struct xengt_config *config, const char *root)
{
	char path[512];

	if (config->qemu[0])
		return config->qemu;
	for (size_t i = 0; i < ARRAY_SIZE(stock_models); i++) {
		snprintf(path, sizeof(path), "%s%s", root, stock_models[i]);
		if (!access(path, X_OK))
			return stock_models[i];
	}
	return NULL;
}
