/* SPDX-License-Identifier: MIT */
/* Every command of the blitter with random parameters, compared with a slow model of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/blt_model.h"
#include "tests/unit/blt_rig.h"

#define CASES	  150u
#define AREA	  MiB(1)	       /* the size of the destination, and of the source after it */
#define SMALL	  (2 * AREA + KiB(64)) /* patterns and bitmaps from here on */
#define MAX_ROWS  120u
#define MAX_PITCH 6144u

static u64 seed;

static u32 below(u32 n)
{
	return (u32)(unit_random(&seed) >> 32) % n;
}

static bool chance(u32 percent)
{
	return below(100) < percent;
}

static int from_to(int first, int last)
{
	return first + (int)below((u32)(last - first + 1));
}

/* A surface of pixels of @cpp bytes in the MiB at @area, and the pixels of its rows. */
static struct model_surface random_surface(u64 area, u32 cpp, u32 tilings, u32 *pixels)
{
	u32 kind = cpp == 1 ? 0 : cpp <= 4 ? 1 : 2;
	u32 tile_bytes[] = { 1, 512, 128, 64u << kind, 256u << kind };
	struct model_surface s = { .addr = rig_addr(area), .tiling = below(tilings) };
	u32 tile = tile_bytes[s.tiling];
	u32 most = s.tiling == MODEL_YS ? 4 * tile : MAX_PITCH;

	s.pitch = (int)((below(most / tile) + 1) * tile);
	if (s.tiling == MODEL_LINEAR) {
		s.pitch = from_to(64, MAX_PITCH);
		s.addr += below(8192);
	}
	*pixels = (u32)s.pitch / cpp;
	if (s.tiling == MODEL_LINEAR && chance(25)) {
		s.addr += MAX_ROWS * (u64)s.pitch;
		s.pitch = -s.pitch;
	}
	return s;
}

static void random_clip(struct model_blt *m)
{
	m->clipped = chance(50);
	m->clip_x1 = from_to(m->x1 > 20 ? m->x1 - 20 : 0, m->x2 + 5);
	m->clip_y1 = from_to(m->y1 > 20 ? m->y1 - 20 : 0, m->y2 + 5);
	m->clip_x2 = from_to(m->clip_x1, m->x2 + 20);
	m->clip_y2 = from_to(m->clip_y1, m->y2 + 20);
	/* A clipped blit may begin left of the surface and above it. */
	if (m->clipped && chance(30)) {
		m->x1 -= (int)below(40) < m->x1 ? 0 : 40;
		m->y1 -= (int)below(20) < m->y1 ? 0 : 20;
	}
}

static void random_rectangle(struct model_blt *m, u32 dst_pixels, u32 src_pixels)
{
	u32 most = dst_pixels < src_pixels ? dst_pixels : src_pixels;
	u32 width = below(chance(10) || most < 80 ? most : 80) + 1;
	u32 height = below(chance(20) ? MAX_ROWS : 24) + 1;
	bool legacy = m->op == GVT_OP_COLOR_BLT || m->op == GVT_OP_SRC_COPY_BLT;

	if (model_immediate(&(struct model_blt){ .op = m->op, .x2 = 1, .y2 = 1 })) {
		width = width % 90 + 1;
		width = width < most ? width : most;
		height = height % 30 + 1;
	}
	if (m->op == GVT_OP_XY_PIXEL_BLT)
		width = height = 1;
	m->x1 = legacy ? 0 : (int)below(dst_pixels - width + 1);
	m->y1 = legacy ? 0 : (int)below(MAX_ROWS - height + 1);
	m->x2 = m->x1 + (int)width;
	m->y2 = m->y1 + (int)height;
	m->src_x = legacy ? 0 : (int)below(src_pixels - width + 1);
	m->src_y = legacy ? 0 : (int)below(MAX_ROWS - height + 1);
	if (!legacy && m->op != GVT_OP_XY_FAST_COPY_BLT && m->op != GVT_OP_XY_PIXEL_BLT) {
		int x1 = m->x1;
		int y1 = m->y1;

		random_clip(m);
		m->src_x -= x1 - m->x1;
		m->src_y -= y1 - m->y1;
	}
}

static void random_blt(struct model_blt *m, enum gvt_cmd_op op)
{
	static const u8 fast_depths[] = { 0, 1, 3, 4, 5 };
	static const u8 common[] = { 0xcc, 0xf0, 0x00, 0xff, 0x66, 0x5a, 0x88, 0xee };
	bool fast = op == GVT_OP_XY_FAST_COPY_BLT;
	bool legacy = op == GVT_OP_COLOR_BLT || op == GVT_OP_SRC_COPY_BLT;
	bool key = op == GVT_OP_XY_SRC_COPY_CHROMA_BLT || op == GVT_OP_XY_PAT_CHROMA_BLT ||
		   op == GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE;
	u32 dst_pixels;
	u32 src_pixels;

	memset(m, 0, sizeof(*m));
	m->op = op;
	m->depth = fast ? fast_depths[below(5)] : below(4);
	m->rop = chance(40) ? common[below(8)] : (u8)below(256);
	m->write_rgb = chance(85);
	m->write_alpha = chance(85);
	m->dst = random_surface(0, model_cpp(m), fast ? 5 : legacy ? 1 : 3, &dst_pixels);
	m->src = random_surface(AREA, model_cpp(m), fast ? 5 : legacy ? 1 : 3, &src_pixels);
	random_rectangle(m, dst_pixels, model_has_source(op) ? src_pixels : dst_pixels);
	m->mono_addr = rig_addr(SMALL + KiB(64) + below(5000));
	m->mono_first = below(8);
	m->mono_bg = (u32)unit_random(&seed);
	m->mono_fg = (u32)unit_random(&seed);
	m->mono_transparent = model_has_bitmap(op) && chance(40);
	m->mono_bytes = chance(50);
	m->setup_mono = chance(50);
	m->pattern_addr = rig_addr(SMALL + 64 * below(200));
	m->pattern_x = below(8);
	m->pattern_y = below(8);
	if (op == GVT_OP_XY_PIXEL_BLT || op == GVT_OP_XY_TEXT_BLT ||
	    op == GVT_OP_XY_TEXT_IMMEDIATE_BLT || legacy)
		m->pattern_x = m->pattern_y = 0;
	m->pattern_bg = (u32)unit_random(&seed);
	m->pattern_fg = (u32)unit_random(&seed);
	for (u32 i = 0; i < 8; i++)
		m->pattern_bits[i] = (u8)below(256);
	m->pattern_transparent = !legacy && chance(30);
	m->pattern_solid = !legacy && chance(20);
	m->fixed = below(12);
	m->key_mode = key ? below(8) : 0;
	m->key_low = (u32)unit_random(&seed) & 0x3f7f3f7f;
	m->key_high = (u32)unit_random(&seed) | 0xc0c0c0c0;
	m->immediate_bytes = model_immediate(m);
	for (u32 i = 0; i < m->immediate_bytes; i++)
		m->immediate[i] = (u8)below(256);
}

static u32 swctrl(const struct model_blt *m)
{
	return (u32)(m->src.tiling == MODEL_Y) | (u32)(m->dst.tiling == MODEL_Y) << 1;
}

static void run_one(struct softgpu_engine *e, const struct model_blt *m, u32 i)
{
	enum gvt_cmd_op op;
	u32 dw[5000];
	u32 nr = model_setup(m, dw, &op);
	int rc;

	ck_assert_int_eq(softgpu_blt(e, op, dw, nr), 0);
	e->swctrl = m->op == GVT_OP_XY_FAST_COPY_BLT ? below(4) : swctrl(m);
	nr = model_encode(m, dw);
	/* Another context wants the engine now and then; the blit is continued where it was. */
	e->gives_way = i % 2 ? i : 0;
	while ((rc = softgpu_blt(e, m->op, dw, nr)) == -EINTR)
		ck_assert_uint_gt(e->progress, 0);
	UNIT_CHECK(rc == 0, "op %d, case %u, %llx", m->op, i, (unsigned long long)e->fault);
	ck_assert_uint_eq(e->progress, 0);
}

static void command(enum gvt_cmd_op op)
{
	static u8 before[RIG_PAGES * GVT_PAGE_SIZE];
	static u8 after[RIG_PAGES * GVT_PAGE_SIZE];
	struct softgpu_engine *e = rig_start(op + 1);
	u64 at;

	seed = 0x9e3779b97f4a7c15ull + op;
	rig_save(e, before);
	memcpy(after, before, sizeof(before));
	for (u32 i = 0; i < CASES; i++) {
		struct model_blt m;

		random_blt(&m, op);
		run_one(e, &m, i);
		model_run(&m, RIG_BASE, before, after);
		for (u32 page = 0; page < AREA / GVT_PAGE_SIZE; page++)
			if (memcmp(after + page * GVT_PAGE_SIZE, e->page[page], GVT_PAGE_SIZE)) {
				at = rig_same(e, after);
				ck_abort_msg(
					"op %d, case %u: byte %llx is %02x, not %02x; rop %02x "
					"depth %u tiles %d %d x %d-%d y %d-%d",
					op, i, (unsigned long long)at, *rig_byte(e, RIG_BASE + at),
					after[at], m.rop, m.depth, m.dst.tiling, m.src.tiling, m.x1,
					m.x2, m.y1, m.y2);
			}
		memcpy(before, after, AREA);
	}
	/* Writes are within the destinations, and no other page was asked for. */
	at = rig_same(e, after);
	ck_assert_msg(at == ~0ull, "byte %llx was written", (unsigned long long)at);
	ck_assert_uint_lt(e->last_write, AREA / GVT_PAGE_SIZE);
	rig_end(e);
}

static const enum gvt_cmd_op ops[] = {
	GVT_OP_XY_PIXEL_BLT,
	GVT_OP_XY_SCANLINES_BLT,
	GVT_OP_XY_TEXT_BLT,
	GVT_OP_XY_TEXT_IMMEDIATE_BLT,
	GVT_OP_XY_COLOR_BLT,
	GVT_OP_XY_PAT_BLT,
	GVT_OP_XY_PAT_BLT_IMMEDIATE,
	GVT_OP_XY_PAT_CHROMA_BLT,
	GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE,
	GVT_OP_XY_MONO_PAT_BLT,
	GVT_OP_XY_MONO_PAT_FIXED_BLT,
	GVT_OP_XY_SRC_COPY_BLT,
	GVT_OP_XY_SRC_COPY_CHROMA_BLT,
	GVT_OP_XY_MONO_SRC_COPY_BLT,
	GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT,
	GVT_OP_XY_FULL_BLT,
	GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT,
	GVT_OP_XY_FULL_MONO_SRC_BLT,
	GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT,
	GVT_OP_XY_FULL_MONO_PATTERN_BLT,
	GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT,
	GVT_OP_XY_FAST_COPY_BLT,
	GVT_OP_COLOR_BLT,
	GVT_OP_SRC_COPY_BLT,
};

START_TEST(every_command)
{
	command(ops[_i]);
}
END_TEST

/* All 256 operations, in full. */
START_TEST(every_operation)
{
	static u8 before[RIG_PAGES * GVT_PAGE_SIZE];
	static u8 after[RIG_PAGES * GVT_PAGE_SIZE];
	struct softgpu_engine *e = rig_start(5);

	seed = 77;
	for (u32 rop = 0; rop < 256; rop++) {
		struct model_blt m;

		random_blt(&m, GVT_OP_XY_FULL_BLT);
		m.rop = (u8)rop;
		rig_save(e, before);
		memcpy(after, before, sizeof(before));
		run_one(e, &m, rop);
		model_run(&m, RIG_BASE, before, after);
		UNIT_CHECK(rig_same(e, after) == ~0ull, "operation %02x", rop);
	}
	rig_end(e);
}
END_TEST

Suite *suite_blt_property(void)
{
	Suite *s = suite_create("blt_property");
	TCase *tc = tcase_create("blt_property");

	tcase_add_loop_test(tc, every_command, 0, ARRAY_SIZE(ops));
	tcase_add_test(tc, every_operation);
	suite_add_tcase(s, tc);
	return s;
}
