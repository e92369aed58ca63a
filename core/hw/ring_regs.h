/* SPDX-License-Identifier: MIT */
/*
 * Registers that each engine has, by distance from its base (gvt_engine_base()), and their bits:
 * Linux' intel_engine_regs.h and intel_gt_regs.h; Skylake PRM, volume 2c.
 */
#ifndef CORE_HW_RING_REGS_H
#define CORE_HW_RING_REGS_H

#include "core/base/types.h"

#define RING_TAIL	     0x30
#define RING_HEAD	     0x34
#define RING_START	     0x38
#define RING_CTL	     0x3c
#define RING_ACTHD_UDW	     0x5c
#define RING_IPEHR	     0x68
#define RING_INSTDONE	     0x6c
#define RING_ACTHD	     0x74
#define RING_HWS_PGA	     0x80
#define RING_NOPID	     0x94
#define RING_IMR	     0xa8
#define RING_EIR	     0xb0
#define RING_EMR	     0xb4
#define RING_ESR	     0xb8
#define RING_BBSTATE	     0x110
#define RING_SBBADDR	     0x114
#define RING_SBBSTATE	     0x118
#define RING_SBBADDR_UDW     0x11c
#define RING_BBADDR	     0x140
#define RING_BB_OFFSET	     0x158
#define RING_BBADDR_UDW	     0x168
#define RING_CCID	     0x180
#define RING_PER_CTX	     0x1c0
#define RING_INDIRECT	     0x1c4
#define RING_INDIRECT_AT     0x1c8 /* INDIRECT_CTX_OFFSET */
#define RING_EXECLIST_STATUS 0x234
#define RING_CONTEXT_CONTROL 0x244
#define RING_PDP	     0x270
#define RING_TIMESTAMP	     0x358
#define RING_CSB	     0x370 /* the context status buffer, */
#define RING_CSB_PTR	     0x3a0 /* and where it was written and read last */
#define RING_CTX_TIMESTAMP   0x3a8
#define RING_PREDICATE_2     0x3bc /* MI_PREDICATE_RESULT_2 */
#define RING_PREDICATE_SRC0  0x400
#define RING_PREDICATE_SRC1  0x408
#define RING_PREDICATE_DATA  0x410
#define RING_PREDICATE	     0x418 /* MI_PREDICATE_RESULT */
#define RING_PREDICATE_1     0x41c /* MI_PREDICATE_RESULT_1 */
#define RING_NONPRIV	     0x4d0
#define RING_NONPRIV_SLOTS   12
#define RING_GPR	     0x600
#define RING_GPRS	     16

/* Bits of RING_HEAD, RING_TAIL and RING_CTL. */
#define RING_HEAD_OFFSET 0x1ffffcu
#define RING_TAIL_OFFSET 0x1ffff8u
#define RING_CTL_PAGES	 0x1ff000u /* the size less a page */
#define RING_CTL_VALID	 BIT32(0)

/* Bits of RING_BBADDR, RING_BBSTATE, and those of second-level batches. */
#define BBADDR_VALID  BIT32(0)
#define BBSTATE_PPGTT BIT32(5)

/* Bits of RING_PER_CTX and RING_INDIRECT, which name the batches of a restore. */
#define PER_CTX_VALID  BIT32(0)
#define INDIRECT_LINES 0x3fu /* the length in lines of 64 bytes */

/* Bits of RING_EXECLIST_STATUS. */
#define EXECLIST_QUEUE_FULL BIT32(2)
#define EXECLIST_1_VALID    BIT32(3)
#define EXECLIST_0_VALID    BIT32(4)
#define EXECLIST_ELEMENT_0  BIT32(14)
#define EXECLIST_ARBITRATES BIT32(16)
#define EXECLIST_0_ACTIVE   BIT32(18)

#define EIR_INSTRUCTION BIT32(0) /* of RING_EIR and RING_ESR: I915_ERROR_INSTRUCTION */

/* In which all engines report the first failed translation (GEN8_RING_FAULT_REG), from BAR0. */
#define FAULT_REG	0x4094u
#define FAULT_VALID	BIT32(0)
#define FAULT_ENGINE(n) ((n) << 12)
#define FAULT_DATA0	0x4b10u /* the address */
#define FAULT_DATA1	0x4b14u
#define FAULT_GLOBAL	BIT32(4)

/* The header of MI_LOAD_REGISTER_IMM, in which images have registers. */
#define MI_LRI(header)	   ((header) >> 23 == 0x22)
#define MI_LRI_LENGTH	   0xffu
#define MI_LRI_KEEPS_BYTES (0xfu << 8) /* "byte write disables" */

#endif
