/* SPDX-License-Identifier: MIT */
/*
 * The Video BIOS Table, by which firmware tells a display driver which ports the machine has. It
 * stands in mailbox 4 of the OpRegion.
 */
#ifndef CORE_DISPLAY_VBT_H
#define CORE_DISPLAY_VBT_H

#include "core/base/types.h"

#define DISPLAY_VBT_AT	0x400u	/* from the OpRegion's start */
#define DISPLAY_VBT_MAX 0x1c00u /* the mailbox's size */
#define DISPLAY_HEADS	3u	/* at most: DDI B, C and D have an AUX channel and a pipe each */

/**
 * display_vbt_make() - write a VBT with a DisplayPort output for each of @heads heads, on DDI B, C
 * and D in this order. It names no panel, no CRT and no television.
 * @size: bytes at @vbt; all of them are written, with zeros behind the VBT.
 * Returns the VBT's length; -EINVAL when @heads is not 1 to DISPLAY_HEADS; -ENOSPC when @size is
 * too small, or more than a VBT can say of itself (65535).
 *
 * Layout: version 186, by i915's intel_vbt_defs.h of Linux 5.10, and what intel_bios.c of 5.10 to
 * 7.2 reads of it. A child device of this version has 33 bytes.
 */
int display_vbt_make(u8 *vbt, size_t size, u32 heads);

#endif
