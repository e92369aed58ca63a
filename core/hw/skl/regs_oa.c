/* SPDX-License-Identifier: MIT */
/*
 * The observation architecture (OA): performance counters, and the network (NOA) by which a driver
 * chooses what they count. A vGPU counts nothing: a report holds its reason, the time, and which
 * context ran.
 *
 * Periodic reports go to a ring in the guest's graphics memory. A driver learns of them only by
 * reading the ring's tail, which i915 does 200 times a second while a stream is open. So the
 * reports that are due are written when the tail is read, and no timer is needed.
 *
 * Offsets and bits: i915_perf_oa_regs.h of Linux' i915; what a report holds, and which registers a
 * configuration may name: i915_perf.c.
 */
#include "core/hw/bits.h"
#include "core/hw/reg.h"

static const struct gvt_reg rows[] = {
	/* The unit. */
	{ "GEN7_OABUFFER", .offset = 0x23b0 },
	{ "GEN8_OABUFFER_UDW", .offset = 0x23b4 },
	{ "GEN8_OACONTROL", .offset = OACONTROL, .write = GVT_WRITE_OA_CONTROL },
	{ "GEN8_OA_DEBUG", .offset = 0x2b04, .kind = GVT_REG_MASKED },
	{ "GEN8_OASTATUS", .offset = OASTATUS },
	{ "GEN8_OAHEADPTR", .offset = OAHEADPTR },
	{ "GEN8_OATAILPTR", .offset = OATAILPTR, .read = GVT_READ_OA_TAIL },
	{ "GEN8_OABUFFER", .offset = OABUFFER },
	{ "GEN9_RESERVED_2B20", .offset = 0x2b20 },

	/* What it counts, and when: drivers load these by commands. */
	{ "OASTARTTRIG", .offset = 0x2710, .count = 8 },
	{ "OAREPORTTRIG", .offset = 0x2740, .count = 8 },
	{ "OACEC", .offset = 0x2770, .count = 16 },
	{ "NOA_CONFIG", .offset = 0xd0c, .count = 9 },
	{ "OA_PERFCNT", .offset = 0x91b8, .count = 6 },
	{ "MICRO_BP", .offset = 0x9800, .count = 16 },
	{ "GDT_CHICKEN_BITS", .offset = 0x9840 },
	{ "MICRO_BP_TRIGGER", .offset = 0x9844, .count = 17 },
	{ "NOA_WRITE", .offset = 0x9888 },
};

const struct gvt_reg_block gvt_block_oa = { "oa", rows, ARRAY_SIZE(rows) };
