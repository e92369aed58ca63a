/* SPDX-License-Identifier: MIT */
/*
 * Commands that a guest may make up: each ends with an answer, and touches no memory that is not
 * mapped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/blt_model.h"
#include "tests/unit/blt_rig.h"

static void target(u32 *dw, u32 control, u32 top_left, u32 bottom_right, u64 addr)
{
	dw[1] = control;
	dw[2] = top_left;
	dw[3] = bottom_right;
	dw[4] = (u32)addr;
	dw[5] = (u32)(addr >> 32);
}

#define COLOR (2u << 29 | 0x50u << 22 | 3u << 20)

/* Noise in the command and in the state of setup commands. */
START_TEST(noise)
{
	struct softgpu_engine *e = rig_start(4);
	u64 seed = 2024;
	u32 answers[3] = { 0 };

	for (u32 i = 0; i < 15000; i++) {
		u32 op = (u32)(unit_random(&seed) >> 32) % GVT_NR_OPS;
		u32 nr = 1 + (u32)(unit_random(&seed) >> 32) % 40;
		u32 *dw = malloc(nr * 4);
		int rc;

		ck_assert_ptr_nonnull(dw);
		for (u32 j = 0; j < nr; j++)
			dw[j] = (u32)(unit_random(&seed) >> 32);
		for (u32 j = 0; j < SOFTGPU_SETUP_DWORDS && i % 3; j++)
			e->setup[j] = (u32)(unit_random(&seed) >> 32);
		/* Where a command has addresses, most of them exist. */
		for (u32 j = 0; j + 1 < nr; j++)
			if (unit_random(&seed) >> 62 == 0) {
				u64 addr = rig_addr(unit_random(&seed) % MiB(2));

				dw[j] = (u32)addr;
				dw[j + 1] = (u32)(addr >> 32);
			}
		for (u32 j = 2; j < 4 && j < nr && i % 2; j++)
			dw[j] &= 0x007f00ff;
		e->swctrl = (u32)(unit_random(&seed) >> 32);
		e->points = 0;
		e->stops_at = 2;
		rc = softgpu_blt(e, op, dw, nr);
		UNIT_CHECK(rc == 0 || rc == -EFAULT || rc == -EINVAL || rc == -EINTR, "%d", rc);
		UNIT_CHECK(e->points <= 2, "it went on after it was told to stop");
		answers[rc == 0 ? 0 : rc == -EINVAL ? 1 : 2]++;
		free(dw);
	}
	/* All kinds of answers occurred, so the commands were not all refused at first sight. */
	for (u32 i = 0; i < 3; i++)
		ck_assert_uint_gt(answers[i], 300);
	rig_end(e);
}
END_TEST

/* 65535 x 65535 pixels on the same row: the engine can be flushed, and the command stopped. */
START_TEST(endless)
{
	struct softgpu_engine *e = rig_start(4);
	u32 dw[7] = { COLOR | 5, [6] = 1 };
	u32 looks;

	target(dw, 3u << 24 | 0xf0u << 16 | 0, 0x80008000, 0x7fff7fff, rig_addr(MiB(1)));
	e->stops_at = 20;
	looks = e->looks;
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_COLOR_BLT, dw, 7), -EINTR);
	ck_assert_uint_eq(e->points, 20);
	ck_assert_uint_lt(e->looks - looks, 20 * 1100);

	/* One pixel wide: there is no more work than that between two points. */
	target(dw, 3u << 24 | 0xf0u << 16 | 0, 0x80000000, 0x7fff0001, rig_addr(MiB(1)));
	e->points = 0;
	e->stops_at = 0;
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_COLOR_BLT, dw, 7), 0);
	ck_assert_uint_gt(e->points, 30);
	rig_end(e);
}
END_TEST

START_TEST(too_short)
{
	static const struct {
		enum gvt_cmd_op op;
		u32 nr;
	} whole[] = {
		{ GVT_OP_XY_SETUP_BLT, 10 },
		{ GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT, 10 },
		{ GVT_OP_XY_SETUP_CLIP_BLT, 3 },
		{ GVT_OP_XY_PIXEL_BLT, 2 },
		{ GVT_OP_XY_SCANLINES_BLT, 3 },
		{ GVT_OP_XY_TEXT_BLT, 5 },
		{ GVT_OP_XY_COLOR_BLT, 7 },
		{ GVT_OP_XY_PAT_BLT, 8 },
		{ GVT_OP_XY_PAT_CHROMA_BLT, 10 },
		{ GVT_OP_XY_MONO_PAT_BLT, 10 },
		{ GVT_OP_XY_MONO_PAT_FIXED_BLT, 8 },
		{ GVT_OP_XY_SRC_COPY_BLT, 10 },
		{ GVT_OP_XY_SRC_COPY_CHROMA_BLT, 12 },
		{ GVT_OP_XY_MONO_SRC_COPY_BLT, 10 },
		{ GVT_OP_XY_FULL_BLT, 12 },
		{ GVT_OP_XY_FULL_MONO_SRC_BLT, 12 },
		{ GVT_OP_XY_FULL_MONO_PATTERN_BLT, 14 },
		{ GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT, 14 },
		{ GVT_OP_XY_FAST_COPY_BLT, 10 },
		{ GVT_OP_COLOR_BLT, 6 },
		{ GVT_OP_SRC_COPY_BLT, 8 },
	};
	struct softgpu_engine *e = rig_start(4);

	for (u32 i = 0; i < ARRAY_SIZE(whole); i++) {
		u32 *dw = calloc(whole[i].nr, 4);

		ck_assert_int_ne(softgpu_blt(e, whole[i].op, dw, whole[i].nr), -EINVAL);
		for (u32 nr = 1; nr < whole[i].nr; nr++) {
			u32 *less = calloc(nr, 4);

			ck_assert_int_eq(softgpu_blt(e, whole[i].op, less, nr), -EINVAL);
			free(less);
		}
		free(dw);
	}
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_MI_NOOP, (u32[1]){ 0 }, 1), -EINVAL);
	rig_end(e);
}
END_TEST

/* Immediate data must be complete. */
START_TEST(immediate_too_short)
{
	struct softgpu_engine *e = rig_start(4);
	struct model_blt m = { .op = GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT,
			       .rop = 0xcc,
			       .x2 = 33,
			       .y2 = 5,
			       .dst = { .addr = rig_addr(0), .pitch = 64 } };
	u32 dw[200];
	u32 nr;

	m.immediate_bytes = model_immediate(&m);
	nr = model_encode(&m, dw);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr), 0);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr - 1), -EINVAL);

	m.op = GVT_OP_XY_PAT_BLT_IMMEDIATE;
	m.depth = 3;
	m.immediate_bytes = model_immediate(&m);
	nr = model_encode(&m, dw);
	ck_assert_uint_eq(nr, 6 + 64);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr), 0);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr - 1), -EINVAL);
	rig_end(e);
}
END_TEST

/* An address that is not mapped is a fault. What was before it is done. */
START_TEST(faults)
{
	struct softgpu_engine *e = rig_start(4);
	u32 dw[7] = { COLOR | 5, [6] = 0x11223344 };

	e->missing[1] = true;
	target(dw, 3u << 24 | 0xf0u << 16 | 8192, 0, 0x00010800, rig_addr(0));
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_COLOR_BLT, dw, 7), -EFAULT);
	ck_assert_uint_eq(e->fault, rig_addr(4096));
	ck_assert_uint_eq(rig_u32(e, rig_addr(4092)), 0x11223344);

	/* Addresses have 48 bits, and wrap. */
	target(dw, 3u << 24 | 0xf0u << 16 | 64, 0, 0x00010001, rig_addr(MiB(1)) | 0xabcull << 48);
	ck_assert_int_eq(softgpu_blt(e, GVT_OP_XY_COLOR_BLT, dw, 7), 0);
	ck_assert_uint_eq(rig_u32(e, rig_addr(MiB(1))), 0x11223344);
	rig_end(e);
}
END_TEST

/* An operand that the operation does not need is not read: its address may be anything. */
START_TEST(unneeded)
{
	struct softgpu_engine *e = rig_start(4);
	struct model_blt m = { .op = GVT_OP_XY_FULL_BLT,
			       .rop = 0xf0,
			       .x2 = 10,
			       .y2 = 10,
			       .dst = { .addr = rig_addr(0), .pitch = 64 },
			       .src = { .addr = 0x1000, .pitch = 64 },
			       .pattern_addr = rig_addr(MiB(1)) };
	u32 dw[20];
	u32 nr = model_encode(&m, dw);

	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr), 0);
	m.src.addr = rig_addr(MiB(2));
	m.pattern_addr = 0x2000;
	m.rop = 0xcc;
	nr = model_encode(&m, dw);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr), 0);
	m.rop = 0xc0;
	nr = model_encode(&m, dw);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr), -EFAULT);
	ck_assert_uint_eq(e->fault, 0x2000);
	rig_end(e);
}
END_TEST

/* Read-only pages: writes have no effect, and reads give the contents. */
START_TEST(read_only)
{
	struct softgpu_engine *e = rig_start(4);
	struct model_blt m = { .op = GVT_OP_XY_SRC_COPY_CHROMA_BLT,
			       .depth = 0,
			       .rop = 0x66,
			       .x2 = 64,
			       .y2 = 1,
			       .dst = { .addr = rig_addr(0), .pitch = 64 },
			       .src = { .addr = rig_addr(MiB(1)), .pitch = 64 },
			       .key_mode = 7,
			       .key_high = 0x7f };
	u32 dw[20];
	u8 was[64];
	u32 nr = model_encode(&m, dw);

	e->read_only[0] = true;
	memcpy(was, e->page[0], 64);
	ck_assert_int_eq(softgpu_blt(e, m.op, dw, nr), 0);
	ck_assert_mem_eq(e->page[0], was, 64);
	for (u32 i = 0; i < 64; i++) {
		u8 expected = was[i] <= 0x7f ? was[i] ^ e->page[256][i] : 0;

		ck_assert_uint_eq(e->nowhere[i], expected);
	}
	rig_end(e);
}
END_TEST

Suite *suite_blt_hostile(void)
{
	const TTest *const tests[] = {
		noise, endless, too_short, immediate_too_short, faults, unneeded, read_only,
	};

	return unit_suite("blt_hostile", tests, ARRAY_SIZE(tests));
}
