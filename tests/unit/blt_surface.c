/* SPDX-License-Identifier: MIT */
/* The places of pixels in tiled surfaces, and copies within one surface. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/blt_model.h"
#include "tests/unit/blt_rig.h"

/* Writes one byte of a surface by a 1 x 1 fill of 8 bits. Returns the offset that changed. */
static u64 where(enum model_tiling tiling, int pitch, int x, int y)
{
	static u8 before[RIG_PAGES * GVT_PAGE_SIZE];
	struct softgpu_engine *e = rig_start(1);
	struct model_blt m = { .op = GVT_OP_XY_COLOR_BLT,
			       .rop = 0x55, /* inverts, so that the byte certainly changes */
			       .x1 = x,
			       .y1 = y,
			       .x2 = x + 1,
			       .y2 = y + 1,
			       .dst = { .addr = rig_addr(0), .pitch = pitch, .tiling = tiling } };
	u32 dw[16];
	u64 at;

	rig_save(e, before);
	e->swctrl = tiling == MODEL_Y ? 2 : 1;
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, model_encode(&m, dw)), 0);
	at = rig_same(e, before);
	rig_end(e);
	return at;
}

/* Moves a byte to (x, y) by a fast copy of 1 x 1 pixels of @cpp bytes. Returns its offset. */
static u64 where_fast(enum model_tiling tiling, unsigned int depth, int pitch, int x, int y)
{
	static u8 before[RIG_PAGES * GVT_PAGE_SIZE];
	struct softgpu_engine *e = rig_start(1);
	struct model_blt m = { .op = GVT_OP_XY_FAST_COPY_BLT,
			       .depth = depth,
			       .x1 = x,
			       .y1 = y,
			       .x2 = x + 1,
			       .y2 = y + 1,
			       .dst = { .addr = rig_addr(0), .pitch = pitch, .tiling = tiling },
			       .src = { .addr = rig_addr(MiB(2)), .pitch = 64 } };
	u32 dw[16];
	u64 at;

	memset(e->page[512], 0x5a, 64);
	for (u32 i = 0; i < 512; i++)
		memset(e->page[i], 0xa5, GVT_PAGE_SIZE);
	rig_save(e, before);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, model_encode(&m, dw)), 0);
	at = rig_same(e, before);
	rig_end(e);
	return at;
}

/* Offsets worked out by hand. An X tile is 8 rows of 512 bytes. */
START_TEST(x_tiles)
{
	ck_assert_uint_eq(where(MODEL_X, 4096, 0, 0), 0);
	ck_assert_uint_eq(where(MODEL_X, 4096, 511, 0), 511);
	ck_assert_uint_eq(where(MODEL_X, 4096, 0, 1), 512);
	ck_assert_uint_eq(where(MODEL_X, 4096, 512, 0), 4096);
	ck_assert_uint_eq(where(MODEL_X, 4096, 0, 8), 8 * 4096);
	ck_assert_uint_eq(where(MODEL_X, 4096, 1000, 21), 2 * 8 * 4096 + 1 * 4096 + 5 * 512 + 488);
	ck_assert_uint_eq(where(MODEL_X, 512, 3, 9), 4096 + 512 + 3);
}
END_TEST

/* A Y tile is 8 columns of 32 rows of 16 bytes. */
START_TEST(y_tiles)
{
	ck_assert_uint_eq(where(MODEL_Y, 1024, 0, 0), 0);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 15, 0), 15);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 16, 0), 512);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 0, 1), 16);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 127, 31), 4095);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 128, 0), 4096);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 0, 32), 8 * 4096);
	ck_assert_uint_eq(where(MODEL_Y, 1024, 300, 40),
			  8 * 4096 + 2 * 4096 + 2 * 512 + 8 * 16 + 12);
}
END_TEST

/* Yf of 32 bits: the bits of the offset are x y x y x y y y x x x x (from IGT's test). */
START_TEST(yf_tiles)
{
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 0), 0);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 1, 0), 4);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 1), 0x10);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 2), 0x20);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 4), 0x40);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 4, 0), 0x80);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 8), 0x100);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 8, 0), 0x200);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 16), 0x400);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 16, 0), 0x800);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 32, 0), 0x1000);
	ck_assert_uint_eq(where_fast(MODEL_YF, 3, 256, 0, 32), 0x2000);
}
END_TEST

/* Ys of 32 bits: 128 x 128 pixels in 64 KiB. */
START_TEST(ys_tiles)
{
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 16, 0), 0x800);
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 0, 32), 0x1000);
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 32, 0), 0x2000);
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 0, 64), 0x4000);
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 64, 0), 0x8000);
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 128, 0), 0x10000);
	ck_assert_uint_eq(where_fast(MODEL_YS, 3, 1024, 0, 128), 0x20000);
}
END_TEST

/* Moves within one surface, which may overlap in any way: as if all was read first. */
static void moves(enum model_tiling tiling, int pitch, u8 rop)
{
	static u8 before[RIG_PAGES * GVT_PAGE_SIZE];
	static u8 after[RIG_PAGES * GVT_PAGE_SIZE];
	struct softgpu_engine *e = rig_start(3);
	u64 seed = 99;

	e->swctrl = tiling == MODEL_Y ? 3 : 0;
	for (u32 i = 0; i < 40; i++) {
		struct model_blt m = {
			.op = GVT_OP_XY_SRC_COPY_BLT,
			.depth = 3,
			.rop = rop,
			.write_rgb = true,
			.write_alpha = true,
			.dst = { .addr = rig_addr(0), .pitch = pitch, .tiling = tiling },
		};
		int width = 100 + (int)(unit_random(&seed) % 1800);
		int height = 1 + (int)(unit_random(&seed) % 30);
		u32 dw[16];

		if (pitch < 0)
			m.dst.addr += 100 * (u64)-pitch;
		m.src = m.dst;
		m.x1 = 40 + (int)(unit_random(&seed) % 40);
		m.y1 = 10 + (int)(unit_random(&seed) % 10);
		m.x2 = m.x1 + width;
		m.y2 = m.y1 + height;
		m.src_x = m.x1 + (int)(unit_random(&seed) % 79) - 39;
		m.src_y = m.y1 + (int)(unit_random(&seed) % 3) - 1;
		/* The same linear memory by another address. */
		if (tiling == MODEL_LINEAR && i % 2) {
			m.src.addr += (u64)m.src.pitch + 4 * 5;
			m.src_x -= 5;
			m.src_y -= 1;
		}
		rig_save(e, before);
		memcpy(after, before, sizeof(after));
		ck_assert_int_eq(softgpu_blt(e, m.op, dw, model_encode(&m, dw)), 0);
		model_run(&m, RIG_BASE, before, after);
		UNIT_CHECK(rig_same(e, after) == ~0ull, "move %u by %d, %d", i, m.x1 - m.src_x,
			   m.y1 - m.src_y);
	}
	rig_end(e);
}

START_TEST(overlap)
{
	static const struct {
		enum model_tiling tiling;
		int pitch;
	} surfaces[] = { { MODEL_LINEAR, 8192 },
			 { MODEL_LINEAR, 8000 },
			 { MODEL_LINEAR, -8192 },
			 { MODEL_X, 8192 },
			 { MODEL_Y, 8192 } };

	moves(surfaces[_i].tiling, surfaces[_i].pitch, 0xcc);
	moves(surfaces[_i].tiling, surfaces[_i].pitch, 0x66);
}
END_TEST

/* SRC_COPY_BLT from right to left: its addresses are those of the last bytes of the top rows. */
START_TEST(backwards)
{
	static u8 before[RIG_PAGES * GVT_PAGE_SIZE];
	struct softgpu_engine *e = rig_start(8);
	const u32 width = 5000;
	u32 dw[] = { 2u << 29 | 0x43u << 22 | 6,    0xcc << 16 | 1u << 30 | 8192, 3u << 16 | width,
		     (u32)rig_addr(20 + width - 1), (u32)(rig_addr(0) >> 32),	  8192,
		     (u32)rig_addr(10 + width - 1), (u32)(rig_addr(0) >> 32) };

	rig_save(e, before);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_SRC_COPY_BLT, dw, ARRAY_SIZE(dw)), 0);
	for (u32 y = 0; y < 3; y++)
		memmove(before + y * 8192 + 20, before + y * 8192 + 10, width);
	ck_assert_uint_eq(rig_same(e, before), ~0ull);
	rig_end(e);
}
END_TEST

Suite *suite_blt_surface(void)
{
	Suite *s = suite_create("blt_surface");
	TCase *tc = tcase_create("blt_surface");

	tcase_add_test(tc, x_tiles);
	tcase_add_test(tc, y_tiles);
	tcase_add_test(tc, yf_tiles);
	tcase_add_test(tc, ys_tiles);
	tcase_add_loop_test(tc, overlap, 0, 5);
	tcase_add_test(tc, backwards);
	suite_add_tcase(s, tc);
	return s;
}
