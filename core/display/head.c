/* SPDX-License-Identifier: MIT */
/*
 * Registers: Skylake PRM, volume 2c; names and fields as i915_reg.h and skl_universal_plane_regs.h
 * of Linux' i915 have them. Pipe A drives transcoder A, and so on.
 */
#include "core/display/head.h"

#include <string.h>

#define ENABLE BIT32(31)

enum { PIPE_STRIDE = 0x1000, PLANE_STRIDE = 0x100, COLOUR_STRIDE = 0x800, CSC_STRIDE = 0x100 };

/* Of transcoder A and pipe A. */
enum {
	HTOTAL = 0x60000,
	VTOTAL = 0x6000c,
	PIPESRC = 0x6001c,
	LINK_M = 0x60040,
	LINK_N = 0x60044,
	TRANS_DDI_FUNC_CTL = 0x60400,
	PIPECONF = 0x70008,
	BOTTOM_COLOR = 0x70034,
	CUR = 0x70080,
	PLANE = 0x70180,
	SCALER = 0x68170,
	CSC = 0x49010,
	CSC_MODE = 0x49028,
	CSC_BEFORE = 0x49030,
	CSC_AFTER = 0x49040,
	PALETTE = 0x4a000,
	GAMMA_MODE = 0x4a480,
	DPLL_CTRL1 = 0x6c058,
	DPLL_CTRL2 = 0x6c05c,
};

/* Of a plane, from its first register, and of the cursor. */
enum {
	CTL = 0x00,
	STRIDE = 0x08,
	POS = 0x0c,
	SIZE = 0x10,
	KEYMSK = 0x18,
	SURF = 0x1c,
	KEYMAX = 0x20,
	OFFSET = 0x24,
	AUX_DIST = 0x40,
	AUX_OFFSET = 0x44,
	CUR_BASE = 0x04,
	CUR_POS = 0x08,
	CUR_FBC = 0x20,
};

/* Of a scaler, from its first register. */
enum { SCALER_POS = 0, SCALER_SIZE = 4, SCALER_CTL = 0x10, SCALERS = 2 };

enum { MASK_13 = 0x1fff, MASK_12 = 0xfff, STRIDE_MASK = 0x3ff, CSC_BEFORE_GAMMA = 2 };

#define CTL_GAMMA      BIT32(30)
#define CTL_FULL_RANGE BIT32(28)
#define CTL_CSC	       BIT32(23)
#define CTL_KEYS       (3u << 21)
#define CTL_RGBX       BIT32(20)
#define CTL_BT709      BIT32(18)
#define CTL_COMPRESSED BIT32(15)
#define CTL_MIRROR     BIT32(8) /* Skylake has none; i915 sets it on later ones */
#define KEYMSK_ALPHA   BIT32(31)
#define CUR_GAMMA      BIT32(26)
#define CUR_CSC	       BIT32(24)
#define CUR_ROTATE_180 BIT32(15)
#define SURFACE	       0xfffff000u

/* PLANE_CTL's format, then the same with the order of red and blue changed. */
static const u8 formats[16][2] = {
	[0] = { DISPLAY_YUYV, DISPLAY_YUYV },
	[1] = { DISPLAY_NV12, DISPLAY_NV12 },
	[2] = { DISPLAY_XRGB2101010, DISPLAY_XBGR2101010 },
	[3] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[4] = { DISPLAY_XRGB8888, DISPLAY_XBGR8888 },
	[5] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[6] = { DISPLAY_XRGB16161616F, DISPLAY_XBGR16161616F },
	[7] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[8] = { DISPLAY_XYUV8888, DISPLAY_XYUV8888 },
	[9] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[10] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[11] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[12] = { DISPLAY_C8, DISPLAY_C8 },
	[13] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
	[14] = { DISPLAY_RGB565, DISPLAY_RGB565 },
	[15] = { DISPLAY_FORMATS, DISPLAY_FORMATS },
};

static const u8 pairs[4] = { DISPLAY_YUYV, DISPLAY_UYVY, DISPLAY_YVYU, DISPLAY_VYUY };
static const u8 tilings[8] = { GVT_LINEAR, GVT_TILE_X,	GVT_TILE_YS, GVT_TILE_YS,
			       GVT_TILE_Y, GVT_TILE_YF, GVT_TILE_YS, GVT_TILE_YS };
static const u8 blends[4] = { DISPLAY_OPAQUE, DISPLAY_OPAQUE, DISPLAY_PREMULTIPLIED,
			      DISPLAY_COVERAGE };

/* Symbols a second of a link, in kHz, by DPLL_CTRL1's field. */
static const u32 link_khz[8] = { 540000, 270000, 162000, 324000, 216000, 432000 };

static u32 read(const struct display_registers *regs, u32 offset)
{
	return regs->read(regs->ctx, offset);
}

static u32 stride(u32 val, enum gvt_tiling tiling)
{
	return (val & STRIDE_MASK) * (tiling == GVT_LINEAR ? 64 : 1);
}

static enum display_format format(u32 ctl, bool alpha)
{
	u8 found = formats[ctl >> 24 & 0xf][!!(ctl & CTL_RGBX)];

	if (found == DISPLAY_YUYV)
		return (enum display_format)pairs[ctl >> 16 & 3];
	if (alpha && found == DISPLAY_XRGB8888)
		return DISPLAY_ARGB8888;
	if (alpha && found == DISPLAY_XBGR8888)
		return DISPLAY_ABGR8888;
	return (enum display_format)found;
}

static void read_plane(struct display_head *head, u32 at, u32 ctl,
		       const struct display_registers *regs)
{
	struct display_plane *p = &head->planes[head->nr];
	u32 pos = read(regs, at + POS), size = read(regs, at + SIZE),
	    mask = read(regs, at + KEYMSK);
	u32 surf = read(regs, at + SURF), offset = read(regs, at + OFFSET);
	u32 dist = read(regs, at + AUX_DIST), aux = read(regs, at + AUX_OFFSET);

	p->blend = (enum display_blend)blends[ctl >> 4 & 3];
	p->format = format(ctl, p->blend != DISPLAY_OPAQUE);
	p->tiling = (enum gvt_tiling)tilings[ctl >> 10 & 7];
	p->yuv = (enum display_yuv)((ctl & CTL_BT709 ? DISPLAY_BT709 : DISPLAY_BT601) +
				    (ctl & CTL_FULL_RANGE ? DISPLAY_BT601_FULL : 0));
	p->turn = ctl & 3;
	p->mirror = ctl & CTL_MIRROR;
	p->alpha = mask & KEYMSK_ALPHA ? (u8)(read(regs, at + KEYMAX) >> 24) : 255;
	p->width = p->to_width = (size & MASK_13) + 1;
	p->height = p->to_height = (size >> 16 & MASK_12) + 1;
	p->to_x = (s32)(pos & MASK_13);
	p->to_y = (s32)(pos >> 16 & MASK_13);
	p->main = (struct display_surface){ surf & SURFACE,
					    stride(read(regs, at + STRIDE), p->tiling),
					    offset & MASK_13, offset >> 16 & MASK_13 };
	if (p->format == DISPLAY_NV12)
		p->chroma = (struct display_surface){ (surf & SURFACE) + (dist & SURFACE),
						      stride(dist, p->tiling), aux & MASK_13,
						      aux >> 16 & MASK_13 };
	head->gamma |= ctl & CTL_GAMMA;
	head->csc |= ctl & CTL_CSC;
	head->unshown |= (ctl & CTL_KEYS ? DISPLAY_UNSHOWN_KEY : 0) |
			 (ctl & CTL_COMPRESSED ? DISPLAY_UNSHOWN_COMPRESSED : 0);
	head->nr++;
}

/* 15 bits and a sign. */
static s32 cursor_place(u32 val)
{
	return val & 0x8000 ? -(s32)(val & 0x7fff) : (s32)(val & 0x7fff);
}

/* Modes of the cursor that i915 uses: ARGB of 64, 128 and 256 pixels. */
static u32 cursor_width(u32 ctl)
{
	switch (ctl & 0x3f) {
	case 0x27:
		return 64;
	case 0x22:
		return 128;
	case 0x23:
		return 256;
	default:
		return 0;
	}
}

static void read_cursor(struct display_head *head, u32 at, const struct display_registers *regs)
{
	u32 ctl = read(regs, at + CTL), pos = read(regs, at + CUR_POS),
	    fbc = read(regs, at + CUR_FBC);
	struct display_plane *p = &head->planes[head->nr];

	if (!(ctl & 0x7))
		return;
	p->width = cursor_width(ctl);
	p->height = fbc & ENABLE ? (fbc & 0xff) + 1 : p->width;
	p->to_width = p->width;
	p->to_height = p->height;
	p->to_x = cursor_place(pos);
	p->to_y = cursor_place(pos >> 16);
	p->format = DISPLAY_ARGB8888;
	p->blend = DISPLAY_PREMULTIPLIED;
	p->alpha = 255;
	p->turn = ctl & CUR_ROTATE_180 ? 2 : 0;
	p->main.base = read(regs, at + CUR_BASE) & SURFACE;
	p->main.stride = p->width * 4;
	head->gamma |= ctl & CUR_GAMMA;
	head->csc |= ctl & CUR_CSC;
	head->nr++;
}

/* @order: which of the head's planes universal plane 1, 2, ... is, or NULL. */
static void read_scalers(struct display_head *head, u32 pipe, struct display_plane **order,
			 const struct display_registers *regs)
{
	for (u32 i = 0; i < SCALERS; i++) {
		u32 at = SCALER + pipe * 0x800 + i * 0x100, ctl = read(regs, at + SCALER_CTL);
		u32 pos = read(regs, at + SCALER_POS), size = read(regs, at + SCALER_SIZE);
		u32 plane = ctl >> 25 & 7;

		if (!(ctl & ENABLE))
			continue;
		if (!plane) {
			head->unshown |= DISPLAY_UNSHOWN_SCALER;
		} else if (plane <= DISPLAY_UNIVERSAL && order[plane - 1]) {
			order[plane - 1]->to_x = (s32)(pos >> 16 & MASK_13);
			order[plane - 1]->to_y = (s32)(pos & MASK_13);
			order[plane - 1]->to_width = size >> 16 & MASK_13;
			order[plane - 1]->to_height = size & MASK_13;
		}
	}
}

/* The pixel clock is the link's clock by M / N. The port's PLL has the link's clock. */
static u32 pixel_khz(u32 at, u32 ddi, const struct display_registers *regs)
{
	u64 m = read(regs, LINK_M + at) & 0xffffff, n = read(regs, LINK_N + at) & 0xffffff;
	u32 pll = read(regs, DPLL_CTRL2) >> (3 * ddi + 1) & 3;
	u64 khz = link_khz[read(regs, DPLL_CTRL1) >> (6 * pll + 1) & 7];

	khz = n ? khz * m / n : 0;
	return khz < UINT32_MAX ? (u32)khz : 0;
}

/* Ten bits a colour become eight. */
static u32 background(u32 val)
{
	return (val >> 22 & 0xff) << 16 | (val >> 12 & 0xff) << 8 | (val >> 2 & 0xff);
}

void display_head_read(struct display_head *head, u32 pipe, const struct display_registers *regs)
{
	u32 at = pipe * PIPE_STRIDE, ddi = read(regs, TRANS_DDI_FUNC_CTL + at);
	struct display_plane *order[DISPLAY_UNIVERSAL] = { NULL };
	u32 source = read(regs, PIPESRC + at), total;

	memset(head, 0, sizeof(*head));
	if (!(read(regs, PIPECONF + at) & ENABLE) || !(ddi & ENABLE))
		return;
	head->width = (source >> 16 & MASK_13) + 1;
	head->height = (source & MASK_13) + 1;
	if (head->width > DISPLAY_MAX_WIDTH || head->height > DISPLAY_MAX_HEIGHT) {
		memset(head, 0, sizeof(*head));
		return;
	}
	head->on = true;
	head->ddi = ddi >> 28 & 7;
	head->lanes = (u8)((ddi >> 1 & 7) + 1);
	head->htotal = (read(regs, HTOTAL + at) >> 16 & MASK_13) + 1;
	total = read(regs, VTOTAL + at);
	head->vtotal = (total >> 16 & MASK_13) + 1;
	head->vactive = (total & MASK_13) + 1;
	head->khz = pixel_khz(at, head->ddi, regs);
	head->background = background(read(regs, BOTTOM_COLOR + at));
	for (u32 i = 0; i < DISPLAY_UNIVERSAL; i++) {
		u32 plane = PLANE + at + i * PLANE_STRIDE, ctl = read(regs, plane + CTL);

		if (!(ctl & ENABLE))
			continue;
		order[i] = &head->planes[head->nr];
		read_plane(head, plane, ctl, regs);
	}
	read_scalers(head, pipe, order, regs);
	read_cursor(head, CUR + at, regs);
	if (head->gamma && read(regs, GAMMA_MODE + pipe * COLOUR_STRIDE) & 3) {
		head->gamma = false;
		head->unshown |= DISPLAY_UNSHOWN_GAMMA;
	}
	/* A matrix behind the palette is for the wire: it makes colours of a limited range. */
	if (head->csc)
		head->csc = read(regs, CSC_MODE + pipe * CSC_STRIDE) & CSC_BEFORE_GAMMA;
}

void display_head_colour(const struct display_head *head, u32 pipe,
			 const struct display_registers *regs, u32 *palette,
			 struct display_colour *colour)
{
	u32 at = pipe * CSC_STRIDE;

	memset(colour, 0, sizeof(*colour));
	if (head->csc) {
		colour->matrix = true;
		for (u32 i = 0; i < 3; i++) {
			u32 two = read(regs, CSC + at + 8 * i);

			colour->factor[i][0] = display_colour_factor(two >> 16);
			colour->factor[i][1] = display_colour_factor(two);
			colour->factor[i][2] =
				display_colour_factor(read(regs, CSC + at + 8 * i + 4) >> 16);
			colour->before[i] =
				display_colour_offset(read(regs, CSC_BEFORE + at + 4 * i));
			colour->after[i] =
				display_colour_offset(read(regs, CSC_AFTER + at + 4 * i));
		}
	}
	if (!head->gamma)
		return;
	for (u32 i = 0; i < DISPLAY_PALETTE; i++)
		palette[i] = read(regs, PALETTE + pipe * COLOUR_STRIDE + 4 * i);
	colour->palette = palette;
}

u64 display_head_frame_ns(const struct display_head *head)
{
	return head->khz ? (u64)head->htotal * head->vtotal * 1000000 / head->khz : 0;
}
