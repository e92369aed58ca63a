/* SPDX-License-Identifier: MIT */
#include "core/hw/oa.h"

#define CONTROL_FORMAT 2 /* shift, of 3 bits */

u32 gvt_oa_report_dwords(u32 control)
{
	static const u8 dwords[8] = { 16, 32, 32, 16, 16, 64, 32, 16 };

	return dwords[control >> CONTROL_FORMAT & 7];
}
