/* SPDX-License-Identifier: MIT */
#include "xengt/settings/xen_param.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <xenhypfs.h>

#include "core/base/number.h"

#define PATH_MAX_BYTES 64

static int result(bool good)
{
	return good ? 0 : errno ? -errno : -EIO;
}

static void path_of(const char *name, char path[PATH_MAX_BYTES])
{
	snprintf(path, PATH_MAX_BYTES, "/params/%s", name);
}

int xengt_xen_param(const char *name, u32 *number)
{
	xenhypfs_handle *hypfs = xenhypfs_open(NULL, 0);
	char path[PATH_MAX_BYTES], *text;
	u64 read;
	int err;

	path_of(name, path);
	text = hypfs ? xenhypfs_read(hypfs, path) : NULL;
	err = result(text);
	if (!err)
		err = xengt_number(text, XENGT_DECIMAL, 0, INT_MAX, &read);
	if (!err)
		*number = read;
	free(text);
	if (hypfs)
		xenhypfs_close(hypfs);
	return err;
}

int xengt_xen_param_set(const char *name, u32 number)
{
	xenhypfs_handle *hypfs = xenhypfs_open(NULL, 0);
	char path[PATH_MAX_BYTES], text[16];
	int err;

	path_of(name, path);
	snprintf(text, sizeof(text), "%u", number);
	err = result(hypfs && !xenhypfs_write(hypfs, path, text));
	if (hypfs)
		xenhypfs_close(hypfs);
	return err;
}
