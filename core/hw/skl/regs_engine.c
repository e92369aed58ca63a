/* SPDX-License-Identifier: MIT */
/*
 * Command streamers: the registers that each engine has at the same distance from its base, and
 * those that only one engine has. A reset of an engine (GDRST, regs_gt.c) gives all of them their
 * reset values.
 *
 * Offsets, bits and reset values: intel_engine_regs.h of Linux' i915 and the code that uses it, and
 * the list of registers that GVT-g tracks; CSB_PTR_NONE is from GVT-g's execlist.c.
 */
#include "core/hw/bits.h"
#include "core/hw/reg.h"

#define EACH .flags = GVT_REG_ENGINE		   /* one for each engine, from its base */
#define RUNS .flags = GVT_REG_ENGINE | GVT_REG_GPU /* the same, about what it runs */
#define LIVE RUNS, .read = GVT_READ_LIVE
/* The same, with an address of the mediator's memory. */
#define OURS	  .flags = GVT_REG_ENGINE | GVT_REG_GPU | GVT_REG_HIDDEN
#define LIVE_OURS OURS, .read = GVT_READ_LIVE

#define CSB_PTR_NONE 7 /* no entry was written since reset */

static const struct gvt_reg rows[] = {
	/* The ring, and what it is doing. */
	{ "RING_EXCC", .offset = 0x28, EACH, .kind = GVT_REG_MASKED },
	{ "RING_TAIL", .offset = 0x30, LIVE },
	{ "RING_HEAD", .offset = 0x34, LIVE },
	{ "RING_START", .offset = 0x38, OURS, .read = GVT_READ_RING_START, .wmask = 0xfffff000 },
	{ "RING_CTL", .offset = 0x3c, LIVE },
	{ "RING_SYNC", .offset = 0x40, EACH, .count = 3 },
	{ "RING_PSMI_CTL", .offset = 0x50, EACH, .kind = GVT_REG_MASKED },
	{ "RING_MAX_IDLE", .offset = 0x54, EACH },
	{ "RING_ACTHD_UDW", .offset = 0x5c, LIVE_OURS, .ro = true },
	{ "RING_DMA_FADD_UDW", .offset = 0x60, LIVE_OURS, .ro = true },
	{ "RING_IPEIR", .offset = 0x64, EACH, .kind = GVT_REG_W1C },
	{ "RING_IPEHR", .offset = 0x68, LIVE, .ro = true },
	{ "RING_INSTDONE", .offset = 0x6c, LIVE, .ro = true,
	  .reset = 0xffffffff }, /* a one for each unit that is idle */
	{ "RING_INSTPS", .offset = 0x70, LIVE, .ro = true },
	{ "RING_ACTHD", .offset = 0x74, LIVE_OURS, .ro = true },
	{ "RING_DMA_FADD", .offset = 0x78, LIVE_OURS, .ro = true },
	{ "RING_HWS_PGA", .offset = 0x80, EACH, .wmask = 0xfffff000, .told = GVT_TOLD_STATUS_PAGE },
	{ "RING_NOPID", .offset = 0x94, EACH, .ro = true },
	{ "RING_HWSTAM", .offset = 0x98, EACH, .reset = 0xffffffff },
	/* Always idle: the engine fetches from no ring but that of a context. */
	{ "RING_MI_MODE", .offset = 0x9c, EACH, .kind = GVT_REG_MASKED, .reset = MI_MODE_MODE_IDLE,
	  .wmask = ~MI_MODE_MODE_IDLE },
	{ "RING_IMR", .offset = 0xa8, EACH, .reset = 0xffffffff },
	{ "RING_EIR", .offset = 0xb0, EACH, .kind = GVT_REG_W1C },
	{ "RING_EMR", .offset = 0xb4, EACH, .reset = 0xffffffff },
	{ "RING_ESR", .offset = 0xb8, EACH, .ro = true },
	{ "RING_INSTPM", .offset = 0xc0, EACH, .kind = GVT_REG_MASKED },
	{ "RING_CMD_CCTL", .offset = 0xc4, EACH },
	{ "RING_R_PWR_CLK_STATE", .offset = 0xc8, EACH },
	{ "RING_RESET_CTL", .offset = 0xd0, EACH, .kind = GVT_REG_MASKED,
	  .wmask = RESET_CTL_REQUEST, .state = RESET_CTL_READY, .take = GVT_TAKE_RESET_CTL },
	{ "RING_CSFE_CHICKEN1", .offset = 0xd4, EACH, .kind = GVT_REG_MASKED },
	{ "RING_BBSTATE", .offset = 0x110, LIVE, .ro = true },
	{ "RING_SBBADDR", .offset = 0x114, LIVE_OURS, .ro = true },
	{ "RING_SBBSTATE", .offset = 0x118, LIVE, .ro = true },
	{ "RING_SBBADDR_UDW", .offset = 0x11c, LIVE_OURS, .ro = true },
	{ "RING_UHPTR", .offset = 0x134, OURS },
	{ "RING_BBADDR", .offset = 0x140, LIVE_OURS, .ro = true },
	{ "RING_BB_START_ADDR", .offset = 0x150, LIVE },
	{ "RING_BB_ADDR_DIFF", .offset = 0x154, LIVE },
	{ "RING_BB_OFFSET", .offset = 0x158, LIVE },
	{ "RING_BBADDR_UDW", .offset = 0x168, LIVE_OURS, .ro = true },
	{ "RING_PR_CTR_CTL", .offset = 0x178, EACH },
	{ "RING_PR_CTR_THRSH", .offset = 0x17c, EACH },
	{ "RING_PR_CTR", .offset = 0x190, EACH },
	{ "RING_CCID", .offset = 0x180, OURS },
	{ "RING_BB_PER_CTX_PTR", .offset = 0x1c0, OURS },
	{ "RING_INDIRECT_CTX", .offset = 0x1c4, OURS },
	{ "RING_INDIRECT_CTX_OFFSET", .offset = 0x1c8, RUNS },
	{ "RING_ECOSKPD", .offset = 0x1d0, EACH, .kind = GVT_REG_MASKED },
	{ "RING_CSCMDOP", .offset = 0x20c, EACH },

	/* Contexts. */
	{ "RING_PP_DIR_DCLV", .offset = 0x220, RUNS },
	{ "RING_PP_DIR_BASE", .offset = 0x228, OURS },
	{ "RING_ELSP", .offset = 0x230, RUNS, .write = GVT_WRITE_ELSP },
	{ "RING_EXECLIST_STATUS", .offset = 0x234, RUNS, .ro = true, .count = 2 },
	{ "RING_CONTEXT_CONTROL", .offset = 0x244, RUNS, .kind = GVT_REG_MASKED },
	{ "RING_SEMA_WAIT_POLL", .offset = 0x24c, EACH },
	{ "RING_PDP", .offset = 0x270, OURS, .count = 8 },
	{ "RING_MODE", .offset = 0x29c, EACH, .kind = GVT_REG_MASKED },
	{ "RING_TIMESTAMP", .offset = 0x358, EACH, .read = GVT_READ_TIMESTAMP },
	{ "RING_TIMESTAMP_UDW", .offset = 0x35c, EACH, .read = GVT_READ_TIMESTAMP_UDW },
	{ "RING_CONTEXT_STATUS_BUF", .offset = 0x370, RUNS, .ro = true, .count = 12 },
	{ "RING_CONTEXT_STATUS_PTR", .offset = 0x3a0, RUNS, .kind = GVT_REG_MASKED,
	  .reset = CSB_PTR_NONE },
	{ "RING_CTX_TIMESTAMP", .offset = 0x3a8, LIVE },
	{ "RING_PREDICATE_RESULT", .offset = 0x3b8, EACH },
	{ "MI_PREDICATE_RESULT_2", .offset = 0x3bc, EACH },
	{ "MI_PREDICATE_SRC0", .offset = 0x400, EACH, .count = 2, .read = GVT_READ_LIVE },
	{ "MI_PREDICATE_SRC1", .offset = 0x408, EACH, .count = 2, .read = GVT_READ_LIVE },
	{ "MI_PREDICATE_DATA", .offset = 0x410, EACH, .count = 2, .read = GVT_READ_LIVE },
	{ "MI_PREDICATE_RESULT", .offset = 0x418, EACH, .read = GVT_READ_LIVE },
	{ "MI_PREDICATE_RESULT_1", .offset = 0x41c, EACH, .read = GVT_READ_LIVE },
	{ "RING_FORCE_TO_NONPRIV", .offset = 0x4d0, EACH, .count = 12, .read = GVT_READ_NONPRIV,
	  .told = GVT_TOLD_NONPRIV },
	{ "RING_PP_DIR_BASE_READ", .offset = 0x518, OURS, .ro = true },
	{ "RING_CS_GPR", .offset = 0x600, EACH, .count = 32, .read = GVT_READ_LIVE },

	/* The render engine alone. */
	{ "PGTBL_CTL", .offset = 0x2020 },
	{ "PGTBL_ER", .offset = 0x2024, .kind = GVT_REG_W1C },
	{ "_3D_CHICKEN", .offset = 0x2084, .kind = GVT_REG_MASKED },
	{ "FF_SLICE_CHICKEN", .offset = 0x2088, .kind = GVT_REG_MASKED },
	{ "_3D_CHICKEN2", .offset = 0x208c, .kind = GVT_REG_MASKED },
	{ "_3D_CHICKEN3", .offset = 0x2090, .kind = GVT_REG_MASKED },
	{ "GEN7_FF_THREAD_MODE", .offset = 0x20a0 },
	{ "WAIT_FOR_RC6_EXIT", .offset = 0x20cc, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_20D8", .offset = 0x20d8, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_20DC", .offset = 0x20dc, .kind = GVT_REG_MASKED },
	{ "GEN7_FF_SLICE_CS_CHICKEN1", .offset = 0x20e0, .kind = GVT_REG_MASKED },
	{ "FF_SLICE_CS_CHICKEN2", .offset = 0x20e4, .kind = GVT_REG_MASKED },
	{ "GEN9_CS_DEBUG_MODE1", .offset = 0x20ec, .kind = GVT_REG_MASKED },
	{ "GEN8_STATE_ACK", .offset = 0x20f0, .kind = GVT_REG_MASKED },
	{ "GEN9_STATE_ACK_SLICE1", .offset = 0x20f8, .kind = GVT_REG_MASKED },
	{ "GEN9_STATE_ACK_SLICE2", .offset = 0x2100, .kind = GVT_REG_MASKED },
	{ "CACHE_MODE_0", .offset = 0x2120, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_2124", .offset = 0x2124, .kind = GVT_REG_MASKED },
	{ "ILK_FBC_RT_BASE", .offset = 0x2128 },
	{ "GEN9_RESERVED_2148", .offset = 0x2148 },
	{ "GEN9_RESERVED_215C", .offset = 0x215c },
	{ "GFX_FLSH_CNTL", .offset = 0x2170 },
	{ "CXT_SIZE", .offset = 0x21a0 },
	{ "GEN7_CXT_SIZE", .offset = 0x21a8 },
	{ "GEN9_RESERVED_21F0", .offset = 0x21f0 },
	{ "HSW_MI_PREDICATE_RESULT_2", .offset = 0x2214 },
	{ "GEN9_CTX_PREEMPT_REG", .offset = 0x2248 },
	{ "GPGPU_THREADS_DISPATCHED", .offset = 0x2290, .count = 2 },
	{ "GEN9_RCS_FE_FSM2", .offset = 0x22a4, .ro = true },
	{ "GEN6_RCS_PWR_FSM", .offset = 0x22ac, .ro = true },
	{ "HS_INVOCATION_COUNT", .offset = 0x2300, .count = 2 },
	{ "DS_INVOCATION_COUNT", .offset = 0x2308, .count = 2 },
	{ "IA_VERTICES_COUNT", .offset = 0x2310, .count = 2 },
	{ "IA_PRIMITIVES_COUNT", .offset = 0x2318, .count = 2 },
	{ "VS_INVOCATION_COUNT", .offset = 0x2320, .count = 2 },
	{ "GS_INVOCATION_COUNT", .offset = 0x2328, .count = 2 },
	{ "GS_PRIMITIVES_COUNT", .offset = 0x2330, .count = 2 },
	{ "CL_INVOCATION_COUNT", .offset = 0x2338, .count = 2 },
	{ "CL_PRIMITIVES_COUNT", .offset = 0x2340, .count = 2 },
	{ "PS_INVOCATION_COUNT", .offset = 0x2348, .count = 2 },
	{ "PS_DEPTH_COUNT", .offset = 0x2350, .count = 2 },
	{ "GEN8_OACTXCONTROL", .offset = 0x2360, .read = GVT_READ_LIVE },
	{ "GEN8_OACTXID", .offset = 0x2364 },
	{ "GEN7_3DPRIM_END_OFFSET", .offset = 0x2420 },
	{ "GEN7_3DPRIM_START_VERTEX", .offset = 0x2430 },
	{ "GEN7_3DPRIM_VERTEX_COUNT", .offset = 0x2434 },
	{ "GEN7_3DPRIM_INSTANCE_COUNT", .offset = 0x2438 },
	{ "GEN7_3DPRIM_START_INSTANCE", .offset = 0x243c },
	{ "GEN7_3DPRIM_BASE_VERTEX", .offset = 0x2440 },
	{ "GEN9_RESERVED_2470", .offset = 0x2470, .kind = GVT_REG_MASKED },
	{ "GEN7_GPGPU_DISPATCHDIM", .offset = 0x2500, .count = 3 },
	{ "GFX_MODE", .offset = 0x2520, .kind = GVT_REG_MASKED },
	{ "GEN8_CS_CHICKEN1", .offset = 0x2580, .kind = GVT_REG_MASKED },
	{ "GEN9_RESERVED_2690", .offset = 0x2690, .count = 3 },
	{ "DRAW_WATERMARK", .offset = 0x26c0 },
	{ "GEN9_RESERVED_28A0", .offset = 0x28a0 },

	/* Video, video enhancement and blitter. */
	{ "VCS_CNTR", .offset = 0x12198 },
	{ "BCS_SWCTRL", .offset = 0x22200, .kind = GVT_REG_MASKED },
	{ "VCS1_MAX_IDLE", .offset = 0x1c054 },
	{ "VCS1_PR_CTR_CTL", .offset = 0x1c178 },
	{ "VCS1_PR_CTR_THRSH", .offset = 0x1c17c },
	{ "VCS1_ECOSKPD", .offset = 0x1c1d0, .kind = GVT_REG_MASKED },
};

const struct gvt_reg_block gvt_block_engine = { "engine", rows, ARRAY_SIZE(rows) };
