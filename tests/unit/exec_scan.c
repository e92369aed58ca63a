/* SPDX-License-Identifier: MIT */
/* The audit of rings and batches: what passes, what is refused and why, and what is corrected. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/exec_golden.h"
#include "tests/unit/exec_rig.h"

#define MI_BATCH_BUFFER_END 0x05000000u
#define MI_ARB_CHECK	    0x02800000u
#define MI_ARB_ON_OFF	    0x04000000u
#define LRI(n)		    (0x11000000u | (2 * (n)-1))
#define BBS_GGTT	    0x18800001u
#define BBS_PPGTT	    0x18800101u
#define BBS_SECOND	    0x00400000u
#define BBS_PREDICATED	    0x00008000u

#define HIDDEN ((u32)RIG_LIMIT)
#define BLIT   0x54300005, 0x03f00100, 0, 0x00010001, HIDDEN, 0, 5

/* What no guest may submit: the engine, the dwords, and the verdict. */
static const struct refusal {
	enum gvt_engine engine;
	u32 dw[12];
	int err;
	enum gvt_scan_why kind;
	u32 offset; /* of the command, in bytes */
	u64 addr;
	const char *name;
} refusals[] = {
	/* Commands. */
	{ GVT_RCS0, { 0, 0x20000000 }, -EBADRQC, GVT_SCAN_UNKNOWN, 4, 0, NULL },
	{ GVT_BCS0, { 0x7a000004 }, -EBADRQC, GVT_SCAN_UNKNOWN, 0, 0, NULL },
	{ GVT_RCS0,
	  { 0x18800000, 0, 0 },
	  -EBADRQC,
	  GVT_SCAN_LENGTH,
	  0,
	  2,
	  "MI_BATCH_BUFFER_START" },
	{ GVT_RCS0, { 0x7a000005 }, -EBADRQC, GVT_SCAN_LENGTH, 0, 7, "PIPE_CONTROL" },
	{ GVT_RCS0,
	  { 0x7a000002, 0x01004000, 0, 0 },
	  -EBADRQC,
	  GVT_SCAN_LENGTH,
	  0,
	  4,
	  "PIPE_CONTROL" },
	{ GVT_RCS0,
	  { 0x7a000001, 0x00800000, 0x2600 },
	  -EBADRQC,
	  GVT_SCAN_LENGTH,
	  0,
	  3,
	  "PIPE_CONTROL" },
	{ GVT_BCS0, { 0x13004001, 4, 0 }, -EBADRQC, GVT_SCAN_LENGTH, 0, 3, "MI_FLUSH_DW" },
	{ GVT_RCS0,
	  { 0x10800002, 0xffc, 1, 2 },
	  -EBADRQC,
	  GVT_SCAN_LENGTH,
	  0,
	  4,
	  "MI_STORE_DATA_INDEX" },
	{ GVT_BCS0, { 0x13004004, 4, 0 }, -EBADRQC, GVT_SCAN_LENGTH, 0, 6, "MI_FLUSH_DW" },
	{ GVT_RCS0,
	  { 0x11000002, 0x2600 },
	  -EBADRQC,
	  GVT_SCAN_LENGTH,
	  0,
	  4,
	  "MI_LOAD_REGISTER_IMM" },
	{ GVT_RCS0, { 0x6101003f }, -EBADRQC, GVT_SCAN_CUT, 0, 0x41, "STATE_BASE_ADDRESS" },
	{ GVT_RCS0,
	  { 0, 0, MI_BATCH_BUFFER_END },
	  -EBADRQC,
	  GVT_SCAN_NEVER,
	  8,
	  0,
	  "MI_BATCH_BUFFER_END" },
	{ GVT_RCS0, { 0x11800001, 0x1000, 1 }, -EPERM, GVT_SCAN_NEVER, 0, 0, "MI_UPDATE_GTT" },
	{ GVT_RCS0, { 0x0c000000, 0x1000 }, -EPERM, GVT_SCAN_NEVER, 0, 0, "MI_SET_CONTEXT" },
	{ GVT_BCS0, { 0x0a000001, 0, 0x1000 }, -EPERM, GVT_SCAN_NEVER, 0, 0, "MI_DISPLAY_FLIP" },

	/* Registers: loaded with a value, from memory, from a register, and by a flush. */
	{ GVT_RCS0, { LRI(1), 0x2030, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2030 },
	{ GVT_RCS0, { LRI(1), 0x2034, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2034 },
	{ GVT_RCS0, { LRI(1), 0x2038, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2038 },
	{ GVT_RCS0, { LRI(1), 0x203c, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x203c },
	{ GVT_RCS0, { LRI(2), 0x2600, 1, 0x2080, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2080 },
	{ GVT_RCS0, { LRI(1), 0x20a8, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x20a8 },
	{ GVT_RCS0, { LRI(1), 0x20d0, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x20d0 },
	{ GVT_RCS0, { LRI(1), 0x2230, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2230 },
	{ GVT_RCS0, { LRI(1), 0x2244, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2244 },
	{ GVT_RCS0, { LRI(1), 0x229c, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x229c },
	{ GVT_RCS0, { LRI(1), 0x2370, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2370 },
	{ GVT_RCS0, { LRI(1), 0x2b14, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2b14 },
	{ GVT_RCS0, { LRI(1), 0x21c4, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x21c4 },
	{ GVT_RCS0, { LRI(1), 0x2270, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2270 },
	{ GVT_BCS0, { LRI(1), 0x22030, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x22030 },
	{ GVT_BCS0, { LRI(1), 0x2600, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2600 },
	{ GVT_RCS0, { LRI(1), 0x941c, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x941c },
	{ GVT_RCS0, { LRI(1), 0xa278, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0xa278 },
	{ GVT_RCS0, { LRI(1), 0x44200, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x44200 },
	{ GVT_RCS0, { LRI(1), 0x44304, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x44304 },
	{ GVT_RCS0, { LRI(1), 0x100000, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x100000 },
	{ GVT_RCS0, { LRI(1), 0x101008, 1 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x101008 },
	{ GVT_RCS0, { LRI(1), 0x1f0000, 1 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x1f0000 },
	{ GVT_RCS0, { LRI(1), 0x7ffffc, 1 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x7ffffc },
	{ GVT_RCS0, { LRI(1), 0xff802033, 1 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x2030 },
	{ GVT_RCS0,
	  { 0x14800002, 0x2080, 0x1000, 0 },
	  -EPERM,
	  GVT_SCAN_REGISTER,
	  0,
	  0x2080,
	  "MI_LOAD_REGISTER_MEM" },
	{ GVT_RCS0,
	  { 0x15000001, 0x2600, 0x2038 },
	  -EPERM,
	  GVT_SCAN_REGISTER,
	  0,
	  0x2038,
	  "MI_LOAD_REGISTER_REG" },
	{ GVT_RCS0, { 0x15000001, 0x1f0000, 0x2600 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x1f0000 },
	{ GVT_RCS0,
	  { 0x12000002, 0x1f0000, 0x1000, 0 },
	  -EPERM,
	  GVT_SCAN_REGISTER,
	  0,
	  0x1f0000,
	  "MI_STORE_REGISTER_MEM" },
	{ GVT_RCS0,
	  { 0x0e010002, 0, 0x1f0000, 0 },
	  -EPERM,
	  GVT_SCAN_REGISTER,
	  0,
	  0x1f0000,
	  "MI_SEMAPHORE_WAIT" },
	{ GVT_RCS0,
	  { 0x7a000004, 0x00800000, 0x2030, 0, 0, 0 },
	  -EPERM,
	  GVT_SCAN_REGISTER,
	  0,
	  0x2030,
	  "PIPE_CONTROL" },
	/*
	 * A slot of registers that unprivileged batches may write (exec_nonpriv.c), byte by byte:
	 * 0x2090 with the last byte of 0x2638 would be the ring's start. And a slot that is loaded
	 * from memory.
	 */
	{ GVT_RCS0, { LRI(1) | 0xe00, 0x24d0, 0x2638 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x24d0 },
	{ GVT_RCS0, { 0x15000001, 0x2600, 0x24d0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x24d0 },
	{ GVT_RCS0, { 0x14800002, 0x24d0, 0x1000, 0 }, -EPERM, GVT_SCAN_REGISTER, 0, 0x24d0 },

	/* Addresses in the GGTT. */
	{ GVT_RCS0, { 0x10400002, HIDDEN, 0, 1 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x10400003, HIDDEN - 4, 0, 1, 2 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN - 4 },
	{ GVT_RCS0, { 0x10400002, 0x1000, 1, 1 }, -EFAULT, GVT_SCAN_ADDRESS, 0, 0x100001000 },
	{ GVT_RCS0,
	  { 0x10400002, 0xfffffffc, 0xffff, 1 },
	  -EFAULT,
	  GVT_SCAN_ADDRESS,
	  0,
	  0xfffffffffffc },
	{ GVT_RCS0, { 0x12400002, 0x2600, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x14c00002, 0x2600, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x0e400002, 0, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x17c00001, HIDDEN - 8, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN - 8 },
	{ GVT_RCS0, { 0x17200003, HIDDEN, 0, 0, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x17400003, 0, 0, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x14000002, HIDDEN | 1, 0, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x1b400002, 0, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x13c00001, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0, { 0x16c00002, 0, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	{ GVT_RCS0,
	  { 0x7a000004, 0x01004000, HIDDEN, 0, 0, 0 },
	  -EFAULT,
	  GVT_SCAN_ADDRESS,
	  0,
	  HIDDEN },
	/* Beside a load of an allowed register. */
	{ GVT_RCS0,
	  { 0x7a000004, 0x01804000, HIDDEN | 0x2600, 0, 0, 0 },
	  -EFAULT,
	  GVT_SCAN_ADDRESS,
	  0,
	  HIDDEN | 0x2600 },
	{ GVT_BCS0, { 0x13004002, HIDDEN | 4, 0, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN | 4 },
	{ GVT_RCS0, { BBS_GGTT, HIDDEN, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, HIDDEN },
	/* Offsets beyond the status page. */
	{ GVT_RCS0,
	  { 0x7a000004, 0x00204000, 0x1000, 0, 0, 0 },
	  -EFAULT,
	  GVT_SCAN_ADDRESS,
	  0,
	  0x1000 },
	{ GVT_BCS0, { 0x13204002, 0x1004, 0, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, 0x1000 },
	{ GVT_RCS0, { 0x10800001, 0x1000, 0 }, -EFAULT, GVT_SCAN_ADDRESS, 0, 0x1000 },

	/* Batches. */
	{ GVT_RCS0, { BBS_GGTT | BBS_SECOND, 0x100000, 0 }, -EBADRQC, GVT_SCAN_NEVER, 0, 0x100000 },
	/* Into its middle, at an offset that a register has. */
	{ GVT_RCS0, { BBS_GGTT | 1u << 16, 0x100000, 0 }, -EBADRQC, GVT_SCAN_NEVER, 0, 0x100000 },
	{ GVT_RCS0, { BBS_GGTT, 0x123000, 0 }, -EFAULT, GVT_SCAN_BATCH, 0, 0x123000 },
};

START_TEST(refused)
{
	const struct refusal *c = &refusals[_i];
	struct rig *r = rig_new(c->engine);

	rig_write(r->ring, c->dw, ARRAY_SIZE(c->dw));
	ck_assert_int_eq(rig_ring(r), c->err);
	ck_assert_int_eq(r->fault.kind, c->kind);
	ck_assert_str_eq(r->fault.why, gvt_scan_why_name(c->kind));
	ck_assert_uint_eq(r->fault.offset, c->offset);
	ck_assert_uint_eq(r->fault.cmd, c->dw[c->offset / 4]);
	ck_assert_uint_eq(r->fault.addr, c->addr);
	ck_assert_uint_eq(r->fault.buffer, 0);
	if (c->kind == GVT_SCAN_UNKNOWN)
		ck_assert_ptr_null(r->fault.name);
	else if (c->name)
		ck_assert_str_eq(r->fault.name, c->name);
	for (int why = 0; why < GVT_SCAN_NR_WHYS; why++)
		ck_assert_uint_eq(r->counts.refused[why], why == (int)c->kind);
	/* Without a fault to fill in, the verdict is the same. */
	ck_assert_int_eq(gvt_scan_ring(&r->scan, r->ring, RIG_DWORDS, NULL), c->err);
	rig_free(r);
}
END_TEST

/* What drivers do submit, unchanged. */
static const struct {
	enum gvt_engine engine;
	u32 dw[12];
} accepted[] = {
	{ GVT_RCS0, { 0x7a000004, 0x01104000, 0xfbfffff8, 0, 1, 2 } }, /* seqno by PIPE_CONTROL */
	{ GVT_RCS0, { 0x7a000004, 0x08304000, 0x80, 0, 0, 0 } },       /* into the context's page */
	{ GVT_RCS0, { 0x7a000004, 0x00101001, 0xffffffff, ~0u, 0, 0 } }, /* no post-sync write */
	{ GVT_BCS0, { 0x13204002, 0xff8, 0, 7, 0x01000000 } },		 /* seqno by MI_FLUSH_DW */
	{ GVT_BCS0, { 0x13000002, 0xffffffff, ~0u, 0 } },
	/* Short commands: the missing dwords are zero. */
	{ GVT_BCS0, { 0x13000000, 0, MI_ARB_CHECK } },
	{ GVT_RCS0, { 0x7a000000, 0x00100000, 0x7a000003, 0x01004000, 0x1000, 0, 5 } },
	{ GVT_RCS0, { 0x10400002, HIDDEN - 4, 0, 1 } },
	{ GVT_RCS0, { 0x10400003, HIDDEN - 8, 0, 1, 2 } },
	{ GVT_RCS0, { 0x10000002, 0x1000, 5, 1 } }, /* the context's own addresses are allowed */
	{ GVT_RCS0, { BBS_PPGTT, 0xfffff000, 0xffff } },
	{ GVT_RCS0, { 0x0e40c002, 1, 0x2000, 0 } },
	{ GVT_RCS0, { 0x0e010002, 1, 0x2358, 0 } },
	{ GVT_RCS0, { LRI(4), 0x7014, 1, 0x2088, 1, 0x2090, 1, 0xe4f0, 1 } },
	{ GVT_RCS0, { LRI(4), 0xb020, 1, 0xc800, 1, 0xb118, 1, 0x2580, 1 } },
	{ GVT_RCS0, { LRI(3), 0x24d0, 0x2580, 0x24d4, 0x7304, 0x2600, 0 } },
	{ GVT_RCS0, { 0x12400002, 0xb118, 0x2000, 0, 0x14c00002, 0xb118, 0x2000, 0 } },
	{ GVT_RCS0, { LRI(1) | 0x700, 0x7014, 1 } },
	{ GVT_VCS0, { 0x12400002, 0x12358, 0x2000, 0, LRI(1), 0x12600, 0 } },
	{ GVT_RCS0, { 0x12400002, 0x2030, 0x2000, 0 } }, /* reading is allowed, writing is not */
	{ GVT_RCS0, { MI_ARB_CHECK, 0x01000000, 0x06000002 } },
};

START_TEST(passes)
{
	struct rig *r = rig_new(accepted[_i].engine);

	rig_write(r->ring, accepted[_i].dw, ARRAY_SIZE(accepted[_i].dw));
	ck_assert_msg(rig_ring(r) == 0, "%s: %s 0x%llx", r->fault.why, r->fault.name,
		      (unsigned long long)r->fault.addr);
	ck_assert_int_eq(memcmp(r->ring, accepted[_i].dw, sizeof(accepted[_i].dw)), 0);
	ck_assert_uint_eq(r->counts.dwords, RIG_DWORDS);
	ck_assert_uint_eq(r->copied, 0);
	rig_free(r);
}
END_TEST

/* Writes of these registers have no effect. */
START_TEST(sinks)
{
	struct rig *r = rig_new(GVT_BCS0);

	RIG_RING(r, LRI(3), 0x44050, 1, 0x22600, 2, 0xa188, 0x10001);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->ring[1], GVT_SCAN_SINK);
	ck_assert_uint_eq(r->ring[3], 0x22600);
	ck_assert_uint_eq(r->ring[5], GVT_SCAN_SINK);
	ck_assert_uint_eq(r->ring[6], 0x10001);
	ck_assert_uint_eq(r->counts.sunk, 2);
	rig_free(r);
}
END_TEST

/*
 * What i915 loads by commands: the context workarounds of Gen8 and Gen9 (intel_workarounds.c), its
 * tables of memory attributes, and counters that Mesa and IGT's tests read.
 */
START_TEST(driver_registers)
{
	static const u32 writes[] = {
		0x20c0, 0x209c, 0x20d4, 0x2580, 0x2088, 0x2090, 0x5588, 0x7000, 0x7004,
		0x7008, 0x7010, 0x7014, 0x7018, 0x7300, 0x7304, 0xe100, 0xe180, 0xe184,
		0xe188, 0xe194, 0xe4f0, 0xe4f4, 0xb118, 0xb11c, 0xb100, 0x2360, 0x20c8,
		0x24d0, 0x24fc, 0xb020, 0xb09c, 0xc800, 0xc8fc, 0xc900, 0xcb00, 0xcc00,
		0x2600, 0x267c, 0x2400, 0x2404, 0x2408, 0x240c, 0x2418, 0x5280, 0x528c,
	};
	static const u32 reads[] = {
		0x2358, 0x235c, 0x12358, 0x22358, 0x1a358, 0x23a8, 0x2300, 0x2350, 0x5200, 0x5240,
		0x2430, 0x2440, 0x2500,	 0x2508,  0x2290,  0x9120, 0xb118, 0x7014, 0xe4f0, 0x2030,
	};
	struct rig *r = rig_new(GVT_RCS0);

	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		RIG_RING(r, LRI(1), writes[i], 0x2600);
		ck_assert_msg(rig_ring(r) == 0, "0x%x is not written", writes[i]);
		ck_assert_uint_eq(r->ring[1], writes[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
		RIG_RING(r, 0x12400002, reads[i], 0x1000, 0);
		ck_assert_msg(rig_ring(r) == 0, "0x%x is not read", reads[i]);
	}
	rig_free(r);
}
END_TEST

/* Of all registers the guest may write a few named ones, and no others. */
START_TEST(write_rules)
{
	static const u32 bases[] = { 0x2000, 0x22000, 0x12000, 0x1a000 };
	struct rig *r = rig_new(GVT_RCS0);

	for (int e = 0; e < GVT_NR_ENGINES; e++)
		for (u32 at = 0; at < MiB(8); at += 4) {
			enum gvt_reg_rule rule = gvt_rule_write(r->f->gvt, e, at);
			bool own = at - bases[e] < 0x1000;
			bool shared = at >= 0x4ab0 && at < 0xe800;

			UNIT_CHECK(rule == GVT_RULE_REFUSE || own || shared ||
					   rule == GVT_RULE_SINK,
				   "engine %d writes 0x%x", e, at);
			UNIT_CHECK(rule == GVT_RULE_REFUSE || intel_gvt_reg(r->f->gvt, at),
				   "engine %d writes 0x%x, which nobody knows", e, at);
		}
	rig_free(r);
}
END_TEST

START_TEST(page_directories)
{
	struct rig *r = rig_new(GVT_RCS0);

	r->scan.special = rig_special;
	r->special_val = 0x1234;
	RIG_RING(r, LRI(2), 0x2600, 5, 0x2274, 0xdead);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->special_at, 0x2274);
	ck_assert_uint_eq(r->ring[2], 5);
	ck_assert_uint_eq(r->ring[4], 0x1234);
	/* If the value is not known, or only some bytes of it, special() is not called. */
	RIG_RING(r, LRI(1) | 0x100, 0x2270, 0xdead);
	ck_assert_int_eq(rig_ring(r), -EPERM);
	RIG_RING(r, 0x14800002, 0x2270, 0x1000, 0);
	ck_assert_int_eq(rig_ring(r), -EPERM);
	ck_assert_uint_eq(r->specials, 1);
	r->fail = -ENOENT;
	RIG_RING(r, LRI(1), 0x2270, 0xdead);
	ck_assert_int_eq(rig_ring(r), -ENOENT);
	rig_free(r);
}
END_TEST

/* No guest decides when others may have the engine. */
START_TEST(arbitration)
{
	struct rig *r = rig_new(GVT_RCS0);

	RIG_RING(r, MI_ARB_ON_OFF, BBS_GGTT, RIG_AT(0), 0, MI_ARB_ON_OFF | 1, MI_ARB_CHECK);
	RIG_BATCH(r, 0, MI_ARB_CHECK, MI_ARB_ON_OFF, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->ring[0], 0);
	ck_assert_uint_eq(r->ring[4], 0);
	ck_assert_uint_eq(r->ring[5], MI_ARB_CHECK);
	ck_assert_uint_eq(r->batch[0][0], MI_ARB_CHECK);
	ck_assert_uint_eq(r->batch[0][1], 0);
	ck_assert_uint_eq(r->batch[0][2], MI_BATCH_BUFFER_END);
	rig_free(r);
}
END_TEST

/* The ring starts the copy, which was audited itself. */
START_TEST(batch)
{
	struct rig *r = rig_new(GVT_RCS0);

	RIG_RING(r, MI_ARB_CHECK, BBS_GGTT, RIG_AT(0), 0, MI_ARB_CHECK);
	RIG_BATCH(r, 0, LRI(1), 0x44050, 1, MI_BATCH_BUFFER_END, 0x20000000, 0xdeadbeef);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->ring[2], (u32)RIG_COPY(0));
	ck_assert_uint_eq(r->ring[3], 0);
	ck_assert_uint_eq(r->batch[0][1], GVT_SCAN_SINK);
	/* The dwords behind its end, which were not audited, are cleared. */
	ck_assert_uint_eq(r->batch[0][4], 0);
	ck_assert_uint_eq(r->batch[0][5], 0);
	ck_assert_uint_eq(r->counts.batches, 1);

	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, 0, LRI(1), 0x2030, 1, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), -EPERM);
	ck_assert_uint_eq(r->fault.buffer, RIG_AT(0));
	ck_assert_uint_eq(r->fault.offset, 4);

	/* One without an end, one that cannot be copied, and no callback to copy. */
	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, 0);
	ck_assert_int_eq(rig_ring(r), -EBADRQC);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_CUT);
	r->fail = -ENOMEM;
	ck_assert_int_eq(rig_ring(r), -ENOMEM);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_BATCH);
	r->scan.batch = NULL;
	ck_assert_int_eq(rig_ring(r), -EOPNOTSUPP);
	rig_free(r);
}
END_TEST

START_TEST(chained)
{
	struct rig *r = rig_new(GVT_RCS0);

	/* What is behind a jump is not executed, unless the jump has a predicate. */
	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, BBS_GGTT, RIG_AT(1), 0, 0x20000000);
	RIG_BATCH(r, 1, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->batch[0][1], (u32)RIG_COPY(1));
	ck_assert_uint_eq(r->batch[0][3], 0);

	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, BBS_GGTT | BBS_PREDICATED, RIG_AT(1), 0, 0x20000000);
	ck_assert_int_eq(rig_ring(r), -EBADRQC);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_UNKNOWN);
	ck_assert_uint_eq(r->fault.offset, 12);

	/* A jump to itself: it would be endless, so it does not start. */
	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, BBS_GGTT, RIG_AT(0), 0);
	r->copied = 0;
	for (int i = 0; i < 2; i++) {
		r->batch[0][1] = RIG_AT(0);
		ck_assert_int_eq(rig_ring(r), -E2BIG);
		ck_assert_int_eq(r->fault.kind, GVT_SCAN_NESTING);
	}
	ck_assert_uint_le(r->copied, 2 * GVT_SCAN_CHAIN);
	rig_free(r);
}
END_TEST

/* Many requests with a batch each are no chain. But their number is bounded too. */
START_TEST(many)
{
	static u32 ring[3 * (GVT_SCAN_BATCHES + 1)];
	struct rig *r = rig_new(GVT_RCS0);

	RIG_BATCH(r, 0, MI_BATCH_BUFFER_END);
	for (u32 i = 0; i < ARRAY_SIZE(ring); i += 3) {
		ring[i] = BBS_GGTT;
		ring[i + 1] = RIG_AT(0);
	}
	ck_assert_int_eq(gvt_scan_ring(&r->scan, ring, ARRAY_SIZE(ring) - 3, &r->fault), 0);
	ck_assert_uint_eq(r->counts.batches, GVT_SCAN_BATCHES);
	for (u32 i = 0; i < ARRAY_SIZE(ring); i += 3)
		ring[i + 1] = RIG_AT(0);
	ck_assert_int_eq(gvt_scan_ring(&r->scan, ring, ARRAY_SIZE(ring), &r->fault), -E2BIG);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_NESTING);
	ck_assert_uint_eq(r->fault.offset, (ARRAY_SIZE(ring) - 3) * sizeof(u32));
	rig_free(r);
}
END_TEST

START_TEST(nested)
{
	struct rig *r = rig_new(GVT_RCS0);

	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0, MI_ARB_CHECK);
	RIG_BATCH(r, 0, BBS_GGTT | BBS_SECOND, RIG_AT(1), 0, MI_BATCH_BUFFER_END);
	RIG_BATCH(r, 1, BBS_GGTT | BBS_SECOND, RIG_AT(2), 0, MI_BATCH_BUFFER_END);
	RIG_BATCH(r, 2, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->counts.batches, 3);
	ck_assert_uint_eq(r->batch[1][1], (u32)RIG_COPY(2));

	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, BBS_GGTT | BBS_SECOND, RIG_AT(1), 0, MI_BATCH_BUFFER_END);
	RIG_BATCH(r, 1, BBS_GGTT | BBS_SECOND, RIG_AT(2), 0, MI_BATCH_BUFFER_END);
	RIG_BATCH(r, 2, BBS_GGTT | BBS_SECOND, RIG_AT(3), 0, MI_BATCH_BUFFER_END);
	RIG_BATCH(r, 3, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), -E2BIG);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_NESTING);
	ck_assert_uint_eq(r->fault.buffer, RIG_AT(2));
	rig_free(r);
}
END_TEST

/* A blit in a ring writes the context's memory; in a batch, that is not known. */
START_TEST(blits)
{
	struct rig *r = rig_new(GVT_BCS0);

	RIG_RING(r, BLIT);
	ck_assert_int_eq(rig_ring(r), 0);
	RIG_BATCH(r, 0, BLIT, MI_BATCH_BUFFER_END);
	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	ck_assert_int_eq(rig_ring(r), -EPERM);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_NEVER);
	ck_assert_str_eq(r->fault.name, "XY_COLOR_BLT");
	ck_assert_int_eq(gvt_scan_indirect(&r->scan, r->batch[0], 7, &r->fault), -EPERM);
	r->scan.user = true;
	RIG_RING(r, BBS_PPGTT, RIG_AT(0), 0);
	ck_assert_int_eq(rig_ring(r), 0);
	rig_free(r);
}
END_TEST

START_TEST(unprivileged)
{
	struct rig *r = rig_new(GVT_RCS0);

	/* Left to the hardware's limits. */
	RIG_RING(r, BBS_PPGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, LRI(1), 0x2030, 1, 0x20000000);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->copied + r->copied_user, 0);

	/*
	 * Or audited: commands that the hardware drops may be there, those that it cannot execute
	 * may not.
	 */
	r->scan.user = true;
	ck_assert_int_eq(rig_ring(r), -EBADRQC);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_UNKNOWN);
	ck_assert_uint_eq(r->fault.offset, 12);
	RIG_BATCH(r, 0, LRI(1), 0x2030, 1, 0x10400002, HIDDEN, 0, 1, MI_BATCH_BUFFER_END, 0x123);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->copied_user, 2);
	ck_assert_uint_eq(r->copied, 0);
	/* The guest's batch itself runs, so its start is unchanged. */
	ck_assert_uint_eq(r->ring[1], RIG_AT(0));
	ck_assert_uint_eq(r->batch[0][8], 0x123);

	/* A start of a GGTT batch from there gives no privilege. */
	RIG_BATCH(r, 0, BBS_GGTT, RIG_AT(1), 0);
	RIG_BATCH(r, 1, LRI(1), 0x2030, 1, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->copied, 0);
	ck_assert_uint_eq(r->batch[0][1], RIG_AT(1));
	rig_free(r);
}
END_TEST

/* A loop that waits is walked once. */
START_TEST(circles)
{
	struct rig *r = rig_new(GVT_RCS0);

	r->scan.user = true;
	RIG_RING(r, BBS_PPGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, 0, BBS_PPGTT, RIG_AT(0), 0, 0x20000000);
	ck_assert_int_eq(rig_ring(r), 0);
	ck_assert_uint_eq(r->copied_user, 1);
	/* A loop through another batch; and not only because of a predicate. */
	RIG_BATCH(r, 0, BBS_PPGTT, RIG_AT(1), 0, 0x20000000);
	RIG_BATCH(r, 1, BBS_PPGTT | BBS_PREDICATED, RIG_AT(0), 0, MI_BATCH_BUFFER_END);
	ck_assert_int_eq(rig_ring(r), 0);
	RIG_BATCH(r, 1, BBS_PPGTT | BBS_PREDICATED, RIG_AT(0), 0, 0x20000000);
	ck_assert_int_eq(rig_ring(r), -EBADRQC);
	/* Behind a second-level batch, even if that is itself, it goes on. */
	RIG_BATCH(r, 0, BBS_PPGTT | BBS_SECOND, RIG_AT(0), 0, 0x20000000);
	ck_assert_int_eq(rig_ring(r), -EBADRQC);
	/* For privileged ones each start makes a copy, and their number is bounded. */
	RIG_RING(r, BBS_GGTT, RIG_AT(0), 0);
	RIG_BATCH(r, 0, 0, BBS_GGTT, RIG_AT(0), 0);
	ck_assert_int_eq(rig_ring(r), -E2BIG);
	rig_free(r);
}
END_TEST

#define BIG (GVT_SCAN_DWORDS / 2)

/* Each batch has BIG dwords, and jumps to the one below. RIG_AT(0) ends. */
static int big_batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	const u32 next = gma - RIG_AT(1) + RIG_AT(0);
	const u32 on[] = { BBS_PPGTT, next, 0 }, end[] = { MI_BATCH_BUFFER_END, 0, 0 };
	struct rig *r = priv;

	r->copied_user++;
	*copy = (struct gvt_scan_copy){ .dw = calloc(BIG, sizeof(u32)), .nr = BIG };
	memcpy(copy->dw + BIG - 3, gma == RIG_AT(0) ? end : on, sizeof(on));
	return 0;
}

static void big_looked(void *priv, struct gvt_scan_copy *copy)
{
	struct rig *r = priv;

	free(copy->dw);
	r->copied_user--;
}

/* One batch has a bound of its own, apart from that of a whole ring, which exists too. */
START_TEST(big_unprivileged)
{
	struct rig *r = rig_new(GVT_RCS0);
	u32 ring[3 * 2 * GVT_SCAN_USER];

	r->scan.user = true;
	r->scan.batch_user = big_batch;
	r->scan.looked = big_looked;
	for (u32 i = 0; i < ARRAY_SIZE(ring); i += 3) {
		ring[i] = BBS_PPGTT;
		ring[i + 1] = RIG_AT(0);
		ring[i + 2] = 0;
	}
	ck_assert_int_eq(gvt_scan_ring(&r->scan, ring, 3 * 4, &r->fault), 0);
	ck_assert_int_eq(gvt_scan_ring(&r->scan, ring, ARRAY_SIZE(ring), &r->fault), -E2BIG);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_SIZE);
	ck_assert_uint_eq(r->fault.first, sizeof(ring) - 3 * sizeof(u32));
	ring[4] = RIG_AT(1);
	ck_assert_int_eq(gvt_scan_ring(&r->scan, ring, 3 * 4, &r->fault), 0);
	ring[4] = RIG_AT(2);
	ck_assert_int_eq(gvt_scan_ring(&r->scan, ring, 3 * 4, &r->fault), -E2BIG);
	ck_assert_uint_eq(r->fault.first, 3 * sizeof(u32));
	ck_assert_uint_eq(r->copied_user, 0);
	rig_free(r);
}
END_TEST

START_TEST(too_long)
{
	struct rig *r = rig_new(GVT_RCS0);
	u32 *dw = calloc(GVT_SCAN_DWORDS + 1, sizeof(*dw));

	ck_assert_int_eq(gvt_scan_ring(&r->scan, dw, GVT_SCAN_DWORDS, &r->fault), 0);
	ck_assert_int_eq(gvt_scan_ring(&r->scan, dw, GVT_SCAN_DWORDS + 1, &r->fault), -E2BIG);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_SIZE);
	ck_assert_int_eq(gvt_scan_ring(&r->scan, dw, 0, &r->fault), 0);
	free(dw);
	rig_free(r);
}
END_TEST

/* The state that Linux' i915 starts each context with passes as a privileged batch. */
START_TEST(golden)
{
	struct rig *r = rig_new(GVT_RCS0);
	u32 copy[ARRAY_SIZE(golden_gen9)], at = 0;

	memcpy(copy, golden_gen9, sizeof(copy));
	ck_assert_int_eq(gvt_scan_end(GVT_RCS0, copy, 100, &at), 0);
	ck_assert_uint_le(at, 100);
	ck_assert_int_eq(gvt_scan_end(GVT_RCS0, copy, ARRAY_SIZE(copy), &at), 1);
	ck_assert_uint_eq(copy[at - 1], MI_BATCH_BUFFER_END);
	ck_assert_int_eq(gvt_scan_per_ctx(&r->scan, copy, at, &r->fault), 0);
	ck_assert_int_eq(memcmp(copy, golden_gen9, at * 4), 0);
	copy[0] = 0x20000000;
	at = 0;
	ck_assert_int_eq(gvt_scan_end(GVT_RCS0, copy, 100, &at), -EBADRQC);
	rig_free(r);
}
END_TEST

Suite *suite_exec_scan(void)
{
	const TTest *const tests[] = {
		driver_registers, write_rules, sinks,
		page_directories, batch,       blits,
		chained,	  many,	       nested,
		unprivileged,	  circles,     big_unprivileged,
		too_long,	  golden,      arbitration,
	};
	Suite *s = unit_suite("audit", tests, ARRAY_SIZE(tests));
	TCase *each = tcase_create("verdicts");

	tcase_add_loop_test(each, refused, 0, ARRAY_SIZE(refusals));
	tcase_add_loop_test(each, passes, 0, ARRAY_SIZE(accepted));
	suite_add_tcase(s, each);
	return s;
}
