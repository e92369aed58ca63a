/* SPDX-License-Identifier: MIT */
/*
 * What a monitor says of itself: VESA's Enhanced Extended Display Identification Data (E-EDID)
 * release A, revision 2, which is EDID 1.4, with one extension of CTA-861.
 */
#ifndef CORE_DISPLAY_EDID_H
#define CORE_DISPLAY_EDID_H

#include "core/base/types.h"
#include "core/display/mode.h"

#define DISPLAY_EDID_BLOCK 128u
#define DISPLAY_EDID_SIZE  (2 * DISPLAY_EDID_BLOCK) /* of one that is made here */
#define DISPLAY_EDID_MAX   (4 * DISPLAY_EDID_BLOCK) /* of one that a user gives */
#define DISPLAY_EDID_MODES 19u			    /* at most */

/**
 * struct display_monitor - what an EDID is made from.
 * @modes:  the sizes that it offers, the preferred one first; @nr of them, 1 to DISPLAY_EDID_MODES.
 *          Each is offered at 60 Hz.
 * @serial: tells monitors apart: desktops keep their settings by it.
 * @head:   a part of the name, "xengt-1": 1 to 9.
 */
struct display_monitor {
	const struct display_size *modes;
	u32 nr;
	u32 serial;
	u32 head;
};

/**
 * display_edid_make() - write the monitor's EDID into @edid, DISPLAY_EDID_SIZE bytes.
 *
 * The first mode and up to seven others get the timings of display_mode_cvt(): those that only a
 * detailed timing can name, then as many as fit of the others, in the list's order. What is left of
 * the list is offered with the timings of VESA's Display Monitor Timings, at most eight modes
 * beside 640x480, 800x600 and 1024x768, which always are. 640x480 is offered without being asked.
 *
 * Returns 0; -EINVAL when there is no mode, or the head has no name; -ERANGE when a size cannot be
 * a mode; -ENOSPC when the list does not fit.
 */
int display_edid_make(u8 *edid, const struct display_monitor *monitor);

/**
 * display_edid_fault() - what is wrong with the @len bytes of an EDID that a user gave, as a
 * sentence's end ("its block 1 has a wrong checksum"), in @text of @size bytes. Returns false when
 * nothing is: its length is that of all its blocks, it begins as an EDID of version 1 does, and
 * each block adds up to zero.
 */
bool display_edid_fault(const u8 *edid, size_t len, char *text, size_t size);

#endif
