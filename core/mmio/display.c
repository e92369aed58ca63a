/* SPDX-License-Identifier: MIT */
/*
 * Display: the buses that have no monitor, and the power of panels. A state that a driver asks for
 * and then waits for comes at once.
 */
#include "core/mmio/mmio.h"

#include "core/hw/bits.h"
#include "core/regs/vreg.h"

#define GMBUS2	     0xc5108
#define GMBUS1_CLEAR BIT32(31)
#define GMBUS1_START BIT32(30)

/* An I2C bus on which no address is acknowledged. */
void gvt_gmbus1_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	if (val & GMBUS1_CLEAR)
		gvt_vreg_set(vgpu, GMBUS2, GMBUS2_READY);
	else if (val & GMBUS1_START)
		gvt_vreg_set(vgpu, GMBUS2, GMBUS2_READY | GMBUS2_NAK);
}

#define PP_STATUS     0xc7200
#define PP_CONTROL_ON BIT32(0)
#define PP_STATUS_ON  BIT32(31)
#define PP_STATE_ON   0x8 /* the sequence of switching on has ended */

void gvt_pp_control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	gvt_vreg_set(vgpu, PP_STATUS, val & PP_CONTROL_ON ? PP_STATUS_ON | PP_STATE_ON : 0);
}
