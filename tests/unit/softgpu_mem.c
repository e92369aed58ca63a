/* SPDX-License-Identifier: MIT */
/* Translation: pages of all sizes, faults and the registers that report them, and flushes. */
#include <sched.h>
#include <time.h>

#include "tests/unit/softgpu_rig.h"

#define DONE	    (GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE)
#define FAULT_REG   0x4094
#define FAULT_DATA0 0x4b10
#define FAULT_DATA1 0x4b14

static struct rig rig;
static struct rig_context c;
static u32 out;

static void setup(void)
{
	rig_start(&rig, NULL);
	rig_context(&rig, &c, GVT_BCS0, 1);
	out = rig_pages(&rig, 2);
}

static void teardown(void)
{
	rig_stop(&rig);
}

static u32 reg(u32 offset)
{
	return rig.gpu->ops->reg_read(rig.space, offset);
}

#define STORE(va, val)	       SDI, LO(va), HI(va), val
#define CHECK_OUT(offset, val) ck_assert_uint_eq(rig_get(&rig, out + (offset)), (u32)(val))

/* Stores at an address in the PPGTT, and expects the value at GGTT address @seen. */
static void check_store(u64 va, u32 seen)
{
	static u32 val = 0x1000;

	RIG_EMIT(&c, STORE(va, ++val));
	rig_run(&c);
	ck_assert_uint_eq(rig_get(&rig, seen), val);
}

START_TEST(pages_4k)
{
	for (u64 va = 0x1000; va < 1ull << 47; va = va * 8 + 0x3000) {
		rig_set_entry(&rig, va, 1, (RIG_BUS + out) | PTE_P | PTE_RW);
		check_store(va + 0x124, out + 0x124);
	}
}
END_TEST

START_TEST(pages_64k)
{
	const u64 va = 0x7000200000ull;
	u32 first = rig_pages(&rig, 32);

	first = ALIGN_UP(first, 0x10000u);
	rig_set_entry(&rig, va, 1, 0);
	*rig_entry(&rig, va, 2) |= PTE_IPS;
	rig_set_entry(&rig, va + 0x30000, 1, (RIG_BUS + first) | PTE_P | PTE_RW);
	check_store(va + 0x30000, first);
	check_store(va + 0x3a008, first + 0xa008);
	check_store(va + 0x3fffc, first + 0xfffc);
}
END_TEST

START_TEST(pages_2m)
{
	const u64 va = 0x600000;
	u32 page = 600 * GVT_PAGE_SIZE; /* of the second 2 MiB of memory */

	rig_set_entry(&rig, va, 2, (RIG_BUS + MiB(2)) | PTE_P | PTE_RW | PTE_PS);
	check_store(va + page - MiB(2) + 0x10, page + 0x10);
	check_store(va, MiB(2));
	check_store(va + MiB(2) - 4, MiB(4) - 4);
}
END_TEST

START_TEST(pages_1g)
{
	const u64 va = 0x5c0000000ull;

	rig_set_entry(&rig, va, 3, RIG_BUS | PTE_P | PTE_RW | PTE_PS);
	check_store(va + MiB(5) + 0x20, MiB(5) + 0x20);
	check_store(va + out, out);
}
END_TEST

/* Three levels: the context names four directories, and can replace them while it runs. */
START_TEST(three_levels)
{
	u32 pd = rig_pages(&rig, 1), pt = rig_pages(&rig, 1);
	struct rig_context old;

	rig_context(&rig, &old, GVT_BCS0, 2);
	old.desc = (old.desc & ~GVT_DESC_MODE_4L) | 1ull << 3;
	rig_set(&rig, pd + 8 * 3, LO(RIG_BUS + pt) | 3);
	rig_set(&rig, pd + 8 * 3 + 4, HI(RIG_BUS + pt));
	rig_set(&rig, pt + 8 * 5, LO(RIG_BUS + out) | 3);
	rig_set(&rig, pt + 8 * 5 + 4, HI(RIG_BUS + out));
	*rig_image(&old, 0x280) = LO(RIG_BUS + pd); /* PDP2 */
	*rig_image(&old, 0x284) = HI(RIG_BUS + pd);
	RIG_EMIT(&old, STORE(0x80000000ull + 3 * MiB(2) + 5 * 4096 + 8, 21));
	RIG_EMIT(&old, LRI(2), 0x22278, LO(RIG_BUS + pd), 0x2227c, HI(RIG_BUS + pd)); /* PDP1 */
	RIG_EMIT(&old, STORE(0x40000000ull + 3 * MiB(2) + 5 * 4096 + 12, 22));
	rig_run(&old);
	CHECK_OUT(8, 21);
	CHECK_OUT(12, 22);
}
END_TEST

/* Writes to a read-only page are dropped, and the engine goes on. */
START_TEST(read_only)
{
	const u64 va = 0x10000;

	rig_set(&rig, out, 0x1111);
	rig_set_entry(&rig, va, 1, (RIG_BUS + out) | PTE_P);
	RIG_EMIT(&c, STORE(va, 0x2222), LRM, 0x22600, LO(va), HI(va));
	rig_run(&c);
	CHECK_OUT(0, 0x1111);
	ck_assert_uint_eq(rig_reg(&c, 0x600), 0x1111);
	/* Also if a directory's entry is read-only. */
	rig_set_entry(&rig, va, 1, (RIG_BUS + out) | PTE_P | PTE_RW);
	*rig_entry(&rig, va, 2) &= ~PTE_RW;
	RIG_EMIT(&c, STORE(va, 0x2222));
	rig_run(&c);
	CHECK_OUT(0, 0x1111);
}
END_TEST

static void check_fault(u64 va, bool global)
{
	struct gvt_gpu_event event;
	u32 at = c.tail;

	rig.gpu->ops->reg_write(rig.space, FAULT_REG, 0);
	RIG_EMIT(&c, SDI | (global ? GLOBAL : 0), LO(va), HI(va), 1);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	event = rig_stuck(&c);
	ck_assert_uint_eq(event.head, at);
	ck_assert_uint_eq(event.addr, c.ring + at);
	ck_assert_uint_eq(rig_reg(&c, 0x74), c.ring + at);
	ck_assert_uint_eq(reg(FAULT_REG) & 1, 1);
	ck_assert_uint_eq(reg(FAULT_REG) >> 12 & 7, 2); /* the blitter */
	ck_assert_uint_eq(reg(FAULT_DATA0), (u32)(va >> 12));
	ck_assert_uint_eq(reg(FAULT_DATA1), (u32)(va >> 44) | (global ? 16 : 0));
	rig.gpu->ops->reset(rig.gpu, GVT_BCS0);
	rig_context(&rig, &c, GVT_BCS0, 1);
}

START_TEST(faults)
{
	const u64 va = 0x345678901000ull;

	check_fault(va, false); /* not even tables */
	rig_set_entry(&rig, va, 1, 0);
	check_fault(va, false);					 /* tables, but no page */
	rig_set_entry(&rig, va, 1, 0x7f000000 | PTE_P | PTE_RW); /* not mapped for DMA */
	check_fault(va, false);
	rig_set_entry(&rig, va, 1, (RIG_BUS + out) | PTE_P | PTE_RW);
	check_store(va, out);
	rig_set_entry(&rig, va, 2, 0x7f000000 | PTE_P | PTE_RW); /* a table not mapped */
	check_fault(va, false);
	check_fault(RIG_PAGES * GVT_PAGE_SIZE, true);
	check_fault(0xfffff000, true);
}
END_TEST

START_TEST(ggtt_runs)
{
	const struct gvt_gpu_ops *ops = rig.gpu->ops;
	const u64 page = (RIG_BUS + out) | PTE_P;

	/* A whole run, parts of two runs, and the last entry. */
	ck_assert_int_eq(ops->ggtt_set(rig.space, 512 * 100, 512, NULL, page), 0);
	RIG_EMIT(&c, SDI | GLOBAL, (512 * 100 + 511) * 4096 + 4, 0, 1);
	ck_assert_int_eq(ops->ggtt_set(rig.space, 512 * 101 + 500, 100, NULL, page), 0);
	RIG_EMIT(&c, SDI | GLOBAL, (512u * 102 + 50) * 4096 + 8, 0, 2);
	ck_assert_int_eq(ops->ggtt_set(rig.space, (1u << 20) - 1, 1, &page, 0), 0);
	RIG_EMIT(&c, SDI | GLOBAL, 0xfffff000 + 12, 0, 3);
	rig_run(&c);
	CHECK_OUT(4, 1);
	CHECK_OUT(8, 2);
	CHECK_OUT(12, 3);
	/* Cleared again, whole runs and parts. */
	ck_assert_int_eq(ops->ggtt_set(rig.space, 512 * 100, 512 * 3, NULL, 0), 0);
	ops->flush(rig.space);
	check_fault((512 * 100 + 511) * 4096ull, true);
	check_fault((512 * 102 + 50) * 4096ull, true);
}
END_TEST

/* ---- while an engine runs ---- */

#define COUNTER 0x80 /* in the page .out */

/* A loop in the PPGTT: store at @va, count, again. */
static void start_loop(u64 va)
{
	u32 batch = rig_pages(&rig, 1);
	u64 self = RIG_VA + batch, counter = RIG_VA + out + COUNTER;

	RIG_WRITE(&rig, batch, STORE(va, 1), 0x2fu << 23 | 5u << 8 | 1, LO(counter), HI(counter),
		  BATCH_START | BATCH_PPGTT, LO(self), HI(self));
	RIG_EMIT(&c, USER_INTERRUPT, BATCH_START | BATCH_PPGTT, LO(self), HI(self));
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_USER);
}

/* Waits until the loop has gone at least once from beginning to end. */
static void wait_rounds(void)
{
	u32 from = rig_get(&rig, out + COUNTER);
	time_t until = time(NULL) + 60;

	while (rig_get(&rig, out + COUNTER) - from < 2) {
		ck_assert_int_lt(time(NULL), until);
		sched_yield();
	}
}

START_TEST(flush_while_running)
{
	u32 a = rig_pages(&rig, 1), b = rig_pages(&rig, 1);
	const u64 va = 0x770000;

	rig_set_entry(&rig, va, 1, (RIG_BUS + a) | PTE_P | PTE_RW);
	start_loop(va);
	for (u32 i = 0; i < 200; i++) {
		u32 now = i & 1 ? a : b, before = i & 1 ? b : a;

		rig_set_entry(&rig, va, 1, (RIG_BUS + now) | PTE_P | PTE_RW);
		rig.gpu->ops->flush(rig.space);
		/* From now on the GPU may not reach the page of before. */
		rig_set(&rig, before, 0);
		rig_set(&rig, now, 0);
		__atomic_store_n(&rig.gone[before / GVT_PAGE_SIZE], true, __ATOMIC_RELAXED);
		wait_rounds();
		ck_assert_uint_eq(rig_get(&rig, before), 0);
		ck_assert_uint_eq(rig_get(&rig, now), 1);
		__atomic_store_n(&rig.gone[before / GVT_PAGE_SIZE], false, __ATOMIC_RELAXED);
	}
	rig_none(&rig);
}
END_TEST

/* Entries of the GGTT change under a running context: its stores go to the new page at once. */
START_TEST(ggtt_set_while_running)
{
	u32 a = rig_pages(&rig, 1), b = rig_pages(&rig, 1), batch = rig_pages(&rig, 1);
	const u32 window = 700 * 512;
	u64 entry = (RIG_BUS + a) | PTE_P;

	ck_assert_int_eq(rig.gpu->ops->ggtt_set(rig.space, window, 1, &entry, 0), 0);
	RIG_WRITE(&rig, batch, SDI | GLOBAL, window * 4096u, 0, 1,
		  0x2fu << 23 | GLOBAL | 5u << 8 | 1, out + COUNTER, 0, BATCH_START, batch, 0);
	RIG_EMIT(&c, USER_INTERRUPT, BATCH_START, batch, 0);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_USER);
	for (u32 i = 0; i < 100; i++) {
		u32 now = i & 1 ? a : b;

		entry = (RIG_BUS + now) | PTE_P;
		rig.gpu->ops->ggtt_set(rig.space, window, i % 3 ? 1 : 512, i % 3 ? &entry : NULL,
				       entry);
		rig.gpu->ops->flush(rig.space);
		rig_set(&rig, a, 0);
		rig_set(&rig, b, 0);
		wait_rounds();
		ck_assert_uint_eq(rig_get(&rig, now), 1);
		ck_assert_uint_eq(rig_get(&rig, now == a ? b : a), 0);
	}
	rig_none(&rig);
}
END_TEST

#define XY_COLOR_BLT (2u << 29 | 0x50u << 22 | 3u << 20 | 5)
#define FILL_LINES   512u /* of a page each */

/* A flush takes effect amid one long command: the engine drops the translations that it uses. */
START_TEST(flush_in_blit)
{
	u32 pages[2], tables[2], batch = rig_pages(&rig, 1);
	const u64 va = 0x12340000000ull, counter = RIG_VA + out + COUNTER, self = RIG_VA + batch;

	for (u32 i = 0; i < 2; i++) {
		pages[i] = rig_pages(&rig, 1);
		tables[i] = rig_pages(&rig, 1);
		for (u32 k = 0; k < 512; k++) {
			rig_set(&rig, tables[i] + 8 * k, LO(RIG_BUS + pages[i]) | 3);
			rig_set(&rig, tables[i] + 8 * k + 4, HI(RIG_BUS + pages[i]));
		}
	}
	rig_set_entry(&rig, va, 2, (RIG_BUS + tables[0]) | PTE_P | PTE_RW);
	RIG_WRITE(&rig, batch, XY_COLOR_BLT, 3u << 24 | 0xf0u << 16 | 4096, 0,
		  FILL_LINES << 16 | 1024, LO(va), HI(va), 0xa5a5a5a5, 0x2fu << 23 | 5u << 8 | 1,
		  LO(counter), HI(counter), BATCH_START | BATCH_PPGTT, LO(self), HI(self));
	RIG_EMIT(&c, USER_INTERRUPT, BATCH_START | BATCH_PPGTT, LO(self), HI(self));
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_USER);
	for (u32 i = 1; i < 50; i++) {
		u32 before = pages[(i + 1) % 2];

		rig_set_entry(&rig, va, 2, (RIG_BUS + tables[i % 2]) | PTE_P | PTE_RW);
		rig.gpu->ops->flush(rig.space);
		for (u32 k = 0; k < GVT_PAGE_SIZE; k += 4)
			rig_set(&rig, before + k, 0);
		wait_rounds();
		for (u32 k = 0; k < GVT_PAGE_SIZE; k += 4)
			UNIT_CHECK(!rig_get(&rig, before + k), "written after a flush");
	}
	rig.gpu->ops->reset(rig.gpu, GVT_BCS0);
	ck_assert_uint_eq(rig_get(&rig, pages[1]), 0xa5a5a5a5);
	rig_none(&rig);
}
END_TEST

/* A flush does not wait for a semaphore, nor for an engine that hangs. */
START_TEST(flush_while_not_running)
{
	rig.gpu->ops->flush(rig.space);
	RIG_EMIT(&c, USER_INTERRUPT, SEMAPHORE_WAIT | SEMAPHORE_EQUAL | GLOBAL, 1, out, 0);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_USER);
	rig.gpu->ops->flush(rig.space);
	rig_set(&rig, out, 1);
	rig_status(&c, DONE);
	RIG_EMIT(&c, BATCH_END);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_stuck(&c);
	rig.gpu->ops->flush(rig.space);
}
END_TEST

static void flush_in_event(struct rig *r, const struct gvt_gpu_event *event)
{
	(void)event;
	r->gpu->ops->flush(r->space);
}

START_TEST(flush_from_event)
{
	rig.hook = flush_in_event;
	for (u32 i = 0; i < 20; i++) {
		RIG_EMIT(&c, USER_INTERRUPT, STORE(RIG_VA + out, i));
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		rig_interrupt(&c, GVT_IRQ_USER);
		rig_status(&c, DONE);
		CHECK_OUT(0, i);
	}
}
END_TEST

/* A loop's page is taken out of the tables: the loop faults there and nowhere else. */
START_TEST(page_taken_while_running)
{
	const u64 va = 0x880000;

	rig_set_entry(&rig, va, 1, (RIG_BUS + out) | PTE_P | PTE_RW);
	start_loop(va);
	wait_rounds();
	rig_set_entry(&rig, va, 1, 0);
	rig.gpu->ops->flush(rig.space);
	ck_assert_uint_eq(rig_stuck(&c).cmd, SDI);
	ck_assert_uint_eq(reg(FAULT_DATA0), (u32)(va >> 12));
}
END_TEST

Suite *suite_softgpu_mem(void)
{
	const TTest *const tests[] = {
		pages_4k,
		pages_64k,
		pages_2m,
		pages_1g,
		three_levels,
		read_only,
		faults,
		ggtt_runs,
		flush_while_running,
		ggtt_set_while_running,
		flush_while_not_running,
		flush_from_event,
		page_taken_while_running,
		flush_in_blit,
	};

	return unit_suite_with("softgpu_mem", setup, teardown, tests, ARRAY_SIZE(tests));
}
