/* SPDX-License-Identifier: MIT */
#include "core/display/aux.h"

#include <string.h>

enum {
	MESSAGE = 20, /* bytes of the longest */
	PAYLOAD = 16,
	HEADER = 4,
	SIZE_SHIFT = 20, /* of the size in the control register */
	SIZE_MASK = 0x1f,
};

#define STATUS (DISPLAY_AUX_DONE | DISPLAY_AUX_TIMEOUT | DISPLAY_AUX_RECEIVE_ERROR)

/* Commands. For I2C, a bit says that the bus is not released afterwards. */
enum { I2C_WRITE = 0, I2C_READ = 1, I2C_STATUS = 2, I2C_MORE = 4, WRITE = 8, READ = 9 };

/* Replies. */
enum { ACK = 0, NACK = 0x10, I2C_NACK = 0x40 };

/* Addresses on the I2C bus. */
enum { SEGMENT_AT = 0x30, EDID_AT = 0x50, SEGMENT_SIZE = 256 };

/* DPCD addresses, and what is in the places of struct display_sink's @link. */
enum {
	LINK = 0x100,
	RATE = 0,
	LANES = 1,
	PATTERN = 2,
	LANES_MASK = 0x1f,
	PATTERN_MASK = 0x3,
	SINK_COUNT = 0x200,
	LANE_STATUS = 0x202,
	ALIGNED = 0x204,
	IN_SYNC = 0x205,
	POWER = 0x600,
	POWER_MASK = 0x3,
	POWER_OFF = 2,
};

/*
 * Capabilities, from address 0: DPCD 1.2; 5.4 Gbit/s; four lanes, enhanced framing and the third
 * training pattern; no branch device; 8b/10b coding. All other addresses read as zeros.
 */
static const u8 capabilities[] = { 0x12, 0x14, 0xc4, 0, 0, 0, 0x01 };

/* A lane's half byte, by enum display_link_state: clock recovered; equalized; symbols locked. */
static const u8 lane_status[] = { 0, 0x1, 0x7 };

static const struct {
	u8 code;
	u32 rate;
} rates[] = { { 0x06, 162000 }, { 0x0a, 270000 }, { 0x14, 540000 } };

u32 display_sink_lanes(const struct display_sink *sink)
{
	u32 lanes = sink->link[LANES] & LANES_MASK;

	return lanes == 1 || lanes == 2 || lanes == 4 ? lanes : 0;
}

u32 display_sink_rate(const struct display_sink *sink)
{
	for (u32 i = 0; i < ARRAY_SIZE(rates); i++)
		if (sink->link[RATE] == rates[i].code)
			return rates[i].rate;
	return 0;
}

static u8 dpcd_read(const struct display_sink *sink, u32 at)
{
	u32 lanes = display_sink_lanes(sink), lane = (at - LANE_STATUS) * 2;
	u8 status = sink->state < ARRAY_SIZE(lane_status) ? lane_status[sink->state] : 0;

	if (at < ARRAY_SIZE(capabilities))
		return capabilities[at];
	if (at >= LINK && at < LINK + sizeof(sink->link))
		return sink->link[at - LINK];
	switch (at) {
	case SINK_COUNT:
		return 1;
	case LANE_STATUS:
	case LANE_STATUS + 1:
		return (u8)((lane < lanes ? status : 0) | (lane + 1 < lanes ? status << 4 : 0));
	case ALIGNED:
	case IN_SYNC:
		return sink->state == DISPLAY_LINK_TRAINED;
	case POWER:
		return sink->power;
	default:
		return 0;
	}
}

/* The first pattern has the clock recovered at once, another one that follows it the rest. */
static void train(struct display_sink *sink)
{
	u8 pattern = sink->link[PATTERN] & PATTERN_MASK;

	if (!display_sink_lanes(sink) || !display_sink_rate(sink) || sink->power == POWER_OFF)
		sink->state = DISPLAY_LINK_OFF;
	else if (pattern == 1)
		sink->state = DISPLAY_LINK_CLOCK;
	else if (pattern && sink->state != DISPLAY_LINK_OFF)
		sink->state = DISPLAY_LINK_TRAINED;
}

static bool dpcd_write(struct display_sink *sink, u32 at, u8 val)
{
	if (at == POWER) {
		sink->power = val & POWER_MASK;
		if (sink->power == POWER_OFF)
			sink->state = DISPLAY_LINK_OFF;
		return true;
	}
	if (at < LINK || at - LINK >= sizeof(sink->link))
		return false;
	if ((at == LINK + RATE || at == LINK + LANES) && sink->link[at - LINK] != val)
		sink->state = DISPLAY_LINK_OFF;
	sink->link[at - LINK] = val;
	if (at == LINK + PATTERN)
		train(sink);
	return true;
}

/* A message on its way: what was sent, then what is answered. */
struct message {
	u8 byte[MESSAGE];
	u32 nr;
};

static u32 address(const struct message *m)
{
	return (m->byte[0] & 0xfu) << 16 | (u32)m->byte[1] << 8 | m->byte[2];
}

static void native_read(struct message *m, const struct display_sink *sink)
{
	u32 at = address(m), nr = m->byte[3] + 1u;

	m->byte[0] = ACK;
	for (u32 i = 0; i < nr; i++)
		m->byte[1 + i] = dpcd_read(sink, at + i);
	m->nr = 1 + nr;
}

/* A write that is refused says how many bytes were taken before. */
static void native_write(struct message *m, struct display_sink *sink)
{
	u32 at = address(m), nr = m->byte[3] + 1u, taken = 0;

	while (taken < nr && dpcd_write(sink, at + taken, m->byte[HEADER + taken]))
		taken++;
	m->byte[0] = taken < nr ? NACK : ACK;
	m->byte[1] = (u8)taken;
	m->nr = taken < nr ? 2 : 1;
}

/* The EDID as a memory of its own: what lies behind its end is zeros. */
static void edid_read(struct message *m, struct display_sink *sink, const u8 *edid, u32 size,
		      u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		u32 at = sink->segment * SEGMENT_SIZE + sink->at++;

		m->byte[1 + i] = at < size ? edid[at] : 0;
	}
	m->nr = 1 + nr;
}

/* @nr: bytes of payload, none in a message that only has an address. */
static void i2c(struct message *m, struct display_sink *sink, const u8 *edid, u32 size, u32 nr)
{
	u32 to = address(m), command = m->byte[0] >> 4;
	bool segment = to == SEGMENT_AT,
	     read = command == I2C_READ || command == (I2C_READ | I2C_MORE);

	m->nr = 1;
	m->byte[0] = ACK;
	/* The segment is only written, and there are two of them. */
	if (to != EDID_AT && (!segment || read || (nr && m->byte[HEADER] > 1)))
		m->byte[0] = I2C_NACK;
	else if (read)
		edid_read(m, sink, edid, size, nr);
	else if (nr && (command & ~I2C_MORE) == I2C_WRITE)
		*(segment ? &sink->segment : &sink->at) = m->byte[HEADER];
	if (!(command & I2C_MORE))
		sink->segment = 0;
}

/* How many bytes @m must have; 0: there is no such message. */
static u32 right_size(const struct message *m)
{
	u32 command = m->byte[0] >> 4, nr = m->byte[3] + 1u;

	if (m->nr == HEADER - 1)
		return command < WRITE ? m->nr : 0;
	if (nr > PAYLOAD)
		return 0;
	switch (command) {
	case WRITE:
	case I2C_WRITE:
	case I2C_WRITE | I2C_MORE:
		return HEADER + nr;
	case READ:
	case I2C_READ:
	case I2C_READ | I2C_MORE:
	case I2C_STATUS:
	case I2C_STATUS | I2C_MORE:
		return HEADER;
	default:
		return 0;
	}
}

static bool answer(struct message *m, struct display_sink *sink, const u8 *edid, u32 size)
{
	u32 payload = m->nr < HEADER ? 0 : m->byte[3] + 1u;

	if (!m->nr || right_size(m) != m->nr)
		return false;
	switch (m->byte[0] >> 4) {
	case READ:
		native_read(m, sink);
		return true;
	case WRITE:
		native_write(m, sink);
		return true;
	default:
		i2c(m, sink, edid, size, payload);
		return true;
	}
}

void display_aux_write(struct display_aux *aux, u32 val, struct display_sink *sink, const u8 *edid,
		       u32 size)
{
	struct message m = { .nr = val >> SIZE_SHIFT & SIZE_MASK };
	u32 rest = val & ~(DISPLAY_AUX_BUSY | STATUS);

	if (!(val & DISPLAY_AUX_BUSY)) {
		aux->ctl = rest | (aux->ctl & ~val & STATUS);
		return;
	}
	for (u32 i = 0; i < MESSAGE; i++)
		m.byte[i] = (u8)(aux->data[i / 4] >> (24 - i % 4 * 8));
	if (!sink || m.nr > MESSAGE || !answer(&m, sink, edid, size)) {
		aux->ctl = rest | DISPLAY_AUX_DONE | DISPLAY_AUX_TIMEOUT;
		return;
	}
	for (u32 i = 0; i < m.nr; i++) {
		u32 shift = 24 - i % 4 * 8;

		aux->data[i / 4] = (aux->data[i / 4] & ~(0xffu << shift)) | (u32)m.byte[i] << shift;
	}
	aux->ctl = (rest & ~((u32)SIZE_MASK << SIZE_SHIFT)) | m.nr << SIZE_SHIFT | DISPLAY_AUX_DONE;
}
