/* SPDX-License-Identifier: MIT */
/* Offsets and bits that the register table shares with the code that acts on registers. */
#ifndef CORE_HW_BITS_H
#define CORE_HW_BITS_H

#include "core/base/types.h"

/* Registers of each engine (regs_engine.c). */
#define MI_MODE_MODE_IDLE BIT32(9)
#define RESET_CTL_REQUEST BIT32(0)
#define RESET_CTL_READY	  BIT32(1)

/* Fences (regs_gt.c). */
#define FENCE_REG 0x100000

/* The observation architecture (regs_oa.c). */
#define OACONTROL 0x2b00
#define OASTATUS  0x2b08
#define OAHEADPTR 0x2b0c
#define OATAILPTR 0x2b10
#define OABUFFER  0x2b14

/* Display (regs_display.c). */
#define DDI_BUF_IDLE BIT32(7)
#define GMBUS2_READY BIT32(11)
#define GMBUS2_NAK   BIT32(10)

/*
 * The GT's one frequency, 1150 MHz, in units of 50 MHz. It is both the lowest and the highest, so
 * that a driver never changes it: each change, whenever the GT becomes busy or idle, would trap and
 * have no effect.
 */
#define GT_RATIO 23u

/*
 * Four parties ask for the display's power wells, each in a register of its own. A request in any
 * of the four turns the well on. Each well has two bits: the odd one is the request, and the one
 * below it is the well's state, which is the same in all four registers. Wells, from the lowest
 * bits: miscellaneous I/O, DDI A and E, B, C, D; in the top bits PG1 and PG2.
 */
#define PWR_WELL_REQUESTS 0xa00002aau

/* Pcode's mailbox (regs_pm.c). */
#define PCODE_READY   BIT32(31)
#define PCODE_COMMAND 0xffu /* on return: the status, 0 for success */

/* PVINFO (regs_pvinfo.c), as struct vgt_if in i915_pvinfo.h of Linux' i915 has it. */
#define PVINFO 0x78000u

enum {
	PV_MAGIC = PVINFO,
	PV_VERSION = PVINFO + 0x8,
	PV_ID = PVINFO + 0xc,
	PV_CAPS = PVINFO + 0x10,
	PV_MAPPABLE_BASE = PVINFO + 0x40,
	PV_MAPPABLE_SIZE = PVINFO + 0x44,
	PV_NONMAPPABLE_BASE = PVINFO + 0x48,
	PV_NONMAPPABLE_SIZE = PVINFO + 0x4c,
	PV_FENCES = PVINFO + 0x50,
	PV_DISPLAY_READY = PVINFO + 0x804,
	PV_G2V = PVINFO + 0x818,
	PV_CURSOR_HOT = PVINFO + 0x830,
	PV_PDP = PVINFO + 0x838,
	PV_CONTEXT = PVINFO + 0x858,
};

#endif
