/* SPDX-License-Identifier: MIT */
/* What blits do, slowly: one pixel after the other. */
#include "tests/unit/blt_model.h"

#include <string.h>

#include "tests/unit/unit.h"

/* ---- kinds of commands ---- */

bool model_has_source(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_SRC_COPY_BLT || op == GVT_OP_XY_SRC_COPY_CHROMA_BLT ||
	       op == GVT_OP_XY_FULL_BLT || op == GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT ||
	       op == GVT_OP_XY_FULL_MONO_PATTERN_BLT || op == GVT_OP_XY_FAST_COPY_BLT ||
	       op == GVT_OP_SRC_COPY_BLT;
}

bool model_has_bitmap(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_TEXT_BLT || op == GVT_OP_XY_TEXT_IMMEDIATE_BLT ||
	       op == GVT_OP_XY_MONO_SRC_COPY_BLT || op == GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT ||
	       op == GVT_OP_XY_FULL_MONO_SRC_BLT ||
	       op == GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT ||
	       op == GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT;
}

bool model_from_setup(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_PIXEL_BLT || op == GVT_OP_XY_SCANLINES_BLT ||
	       op == GVT_OP_XY_TEXT_BLT || op == GVT_OP_XY_TEXT_IMMEDIATE_BLT;
}

static bool immediate_bitmap(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_TEXT_IMMEDIATE_BLT || op == GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT;
}

static bool immediate_pattern(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_PAT_BLT_IMMEDIATE || op == GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE ||
	       op == GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT ||
	       op == GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT;
}

static bool is_text(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_TEXT_BLT || op == GVT_OP_XY_TEXT_IMMEDIATE_BLT;
}

static bool has_solid(enum gvt_cmd_op op)
{
	return op == GVT_OP_XY_COLOR_BLT || op == GVT_OP_COLOR_BLT || op == GVT_OP_XY_PIXEL_BLT;
}

static bool has_mono_pattern(const struct model_blt *m)
{
	return m->op == GVT_OP_XY_MONO_PAT_BLT || m->op == GVT_OP_XY_MONO_PAT_FIXED_BLT ||
	       m->op == GVT_OP_XY_FULL_MONO_PATTERN_BLT ||
	       m->op == GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT ||
	       (m->op == GVT_OP_XY_SCANLINES_BLT && m->setup_mono) ||
	       (is_text(m->op) && m->setup_mono);
}

static bool has_color_pattern(const struct model_blt *m)
{
	return m->op == GVT_OP_XY_PAT_BLT || m->op == GVT_OP_XY_PAT_CHROMA_BLT ||
	       m->op == GVT_OP_XY_FULL_BLT || m->op == GVT_OP_XY_FULL_MONO_SRC_BLT ||
	       immediate_pattern(m->op) ||
	       ((m->op == GVT_OP_XY_SCANLINES_BLT || is_text(m->op)) && !m->setup_mono);
}

unsigned int model_cpp(const struct model_blt *m)
{
	static const u8 cpp[] = { 1, 2, 2, 4, 8, 16 };

	return cpp[m->depth];
}

/* Bits from one row of a bitmap to the next. */
static u32 bitmap_row(const struct model_blt *m)
{
	u32 width = (u32)(m->x2 - m->x1);

	if (!is_text(m->op))
		return (m->mono_first + width + 15) / 16 * 16;
	return m->mono_bytes ? (width + 7) / 8 * 8 : width;
}

u32 model_immediate(const struct model_blt *m)
{
	if (immediate_pattern(m->op))
		return 64 * model_cpp(m);
	if (immediate_bitmap(m->op))
		return ((u32)(m->y2 - m->y1) * bitmap_row(m) + 31) / 32 * 4;
	return 0;
}

/* ---- surfaces ---- */

/* The memory, and the blit that works on it. */
struct work {
	const struct model_blt *m;
	u64 base;
	const u8 *before;
	unsigned int cpp;
};

static void load(const struct work *w, const struct model_surface *s, int x, int y, u8 pixel[16])
{
	for (unsigned int i = 0; i < w->cpp; i++)
		pixel[i] = w->before[s->addr - w->base +
				     (u64)model_offset(s, w->cpp, x * (int)w->cpp + (int)i, y)];
}

static u32 dword(const u8 pixel[16], unsigned int cpp)
{
	u32 value = 0;

	memcpy(&value, pixel, cpp < 4 ? cpp : 4);
	return value;
}

/* ---- operands ---- */

static const u8 hatches[16][8] = {
	{ 0, 0, 0, 0, 0xff, 0, 0, 0 },
	{ 8, 8, 8, 8, 8, 8, 8, 8 },
	{ 0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1 },
	{ 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80 },
	{ 8, 8, 8, 8, 0xff, 8, 8, 8 },
	{ 0x81, 0x42, 0x24, 0x18, 0x18, 0x24, 0x42, 0x81 },
	[8] = { 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55 },
	[9] = { 0xcc, 0xcc, 0x33, 0x33, 0xcc, 0xcc, 0x33, 0x33 },
	[10] = { 0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1 },
	[11] = { 0x7f, 0xbf, 0xdf, 0xef, 0xf7, 0xfb, 0xfd, 0xfe },
};

static u32 pattern(const struct work *w, int x, int y, bool *opaque)
{
	const struct model_blt *m = w->m;
	bool seeded = !is_text(m->op);
	u32 px = ((u32)x + (seeded ? m->pattern_x : 0)) & 7;
	u32 py = ((u32)y + (seeded ? m->pattern_y : 0)) & 7;
	u32 value = 0;

	if (has_solid(m->op))
		return m->pattern_fg;
	if (has_mono_pattern(m)) {
		const u8 *bits =
			m->op == GVT_OP_XY_MONO_PAT_FIXED_BLT ? hatches[m->fixed] : m->pattern_bits;
		bool one = !m->pattern_solid && (bits[py] & (0x80 >> px));

		if (m->pattern_transparent && !one)
			*opaque = false;
		return one ? m->pattern_fg : m->pattern_bg;
	}
	if (has_color_pattern(m)) {
		u32 at = (py * 8 + px) * w->cpp;
		const u8 *from = immediate_pattern(m->op) ? m->immediate
							  : w->before + (m->pattern_addr - w->base);

		memcpy(&value, from + at, w->cpp);
	}
	return value;
}

static u32 bitmap(const struct work *w, int x, int y, bool *opaque)
{
	const struct model_blt *m = w->m;
	u32 first = is_text(m->op) ? 0 : m->mono_first;
	u32 at = first + (u32)(y - m->y1) * bitmap_row(m) + (u32)(x - m->x1);
	const u8 *from =
		immediate_bitmap(m->op) ? m->immediate : w->before + (m->mono_addr - w->base);
	bool one = from[at / 8] & (0x80 >> at % 8);

	if (m->mono_transparent && !one)
		*opaque = false;
	if (is_text(m->op))
		return one ? m->pattern_fg : m->pattern_bg;
	return one ? m->mono_fg : m->mono_bg;
}

static bool between(u32 value, u32 low, u32 high, u32 mask)
{
	return (value & mask) >= (low & mask) && (value & mask) <= (high & mask);
}

/* True if the color is in the key's range, component by component. */
static bool keyed(const struct model_blt *m, u32 value, bool alpha)
{
	static const u32 masks[4][4] = { { 0xff },
					 { 0x1f, 0x7e0, 0xf800 },
					 { 0x1f, 0x3e0, 0x7c00, 0x8000 },
					 { 0xff, 0xff00, 0xff0000, 0xff000000 } };

	for (u32 i = 0; i < 4; i++)
		if (masks[m->depth][i] && (i < 3 || alpha) &&
		    !between(value, m->key_low, m->key_high, masks[m->depth][i]))
			return false;
	return true;
}

static bool key_writes(const struct model_blt *m, u32 s, u32 p, u32 d)
{
	u32 source = model_has_source(m->op) ? s : p;

	switch (m->key_mode) {
	case 1:
		return !keyed(m, source, false);
	case 3:
		return !keyed(m, source, true);
	case 5:
		return keyed(m, d, true);
	case 7:
		return keyed(m, d, false);
	default:
		return true;
	}
}

static u32 operate(u8 rop, u32 p, u32 s, u32 d)
{
	u32 result = 0;

	for (u32 i = 0; i < 32; i++) {
		u32 row = (p >> i & 1) * 4 + (s >> i & 1) * 2 + (d >> i & 1);

		result |= (u32)(rop >> row & 1) << i;
	}
	return result;
}

/* ---- pixels ---- */

static void run_pixel(const struct work *w, int x, int y, u8 *after)
{
	const struct model_blt *m = w->m;
	u8 from[16] = { 0 };
	u8 to[16] = { 0 };
	bool opaque = true;
	u32 p, s = 0, d;

	if (m->clipped && (x < m->clip_x1 || x >= m->clip_x2 || y < m->clip_y1 || y >= m->clip_y2))
		return;
	if (model_has_source(m->op))
		load(w, &m->src, m->src_x + x - m->x1, m->src_y + y - m->y1, from);
	if (m->op != GVT_OP_XY_FAST_COPY_BLT) {
		load(w, &m->dst, x, y, to);
		d = dword(to, w->cpp);
		p = pattern(w, x, y, &opaque);
		s = dword(from, w->cpp);
		if (model_has_bitmap(m->op))
			s = bitmap(w, x, y, &opaque);
		else if (!model_has_source(m->op))
			s = p;
		if (!opaque || !key_writes(m, s, p, d))
			return;
		d = operate(m->rop, p, s, d);
		memcpy(from, &d, 4);
	}
	for (unsigned int i = 0; i < w->cpp; i++)
		if (w->cpp != 4 || m->op == GVT_OP_XY_FAST_COPY_BLT ||
		    (i == 3 ? m->write_alpha : m->write_rgb))
			after[m->dst.addr - w->base +
			      (u64)model_offset(&m->dst, w->cpp, x * (int)w->cpp + (int)i, y)] =
				from[i];
}

void model_run(const struct model_blt *m, u64 base, const u8 *before, u8 *after)
{
	struct work w = { .m = m, .base = base, .before = before, .cpp = model_cpp(m) };

	for (int y = m->y1; y < m->y2; y++)
		for (int x = m->x1; x < m->x2; x++)
			run_pixel(&w, x, y, after);
}
