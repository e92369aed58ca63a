/* SPDX-License-Identifier: MIT */
/*
 * Microcontrollers (GuC and HuC), which a vGPU does not have: they stay in reset, no firmware can
 * be loaded into them, and their memory is not locked (a driver that finds it locked refuses the
 * whole device). Drivers use execlists instead, as they do on Gen9 by default.
 *
 * Offsets: intel_guc_reg.h of Linux' i915.
 */
#include "core/hw/reg.h"

#define GS_MIA_IN_RESET BIT32(0)

static const struct gvt_reg rows[] = {
	{ "GEN8_DRBREG", .offset = 0x1000, .count = 512 },
	{ "GUC_ARAT_C6DIS", .offset = 0xa178 },
	{ "GUC_STATUS", .offset = 0xc000, .ro = true, .reset = GS_MIA_IN_RESET },
	{ "GUC_WOPCM_SIZE", .offset = 0xc050, .ro = true },
	{ "GUC_SHIM_CONTROL", .offset = 0xc064 },
	{ "GUC_SHIM_CONTROL2", .offset = 0xc068 },
	{ "GUC_SOFT_SCRATCH", .offset = 0xc180, .count = 16 },
	{ "GUC_KERNEL_LOAD_INFO", .offset = 0xc1dc, .ro = true },
	{ "UOS_RSA_SCRATCH", .offset = 0xc200, .count = 64 },
	{ "DMA_ADDR_0", .offset = 0xc300, .count = 2 },
	{ "DMA_ADDR_1", .offset = 0xc308, .count = 2 },
	{ "DMA_COPY_SIZE", .offset = 0xc310 },
	{ "DMA_CTRL", .offset = 0xc314, .kind = GVT_REG_MASKED, .take = GVT_TAKE_DMA_CTRL },
	{ "DMA_GUC_WOPCM_OFFSET", .offset = 0xc340, .ro = true },
	{ "GUC_MAX_IDLE_COUNT", .offset = 0xc3e4 },
	{ "GUCPMTIMESTAMP", .offset = 0xc3e8, .ro = true },
	{ "GUC_SEND_INTERRUPT", .offset = 0xc4c8 },
	{ "GUC_BCS_RCS_IER", .offset = 0xc550 },
	{ "GUC_VCS2_VCS1_IER", .offset = 0xc554 },
	{ "GUC_WD_VECS_IER", .offset = 0xc558 },
	{ "GUC_PM_P24C_IER", .offset = 0xc55c },
	{ "HUC_STATUS2", .offset = 0xd3b0, .ro = true },
	{ "GEN8_GT_PM_CONFIG", .offset = 0x138140 },
	{ "GEN9_GT_PM_CONFIG", .offset = 0x13816c },
};

const struct gvt_reg_block gvt_block_uc = { "uc", rows, ARRAY_SIZE(rows) };
