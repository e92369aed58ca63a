/* SPDX-License-Identifier: MIT */
#include "xengt/keeper/grant_frames.h"

#include <string.h>

#include "xengt/settings/log.h"
#include "xengt/settings/xen_param.h"

#define NAME "gnttab_max_frames"

void xengt_grant_frames_raise(u32 frames)
{
	u32 now = 0;
	int err = frames ? xengt_xen_param(NAME, &now) : 0;

	if (!err && now >= frames)
		return;
	if (!err)
		err = xengt_xen_param_set(NAME, frames);
	if (err)
		xengt_log(XENGT_WARN,
			  "cannot raise Xen's " NAME " to %u: %s; with less, part of an aperture "
			  "traps",
			  frames, strerror(-err));
	else
		xengt_log(XENGT_INFO,
			  "Xen's " NAME " was %u, and is %u for guests made from now on", now,
			  frames);
}
