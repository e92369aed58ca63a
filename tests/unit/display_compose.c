/* SPDX-License-Identifier: MIT */
/*
 * Pictures against a model that works pixel by pixel: it finds a pixel in the surface as it was
 * drawn, upright and by the manual's pictures of tiles, and its colour by the format's definition.
 * What the planes read is a view whose pages are put in order as i915 puts them for turned planes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/display/compose.h"
#include "tests/unit/tile_model.h"
#include "tests/unit/unit.h"

#define PAGES	64u /* of a surface */
#define WIDTH	96u /* of the picture */
#define HEIGHT	80u
#define CHROMA	0x100u /* page of the GGTT where the second surface begins */
#define FIRST	0x40u  /* where the first one does */
#define NOWHERE 0xffu

static u8 surface[2][PAGES][4096];
static u8 view[2][PAGES]; /* which page of the surface is at which place of the GGTT */
static struct display_scratch scratch;
static u32 pixels[WIDTH * HEIGHT];
static const struct display_picture picture = { pixels, WIDTH, HEIGHT };
static u64 calls;

static const void *page(void *ctx, u32 offset)
{
	u32 nr = offset >> 12;

	(void)ctx;
	calls++;
	UNIT_CHECK(!(offset & 0xfff), "%x is no page", offset);
	if (nr >= FIRST && nr < FIRST + PAGES && view[0][nr - FIRST] != NOWHERE)
		return surface[0][view[0][nr - FIRST]];
	if (nr >= CHROMA && nr < CHROMA + PAGES && view[1][nr - CHROMA] != NOWHERE)
		return surface[1][view[1][nr - CHROMA]];
	return NULL;
}

static const struct display_memory memory = { page, NULL };

static void setup(void)
{
	u64 seed = 99;

	for (u32 i = 0; i < sizeof(surface) / 8; i++)
		((u64 *)surface)[i] = unit_random(&seed);
	for (u32 i = 0; i < PAGES; i++)
		view[0][i] = view[1][i] = (u8)i;
	calls = 0;
}

/* Tiles of a kind: bytes by rows, and bytes of a whole one's row in pixels of @bytes. */
static u32 tile_width(enum gvt_tiling tiling, u32 bytes)
{
	return tiling == GVT_TILE_X   ? 512
	       : tiling == GVT_TILE_Y ? 128
	       : bytes == 1	      ? 64
	       : bytes <= 4	      ? 128
				      : 256;
}

static u32 tile_height(enum gvt_tiling tiling, u32 bytes)
{
	return 4096 / tile_width(tiling, bytes);
}

/* i915's order of the pages of a turned view: column by column, each from the lowest tile up. */
static void turn_view(u8 *of, u32 columns, u32 rows)
{
	u32 nr = 0;

	memset(of, NOWHERE, PAGES);
	for (u32 c = 0; c < columns; c++)
		for (u32 r = rows; r-- > 0;)
			of[nr++] = (u8)(r * columns + c);
}

/* A surface as it was drawn. */
struct drawn {
	enum gvt_tiling tiling;
	u32 columns, rows; /* tiles; linear: units of 64 bytes, and nothing */
	u32 bytes;
	const u8 *memory;
};

static u64 drawn_bytes(const struct drawn *d, u32 x, u32 y, u32 bytes)
{
	struct model_surface s = {
		.tiling = (enum model_tiling)d->tiling,
		.pitch = (int)(d->columns * (d->tiling ? tile_width(d->tiling, d->bytes) : 64)),
	};
	u64 val = 0;

	for (u32 i = 0; i < bytes; i++) {
		s64 at = model_offset(&s, d->bytes, (int)(x * d->bytes + i), (int)y);

		if (at >= (s64)PAGES * 4096)
			return ~0ull;
		val |= (u64)d->memory[at] << 8 * i;
	}
	return val;
}

/* Formats by their definition: where red, green and blue are, and how many bits; packed YUV by
 * letters. */
static const struct {
	u8 at[3], bits;
	bool floating, alpha;
	const char *letters;
} defined[DISPLAY_FORMATS] = {
	[DISPLAY_C8] = { { 0, 0, 0 }, 8, false, false, NULL },
	[DISPLAY_XRGB8888] = { { 16, 8, 0 }, 8, false, false, NULL },
	[DISPLAY_XBGR8888] = { { 0, 8, 16 }, 8, false, false, NULL },
	[DISPLAY_ARGB8888] = { { 16, 8, 0 }, 8, false, true, NULL },
	[DISPLAY_ABGR8888] = { { 0, 8, 16 }, 8, false, true, NULL },
	[DISPLAY_XRGB2101010] = { { 20, 10, 0 }, 10, false, false, NULL },
	[DISPLAY_XBGR2101010] = { { 0, 10, 20 }, 10, false, false, NULL },
	[DISPLAY_XRGB16161616F] = { { 32, 16, 0 }, 16, true, false, NULL },
	[DISPLAY_XBGR16161616F] = { { 0, 16, 32 }, 16, true, false, NULL },
	[DISPLAY_XYUV8888] = { { 0 }, 0, false, false, "vuyx" },
	[DISPLAY_YUYV] = { { 0 }, 0, false, false, "yuzv" },
	[DISPLAY_UYVY] = { { 0 }, 0, false, false, "uyvz" },
	[DISPLAY_YVYU] = { { 0 }, 0, false, false, "yvzu" },
	[DISPLAY_VYUY] = { { 0 }, 0, false, false, "vyuz" },
	[DISPLAY_NV12] = { { 0 }, 0, false, false, "yuv" },
};

static double half_value(u32 h)
{
	double val = (h & 0x3ff) / 1024.0 + (h & 0x7c00 ? 1 : 0);
	int exponent = (int)(h >> 10 & 31);

	if (exponent == 31)
		return h & 0x83ff ? 0 : 2;
	for (exponent = exponent ? exponent - 15 : -14; exponent < 0; exponent++)
		val /= 2;
	return h & 0x8000 ? 0 : exponent > 0 ? 2 : val;
}

static u32 cut(double val)
{
	return val <= 0 ? 0 : val >= 255 ? 255 : (u32)(val + 0.5);
}

static u32 yuv_colour(const char *letters, u64 raw, bool second, enum display_yuv kind)
{
	bool full = kind >= DISPLAY_BT601_FULL,
	     hd = kind == DISPLAY_BT709 || kind == DISPLAY_BT709_FULL;
	double kr = hd ? 0.2126 : 0.299, kb = hd ? 0.0722 : 0.114, kg = 1 - kr - kb;
	double y, u, v, r, b;
	u32 val[256] = { 0 };

	for (u32 i = 0; letters[i]; i++)
		val[(u8)letters[i]] = raw >> 8 * i & 0xff;
	y = val[second ? 'z' : 'y'];
	y = full ? y / 255 : (y - 16) / 219;
	u = ((double)val['u'] - 128) / (full ? 255 : 224);
	v = ((double)val['v'] - 128) / (full ? 255 : 224);
	r = y + 2 * (1 - kr) * v;
	b = y + 2 * (1 - kb) * u;
	return cut(r * 255) << 16 | cut((y - kr * r - kb * b) / kg * 255) << 8 | cut(b * 255);
}

static u32 colour(const struct display_plane *p, u64 raw, bool second, u32 *alpha)
{
	u32 out = 0;

	*alpha = defined[p->format].alpha ? raw >> 24 & 0xff : 255;
	if (p->format == DISPLAY_RGB565)
		return (u32)((raw >> 11) * 255 / 31 << 16 | (raw >> 5 & 63) * 255 / 63 << 8 |
			     (raw & 31) * 255 / 31);
	if (defined[p->format].letters)
		return yuv_colour(defined[p->format].letters, raw, second, p->yuv);
	for (u32 i = 0; i < 3; i++) {
		u32 bits = defined[p->format].bits;
		u32 val = (u32)(raw >> defined[p->format].at[i]) & ((1u << bits) - 1);

		out = out << 8 | (defined[p->format].floating ? cut(half_value(val) * 255)
							      : val >> (bits - 8));
	}
	return out;
}

/* One plane, and the surfaces from which its view was made. */
struct scene {
	struct display_plane plane;
	struct drawn main, chroma;
};

static u32 model_blend(const struct display_plane *p, u32 over, u32 alpha, u32 under)
{
	double a = p->blend == DISPLAY_OPAQUE ? 1 : alpha / 255.0, all = p->alpha / 255.0;
	double by = (p->blend == DISPLAY_COVERAGE ? a : 1) * all;
	u32 out = 0;

	for (u32 shift = 0; shift < 24; shift += 8)
		out |= cut((over >> shift & 0xff) * by + (under >> shift & 0xff) * (1 - a * all))
		       << shift;
	return out;
}

static u64 seen(const struct scene *s, const struct drawn *d, const struct display_surface *at,
		u32 vx, u32 vy, u32 bytes)
{
	u32 x = at->x + vx, y = at->y + vy;

	if (s->plane.turn & 1) {
		u32 lowest = d->rows * tile_height(d->tiling, d->bytes) - 1;

		return drawn_bytes(d, y, lowest - x, bytes);
	}
	return drawn_bytes(d, x, y, bytes);
}

/* What is to be seen at (@x, @y), on @under. */
static u32 model(const struct scene *s, u32 x, u32 y, u32 under)
{
	const struct display_plane *p = &s->plane;
	s64 dx = (s64)x - p->to_x, dy = (s64)y - p->to_y;
	bool pairs = p->format >= DISPLAY_YUYV && p->format <= DISPLAY_VYUY, second = false;
	u32 vx, vy, alpha, over;
	u64 raw;

	if (dx < 0 || dy < 0 || dx >= p->to_width || dy >= p->to_height)
		return under;
	vx = (u32)((2 * dx + 1) * p->width / (2 * p->to_width));
	vy = (u32)((2 * dy + 1) * p->height / (2 * p->to_height));
	if (p->turn >= 2) {
		vx = p->width - 1 - vx;
		vy = p->height - 1 - vy;
	}
	if (p->mirror)
		vx = p->width - 1 - vx;
	if (pairs) {
		u32 *along = p->turn & 1 ? &vy : &vx;
		u32 at = *along + (p->turn & 1 ? p->main.y : p->main.x);

		second = at & 1;
		if (second) {
			/* The pair's first pixel may be left of the window: read it from its place.
			 */
			struct display_surface moved = p->main;

			*(p->turn & 1 ? &moved.y : &moved.x) -= 1;
			raw = seen(s, &s->main, &moved, vx, vy, 4);
		} else {
			raw = seen(s, &s->main, &p->main, vx, vy, 4);
		}
	} else {
		raw = seen(s, &s->main, &p->main, vx, vy, s->main.bytes);
	}
	if (p->format == DISPLAY_NV12)
		raw |= seen(s, &s->chroma, &p->chroma, vx / 2, vy / 2, 2) << 8;
	over = colour(p, raw, second, &alpha);
	return model_blend(p, over, alpha, under);
}

static u32 most_apart(u32 a, u32 b)
{
	u32 most = 0;

	for (u32 shift = 0; shift < 24; shift += 8) {
		u32 apart = (u32)abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff));

		most = apart > most ? apart : most;
	}
	return most;
}

static u32 below(u64 *seed, u32 bound)
{
	return (u32)(unit_random(seed) % bound);
}

/* A surface of 6 by 6 tiles, or 2304 bytes a row, in its view. */
static void put(struct drawn *d, struct display_surface *at, u32 which, u32 turn,
		enum gvt_tiling tiling, u32 bytes, u32 first)
{
	*d = (struct drawn){ tiling, tiling ? 6 : 36, tiling ? 6 : 0, bytes, surface[which][0] };
	for (u32 i = 0; i < PAGES; i++)
		view[which][i] = (u8)i;
	at->base = first << 12;
	at->stride = tiling ? d->columns : d->columns * 64;
	if (turn & 1) {
		turn_view(view[which], d->columns, d->rows);
		at->stride = d->rows;
	}
}

static struct scene make(u64 *seed, enum display_format format, enum gvt_tiling tiling, u32 turn)
{
	u32 bytes = display_format_bytes(format);
	struct scene s = {
		.plane = { .format = format, .tiling = tiling, .turn = (u8)turn, .alpha = 255 }
	};
	struct display_plane *p = &s.plane;

	put(&s.main, &p->main, 0, turn, tiling, bytes, FIRST);
	put(&s.chroma, &p->chroma, 1, turn, tiling, 2, CHROMA);
	p->yuv = (enum display_yuv)below(seed, DISPLAY_YUVS);
	/* The smallest side of a surface: 64 rows, or 96 bytes of 8 a pixel. */
	p->width = 1 + below(seed, 50);
	p->height = 1 + below(seed, 50);
	p->main.x = below(seed, 24);
	p->main.y = below(seed, 24);
	p->chroma.x = below(seed, 10);
	p->chroma.y = below(seed, 10);
	if (tiling == GVT_TILE_X) /* 48 rows */
		p->height = 1 + below(seed, 24);
	p->to_width = p->width;
	p->to_height = p->height;
	p->to_x = (s32)below(seed, 60) - 10;
	p->to_y = (s32)below(seed, 60) - 10;
	return s;
}

static void assert_picture(const struct scene *s, u32 background, const char *what)
{
	bool exact = !defined[s->plane.format].letters && s->plane.blend == DISPLAY_OPAQUE &&
		     s->plane.alpha == 255 && s->plane.format != DISPLAY_RGB565;
	u64 missing;

	ck_assert_int_eq(display_compose(&picture, background, &s->plane, 1, &memory, &scratch,
					 &missing),
			 0);
	UNIT_CHECK(!missing, "%s: %llu missing", what, (unsigned long long)missing);
	for (u32 y = 0; y < HEIGHT; y++)
		for (u32 x = 0; x < WIDTH; x++) {
			u32 want = model(s, x, y, background), got = pixels[y * WIDTH + x];

			UNIT_CHECK(most_apart(got, want) <= (exact ? 0 : 2) && got >> 24 == 0,
				   "%s: (%u, %u) is %08x, not %06x", what, x, y, got, want);
		}
}

/* Each format in each tiling, turned in each way, with all the rest by chance. */
START_TEST(each_format)
{
	u64 seed = 17;

	for (u32 format = 0; format < DISPLAY_FORMATS; format++)
		for (u32 tiling = 0; tiling <= GVT_TILE_YF; tiling++)
			for (u32 turn = 0; turn < 4; turn++)
				for (u32 i = 0; i < 4; i++) {
					struct scene s =
						make(&seed, (enum display_format)format,
						     (enum gvt_tiling)tiling,
						     turn & (tiling >= GVT_TILE_Y ? 3 : 2));
					char what[64];

					s.plane.mirror = i & 1;
					if (i & 2) {
						s.plane.to_width = 1 + below(&seed, 90);
						s.plane.to_height = 1 + below(&seed, 90);
					}
					snprintf(what, sizeof(what),
						 "format %u tiling %u turn %u try %u", format,
						 tiling, turn, i);
					assert_picture(&s, 0x123456, what);
				}
}
END_TEST

START_TEST(blending)
{
	u64 seed = 5;

	for (u32 blend = 0; blend < DISPLAY_BLENDS; blend++)
		for (u32 alpha = 0; alpha < 256; alpha += 51)
			for (u32 i = 0; i < 4; i++) {
				struct scene s =
					make(&seed, i & 1 ? DISPLAY_ARGB8888 : DISPLAY_ABGR8888,
					     GVT_LINEAR, 0);

				s.plane.blend = (enum display_blend)blend;
				s.plane.alpha = (u8)alpha;
				assert_picture(&s, 0xc08040, "blended");
			}
}
END_TEST

/* Planes lie over one another in their order; a cursor's clear pixels show what is below. */
START_TEST(order)
{
	struct display_plane planes[3] = {
		{ .format = DISPLAY_XRGB8888,
		  .width = 32,
		  .height = 32,
		  .to_width = 32,
		  .to_height = 32,
		  .alpha = 255,
		  .main = { FIRST << 12, 64 * 4, 0, 0 } },
		{ .format = DISPLAY_C8,
		  .width = 8,
		  .height = 8,
		  .to_width = 8,
		  .to_height = 8,
		  .alpha = 255,
		  .to_x = 4,
		  .to_y = 4,
		  .main = { (FIRST + 8) << 12, 64, 0, 0 } },
		{ .format = DISPLAY_ARGB8888,
		  .width = 64,
		  .height = 64,
		  .to_width = 64,
		  .to_height = 64,
		  .alpha = 255,
		  .to_x = -60,
		  .to_y = -60,
		  .blend = DISPLAY_PREMULTIPLIED,
		  .main = { (FIRST + 16) << 12, 256, 0, 0 } },
	};
	u64 missing;

	memset(surface, 0, sizeof(surface));
	memset(surface[0][0], 0x11, 8 * 4096);
	memset(surface[0][8], 0x77, 4096);
	((u32 *)surface[0][16 + 3])[12 * 64 + 60 + 0] = 0; /* clear */
	((u32 *)surface[0][16 + 3])[(61 - 48) * 64 + 61] = 0xff0000ff;
	ck_assert_int_eq(
		display_compose(&picture, 0x010203, planes, 3, &memory, &scratch, &missing), 0);
	ck_assert_uint_eq(missing, 0);
	ck_assert_uint_eq(pixels[0], 0x111111);
	ck_assert_uint_eq(pixels[1 * WIDTH + 1], 0x0000ff);
	ck_assert_uint_eq(pixels[4 * WIDTH + 4], 0x777777);
	ck_assert_uint_eq(pixels[12 * WIDTH + 12], 0x111111);
	ck_assert_uint_eq(pixels[40], 0x010203);
}
END_TEST

START_TEST(leads_nowhere)
{
	struct display_plane p = { .format = DISPLAY_XRGB8888,
				   .width = 64,
				   .height = 32,
				   .to_width = 64,
				   .to_height = 32,
				   .alpha = 255,
				   .main = { FIRST << 12, 256, 0, 0 } };
	u64 missing;

	view[0][1] = NOWHERE; /* rows 16 to 31 */
	ck_assert_int_eq(display_compose(&picture, 0, &p, 1, &memory, &scratch, &missing), 0);
	ck_assert_uint_eq(missing, 64 * 16);
	for (u32 x = 0; x < 64; x++)
		ck_assert_uint_eq(pixels[20 * WIDTH + x], display_nowhere(x, 20));
	ck_assert_uint_ne(display_nowhere(0, 0), display_nowhere(8, 0));
	p.main.base = 0xfffff000; /* the end of the GGTT's addresses */
	ck_assert_int_eq(display_compose(&picture, 0, &p, 1, &memory, &scratch, &missing), 0);
	ck_assert_uint_eq(missing, 64 * 32);
}
END_TEST

/* What no plane can be is shown as the pattern, within its place, and nothing is read for it. */
START_TEST(faults)
{
	const struct display_plane good = { .format = DISPLAY_XRGB8888,
					    .width = 8,
					    .height = 8,
					    .to_width = 8,
					    .to_height = 8,
					    .alpha = 255,
					    .main = { FIRST << 12, 256, 0, 0 } };
	struct display_plane bad[12];
	u64 missing;

	ck_assert_ptr_null(display_plane_fault(&good));
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = good;
	bad[0].format = DISPLAY_FORMATS;
	bad[1].tiling = GVT_TILE_YS;
	bad[2].turn = 1;
	bad[3].turn = 4;
	bad[4].width = 0;
	bad[5].height = 8193;
	bad[6].main.x = 8192;
	bad[7].chroma.y = ~0u;
	bad[8].main.base++;
	bad[9].main.stride = 65;
	bad[10].main.stride = ~63u;
	bad[11].blend = DISPLAY_BLENDS;
	calls = 0;
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_ptr_nonnull(display_plane_fault(&bad[i]));
		ck_assert_int_eq(
			display_compose(&picture, 0, &bad[i], 1, &memory, &scratch, &missing), 0);
		ck_assert_uint_eq(missing, 64);
		ck_assert_uint_eq(pixels[0], display_nowhere(0, 0));
		ck_assert_uint_eq(pixels[8], 0);
	}
	ck_assert_uint_eq(calls, 0);
}
END_TEST

/* Planes of random numbers: the picture's pixels are the bound of what is drawn and asked for. */
START_TEST(hostile)
{
	u64 seed = 3, missing;

	for (u32 i = 0; i < 300; i++) {
		struct display_plane p;

		for (u32 b = 0; b < sizeof(p); b++)
			((u8 *)&p)[b] = (u8)(unit_random(&seed) >> (i % 3 ? 8 : 60));
		p.mirror = i & 1;
		if (i % 2) {
			p.format = (enum display_format)below(&seed, DISPLAY_FORMATS);
			p.yuv = (enum display_yuv)below(&seed, DISPLAY_YUVS);
			p.blend = (enum display_blend)below(&seed, DISPLAY_BLENDS);
			p.tiling = (enum gvt_tiling)below(&seed, GVT_TILE_YS);
			p.turn &= p.tiling >= GVT_TILE_Y ? 3 : 2;
			p.width = 1 + below(&seed, 8192);
			p.height = 1 + below(&seed, 8192);
			p.to_width = 1 + below(&seed, 8192);
			p.to_height = 1 + below(&seed, 8192);
			p.to_x %= 8192;
			p.to_y %= 8192;
			p.main = (struct display_surface){ p.main.base & ~0xfffu,
							   below(&seed, 1024) * 64,
							   below(&seed, 8192), below(&seed, 8192) };
			p.chroma = p.main;
			ck_assert_ptr_null(display_plane_fault(&p));
		}
		calls = 0;
		ck_assert_int_eq(display_compose(&picture, 0, &p, 1, &memory, &scratch, &missing),
				 0);
		ck_assert_uint_le(missing, WIDTH * HEIGHT);
		ck_assert_uint_le(calls, 2 * WIDTH * HEIGHT);
	}
}
END_TEST

START_TEST(pictures_refused)
{
	const struct display_picture none = { pixels, 0, 1 }, large = { pixels, 5121, 1 },
				     high = { pixels, 1, 4097 };
	u64 missing;

	ck_assert_int_eq(display_compose(&none, 0, NULL, 0, &memory, &scratch, &missing), -EINVAL);
	ck_assert_int_eq(display_compose(&large, 0, NULL, 0, &memory, &scratch, &missing), -EINVAL);
	ck_assert_int_eq(display_compose(&high, 0, NULL, 0, &memory, &scratch, &missing), -EINVAL);
}
END_TEST

Suite *suite_display_compose(void)
{
	const TTest *const tests[] = {
		each_format, blending, order, leads_nowhere, faults, hostile, pictures_refused,
	};

	return unit_suite_with("display_compose", setup, NULL, tests, ARRAY_SIZE(tests));
}
