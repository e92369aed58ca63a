/* SPDX-License-Identifier: MIT */
/*
 * Display, of which this vGPU has none: fuses say that no pipe is there, straps that no port is,
 * and the buses to monitors find nobody. What is left is storage, with the few states that a
 * driver waits for after asking for them. Rows with a stride are one register of pipes A, B and C.
 *
 * Offsets and bits: i915_reg.h of Linux' i915, and the list of registers that GVT-g tracks.
 */
#include "core/hw/reg.h"

#define ENABLE	     BIT32(31)
#define STATE_ACTIVE BIT32(30)

/* Pipes and transcoders start and stop at once. */
static void state_follows(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 conf = gvt_vreg(vgpu, offset);

	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, offset, conf & ENABLE ? conf | STATE_ACTIVE : conf & ~STATE_ACTIVE);
}

#define DDI_BUF_IDLE BIT32(7)

static void ddi_buf_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
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
static void aux_ctl_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
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
#define GMBUS2_INUSE BIT32(15)
#define GMBUS2_READY BIT32(11)
#define GMBUS2_NAK   BIT32(10)

/* An I2C bus on which no address is acknowledged. */
static void gmbus1_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	if (val & GMBUS1_CLEAR)
		gvt_vreg_set(vgpu, GMBUS2, GMBUS2_READY);
	else if (val & GMBUS1_START)
		gvt_vreg_set(vgpu, GMBUS2, GMBUS2_READY | GMBUS2_NAK);
}

#define GPIO_OUT     0x0f0f
#define GPIO_IN_HIGH 0x1010 /* clock and data, which nobody pulls down */

#define PP_STATUS     0xc7200
#define PP_CONTROL_ON BIT32(0)
#define PP_STATUS_ON  BIT32(31)
#define PP_STATE_ON   0x8 /* the sequence of switching on has come to its end */

static void pp_control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	gvt_vreg_set(vgpu, PP_STATUS, val & PP_CONTROL_ON ? PP_STATUS_ON | PP_STATE_ON : 0);
}

#define SBI_BUSY     BIT32(0)
#define SBI_RESPONSE BIT32(1)

/* The sideband to the chipset's clock generators: every transfer succeeds, and reads as zero. */
static void sbi_ctl_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, offset, gvt_vreg(vgpu, offset) & ~(SBI_BUSY | SBI_RESPONSE));
}

#define DFSM_NO_PIPES (BIT32(30) | BIT32(28) | BIT32(21)) /* A, C, B */
#define VGA_DISABLED  BIT32(31) /* else drivers wait for the legacy VGA ports to switch it off */

#define RAWCLK_MHZ 24 /* of the Sunrise Point chipset */

#define PIPES .count = 3, .stride = 0x1000

static const struct gvt_reg rows[] = {
	/* What there is: nothing. */
	{ "SKL_DFSM", .offset = 0x51000, .ro = true, .reset = DFSM_NO_PIPES },
	{ "SKL_DSSM", .offset = 0x51004, .ro = true },
	{ "FUSE_STRAP", .offset = 0x42014, .ro = true },
	{ "SFUSE_STRAP", .offset = 0xc2014, .ro = true },
	{ "CPU_VGACNTRL", .offset = 0x41000, .reset = VGA_DISABLED },

	/* Common to all pipes: arbitration, workarounds, clock gating, watermarks, scratch. */
	{ "ILK_DISPLAY_CHICKEN2", .offset = 0x42004 },
	{ "IVB_CHICKEN3", .offset = 0x4200c },
	{ "ILK_DSPCLK_GATE_D", .offset = 0x42020 },
	{ "RM_TIMEOUT", .offset = 0x42060 },
	{ "CHICKEN_PAR1_1", .offset = 0x42080 },
	{ "CHICKEN_MISC_2", .offset = 0x42084 },
	{ "CHICKEN_MISC_4", .offset = 0x4208c },
	{ "CHICKEN_PAR2_1", .offset = 0x42090 },
	{ "CHICKEN_PIPESL_1", .offset = 0x420b0, .count = 3 },
	{ "CHICKEN_TRANS", .offset = 0x420c0, .count = 4 },
	{ "ILK_DPFC_CB_BASE", .offset = 0x43200 },
	{ "ILK_DPFC_CONTROL", .offset = 0x43208 },
	{ "ILK_DPFC_RECOMP_CTL", .offset = 0x4320c },
	{ "ILK_DPFC_STATUS", .offset = 0x43210, .ro = true },
	{ "ILK_DPFC_STATUS2", .offset = 0x43214, .ro = true },
	{ "ILK_DPFC_FENCE_YOFF", .offset = 0x43218 },
	{ "ILK_DPFC_CHICKEN", .offset = 0x43224 },
	{ "IPS_CTL", .offset = 0x43408 },
	{ "SNB_DPFC_CTL_SA", .offset = 0x100100 },
	{ "SNB_DPFC_CPU_FENCE_OFFSET", .offset = 0x100104 },
	{ "DISP_ARB_CTL", .offset = 0x45000 },
	{ "DISP_ARB_CTL2", .offset = 0x45004 },
	{ "GEN7_MSG_CTL", .offset = 0x45010 },
	{ "WM0_PIPE_ILK", .offset = 0x45100, .count = 2 },
	{ "WM_LP_ILK", .offset = 0x45108, .count = 3 },
	{ "WMS_LP_IVB", .offset = 0x45120, .count = 3 },
	{ "WM0_PIPEC_IVB", .offset = 0x45200 },
	{ "WM_MISC", .offset = 0x45260 },
	{ "WM_LINETIME", .offset = 0x45270, .count = 3 },
	{ "WM_DBG", .offset = 0x45280 },
	{ "RR_HW_CTL", .offset = 0x45300 },
	{ "HSW_NDE_RSTWRN_OPT", .offset = 0x46408 },
	{ "GEN8_CHICKEN_DCPR_1", .offset = 0x46430 },
	{ "GEN9_RESERVED_46508", .offset = 0x46508 },
	{ "CLKGATE_DIS_PSL", .offset = 0x46520, .count = 3 },
	{ "GEN9_CLKGATE_DIS_0", .offset = 0x46530 },
	{ "GEN9_CLKGATE_DIS_3", .offset = 0x46538 },
	{ "GEN9_CLKGATE_DIS_4", .offset = 0x4653c },
	{ "BLC_PWM_CPU_CTL2", .offset = 0x48250 },
	{ "BLC_PWM_CPU_CTL", .offset = 0x48254 },
	{ "GEN9_RESERVED_48268", .offset = 0x48268 },
	{ "HSW_BLC_PWM2_CTL", .offset = 0x48350 },
	{ "UTIL_PIN_CTL", .offset = 0x48400 },
	{ "GEN9_RESERVED_48800", .offset = 0x48800 },
	{ "SWF_ILK", .offset = 0x4f000, .count = 36 },
	{ "GEN7_GT_SCRATCH", .offset = 0x4f100, .count = 8 },
	{ "REG_50080", .offset = 0x50080 },
	{ "REG_50088", .offset = 0x50088, .count = 6 },

	/* Colour: conversion and palettes, 0x100 or 0x800 bytes from pipe to pipe. */
	{ "PIPE_A_CSC", .offset = 0x49010, .count = 15 },
	{ "GEN9_RESERVED_49080", .offset = 0x49080, .count = 3, .stride = 0x100 },
	{ "PIPE_B_CSC", .offset = 0x49110, .count = 15 },
	{ "PIPE_C_CSC", .offset = 0x49210, .count = 15 },
	{ "GEN9_RESERVED_49090", .offset = 0x49090, .count = 5 },
	{ "GEN9_RESERVED_49190", .offset = 0x49190, .count = 5 },
	{ "GEN9_RESERVED_49290", .offset = 0x49290, .count = 5 },
	{ "LGC_PALETTE_A", .offset = 0x4a000, .count = 256 },
	{ "LGC_PALETTE_B", .offset = 0x4a800, .count = 256 },
	{ "LGC_PALETTE_C", .offset = 0x4b000, .count = 256 },
	{ "PREC_PAL_INDEX", .offset = 0x4a400, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_DATA", .offset = 0x4a404, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_GC_MAX_R", .offset = 0x4a410, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_GC_MAX_G", .offset = 0x4a414, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_GC_MAX_B", .offset = 0x4a418, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_EXT_GC_MAX_R", .offset = 0x4a420, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_EXT_GC_MAX_G", .offset = 0x4a424, .count = 3, .stride = 0x800 },
	{ "PREC_PAL_EXT_GC_MAX_B", .offset = 0x4a428, .count = 3, .stride = 0x800 },
	{ "GAMMA_MODE", .offset = 0x4a480, .count = 3, .stride = 0x800 },

	/* Transcoders A, B, C, and the one of the embedded panel. */
	{ "HTOTAL", .offset = 0x60000, PIPES },
	{ "HBLANK", .offset = 0x60004, PIPES },
	{ "HSYNC", .offset = 0x60008, PIPES },
	{ "VTOTAL", .offset = 0x6000c, PIPES },
	{ "VBLANK", .offset = 0x60010, PIPES },
	{ "VSYNC", .offset = 0x60014, PIPES },
	{ "PIPESRC", .offset = 0x6001c, PIPES },
	{ "BCLRPAT", .offset = 0x60020, PIPES },
	{ "VSYNCSHIFT", .offset = 0x60028, PIPES },
	{ "PIPE_MULT", .offset = 0x6002c, PIPES },
	{ "PIPE_DATA_M1", .offset = 0x60030, PIPES },
	{ "PIPE_DATA_N1", .offset = 0x60034, PIPES },
	{ "PIPE_DATA_M2", .offset = 0x60038, PIPES },
	{ "PIPE_DATA_N2", .offset = 0x6003c, PIPES },
	{ "PIPE_LINK_M1", .offset = 0x60040, PIPES },
	{ "PIPE_LINK_N1", .offset = 0x60044, PIPES },
	{ "PIPE_LINK_M2", .offset = 0x60048, PIPES },
	{ "PIPE_LINK_N2", .offset = 0x6004c, PIPES },
	{ "PIPE_CRC_CTL", .offset = 0x60050, PIPES },
	{ "GEN9_RESERVED_60110", .offset = 0x60110, .count = 2, .stride = 0x1000 },
	{ "HSW_TVIDEO_DIP_CTL", .offset = 0x60200, PIPES },
	{ "HSW_TVIDEO_DIP_GCP", .offset = 0x60210, PIPES },
	{ "HSW_TVIDEO_DIP_AVI_DATA_A", .offset = 0x60220, .count = 8 },
	{ "HSW_TVIDEO_DIP_SPD_DATA_A", .offset = 0x602a0, .count = 8 },
	{ "HSW_TVIDEO_DIP_AVI_DATA_B", .offset = 0x61220, .count = 8 },
	{ "HSW_TVIDEO_DIP_AVI_DATA_C", .offset = 0x62220, .count = 8 },
	{ "PP_ON_DELAYS", .offset = 0x61208 },
	{ "PP_OFF_DELAYS", .offset = 0x6120c },
	{ "TRANS_DDI_FUNC_CTL", .offset = 0x60400, PIPES },
	{ "TRANS_MSA_MISC", .offset = 0x60410, PIPES },
	{ "HTOTAL_EDP", .offset = 0x6f000 },
	{ "HBLANK_EDP", .offset = 0x6f004 },
	{ "HSYNC_EDP", .offset = 0x6f008 },
	{ "VTOTAL_EDP", .offset = 0x6f00c },
	{ "VBLANK_EDP", .offset = 0x6f010 },
	{ "VSYNC_EDP", .offset = 0x6f014 },
	{ "PIPESRC_EDP", .offset = 0x6f01c },
	{ "BCLRPAT_EDP", .offset = 0x6f020 },
	{ "VSYNCSHIFT_EDP", .offset = 0x6f028 },
	{ "PIPE_MULT_EDP", .offset = 0x6f02c },
	{ "PIPE_DATA_M1_EDP", .offset = 0x6f030 },
	{ "PIPE_DATA_N1_EDP", .offset = 0x6f034 },
	{ "PIPE_DATA_M2_EDP", .offset = 0x6f038 },
	{ "PIPE_DATA_N2_EDP", .offset = 0x6f03c },
	{ "PIPE_LINK_M1_EDP", .offset = 0x6f040 },
	{ "PIPE_LINK_N1_EDP", .offset = 0x6f044 },
	{ "PIPE_LINK_M2_EDP", .offset = 0x6f048 },
	{ "PIPE_LINK_N2_EDP", .offset = 0x6f04c },
	{ "TRANS_DDI_FUNC_CTL_EDP", .offset = 0x6f400 },
	{ "TRANS_MSA_MISC_EDP", .offset = 0x6f410 },
	{ "EDP_SRD_CTL", .offset = 0x6f800 },
	{ "EDP_SRD_AUX_CTL", .offset = 0x6f810 },
	{ "EDP_SRD_STATUS", .offset = 0x6f840, .ro = true },
	{ "EDP_SRD_PERF_CNT", .offset = 0x6f844, .ro = true },
	{ "EDP_SRD_DEBUG", .offset = 0x6f860 },
	{ "EDP_PSR2_CTL", .offset = 0x6f900 },
	{ "EDP_PSR2_STATUS", .offset = 0x6f940, .ro = true },
	{ "EDP_SRD_AUX_DATA", .offset = 0x6f814, .count = 5 },

	/* Ports A to E: buffers, training, auxiliary channels, signal levels. */
	{ "DDI_BUF_CTL", .offset = 0x64000, .count = 5, .stride = 0x100, .reset = DDI_BUF_IDLE,
	  .write = ddi_buf_write },
	{ "DP_TP_CTL", .offset = 0x64040, .count = 5, .stride = 0x100 },
	{ "DP_TP_STATUS", .offset = 0x64044, .count = 5, .stride = 0x100 },
	{ "DP_AUX_CH_CTL", .offset = 0x64010, .count = 4, .stride = 0x100, .write = aux_ctl_write },
	{ "DP_AUX_CH_DATA_A", .offset = 0x64014, .count = 5 },
	{ "DP_AUX_CH_DATA_B", .offset = 0x64114, .count = 5 },
	{ "DP_AUX_CH_DATA_C", .offset = 0x64214, .count = 5 },
	{ "DP_AUX_CH_DATA_D", .offset = 0x64314, .count = 5 },
	{ "DDI_BUF_TRANS_A", .offset = 0x64e00, .count = 20 },
	{ "DDI_BUF_TRANS_B", .offset = 0x64e60, .count = 20 },
	{ "DDI_BUF_TRANS_C", .offset = 0x64ec0, .count = 20 },
	{ "DDI_BUF_TRANS_D", .offset = 0x64f20, .count = 20 },
	{ "DDI_BUF_TRANS_E", .offset = 0x64f80, .count = 20 },
	{ "DISPIO_CR_TX_BMU_CR0", .offset = 0x6c00c },

	/* Sound, content protection and panel extras. */
	{ "HSW_AUD_CFG", .offset = 0x65000, .count = 3, .stride = 0x100 },
	{ "HSW_AUD_MISC_CTRL", .offset = 0x65010, .count = 3, .stride = 0x100 },
	{ "HSW_AUD_M_CTS_ENABLE", .offset = 0x65028, .count = 3, .stride = 0x100 },
	{ "HSW_AUD_EDID_DATA", .offset = 0x65050, .count = 3, .stride = 0x100 },
	{ "HSW_AUD_DIP_ELD_CTRL_ST", .offset = 0x650b4, .count = 3, .stride = 0x100 },
	{ "HSW_AUD_PIPE_CONV_CFG", .offset = 0x6507c },
	{ "HSW_AUD_PIN_ELD_CP_VLD", .offset = 0x650c0 },
	{ "AUD_FREQ_CNTRL", .offset = 0x65900 },
	{ "GEN9_RESERVED_65F00", .offset = 0x65f00 },
	{ "GEN9_RESERVED_65F08", .offset = 0x65f08 },
	{ "HSW_AUD_CHICKENBIT", .offset = 0x65f10 },
	{ "GEN9_RESERVED_6671C", .offset = 0x6671c },
	{ "HDCP_KEY_CONF", .offset = 0x66c00 },
	{ "HDCP_KEY_STATUS", .offset = 0x66c04, .ro = true },
	{ "GEN9_RESERVED_67054", .offset = 0x67054 },
	{ "GEN9_RESERVED_6E554", .offset = 0x6e554 },
	{ "GEN9_RESERVED_6E560", .offset = 0x6e560 },
	{ "GEN9_RESERVED_6E570", .offset = 0x6e570 },

	/* Scalers, two a pipe, 0x800 bytes from pipe to pipe. */
	{ "PF_WIN_POS", .offset = 0x68070, .count = 3, .stride = 0x800 },
	{ "PF_WIN_SZ", .offset = 0x68074, .count = 3, .stride = 0x800 },
	{ "PF_CTL", .offset = 0x68080, .count = 3, .stride = 0x800 },
	{ "PF_VSCALE", .offset = 0x68084, .count = 3, .stride = 0x800 },
	{ "PF_HSCALE", .offset = 0x68090, .count = 3, .stride = 0x800 },
	{ "SKL_PS_PWR_GATE_1", .offset = 0x68160, .count = 3, .stride = 0x800 },
	{ "SKL_PS_WIN_POS_1", .offset = 0x68170, .count = 3, .stride = 0x800 },
	{ "SKL_PS_WIN_SZ_1", .offset = 0x68174, .count = 3, .stride = 0x800 },
	{ "SKL_PS_CTRL_1", .offset = 0x68180, .count = 3, .stride = 0x800 },
	{ "SKL_PS_VSCALE_1", .offset = 0x68184, .count = 3, .stride = 0x800, .ro = true },
	{ "SKL_PS_VPHASE_1", .offset = 0x68188, .count = 3, .stride = 0x800 },
	{ "SKL_PS_HSCALE_1", .offset = 0x68190, .count = 3, .stride = 0x800, .ro = true },
	{ "SKL_PS_HPHASE_1", .offset = 0x68194, .count = 3, .stride = 0x800 },
	{ "SKL_PS_ECC_STAT_1", .offset = 0x681d0, .count = 3, .stride = 0x800 },
	{ "SKL_PS_PWR_GATE_2", .offset = 0x68260, .count = 3, .stride = 0x800 },
	{ "SKL_PS_WIN_POS_2", .offset = 0x68270, .count = 3, .stride = 0x800 },
	{ "SKL_PS_WIN_SZ_2", .offset = 0x68274, .count = 3, .stride = 0x800 },
	{ "SKL_PS_CTRL_2", .offset = 0x68280, .count = 3, .stride = 0x800 },
	{ "SKL_PS_VSCALE_2", .offset = 0x68284, .count = 3, .stride = 0x800, .ro = true },
	{ "SKL_PS_VPHASE_2", .offset = 0x68288, .count = 3, .stride = 0x800 },
	{ "SKL_PS_HSCALE_2", .offset = 0x68290, .count = 3, .stride = 0x800, .ro = true },
	{ "SKL_PS_HPHASE_2", .offset = 0x68294, .count = 3, .stride = 0x800 },
	{ "SKL_PS_ECC_STAT_2", .offset = 0x682d0, .count = 3, .stride = 0x800 },

	/* Pipes, and the one of the embedded panel. */
	{ "PIPEDSL", .offset = 0x70000, PIPES, .ro = true },
	{ "PIPECONF", .offset = 0x70008, PIPES, .write = state_follows },
	{ "PIPESTAT", .offset = 0x70024, PIPES },
	{ "PIPE_ARB_CTL", .offset = 0x70028, PIPES },
	{ "PIPE_MISC2", .offset = 0x7002c, PIPES },
	{ "PIPEMISC", .offset = 0x70030, PIPES },
	{ "SKL_BOTTOM_COLOR", .offset = 0x70034, PIPES },
	{ "PIPE_CHICKEN", .offset = 0x70038, PIPES },
	{ "PIPE_FRMCOUNT", .offset = 0x70040, PIPES, .ro = true },
	{ "PIPE_FLIPCOUNT", .offset = 0x70044, PIPES, .ro = true },
	{ "PIPE_FRMTMSTMP", .offset = 0x70048, PIPES, .ro = true },
	{ "PIPEDSL_EDP", .offset = 0x7f000, .ro = true },
	{ "PIPECONF_EDP", .offset = 0x7f008, .write = state_follows },
	{ "PIPESTAT_EDP", .offset = 0x7f024 },
	{ "PIPE_FRMCOUNT_EDP", .offset = 0x7f040, .ro = true },
	{ "PIPE_FLIPCOUNT_EDP", .offset = 0x7f044, .ro = true },

	/* Cursors and planes. */
	{ "CURCNTR", .offset = 0x70080, PIPES },
	{ "CURBASE", .offset = 0x70084, PIPES },
	{ "CURPOS", .offset = 0x70088, PIPES },
	{ "CUR_FBC_CTL", .offset = 0x700a0, PIPES },
	{ "CURSURFLIVE", .offset = 0x700ac, PIPES, .ro = true },
	{ "CUR_RESERVED_A", .offset = 0x70090, .count = 4 },
	{ "CUR_WM_A", .offset = 0x70140, .count = 8 },
	{ "CUR_WM_B", .offset = 0x71140, .count = 8 },
	{ "CUR_WM_C", .offset = 0x72140, .count = 8 },
	{ "CUR_WM_TRANS", .offset = 0x70168, PIPES },
	{ "CUR_BUF_CFG", .offset = 0x7017c, PIPES },
	{ "PLANE_CTL_1", .offset = 0x70180, PIPES },
	{ "PLANE_LINOFF_1", .offset = 0x70184, PIPES },
	{ "PLANE_STRIDE_1", .offset = 0x70188, PIPES },
	{ "PLANE_POS_1", .offset = 0x7018c, PIPES },
	{ "PLANE_SIZE_1", .offset = 0x70190, PIPES },
	{ "PLANE_KEYVAL_1", .offset = 0x70194, PIPES },
	{ "PLANE_KEYMSK_1", .offset = 0x70198, PIPES },
	{ "PLANE_SURF_1", .offset = 0x7019c, PIPES },
	{ "PLANE_KEYMAX_1", .offset = 0x701a0, PIPES },
	{ "PLANE_OFFSET_1", .offset = 0x701a4, PIPES },
	{ "PLANE_SURFLIVE_1", .offset = 0x701ac, PIPES, .ro = true },
	{ "PLANE_AUX_DIST_1", .offset = 0x701c0, PIPES },
	{ "PLANE_AUX_OFFSET_1", .offset = 0x701c4, PIPES },
	{ "PLANE_CTL_2", .offset = 0x70280, PIPES },
	{ "PLANE_LINOFF_2", .offset = 0x70284, PIPES },
	{ "PLANE_STRIDE_2", .offset = 0x70288, PIPES },
	{ "PLANE_POS_2", .offset = 0x7028c, PIPES },
	{ "PLANE_SIZE_2", .offset = 0x70290, PIPES },
	{ "PLANE_KEYVAL_2", .offset = 0x70294, PIPES },
	{ "PLANE_KEYMSK_2", .offset = 0x70298, PIPES },
	{ "PLANE_SURF_2", .offset = 0x7029c, PIPES },
	{ "PLANE_KEYMAX_2", .offset = 0x702a0, PIPES },
	{ "PLANE_OFFSET_2", .offset = 0x702a4, PIPES },
	{ "PLANE_SURFLIVE_2", .offset = 0x702ac, PIPES, .ro = true },
	{ "PLANE_AUX_DIST_2", .offset = 0x702c0, PIPES },
	{ "PLANE_AUX_OFFSET_2", .offset = 0x702c4, PIPES },
	{ "PLANE_CTL_3", .offset = 0x70380, PIPES },
	{ "PLANE_LINOFF_3", .offset = 0x70384, PIPES },
	{ "PLANE_STRIDE_3", .offset = 0x70388, PIPES },
	{ "PLANE_POS_3", .offset = 0x7038c, PIPES },
	{ "PLANE_SIZE_3", .offset = 0x70390, PIPES },
	{ "PLANE_KEYVAL_3", .offset = 0x70394, PIPES },
	{ "PLANE_KEYMSK_3", .offset = 0x70398, PIPES },
	{ "PLANE_SURF_3", .offset = 0x7039c, PIPES },
	{ "PLANE_KEYMAX_3", .offset = 0x703a0, PIPES },
	{ "PLANE_OFFSET_3", .offset = 0x703a4, PIPES },
	{ "PLANE_SURFLIVE_3", .offset = 0x703ac, PIPES, .ro = true },
	{ "PLANE_AUX_DIST_3", .offset = 0x703c0, PIPES },
	{ "PLANE_AUX_OFFSET_3", .offset = 0x703c4, PIPES },
	{ "PLANE_CTL_4", .offset = 0x70480, PIPES },
	{ "PLANE_LINOFF_4", .offset = 0x70484, PIPES },
	{ "PLANE_STRIDE_4", .offset = 0x70488, PIPES },
	{ "PLANE_POS_4", .offset = 0x7048c, PIPES },
	{ "PLANE_SIZE_4", .offset = 0x70490, PIPES },
	{ "PLANE_KEYVAL_4", .offset = 0x70494, PIPES },
	{ "PLANE_KEYMSK_4", .offset = 0x70498, PIPES },
	{ "PLANE_SURF_4", .offset = 0x7049c, PIPES },
	{ "PLANE_KEYMAX_4", .offset = 0x704a0, PIPES },
	{ "PLANE_OFFSET_4", .offset = 0x704a4, PIPES },
	{ "PLANE_SURFLIVE_4", .offset = 0x704ac, PIPES, .ro = true },
	{ "PLANE_AUX_DIST_4", .offset = 0x704c0, PIPES },
	{ "PLANE_AUX_OFFSET_4", .offset = 0x704c4, PIPES },
	{ "PLANE_WM_1_A", .offset = 0x70240, .count = 8 },
	{ "PLANE_WM_1_B", .offset = 0x71240, .count = 8 },
	{ "PLANE_WM_1_C", .offset = 0x72240, .count = 8 },
	{ "PLANE_WM_TRANS_1", .offset = 0x70268, PIPES },
	{ "PLANE_NV12_BUF_CFG_1", .offset = 0x70278, PIPES },
	{ "PLANE_BUF_CFG_1", .offset = 0x7027c, PIPES },
	{ "PLANE_WM_2_A", .offset = 0x70340, .count = 8 },
	{ "PLANE_WM_2_B", .offset = 0x71340, .count = 8 },
	{ "PLANE_WM_2_C", .offset = 0x72340, .count = 8 },
	{ "PLANE_WM_TRANS_2", .offset = 0x70368, PIPES },
	{ "PLANE_NV12_BUF_CFG_2", .offset = 0x70378, PIPES },
	{ "PLANE_BUF_CFG_2", .offset = 0x7037c, PIPES },
	{ "PLANE_WM_3_A", .offset = 0x70440, .count = 8 },
	{ "PLANE_WM_3_B", .offset = 0x71440, .count = 8 },
	{ "PLANE_WM_3_C", .offset = 0x72440, .count = 8 },
	{ "PLANE_WM_TRANS_3", .offset = 0x70468, PIPES },
	{ "PLANE_NV12_BUF_CFG_3", .offset = 0x70478, PIPES },
	{ "PLANE_BUF_CFG_3", .offset = 0x7047c, PIPES },
	{ "PLANE_WM_4_A", .offset = 0x70540, .count = 8 },
	{ "PLANE_WM_4_B", .offset = 0x71540, .count = 8 },
	{ "PLANE_WM_4_C", .offset = 0x72540, .count = 8 },
	{ "PLANE_WM_TRANS_4", .offset = 0x70568, PIPES },
	{ "PLANE_NV12_BUF_CFG_4", .offset = 0x70578, PIPES },
	{ "PLANE_BUF_CFG_4", .offset = 0x7057c, PIPES },
	{ "SPRSCALE", .offset = 0x70304, PIPES },
	{ "SPRGAMC_A", .offset = 0x70400, .count = 16 },
	{ "SPRGAMC_B", .offset = 0x71400, .count = 16 },
	{ "SPRGAMC_C", .offset = 0x72400, .count = 16 },

	/* The microcontroller that saves and restores the display: its program is taken, never run.
	 */
	{ "DMC_PROGRAM", .offset = 0x80000, .count = 0xc00 },
	{ "DMC_HTP_SKL", .offset = 0x8f004 },
	{ "DMC_LAST_WRITE", .offset = 0x8f034 },
	{ "DMC_SSP_BASE", .offset = 0x8f074 },

	/* The chipset: straps, buses to monitors, panel power, backlight. */
	{ "SOUTH_CHICKEN1", .offset = 0xc2000 },
	{ "SOUTH_CHICKEN2", .offset = 0xc2004 },
	{ "SOUTH_DSPCLK_GATE_D", .offset = 0xc2020 },
	{ "PCH_GPIO", .offset = 0xc5010, .count = 6, .wmask = GPIO_OUT, .reset = GPIO_IN_HIGH },
	{ "PCH_GMBUS0", .offset = 0xc5100 },
	{ "PCH_GMBUS1", .offset = 0xc5104, .write = gmbus1_write },
	{ "PCH_GMBUS2", .offset = 0xc5108, .reset = GMBUS2_READY, .wmask = GMBUS2_INUSE },
	{ "PCH_GMBUS3", .offset = 0xc510c },
	{ "PCH_GMBUS4", .offset = 0xc5110 },
	{ "PCH_GMBUS5", .offset = 0xc5120 },
	{ "SBI_ADDR", .offset = 0xc6000 },
	{ "SBI_DATA", .offset = 0xc6004 },
	{ "SBI_CTL_STAT", .offset = 0xc6008, .write = sbi_ctl_write },
	{ "PCH_DPLL", .offset = 0xc6014, .count = 2 },
	{ "PIXCLK_GATE", .offset = 0xc6020 },
	{ "PCH_FP", .offset = 0xc6040, .count = 4 },
	{ "PCH_DREF_CONTROL", .offset = 0xc6200 },
	{ "PCH_RAWCLK_FREQ", .offset = 0xc6204, .reset = RAWCLK_MHZ },
	{ "PCH_DPLL_SEL", .offset = 0xc7000 },
	{ "PCH_PP_STATUS", .offset = 0xc7200, .ro = true },
	{ "PCH_PP_CONTROL", .offset = 0xc7204, .write = pp_control_write },
	{ "PCH_PP_ON_DELAYS", .offset = 0xc7208 },
	{ "PCH_PP_OFF_DELAYS", .offset = 0xc720c },
	{ "PCH_PP_DIVISOR", .offset = 0xc7210 },
	{ "BLC_PWM_PCH_CTL", .offset = 0xc8250, .count = 2 },
	{ "GEN9_RESERVED_CE044", .offset = 0xce044 },

	/* The chipset before Skylake, which drivers still save and restore. */
	{ "PCH_TRANS_HTOTAL", .offset = 0xe0000, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANS_HBLANK", .offset = 0xe0004, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANS_HSYNC", .offset = 0xe0008, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANS_VTOTAL", .offset = 0xe000c, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANS_VBLANK", .offset = 0xe0010, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANS_VSYNC", .offset = 0xe0014, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANS_VSYNCSHIFT", .offset = 0xe0028, .count = 2, .stride = 0x1000 },
	{ "PCH_TRANSA_DATA_LINK_MN", .offset = 0xe0030, .count = 8 },
	{ "PCH_LVDS", .offset = 0xe1180 },
	{ "TVIDEO_DIP_CTL", .offset = 0xe0200, PIPES },
	{ "TVIDEO_DIP_DATA", .offset = 0xe0208, PIPES },
	{ "TVIDEO_DIP_GCP", .offset = 0xe0210, PIPES },
	{ "TRANS_DP_CTL", .offset = 0xe0300, PIPES },
	{ "GEN9_RESERVED_E4F00", .offset = 0xe4f00, .count = 10 },
	{ "GEN9_RESERVED_E6500", .offset = 0xe6500, .count = 4, .stride = 0x100 },
	{ "GEN9_RESERVED_E6504", .offset = 0xe6504, .count = 4, .stride = 0x100 },
	{ "GEN9_RESERVED_E651C", .offset = 0xe651c, .ro = true, .count = 4, .stride = 0x100 },
	{ "GEN9_RESERVED_E6C04", .offset = 0xe6c04, .ro = true },
	{ "GEN9_RESERVED_E6E1C", .offset = 0xe6e1c, .ro = true },
	{ "GEN9_RESERVED_EC008", .offset = 0xec008, .count = 4, .stride = 0x18 },
	{ "GEN9_RESERVED_EC00C", .offset = 0xec00c, .count = 4, .stride = 0x18 },
	{ "GEN9_RESERVED_EC408", .offset = 0xec408, .count = 4, .stride = 0x18 },
	{ "GEN9_RESERVED_EC40C", .offset = 0xec40c, .count = 4, .stride = 0x18 },
	{ "PCH_TRANSCONF", .offset = 0xf0008, .count = 2, .stride = 0x1000,
	  .write = state_follows },
	{ "FDI_RX_CTL", .offset = 0xf000c, PIPES },
	{ "FDI_RX_MISC", .offset = 0xf0010, .count = 2, .stride = 0x1000 },
	{ "FDI_RX_IIR", .offset = 0xf0014, PIPES, .kind = GVT_REG_W1C },
	{ "FDI_RX_IMR", .offset = 0xf0018, PIPES },
	{ "FDI_RX_TUSIZE1", .offset = 0xf0030, .count = 2, .stride = 0x1000 },
	{ "FDI_RX_TUSIZE2", .offset = 0xf0038, .count = 2, .stride = 0x1000 },
	{ "TRANS_CHICKEN1", .offset = 0xf0060, .count = 2, .stride = 0x1000 },
	{ "TRANS_CHICKEN2", .offset = 0xf0064, .count = 2, .stride = 0x1000 },
	{ "GEN9_RESERVED_FC810", .offset = 0xfc810, .count = 4, .stride = 0xc },
	{ "GEN9_RESERVED_FCC00", .offset = 0xfcc00, .count = 4, .stride = 0xc },
	{ "GEN9_RESERVED_FD000", .offset = 0xfd000, .count = 4, .stride = 0xc },
	{ "GEN9_RESERVED_FD034", .offset = 0xfd034 },
};

const struct gvt_reg_block gvt_block_display = { "display", rows, ARRAY_SIZE(rows) };
