/* SPDX-License-Identifier: MIT */
/* Display modes: sizes, and the timings that a monitor offers for them. */
#ifndef CORE_DISPLAY_MODE_H
#define CORE_DISPLAY_MODE_H

#include "core/base/types.h"

/* What a type may ask for. An EDID's detailed timing has 12 bits for each. */
#define DISPLAY_MODE_MIN_WIDTH	320u
#define DISPLAY_MODE_MIN_HEIGHT 200u
#define DISPLAY_MODE_MAX	4095u

struct display_size {
	u16 width; /* pixels */
	u16 height;
};

/**
 * struct display_mode - a mode's timings, progressive.
 * @clock: pixels a second, in units of 10 kHz.
 * @width, @hsync_at, @hsync_end, @htotal: pixels from the start of a line.
 * @height, @vsync_at, @vsync_end, @vtotal: lines from the start of a frame.
 *
 * Sync pulses are as reduced blanking has them: horizontal positive, vertical negative.
 */
struct display_mode {
	u32 clock;
	u16 width, hsync_at, hsync_end, htotal;
	u16 height, vsync_at, vsync_end, vtotal;
};

/**
 * display_mode_cvt() - the timings of @size at 60 Hz with reduced blanking, version 1, by the
 * formulas of VESA's Coordinated Video Timings 1.1. These make the width a multiple of 8,
 * downwards. Returns 0, or -ERANGE when the size is outside of the bounds above, or its pixel clock
 * does not fit an EDID's detailed timing (655.35 MHz).
 */
int display_mode_cvt(struct display_mode *mode, struct display_size size);

/** display_mode_line_hz() - lines a second, rounded down. */
u32 display_mode_line_hz(const struct display_mode *mode);

#endif
