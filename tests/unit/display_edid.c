/* SPDX-License-Identifier: MIT */
/* EDIDs that are made, read back by the layout in VESA's E-EDID standard, and EDIDs of users. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/display/edid.h"
#include "tests/unit/unit.h"

static const struct display_size list[] = {
	{ 1920, 1080 }, { 640, 480 },	{ 800, 600 },	{ 1024, 768 },	{ 1152, 864 },
	{ 1280, 720 },	{ 1280, 800 },	{ 1280, 1024 }, { 1400, 1050 }, { 1440, 900 },
	{ 1600, 900 },	{ 1600, 1200 }, { 1680, 1050 }, { 1920, 1200 }, { 2048, 1152 },
	{ 2560, 1440 }, { 2560, 1600 }, { 3840, 2160 },
};

static const struct display_monitor all = { list, ARRAY_SIZE(list), 0x12345678, 1 };

/* VESA's tables and xfree86's `cvt -r`: 10 kHz, pixels of a line, lines of a frame. */
static const struct {
	struct display_size size;
	u32 clock, htotal, vtotal, vsync;
} published[] = {
	{ { 640, 480 }, 2350, 800, 494, 4 },	   { { 1024, 768 }, 5600, 1184, 790, 4 },
	{ { 1280, 800 }, 7100, 1440, 823, 6 },	   { { 1280, 1024 }, 9100, 1440, 1054, 7 },
	{ { 1920, 1080 }, 13850, 2080, 1111, 5 },  { { 1920, 1200 }, 15400, 2080, 1235, 6 },
	{ { 2560, 1440 }, 24150, 2720, 1481, 5 },  { { 2560, 1600 }, 26850, 2720, 1646, 6 },
	{ { 3440, 1440 }, 31975, 3600, 1481, 10 }, { { 3840, 2160 }, 53325, 4000, 2222, 5 },
};

static u32 get16(const u8 *at)
{
	return at[0] | (u32)at[1] << 8;
}

static void assert_block(const u8 *block)
{
	u8 total = 0;

	for (u32 i = 0; i < DISPLAY_EDID_BLOCK; i++)
		total = (u8)(total + block[i]);
	ck_assert_uint_eq(total, 0);
}

START_TEST(timings)
{
	for (u32 i = 0; i < ARRAY_SIZE(published); i++) {
		struct display_mode mode;

		ck_assert_int_eq(display_mode_cvt(&mode, published[i].size), 0);
		ck_assert_uint_eq(mode.clock, published[i].clock);
		ck_assert_uint_eq(mode.width, published[i].size.width);
		ck_assert_uint_eq(mode.hsync_at - mode.width, 48);
		ck_assert_uint_eq(mode.hsync_end - mode.hsync_at, 32);
		ck_assert_uint_eq(mode.htotal, published[i].htotal);
		ck_assert_uint_eq(mode.height, published[i].size.height);
		ck_assert_uint_eq(mode.vsync_at - mode.height, 3);
		ck_assert_uint_eq(mode.vsync_end - mode.vsync_at, published[i].vsync);
		ck_assert_uint_eq(mode.vtotal, published[i].vtotal);
	}
}
END_TEST

START_TEST(sizes_that_are_no_modes)
{
	static const struct display_size none[] = { { 0, 0 },	    { 312, 480 },  { 640, 199 },
						    { 4096, 2160 }, { 640, 4096 }, { 65535, 65535 },
						    { 4088, 4088 }, { 3840, 3840 } };
	struct display_mode mode;

	for (u32 i = 0; i < ARRAY_SIZE(none); i++)
		ck_assert_int_eq(display_mode_cvt(&mode, none[i]), -ERANGE);
	ck_assert_int_eq(display_mode_cvt(&mode, (struct display_size){ 1366, 768 }), 0);
	ck_assert_uint_eq(mode.width, 1360);
}
END_TEST

/* What an EDID offers, as a driver reads it. */
struct offer {
	struct display_size modes[40];
	u32 nr, timings;
	char name[14];
};

static void read_timing(struct offer *offer, const u8 *at)
{
	struct display_size size = { (u16)(at[2] | (at[4] & 0xf0u) << 4),
				     (u16)(at[5] | (at[7] & 0xf0u) << 4) };
	u32 hblank = at[3] | (at[4] & 0xfu) << 8, vblank = at[6] | (at[7] & 0xfu) << 8;
	struct display_mode mode;

	ck_assert_int_eq(display_mode_cvt(&mode, size), 0);
	ck_assert_uint_eq(mode.width, size.width);
	ck_assert_uint_eq(get16(at), mode.clock);
	ck_assert_uint_eq(size.width + hblank, mode.htotal);
	ck_assert_uint_eq(size.height + vblank, mode.vtotal);
	ck_assert_uint_eq(at[8] | (at[11] >> 6) << 8, 48);
	ck_assert_uint_eq(at[9] | (at[11] >> 4 & 3) << 8, 32);
	ck_assert_uint_eq(at[10] >> 4 | (at[11] >> 2 & 3) << 4, 3);
	ck_assert_uint_eq((at[10] & 0xf) | (at[11] & 3) << 4, mode.vsync_end - mode.vsync_at);
	ck_assert_uint_eq(at[17] & 0x9e, 0x1a);
	offer->modes[offer->nr++] = size;
	offer->timings++;
}

/* Established and standard timings, by the standard's tables. */
static void read_bits(struct offer *offer, const u8 *edid)
{
	static const u32 aspect[4][2] = { { 16, 10 }, { 4, 3 }, { 5, 4 }, { 16, 9 } };
	u32 *nr = &offer->nr;

	if (edid[35] & 0x20)
		offer->modes[(*nr)++] = (struct display_size){ 640, 480 };
	if (edid[35] & 0x01)
		offer->modes[(*nr)++] = (struct display_size){ 800, 600 };
	if (edid[36] & 0x08)
		offer->modes[(*nr)++] = (struct display_size){ 1024, 768 };
	ck_assert_uint_eq((edid[35] & ~0x21) | (edid[36] & ~0x08) | edid[37], 0);
	for (u32 at = 38; at < 54; at += 2) {
		u32 width = (edid[at] + 31u) * 8, kind = edid[at + 1] >> 6;

		if (edid[at] == 1 && edid[at + 1] == 1)
			continue;
		ck_assert_uint_eq(edid[at + 1] & 0x3f, 0); /* 60 Hz */
		offer->modes[(*nr)++] =
			(struct display_size){ (u16)width,
					       (u16)(width * aspect[kind][1] / aspect[kind][0]) };
	}
}

static void read_descriptor(struct offer *offer, const u8 *at)
{
	if (at[0] || at[1]) {
		read_timing(offer, at);
	} else if (at[3] == 0xfc) {
		memcpy(offer->name, at + 5, 13);
		*strchr(offer->name, '\n') = 0;
	}
}

static struct offer read_edid(const u8 *edid)
{
	struct offer offer = { 0 };

	assert_block(edid);
	assert_block(edid + DISPLAY_EDID_BLOCK);
	for (u32 i = 0; i < 4; i++)
		read_descriptor(&offer, edid + 54 + 18 * i);
	read_bits(&offer, edid);
	ck_assert_uint_eq(edid[128], 2);
	ck_assert_uint_eq(edid[131] & 0x70, 0); /* neither sound nor YCbCr */
	for (u32 at = 128 + edid[130]; at + 18 < 256; at += 18)
		read_descriptor(&offer, edid + at);
	return offer;
}

static bool offers(const struct offer *offer, struct display_size size)
{
	for (u32 i = 0; i < offer->nr; i++)
		if (offer->modes[i].width == (size.width & ~7) &&
		    offer->modes[i].height == size.height)
			return true;
	return false;
}

START_TEST(all_modes)
{
	u8 edid[DISPLAY_EDID_SIZE];
	struct offer offer;

	ck_assert_int_eq(display_edid_make(edid, &all), 0);
	offer = read_edid(edid);
	ck_assert_uint_eq(offer.nr, all.nr);
	ck_assert_uint_eq(offer.timings, 8);
	for (u32 i = 0; i < all.nr; i++)
		ck_assert(offers(&offer, list[i]));
	ck_assert_uint_eq(offer.modes[0].width, 1920);
	ck_assert_uint_eq(offer.modes[0].height, 1080);
}
END_TEST

START_TEST(identity)
{
	struct display_monitor other = all;
	u8 edid[DISPLAY_EDID_SIZE];

	other.head = 3;
	other.serial = 0xa1b2c3d4;
	ck_assert_int_eq(display_edid_make(edid, &other), 0);
	ck_assert_str_eq(read_edid(edid).name, "xengt-3");
	ck_assert_uint_eq(get16(edid + 12) | get16(edid + 14) << 16, 0xa1b2c3d4);
	ck_assert_uint_eq(edid[8] << 8 | edid[9], ('X' - 64) << 10 | ('G' - 64) << 5 | ('T' - 64));
	ck_assert_uint_eq(get16(edid + 18), 0x0401);
	ck_assert_uint_eq(edid[20], 0xa5);
	ck_assert_uint_eq(edid[24] & 1, 0); /* no mode but those of the list */
	ck_assert_uint_eq(edid[21], 51);    /* 1920 of 96 dots an inch, in centimetres */
	ck_assert_uint_eq(edid[22], 29);
}
END_TEST

/* All monitors have 640x480; the smallest three modes behind the first need no timings. */
START_TEST(few_modes)
{
	static const u32 detailed[] = { 1, 1, 1, 1, 2, 3, 4, 5 };
	struct display_monitor few = all;
	u8 edid[DISPLAY_EDID_SIZE];
	struct offer offer;

	for (few.nr = 1; few.nr <= 8; few.nr++) {
		ck_assert_int_eq(display_edid_make(edid, &few), 0);
		offer = read_edid(edid);
		ck_assert_uint_eq(offer.nr, few.nr == 1 ? 2 : few.nr);
		ck_assert_uint_eq(offer.timings, detailed[few.nr - 1]);
	}
}
END_TEST

START_TEST(lists_that_do_not_fit)
{
	struct display_size modes[DISPLAY_EDID_MODES + 1];
	struct display_monitor many = { modes, ARRAY_SIZE(modes), 1, 1 };
	u8 edid[DISPLAY_EDID_SIZE];

	for (u32 i = 0; i < ARRAY_SIZE(modes); i++)
		modes[i] = (struct display_size){ 640, 480 };
	ck_assert_int_eq(display_edid_make(edid, &many), -ENOSPC);
	many.nr--;
	ck_assert_int_eq(display_edid_make(edid, &many), 0);
	for (u32 i = 1; i < ARRAY_SIZE(modes); i++)
		modes[i] = (struct display_size){ 1280, 1024 };
	ck_assert_int_eq(display_edid_make(edid, &many), -ENOSPC); /* the ninth standard timing */
	many.nr = 16;
	ck_assert_int_eq(display_edid_make(edid, &many), 0);
	for (u32 i = 1; i < 8; i++)
		modes[i] = (struct display_size){ 1000, 701 };
	ck_assert_int_eq(display_edid_make(edid, &many), 0);
	modes[15].height = 1023;
	ck_assert_int_eq(display_edid_make(edid, &many), -ENOSPC); /* the ninth detailed one */
	modes[1].height = 4096;
	ck_assert_int_eq(display_edid_make(edid, &many), -ERANGE);
	many.nr = 0;
	ck_assert_int_eq(display_edid_make(edid, &many), -EINVAL);
	many = all;
	many.head = 10;
	ck_assert_int_eq(display_edid_make(edid, &many), -EINVAL);
}
END_TEST

/* What edid-decode says of it in @text, or false where it is not installed. */
static bool decoded(const struct display_monitor *monitor, char *text, size_t size)
{
	char path[] = "/tmp/xengt-edid-XXXXXX", command[64];
	u8 edid[DISPLAY_EDID_SIZE];
	int fd = mkstemp(path);
	size_t len;
	FILE *from;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(display_edid_make(edid, monitor), 0);
	ck_assert_int_eq(write(fd, edid, sizeof(edid)), sizeof(edid));
	close(fd);
	snprintf(command, sizeof(command), "edid-decode -c %s 2>&1", path);
	from = popen(command, "r");
	ck_assert_ptr_nonnull(from);
	len = fread(text, 1, size - 1, from);
	text[len] = 0;
	pclose(from);
	unlink(path);
	return strstr(text, "edid-decode (hex)");
}

START_TEST(judged_by_edid_decode)
{
	static const struct display_size odd[] = { { 1366, 768 }, { 3440, 1440 }, { 2560, 1080 },
						   { 800, 1280 }, { 1000, 701 },  { 3840, 2160 } };
	struct display_monitor monitor = all;
	static char text[1 << 16];

	if (!decoded(&all, text, sizeof(text))) {
		printf("edid-decode is not installed: its judgement of EDIDs is skipped\n");
		return;
	}
	for (u32 i = 0; i < ARRAY_SIZE(list) + ARRAY_SIZE(odd); i++) {
		bool one = i < ARRAY_SIZE(list);

		monitor.modes = one ? &list[i] : &odd[i - ARRAY_SIZE(list)];
		monitor.nr = one ? 1 : (u32)(ARRAY_SIZE(list) + ARRAY_SIZE(odd) - i);
		decoded(&monitor, text, sizeof(text));
		ck_assert_msg(strstr(text, "EDID conformity: PASS"), "%s", text);
		ck_assert_msg(!strstr(text, "Warnings:"), "%s", text);
	}
	decoded(&all, text, sizeof(text));
	ck_assert_msg(strstr(text, "EDID conformity: PASS"), "%s", text);
	ck_assert_msg(!strstr(text, "Warnings:"), "%s", text);
}
END_TEST

/* An EDID of a user's, and what is said of it. */
static void assert_fault(const u8 *edid, size_t len, const char *says)
{
	char text[80] = "";

	ck_assert_int_eq(display_edid_fault(edid, len, text, sizeof(text)), says != NULL);
	ck_assert_str_eq(text, says ? says : "");
}

START_TEST(users_own)
{
	u8 edid[5 * DISPLAY_EDID_BLOCK] = { 0 };

	ck_assert_int_eq(display_edid_make(edid, &all), 0);
	assert_fault(edid, 256, NULL);
	assert_fault(edid, 0, "it has 0 bytes; an EDID has 128, 256, 384 or 512");
	assert_fault(edid, 255, "it has 255 bytes; an EDID has 128, 256, 384 or 512");
	assert_fault(edid, 640, "it has 640 bytes; an EDID has 128, 256, 384 or 512");
	assert_fault(edid, 128, "it says that it has 2 blocks, and has 1");
	assert_fault(edid, 512, "it says that it has 2 blocks, and has 4");
	edid[200]++;
	assert_fault(edid, 256, "its block 1 has a wrong checksum");
	edid[200]--;
	edid[100]++;
	assert_fault(edid, 256, "its block 0 has a wrong checksum");
	edid[100]--;
	edid[18] = 2;
	assert_fault(edid, 256, "its version is 2; 1 is known");
	edid[18] = 1;
	edid[7] = 1;
	assert_fault(edid, 256, "it does not begin as an EDID does");
}
END_TEST

Suite *suite_display_edid(void)
{
	const TTest *const tests[] = {
		timings,
		sizes_that_are_no_modes,
		all_modes,
		identity,
		few_modes,
		lists_that_do_not_fit,
		judged_by_edid_decode,
		users_own,
	};

	return unit_suite("display_edid", tests, ARRAY_SIZE(tests));
}
