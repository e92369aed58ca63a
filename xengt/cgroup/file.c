/* SPDX-License-Identifier: MIT */
#include "xengt/cgroup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/number.h"

#define VALUE_MAX 64u

int xengt_cgroup_put(int dir, const char *name, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list args;
	ssize_t done;
	int fd, len, err;

	va_start(args, format);
	len = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (len < 0 || len >= (int)sizeof(value))
		return -EINVAL;
	fd = openat(dir, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	done = write(fd, value, len);
	err = done == len ? 0 : done < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

int xengt_cgroup_get(int dir, const char *name, char *text, size_t len)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t at = 0;
	ssize_t got;
	int err;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + at, len - at);
		at += got > 0 ? got : 0;
	} while (got > 0 && at < len);
	err = got < 0 ? -errno : 0;
	close(fd);
	if (!err && (at == len || memchr(text, '\0', at)))
		err = -EPROTO;
	text[err ? 0 : at] = '\0';
	return err;
}

/* The rest of the line that begins with @key and a blank; NULL: there is none. */
static const char *behind(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (strncmp(text, key, len) || text[len] != ' ') {
		text = strchr(text, '\n');
		if (!text++)
			return NULL;
	}
	return text + len + 1;
}

int xengt_cgroup_value(const char *text, const char *key, u64 *val)
{
	const char *at = key ? behind(text, key) : text;
	u64 n;

	if (!at || xengt_number_at(&at, XENGT_DECIMAL, ~0ull, &n) || (*at && *at != '\n'))
		return -EPROTO;
	if (!key && *at && at[1])
		return -EPROTO;
	*val = n;
	return 0;
}

bool xengt_cgroup_lists(const char *text, const char *name)
{
	size_t len = strlen(name), word;

	for (; *text; text += word + strspn(text + word, " \n")) {
		word = strcspn(text, " \n");
		if (word == len && !strncmp(text, name, len))
			return true;
	}
	return false;
}
