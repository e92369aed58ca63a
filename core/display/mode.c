/* SPDX-License-Identifier: MIT */
#include "core/display/mode.h"

#include <errno.h>

/* CVT 1.1, sections 3.4 (vertical sync width) and 3.5 (reduced blanking). */
#define CELL 8u /* pixels */

enum {
	REFRESH = 60, /* Hz */
	H_BLANK = 160,
	H_SYNC = 32,
	H_BACK_PORCH = 80,
	V_FRONT_PORCH = 3,
	V_BACK_PORCH_MIN = 6,
	V_BLANK_MIN = 460,   /* microseconds */
	CLOCK_STEP = 250000, /* Hz */
	CLOCK_MAX = 65535,   /* units of 10 kHz */
	CLOCK_UNIT = 10000,  /* Hz */
	SECOND = 1000000,    /* microseconds */
	V_SYNC_UNUSUAL = 10, /* of an aspect that the standard does not list */
};

/* The width of the vertical sync pulse tells the aspect. */
static const struct {
	u8 width, height, vsync;
} aspects[] = {
	{ 4, 3, 4 }, { 16, 9, 5 }, { 16, 10, 6 }, { 5, 4, 7 }, { 15, 9, 7 },
};

static u16 vsync_width(u32 width, u32 height)
{
	for (u32 i = 0; i < ARRAY_SIZE(aspects); i++)
		if (width == ALIGN_DOWN(height * aspects[i].width / aspects[i].height, CELL))
			return aspects[i].vsync;
	return V_SYNC_UNUSUAL;
}

/*
 * The lines that take V_BLANK_MIN, and one more; all integers. A line takes what the active lines
 * have left of a frame, divided among them.
 */
static u32 blank_lines(u32 height, u32 vsync)
{
	u32 lines = V_BLANK_MIN * REFRESH * height / (SECOND - V_BLANK_MIN * REFRESH) + 1;
	u32 least = V_FRONT_PORCH + vsync + V_BACK_PORCH_MIN;

	return lines > least ? lines : least;
}

int display_mode_cvt(struct display_mode *mode, struct display_size size)
{
	u32 width = ALIGN_DOWN((u32)size.width, CELL), height = size.height;
	u32 vsync, htotal, vtotal, clock;

	if (width < DISPLAY_MODE_MIN_WIDTH || height < DISPLAY_MODE_MIN_HEIGHT ||
	    width > DISPLAY_MODE_MAX || height > DISPLAY_MODE_MAX)
		return -ERANGE;
	vsync = vsync_width(width, height);
	htotal = width + H_BLANK;
	vtotal = height + blank_lines(height, vsync);
	clock = (u32)((u64)REFRESH * htotal * vtotal / CLOCK_STEP * (CLOCK_STEP / CLOCK_UNIT));
	if (clock > CLOCK_MAX)
		return -ERANGE;
	*mode = (struct display_mode){
		.clock = clock,
		.width = (u16)width,
		.hsync_at = (u16)(htotal - H_BACK_PORCH - H_SYNC),
		.hsync_end = (u16)(htotal - H_BACK_PORCH),
		.htotal = (u16)htotal,
		.height = (u16)height,
		.vsync_at = (u16)(height + V_FRONT_PORCH),
		.vsync_end = (u16)(height + V_FRONT_PORCH + vsync),
		.vtotal = (u16)vtotal,
	};
	return 0;
}

u32 display_mode_line_hz(const struct display_mode *mode)
{
	return (u32)((u64)mode->clock * CLOCK_UNIT / mode->htotal);
}
