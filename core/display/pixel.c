/* SPDX-License-Identifier: MIT */
#include "core/display/pixel.h"

#define OPAQUE 0xff000000u

static const u8 bytes[DISPLAY_FORMATS] = {
	[DISPLAY_C8] = 1,
	[DISPLAY_RGB565] = 2,
	[DISPLAY_XRGB8888] = 4,
	[DISPLAY_XBGR8888] = 4,
	[DISPLAY_ARGB8888] = 4,
	[DISPLAY_ABGR8888] = 4,
	[DISPLAY_XRGB2101010] = 4,
	[DISPLAY_XBGR2101010] = 4,
	[DISPLAY_XRGB16161616F] = 8,
	[DISPLAY_XBGR16161616F] = 8,
	[DISPLAY_XYUV8888] = 4,
	[DISPLAY_YUYV] = 2,
	[DISPLAY_UYVY] = 2,
	[DISPLAY_YVYU] = 2,
	[DISPLAY_VYUY] = 2,
	[DISPLAY_NV12] = 1,
};

/* In 1/65536: what Y counts, and V for red, U and V for green, U for blue. */
static const struct {
	s32 black, y, rv, gu, gv, bu;
} yuvs[DISPLAY_YUVS] = {
	[DISPLAY_BT601] = { 16, 76309, 104597, 25675, 53279, 132201 },
	[DISPLAY_BT709] = { 16, 76309, 117489, 13975, 34925, 138438 },
	[DISPLAY_BT601_FULL] = { 0, 65536, 91881, 22554, 46802, 116130 },
	[DISPLAY_BT709_FULL] = { 0, 65536, 103206, 12276, 30679, 121609 },
};

u32 display_format_bytes(enum display_format format)
{
	return bytes[format];
}

bool display_format_pairs(enum display_format format)
{
	return format >= DISPLAY_YUYV && format <= DISPLAY_VYUY;
}

static u32 rgb(u32 r, u32 g, u32 b)
{
	return OPAQUE | r << 16 | g << 8 | b;
}

/* 65536ths, rounded, and cut to 0 to 255. */
static u32 cut(s32 val)
{
	val = (val + 32768) >> 16;
	return val < 0 ? 0 : val > 255 ? 255 : (u32)val;
}

static u32 from_yuv(enum display_yuv yuv, u32 y, u32 u, u32 v)
{
	s32 light = ((s32)y - yuvs[yuv].black) * yuvs[yuv].y;
	s32 blue = (s32)u - 128, red = (s32)v - 128;

	return rgb(cut(light + red * yuvs[yuv].rv),
		   cut(light - blue * yuvs[yuv].gu - red * yuvs[yuv].gv),
		   cut(light + blue * yuvs[yuv].bu));
}

/* A half-precision number from 0 to 1, as 0 to 255. */
static u32 half(u64 val)
{
	u32 exponent = val >> 10 & 0x1f, mantissa = val & 0x3ff;

	if (val & 0x8000 || (exponent == 0x1f && mantissa) || !exponent)
		return 0;
	if (exponent >= 15)
		return 255;
	return (255 * (1024 + mantissa) + (1u << (24 - exponent))) >> (25 - exponent);
}

static u32 byte(u64 raw, u32 nr)
{
	return raw >> (8 * nr) & 0xff;
}

u32 display_pixel(enum display_format format, enum display_yuv yuv, u64 raw)
{
	u32 val = (u32)raw, second = raw & DISPLAY_SECOND ? 2 : 0;

	switch (format) {
	case DISPLAY_C8:
		return rgb(val & 0xff, val & 0xff, val & 0xff);
	case DISPLAY_RGB565:
		return rgb((val >> 8 & 0xf8) | (val >> 13 & 0x7),
			   (val >> 3 & 0xfc) | (val >> 9 & 0x3),
			   (val << 3 & 0xf8) | (val >> 2 & 0x7));
	case DISPLAY_XRGB8888:
		return OPAQUE | val;
	case DISPLAY_ARGB8888:
		return val;
	case DISPLAY_XBGR8888:
		return rgb(byte(raw, 0), byte(raw, 1), byte(raw, 2));
	case DISPLAY_ABGR8888:
		return (rgb(byte(raw, 0), byte(raw, 1), byte(raw, 2)) & ~OPAQUE) | (val & OPAQUE);
	case DISPLAY_XRGB2101010:
		return rgb(val >> 22 & 0xff, val >> 12 & 0xff, val >> 2 & 0xff);
	case DISPLAY_XBGR2101010:
		return rgb(val >> 2 & 0xff, val >> 12 & 0xff, val >> 22 & 0xff);
	case DISPLAY_XRGB16161616F:
		return rgb(half(raw >> 32), half(raw >> 16), half(raw));
	case DISPLAY_XBGR16161616F:
		return rgb(half(raw), half(raw >> 16), half(raw >> 32));
	case DISPLAY_XYUV8888:
		return from_yuv(yuv, byte(raw, 2), byte(raw, 1), byte(raw, 0));
	case DISPLAY_YUYV:
		return from_yuv(yuv, byte(raw, second), byte(raw, 1), byte(raw, 3));
	case DISPLAY_UYVY:
		return from_yuv(yuv, byte(raw, 1 + second), byte(raw, 0), byte(raw, 2));
	case DISPLAY_YVYU:
		return from_yuv(yuv, byte(raw, second), byte(raw, 3), byte(raw, 1));
	case DISPLAY_VYUY:
		return from_yuv(yuv, byte(raw, 1 + second), byte(raw, 2), byte(raw, 0));
	case DISPLAY_NV12:
		return from_yuv(yuv, byte(raw, 0), byte(raw, 1), byte(raw, 2));
	case DISPLAY_FORMATS:
		break;
	}
	return OPAQUE;
}
