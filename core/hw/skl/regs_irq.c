/* SPDX-License-Identifier: MIT */
/*
 * Interrupt registers: the master, the GT's and the display's groups of status (ISR), mask (IMR),
 * identity (IIR) and enable (IER), and hot-plug. Only the registers' forms are here: core/irq does
 * what an event does to them, and decides when a message is sent. No row has a read handler, so a
 * guest's interrupt handler reads all of them without a trap.
 *
 * Offsets: i915_reg.h of Linux' i915.
 */
#include "core/hw/reg.h"

#define MASTER_ENABLE BIT32(31) /* the other bits say which group has something pending */

/* The low two bits of each byte say what was detected on a port: nothing, as there is no port. */
#define HOTPLUG_CONTROL 0xfcfcfcfcu

/* The registers of a group that vGPUs have events for. */
#define IMR .reset = 0xffffffff
#define IIR .kind = GVT_REG_W1C, .write = GVT_WRITE_IRQ_IIR
#define IER .write = GVT_WRITE_IRQ_IER

static const struct gvt_reg rows[] = {
	{ "GEN8_MASTER_IRQ", .offset = 0x44200, .wmask = MASTER_ENABLE, .state = ~MASTER_ENABLE,
	  .write = GVT_WRITE_IRQ_MASTER },

	/* GT0: render and blitter, 1: video, 2: power management and GuC, 3: video enhancement. */
	{ "GEN8_GT_ISR", .offset = 0x44300, .count = 4, .stride = 0x10, .ro = true },
	{ "GEN8_GT_IMR", .offset = 0x44304, .count = 4, .stride = 0x10, IMR },
	{ "GEN8_GT_IIR", .offset = 0x44308, .count = 4, .stride = 0x10, IIR },
	{ "GEN8_GT_IER", .offset = 0x4430c, .count = 4, .stride = 0x10, IER },

	{ "GEN8_DE_PIPE_ISR", .offset = 0x44400, .count = 3, .stride = 0x10, .ro = true },
	{ "GEN8_DE_PIPE_IMR", .offset = 0x44404, .count = 3, .stride = 0x10, IMR,
	  .write = GVT_WRITE_PIPE_IMR },
	{ "GEN8_DE_PIPE_IIR", .offset = 0x44408, .count = 3, .stride = 0x10, IIR },
	{ "GEN8_DE_PIPE_IER", .offset = 0x4440c, .count = 3, .stride = 0x10, IER },
	{ "GEN8_DE_PORT_ISR", .offset = 0x44440, .ro = true },
	{ "GEN8_DE_PORT_IMR", .offset = 0x44444, IMR },
	{ "GEN8_DE_PORT_IIR", .offset = 0x44448, IIR },
	{ "GEN8_DE_PORT_IER", .offset = 0x4444c, IER },
	{ "GEN8_DE_MISC_ISR", .offset = 0x44460, .ro = true },
	{ "GEN8_DE_MISC_IMR", .offset = 0x44464, IMR },
	{ "GEN8_DE_MISC_IIR", .offset = 0x44468, IIR },
	{ "GEN8_DE_MISC_IER", .offset = 0x4446c, IER },
	{ "AUD_CODEC_ISR", .offset = 0x44480, .ro = true },
	{ "AUD_CODEC_IMR", .offset = 0x44484, .reset = 0xffffffff },
	{ "AUD_CODEC_IIR", .offset = 0x44488, .kind = GVT_REG_W1C },
	{ "AUD_CODEC_IER", .offset = 0x4448c },
	{ "GEN8_PCU_ISR", .offset = 0x444e0, .ro = true },
	{ "GEN8_PCU_IMR", .offset = 0x444e4, IMR },
	{ "GEN8_PCU_IIR", .offset = 0x444e8, IIR },
	{ "GEN8_PCU_IER", .offset = 0x444ec, IER },
	{ "EDP_PSR_IMR", .offset = 0x64834, .reset = 0xffffffff },
	{ "EDP_PSR_IIR", .offset = 0x64838, .kind = GVT_REG_W1C },

	{ "SDEISR", .offset = 0xc4000, .ro = true },
	{ "SDEIMR", .offset = 0xc4004, IMR },
	{ "SDEIIR", .offset = 0xc4008, IIR },
	{ "SDEIER", .offset = 0xc400c, IER },
	{ "PCH_PORT_HOTPLUG", .offset = 0xc4030, .wmask = HOTPLUG_CONTROL },
	{ "PCH_PORT_HOTPLUG2", .offset = 0xc403c, .wmask = HOTPLUG_CONTROL },
	{ "SERR_INT", .offset = 0xc4040, .kind = GVT_REG_W1C },

	/* Registers from before Gen8, which drivers still save and restore. */
	{ "DEISR", .offset = 0x44000, .ro = true },
	{ "DEIMR", .offset = 0x44004, .reset = 0xffffffff },
	{ "DEIIR", .offset = 0x44008, .kind = GVT_REG_W1C },
	{ "DEIER", .offset = 0x4400c },
	{ "GTISR", .offset = 0x44010, .ro = true },
	{ "GTIMR", .offset = 0x44014, .reset = 0xffffffff },
	{ "GTIIR", .offset = 0x44018, .kind = GVT_REG_W1C },
	{ "GTIER", .offset = 0x4401c },
	{ "GEN6_PMISR", .offset = 0x44020, .ro = true },
	{ "GEN6_PMIMR", .offset = 0x44024, .reset = 0xffffffff },
	{ "GEN6_PMIIR", .offset = 0x44028, .kind = GVT_REG_W1C },
	{ "GEN6_PMIER", .offset = 0x4402c },

	{ "DIGITAL_PORT_HOTPLUG_CNTRL", .offset = 0x44030 },
	{ "GEN7_ERR_INT", .offset = 0x44040, .kind = GVT_REG_W1C },
	{ "DERRMR", .offset = 0x44050, .reset = 0xffffffff },
	{ "DE_GUCRMR", .offset = 0x44054, .reset = 0xffffffff },
	{ "IVB_TIMESTAMP_CTR", .offset = 0x44070 },
	{ "GEN9_TIMESTAMP_OVERRIDE", .offset = 0x44074,
	  .reset = 0x17 }, /* 24 MHz crystal: 23 + 1 clocks a microsecond */
	{ "GEN9_RESERVED_44500", .offset = 0x44500 },
};

const struct gvt_reg_block gvt_block_irq = { "irq", rows, ARRAY_SIZE(rows) };
