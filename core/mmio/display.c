/* SPDX-License-Identifier: MIT */
/*
 * Display: pipes, ports and the buses to monitors, of which this vGPU has none. Only the states
 * that a driver waits for after asking for them follow at once.
 */
#include "core/mmio/mmio.h"

#include "core/hw/bits.h"
#include "core/regs/vreg.h"

#define ENABLE	     BIT32(31)
#define STATE_ACTIVE BIT32(30)

/* Pipes and transcoders start and stop at once. */
void gvt_state_follows_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 conf = gvt_vreg(vgpu, offset);

	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, offset, conf & ENABLE ? conf | STATE_ACTIVE : conf & ~STATE_ACTIVE);
}

void gvt_ddi_buf_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 ctl = gvt_vreg(vgpu, offset);

	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, offset, ctl & ENABLE ? ctl & ~DDI_BUF_IDLE : ctl | DDI_BUF_IDLE);
}

#define AUX_BUSY    BIT32(31)
#define AUX_DONE    BIT32(30)
#define AUX_TIMEOUT BIT32(28)
#define AUX_STATUS  (AUX_DONE | AUX_TIMEOUT | BIT32(25)) /* cleared by writing ones */

/* A DisplayPort sink that is not there: each transfer is over at once, without an answer. */
void gvt_aux_ctl_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 ctl = gvt_vreg(vgpu, offset) & ~(AUX_BUSY | AUX_STATUS);

	if (val & AUX_BUSY)
		ctl |= AUX_DONE | AUX_TIMEOUT;
	else
		ctl |= old & ~val & AUX_STATUS;
	gvt_vreg_set(vgpu, offset, ctl);
}

#define GMBUS2	     0xc5108
#define GMBUS1_CLEAR BIT32(31)
#define GMBUS1_START BIT32(30)
#define GMBUS2_NAK   BIT32(10)

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
#define PP_STATE_ON   0x8 /* the sequence of switching on has come to its end */

void gvt_pp_control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	gvt_vreg_set(vgpu, PP_STATUS, val & PP_CONTROL_ON ? PP_STATUS_ON | PP_STATE_ON : 0);
}

#define SBI_BUSY     BIT32(0)
#define SBI_RESPONSE BIT32(1)

/* The sideband to the chipset's clock generators: every transfer succeeds, and reads as zero. */
void gvt_sbi_ctl_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, offset, gvt_vreg(vgpu, offset) & ~(SBI_BUSY | SBI_RESPONSE));
}
