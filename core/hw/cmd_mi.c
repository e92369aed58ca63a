/* SPDX-License-Identifier: MIT */
/*
 * The commands of all streamers: MI_. Skylake PRM, volume 2a; intel_gpu_commands.h in i915.
 */
#include "core/hw/cmd_table.h"

/* clang-format off */
/* "Use Global GTT" is in most commands bit 22 of the header. */
#define GGTT_IF_22(at, size) \
	{ .space = GVT_SPACE_GGTT_IF, .dw = (at), .bit = 22, .bytes = (size) }

/* A command of one dword that has an operation of its own. */
#define ONE(name_, on) { #name_, GVT_OP_##name_, on, .len = 1 }

/* One with a length field of 8 bits, @shortest to @longest dwords long. */
#define LONG(name_, on, shortest, longest) \
	#name_, GVT_OP_##name_, on, .len_bits = 8, .len = (shortest), .max = (longest)

/* One that is passed over. */
#define SKIPPED(name_, on, ...) { #name_, GVT_OP_SKIP, on, __VA_ARGS__ }

/* One that reaches beyond the vGPU, and that neither i915 nor Mesa uses: it is refused. */
#define NEVER(name_, on, bits, shortest) \
	{ #name_, GVT_OP_SKIP, on, .len_bits = (bits), .user = GVT_USER_NEVER, .len = (shortest) }

static const struct gvt_cmd rows[] = {
	[0x00] = ONE(MI_NOOP, GVT_ON_ALL),
	[0x01] = ONE(MI_SET_PREDICATE, GVT_ON_ALL),
	[0x02] = ONE(MI_USER_INTERRUPT, GVT_ON_ALL),
	[0x03] = ONE(MI_WAIT_FOR_EVENT, GVT_ON_RCS | GVT_ON_BCS),
	[0x04] = SKIPPED(MI_FLUSH, GVT_ON_ALL, .len = 1),
	[0x05] = ONE(MI_ARB_CHECK, GVT_ON_ALL),
	[0x06] = SKIPPED(MI_RS_CONTROL, GVT_ON_RCS, .len = 1),
	[0x07] = ONE(MI_REPORT_HEAD, GVT_ON_ALL),
	[0x08] = { "MI_ARB_ON_OFF", GVT_OP_MI_ARB_ON_OFF, GVT_ON_ALL, .user = GVT_USER_NOOP,
		   .len = 1 },
	[0x09] = SKIPPED(MI_URB_ATOMIC_ALLOC, GVT_ON_RCS, .len = 1),
	[0x0a] = ONE(MI_BATCH_BUFFER_END, GVT_ON_ALL),
	[0x0b] = ONE(MI_SUSPEND_FLUSH, GVT_ON_ALL),
	[0x0c] = ONE(MI_PREDICATE, GVT_ON_RCS),
	[0x0d] = SKIPPED(MI_TOPOLOGY_FILTER, GVT_ON_RCS, .len = 1),
	[0x0e] = SKIPPED(MI_SET_APPID, GVT_ON_ALL, .len = 1),
	[0x0f] = SKIPPED(MI_RS_CONTEXT, GVT_ON_RCS, .len = 1),
	[0x12] = SKIPPED(MI_LOAD_SCAN_LINES_INCL, GVT_ON_RCS | GVT_ON_BCS, .len_bits = 6,
			 .user = GVT_USER_NOOP, .len = 2),
	[0x13] = SKIPPED(MI_LOAD_SCAN_LINES_EXCL, GVT_ON_RCS | GVT_ON_BCS, .len_bits = 6,
			 .user = GVT_USER_NOOP, .len = 2),
	/* No display shows the plane at this address: only the surface registers count. */
	[0x14] = NEVER(MI_DISPLAY_FLIP, GVT_ON_RCS | GVT_ON_BCS, 8, 3),
	/* Execlists load contexts; this one is for ring submission. */
	[0x18] = NEVER(MI_SET_CONTEXT, GVT_ON_RCS, 8, 2),
	[0x19] = SKIPPED(MI_URB_CLEAR, GVT_ON_RCS, .len_bits = 8, .len = 2),
	[0x1a] = { LONG(MI_MATH, GVT_ON_ALL, 2, 0) },
	[0x1b] = { LONG(MI_SEMAPHORE_SIGNAL, GVT_ON_ALL, 2, 2) },
	[0x1c] = { LONG(MI_SEMAPHORE_WAIT, GVT_ON_ALL, 4, 4), .addr = { GGTT_IF_22(2, 4) } },
	[0x1d] = NEVER(MI_FORCE_WAKEUP, GVT_ON_ALL, 8, 2),
	/* The length field has 10 bits: a store may be of many dwords, or with bit 21 of qwords. */
	[0x20] = { "MI_STORE_DATA_IMM", GVT_OP_MI_STORE_DATA_IMM, GVT_ON_ALL, .len_bits = 10,
		   .len = 4, .addr = { GGTT_IF_22(1, 0) } },
	/*
	 * The command has an offset into the hardware status page, and not that page's address. A
	 * qword at the page's last dword would reach the next page; no driver stores qwords so.
	 */
	[0x21] = { LONG(MI_STORE_DATA_INDEX, GVT_ON_ALL, 3, 3),
		   .addr = { { GVT_SPACE_STATUS, 1, .bytes = 4 } } },
	[0x22] = { LONG(MI_LOAD_REGISTER_IMM, GVT_ON_ALL, 3, 0),
		   .reg = { { 1, 2, true } } },
	[0x23] = NEVER(MI_UPDATE_GTT, GVT_ON_ALL, 10, 3),
	[0x24] = { LONG(MI_STORE_REGISTER_MEM, GVT_ON_ALL, 4, 4),
		   .addr = { GGTT_IF_22(2, 4) }, .reg = { { 1, 0, false } } },
	/* Bit 2 of the address says GGTT; bit 21 of the header makes it an offset into the HWSP. */
	[0x26] = { "MI_FLUSH_DW", GVT_OP_MI_FLUSH_DW, GVT_ON_BCS | GVT_ON_VCS | GVT_ON_VECS,
		   .len_bits = 6, .least = 2, .len = 4, .max = 5,
		   .addr = { { GVT_SPACE_GGTT_IF, 1, .bit_dw = 1, .bit = 2, .bytes = 8 } } },
	[0x27] = { "MI_CLFLUSH", GVT_OP_MI_CLFLUSH, GVT_ON_RCS, .len_bits = 10, .len = 3,
		   .addr = { GGTT_IF_22(1, 4096) } },
	[0x28] = { "MI_REPORT_PERF_COUNT", GVT_OP_MI_REPORT_PERF_COUNT, GVT_ON_RCS, .len_bits = 6,
		   .len = 4, .max = 4,
		   .addr = { { GVT_SPACE_GGTT_IF, 1, .bit_dw = 1, .bit = 0, .bytes = 256 } } },
	[0x29] = { LONG(MI_LOAD_REGISTER_MEM, GVT_ON_ALL, 4, 4),
		   .addr = { GGTT_IF_22(2, 4) }, .reg = { { 1, 0, true } } },
	[0x2a] = { LONG(MI_LOAD_REGISTER_REG, GVT_ON_ALL, 3, 3),
		   .reg = { { 1, 0, false }, { 2, 0, true } } },
	[0x2b] = SKIPPED(MI_RS_STORE_DATA_IMM, GVT_ON_RCS, .len_bits = 8, .len = 4, .max = 4,
			 .addr = { GGTT_IF_22(1, 4) }),
	[0x2c] = SKIPPED(MI_LOAD_URB_MEM, GVT_ON_RCS, .len_bits = 8, .len = 4, .max = 4,
			 .addr = { GGTT_IF_22(2, 64) }),
	[0x2d] = SKIPPED(MI_STORE_URB_MEM, GVT_ON_RCS, .len_bits = 8, .len = 4, .max = 4,
			 .addr = { GGTT_IF_22(2, 64) }),
	/* The destination comes first; each address has a GGTT bit of its own. */
	[0x2e] = { LONG(MI_COPY_MEM_MEM, GVT_ON_ALL, 5, 5),
		   .addr = { { GVT_SPACE_GGTT_IF, 1, .bit = 21, .bytes = 4 },
			     { GVT_SPACE_GGTT_IF, 3, .bit = 22, .bytes = 4 } } },
	/* 3 dwords, or 11 with the operands inline; up to 16 bytes wide. */
	[0x2f] = { LONG(MI_ATOMIC, GVT_ON_ALL, 3, 11), .addr = { GGTT_IF_22(1, 16) } },
	[0x31] = { LONG(MI_BATCH_BUFFER_START, GVT_ON_ALL, 3, 3),
		   .addr = { { GVT_SPACE_PPGTT_IF, 1, .bit = 8, .bytes = 4 } } },
	[0x36] = { LONG(MI_CONDITIONAL_BATCH_BUFFER_END, GVT_ON_ALL, 4, 4),
		   .addr = { GGTT_IF_22(2, 8) } },
};
/* clang-format on */

const struct gvt_cmd_rows gvt_cmds_mi = { rows, ARRAY_SIZE(rows) };
