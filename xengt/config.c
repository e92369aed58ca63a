/* SPDX-License-Identifier: MIT */
#include "xengt/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/types.h"

static const struct xengt_config defaults = {
	.socket = XENGT_RUNDIR "/xengt.sock",
	.group = "root",
	.state_dir = XENGT_RUNDIR,
	.poll_max = 64,
};

/* A key of the file. A size of 0 says that it is a number. */
static const struct {
	const char *name;
	size_t offset, size;
} keys[] = {
	{ "socket", offsetof(struct xengt_config, socket), sizeof(defaults.socket) },
	{ "group", offsetof(struct xengt_config, group), sizeof(defaults.group) },
	{ "state_dir", offsetof(struct xengt_config, state_dir), sizeof(defaults.state_dir) },
	{ "qemu", offsetof(struct xengt_config, qemu), sizeof(defaults.qemu) },
	{ "poll_max", offsetof(struct xengt_config, poll_max), 0 },
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

static const char *set(struct xengt_config *config, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *to = (char *)config + keys[i].offset, *end;
		unsigned long number;

		if (strcmp(name, keys[i].name))
			continue;
		if (keys[i].size) {
			if (strlen(value) >= keys[i].size)
				return "the value is too long";
			strcpy(to, value);
			return NULL;
		}
		number = strtoul(value, &end, 0);
		if (!isdigit((unsigned char)*value) || *end || number > 1000000)
			return "the value must be a number from 0 to 1000000";
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

int xengt_config_load(const char *path, struct xengt_config *config, char *why, size_t why_len)
{
	const char *name = path ? path : XENGT_CONFIG_FILE, *wrong = NULL;
	char *line = NULL;
	size_t room = 0;
	unsigned int number = 0;
	FILE *file;

	*config = defaults;
	file = fopen(name, "re");
	if (!file) {
		if (!path && errno == ENOENT)
			return 0;
		snprintf(why, why_len, "%s: %s", name, strerror(errno));
		return -errno;
	}
	while (!wrong && getline(&line, &room, file) >= 0) {
		char *key = strip(line), *value = strchr(key, '=');

		number++;
		if (!*key || *key == '#')
			continue;
		if (!value) {
			wrong = "a line is key = value";
			continue;
		}
		*value++ = '\0';
		wrong = set(config, strip(key), strip(value));
	}
	free(line);
	fclose(file);
	if (!wrong)
		return 0;
	snprintf(why, why_len, "%s:%u: %s", name, number, wrong);
	return -EINVAL;
}
