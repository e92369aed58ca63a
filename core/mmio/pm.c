/* SPDX-License-Identifier: MIT */
/*
 * Power and clocks: requests are granted at once and change nothing.
 *
 * Commands of pcode and the meaning of its answers: intel_pcode.c of Linux' i915 and its callers.
 */
#include "core/mmio/mmio.h"

#include "core/hw/bits.h"
#include "core/regs/vreg.h"

#define PCODE_DATA 0x138128

enum {
	PCODE_READ_RC6VIDS = 0x05,
	PCODE_READ_MEM_LATENCY = 0x06,
	PCODE_CDCLK_CONTROL = 0x07,
	PCODE_READ_MIN_FREQ_TABLE = 0x09,
	PCODE_READ_OC_PARAMS = 0x0c,
	PCODE_READ_DUTY_CYCLE = 0x1a,
	PCODE_SAGV_CONTROL = 0x21,
};

#define GT_RATIO_CPU 34u /* the CPU ring's frequency for GT_RATIO, in units of 100 MHz */

/* Memory latencies in microseconds, from GVT-g, a byte for each of the levels 0 to 7. */
#define LATENCY_LEVEL_0_3 0x1e1a1100
#define LATENCY_LEVEL_4_7 0x61514b3d

static u32 pcode_answer(u32 command, u32 data)
{
	switch (command) {
	case PCODE_READ_RC6VIDS:
		return data | 1;
	case PCODE_READ_MEM_LATENCY:
		return data ? LATENCY_LEVEL_4_7 : LATENCY_LEVEL_0_3;
	case PCODE_CDCLK_CONTROL: /* ready for the change */
	case PCODE_SAGV_CONTROL:  /* off */
		return 1;
	case PCODE_READ_MIN_FREQ_TABLE:
		return GT_RATIO_CPU | GT_RATIO << 8;
	case PCODE_READ_OC_PARAMS:
		return 0;
	case PCODE_READ_DUTY_CYCLE:
		return GT_RATIO << 8;
	default:
		return data;
	}
}

void gvt_pcode_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	if (!(val & PCODE_READY))
		return;
	gvt_vreg_set(vgpu, PCODE_DATA,
		     pcode_answer(val & PCODE_COMMAND, gvt_vreg(vgpu, PCODE_DATA)));
}

#define PWR_WELL_CTL	 0x45400
#define PWR_WELL_PARTIES 4

void gvt_pwr_well_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 on = 0;

	(void)offset;
	(void)old;
	(void)val;
	for (u32 i = 0; i < PWR_WELL_PARTIES; i++)
		on |= gvt_vreg(vgpu, PWR_WELL_CTL + 4 * i) & PWR_WELL_REQUESTS;
	for (u32 i = 0; i < PWR_WELL_PARTIES; i++) {
		u32 asked = gvt_vreg(vgpu, PWR_WELL_CTL + 4 * i) & PWR_WELL_REQUESTS;

		gvt_vreg_set(vgpu, PWR_WELL_CTL + 4 * i, asked | on >> 1);
	}
}

#define LCPLL1_CTL  0x46010
#define LCPLL2_CTL  0x46014
#define WRPLL_CTL1  0x46040
#define WRPLL_CTL2  0x46060
#define DPLL_STATUS 0x6c060

/* The four clock generators lock as soon as they are enabled. */
void gvt_pll_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	static const u32 ctl[] = { LCPLL1_CTL, LCPLL2_CTL, WRPLL_CTL1, WRPLL_CTL2 };
	u32 locked = 0;

	(void)offset;
	(void)old;
	(void)val;
	for (u32 i = 0; i < ARRAY_SIZE(ctl); i++)
		if (gvt_vreg(vgpu, ctl[i]) & BIT32(31))
			locked |= BIT32(8 * i);
	gvt_vreg_set(vgpu, DPLL_STATUS, locked);
}
