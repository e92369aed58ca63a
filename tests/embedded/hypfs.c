// SPDX-License-Identifier: MIT
/* libxenhypfs, with the only one of Xen's parameters that is used. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenhypfs.h>

#include "internal.h"

#define FRAMES_PATH "/params/gnttab_max_frames"

struct xenhypfs_handle {
	struct handle h;
};

static atomic_uint frames;
static atomic_bool there;

void hypfs_init(void)
{
	atomic_store(&frames, 64);
	atomic_store(&there, true);
}

unsigned int hypfs_grant_frames(void)
{
	return atomic_load(&frames);
}

void exen_set_grant_frames(unsigned int number)
{
	atomic_store(&frames, number);
}

void exen_set_hypfs(bool is)
{
	atomic_store(&there, is);
}

xenhypfs_handle *xenhypfs_open(struct xentoollog_logger *logger, unsigned int open_flags)
{
	(void)logger;
	(void)open_flags;
	if (instance_up() && !atomic_load(&there)) {
		errno = ENOSYS;
		return NULL;
	}
	return handle_open(HANDLE_HYPFS, sizeof(xenhypfs_handle), __func__);
}

int xenhypfs_close(xenhypfs_handle *fshdl)
{
	if (!fshdl)
		return 0;
	handle_close(&fshdl->h);
	free(fshdl);
	return 0;
}

static bool find(xenhypfs_handle *fshdl, const char *path, const char *call)
{
	if (!handle_ok(&fshdl->h, call))
		return false;
	if (!strcmp(path, FRAMES_PATH))
		return true;
	errno = ENOENT;
	return false;
}

char *xenhypfs_read(xenhypfs_handle *fshdl, const char *path)
{
	char text[16];

	if (!find(fshdl, path, __func__))
		return NULL;
	snprintf(text, sizeof(text), "%u", atomic_load(&frames));
	return strdup(text);
}

int xenhypfs_write(xenhypfs_handle *fshdl, const char *path, const char *val)
{
	unsigned long number;
	char *end;

	if (!find(fshdl, path, __func__))
		return -1;
	number = strtoul(val, &end, 0);
	if (*end || number > INT_MAX)
		return lib_return(*end ? -EINVAL : -ERANGE);
	atomic_store(&frames, number);
	return 0;
}
