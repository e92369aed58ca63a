/* SPDX-License-Identifier: MIT */
/* Heads read from registers as i915 sets them, and from registers of no sense; colours; parts. */
#include <string.h>

#include "core/display/head.h"
#include "core/display/part.h"
#include "core/hw/reg.h"
#include "tests/unit/unit.h"

static u32 regs[0x100000 / 4];
static u64 noise; /* not 0: what is not set reads as random numbers */

static u32 read_reg(void *ctx, u32 offset)
{
	(void)ctx;
	UNIT_CHECK(offset < sizeof(regs), "%x is no register", offset);
	return noise ? (u32)unit_random(&noise) | (unit_random(&noise) % 4 ? BIT32(31) : 0)
		     : regs[offset / 4];
}

static const struct display_registers from = { read_reg, NULL };
static struct display_head head;

static void set(u32 offset, u32 val)
{
	regs[offset / 4] = val;
}

/* 1920x1080 with reduced blanking on pipe @pipe and DDI B, as i915 has it: 1.62 Gbit/s, four lanes.
 */
static void setup(void)
{
	memset(regs, 0, sizeof(regs));
	noise = 0;
}

static void mode(u32 pipe)
{
	u32 at = pipe * 0x1000;

	set(0x70008 + at, 0xc0000000);
	set(0x60400 + at, 0x92000006 | 1u << 28);
	set(0x60000 + at, 2079u << 16 | 1919);
	set(0x6000c + at, 1110u << 16 | 1079);
	set(0x6001c + at, 1919u << 16 | 1079);
	set(0x60040 + at, 138500);
	set(0x60044 + at, 162000);
	set(0x6c058, 1u << 6 | 2u << 7); /* DPLL 1 */
	set(0x6c05c, 1u << 3 | 1u << 4); /* DDI B by DPLL 1 */
}

START_TEST(off)
{
	display_head_read(&head, 0, &from);
	ck_assert(!head.on);
	mode(0);
	set(0x60400, 0);
	display_head_read(&head, 0, &from);
	ck_assert(!head.on);
	mode(0);
	set(0x6001c, 5120u << 16 | 1079);
	display_head_read(&head, 0, &from);
	ck_assert(!head.on);
	ck_assert_uint_eq(head.width, 0);
}
END_TEST

START_TEST(modes)
{
	for (u32 pipe = 0; pipe < DISPLAY_PIPES; pipe++) {
		setup();
		mode(pipe);
		set(0x70034 + pipe * 0x1000, 0xffu << 22 | 0x80u << 12 | 0x40u << 2);
		display_head_read(&head, pipe, &from);
		ck_assert(head.on);
		ck_assert_uint_eq(head.ddi, 1);
		ck_assert_uint_eq(head.lanes, 4);
		ck_assert_uint_eq(head.width, 1920);
		ck_assert_uint_eq(head.height, 1080);
		ck_assert_uint_eq(head.vactive, 1080);
		ck_assert_uint_eq(head.vtotal, 1111);
		ck_assert_uint_eq(head.khz, 138500);
		ck_assert_uint_eq(display_head_frame_ns(&head), 2080ull * 1111 * 1000000 / 138500);
		ck_assert_uint_eq(head.background, 0xff8040);
		ck_assert_uint_eq(head.nr, 0);
	}
	set(0x62044, 0);
	display_head_read(&head, 2, &from);
	ck_assert_uint_eq(head.khz, 0);
	ck_assert_uint_eq(display_head_frame_ns(&head), 0);
}
END_TEST

START_TEST(planes)
{
	const struct display_plane *p = head.planes;

	mode(1);
	/* Plane 1 as fbcon has it: XRGB8888, linear. */
	set(0x71180, 0x84002000);
	set(0x71188, 1920 * 4 / 64);
	set(0x71190, 1079u << 16 | 1919);
	set(0x7119c, 0x00140000);
	/* Plane 2: NV12 of BT.709, Yf, turned by 270, scaled, half transparent. */
	set(0x71280, 0x81041403 | 5u << 10);
	set(0x71288, 9);
	set(0x71290, 99u << 16 | 199);
	set(0x7129c, 0x00800000);
	set(0x71298, BIT32(31));
	set(0x712a0, 0x80000000);
	set(0x712a4, 4u << 16 | 6);
	set(0x712c0, 0x00100000 | 5);
	set(0x712c4, 2u << 16 | 3);
	set(0x68980, 0x80000000 | 2u << 25);
	set(0x68970, 10u << 16 | 20);
	set(0x68974, 300u << 16 | 150);
	/* The cursor: ARGB, partly left of the screen. */
	set(0x71080, 0x04000027);
	set(0x71084, 0x00200000);
	set(0x71088, 30u << 16 | 0x8005);
	display_head_read(&head, 1, &from);
	ck_assert_uint_eq(head.nr, 3);
	ck_assert_uint_eq(head.unshown, 0);
	ck_assert(head.gamma);

	ck_assert_ptr_null(display_plane_fault(&p[0]));
	ck_assert_int_eq(p[0].format, DISPLAY_XRGB8888);
	ck_assert_int_eq(p[0].tiling, GVT_LINEAR);
	ck_assert_uint_eq(p[0].main.base, 0x140000);
	ck_assert_uint_eq(p[0].main.stride, 7680);
	ck_assert_uint_eq(p[0].to_width, 1920);
	ck_assert_uint_eq(p[0].height, 1080);
	ck_assert_uint_eq(p[0].alpha, 255);

	ck_assert_ptr_null(display_plane_fault(&p[1]));
	ck_assert_int_eq(p[1].format, DISPLAY_NV12);
	ck_assert_int_eq(p[1].yuv, DISPLAY_BT709);
	ck_assert_int_eq(p[1].tiling, GVT_TILE_YF);
	ck_assert_uint_eq(p[1].turn, 3);
	ck_assert_uint_eq(p[1].alpha, 128);
	ck_assert_uint_eq(p[1].main.stride, 9);
	ck_assert_uint_eq(p[1].main.x, 6);
	ck_assert_uint_eq(p[1].main.y, 4);
	ck_assert_uint_eq(p[1].chroma.base, 0x900000);
	ck_assert_uint_eq(p[1].chroma.stride, 5);
	ck_assert_uint_eq(p[1].chroma.x, 3);
	ck_assert_uint_eq(p[1].width, 200);
	ck_assert_int_eq(p[1].to_x, 10);
	ck_assert_int_eq(p[1].to_y, 20);
	ck_assert_uint_eq(p[1].to_width, 300);
	ck_assert_uint_eq(p[1].to_height, 150);

	ck_assert_ptr_null(display_plane_fault(&p[2]));
	ck_assert_int_eq(p[2].to_x, -5);
	ck_assert_int_eq(p[2].to_y, 30);
	ck_assert_uint_eq(p[2].width, 64);
	ck_assert_uint_eq(p[2].main.stride, 256);
	ck_assert_int_eq(p[2].blend, DISPLAY_PREMULTIPLIED);
}
END_TEST

START_TEST(formats)
{
	static const struct {
		u32 ctl;
		enum display_format format;
	} cases[] = {
		{ 0xcu << 24, DISPLAY_C8 },
		{ 0xeu << 24, DISPLAY_RGB565 },
		{ 4u << 24, DISPLAY_XRGB8888 },
		{ 4u << 24 | BIT32(20), DISPLAY_XBGR8888 },
		{ 4u << 24 | 2u << 4, DISPLAY_ARGB8888 },
		{ 4u << 24 | BIT32(20) | 3u << 4, DISPLAY_ABGR8888 },
		{ 2u << 24, DISPLAY_XRGB2101010 },
		{ 2u << 24 | BIT32(20), DISPLAY_XBGR2101010 },
		{ 6u << 24, DISPLAY_XRGB16161616F },
		{ 6u << 24 | BIT32(20), DISPLAY_XBGR16161616F },
		{ 8u << 24, DISPLAY_XYUV8888 },
		{ 0, DISPLAY_YUYV },
		{ 1u << 16, DISPLAY_UYVY },
		{ 2u << 16, DISPLAY_YVYU },
		{ 3u << 16, DISPLAY_VYUY },
		{ 1u << 24, DISPLAY_NV12 },
		{ 0xfu << 24, DISPLAY_FORMATS },
	};

	mode(0);
	set(0x70188, 64);
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		set(0x70180, BIT32(31) | cases[i].ctl);
		display_head_read(&head, 0, &from);
		ck_assert_uint_eq(head.nr, 1);
		ck_assert_int_eq(head.planes[0].format, cases[i].format);
		ck_assert_int_eq(display_plane_fault(&head.planes[0]) != NULL,
				 cases[i].format == DISPLAY_FORMATS);
	}
}
END_TEST

/* What is not shown is told. */
START_TEST(unshown)
{
	mode(0);
	set(0x70180, 0xc4008000 | 1u << 21);
	set(0x68180, BIT32(31));
	set(0x4a480, 1);
	display_head_read(&head, 0, &from);
	ck_assert_uint_eq(head.unshown, DISPLAY_UNSHOWN_KEY | DISPLAY_UNSHOWN_COMPRESSED |
						DISPLAY_UNSHOWN_GAMMA | DISPLAY_UNSHOWN_SCALER);
	ck_assert(!head.gamma);
}
END_TEST

/* Red and blue change places by the matrix; the palette inverts green. */
START_TEST(colours)
{
	u32 palette[DISPLAY_PALETTE], pixels[3] = { 0xff8000, 0x000000, 0x1020ff };
	const struct display_picture picture = { pixels, 3, 1 };
	struct display_colour colour;

	mode(0);
	set(0x70180, 0xc4800000);
	set(0x49028, 2);
	set(0x49014, 0x78000000); /* red of blue */
	set(0x49018, 0x7800);	  /* green of green */
	set(0x49020, 0x78000000); /* blue of red */
	for (u32 i = 0; i < 256; i++)
		set(0x4a000 + 4 * i, i << 16 | (255 - i) << 8 | i);
	display_head_read(&head, 0, &from);
	ck_assert(head.csc && head.gamma);
	display_head_colour(&head, 0, &from, palette, &colour);
	display_colour_apply(&picture, &colour);
	ck_assert_uint_eq(pixels[0], 0x007fff);
	ck_assert_uint_eq(pixels[1], 0x00ff00);
	ck_assert_uint_eq(pixels[2], 0xffdf10);
	set(0x49028, 0); /* for the wire */
	display_head_read(&head, 0, &from);
	ck_assert(!head.csc);
}
END_TEST

/* Coefficients as i915 writes them. */
START_TEST(coefficients)
{
	ck_assert_int_eq(display_colour_factor(0x7800), 4096);
	ck_assert_int_eq(display_colour_factor(0xf800), -4096);
	ck_assert_int_eq(display_colour_factor(0x0800), 2048);
	ck_assert_int_eq(display_colour_factor(0x1800), 1024);
	ck_assert_int_eq(display_colour_factor(0x3800), 256);
	ck_assert_int_eq(display_colour_factor(0x6800), 8192);
	ck_assert_int_eq(display_colour_offset(0x0100), 256);
	ck_assert_int_eq(display_colour_offset(0x1f00), -256);
}
END_TEST

static const void *nothing(void *ctx, u32 offset)
{
	(void)ctx;
	(void)offset;
	return NULL;
}

/* Registers of no sense make a picture all the same, or none. */
START_TEST(hostile)
{
	static struct display_scratch scratch;
	static u32 pixels[64 * 64];
	const struct display_picture picture = { pixels, 64, 64 };
	const struct display_memory memory = { nothing, NULL };
	u32 shown = 0;
	u64 missing;

	for (u32 i = 0; i < 3000; i++) {
		noise = i + 1;
		display_head_read(&head, i % 3, &from);
		ck_assert_uint_le(head.nr, DISPLAY_PLANES);
		ck_assert_uint_le(head.width, DISPLAY_MAX_WIDTH);
		ck_assert_uint_le(head.height, DISPLAY_MAX_HEIGHT);
		ck_assert(head.on || !head.nr);
		shown += head.nr;
		if (i % 10 == 0)
			ck_assert_int_eq(display_compose(&picture, head.background, head.planes,
							 head.nr, &memory, &scratch, &missing),
					 0);
	}
	ck_assert_uint_gt(shown, 100);
}
END_TEST

/* Each register of the table that bears a part's name is that part's. */
START_TEST(parts)
{
	static const struct {
		const char *name;
		enum display_part part;
	} named[] = {
		{ "PIPECONF", DISPLAY_PART_PIPE },	  { "PIPEMISC", DISPLAY_PART_PIPE },
		{ "PLANE_", DISPLAY_PART_PLANE },	  { "CUR", DISPLAY_PART_CURSOR },
		{ "SKL_PS_", DISPLAY_PART_SCALER },	  { "LGC_PALETTE", DISPLAY_PART_COLOUR },
		{ "PREC_PAL", DISPLAY_PART_COLOUR },	  { "GAMMA_MODE", DISPLAY_PART_COLOUR },
		{ "HTOTAL", DISPLAY_PART_TRANSCODER },	  { "PIPESRC", DISPLAY_PART_TRANSCODER },
		{ "PIPE_LINK", DISPLAY_PART_TRANSCODER }, { "TRANS_DDI", DISPLAY_PART_TRANSCODER },
		{ "DDI_BUF_", DISPLAY_PART_DDI },	  { "DP_TP_", DISPLAY_PART_DDI },
		{ "DP_AUX_CH", DISPLAY_PART_AUX },	  { "PCH_GMBUS", DISPLAY_PART_GMBUS },
		{ "PCH_GPIO", DISPLAY_PART_GMBUS },
	};
	const struct gvt_reg_block *block = &gvt_block_display;
	u32 seen[ARRAY_SIZE(named)] = { 0 }, nr;

	for (size_t i = 0; i < block->nr; i++)
		for (u32 n = 0; n < ARRAY_SIZE(named); n++) {
			const struct gvt_reg *r = &block->rows[i];

			if (strncmp(r->name, named[n].name, strlen(named[n].name)) ||
			    strstr(r->name, "_EDP"))
				continue;
			for (u32 k = 0; k < (r->count ? r->count : 1u); k++) {
				u32 at = r->offset + k * (r->stride ? r->stride : 4u);

				UNIT_CHECK(display_part(at, &nr) == named[n].part, "%s %x is %u",
					   r->name, at, display_part(at, &nr));
				if (r->stride >= 0x100)
					ck_assert_uint_eq(nr, k);
				seen[n]++;
			}
		}
	for (u32 n = 0; n < ARRAY_SIZE(named); n++)
		ck_assert_msg(seen[n], "%s", named[n].name);
	ck_assert_int_eq(display_part(0xc4030, &nr), DISPLAY_PART_HOTPLUG);
	ck_assert_int_eq(display_part(0x45404, &nr), DISPLAY_PART_POWER);
	ck_assert_int_eq(display_part(0x6c060, &nr), DISPLAY_PART_PLL);
	ck_assert_int_eq(display_part(0x2000, &nr), DISPLAY_PART_NONE);
	ck_assert_int_eq(display_part(0x73000, &nr), DISPLAY_PART_NONE);
	ck_assert_int_eq(display_part(~0u, &nr), DISPLAY_PART_NONE);
}
END_TEST

Suite *suite_display_head(void)
{
	const TTest *const tests[] = { off,	modes,	      planes,  formats, unshown,
				       colours, coefficients, hostile, parts };

	return unit_suite_with("display_head", setup, NULL, tests, ARRAY_SIZE(tests));
}
