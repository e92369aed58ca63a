/* SPDX-License-Identifier: MIT */
/*
 * The graphics engine's own registers outside the command streamers: fuses, resets, forcewake,
 * fences, caches, memory attributes, arbiters, and registers that drivers patch as workarounds.
 *
 * Offsets, bits and reset values: intel_gt_regs.h of Linux' i915 and the code that uses it, and the
 * list of registers that GVT-g tracks.
 */
#include "core/hw/bits.h"
#include "core/hw/reg.h"

/*
 * Fuses of a GT2: slice 0 of three, subslices 0 to 2 of four, all eight execution units in each.
 * FUSE2 has a one for each slice that exists, and for each subslice that does not.
 */
#define FUSE2_SLICES		 (BIT32(0) << 25)
#define FUSE2_SUBSLICES_DISABLED (BIT32(3) << 20)
#define PGCTL_SLICE_AWAKE	 0x55 /* the slice, and each of its three subslices */
#define PGCTL_EUS_AWAKE		 0x55 /* four pairs of a subslice; the next subslice is at bit 8 */
#define CTC_CRYSTAL_HALVED	 (2u << 1)
#define RPM_CRYSTAL_24MHZ	 BIT32(3)
#define RC6_CTX_IN_DRAM		 BIT32(0)

static const struct gvt_reg rows[] = {
	/* Fuses and clocks. */
	{ "GEN10_MIRROR_FUSE3", .offset = 0x9118, .ro = true },
	{ "HSW_PAVP_FUSE1", .offset = 0x911c, .ro = true },
	{ "GEN8_FUSE2", .offset = 0x9120, .ro = true,
	  .reset = FUSE2_SLICES | FUSE2_SUBSLICES_DISABLED },
	{ "GEN9_EU_DISABLE", .offset = 0x9134, .count = 3, .ro = true },
	{ "GEN10_EU_DISABLE3", .offset = 0x9140, .ro = true },
	{ "GEN9_SLICE_PGCTL_ACK", .offset = 0x804c, .ro = true, .reset = PGCTL_SLICE_AWAKE },
	{ "GEN9_SLICE_PGCTL_ACK_S12", .offset = 0x8050, .ro = true, .count = 2 },
	{ "GEN9_SS01_EU_PGCTL_ACK", .offset = 0x805c, .ro = true,
	  .reset = PGCTL_EUS_AWAKE | PGCTL_EUS_AWAKE << 8 },
	{ "GEN9_SS23_EU_PGCTL_ACK", .offset = 0x8060, .ro = true, .reset = PGCTL_EUS_AWAKE },
	{ "GEN9_EU_PGCTL_ACK_S12", .offset = 0x8064, .ro = true, .count = 4 },
	{ "CTC_MODE", .offset = 0xa26c,
	  .reset = CTC_CRYSTAL_HALVED }, /* 24 MHz >> (3 - 2): timestamps count at 12 MHz */
	{ "RPM_CONFIG0", .offset = 0xd00, .reset = RPM_CRYSTAL_24MHZ },
	{ "RPM_CONFIG1", .offset = 0xd04 },
	{ "RCP_CONFIG", .offset = 0xd08 },
	{ "RC6_LOCATION", .offset = 0xd40, .reset = RC6_CTX_IN_DRAM },
	{ "RC6_CTX_BASE", .offset = 0xd48 },
	{ "GEN9_RESERVED_0D80", .offset = 0xd80 },
	{ "HSW_EDRAM_CAP", .offset = 0x120010, .ro = true },

	/* Reset and forcewake. */
	{ "GEN6_GDRST", .offset = 0x941c, .take = GVT_TAKE_ZERO, .write = GVT_WRITE_GDRST },
	{ "GEN6_RSTCTL", .offset = 0x9420 },
	{ "GEN8_MISC_CTRL0", .offset = 0xa180 },
	{ "FORCEWAKE_GT_GEN9", .offset = 0xa188, .kind = GVT_REG_MASKED,
	  .write = GVT_WRITE_FORCEWAKE },
	{ "FORCEWAKE", .offset = 0xa18c },
	{ "FORCEWAKE_MEDIA_GEN9", .offset = 0xa270, .kind = GVT_REG_MASKED,
	  .write = GVT_WRITE_FORCEWAKE },
	{ "FORCEWAKE_RENDER_GEN9", .offset = 0xa278, .kind = GVT_REG_MASKED,
	  .write = GVT_WRITE_FORCEWAKE },
	{ "FORCEWAKE_ACK_RENDER_GEN9", .offset = 0xd84, .ro = true },
	{ "FORCEWAKE_ACK_MEDIA_GEN9", .offset = 0xd88, .ro = true },
	{ "FORCEWAKE_MT_ACK", .offset = 0x130040, .ro = true },
	{ "FORCEWAKE_ACK_GT_GEN9", .offset = 0x130044, .ro = true },
	{ "FORCEWAKE_ACK", .offset = 0x130090, .ro = true },
	{ "MSG_IDLE", .offset = 0x8000, .count = 5 },

	/* Address translation. */
	{ "FENCE_REG", .offset = FENCE_REG, .count = 64, .write = GVT_WRITE_FENCE },
	{ "TILECTL", .offset = 0x101000 },
	{ "GFX_FLSH_CNTL_GEN6", .offset = 0x101008, .write = GVT_WRITE_GGTT_FLUSH },
	{ "GEN8_RTCR", .offset = 0x4260, .take = GVT_TAKE_ZERO },
	{ "GEN8_M1TCR", .offset = 0x4264, .take = GVT_TAKE_ZERO },
	{ "GEN8_M2TCR", .offset = 0x4268, .take = GVT_TAKE_ZERO },
	{ "GEN8_BTCR", .offset = 0x426c, .take = GVT_TAKE_ZERO },
	{ "GEN8_VTCR", .offset = 0x4270, .take = GVT_TAKE_ZERO },
	{ "GEN8_GTCR", .offset = 0x4274, .take = GVT_TAKE_ZERO },
	{ "HSW_GTT_CACHE_EN", .offset = 0x4024 },
	{ "ARB_MODE", .offset = 0x4030, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_4068", .offset = 0x4068 },
	{ "GEN8_GAMW_ECO_DEV_RW_IA", .offset = 0x4080, .write = GVT_WRITE_GAMW },
	{ "GAM_ECOCHK", .offset = 0x4090 },
	{ "GEN8_RING_FAULT_REG", .offset = 0x4094 },
	{ "ERROR_GEN6", .offset = 0x40a0 },
	{ "DONE_REG", .offset = 0x40b0, .ro = true },
	{ "GEN8_PRIVATE_PAT", .offset = 0x40e0, .count = 2 },
	{ "BSD_HWS_PGA_GEN7", .offset = 0x4180 },
	{ "RING_FAULT_REG_VCS", .offset = 0x4194 },
	{ "GEN9_RESERVED_41D0", .offset = 0x41d0 },
	{ "BLT_HWS_PGA_GEN7", .offset = 0x4280 },
	{ "RING_FAULT_REG_BCS", .offset = 0x4294 },
	{ "VEBOX_HWS_PGA_GEN7", .offset = 0x4380 },
	{ "RING_FAULT_REG_VECS", .offset = 0x4394 },
	{ "GEN9_RESERVED_4494", .offset = 0x4494 },
	{ "GEN7_TLB_RD_ADDR", .offset = 0x4700 },
	{ "GAMTARBMODE", .offset = 0x4a08, .kind = GVT_REG_MASKED },
	{ "GEN9_GAMT_ECO_REG_RW_IA", .offset = 0x4ab0 },
	{ "GAMT_CHKN_BIT_REG", .offset = 0x4ab8 },
	{ "GEN8_FAULT_TLB_DATA", .offset = 0x4b10, .ro = true, .count = 2 },
	{ "GEN8_L3_LRA_1_GPGPU", .offset = 0x4dd4,
	  .reset = 0x67f1427f }, /* GEN9_L3_LRA_1_GPGPU_DEFAULT_VALUE_SKL */
	{ "MMCD_MISC_CTRL", .offset = 0x4ddc },
	{ "TRVATTL3PTRDW", .offset = 0x4de0, .count = 2 },
	{ "TRNULLDETCT", .offset = 0x4de8 },
	{ "TRINVTILEDETCT", .offset = 0x4dec },
	{ "TRVADR", .offset = 0x4df0 },
	{ "TRTTE", .offset = 0x4df4 },
	{ "TR_CHICKEN", .offset = 0x4dfc },
	{ "GAC_ECO_BITS", .offset = 0x14090 },
	{ "GAB_CTL", .offset = 0x24000 },
	{ "GEN9_RESERVED_320F0", .offset = 0x320f0 },
	{ "GEN9_RESERVED_110000", .offset = 0x110000 },
	{ "GEN6_STOLEN_RESERVED", .offset = 0x1082c0, .ro = true },

	/* The fixed pipeline. */
	{ "GEN7_SO_NUM_PRIMS_WRITTEN", .offset = 0x5200, .count = 8 },
	{ "GEN7_SO_PRIM_STORAGE_NEEDED", .offset = 0x5240, .count = 8 },
	{ "GEN7_SO_WRITE_OFFSET", .offset = 0x5280, .count = 4 },
	{ "GEN9_WM_CHICKEN3", .offset = 0x5588, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_6200", .offset = 0x6200 },
	{ "CHICKEN_RASTER_1", .offset = 0x6204 },
	{ "CHICKEN_RASTER_2", .offset = 0x6208 },
	{ "FF_MODE2", .offset = 0x6604 },
	{ "CACHE_MODE_0_GEN7", .offset = 0x7000, .kind = GVT_REG_MASKED },
	{ "CACHE_MODE_1", .offset = 0x7004, .kind = GVT_REG_MASKED },
	{ "GEN7_GT_MODE", .offset = 0x7008, .kind = GVT_REG_MASKED },
	{ "GEN7_COMMON_SLICE_CHICKEN1", .offset = 0x7010, .kind = GVT_REG_MASKED },
	{ "COMMON_SLICE_CHICKEN2", .offset = 0x7014, .kind = GVT_REG_MASKED },
	{ "HIZ_CHICKEN", .offset = 0x7018, .kind = GVT_REG_MASKED },
	{ "GEN8_L3CNTLREG", .offset = 0x7034 },
	{ "GEN7_SC_INSTDONE", .offset = 0x7100, .ro = true,
	  .reset = 0xffffffff }, /* a one for each unit that is idle */
	{ "GEN9_RESERVED_7118", .offset = 0x7118 },
	{ "GEN9_RESERVED_7180", .offset = 0x7180 },
	{ "HDC_CHICKEN0", .offset = 0x7300, .kind = GVT_REG_MASKED },
	{ "GEN8_HDC_CHICKEN1", .offset = 0x7304, .kind = GVT_REG_MASKED },
	{ "GEN9_SLICE_COMMON_ECO_CHICKEN0", .offset = 0x7308, .kind = GVT_REG_MASKED },
	{ "GEN9_SLICE_COMMON_ECO_CHICKEN1", .offset = 0x731c, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_7408", .offset = 0x7408 },
	{ "GEN9_RESERVED_7700", .offset = 0x7700, .count = 4 },
	{ "GEN9_RESERVED_7C00", .offset = 0x7c00 },
	{ "VF_GUARDBAND", .offset = 0x83a4, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_83A8", .offset = 0x83a8 },
	{ "GEN8_RC6_CTX_INFO", .offset = 0x8504 },

	/* Units and their clocks. */
	{ "GEN9_RESERVED_003C", .offset = 0x3c },
	{ "GEN9_RESERVED_0860", .offset = 0x860 },
	{ "MCFG_MCR_SELECTOR", .offset = 0xfd0 },
	{ "SF_MCR_SELECTOR", .offset = 0xfd8 },
	{ "GEN8_MCR_SELECTOR", .offset = 0xfdc },
	{ "HSW_IDICR", .offset = 0x9008 },
	{ "GEN6_MBCUNIT_SNPCR", .offset = 0x900c },
	{ "GEN9_RESERVED_902C", .offset = 0x902c },
	{ "GEN7_SQ_CHICKEN_MBCUNIT_CONFIG", .offset = 0x9030 },
	{ "FBC_LLC_READ_CTRL", .offset = 0x9044 },
	{ "GEN6_MBCTL", .offset = 0x907c },
	{ "GEN6_UCGCTL1", .offset = 0x9400 },
	{ "GEN6_UCGCTL2", .offset = 0x9404 },
	{ "GEN6_UCGCTL3", .offset = 0x9408 },
	{ "GEN7_UCGCTL4", .offset = 0x940c },
	{ "GEN6_RCGCTL1", .offset = 0x9410 },
	{ "GEN6_RCGCTL2", .offset = 0x9414 },
	{ "GEN7_MISCCPCTL", .offset = 0x9424 },
	{ "GEN8_UCGCTL6", .offset = 0x9430 },

	/* Third-level cache and memory attributes. */
	{ "GEN7_SARCHKMD", .offset = 0xb000 },
	{ "GEN8_GARBCNTL", .offset = 0xb004 },
	{ "GEN9_SCRATCH_LNCF1", .offset = 0xb008 },
	{ "GEN7_L3SQCREG1", .offset = 0xb010 },
	{ "GEN7_L3CNTLREG1", .offset = 0xb01c },
	{ "GEN9_LNCFCMOCS", .offset = 0xb020, .count = 32 },
	{ "GEN10_SCRATCH_LNCF2", .offset = 0xb0a0 },
	{ "GEN8_L3SQCREG1", .offset = 0xb100 },
	{ "GEN8_L3SQCREG3", .offset = 0xb110 },
	{ "GEN10_L3_CHICKEN_MODE_REGISTER", .offset = 0xb114 },
	{ "GEN8_L3SQCREG4", .offset = 0xb118 },
	{ "GEN9_SCRATCH1", .offset = 0xb11c },
	{ "GEN9_GFX_MOCS", .offset = 0xc800, .count = 64 },
	{ "GEN9_MFX0_MOCS", .offset = 0xc900, .count = 64 },
	{ "GEN9_MFX1_MOCS", .offset = 0xca00, .count = 64 },
	{ "GEN9_VEBOX_MOCS", .offset = 0xcb00, .count = 64 },
	{ "GEN9_BLT_MOCS", .offset = 0xcc00, .count = 64 },
	{ "GEN9_RESERVED_MOCS", .offset = 0xcd00, .count = 190 },

	/* Subslices: samplers and execution units. */
	{ "GEN7_HALF_SLICE_CHICKEN1", .offset = 0xe100, .kind = GVT_REG_MASKED },
	{ "GEN7_SAMPLER_INSTDONE", .offset = 0xe160, .ro = true, .reset = 0xffffffff },
	{ "GEN7_ROW_INSTDONE", .offset = 0xe164, .ro = true, .reset = 0xffffffff },
	{ "HALF_SLICE_CHICKEN2", .offset = 0xe180, .kind = GVT_REG_MASKED },
	{ "HALF_SLICE_CHICKEN3", .offset = 0xe184, .kind = GVT_REG_MASKED },
	{ "GEN9_HALF_SLICE_CHICKEN5", .offset = 0xe188, .kind = GVT_REG_MASKED },
	{ "GEN10_SAMPLER_MODE", .offset = 0xe18c, .kind = GVT_REG_MASKED },
	{ "GEN9_HALF_SLICE_CHICKEN7", .offset = 0xe194, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_E220", .offset = 0xe220, .count = 3, .stride = 0x10 },
	{ "GEN9_RESERVED_E260", .offset = 0xe260, .count = 3, .stride = 0x10 },
	{ "GEN9_RESERVED_E2A0", .offset = 0xe2a0, .count = 3, .stride = 0x10 },
	{ "TD_CTL", .offset = 0xe400 },
	{ "TD_CTL2", .offset = 0xe404 },
	{ "EU_PERF_CNTL_0", .offset = 0xe458, .count = 4, .stride = 0x100 },
	{ "EU_PERF_CNTL_4", .offset = 0xe45c, .count = 3, .stride = 0x100 },
	{ "GEN9_RESERVED_E48C", .offset = 0xe48c, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_E4CC", .offset = 0xe4cc },
	{ "GEN8_ROW_CHICKEN", .offset = 0xe4f0, .kind = GVT_REG_MASKED },
	{ "GEN7_ROW_CHICKEN2", .offset = 0xe4f4, .kind = GVT_REG_MASKED },
	{ "GEN7_ROW_CHICKEN3", .offset = 0xe49c, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_E5F4", .offset = 0xe5f4 },
};

const struct gvt_reg_block gvt_block_gt = { "gt", rows, ARRAY_SIZE(rows) };
