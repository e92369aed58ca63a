/* SPDX-License-Identifier: MIT */
#include "core/display/part.h"

/*
 * Where parts are: the first of @count equal ones is from @from up to, without, @to. The first row
 * that has an offset counts. Skylake PRM, volume 2c; i915_reg.h of Linux' i915.
 */
static const struct {
	u8 part, count;
	u32 from, to, stride;
} ranges[] = {
	{ DISPLAY_PART_POWER, 1, 0x42000, 0x42004, 0 },	     /* fuses of the wells */
	{ DISPLAY_PART_POWER, 1, 0x45400, 0x45410, 0 },	     /* requests */
	{ DISPLAY_PART_POWER, 1, 0x45504, 0x45508, 0 },	     /* display C states */
	{ DISPLAY_PART_PLL, 1, 0x46010, 0x46018, 0 },	     /* LCPLL1 and 2 */
	{ DISPLAY_PART_PLL, 1, 0x46040, 0x46044, 0 },	     /* WRPLL 1 */
	{ DISPLAY_PART_PLL, 1, 0x46060, 0x46064, 0 },	     /* WRPLL 2 */
	{ DISPLAY_PART_PLL, 1, 0x6c040, 0x6c064, 0 },	     /* control and status */
	{ DISPLAY_PART_COLOUR, 3, 0x49010, 0x490c0, 0x100 }, /* matrices */
	{ DISPLAY_PART_COLOUR, 3, 0x4a000, 0x4a500, 0x800 }, /* palettes */
	{ DISPLAY_PART_TRANSCODER, 3, 0x60000, 0x60420, 0x1000 },
	{ DISPLAY_PART_TRANSCODER, 1, 0x6f000, 0x6fa00, 0 }, /* the embedded panel's */
	{ DISPLAY_PART_TRANSCODER, 3, 0x46140, 0x46144, 4 }, /* its clock */
	{ DISPLAY_PART_AUX, 4, 0x64010, 0x64028, 0x100 },
	{ DISPLAY_PART_DDI, 5, 0x64000, 0x64100, 0x100 },
	{ DISPLAY_PART_DDI, 5, 0x64e00, 0x64e60, 0x60 }, /* signal levels */
	{ DISPLAY_PART_SCALER, 3, 0x68070, 0x682e0, 0x800 },
	{ DISPLAY_PART_CURSOR, 3, 0x70080, 0x700b0, 0x1000 },
	{ DISPLAY_PART_CURSOR, 3, 0x70140, 0x70180, 0x1000 }, /* watermarks */
	{ DISPLAY_PART_PLANE, 3, 0x70180, 0x70580, 0x1000 },
	{ DISPLAY_PART_PIPE, 3, 0x70000, 0x70050, 0x1000 },
	{ DISPLAY_PART_HOTPLUG, 1, 0xc4030, 0xc4040, 0 },
	{ DISPLAY_PART_GMBUS, 1, 0xc5010, 0xc5028, 0 }, /* the same wires as bits */
	{ DISPLAY_PART_GMBUS, 1, 0xc5100, 0xc5124, 0 },
};

enum display_part display_part(u32 offset, u32 *nr)
{
	for (u32 i = 0; i < ARRAY_SIZE(ranges); i++) {
		u32 past = offset - ranges[i].from, which;

		if (offset < ranges[i].from)
			continue;
		which = ranges[i].stride ? past / ranges[i].stride : 0;
		if (which < ranges[i].count &&
		    past - which * ranges[i].stride < ranges[i].to - ranges[i].from) {
			*nr = which;
			return (enum display_part)ranges[i].part;
		}
	}
	*nr = 0;
	return DISPLAY_PART_NONE;
}
