/* SPDX-License-Identifier: MIT */
/*
 * The AUX channel of a DisplayPort port, and the monitor at its other end: what a driver learns by
 * the channel's registers, and what it sets by them.
 *
 * A transfer begins with the write to the control register that sets its bit SEND_BUSY. It is over
 * when that write is: the reply, if there is one, is in the data registers. A driver that looks at
 * the control register finds it done, and needs no interrupt.
 *
 * Registers: Skylake PRM, volume 2c, DDI_AUX_CTL and DDI_AUX_DATA. Transfers: VESA's DisplayPort
 * standard 1.2, section 2.7 (AUX), 2.9.3 (DPCD) and 3.5.1 (link training); E-DDC 1.2 for the EDID.
 */
#ifndef CORE_DISPLAY_AUX_H
#define CORE_DISPLAY_AUX_H

#include "core/base/types.h"

#define DISPLAY_AUX_BUSY	  BIT32(31)
#define DISPLAY_AUX_DONE	  BIT32(30)
#define DISPLAY_AUX_TIMEOUT	  BIT32(28)
#define DISPLAY_AUX_RECEIVE_ERROR BIT32(25)
#define DISPLAY_AUX_DATA	  5u /* data registers */

/* How far the link is trained. */
enum display_link_state { DISPLAY_LINK_OFF, DISPLAY_LINK_CLOCK, DISPLAY_LINK_TRAINED };

/**
 * struct display_sink - a monitor as its driver has set it. Zeros are a monitor that was just
 * switched on. It is plain data, which can be kept in a file.
 * @link:    DPCD 0x100 to 0x108 as last written: rate, lanes, pattern, levels of four lanes,
 * spread, coding.
 * @state:   enum display_link_state.
 * @power:   DPCD 0x600 as last written: 1 on, 2 off; 0 after switching on.
 * @at:      which byte of the EDID's segment is read next.
 * @segment: the half of the EDID, 256 bytes each.
 */
struct display_sink {
	u8 link[9];
	u8 state;
	u8 power;
	u8 at;
	u8 segment;
};

/* The registers of a channel. The first byte sent is the top one of the first data register. */
struct display_aux {
	u32 ctl;
	u32 data[DISPLAY_AUX_DATA];
};

/**
 * display_aux_write() - the driver writes @val to the control register. Changes @aux to what the
 * driver reads afterwards, and @sink by what the transfer sets.
 * @sink: NULL: there is no monitor, and each transfer ends by timeout.
 * @edid: the monitor's, of @size bytes, 128 to 512; read only.
 *
 * All values of @val and of the data registers are safe, and cost about the same. A transfer that
 * the standard does not know ends by timeout, as the sink does not answer it. The sink never
 * defers.
 */
void display_aux_write(struct display_aux *aux, u32 val, struct display_sink *sink, const u8 *edid,
		       u32 size);

/** display_sink_lanes() - the lanes that the link was set to: 1, 2 or 4; 0: to none of these. */
u32 display_sink_lanes(const struct display_sink *sink);

/** display_sink_rate() - the rate it was set to, in 10 kbit/s a lane: 162000 and so on; or 0. */
u32 display_sink_rate(const struct display_sink *sink);

#endif
