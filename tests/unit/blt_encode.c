/* SPDX-License-Identifier: MIT */
/* Blits as dwords: Skylake PRM, volume 2a, command by command. */
#include <string.h>

#include "tests/unit/blt_model.h"
#include "tests/unit/unit.h"

static const u8 opcode[GVT_NR_OPS] = {
	[GVT_OP_XY_PIXEL_BLT] = 0x24,
	[GVT_OP_XY_SCANLINES_BLT] = 0x25,
	[GVT_OP_XY_TEXT_BLT] = 0x26,
	[GVT_OP_XY_TEXT_IMMEDIATE_BLT] = 0x31,
	[GVT_OP_COLOR_BLT] = 0x40,
	[GVT_OP_XY_FAST_COPY_BLT] = 0x42,
	[GVT_OP_SRC_COPY_BLT] = 0x43,
	[GVT_OP_XY_COLOR_BLT] = 0x50,
	[GVT_OP_XY_PAT_BLT] = 0x51,
	[GVT_OP_XY_MONO_PAT_BLT] = 0x52,
	[GVT_OP_XY_SRC_COPY_BLT] = 0x53,
	[GVT_OP_XY_MONO_SRC_COPY_BLT] = 0x54,
	[GVT_OP_XY_FULL_BLT] = 0x55,
	[GVT_OP_XY_FULL_MONO_SRC_BLT] = 0x56,
	[GVT_OP_XY_FULL_MONO_PATTERN_BLT] = 0x57,
	[GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT] = 0x58,
	[GVT_OP_XY_MONO_PAT_FIXED_BLT] = 0x59,
	[GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT] = 0x71,
	[GVT_OP_XY_PAT_BLT_IMMEDIATE] = 0x72,
	[GVT_OP_XY_SRC_COPY_CHROMA_BLT] = 0x73,
	[GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT] = 0x74,
	[GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT] = 0x75,
	[GVT_OP_XY_PAT_CHROMA_BLT] = 0x76,
	[GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE] = 0x77,
};

struct out {
	u32 *dw;
	u32 n;
};

static void put(struct out *o, u32 dw)
{
	o->dw[o->n++] = dw;
}

static void put_addr(struct out *o, u64 addr)
{
	put(o, (u32)addr);
	put(o, (u32)(addr >> 32));
}

static void put_xy(struct out *o, int x, int y)
{
	put(o, (u32)y << 16 | (u16)x);
}

static u32 pitch(const struct model_surface *s)
{
	return (s->tiling == MODEL_LINEAR ? (u32)s->pitch : (u32)s->pitch / 4) & 0xffff;
}

static u32 header(const struct model_blt *m)
{
	u32 dw = 2u << 29 | (u32)opcode[m->op] << 22;

	if (m->op == GVT_OP_XY_FAST_COPY_BLT) {
		static const u32 bits[] = { 0, 1, 2, 2, 3 };

		return dw | bits[m->src.tiling] << 20 | bits[m->dst.tiling] << 13;
	}
	if (!model_from_setup(m->op))
		dw |= (u32)m->write_alpha << 21 | (u32)m->write_rgb << 20;
	if (m->op == GVT_OP_COLOR_BLT || m->op == GVT_OP_SRC_COPY_BLT)
		return dw;
	dw |= (u32)(m->dst.tiling != MODEL_LINEAR) << 11;
	if (m->op == GVT_OP_XY_PIXEL_BLT)
		return dw;
	if (model_has_source(m->op))
		dw |= (u32)(m->src.tiling != MODEL_LINEAR) << 15;
	if (m->op == GVT_OP_XY_TEXT_BLT || m->op == GVT_OP_XY_TEXT_IMMEDIATE_BLT)
		return dw | (u32)m->mono_bytes << 16;
	if (model_has_bitmap(m->op))
		dw |= m->mono_first << 17;
	if (m->op == GVT_OP_XY_MONO_PAT_FIXED_BLT)
		dw |= m->fixed << 15;
	if (m->key_mode)
		dw |= m->key_mode << 17;
	return dw | m->pattern_x << 12 | m->pattern_y << 8;
}

static u32 control(const struct model_blt *m)
{
	u32 dw = (u32)m->depth << 24 | pitch(&m->dst);

	if (m->op == GVT_OP_XY_FAST_COPY_BLT)
		return dw | (u32)(m->src.tiling == MODEL_YF) << 31 |
		       (u32)(m->dst.tiling == MODEL_YF) << 30;
	return dw | (u32)m->rop << 16 | (u32)m->pattern_solid << 31 | (u32)m->clipped << 30 |
	       (u32)m->mono_transparent << 29 | (u32)m->pattern_transparent << 28;
}

static void put_bits(struct out *o, const struct model_blt *m)
{
	for (unsigned int i = 0; i < 8; i += 4)
		put(o, m->pattern_bits[i] | (u32)m->pattern_bits[i + 1] << 8 |
			       (u32)m->pattern_bits[i + 2] << 16 |
			       (u32)m->pattern_bits[i + 3] << 24);
}

u32 model_setup(const struct model_blt *m, u32 *dw, enum gvt_cmd_op *op)
{
	struct out o = { .dw = dw };

	if (!model_from_setup(m->op)) {
		*op = GVT_OP_XY_SETUP_CLIP_BLT;
		put(&o, 2u << 29 | 0x03u << 22 | 1);
		put_xy(&o, m->clip_x1, m->clip_y1);
		put_xy(&o, m->clip_x2, m->clip_y2);
		return o.n;
	}
	*op = m->setup_mono ? GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT : GVT_OP_XY_SETUP_BLT;
	put(&o, 2u << 29 | (m->setup_mono ? 0x11u : 0x01u) << 22 | (u32)m->write_alpha << 21 |
			(u32)m->write_rgb << 20 | (u32)(m->dst.tiling != MODEL_LINEAR) << 11 | 8);
	put(&o, control(m));
	put_xy(&o, m->clip_x1, m->clip_y1);
	put_xy(&o, m->clip_x2, m->clip_y2);
	put_addr(&o, m->dst.addr);
	put(&o, m->pattern_bg);
	put(&o, m->pattern_fg);
	if (m->setup_mono)
		put_bits(&o, m);
	else
		put_addr(&o, m->pattern_addr);
	return o.n;
}

static void put_source(struct out *o, const struct model_blt *m, bool pitch_first)
{
	if (pitch_first)
		put(o, pitch(&m->src));
	put_xy(o, m->src_x, m->src_y);
	if (!pitch_first)
		put(o, pitch(&m->src));
	put_addr(o, m->src.addr);
}

static void put_bitmap(struct out *o, const struct model_blt *m)
{
	put_addr(o, m->mono_addr);
	put(o, m->mono_bg);
	put(o, m->mono_fg);
}

static void put_immediate(struct out *o, const struct model_blt *m)
{
	memcpy(o->dw + o->n, m->immediate, m->immediate_bytes);
	o->n += m->immediate_bytes / 4;
}

static void put_mono_pattern(struct out *o, const struct model_blt *m)
{
	put(o, m->pattern_bg);
	put(o, m->pattern_fg);
	put_bits(o, m);
}

static void put_rest(struct out *o, const struct model_blt *m)
{
	switch (m->op) {
	case GVT_OP_XY_COLOR_BLT:
		put(o, m->pattern_fg);
		break;
	case GVT_OP_XY_PAT_BLT:
		put_addr(o, m->pattern_addr);
		break;
	case GVT_OP_XY_PAT_BLT_IMMEDIATE:
		put_immediate(o, m);
		break;
	case GVT_OP_XY_PAT_CHROMA_BLT:
		put_addr(o, m->pattern_addr);
		put(o, m->key_low);
		put(o, m->key_high);
		break;
	case GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE:
		put(o, m->key_low);
		put(o, m->key_high);
		put_immediate(o, m);
		break;
	case GVT_OP_XY_MONO_PAT_BLT:
		put_mono_pattern(o, m);
		break;
	case GVT_OP_XY_MONO_PAT_FIXED_BLT:
		put(o, m->pattern_bg);
		put(o, m->pattern_fg);
		break;
	case GVT_OP_XY_SRC_COPY_BLT:
	case GVT_OP_XY_FAST_COPY_BLT:
		put_source(o, m, false);
		break;
	case GVT_OP_XY_SRC_COPY_CHROMA_BLT:
		put_source(o, m, false);
		put(o, m->key_low);
		put(o, m->key_high);
		break;
	case GVT_OP_XY_MONO_SRC_COPY_BLT:
		put_bitmap(o, m);
		break;
	case GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT:
		put(o, m->mono_bg);
		put(o, m->mono_fg);
		put_immediate(o, m);
		break;
	case GVT_OP_XY_FULL_BLT:
		put_source(o, m, true);
		put_addr(o, m->pattern_addr);
		break;
	case GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT:
		put_source(o, m, true);
		put_immediate(o, m);
		break;
	case GVT_OP_XY_FULL_MONO_SRC_BLT:
		put_bitmap(o, m);
		put_addr(o, m->pattern_addr);
		break;
	case GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT:
		put_bitmap(o, m);
		put_immediate(o, m);
		break;
	case GVT_OP_XY_FULL_MONO_PATTERN_BLT:
		put_source(o, m, true);
		put_mono_pattern(o, m);
		break;
	case GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT:
		put_bitmap(o, m);
		put_mono_pattern(o, m);
		break;
	default:
		ck_abort_msg("no such command");
	}
}

u32 model_encode(const struct model_blt *m, u32 *dw)
{
	struct out o = { .dw = dw };
	u32 bytes = (u32)(m->x2 - m->x1) * model_cpp(m);

	put(&o, header(m));
	switch (m->op) {
	case GVT_OP_XY_PIXEL_BLT:
		put_xy(&o, m->x1, m->y1);
		break;
	case GVT_OP_XY_SCANLINES_BLT:
	case GVT_OP_XY_TEXT_BLT:
	case GVT_OP_XY_TEXT_IMMEDIATE_BLT:
		put_xy(&o, m->x1, m->y1);
		put_xy(&o, m->x2, m->y2);
		if (m->op == GVT_OP_XY_TEXT_BLT)
			put_addr(&o, m->mono_addr);
		if (m->op == GVT_OP_XY_TEXT_IMMEDIATE_BLT)
			put_immediate(&o, m);
		break;
	case GVT_OP_COLOR_BLT:
		put(&o, control(m));
		put(&o, (u32)(m->y2 - m->y1) << 16 | bytes);
		put_addr(&o, m->dst.addr);
		put(&o, m->pattern_fg);
		break;
	case GVT_OP_SRC_COPY_BLT:
		put(&o, control(m));
		put(&o, (u32)(m->y2 - m->y1) << 16 | bytes);
		put_addr(&o, m->dst.addr);
		put(&o, pitch(&m->src));
		put_addr(&o, m->src.addr);
		break;
	default:
		put(&o, control(m));
		put_xy(&o, m->x1, m->y1);
		put_xy(&o, m->x2, m->y2);
		put_addr(&o, m->dst.addr);
		put_rest(&o, m);
	}
	dw[0] |= o.n - 2;
	return o.n;
}
