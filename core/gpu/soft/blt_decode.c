/* SPDX-License-Identifier: MIT */
/* Decodes the blitter's commands to the description of one blit. */
#include "core/gpu/soft/blt.h"

#include <errno.h>
#include <string.h>

#include "core/gpu/soft/blt_rop.h"

/* The blitter's registers, to which the dwords of commands go. */
enum {
	BR_SETUP = 0,	      /* header of the setup command */
	BR_SETUP_CONTROL = 1, /* the form of BR_CONTROL */
	BR_SETUP_BACKGROUND = 5,
	BR_SETUP_FOREGROUND = 6,
	BR_SETUP_PATTERN = 7,
	BR_DST = 9,
	BR_SRC_PITCH = 11,
	BR_SRC = 12,
	BR_CONTROL = 13, /* raster operation, depth, pitch of the destination */
	BR_SIZE = 14,
	BR_PATTERN = 15,
	BR_PATTERN_BACKGROUND = 16,
	BR_PATTERN_FOREGROUND = 17,
	BR_SRC_BACKGROUND = 18, /* low end of a color key */
	BR_SRC_FOREGROUND = 19, /* high end */
	BR_PATTERN_BITS = 20,
	BR_PATTERN_BITS_2 = 21,
	BR_TOP_LEFT = 22,
	BR_BOTTOM_RIGHT = 23,
	BR_CLIP_TOP_LEFT = 24,
	BR_CLIP_BOTTOM_RIGHT = 25,
	BR_SRC_TOP_LEFT = 26,
	BR_DST_HIGH = 27,
	BR_SRC_HIGH = 28,
	BR_PATTERN_HIGH = 30,
	BR_NR = 32,
	BR_IMMEDIATE = 0xff, /* no register: immediate data from here on */
};

/* Bits of a header. */
#define RGB_WRITTEN   (1u << 20)
#define ALPHA_WRITTEN (1u << 21)
#define BYTE_PACKED   (1u << 16)
#define SRC_TILED     (1u << 15)
#define DST_TILED     (1u << 11)

/* Bits of BR13 and BR01. */
#define SOLID_PATTERN	    (1u << 31)
#define CLIPPED		    (1u << 30)
#define BACKWARDS	    (1u << 30) /* of SRC_COPY_BLT, which is never clipped */
#define SOURCE_TRANSPARENT  (1u << 29)
#define PATTERN_TRANSPARENT (1u << 28)

/* How a command gives the blit's rectangle. */
enum shape { RECTANGLE, PIXEL, BYTES };

/* What a bitmap's rows are padded to. */
enum packing { WORDS, AS_HEADER };

struct command {
	u8 br[16]; /* the registers of the dwords after the header; 0 ends the list */
	enum blt_source source;
	enum blt_pattern_kind pattern;
	enum shape shape;
	enum packing packing;
	bool from_setup; /* surface, colors and operation are from the setup command */
	bool keyed;
	bool fixed; /* the pattern is one of the blitter's fixed ones */
};

#define TARGET BR_CONTROL, BR_TOP_LEFT, BR_BOTTOM_RIGHT, BR_DST, BR_DST_HIGH

static const struct command commands[GVT_NR_OPS] = {
	[GVT_OP_XY_SETUP_BLT] = { .br = { BR_SETUP_CONTROL, BR_CLIP_TOP_LEFT, BR_CLIP_BOTTOM_RIGHT,
					  BR_DST, BR_DST_HIGH, BR_SETUP_BACKGROUND,
					  BR_SETUP_FOREGROUND, BR_SETUP_PATTERN,
					  BR_PATTERN_HIGH } },
	[GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT] = { .br = { BR_SETUP_CONTROL, BR_CLIP_TOP_LEFT,
							  BR_CLIP_BOTTOM_RIGHT, BR_DST, BR_DST_HIGH,
							  BR_SETUP_BACKGROUND, BR_SETUP_FOREGROUND,
							  BR_PATTERN_BITS, BR_PATTERN_BITS_2 } },
	[GVT_OP_XY_SETUP_CLIP_BLT] = { .br = { BR_CLIP_TOP_LEFT, BR_CLIP_BOTTOM_RIGHT } },

	[GVT_OP_XY_PIXEL_BLT] = { .br = { BR_TOP_LEFT },
				  .pattern = BLT_SOLID,
				  .shape = PIXEL,
				  .from_setup = true },
	[GVT_OP_XY_SCANLINES_BLT] = { .br = { BR_TOP_LEFT, BR_BOTTOM_RIGHT },
				      .pattern = BLT_COLOR_PATTERN,
				      .from_setup = true },
	[GVT_OP_XY_TEXT_BLT] = { .br = { BR_TOP_LEFT, BR_BOTTOM_RIGHT, BR_SRC, BR_SRC_HIGH },
				 .source = BLT_MONO_SOURCE,
				 .pattern = BLT_COLOR_PATTERN,
				 .packing = AS_HEADER,
				 .from_setup = true },
	[GVT_OP_XY_TEXT_IMMEDIATE_BLT] = { .br = { BR_TOP_LEFT, BR_BOTTOM_RIGHT, BR_IMMEDIATE },
					   .source = BLT_MONO_SOURCE,
					   .pattern = BLT_COLOR_PATTERN,
					   .packing = AS_HEADER,
					   .from_setup = true },

	[GVT_OP_XY_COLOR_BLT] = { .br = { TARGET, BR_PATTERN_FOREGROUND }, .pattern = BLT_SOLID },
	[GVT_OP_XY_PAT_BLT] = { .br = { TARGET, BR_PATTERN, BR_PATTERN_HIGH },
				.pattern = BLT_COLOR_PATTERN },
	[GVT_OP_XY_PAT_BLT_IMMEDIATE] = { .br = { TARGET, BR_IMMEDIATE },
					  .pattern = BLT_COLOR_PATTERN },
	[GVT_OP_XY_PAT_CHROMA_BLT] = { .br = { TARGET, BR_PATTERN, BR_PATTERN_HIGH,
					       BR_SRC_BACKGROUND, BR_SRC_FOREGROUND },
				       .pattern = BLT_COLOR_PATTERN,
				       .keyed = true },
	[GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE] = { .br = { TARGET, BR_SRC_BACKGROUND,
							 BR_SRC_FOREGROUND, BR_IMMEDIATE },
						 .pattern = BLT_COLOR_PATTERN,
						 .keyed = true },
	[GVT_OP_XY_MONO_PAT_BLT] = { .br = { TARGET, BR_PATTERN_BACKGROUND, BR_PATTERN_FOREGROUND,
					     BR_PATTERN_BITS, BR_PATTERN_BITS_2 },
				     .pattern = BLT_MONO_PATTERN },
	[GVT_OP_XY_MONO_PAT_FIXED_BLT] = { .br = { TARGET, BR_PATTERN_BACKGROUND,
						   BR_PATTERN_FOREGROUND },
					   .pattern = BLT_MONO_PATTERN,
					   .fixed = true },

	[GVT_OP_XY_SRC_COPY_BLT] = { .br = { TARGET, BR_SRC_TOP_LEFT, BR_SRC_PITCH, BR_SRC,
					     BR_SRC_HIGH },
				     .source = BLT_COLOR_SOURCE },
	[GVT_OP_XY_SRC_COPY_CHROMA_BLT] = { .br = { TARGET, BR_SRC_TOP_LEFT, BR_SRC_PITCH, BR_SRC,
						    BR_SRC_HIGH, BR_SRC_BACKGROUND,
						    BR_SRC_FOREGROUND },
					    .source = BLT_COLOR_SOURCE,
					    .keyed = true },
	[GVT_OP_XY_MONO_SRC_COPY_BLT] = { .br = { TARGET, BR_SRC, BR_SRC_HIGH, BR_SRC_BACKGROUND,
						  BR_SRC_FOREGROUND },
					  .source = BLT_MONO_SOURCE },
	[GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT] = { .br = { TARGET, BR_SRC_BACKGROUND,
							    BR_SRC_FOREGROUND, BR_IMMEDIATE },
						    .source = BLT_MONO_SOURCE },

	/* In these the source's pitch comes before its corner. */
	[GVT_OP_XY_FULL_BLT] = { .br = { TARGET, BR_SRC_PITCH, BR_SRC_TOP_LEFT, BR_SRC, BR_SRC_HIGH,
					 BR_PATTERN, BR_PATTERN_HIGH },
				 .source = BLT_COLOR_SOURCE,
				 .pattern = BLT_COLOR_PATTERN },
	[GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT] = { .br = { TARGET, BR_SRC_PITCH, BR_SRC_TOP_LEFT,
							   BR_SRC, BR_SRC_HIGH, BR_IMMEDIATE },
						   .source = BLT_COLOR_SOURCE,
						   .pattern = BLT_COLOR_PATTERN },
	[GVT_OP_XY_FULL_MONO_SRC_BLT] = { .br = { TARGET, BR_SRC, BR_SRC_HIGH, BR_SRC_BACKGROUND,
						  BR_SRC_FOREGROUND, BR_PATTERN, BR_PATTERN_HIGH },
					  .source = BLT_MONO_SOURCE,
					  .pattern = BLT_COLOR_PATTERN },
	[GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT] = { .br = { TARGET, BR_SRC, BR_SRC_HIGH,
								    BR_SRC_BACKGROUND,
								    BR_SRC_FOREGROUND,
								    BR_IMMEDIATE },
							    .source = BLT_MONO_SOURCE,
							    .pattern = BLT_COLOR_PATTERN },
	[GVT_OP_XY_FULL_MONO_PATTERN_BLT] = { .br = { TARGET, BR_SRC_PITCH, BR_SRC_TOP_LEFT, BR_SRC,
						      BR_SRC_HIGH, BR_PATTERN_BACKGROUND,
						      BR_PATTERN_FOREGROUND, BR_PATTERN_BITS,
						      BR_PATTERN_BITS_2 },
					      .source = BLT_COLOR_SOURCE,
					      .pattern = BLT_MONO_PATTERN },
	[GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT] = { .br = { TARGET, BR_SRC, BR_SRC_HIGH,
							       BR_SRC_BACKGROUND, BR_SRC_FOREGROUND,
							       BR_PATTERN_BACKGROUND,
							       BR_PATTERN_FOREGROUND,
							       BR_PATTERN_BITS, BR_PATTERN_BITS_2 },
						       .source = BLT_MONO_SOURCE,
						       .pattern = BLT_MONO_PATTERN },

	[GVT_OP_XY_FAST_COPY_BLT] = { .br = { TARGET, BR_SRC_TOP_LEFT, BR_SRC_PITCH, BR_SRC,
					      BR_SRC_HIGH },
				      .source = BLT_COLOR_SOURCE },
	[GVT_OP_COLOR_BLT] = { .br = { BR_CONTROL, BR_SIZE, BR_DST, BR_DST_HIGH,
				       BR_PATTERN_FOREGROUND },
			       .pattern = BLT_SOLID,
			       .shape = BYTES },
	[GVT_OP_SRC_COPY_BLT] = { .br = { BR_CONTROL, BR_SIZE, BR_DST, BR_DST_HIGH, BR_SRC_PITCH,
					  BR_SRC, BR_SRC_HIGH },
				  .source = BLT_COLOR_SOURCE,
				  .shape = BYTES },
};

/*
 * The patterns of XY_MONO_PAT_FIXED_BLT. The manual only names them; the bits are those that
 * Windows has under these names. Other patterns are empty.
 */
static const u8 fixed_patterns[16][BLT_PATTERN] = {
	{ 0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00 },	   /* horizontal */
	{ 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08, 0x08 },	   /* vertical */
	{ 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01 },	   /* forward diagonal */
	{ 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80 },	   /* backward diagonal */
	{ 0x08, 0x08, 0x08, 0x08, 0xff, 0x08, 0x08, 0x08 },	   /* cross */
	{ 0x81, 0x42, 0x24, 0x18, 0x18, 0x24, 0x42, 0x81 },	   /* diagonal cross */
	[8] = { 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55 },  /* screen door */
	[9] = { 0xcc, 0xcc, 0x33, 0x33, 0xcc, 0xcc, 0x33, 0x33 },  /* wide screen door */
	[10] = { 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01 }, /* walking one */
	[11] = { 0x7f, 0xbf, 0xdf, 0xef, 0xf7, 0xfb, 0xfd, 0xfe }, /* walking zero */
};

/* Puts a command's dwords into @br. Returns the number before immediate data, or -EINVAL. */
static int spread(u32 *br, const struct command *c, const u32 *dw, u32 nr)
{
	u32 at = 1;

	for (const u8 *to = c->br; *to && *to != BR_IMMEDIATE; to++, at++) {
		if (at >= nr)
			return -EINVAL;
		br[*to] = dw[at];
	}
	return (int)at;
}

int blt_setup(u32 *setup, enum gvt_cmd_op op, const u32 *dw, u32 nr)
{
	int rc;

	if (op != GVT_OP_XY_SETUP_BLT && op != GVT_OP_XY_SETUP_CLIP_BLT &&
	    op != GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT)
		return 0;
	rc = spread(setup, &commands[op], dw, nr);
	if (rc < 0)
		return rc;
	if (op != GVT_OP_XY_SETUP_CLIP_BLT)
		setup[BR_SETUP] = dw[0];
	return 1;
}

/* For commands that use the setup: copies its registers to the places where other commands have
 * them. */
static void take_setup(u32 *br)
{
	br[BR_CONTROL] = br[BR_SETUP_CONTROL];
	br[BR_PATTERN] = br[BR_SETUP_PATTERN];
	br[BR_SRC_BACKGROUND] = br[BR_PATTERN_BACKGROUND] = br[BR_SETUP_BACKGROUND];
	br[BR_SRC_FOREGROUND] = br[BR_PATTERN_FOREGROUND] = br[BR_SETUP_FOREGROUND];
}

/* Coordinates are signed; y is in the high half. */
static s32 x_of(u32 dw)
{
	return (s16)(dw & 0xffff);
}

static s32 y_of(u32 dw)
{
	return (s16)(dw >> 16);
}

static u64 addr_of(const u32 *br, u32 low, u32 high)
{
	return br[low] | (u64)br[high] << 32;
}

static s32 max(s32 a, s32 b)
{
	return a > b ? a : b;
}

static s32 min(s32 a, s32 b)
{
	return a < b ? a : b;
}

static void decode_shape(struct blt *b, const u32 *br, enum shape shape)
{
	switch (shape) {
	case RECTANGLE:
		b->x1 = x_of(br[BR_TOP_LEFT]);
		b->y1 = y_of(br[BR_TOP_LEFT]);
		b->x2 = x_of(br[BR_BOTTOM_RIGHT]);
		b->y2 = y_of(br[BR_BOTTOM_RIGHT]);
		break;
	case PIXEL:
		b->x1 = x_of(br[BR_TOP_LEFT]);
		b->y1 = y_of(br[BR_TOP_LEFT]);
		b->x2 = b->x1 + 1;
		b->y2 = b->y1 + 1;
		break;
	case BYTES:
		b->x2 = (s32)((br[BR_SIZE] & 0xffff) / b->cpp);
		b->y2 = (s32)(br[BR_SIZE] >> 16);
		break;
	}
}

/* Clips the rectangle, and moves the source's corner with the destination's. */
static void clip(struct blt *b, const u32 *br)
{
	s32 x1 = max(b->x1, x_of(br[BR_CLIP_TOP_LEFT]));
	s32 y1 = max(b->y1, y_of(br[BR_CLIP_TOP_LEFT]));

	b->src_x += x1 - b->x1;
	b->src_y += y1 - b->y1;
	b->x1 = x1;
	b->y1 = y1;
	b->x2 = min(b->x2, x_of(br[BR_CLIP_BOTTOM_RIGHT]));
	b->y2 = min(b->y2, y_of(br[BR_CLIP_BOTTOM_RIGHT]));
}

/* A linear surface's pitch is in bytes, and signed; a tiled one's is in dwords, and unsigned. */
static struct blt_place place(u64 addr, u32 pitch, enum gvt_tiling tiling, u32 cpp)
{
	return (struct blt_place){
		.addr = addr,
		.pitch = tiling == GVT_LINEAR ? (s16)(pitch & 0xffff) : (s64)(pitch & 0xffff) * 4,
		.tile = gvt_tile(tiling, cpp),
	};
}

static void decode_pattern(struct blt_pattern *p, const struct command *c, const u32 *br,
			   u32 header)
{
	p->kind = c->pattern;
	if (c->from_setup && p->kind == BLT_COLOR_PATTERN &&
	    (br[BR_SETUP] >> 22 & 0x7f) == 0x11) /* XY_SETUP_MONO_PATTERN_SL_BLT */
		p->kind = BLT_MONO_PATTERN;
	p->x = header >> 12 & 7;
	p->y = header >> 8 & 7;
	p->addr = addr_of(br, BR_PATTERN, BR_PATTERN_HIGH) & ~63ull;
	p->background = br[BR_PATTERN_BACKGROUND];
	p->foreground = br[BR_PATTERN_FOREGROUND];
	if (p->kind != BLT_MONO_PATTERN)
		return;
	p->transparent = br[BR_CONTROL] & PATTERN_TRANSPARENT;
	if (br[BR_CONTROL] & SOLID_PATTERN)
		return; /* the pattern is not read: all bits are 0 */
	if (c->fixed) {
		memcpy(p->bits, fixed_patterns[header >> 15 & 15], sizeof(p->bits));
		return;
	}
	memcpy(p->bits, &br[BR_PATTERN_BITS], 4);
	memcpy(p->bits + 4, &br[BR_PATTERN_BITS_2], 4);
}

/* Called before the blit is clipped, because the bitmap is of the unclipped size. */
static void decode_mono(struct blt *b, const struct command *c, const u32 *br, u32 header)
{
	struct blt_mono *m = &b->mono;
	u64 width = (u64)max(b->x2 - b->x1, 0);

	m->addr = addr_of(br, BR_SRC, BR_SRC_HIGH);
	m->background = br[BR_SRC_BACKGROUND];
	m->foreground = br[BR_SRC_FOREGROUND];
	m->transparent = br[BR_CONTROL] & SOURCE_TRANSPARENT;
	if (c->packing == WORDS) {
		m->first = header >> 17 & 7;
		m->row = ALIGN_UP(m->first + width, 16);
	} else {
		m->row = header & BYTE_PACKED ? ALIGN_UP(width, 8) : width;
	}
}

static void decode_key(struct blt_key *k, const u32 *br, u32 header)
{
	k->enabled = header >> 17 & 1;
	k->alpha = (header >> 17 & 7) == 3 || (header >> 17 & 7) == 5;
	k->destination = header >> 19 & 1;
	k->low = br[BR_SRC_BACKGROUND];
	k->high = br[BR_SRC_FOREGROUND];
}

/* Finds what the immediate dwords are data of, and checks that there are enough. */
static int decode_immediate(struct blt *b, const struct command *c, const u32 *dw, u32 nr)
{
	const u8 *data = (const u8 *)dw;
	u64 bits = (u64)nr * 32;
	u64 width = (u64)max(b->x2 - b->x1, 0);
	u64 rows = (u64)max(b->y2 - b->y1, 1);

	if (c->source == BLT_MONO_SOURCE && (c->from_setup || c->pattern == BLT_NO_PATTERN)) {
		b->mono.immediate = data;
		return (rows - 1) * b->mono.row + b->mono.first + width <= bits ? 0 : -EINVAL;
	}
	b->pattern.immediate = data;
	return BLT_PATTERN * BLT_PATTERN * b->cpp * 8 <= bits ? 0 : -EINVAL;
}

static enum gvt_tiling tiling_of(bool tiled, bool y)
{
	return !tiled ? GVT_LINEAR : y ? GVT_TILE_Y : GVT_TILE_X;
}

/* XY_FAST_COPY_BLT has bits of its own for depth and tiles, and can only copy. */
static void decode_fast_copy(struct blt *b, const u32 *br, u32 header)
{
	static const u8 cpp[8] = { 1, 2, 2, 4, 8, 16, 16, 16 };
	static const enum gvt_tiling tiling[4] = { GVT_LINEAR, GVT_TILE_X, GVT_TILE_Y,
						   GVT_TILE_YS };
	enum gvt_tiling dst = tiling[header >> 13 & 3];
	enum gvt_tiling src = tiling[header >> 20 & 3];

	if (dst == GVT_TILE_Y && br[BR_CONTROL] >> 30 & 1)
		dst = GVT_TILE_YF;
	if (src == GVT_TILE_Y && br[BR_CONTROL] >> 31 & 1)
		src = GVT_TILE_YF;
	b->cpp = cpp[br[BR_CONTROL] >> 24 & 7];
	b->rop = BLT_ROP_SOURCE;
	b->dst = place(addr_of(br, BR_DST, BR_DST_HIGH), br[BR_CONTROL], dst, b->cpp);
	b->src = place(addr_of(br, BR_SRC, BR_SRC_HIGH), br[BR_SRC_PITCH], src, b->cpp);
	decode_shape(b, br, RECTANGLE);
}

/* A copy from right to left, and from below: its addresses are those of the last bytes. */
static void turn_round(struct blt *b)
{
	s64 width = (s64)(b->x2 - b->x1) * b->cpp;

	b->dst.addr -= (u64)(width - 1);
	b->src.addr -= (u64)(width - 1);
}

int blt_decode(struct blt *b, const u32 *setup, u32 swctrl, enum gvt_cmd_op op, const u32 *dw,
	       u32 nr)
{
	static const u8 cpp[4] = { 1, 2, 2, 4 };
	const struct command *c = &commands[op];
	u32 br[BR_NR] = { 0 };
	u32 header = dw[0];
	u32 control;
	u32 tiled;
	int at;

	if (!c->br[0])
		return -EINVAL;
	memset(b, 0, sizeof(*b));
	memcpy(br, setup, sizeof(br));
	if (c->from_setup)
		take_setup(br);
	at = spread(br, c, dw, nr);
	if (at < 0)
		return at;

	b->source = c->source;
	b->bytes = ~0u;
	b->src_x = x_of(br[BR_SRC_TOP_LEFT]);
	b->src_y = y_of(br[BR_SRC_TOP_LEFT]);
	if (op == GVT_OP_XY_FAST_COPY_BLT) {
		decode_fast_copy(b, br, header);
		return 0;
	}

	control = br[BR_CONTROL];
	b->depth = control >> 24 & 3;
	b->cpp = cpp[b->depth];
	b->rop = control >> 16 & 0xff;
	tiled = c->shape == BYTES ? 0 : c->from_setup ? header | br[BR_SETUP] : header;
	b->dst = place(addr_of(br, BR_DST, BR_DST_HIGH), control,
		       tiling_of(tiled & DST_TILED, swctrl & BCS_SWCTRL_DST_Y), b->cpp);
	b->src = place(addr_of(br, BR_SRC, BR_SRC_HIGH), br[BR_SRC_PITCH],
		       tiling_of(tiled & SRC_TILED, swctrl & BCS_SWCTRL_SRC_Y), b->cpp);
	if (b->cpp == 4) {
		u32 written = c->from_setup ? br[BR_SETUP] : header;

		b->bytes = (written & RGB_WRITTEN ? 0x00ffffff : 0) |
			   (written & ALPHA_WRITTEN ? 0xff000000 : 0);
	}

	decode_shape(b, br, c->shape);
	if (c->source != BLT_COLOR_SOURCE || c->shape == BYTES)
		b->src_x = b->src_y = 0;
	decode_pattern(&b->pattern, c, br, header);
	if (c->source == BLT_MONO_SOURCE)
		decode_mono(b, c, br, header);
	if (c->keyed)
		decode_key(&b->key, br, header);
	if (memchr(c->br, BR_IMMEDIATE, sizeof(c->br))) {
		int rc = decode_immediate(b, c, dw + at, nr - (u32)at);

		if (rc)
			return rc;
	}
	if (c->shape == BYTES && op == GVT_OP_SRC_COPY_BLT && control & BACKWARDS)
		turn_round(b);
	else if (c->shape != BYTES && control & CLIPPED)
		clip(b, br);
	return 0;
}
