/* SPDX-License-Identifier: MIT */
/*
 * Xen's parameter gnttab_max_frames: how many frames a domain's grant table may have where the
 * domain's configuration says nothing of it (max_grant_frames); and, before 4.18, what that may say
 * at most. It counts when a domain is made (xen/common/grant_table.c, grant_table_init()). It is 64
 * as Xen comes, and may be changed while Xen runs, in hypfs.
 */
#ifndef XENGT_KEEPER_GRANT_FRAMES_H
#define XENGT_KEEPER_GRANT_FRAMES_H

#include "core/base/types.h"

/**
 * xengt_grant_frames_raise() - have it no less than @frames, for domains that are made from now on.
 * Says in the log what it changed, or that it could not.
 */
void xengt_grant_frames_raise(u32 frames);

#endif
