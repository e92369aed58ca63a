/* SPDX-License-Identifier: MIT */
#include "xengt/cgroup/find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called for each line of a file. A result other than 0 ends the reading. */
typedef int (*line_fn)(char *line, void *arg);

static int for_each_line(const char *root, const char *name, line_fn fn, void *arg)
{
	char path[PATH_MAX], *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *file;
	int err = 0;

	if (snprintf(path, sizeof(path), "%s%s", root, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (!err && (len = getline(&line, &room, file)) >= 0) {
		if (len && line[len - 1] == '\n')
			line[len - 1] = '\0';
		err = fn(line, arg);
	}
	if (!err && ferror(file))
		err = -EIO;
	free(line);
	fclose(file);
	return err;
}

static bool is_octal(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' &&
	       text[2] >= '0' && text[2] <= '7';
}

/* Decodes a path: blanks, tabs, newlines and backslashes are a backslash and three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && is_octal(text + 1)) {
			*to++ = (text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0');
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

struct looking {
	const char *root;
	struct xengt_cgroup_place *place;
};

/* "device mount-point type options ...": the first cgroup2 is taken. */
static int look_at_mount(char *line, void *arg)
{
	struct looking *l = arg;
	struct xengt_cgroup_place *place = l->place;
	char *point, *type;

	strsep(&line, " ");
	point = strsep(&line, " ");
	type = strsep(&line, " ");
	if (!type)
		return 0;
	place->v1 |= !strcmp(type, "cgroup");
	if (strcmp(type, "cgroup2") || place->mount[0])
		return 0;
	unescape(point);
	if (snprintf(place->mount, sizeof(place->mount), "%s%s", l->root, point) >=
	    (int)sizeof(place->mount))
		return -ENAMETOOLONG;
	return 0;
}

/* Whether a part of @path is "..": so the kernel shows a cgroup outside of the namespace. */
static bool leaves(const char *path)
{
	while ((path = strstr(path, "/.."))) {
		path += 3;
		if (!*path || *path == '/')
			return true;
	}
	return false;
}

/* "hierarchy:controllers:path", of cgroup2 "0::path". */
static int look_at_own(char *line, void *arg)
{
	struct xengt_cgroup_place *place = arg;
	char *last;

	if (strncmp(line, "0::", 3))
		return 0;
	if (line[3] != '/')
		return -EPROTO;
	if (leaves(line + 3))
		return -EXDEV;
	line += 4;
	last = strrchr(line, '/');
	if (last && !strcmp(last + 1, XENGT_CGROUP_SUPERVISOR))
		*last = '\0';
	place->alone = !*line || !strcmp(line, XENGT_CGROUP_ALONE);
	if (snprintf(place->below, sizeof(place->below), "%s",
		     place->alone ? XENGT_CGROUP_ALONE : line) >= (int)sizeof(place->below))
		return -ENAMETOOLONG;
	return 0;
}

int xengt_cgroup_find(const char *root, struct xengt_cgroup_place *place, char *why, size_t why_len)
{
	struct looking l = { root, place };
	int err;

	*place = (struct xengt_cgroup_place){ .v1 = false };
	err = for_each_line(root, "/proc/self/mounts", look_at_mount, &l);
	if (!err && !place->mount[0]) {
		snprintf(why, why_len, "%s",
			 place->v1 ? "only cgroup v1 is mounted" : "no cgroup v2 is mounted");
		return -ENOENT;
	}
	if (!err)
		err = for_each_line(root, "/proc/self/cgroup", look_at_own, place);
	if (!err && !place->below[0]) {
		snprintf(why, why_len, "/proc/self/cgroup names no cgroup v2");
		return -ENOENT;
	}
	if (err)
		snprintf(why, why_len, "/proc/self does not say in which cgroup xengtd is: %s",
			 strerror(-err));
	return err;
}
