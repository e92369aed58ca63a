/* SPDX-License-Identifier: MIT */
/* Blits in batches, executed by the whole engine: memory, faults, preemption, resets. */
#include <string.h>

#include "tests/unit/softgpu_rig.h"

#define SWCTRL	   0x22200u
#define FAULT_REG  0x4094u
#define FLUSH_DW   (0x26u << 23 | 2)
#define SETUP_MONO (2u << 29 | 0x11u << 22 | 8)
#define SCANLINES  (2u << 29 | 0x25u << 22 | 1)
#define COLOR	   (2u << 29 | 0x50u << 22 | 3u << 20 | 5)
#define SRC_COPY   (2u << 29 | 0x53u << 22 | 3u << 20 | 8)
#define FILL_32	   (3u << 24 | 0xf0u << 16)
#define XOR_32	   (3u << 24 | 0x5au << 16)
#define COPY_32	   (3u << 24 | 0xccu << 16)

#define VA(addr) LO(RIG_VA + (addr)), HI(RIG_VA + (addr))

static struct rig rig;
static struct rig_context c;
static u32 batch;

static void setup(void)
{
	rig_start(&rig, NULL);
	rig_context(&rig, &c, GVT_BCS0, 1);
	batch = rig_pages(&rig, 1);
}

static void teardown(void)
{
	rig_stop(&rig);
}

/* Execute the unprivileged batch in the PPGTT. */
static void run(void)
{
	RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, VA(batch), NOOP);
	rig_run(&c);
}

/* Expects that the batch begins and hangs. Returns the event that reports it. */
static struct gvt_gpu_event run_stuck(void)
{
	RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, VA(batch), NOOP);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	return rig_stuck(&c);
}

/* As drivers move pixels: into X tiles, from there into Y tiles, and back; 256 x 64 pixels. */
START_TEST(through_tiles)
{
	const u32 pages = 16;
	u32 linear = rig_pages(&rig, pages);
	u32 x_tiled = rig_pages(&rig, pages);
	u32 y_tiled = rig_pages(&rig, pages);
	u32 back = rig_pages(&rig, pages);

	for (u32 i = 0; i < pages * 1024; i++)
		rig_set(&rig, linear + 4 * i, i * 2654435761u);
	RIG_WRITE(&rig, batch,
		  /* to X */
		  SRC_COPY | 1u << 11, COPY_32 | 256, 0, 64u << 16 | 256, VA(x_tiled), 0, 1024,
		  VA(linear),
		  /* to Y */
		  FLUSH_DW, 0, 0, 0, LRI(1), SWCTRL, 3u << 16 | 2, SRC_COPY | 1u << 11 | 1u << 15,
		  COPY_32 | 256, 0, 64u << 16 | 256, VA(y_tiled), 0, 256, VA(x_tiled),
		  /* back */
		  FLUSH_DW, 0, 0, 0, LRI(1), SWCTRL, 3u << 16 | 1, SRC_COPY | 1u << 15,
		  COPY_32 | 1024, 0, 64u << 16 | 256, VA(back), 0, 256, VA(y_tiled),
		  /* restore the register */
		  FLUSH_DW, 0, 0, 0, LRI(1), SWCTRL, 3u << 16, BATCH_END);
	run();
	/* Pixel (133, 11). */
	ck_assert_uint_eq(rig_get(&rig, x_tiled + 2 * 4096 + 4096 + 3 * 512 + 20),
			  (11 * 256 + 133) * 2654435761u);
	ck_assert_uint_eq(rig_get(&rig, y_tiled + 4 * 4096 + 512 + 11 * 16 + 4),
			  (11 * 256 + 133) * 2654435761u);
	for (u32 i = 0; i < pages; i++)
		ck_assert_mem_eq(rig_at(&rig, back + i * GVT_PAGE_SIZE),
				 rig_at(&rig, linear + i * GVT_PAGE_SIZE), GVT_PAGE_SIZE);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, SWCTRL), 0);
}
END_TEST

/* From the ring, as i915 clears and copies pages. */
START_TEST(from_the_ring)
{
	u32 from = rig_pages(&rig, 4);
	u32 to = rig_pages(&rig, 4);

	RIG_EMIT(&c, COLOR, FILL_32 | 4096, 0, 4u << 16 | 1024, VA(from), 0xfeedf00d);
	RIG_EMIT(&c, 2u << 29 | 0x42u << 22 | 8, 3u << 24 | 4096, 0, 4u << 16 | 1024, VA(to), 0,
		 4096, VA(from), NOOP);
	rig_run(&c);
	for (u32 i = 0; i < 4096; i++)
		UNIT_CHECK(rig_get(&rig, to + 4 * i) == 0xfeedf00d, "dword %u", i);
}
END_TEST

/* The state that setup commands leave belongs to the context, whatever runs in between. */
START_TEST(setup_is_the_contexts)
{
	u32 mine = rig_pages(&rig, 1);
	u32 other = rig_pages(&rig, 1);
	struct rig_context d;

	rig_context(&rig, &d, GVT_BCS0, 2);
	RIG_EMIT(&c, SETUP_MONO | 3u << 20, 1u << 31 | FILL_32 | 256, 0, 0, VA(mine), 0xa1, 0xa1, 0,
		 0);
	rig_run(&c);
	RIG_EMIT(&d, SETUP_MONO | 3u << 20, 1u << 31 | FILL_32 | 256, 0, 0, VA(other), 0xb2, 0xb2,
		 0, 0);
	rig_run(&d);
	/* From now on as a driver does: with a restore. */
	*rig_image(&c, 0x244) = 0x00010000;
	RIG_EMIT(&c, SCANLINES, 1u << 16 | 1, 2u << 16 | 2, NOOP);
	rig_run(&c);
	ck_assert_uint_eq(rig_get(&rig, mine + 256 + 4), 0xa1);
	ck_assert_uint_eq(rig_get(&rig, other + 256 + 4), 0);
}
END_TEST

/* A page is not present: the blit is done up to it, and the fault is reported. */
START_TEST(faults)
{
	u32 to = rig_pages(&rig, 2);
	struct gvt_gpu_event event;

	rig_set_entry(&rig, RIG_VA + to + 4096, 1, 0);
	RIG_WRITE(&rig, batch, NOOP, COLOR, FILL_32 | 8192, 0, 1u << 16 | 2048, VA(to), 7,
		  BATCH_END);
	event = run_stuck();
	ck_assert_uint_eq(event.cmd, COLOR);
	ck_assert_uint_eq(event.addr, RIG_VA + batch + 4);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, FAULT_REG) & 1, 1);
	ck_assert_uint_eq(rig_get(&rig, to + 4092), 7);
	ck_assert_uint_eq(rig_get(&rig, to + 4096), 0);
}
END_TEST

/* Writes to a read-only page are dropped, also where the blit reads them back. */
START_TEST(read_only)
{
	u32 to = rig_pages(&rig, 1);
	u32 from = rig_pages(&rig, 1);

	for (u32 i = 0; i < 16; i++) {
		rig_set(&rig, to + 4 * i, 0x1000 + i);
		rig_set(&rig, from + 4 * i, 0x77770000);
	}
	*rig_entry(&rig, RIG_VA + to, 1) &= ~PTE_RW;
	RIG_WRITE(&rig, batch, SRC_COPY, 3u << 24 | 0x66u << 16 | 64, 0, 1u << 16 | 16, VA(to), 0,
		  64, VA(from), BATCH_END);
	run();
	for (u32 i = 0; i < 16; i++)
		ck_assert_uint_eq(rig_get(&rig, to + 4 * i), 0x1000 + i);
}
END_TEST

START_TEST(bad_command)
{
	u32 to = rig_pages(&rig, 1);
	struct gvt_gpu_event event;

	/* A pattern needs 64 pixels, and this one has fewer. */
	RIG_WRITE(&rig, batch, 2u << 29 | 0x72u << 22 | 3u << 20 | 6, FILL_32 | 64, 0, 8u << 16 | 8,
		  VA(to), 1, 2, BATCH_END);
	event = run_stuck();
	ck_assert_uint_eq(event.cmd >> 22, 2u << 7 | 0x72u);
	ck_assert_ptr_nonnull(event.why);
	ck_assert_uint_eq(rig_get(&rig, to), 0);
}
END_TEST

/* Blits of gigabytes: a reset and a flush need not wait for their end. */
START_TEST(long_ones_let_go)
{
	u32 to = rig_pages(&rig, 32);
	u32 flag = rig_pages(&rig, 1);
	u32 dw[] = { SDI,    VA(flag),	1, COLOR, FILL_32, 0x8000u << 16, 0x7fffu << 16 | 0x7fff,
		     VA(to), 0x11223344 };
	u32 at = batch;

	at = rig_write(&rig, at, dw, ARRAY_SIZE(dw));
	for (u32 i = 0; i < 40; i++)
		at = rig_write(&rig, at, dw + 4, ARRAY_SIZE(dw) - 4);
	rig_write(&rig, at, (u32[]){ SDI, VA(flag + 4), 1, BATCH_END }, 5);
	RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, VA(batch), NOOP);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	while (!rig_get(&rig, flag))
		;
	rig.gpu->ops->flush(rig.space);
	rig.gpu->ops->reset(rig.gpu, GVT_BCS0);
	ck_assert_uint_eq(rig_get(&rig, flag + 4), 0);
	rig_none(&rig);

	/* The engine works on with another context. */
	rig_context(&rig, &c, GVT_BCS0, 3);
	RIG_EMIT(&c, COLOR, FILL_32 | 64, 0, 1u << 16 | 1, VA(to), 9, NOOP);
	rig_run(&c);
	ck_assert_uint_eq(rig_get(&rig, to), 9);
}
END_TEST

/* Begins a blit of @rows, with a flag before and after it. Returns when the engine has begun. */
static void begin_blit(u32 br13, u32 width, u32 rows, u32 to, u32 flag)
{
	RIG_WRITE(&rig, batch, SDI, VA(flag), 1, COLOR, br13, 0, rows << 16 | width, VA(to),
		  0x11111111, SDI, VA(flag + 8), 1, BATCH_END);
	RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, VA(batch), NOOP);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	while (!rig_get(&rig, flag))
		;
}

/* A blit is preempted for other contexts, and goes on in the row where it was. */
START_TEST(a_blit_gives_way)
{
	u32 to = rig_pages(&rig, 1), flag = rig_pages(&rig, 1);
	struct rig_context other;

	/* All rows are at one place, and each inverts it: a row too many or too few shows. */
	begin_blit(XOR_32, 1024, 0x7fff, to, flag);
	rig_context(&rig, &other, GVT_BCS0, 2);
	for (u32 i = 1; i <= 3; i++) {
		RIG_EMIT(&other, SDI | GLOBAL, flag + 16, 0, i);
		ck_assert_int_eq(rig_submit(&other, &c), 0);
		rig_status(&c, GVT_CSB_PREEMPTED);
		ck_assert_uint_eq(rig_get(&rig, flag + 8), 0);
		rig_status(&other, GVT_CSB_COMPLETE | GVT_CSB_ELEMENT_SWITCH);
		ck_assert_uint_eq(rig_get(&rig, flag + 16), i);
	}
	rig_status(&c, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
	ck_assert_uint_eq(rig_get(&rig, flag + 8), 1);
	for (u32 i = 0; i < GVT_PAGE_SIZE; i += 4)
		ck_assert_uint_eq(rig_get(&rig, to + i), 0x11111111);
}
END_TEST

/* A driver makes a context begin its request again, as after a reset: the blit is done whole. */
START_TEST(a_blit_begins_again)
{
	const u32 rows = 0x7fff, pitch = 64, pages = rows * pitch / GVT_PAGE_SIZE + 9;
	u32 to = rig_pages(&rig, pages), flag = rig_pages(&rig, 1);
	struct rig_context other;

	begin_blit(FILL_32 | pitch, 8192, rows, to, flag);
	rig_context(&rig, &other, GVT_BCS0, 2);
	RIG_EMIT(&other, NOOP, NOOP);
	ck_assert_int_eq(rig_submit(&other, NULL), 0);
	rig_status(&c, GVT_CSB_PREEMPTED);
	rig_status(&other, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
	ck_assert_uint_eq(rig_get(&rig, to), 0x11111111);
	for (u32 i = 0; i < pages; i++)
		memset(rig_at(&rig, to + i * GVT_PAGE_SIZE), 0, GVT_PAGE_SIZE);
	*rig_image(&c, 0x34) = 0;  /* RING_HEAD */
	*rig_image(&c, 0x140) = 0; /* RING_BBADDR */
	rig_run(&c);
	for (u32 i = 0; i < rows; i++)
		ck_assert_uint_eq(rig_get(&rig, to + i * pitch), 0x11111111);
}
END_TEST

Suite *suite_softgpu_blt(void)
{
	const TTest *const tests[] = {
		through_tiles,	  from_the_ring,    setup_is_the_contexts,
		faults,		  read_only,	    bad_command,
		long_ones_let_go, a_blit_gives_way, a_blit_begins_again,
	};
	Suite *s = suite_create("softgpu_blt");
	TCase *tc = tcase_create("softgpu_blt");

	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return s;
}
