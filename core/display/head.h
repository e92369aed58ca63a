/* SPDX-License-Identifier: MIT */
/*
 * A head: a pipe, with its transcoder and its planes. What the driver has set is read from the
 * registers, and checked here: what comes out has the bounds that struct display_plane names, or
 * display_plane_fault() says that it has not.
 */
#ifndef CORE_DISPLAY_HEAD_H
#define CORE_DISPLAY_HEAD_H

#include "core/display/colour.h"
#include "core/display/compose.h"

#define DISPLAY_PIPES	  3u
#define DISPLAY_UNIVERSAL 4u /* planes of a pipe that have registers; i915 uses two */
#define DISPLAY_PLANES	  (DISPLAY_UNIVERSAL + 1) /* and the cursor */
#define DISPLAY_PALETTE	  256u

/* What a head is set to that the picture does not show. */
enum display_unshown {
	DISPLAY_UNSHOWN_KEY = 1 << 0,	     /* a colour key of a plane */
	DISPLAY_UNSHOWN_COMPRESSED = 1 << 1, /* a plane whose pixels are compressed */
	DISPLAY_UNSHOWN_GAMMA = 1 << 2,	     /* a palette of more than eight bits */
	DISPLAY_UNSHOWN_SCALER = 1 << 3,     /* a scaler of the whole pipe */
};

/**
 * struct display_head - what a pipe shows.
 * @on:       the pipe and its transcoder are on, and the picture has a size. Else all is zero.
 * @ddi:      the port that it is connected to, of those from A = 0.
 * @lanes:    of DisplayPort.
 * @width, @height: of the picture, at most DISPLAY_MAX_WIDTH and DISPLAY_MAX_HEIGHT.
 * @htotal, @vtotal: pixels of a line, lines of a frame, with the blanking.
 * @vactive:  lines of a frame that are shown.
 * @khz:      of the pixel clock; 0: it cannot be told.
 * @planes:   @nr of them, those that are on, the lowest first.
 * @gamma:    the palette is to be applied, by display_head_colour().
 * @csc:      so is the matrix.
 * @unshown:  enum display_unshown.
 */
struct display_head {
	bool on;
	u8 ddi;
	u8 lanes;
	u32 width, height;
	u32 htotal, vtotal, vactive;
	u32 khz;
	u32 background;
	struct display_plane planes[DISPLAY_PLANES];
	u32 nr;
	bool gamma, csc;
	u32 unshown;
};

/* The registers: the value of the one at @offset of BAR0. */
struct display_registers {
	u32 (*read)(void *ctx, u32 offset);
	void *ctx;
};

/**
 * display_head_read() - what @pipe, 0 to DISPLAY_PIPES - 1, shows, by the registers' values. Each
 * register is read once.
 */
void display_head_read(struct display_head *head, u32 pipe, const struct display_registers *regs);

/**
 * display_head_colour() - the matrix of @pipe, and its palette, for which @palette has
 * DISPLAY_PALETTE places, as far as @head uses them.
 */
void display_head_colour(const struct display_head *head, u32 pipe,
			 const struct display_registers *regs, u32 *palette,
			 struct display_colour *colour);

/** display_head_frame_ns() - how long a frame takes, in nanoseconds; 0: it cannot be told. */
u64 display_head_frame_ns(const struct display_head *head);

#endif
