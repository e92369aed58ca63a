/* SPDX-License-Identifier: MIT */
/* Which part of the display a register belongs to. */
#ifndef CORE_DISPLAY_PART_H
#define CORE_DISPLAY_PART_H

#include "core/base/types.h"

enum display_part {
	DISPLAY_PART_NONE, /* common to all, or of no part that is told apart here */
	DISPLAY_PART_PIPE,
	DISPLAY_PART_PLANE, /* universal planes, with their watermarks */
	DISPLAY_PART_CURSOR,
	DISPLAY_PART_SCALER,
	DISPLAY_PART_COLOUR, /* matrices and palettes */
	DISPLAY_PART_TRANSCODER,
	DISPLAY_PART_DDI, /* ports' buffers, training and signal levels */
	DISPLAY_PART_AUX,
	DISPLAY_PART_PLL,
	DISPLAY_PART_GMBUS,
	DISPLAY_PART_HOTPLUG,
	DISPLAY_PART_POWER, /* wells and fuses */
	DISPLAY_PARTS
};

/**
 * display_part() - the part that has the register at @offset of BAR0.
 * @nr: which pipe, transcoder or port, counted from A = 0; of planes, cursors, scalers and colour,
 * the pipe. 0 where there is only one.
 */
enum display_part display_part(u32 offset, u32 *nr);

#endif
