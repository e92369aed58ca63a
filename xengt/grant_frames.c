/* SPDX-License-Identifier: MIT */
#include "xengt/grant_frames.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenhypfs.h>

#include "xengt/log.h"
#include "xengt/number.h"

#define PATH "/params/gnttab_max_frames"

static int result(bool good)
{
	return good ? 0 : errno ? -errno : -EIO;
}

int xengt_grant_frames_get(u32 *frames)
{
	xenhypfs_handle *hypfs = xenhypfs_open(NULL, 0);
	char *text = hypfs ? xenhypfs_read(hypfs, PATH) : NULL;
	int err = result(text);
	u64 number;

	if (!err)
		err = xengt_number(text, XENGT_DECIMAL, 0, INT_MAX, &number);
	if (!err)
		*frames = number;
	free(text);
	if (hypfs)
		xenhypfs_close(hypfs);
	return err;
}

static int set(u32 frames)
{
	xenhypfs_handle *hypfs = xenhypfs_open(NULL, 0);
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", frames);
	err = result(hypfs && !xenhypfs_write(hypfs, PATH, text));
	if (hypfs)
		xenhypfs_close(hypfs);
	return err;
}

void xengt_grant_frames_raise(u32 frames)
{
	u32 now = 0;
	int err = frames ? xengt_grant_frames_get(&now) : 0;

	if (!err && now >= frames)
		return;
	if (!err)
		err = set(frames);
	if (err)
		xengt_log(XENGT_WARN,
			  "cannot raise Xen's gnttab_max_frames to %u: %s; with less, part of an "
			  "aperture traps",
			  frames, strerror(-err));
	else
		xengt_log(XENGT_INFO,
			  "Xen's gnttab_max_frames was %u, and is %u for guests made from now on",
			  now, frames);
}
