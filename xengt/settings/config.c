/* SPDX-License-Identifier: MIT */
#include "xengt/settings/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 4096u

/* Where Xen and Debian put the stock device model. */
static const char *const stock_models[] = {
	"/usr/libexec/xen-qemu-system-i386",
	"/usr/lib/xen/bin/qemu-system-i386",
	"/usr/libexec/xen/bin/qemu-system-i386",
	"/usr/local/lib/xen/bin/qemu-system-i386",
	"/usr/bin/qemu-system-i386",
};

/* A file while it is read. */
struct file {
	struct xengt_config *config;
	struct xengt_type *type; /* whose section this is; NULL: above the first */
	unsigned int line;
	unsigned int set[XENGT_SETTINGS_MAX];  /* the line in this section that set each setting */
	unsigned int section[XENGT_TYPES_MAX]; /* the line in which each type's section began */
	char *why;
	size_t why_len;
};

static char *strip(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isblank((unsigned char)end[-1]))
		*--end = '\0';
	while (isblank((unsigned char)*text))
		text++;
	return text;
}

int xengt_config_set(struct xengt_config *config, const char *name, const char *value, char *why,
		     size_t why_len)
{
	return xengt_setting_set(XENGT_IN_HOST, config, name, value, why, why_len);
}

static int take_section(struct file *file, const char *name)
{
	struct xengt_types *types = &file->config->types;
	unsigned int *line;

	file->type = xengt_types_section(types, name, file->why, file->why_len);
	if (!file->type)
		return -EINVAL;
	line = &file->section[file->type - types->list];
	if (*line) {
		snprintf(file->why, file->why_len, "the section of type %s is in line %u already",
			 name, *line);
		return -EINVAL;
	}
	*line = file->line;
	memset(file->set, 0, sizeof(file->set));
	return 0;
}

static int take_setting(struct file *file, const char *name, const char *value)
{
	unsigned int where = file->type ? XENGT_IN_TYPE : XENGT_IN_HOST, *line;
	int err = xengt_setting_set(where, file->type ? (void *)file->type : file->config, name,
				    value, file->why, file->why_len);

	if (err)
		return err;
	line = &file->set[xengt_setting_find(where, name) - xengt_settings];
	if (*line) {
		snprintf(file->why, file->why_len, "'%s' is set in line %u already", name, *line);
		return -EINVAL;
	}
	*line = file->line;
	return 0;
}

/* Whether the line has a byte that is no text. It is left in *@found. */
static bool has_control(const char *line, size_t len, unsigned char *found)
{
	for (size_t i = 0; i < len; i++) {
		*found = line[i];
		if (iscntrl(*found) && *found != '\t')
			return true;
	}
	return false;
}

/* @len: without the line feed. */
static int take_line(struct file *file, char *line, size_t len)
{
	unsigned char byte;
	char *key, *value;

	if (len >= LINE_BYTES_MAX) {
		snprintf(file->why, file->why_len, "a line has up to %u bytes", LINE_BYTES_MAX - 1);
		return -EINVAL;
	}
	if (has_control(line, len, &byte)) {
		snprintf(file->why, file->why_len,
			 "the byte 0x%02x is no text; a line ends with a line feed alone", byte);
		return -EINVAL;
	}
	key = strip(line);
	if (!*key || *key == '#')
		return 0;
	value = strchr(key, '=');
	len = strlen(key);
	if (!strncmp(key, "[type ", 6) && key[len - 1] == ']') {
		key[len - 1] = '\0';
		return take_section(file, strip(key + 6));
	}
	if (*key == '[' || !value) {
		snprintf(file->why, file->why_len, "a line is key = value, or [type NAME]");
		return -EINVAL;
	}
	*value++ = '\0';
	return take_setting(file, strip(key), strip(value));
}

/* Reads all lines. Returns 0, or a negative errno with a sentence in .why. */
static int take_lines(struct file *file, FILE *from)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&line, &room, from)) >= 0) {
		file->line++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		err = take_line(file, line, len);
	}
	if (!err && !feof(from)) {
		err = -errno;
		snprintf(file->why, file->why_len, "%s", strerror(errno));
	}
	free(line);
	return err;
}

int xengt_config_load(const char *path, struct xengt_config *config, char *why, size_t why_len)
{
	const char *name = path ? path : XENGT_CONFIG_FILE;
	char said[256];
	struct file file = { .config = config, .why = said, .why_len = sizeof(said) };
	FILE *from;
	int err;

	memset(config, 0, sizeof(*config));
	xengt_setting_defaults(XENGT_IN_HOST, config);
	config->types = xengt_types_builtin();
	from = fopen(name, "re");
	if (!from) {
		if (!path && errno == ENOENT)
			return 0;
		snprintf(why, why_len, "%s: %s", name, strerror(errno));
		return -errno;
	}
	err = take_lines(&file, from);
	fclose(from);
	if (!err && !xengt_types_find(&config->types, config->default_type)) {
		snprintf(why, why_len, "%s: default_type: there is no type '%s'", name,
			 config->default_type);
		return -EINVAL;
	}
	if (err && file.line)
		snprintf(why, why_len, "%s:%u: %s", name, file.line, said);
	else if (err)
		snprintf(why, why_len, "%s: %s", name, said);
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
	for (const struct xengt_setting *s = xengt_settings; s->name; s++)
		if (s->where & XENGT_RELOADED)
			xengt_setting_copy(s, config, &next);
	return 0;
}

/* @explain: with what each setting does, as a comment. */
static void print_all(unsigned int where, const void *from, bool explain, FILE *to)
{
	char value[512];

	for (const struct xengt_setting *s = xengt_settings; s->name; s++) {
		if (!(s->where & where))
			continue;
		xengt_setting_print(s, from, value, sizeof(value));
		if (explain)
			fprintf(to, "# %s\n", s->help);
		fprintf(to, "%s = %s\n", s->name, value);
	}
}

void xengt_config_print(const struct xengt_config *config, FILE *to)
{
	print_all(XENGT_IN_HOST, config, true, to);
	for (u32 i = 0; i < config->types.nr; i++) {
		fprintf(to, "\n[type %s]\n", config->types.list[i].options.type);
		print_all(XENGT_IN_TYPE, &config->types.list[i], !i, to);
	}
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
