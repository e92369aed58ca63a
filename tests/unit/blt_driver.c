/* SPDX-License-Identifier: MIT */
/*
 * Command sequences as drivers and their tests emit them, dword by dword, and the bytes that must
 * result: from i915 itself (gt/intel_migrate.c and its self-tests), IGT (lib/intel_batchbuffer.c,
 * lib/igt_draw.c) and the X driver (xf86-video-intel).
 */
#include <errno.h>
#include <string.h>

#include "tests/unit/blt_rig.h"

#define HIGH ((u32)(RIG_BASE >> 32))

/* MI_LOAD_REGISTER_IMM of BCS_SWCTRL. The high half says which bits change. */
static void load_swctrl(struct softgpu_engine *e, u32 masked)
{
	e->swctrl = (e->swctrl & ~(masked >> 16)) | (masked & masked >> 16);
}

/* XY_SRC_COPY_BLT of 32 bits, from (0, 0) to (0, 0). */
static void src_copy(struct softgpu_engine *e, u32 width, u32 height, u64 dst, u32 dst_stride,
		     bool dst_tiled, u64 src, u32 src_stride, bool src_tiled)
{
	u32 dw[10] = {
		2u << 29 | 0x53u << 22 | 3u << 20 | (u32)src_tiled << 15 | (u32)dst_tiled << 11 | 8,
		3u << 24 | 0xccu << 16 | (dst_tiled ? dst_stride / 4 : dst_stride),
		0,
		height << 16 | width,
		(u32)dst,
		HIGH,
		0,
		src_tiled ? src_stride / 4 : src_stride,
		(u32)src,
		HIGH,
	};

	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SRC_COPY_BLT, dw, 10), 0);
}

/* i915's migration of pages by XY_FAST_COPY_BLT: rows of 4096 bytes, one for each page. */
START_TEST(migrate)
{
	struct softgpu_engine *e = rig_start(6);
	u32 dw[10] = { 2u << 29 | 0x42u << 22 | 8,
		       3u << 24 | 4096,
		       0,
		       100u << 16 | 4096 / 4,
		       (u32)rig_addr(0),
		       HIGH,
		       0,
		       4096,
		       (u32)rig_addr(MiB(1)),
		       HIGH };

	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_FAST_COPY_BLT, dw, 10), 0);
	for (u32 i = 0; i < 100; i++)
		ck_assert_mem_eq(e->page[i], e->page[256 + i], GVT_PAGE_SIZE);
	ck_assert_mem_ne(e->page[100], e->page[356], GVT_PAGE_SIZE);
	rig_end(e);
}
END_TEST

/* i915's clearing of pages by XY_COLOR_BLT. */
START_TEST(clear)
{
	struct softgpu_engine *e = rig_start(6);
	u32 dw[7] = { 2u << 29 | 0x50u << 22 | 3u << 20 | 5,
		      3u << 24 | 0xf0u << 16 | 4096,
		      0,
		      64u << 16 | 4096 / 4,
		      (u32)rig_addr(0),
		      HIGH,
		      0xdeadbeef };

	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_COLOR_BLT, dw, 7), 0);
	for (u32 i = 0; i < 64 * 4096; i += 4)
		UNIT_CHECK(rig_u32(e, rig_addr(i)) == 0xdeadbeef, "byte %x", i);
	ck_assert_uint_ne(rig_u32(e, rig_addr(64 * 4096)), 0xdeadbeef);
	rig_end(e);
}
END_TEST

/*
 * IGT's igt_blitter_src_copy(), 256 x 64 pixels: linear to X tiles to Y tiles to linear. BCS_SWCTRL
 * chooses the tiles, and is reset after each copy.
 */
START_TEST(through_tiles)
{
	struct softgpu_engine *e = rig_start(6);
	const u32 size = 256 * 64 * 4;
	u64 linear = rig_addr(MiB(1));
	u64 x_tiled = rig_addr(0);
	u64 y_tiled = rig_addr(KiB(512));
	u64 back = rig_addr(MiB(2));

	src_copy(e, 256, 64, x_tiled, 1024, true, linear, 1024, false);
	load_swctrl(e, 3u << 16 | 2);
	src_copy(e, 256, 64, y_tiled, 1024, true, x_tiled, 1024, true);
	load_swctrl(e, 3u << 16);
	/* The place of pixel (133, 11), byte 532 of row 11, in each kind of tile. */
	ck_assert_uint_eq(rig_u32(e, x_tiled + 2 * 4096 + 4096 + 3 * 512 + 20),
			  rig_u32(e, linear + 11 * 1024 + 532));
	ck_assert_uint_eq(rig_u32(e, y_tiled + 4 * 4096 + 1 * 512 + 11 * 16 + 4),
			  rig_u32(e, linear + 11 * 1024 + 532));
	load_swctrl(e, 3u << 16 | 1);
	src_copy(e, 256, 64, back, 1024, false, y_tiled, 1024, true);
	for (u32 i = 0; i < size; i += 4)
		UNIT_CHECK(rig_u32(e, back + i) == rig_u32(e, linear + i), "byte %x", i);
	rig_end(e);
}
END_TEST

/* The same by XY_FAST_COPY_BLT, whose own bits choose the tiles. */
START_TEST(fast_through_tiles)
{
	/* The header's bits for tiles, whether they are Yf, and the pitch in its unit. */
	static const struct {
		u32 tiles;
		bool f;
		u32 pitch;
	} kinds[] = { { 1, false, 256 }, { 2, false, 256 }, { 2, true, 256 }, { 3, false, 256 } };
	struct softgpu_engine *e = rig_start(6);

	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
		u64 linear = rig_addr(MiB(1));
		u64 tiled = rig_addr(0);
		u64 back = rig_addr(MiB(2));
		u32 to[10] = { 2u << 29 | 0x42u << 22 | 8 | kinds[i].tiles << 13,
			       3u << 24 | kinds[i].pitch | (u32)kinds[i].f << 30,
			       0,
			       64u << 16 | 256,
			       (u32)tiled,
			       HIGH,
			       0,
			       1024,
			       (u32)linear,
			       HIGH };
		u32 from[10] = { 2u << 29 | 0x42u << 22 | 8 | kinds[i].tiles << 20,
				 3u << 24 | 1024 | (u32)kinds[i].f << 31,
				 0,
				 64u << 16 | 256,
				 (u32)back,
				 HIGH,
				 0,
				 kinds[i].pitch,
				 (u32)tiled,
				 HIGH };
		u32 moved = 0;

		e->swctrl = i & 3;
		ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_FAST_COPY_BLT, to, 10), 0);
		ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_FAST_COPY_BLT, from, 10), 0);
		for (u32 at = 0; at < 64 * 1024; at += 4) {
			UNIT_CHECK(rig_u32(e, back + at) == rig_u32(e, linear + at), "byte %x", at);
			moved += rig_u32(e, tiled + at) != rig_u32(e, linear + at);
		}
		ck_assert_uint_gt(moved, 10000);
	}
	rig_end(e);
}
END_TEST

/*
 * The X driver's fill of boxes: a solid mono pattern with the color as fore- and background, then
 * scan lines and pixels.
 */
START_TEST(x_fill)
{
	struct softgpu_engine *e = rig_start(6);
	u32 setup[10] = { 2u << 29 | 0x11u << 22 | 3u << 20 | 1u << 11 | 8,
			  1u << 31 | 3u << 24 | 0xf0u << 16 | 1024 / 4,
			  0,
			  0,
			  (u32)rig_addr(0),
			  HIGH,
			  0x00c0ffee,
			  0x00c0ffee,
			  0,
			  0 };
	u32 box[3] = { 2u << 29 | 0x25u << 22 | 1u << 11 | 1, 3u << 16 | 130, 4u << 16 | 140 };
	u32 point[2] = { 2u << 29 | 0x24u << 22 | 1u << 11, 9u << 16 | 5 };

	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT, setup, 10), 0);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SCANLINES_BLT, box, 3), 0);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_PIXEL_BLT, point, 2), 0);
	for (u32 x = 128; x < 144; x++) {
		u32 pixel = rig_u32(e, rig_addr(4096 + 3 * 512 + (x - 128) * 4));

		ck_assert_int_eq(pixel == 0x00c0ffee, x >= 130 && x < 140);
	}
	ck_assert_uint_eq(rig_u32(e, rig_addr(2 * 4096 + 512 + 20)), 0x00c0ffee);
	rig_end(e);
}
END_TEST

/* The X driver's text of 32 bits: clipped, transparent, glyphs with whole bytes for each row. */
START_TEST(x_text)
{
	struct softgpu_engine *e = rig_start(6);
	u32 setup[10] = { 2u << 29 | 0x01u << 22 | 3u << 20 | 8,
			  1u << 30 | 1u << 29 | 3u << 24 | 0xccu << 16 | 256,
			  0,
			  8u << 16 | 12,
			  (u32)rig_addr(0),
			  HIGH,
			  0,
			  0xffffffff,
			  0,
			  0 };
	/* 10 x 3 pixels at (-2, 6): the first two columns and the last row are clipped. */
	u32 text[5] = { 2u << 29 | 0x31u << 22 | 1u << 16 | 3, 6u << 16 | 0xfffe, 9u << 16 | 8,
			0x4081c0a5, 0x0000ffff };
	u32 before[2][12];

	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SETUP_BLT, setup, 10), 0);
	for (u32 y = 0; y < 2; y++)
		for (u32 x = 0; x < 12; x++)
			before[y][x] = rig_u32(e, rig_addr((6 + y) * 256 + x * 4));
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_TEXT_IMMEDIATE_BLT, text, 5), 0);
	/* Row 6: a5 c0 from bit 2 on: 1 0 0 1 0 1 | 1 1. Row 7: 81 40: 0 0 0 0 0 1 | 0 1. */
	for (u32 y = 0; y < 2; y++)
		for (u32 x = 0; x < 12; x++) {
			static const u8 ones[2][12] = { { 1, 0, 0, 1, 0, 1, 1, 1 },
							{ 0, 0, 0, 0, 0, 1, 0, 1 } };
			u32 pixel = rig_u32(e, rig_addr((6 + y) * 256 + x * 4));

			ck_assert_uint_eq(pixel, ones[y][x] ? 0xffffffff : before[y][x]);
		}
	rig_end(e);
}
END_TEST

/* Setup commands are kept for one context, and only the clipping can be replaced. */
START_TEST(setup_is_kept)
{
	struct softgpu_engine *e = rig_start(6);
	u32 setup[10] = { 2u << 29 | 0x11u << 22 | 8,
			  1u << 30 | 1u << 31 | 0xf0u << 16 | 256,
			  0,
			  4u << 16 | 4,
			  (u32)rig_addr(0),
			  HIGH,
			  0x5a,
			  0x5a,
			  0,
			  0 };
	u32 clip[3] = { 2u << 29 | 0x03u << 22 | 1, 0, 8u << 16 | 8 };
	u32 box[3] = { 2u << 29 | 0x25u << 22 | 1, 0, 16u << 16 | 16 };
	u32 kept[SOFTGPU_SETUP_DWORDS];

	memset(e->page[0], 0, GVT_PAGE_SIZE);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT, setup, 10), 0);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SCANLINES_BLT, box, 3), 0);
	ck_assert_uint_eq(e->page[0][3 * 256 + 3], 0x5a);
	ck_assert_uint_eq(e->page[0][3 * 256 + 4], 0);

	/* Another context runs, and then the first again. */
	memcpy(kept, e->setup, sizeof(kept));
	memset(e->setup, 0, sizeof(kept));
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SCANLINES_BLT, box, 3), -EFAULT);
	memcpy(e->setup, kept, sizeof(kept));
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SETUP_CLIP_BLT, clip, 3), 0);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_SCANLINES_BLT, box, 3), 0);
	ck_assert_uint_eq(e->page[0][7 * 256 + 7], 0x5a);
	ck_assert_uint_eq(e->page[0][7 * 256 + 8], 0);
	rig_end(e);
}
END_TEST

/* The X driver's copy that makes pixels opaque, XY_FULL_MONO_PATTERN_BLT: source or pattern. */
START_TEST(x_alpha_fixup)
{
	struct softgpu_engine *e = rig_start(6);
	u32 dw[14] = { 2u << 29 | 0x57u << 22 | 3u << 20 | 12,
		       1u << 31 | 3u << 24 | 0xfcu << 16 | 256,
		       2u << 16 | 1,
		       6u << 16 | 31,
		       (u32)rig_addr(0),
		       HIGH,
		       512,
		       7u << 16 | 9,
		       (u32)rig_addr(MiB(1)),
		       HIGH,
		       0xff000000,
		       0xff000000,
		       0,
		       0 };

	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_FULL_MONO_PATTERN_BLT, dw, 14), 0);
	for (u32 y = 0; y < 4; y++)
		for (u32 x = 0; x < 30; x++)
			ck_assert_uint_eq(rig_u32(e, rig_addr((2 + y) * 256 + (1 + x) * 4)),
					  rig_u32(e,
						  rig_addr(MiB(1) + (7 + y) * 512 + (9 + x) * 4)) |
						  0xff000000);
	rig_end(e);
}
END_TEST

Suite *suite_blt_driver(void)
{
	const TTest *const tests[] = {
		migrate, clear,	 through_tiles, fast_through_tiles,
		x_fill,	 x_text, setup_is_kept, x_alpha_fixup,
	};

	return unit_suite("blt_driver", tests, ARRAY_SIZE(tests));
}
