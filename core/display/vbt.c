/* SPDX-License-Identifier: MIT */
#include "core/display/vbt.h"

#include <errno.h>
#include <string.h>

enum {
	VBT_VERSION = 155,
	VBT_HEADER = 48,
	VBT_CHECKSUM = 26,
	BDB_VERSION = 186,
	BDB_HEADER = 22,
	BLOCK_HEADER = 3,
	CHILD = 33,
};

/* Blocks: their ids and sizes. */
enum {
	FEATURES_ID = 1,
	FEATURES = 5,
	DEFINITIONS_ID = 2,
	DEFINITIONS = 5, /* and the children */
	DRIVER_ID = 12,
	DRIVER = 20,
};

/* A child: DisplayPort, digital, hot-pluggable, fast, powered down; neither HDMI nor panel. */
#define DEVICE_DP 0x68c6

enum { CHILD_DP = 1 << 1, CHILD_INTEGRATED = 1 << 5 };

/* The outputs of heads 1 to 3: DDI B, C and D of Sunrise Point. */
static const struct {
	u16 handle; /* of the digital flat panel */
	u8 port, aux, ddc_pin;
} outputs[DISPLAY_HEADS] = {
	{ 0x04, 7, 0x10, 5 },
	{ 0x40, 8, 0x20, 4 },
	{ 0x20, 9, 0x30, 6 },
};

static void put16(u8 *at, u32 val)
{
	at[0] = (u8)val;
	at[1] = (u8)(val >> 8);
}

/* Puts a block's header at @at, and returns where its content, all zeros, begins. */
static u8 *block(u8 *at, u8 id, u32 size)
{
	at[0] = id;
	put16(at + 1, size);
	return at + BLOCK_HEADER;
}

static void child(u8 *at, u32 head)
{
	put16(at, outputs[head].handle);
	put16(at + 2, DEVICE_DP);
	at[16] = outputs[head].port;
	at[19] = outputs[head].ddc_pin;
	at[24] = CHILD_DP;
	at[25] = outputs[head].aux;
	at[27] = CHILD_INTEGRATED;
}

int display_vbt_make(u8 *vbt, size_t size, u32 heads)
{
	u32 definitions = DEFINITIONS + heads * CHILD;
	u32 bdb = BDB_HEADER + 3 * BLOCK_HEADER + FEATURES + definitions + DRIVER;
	u32 len = VBT_HEADER + bdb;
	u8 *at = vbt + VBT_HEADER, sum = 0;

	if (!heads || heads > DISPLAY_HEADS)
		return -EINVAL;
	if (size < len || size > UINT16_MAX)
		return -ENOSPC;
	memset(vbt, 0, size);
	memcpy(vbt, "$VBT SKYLAKE        ", 20);
	put16(vbt + 20, VBT_VERSION);
	put16(vbt + 22, VBT_HEADER);
	put16(vbt + 24, len);
	put16(vbt + 28, VBT_HEADER); /* where the BDB is */

	memcpy(at, "BIOS_DATA_BLOCK ", 16);
	put16(at + 16, BDB_VERSION);
	put16(at + 18, BDB_HEADER);
	put16(at + 20, bdb);
	at = block(at + BDB_HEADER, FEATURES_ID, FEATURES) + FEATURES;
	at = block(at, DEFINITIONS_ID, definitions);
	at[4] = CHILD;
	for (u32 i = 0; i < heads; i++)
		child(at + DEFINITIONS + i * CHILD, i);
	block(at + definitions, DRIVER_ID, DRIVER);

	for (u32 i = 0; i < len; i++)
		sum = (u8)(sum + vbt[i]);
	vbt[VBT_CHECKSUM] = (u8)-sum;
	return (int)len;
}
