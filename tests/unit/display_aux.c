/* SPDX-License-Identifier: MIT */
/* The AUX channel as a driver uses it: messages, the EDID, link training, and messages of no use.
 */
#include <string.h>

#include "core/display/aux.h"
#include "core/display/edid.h"
#include "tests/unit/unit.h"

#define TOP_ADDRESS 0xfffffu

static struct display_aux aux;
static struct display_sink sink;
static u8 edid[DISPLAY_EDID_SIZE];

/* What came back: @nr bytes, the first of which is the reply itself. */
struct reply {
	u8 byte[20];
	u32 nr;
	u32 ctl;
};

static void setup(void)
{
	static const struct display_size size = { 1920, 1080 };
	static const struct display_monitor monitor = { &size, 1, 7, 1 };

	memset(&aux, 0, sizeof(aux));
	memset(&sink, 0, sizeof(sink));
	ck_assert_int_eq(display_edid_make(edid, &monitor), 0);
}

static struct reply send_to(struct display_sink *to, const u8 *bytes, u32 nr)
{
	struct reply reply = { 0 };
	u8 out[20] = { 0 };

	memcpy(out, bytes, nr < 20 ? nr : 20);
	for (u32 i = 0; i < 5; i++)
		aux.data[i] = (u32)out[4 * i] << 24 | (u32)out[4 * i + 1] << 16 |
			      (u32)out[4 * i + 2] << 8 | out[4 * i + 3];
	/* As i915 does: busy, the statuses to be cleared, the time to wait, the size. */
	display_aux_write(&aux, 0xd20003ffu | nr << 20, to, edid, sizeof(edid));
	reply.ctl = aux.ctl;
	reply.nr = aux.ctl >> 20 & 31;
	for (u32 i = 0; i < 20; i++)
		reply.byte[i] = (u8)(aux.data[i / 4] >> (24 - i % 4 * 8));
	return reply;
}

static struct reply message(u32 command, u32 address, const u8 *payload, u32 nr, u32 len)
{
	u8 bytes[20] = { (u8)(command << 4 | address >> 16), (u8)(address >> 8), (u8)address,
			 (u8)(len - 1) };

	if (payload)
		memcpy(bytes + 4, payload, nr);
	return send_to(&sink, bytes, !len ? 3 : 4 + nr);
}

static void assert_done(const struct reply *reply, u32 nr, u8 first)
{
	ck_assert_uint_eq(reply->ctl & (BIT32(31) | BIT32(28) | BIT32(25)), 0);
	ck_assert_uint_ne(reply->ctl & BIT32(30), 0);
	ck_assert_uint_eq(reply->nr, nr);
	ck_assert_uint_eq(reply->byte[0], first);
}

static u8 dpcd(u32 address)
{
	struct reply reply = message(9, address, NULL, 0, 1);

	assert_done(&reply, 2, 0);
	return reply.byte[1];
}

static void set_dpcd(u32 address, u8 val)
{
	struct reply reply = message(8, address, &val, 1, 1);

	assert_done(&reply, 1, 0);
}

START_TEST(capabilities)
{
	struct reply reply = message(9, 0, NULL, 0, 15);

	assert_done(&reply, 16, 0);
	ck_assert_uint_eq(reply.byte[1 + 0x0], 0x12);
	ck_assert_uint_eq(reply.byte[1 + 0x1], 0x14);	    /* 5.4 Gbit/s */
	ck_assert_uint_eq(reply.byte[1 + 0x2] & 0x1f, 4);   /* lanes */
	ck_assert_uint_eq(reply.byte[1 + 0x5], 0);	    /* no branch */
	ck_assert_uint_eq(reply.byte[1 + 0xe], 0);	    /* no slower training */
	ck_assert_uint_eq(dpcd(0x200) & 0x3f, 1);	    /* one sink */
	ck_assert_uint_eq(dpcd(0x201) | dpcd(0x21), 0);	    /* nothing happened; no streams */
	ck_assert_uint_eq(dpcd(0x2210) | dpcd(0xe0000), 0); /* what nobody here knows */
	reply = message(9, TOP_ADDRESS, NULL, 0, 16);
	assert_done(&reply, 17, 0);
}
END_TEST

/* i915's training: each step is looked at once, and is done. */
static void train(u8 rate, u8 lanes)
{
	u8 first = lanes == 1 ? 0x01 : 0x11, second = lanes == 4 ? 0x11 : 0;
	const u8 set[5] = { 0x21 };
	struct reply reply;

	set_dpcd(0x600, 1);
	set_dpcd(0x100, rate);
	set_dpcd(0x101, lanes | 0x80);
	reply = message(8, 0x102, set, 5, 5);
	assert_done(&reply, 1, 0);
	ck_assert_uint_eq(dpcd(0x202), first);
	ck_assert_uint_eq(dpcd(0x203), second);
	ck_assert_uint_eq(dpcd(0x204) & 1, 0);
	set_dpcd(0x102, 0x23);
	ck_assert_uint_eq(dpcd(0x202), first * 7);
	ck_assert_uint_eq(dpcd(0x203), second * 7);
	ck_assert_uint_eq(dpcd(0x204) & 1, 1);
	set_dpcd(0x102, 0);
	ck_assert_uint_eq(dpcd(0x202), first * 7);
	ck_assert_uint_eq(dpcd(0x205) & 1, 1);
}

START_TEST(training)
{
	static const u8 rates[] = { 0x06, 0x0a, 0x14 }, lanes[] = { 1, 2, 4 };
	static const u32 kbit[] = { 162000, 270000, 540000 };

	for (u32 r = 0; r < 3; r++)
		for (u32 l = 0; l < 3; l++) {
			train(rates[r], lanes[l]);
			ck_assert_uint_eq(display_sink_rate(&sink), kbit[r]);
			ck_assert_uint_eq(display_sink_lanes(&sink), lanes[l]);
		}
}
END_TEST

START_TEST(link_lost)
{
	train(0x14, 4);
	set_dpcd(0x600, 2); /* off */
	ck_assert_uint_eq(dpcd(0x600), 2);
	ck_assert_uint_eq(dpcd(0x202) | dpcd(0x203) | dpcd(0x204), 0);
	set_dpcd(0x102, 0x21); /* an off monitor does not train */
	ck_assert_uint_eq(dpcd(0x202), 0);
	train(0x0a, 2);
	set_dpcd(0x101, 0x84);
	ck_assert_uint_eq(dpcd(0x202), 0);
	set_dpcd(0x102, 0x23); /* the second pattern without the first */
	ck_assert_uint_eq(dpcd(0x202), 0);
	set_dpcd(0x100, 0x1e); /* a rate that it does not have */
	set_dpcd(0x102, 0x21);
	ck_assert_uint_eq(dpcd(0x202), 0);
	ck_assert_uint_eq(display_sink_rate(&sink), 0);
	set_dpcd(0x100, 0x06);
	set_dpcd(0x101, 0x03);
	set_dpcd(0x102, 0x21);
	ck_assert_uint_eq(dpcd(0x202), 0);
	ck_assert_uint_eq(display_sink_lanes(&sink), 0);
}
END_TEST

/* A write goes as far as there are places; the reply says how far. */
START_TEST(writes_refused)
{
	u8 bytes[16] = { 0x06, 0x81, 0, 1, 2, 3, 0, 0x10, 0x01, 0xaa };
	struct reply reply = message(8, 0x100, bytes, 16, 16);

	assert_done(&reply, 2, 0x10);
	ck_assert_uint_eq(reply.byte[1], 9);
	ck_assert_uint_eq(dpcd(0x105), 3);
	ck_assert_uint_eq(dpcd(0x109), 0);
	reply = message(8, 0, bytes, 1, 1);
	assert_done(&reply, 2, 0x10);
	ck_assert_uint_eq(reply.byte[1], 0);
	ck_assert_uint_eq(dpcd(0), 0x12);
}
END_TEST

/* Reads a block as drm does, and returns how many transfers that took. */
static u32 read_block(u8 block, u8 *into)
{
	u8 segment = block / 2, at = (u8)(block % 2 * 128);
	struct reply reply;
	u32 nr = 0;

	if (segment) {
		reply = message(4, 0x30, &segment, 1, 1);
		assert_done(&reply, 1, 0);
		nr++;
	}
	reply = message(4, 0x50, &at, 1, 1);
	assert_done(&reply, 1, 0);
	for (u32 i = 0; i < 128; i += 16) {
		reply = message(5, 0x50, NULL, 0, 16);
		assert_done(&reply, 17, 0);
		memcpy(into + i, reply.byte + 1, 16);
	}
	reply = message(1, 0x50, NULL, 0, 0);
	assert_done(&reply, 1, 0);
	return nr + 10;
}

START_TEST(edid_in_blocks)
{
	u8 block[128], none[128] = { 0 };

	ck_assert_uint_le(read_block(0, block), 12);
	ck_assert_mem_eq(block, edid, 128);
	read_block(1, block);
	ck_assert_mem_eq(block, edid + 128, 128);
	read_block(2, block); /* behind its end */
	ck_assert_mem_eq(block, none, 128);
	read_block(0, block); /* the segment went back when the bus was released */
	ck_assert_mem_eq(block, edid, 128);
}
END_TEST

START_TEST(i2c_refused)
{
	u8 byte[16] = { 2 };
	struct reply reply = message(4, 0x30, byte, 1, 1); /* a third segment */

	assert_done(&reply, 1, 0x40);
	reply = message(5, 0x30, NULL, 0, 1);
	assert_done(&reply, 1, 0x40);
	reply = message(5, 0x37, NULL, 0, 1); /* commands to the monitor */
	assert_done(&reply, 1, 0x40);
	reply = message(0, 0x37, NULL, 0, 0);
	assert_done(&reply, 1, 0x40);
	reply = message(0, 0x10050, NULL, 0, 0);
	assert_done(&reply, 1, 0x40);
	reply = message(0, 0x50, byte, 16, 16); /* taken, and written nowhere */
	assert_done(&reply, 1, 0);
	reply = message(2, 0x50, NULL, 0, 0);
	assert_done(&reply, 1, 0);
	ck_assert_uint_eq(edid[3], 0xff);
}
END_TEST

START_TEST(no_monitor)
{
	const u8 read[4] = { 0x90, 0, 0, 0 };
	struct reply reply = send_to(NULL, read, 4);

	ck_assert_uint_eq(reply.ctl & BIT32(31), 0);
	ck_assert_uint_ne(reply.ctl & BIT32(28), 0);
	ck_assert_uint_ne(reply.ctl & BIT32(30), 0);
	/* The driver clears the statuses by ones. */
	display_aux_write(&aux, 0x521003ff & ~BIT32(28), NULL, NULL, 0);
	ck_assert_uint_eq(aux.ctl & BIT32(30), 0);
	ck_assert_uint_ne(aux.ctl & BIT32(28), 0);
	display_aux_write(&aux, BIT32(28) | 0x3ff, NULL, NULL, 0);
	ck_assert_uint_eq(aux.ctl, 0x3ff);
}
END_TEST

START_TEST(no_messages)
{
	static const u8 bytes[][20] = {
		{ 0x90, 0, 0, 0 }, { 0x90, 0, 0, 16 }, { 0x90, 0, 0, 255 }, { 0x80, 0, 0, 3 },
		{ 0x30, 0, 0x50 }, { 0xa0, 0, 0, 0 },  { 0xf0, 0, 0, 0 },   { 0x70, 0, 0, 0 },
	};
	static const u32 sizes[] = { 5, 4, 4, 7, 4, 4, 4, 4 };

	for (u32 i = 0; i < ARRAY_SIZE(bytes); i++)
		ck_assert_uint_ne(send_to(&sink, bytes[i], sizes[i]).ctl & BIT32(28), 0);
	for (u32 nr = 0; nr < 32; nr++)
		if (nr != 4)
			ck_assert_uint_ne(send_to(&sink, bytes[0], nr).ctl & BIT32(28), 0);
}
END_TEST

/* Whatever the registers hold: a transfer ends, and never with more than the registers can have. */
START_TEST(random_messages)
{
	u64 seed = 1;

	for (u32 i = 0; i < 200000; i++) {
		u32 val = (u32)unit_random(&seed);

		if (i % 64 == 0)
			for (u32 b = 0; b < sizeof(sink); b++)
				((u8 *)&sink)[b] = (u8)unit_random(&seed);
		for (u32 d = 0; d < DISPLAY_AUX_DATA; d++)
			aux.data[d] = (u32)unit_random(&seed);
		if (i % 2)
			aux.data[0] = (aux.data[0] & 0xf00001ff) | (i % 4 == 1 ? 0x5000u : 0);
		display_aux_write(&aux, val | (i % 8 ? BIT32(31) : 0), &sink, edid, sizeof(edid));
		UNIT_CHECK(!(aux.ctl & BIT32(31)), "busy after %08x", val);
		UNIT_CHECK((aux.ctl >> 20 & 31) <= 20 || aux.ctl & BIT32(28) || !(i % 8),
			   "size %08x", aux.ctl);
	}
}
END_TEST

Suite *suite_display_aux(void)
{
	const TTest *const tests[] = {
		capabilities, training,	  link_lost,   writes_refused,	edid_in_blocks,
		i2c_refused,  no_monitor, no_messages, random_messages,
	};

	return unit_suite_with("display_aux", setup, NULL, tests, ARRAY_SIZE(tests));
}
