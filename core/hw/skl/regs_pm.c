/* SPDX-License-Identifier: MIT */
/*
 * Power and clocks: the mailbox of the power control unit (pcode), the GT's frequency and sleep
 * states, the memory controller's mirror, and the display's power wells and clock generators.
 * A vGPU has none of these: requests are granted at once and change nothing.
 *
 * Offsets and bits: i915_reg.h, intel_gt_regs.h and intel_mchbar_regs.h of Linux' i915. Commands
 * of pcode and the meaning of its answers: intel_pcode.c and its callers.
 */
#include "core/hw/bits.h"
#include "core/hw/reg.h"

#define GT_FREQUENCY (GT_RATIO * 3 << 23) /* for RPNSWREQ and RPSTAT1: units of 50/3 MHz */

#define LCPLL1_CTL  0x46010
#define LCPLL2_CTL  0x46014
#define WRPLL_CTL1  0x46040
#define WRPLL_CTL2  0x46060
#define DPLL_STATUS 0x6c060

#define FUSES_LOADED (BIT32(31) | BIT32(27) | BIT32(26) | BIT32(25)) /* all, PG0, PG1, PG2 */

/* One module of 8 GiB a channel, of one rank of eight chips; two channels; DDR4. */
#define DIMM_L_GIB(n) ((u32)(n))
#define MEMORY_RATIO  8 /* in units of 266.67 MHz */

#define RP_STATES (GT_RATIO | GT_RATIO << 8 | GT_RATIO << 16) /* RP0, RP1, RPn */

static const struct gvt_reg rows[] = {
	/* The mailbox of the power control unit. */
	{ "GEN6_PCODE_MAILBOX", .offset = 0x138124, .take = GVT_TAKE_PCODE,
	  .write = GVT_WRITE_PCODE },
	{ "GEN6_PCODE_DATA", .offset = 0x138128 },
	{ "GEN6_PCODE_DATA1", .offset = 0x13812c },

	/* The GT's frequency. */
	{ "GEN6_RPNSWREQ", .offset = 0xa008, .reset = GT_FREQUENCY },
	{ "GEN6_RC_VIDEO_FREQ", .offset = 0xa00c },
	{ "GEN6_RP_DOWN_TIMEOUT", .offset = 0xa010 },
	{ "GEN6_RP_INTERRUPT_LIMITS", .offset = 0xa014 },
	{ "GEN6_RPSTAT1", .offset = 0xa01c, .ro = true, .reset = GT_FREQUENCY },
	{ "GEN6_RP_CONTROL", .offset = 0xa024 },
	{ "GEN6_RP_UP_THRESHOLD", .offset = 0xa02c },
	{ "GEN6_RP_DOWN_THRESHOLD", .offset = 0xa030 },
	{ "GEN6_RP_CUR_UP_EI", .offset = 0xa050, .ro = true },
	{ "GEN6_RP_CUR_UP", .offset = 0xa054, .ro = true },
	{ "GEN6_RP_PREV_UP", .offset = 0xa058, .ro = true },
	{ "GEN6_RP_CUR_DOWN_EI", .offset = 0xa05c, .ro = true },
	{ "GEN6_RP_CUR_DOWN", .offset = 0xa060, .ro = true },
	{ "GEN6_RP_PREV_DOWN", .offset = 0xa064, .ro = true },
	{ "GEN6_RP_UP_EI", .offset = 0xa068 },
	{ "GEN6_RP_DOWN_EI", .offset = 0xa06c },
	{ "GEN6_RP_IDLE_HYSTERSIS", .offset = 0xa070 },
	{ "GEN6_RPDEUHWTC", .offset = 0xa080 },
	{ "GEN6_RPDEUC", .offset = 0xa084 },
	{ "GEN6_RPDEUCSW", .offset = 0xa088 },
	{ "GEN6_PMINTRMSK", .offset = 0xa168, .reset = 0xffffffff },

	/* The GT's sleep states. */
	{ "GEN6_GFXPAUSE", .offset = 0xa000 },
	{ "GEN6_RC_CONTROL", .offset = 0xa090 },
	{ "GEN6_RC_STATE", .offset = 0xa094 },
	{ "GEN6_RC1_WAKE_RATE_LIMIT", .offset = 0xa098 },
	{ "GEN6_RC6_WAKE_RATE_LIMIT", .offset = 0xa09c },
	{ "GEN6_RC6pp_WAKE_RATE_LIMIT", .offset = 0xa0a0 },
	{ "GEN6_RC_EVALUATION_INTERVAL", .offset = 0xa0a8 },
	{ "GEN6_RC_IDLE_HYSTERSIS", .offset = 0xa0ac },
	{ "GEN6_RC_SLEEP", .offset = 0xa0b0 },
	{ "GEN6_RC1e_THRESHOLD", .offset = 0xa0b4 },
	{ "GEN6_RC6_THRESHOLD", .offset = 0xa0b8 },
	{ "GEN6_RC6p_THRESHOLD", .offset = 0xa0bc },
	{ "GEN6_RC6pp_THRESHOLD", .offset = 0xa0c0 },
	{ "GEN9_MEDIA_PG_IDLE_HYSTERESIS", .offset = 0xa0c4 },
	{ "GEN9_RENDER_PG_IDLE_HYSTERESIS", .offset = 0xa0c8 },
	{ "GEN9_PG_ENABLE", .offset = 0xa210 },
	{ "GEN8_PUSHBUS_CONTROL", .offset = 0xa248 },
	{ "GEN8_PUSHBUS_ENABLE", .offset = 0xa250 },
	{ "GEN8_PUSHBUS_SHIFT", .offset = 0xa25c },
	{ "GEN9_PWRGT_DOMAIN_STATUS", .offset = 0xa2a0, .ro = true,
	  .reset = 3 }, /* render and media are awake */
	{ "MISC_STATUS", .offset = 0xa500, .ro = true, .count = 2 },
	{ "RSTDBYCTL", .offset = 0x111b8 },
	{ "GTFIFODBG", .offset = 0x120000, .kind = GVT_REG_W1C },
	{ "GTFIFOCTL", .offset = 0x120008, .reset = 0x3f }, /* all entries are free */
	{ "GEN6_GT_THREAD_STATUS_REG", .offset = 0x13805c, .ro = true },
	{ "GEN6_GT_CORE_STATUS", .offset = 0x138060, .ro = true },
	{ "GEN8_GT_SLICE_INFO", .offset = 0x138064, .ro = true },
	{ "GEN6_GT_GFX_RC6_LOCKED", .offset = 0x138104, .ro = true },
	{ "GEN6_GT_GFX_RC6", .offset = 0x138108, .ro = true },
	{ "GEN6_GT_GFX_RC6p", .offset = 0x13810c, .ro = true },
	{ "GEN6_GT_GFX_RC6pp", .offset = 0x138110, .ro = true },

	/* A mirror of the memory controller's registers, which is read-only. */
	{ "MCHBAR", .offset = 0x140000, .ro = true, .count = 0x1400 },
	{ "SKL_MAD_INTER_CHANNEL", .offset = 0x145000, .ro = true }, /* DDR4 */
	{ "SKL_MAD_INTRA_CHANNEL", .offset = 0x145004, .ro = true, .count = 2 },
	{ "SKL_MAD_DIMM", .offset = 0x14500c, .ro = true, .count = 2, .reset = DIMM_L_GIB(8) },
	{ "MCHBAR_5014", .offset = 0x145014, .ro = true, .count = 0x24d },
	{ "GEN6_GT_PERF_STATUS", .offset = 0x145948, .ro = true },
	{ "MCHBAR_594C", .offset = 0x14594c, .ro = true, .count = 0x12 },
	{ "GEN6_RP_STATE_LIMITS", .offset = 0x145994, .ro = true, .reset = GT_RATIO },
	{ "GEN6_RP_STATE_CAP", .offset = 0x145998, .ro = true, .reset = RP_STATES },
	{ "MCHBAR_599C", .offset = 0x14599c, .ro = true, .count = 0xdd },
	{ "MCH_SSKPD", .offset = 0x145d10, .ro = true, .count = 2 },
	{ "MCHBAR_5D18", .offset = 0x145d18, .ro = true, .count = 0x3b },
	{ "SKL_MC_BIOS_DATA", .offset = 0x145e04, .ro = true, .reset = MEMORY_RATIO },
	{ "MCHBAR_5E08", .offset = 0x145e08, .ro = true, .count = 0x3a },
	{ "GEN10_FREQ_INFO_REC", .offset = 0x145ef0, .ro = true, .reset = GT_RATIO << 8 },
	{ "MCHBAR_5EF4", .offset = 0x145ef4, .ro = true, .count = 0xe843 },

	/* The display's power. */
	{ "SKL_FUSE_STATUS", .offset = 0x42000, .ro = true, .reset = FUSES_LOADED },
	{ "FPGA_DBG", .offset = 0x42300,
	  .kind = GVT_REG_W1C }, /* bit 31 tells of accesses that nothing claimed: there are none */
	{ "HSW_PWR_WELL_CTL", .offset = 0x45400, .count = 4, .wmask = PWR_WELL_REQUESTS,
	  .state = PWR_WELL_REQUESTS >> 1, .write = GVT_WRITE_PWR_WELL },
	{ "HSW_PWR_WELL_CTL5", .offset = 0x45410 },
	{ "HSW_PWR_WELL_CTL6", .offset = 0x45414 },
	{ "DBUF_CTL_S0", .offset = 0x45008, .take = GVT_TAKE_STATE_FOLLOWS },
	{ "DC_STATE_EN", .offset = 0x45504 },
	{ "DC_STATE_DEBUG", .offset = 0x45520 },

	/* The display's clocks. */
	{ "CDCLK_CTL", .offset = 0x46000 },
	{ "LCPLL1_CTL", .offset = 0x46010, .take = GVT_TAKE_STATE_FOLLOWS, .write = GVT_WRITE_PLL },
	{ "LCPLL2_CTL", .offset = 0x46014, .take = GVT_TAKE_STATE_FOLLOWS, .write = GVT_WRITE_PLL },
	{ "SPLL_CTL", .offset = 0x46020 },
	{ "WRPLL_CTL1", .offset = 0x46040, .write = GVT_WRITE_PLL },
	{ "WRPLL_CTL2", .offset = 0x46060, .write = GVT_WRITE_PLL },
	{ "PORT_CLK_SEL", .offset = 0x46100, .count = 5 },
	{ "TRANS_CLK_SEL", .offset = 0x46140, .count = 3 },
	{ "CDCLK_FREQ", .offset = 0x46200 },
	{ "DPLL_CFGCR", .offset = 0x6c040, .count = 6 },
	{ "DPLL_CTRL1", .offset = 0x6c058 },
	{ "DPLL_CTRL2", .offset = 0x6c05c },
	{ "DPLL_STATUS", .offset = 0x6c060, .ro = true },
};

const struct gvt_reg_block gvt_block_pm = { "pm", rows, ARRAY_SIZE(rows) };
