/* SPDX-License-Identifier: MIT */
#include "core/display/edid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	DESCRIPTOR = 18, /* bytes of a detailed timing, or of a descriptor in its place */
	BASE_FIRST = 54, /* where the four descriptors of the base block begin */
	CTA_FIRST = 7,	 /* where those of the extension begin, behind its data */
	TIMINGS = 7,	 /* beside the first mode's: one in the base block, six in the extension */
	STANDARD = 8,	 /* standard timings */
	EXTENSIONS = 126,
	TEXT = 13, /* characters in a descriptor of text */
	FIRST_YEAR = 1990,
	MODEL_YEAR = 2025,
	DPI = 96,
	MM_PER_INCH_X10 = 254,
};

/* Tags of descriptors that are not timings. */
enum { TAG_RANGE = 0xfd, TAG_NAME = 0xfc, TAG_NONE = 0x10 };

#define PNP_ID(a, b, c) (((a) - '@') << 10 | ((b) - '@') << 5 | ((c) - '@'))

static const u8 header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };

/* The chromaticities of sRGB. */
static const u8 colours[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };

/* Bytes of the base block that are the same for all monitors. */
static const struct {
	u8 at, val;
} fixed[] = {
	{ 8, PNP_ID('X', 'G', 'T') >> 8 },
	{ 9, PNP_ID('X', 'G', 'T') & 0xff },
	{ 10, 1 },    /* product */
	{ 16, 0xff }, /* the year is a model's, not one of production */
	{ 17, MODEL_YEAR - FIRST_YEAR },
	{ 18, 1 }, /* EDID 1.4 */
	{ 19, 4 },
	{ 20, 0xa5 }, /* digital, 8 bits a colour, DisplayPort */
	{ 23, 120 },  /* gamma 2.2 */
	{ 24, 0x06 }, /* sRGB; the preferred mode is the native one */
	{ 35, 0x20 }, /* 640x480, which CTA-861 wants of all */
	{ EXTENSIONS, 1 },
};

enum { COLOURS = 25, STANDARD_TIMINGS = 38, NO_TIMING = 1 };

/*
 * The extension's beginning: its tag, its revision, where timings begin, and that pictures are
 * shown to their edges, without sound, in RGB. Then a block of what CTA-861 calls video
 * capabilities: edges again, and the range of RGB is the source's choice.
 */
static const u8 cta[CTA_FIRST] = { 0x02, 3, CTA_FIRST, 0x80, 0xe2, 0x00, 0x4a };

static void put16(u8 *at, u32 val)
{
	at[0] = (u8)val;
	at[1] = (u8)(val >> 8);
}

static u8 sum(const u8 *block, u32 nr)
{
	u8 total = 0;

	for (u32 i = 0; i < nr; i++)
		total = (u8)(total + block[i]);
	return total;
}

static void seal(u8 *block)
{
	block[DISPLAY_EDID_BLOCK - 1] = (u8)-sum(block, DISPLAY_EDID_BLOCK - 1);
}

/* The size of a picture on a screen of 96 dots an inch, in millimetres. */
static u32 millimetres(u32 pixels)
{
	return (pixels * MM_PER_INCH_X10 + DPI * 5) / (DPI * 10);
}

/* A screen's size in millimetres, which is the same for all its modes. */
struct screen {
	u32 width, height;
};

static void detailed_timing(u8 *at, const struct display_mode *mode, struct screen mm)
{
	u32 hblank = mode->htotal - mode->width, vblank = mode->vtotal - mode->height;
	u32 hfront = mode->hsync_at - mode->width, hsync = mode->hsync_end - mode->hsync_at;
	u32 vfront = mode->vsync_at - mode->height, vsync = mode->vsync_end - mode->vsync_at;

	put16(at, mode->clock);
	at[2] = (u8)mode->width;
	at[3] = (u8)hblank;
	at[4] = (u8)(mode->width >> 8 << 4 | hblank >> 8);
	at[5] = (u8)mode->height;
	at[6] = (u8)vblank;
	at[7] = (u8)(mode->height >> 8 << 4 | vblank >> 8);
	at[8] = (u8)hfront;
	at[9] = (u8)hsync;
	at[10] = (u8)(vfront << 4 | (vsync & 0xf));
	at[11] = (u8)(hfront >> 8 << 6 | hsync >> 8 << 4 | vfront >> 4 << 2 | vsync >> 4);
	at[12] = (u8)mm.width;
	at[13] = (u8)mm.height;
	at[14] = (u8)(mm.width >> 8 << 4 | mm.height >> 8);
	at[17] = 0x1a; /* sync pulses of their own wires, vertical negative, horizontal positive */
}

static u8 *descriptor(u8 *at, u8 tag)
{
	memset(at, 0, DESCRIPTOR);
	at[3] = tag;
	return at + 5;
}

static void text_descriptor(u8 *at, u8 tag, const char *text)
{
	u8 *to = descriptor(at, tag);
	size_t len = strlen(text);

	memset(to, ' ', TEXT);
	memcpy(to, text, len);
	if (len < TEXT)
		to[len] = '\n';
}

/*
 * Modes that need no detailed timing: drivers have the timings of VESA's Display Monitor Timings
 * for them, at 60 Hz. Some are a bit of the established timings, others a standard timing.
 *
 * Linux up to 7.2 reads no mode with reduced blanking from CVT codes (drm_cvt_modes()), and takes a
 * standard timing only where Display Monitor Timings has it. 1280x720 and 1920x1080 are not here:
 * their timings are those of television, for which i915 limits the range of colours.
 */
static const struct known {
	struct display_size size;
	u8 at, bit; /* of the established timings; 0: a standard timing */
	u8 aspect;  /* of the standard timing */
	u8 khz;	    /* lines, rounded up */
	u8 mhz;	    /* pixels, rounded up */
} known[] = {
	{ { 640, 480 }, 35, 0x20, 0, 32, 26 },	{ { 800, 600 }, 35, 0x01, 0, 38, 40 },
	{ { 1024, 768 }, 36, 0x08, 0, 49, 65 }, { { 1280, 800 }, 0, 0, 0, 50, 84 },
	{ { 1280, 960 }, 0, 0, 1, 60, 108 },	{ { 1280, 1024 }, 0, 0, 2, 64, 108 },
	{ { 1400, 1050 }, 0, 0, 1, 66, 122 },	{ { 1440, 900 }, 0, 0, 0, 56, 107 },
	{ { 1600, 900 }, 0, 0, 3, 60, 108 },	{ { 1600, 1200 }, 0, 0, 1, 75, 162 },
	{ { 1680, 1050 }, 0, 0, 0, 66, 147 },	{ { 1920, 1200 }, 0, 0, 0, 75, 194 },
	{ { 1920, 1440 }, 0, 0, 1, 90, 234 },	{ { 2048, 1152 }, 0, 0, 3, 72, 162 },
};

static const struct known *find_known(const struct display_mode *mode)
{
	for (u32 i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].size.width == mode->width && known[i].size.height == mode->height)
			return &known[i];
	return NULL;
}

static u32 most(u32 a, u32 b)
{
	return a > b ? a : b;
}

/* The bounds of all modes' rates. Every monitor has 640x480, with lines of 31.5 kHz. */
static void range_descriptor(u8 *at, const struct display_mode *modes, u32 nr)
{
	u32 low = 31, high = 32, mhz = 26;
	u8 *to = descriptor(at, TAG_RANGE);

	for (u32 i = 0; i < nr; i++) {
		const struct known *k = find_known(&modes[i]);
		u32 khz = display_mode_line_hz(&modes[i]) / 1000;

		low = khz < low ? khz : low;
		high = most(most(high, khz + 1), k ? k->khz : 0);
		mhz = most(most(mhz, (modes[i].clock + 99) / 100), k ? k->mhz : 0);
	}
	to[0] = 59;
	to[1] = 61;
	to[2] = (u8)low;
	to[3] = (u8)high;
	to[4] = (u8)((mhz + 9) / 10);
	to[5] = 0x01; /* the bounds only */
	to[6] = '\n';
	memset(to + 7, ' ', 6);
}

/* Where the detailed timings beside the first are: one behind it, the others in the extension. */
static u8 *place(u8 *edid, u32 i)
{
	return edid + (i ? DISPLAY_EDID_BLOCK + CTA_FIRST + (i - 1) * DESCRIPTOR
			 : BASE_FIRST + DESCRIPTOR);
}

/*
 * Modes that nothing else can name get detailed timings, and so do the first of those with a
 * standard timing, as far as there is place.
 */
static int put_modes(u8 *edid, const struct display_mode *modes, u32 nr, struct screen mm)
{
	u32 unknown = 0, timings = 0, standard = 0, spare;

	for (u32 i = 0; i < nr; i++)
		unknown += !find_known(&modes[i]);
	if (unknown > TIMINGS)
		return -ENOSPC;
	spare = TIMINGS - unknown;
	for (u32 i = 0; i < nr; i++) {
		const struct known *k = find_known(&modes[i]);

		if (!k || (spare && !k->at)) {
			spare -= k != NULL;
			detailed_timing(place(edid, timings++), &modes[i], mm);
		} else if (k->at) {
			edid[k->at] |= k->bit;
		} else if (standard == STANDARD) {
			return -ENOSPC;
		} else {
			edid[STANDARD_TIMINGS + 2 * standard] = (u8)(k->size.width / 8 - 31);
			edid[STANDARD_TIMINGS + 2 * standard++ + 1] = (u8)(k->aspect << 6);
		}
	}
	return 0;
}

int display_edid_make(u8 *edid, const struct display_monitor *monitor)
{
	struct display_mode modes[DISPLAY_EDID_MODES];
	u8 *at = edid + BASE_FIRST;
	char text[TEXT + 1];
	struct screen mm;
	int err;

	if (!monitor->nr || !monitor->head || monitor->head > 9)
		return -EINVAL;
	if (monitor->nr > DISPLAY_EDID_MODES)
		return -ENOSPC;
	for (u32 i = 0; i < monitor->nr; i++) {
		err = display_mode_cvt(&modes[i], monitor->modes[i]);
		if (err)
			return err;
	}
	mm.width = millimetres(modes[0].width);
	mm.height = millimetres(modes[0].height);

	memset(edid, 0, DISPLAY_EDID_SIZE);
	memcpy(edid, header, sizeof(header));
	for (u32 i = 0; i < ARRAY_SIZE(fixed); i++)
		edid[fixed[i].at] = fixed[i].val;
	memcpy(edid + COLOURS, colours, sizeof(colours));
	memset(edid + STANDARD_TIMINGS, NO_TIMING, BASE_FIRST - STANDARD_TIMINGS);
	put16(edid + 12, monitor->serial);
	put16(edid + 14, monitor->serial >> 16);
	edid[21] = (u8)((mm.width + 5) / 10);
	edid[22] = (u8)((mm.height + 5) / 10);
	detailed_timing(at, &modes[0], mm);
	descriptor(at + DESCRIPTOR, TAG_NONE);
	range_descriptor(at + 2 * DESCRIPTOR, modes, monitor->nr);
	snprintf(text, sizeof(text), "xengt-%u", monitor->head);
	text_descriptor(at + 3 * DESCRIPTOR, TAG_NAME, text);
	memcpy(edid + DISPLAY_EDID_BLOCK, cta, sizeof(cta));
	err = put_modes(edid, modes + 1, monitor->nr - 1, mm);
	seal(edid);
	seal(edid + DISPLAY_EDID_BLOCK);
	return err;
}

bool display_edid_fault(const u8 *edid, size_t len, char *text, size_t size)
{
	size_t blocks = len / DISPLAY_EDID_BLOCK;

	if (!len || len % DISPLAY_EDID_BLOCK || len > DISPLAY_EDID_MAX) {
		snprintf(text, size, "it has %zu bytes; an EDID has 128, 256, 384 or 512", len);
		return true;
	}
	if (memcmp(edid, header, sizeof(header))) {
		snprintf(text, size, "it does not begin as an EDID does");
		return true;
	}
	if (edid[18] != 1) {
		snprintf(text, size, "its version is %u; 1 is known", edid[18]);
		return true;
	}
	if (edid[EXTENSIONS] + 1u != blocks) {
		snprintf(text, size, "it says that it has %u blocks, and has %zu",
			 edid[EXTENSIONS] + 1u, blocks);
		return true;
	}
	for (size_t i = 0; i < blocks; i++) {
		if (!sum(edid + i * DISPLAY_EDID_BLOCK, DISPLAY_EDID_BLOCK))
			continue;
		snprintf(text, size, "its block %zu has a wrong checksum", i);
		return true;
	}
	return false;
}
