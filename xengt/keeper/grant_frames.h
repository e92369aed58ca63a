/* SPDX-License-Identifier: MIT */
/*
 * Xen's parameter gnttab_max_frames: how many frames the grant table of a domain may have if its
 * configuration does not set max_grant_frames; before Xen 4.18, also the largest value of that. Xen
 * reads it when a domain is made (xen/common/grant_table.c, grant_table_init()). The default is 64;
 * it may be changed in hypfs while Xen runs.
 */
#ifndef XENGT_KEEPER_GRANT_FRAMES_H
#define XENGT_KEEPER_GRANT_FRAMES_H

#include "core/base/types.h"

/**
 * xengt_grant_frames_raise() - raise it to @frames, if it is lower, for domains that are made from
 * now on; 0: leave it. Logs the change, or the failure.
 */
void xengt_grant_frames_raise(u32 frames);

#endif
