/* SPDX-License-Identifier: MIT */
/* Memory behind BAR0: the guest reads it without a trap, and it follows the BAR. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"

#define ELSEWHERE 0xe1000000ull

/* The frames of a BAR0 at @bar: registers tracked, the GGTT plain memory, the rest empty. */
static void check_types(const struct guest *g, u64 bar, bool read_through)
{
	for (u64 page = 0; page < GFN(GVT_BAR0_SIZE); page++) {
		int type = exen_mem_type(g->d, GFN(bar) + page), expect = -ENOENT;

		if (page < GVT_MMIO_PAGES && read_through &&
		    !intel_gvt_page_traps(g->host.gvt, page))
			expect = HVMMEM_ioreq_server;
		else if (page >= GFN(VGPU_GGTT_OFFSET))
			expect = HVMMEM_ram_rw;
		UNIT_CHECK(type == expect, "page 0x%x is %d, not %d", (unsigned int)page, type,
			   expect);
	}
}

static void check_holes(const struct guest *g, u64 bar)
{
	for (u64 page = 0; page < GFN(GVT_BAR0_SIZE); page++)
		UNIT_CHECK(exen_mem_type(g->d, GFN(bar) + page) == -ENOENT, "page 0x%x is there",
			   (unsigned int)page);
}

START_TEST(reads_are_native)
{
	struct guest *g = guest_start(1);
	u64 requests;

	check_types(g, GUEST_BAR0, true);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + 0x78000), 0);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 0);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + VGPU_GGTT_OFFSET), 0);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + TRAPPED), 1);
	/* There is no memory between registers and GGTT, so accesses trap. */
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + MiB(4)), 1);

	requests = guest_stats(g).requests;
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0xcafe);
	ck_assert_uint_eq(guest_stats(g).requests, requests + 1);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0xcafe);
	/* A write's effect on another register shows there at once. */
	guest_write(g, GUEST_BAR0 + 0xa278, 4, 0x00010001);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + 0xd84, 4), 1);
	/* A read-only register keeps its value also where the guest reads it. */
	guest_write(g, GUEST_BAR0 + 0x9120, 4, 0);
	ck_assert_uint_ne(guest_read(g, GUEST_BAR0 + 0x9120, 4), 0);
	ck_assert_uint_eq(guest_stats(g).requests, requests + 3);
	guest_free(g);
}
END_TEST

/* Entries of the GGTT are written without a trap, and the core sees each. */
START_TEST(ggtt_is_memory)
{
	struct guest *g = guest_start(1);
	u64 requests = guest_stats(g).requests;

	for (u64 i = 0; i < VGPU_GGTT_PAGES * 512; i += 509)
		guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 8 * i, 8, i << 12 | 1);
	ck_assert_uint_eq(guest_stats(g).requests, requests);
	for (u64 i = 0; i < VGPU_GGTT_PAGES * 512; i += 509)
		UNIT_CHECK(g->v->vgpu->ggtt[i] == (i << 12 | 1), "entry 0x%x", (unsigned int)i);
	guest_free(g);
}
END_TEST

START_TEST(follows_the_bar)
{
	static const u64 places[] = { ELSEWHERE - 0x1000000, 0xf0000000, 0x4780000000, 0xc3000000 };
	struct guest *g = guest_start(1);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1230, 8, 0x5678);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		u64 was = intel_vgpu_bar(g->v->vgpu, 0, NULL), at = places[i];

		guest_move(g, PCI_BASE_ADDRESS_0, at);
		check_types(g, at, true);
		check_holes(g, was);
		ck_assert_uint_eq(guest_read(g, at + PLAIN, 4), 0x1234);
		ck_assert_uint_eq(guest_read(g, at + VGPU_GGTT_OFFSET + 0x1230, 8), 0x5678);
		ck_assert_uint_eq(guest_traps(g, at + PLAIN), 0);
		ck_assert_uint_eq(guest_traps(g, at + TRAPPED), 1);
		/* Nothing answers at the old place. */
		ck_assert_uint_eq(guest_read(g, was + PLAIN, 4), 0xffffffff);
	}
	guest_free(g);
}
END_TEST

START_TEST(disabled)
{
	struct guest *g = guest_start(1);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	check_holes(g, GUEST_BAR0);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, 0);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0xffffffff);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x9999);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	check_types(g, GUEST_BAR0, true);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_free(g);
}
END_TEST

/* The guest can reach the pages where they are parked. Changes that it makes there show nowhere. */
START_TEST(spoilt_while_parked)
{
	struct guest *g = guest_start(1);
	u64 parked;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	parked = g->v->memory->backing_at << GVT_PAGE_SHIFT;
	ck_assert_uint_eq(guest_traps(g, parked + PLAIN), 0);
	guest_write(g, parked + PLAIN, 4, 0x6666);
	guest_write(g, parked + 0x78000, 8, 0);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + 0x78000, 8), 0x4776544776544776);
	guest_free(g);
}
END_TEST

/* Only a suspended guest's own memory is there to be saved. Resumed, it finds all as it was. */
START_TEST(suspended)
{
	struct guest *g = guest_start(1);
	struct xengt_dominfo info;

	/* The OpRegion stays in the domain, and in the domain's limit. */
	guest_cfg_write(g, 0xfc, 4, 0xfdff8000);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1230, 8, 0x5678);
	ck_assert(!xengt_dominfo(&g->dom0, GUEST_DOMID, &info) && !info.suspended);
	exen_domain_shutdown(g->d, SHUTDOWN_suspend);
	ck_assert(!xengt_dominfo(&g->dom0, GUEST_DOMID, &info) && info.suspended);
	for (int times = 0; times < 2; times++)
		ck_assert_int_eq(xengt_vgpu_suspended(g->v), 0);
	check_holes(g, GUEST_BAR0);
	ck_assert_uint_eq(guest_stats(g).tot_pages, g->before.domain.tot_pages + 3);
	ck_assert_uint_eq(guest_stats(g).max_pages, g->before.domain.max_pages + 3);

	exen_domain_resume(g->d);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1230, 8), 0x5678);
	guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1230, 8, 0x9abc);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 0x1230, 8), 0x9abc);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 1);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Some firmware sizes the BAR with decoding on: back in its place, it is as before. */
START_TEST(sized_while_decoding)
{
	struct guest *g = guest_start(1);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_cfg_write(g, PCI_BASE_ADDRESS_0, 4, ~0u);
	ck_assert_uint_eq(guest_cfg_read(g, PCI_BASE_ADDRESS_0, 4), 0xff000004);
	guest_cfg_write(g, PCI_BASE_ADDRESS_0, 4, GUEST_BAR0);
	guest_cfg_write(g, PCI_BASE_ADDRESS_1, 4, ~0u);
	guest_cfg_write(g, PCI_BASE_ADDRESS_1, 4, 0);
	check_types(g, GUEST_BAR0, true);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_free(g);
}
END_TEST

static void fill_ram(struct guest *g, u64 from, u64 to)
{
	for (u64 gpa = from; gpa < to; gpa += GVT_PAGE_SIZE)
		memset(guest_ram(g, gpa), (u8)(gpa >> GVT_PAGE_SHIFT) ^ 0x5a, GVT_PAGE_SIZE);
}

static void check_ram(struct guest *g, u64 from, u64 to)
{
	for (u64 gpa = from; gpa < to; gpa += GVT_PAGE_SIZE) {
		const u8 *page = guest_ram(g, gpa), want = (u8)(gpa >> GVT_PAGE_SHIFT) ^ 0x5a;

		UNIT_CHECK(exen_mem_type(g->d, GFN(gpa)) == HVMMEM_ram_rw, "type at 0x%llx",
			   (unsigned long long)gpa);
		UNIT_CHECK(page[0] == want && page[GVT_PAGE_SIZE - 1] == want &&
				   !memcmp(page, page + 1, GVT_PAGE_SIZE - 1),
			   "memory at 0x%llx", (unsigned long long)gpa);
	}
}

/* A BAR on top of the guest's memory does not replace any of it. */
START_TEST(on_top_of_ram)
{
	struct guest *g = guest_start(1);
	const u64 inside = MiB(16), across = MiB(64), ram_end = GUEST_PAGES * GVT_PAGE_SIZE;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	guest_write(g, GUEST_BAR0 + 0x100008, 4, 0x4321); /* a fence */
	fill_ram(g, inside, ram_end);
	guest_move(g, PCI_BASE_ADDRESS_0, inside);
	check_ram(g, inside, ram_end);

	/* Half on memory, half behind its end: it works there, with a trap for each access. */
	guest_move(g, PCI_BASE_ADDRESS_0, across);
	check_ram(g, inside, ram_end);
	ck_assert_uint_eq(guest_read(g, across + 0x100008, 4), 0x4321);
	ck_assert_uint_eq(guest_traps(g, across + 0x100008), 1);
	guest_write(g, across + 0x100008, 4, 0x8765);
	guest_write(g, across + VGPU_GGTT_OFFSET, 8, 0x777);
	ck_assert_uint_eq(guest_read(g, across + VGPU_GGTT_OFFSET, 8), 0x777);

	/* At a free place, it is read without traps again. */
	guest_move(g, PCI_BASE_ADDRESS_0, ELSEWHERE);
	check_types(g, ELSEWHERE, true);
	check_ram(g, inside, ram_end);
	ck_assert_uint_eq(guest_read(g, ELSEWHERE + PLAIN, 4), 0x1234);
	ck_assert_uint_eq(guest_read(g, ELSEWHERE + 0x100008, 4), 0x8765);
	ck_assert_uint_eq(guest_read(g, ELSEWHERE + VGPU_GGTT_OFFSET, 8), 0x777);
	guest_detach(g);
	check_ram(g, inside, ram_end);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Nor if Xen fails to tell where memory is. */
START_TEST(on_top_of_unknown)
{
	struct guest *g = guest_start(1);
	u64 page = 0, gpa;

	while (intel_gvt_page_traps(g->host.gvt, page))
		page++;
	gpa = ELSEWHERE + (page << GVT_PAGE_SHIFT);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 0x100), 0);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, GFN(gpa)), 0);
	fill_ram(g, gpa, gpa + GVT_PAGE_SIZE);
	for (unsigned int nth = 1;; nth++) {
		exen_fail("xenforeignmemory_map", nth, ENOMEM);
		guest_move(g, PCI_BASE_ADDRESS_0, ELSEWHERE);
		check_ram(g, gpa, gpa + GVT_PAGE_SIZE);
		if (exen_fail_left(true)) {
			ck_assert_uint_gt(nth, 1);
			break;
		}
		guest_move(g, PCI_BASE_ADDRESS_0, GUEST_BAR0);
	}
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

static void check_trapping(struct guest *g)
{
	guest_place(g);
	check_holes(g, GUEST_BAR0);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 1);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 8, 8, 0x5678);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET + 8, 8), 0x5678);
	ck_assert_uint_eq(guest_stats(g).max_pages, g->before.domain.max_pages);
	ck_assert_uint_eq(guest_stats(g).tot_pages, g->before.domain.tot_pages);
}

/* Each call that gives BAR0 memory fails once: accesses trap, and everything else is the same. */
START_TEST(none_to_be_had)
{
	static const char *const calls[] = { "xc_domain_populate_physmap_exact",
					     "xc_domain_setmaxmem", "xenforeignmemory_map" };
	struct guest *g = guest_new(1, 0);
	bool unfailed;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (unsigned int nth = 1;; nth++) {
			exen_fail(calls[i], nth, ENOMEM);
			ck_assert_msg(!guest_attach(g, ""), "%s: %s", calls[i], g->why);
			unfailed = exen_fail_left(true);
			if (!unfailed)
				check_trapping(g);
			guest_detach(g);
			guest_check_before(g);
			if (unfailed) {
				ck_assert_uint_gt(nth, 1);
				break;
			}
		}
	guest_free(g);
}
END_TEST

START_TEST(not_wanted)
{
	struct guest *g = guest_new(1, 0);

	ck_assert_int_eq(guest_attach(g, "read_through=off"), 0);
	guest_place(g);
	check_types(g, GUEST_BAR0, false);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 1);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	/* The GGTT is memory all the same, as a driver writes a million entries. */
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + VGPU_GGTT_OFFSET), 0);
	guest_move(g, PCI_BASE_ADDRESS_0, ELSEWHERE);
	check_types(g, ELSEWHERE, false);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* The guest itself gives pages of BAR0 up: accesses trap then, without harm. */
START_TEST(given_up_by_the_guest)
{
	struct guest *g = guest_start(1);
	const u64 reg = REG_GFN(PLAIN), pte = GFN(GUEST_BAR0 + VGPU_GGTT_OFFSET);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, reg), 0);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, pte), 0);
	ck_assert_uint_eq(guest_traps(g, GUEST_BAR0 + PLAIN), 1);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x4321);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x4321);
	guest_write(g, GUEST_BAR0 + VGPU_GGTT_OFFSET, 8, 0x55);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + VGPU_GGTT_OFFSET, 8), 0x55);

	/* The other pages move on without them. */
	guest_move(g, PCI_BASE_ADDRESS_0, ELSEWHERE);
	ck_assert_uint_eq(guest_read(g, ELSEWHERE + PLAIN, 4), 0x4321);
	ck_assert_uint_eq(guest_traps(g, ELSEWHERE + 0x78000), 0);
	ck_assert_int_eq(exen_mem_type(g->d, GFN(ELSEWHERE) + GFN(0x78000)), HVMMEM_ioreq_server);
	guest_detach(g);
	ck_assert_uint_eq(guest_stats(g).tot_pages, g->before.domain.tot_pages);
	ck_assert_uint_eq(guest_stats(g).tracked_pages, 0);
	ck_assert_uint_eq(guest_stats(g).max_pages, g->before.domain.max_pages);
	guest_free(g);
}
END_TEST

/* Moving, typing and untyping fail once each: registers keep their values, writes still trap. */
START_TEST(calls_fail_while_moving)
{
	static const char *const calls[] = { "xendevicemodel_relocate_memory",
					     "xendevicemodel_set_mem_type", "xc_domain_pause",
					     "xendevicemodel_map_io_range_to_ioreq_server",
					     "xendevicemodel_unmap_io_range_from_ioreq_server" };
	struct guest *g = guest_start(1);
	u64 at = GUEST_BAR0;

	guest_write(g, at + PLAIN, 4, 0x1234);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (unsigned int nth = 1;; nth++) {
			u64 to = at == GUEST_BAR0 ? ELSEWHERE : GUEST_BAR0;

			exen_fail(calls[i], nth, EIO);
			guest_move(g, PCI_BASE_ADDRESS_0, to);
			if (exen_fail_left(true))
				break;
			/* The next move puts everything right at the latest. */
			guest_move(g, PCI_BASE_ADDRESS_0, to);
			at = to;
			UNIT_CHECK(guest_read(g, at + PLAIN, 4) == 0x1234, "%s, call %u", calls[i],
				   nth);
			guest_write(g, at + PLAIN, 4, 0x4321);
			UNIT_CHECK(gvt_vreg(g->v->vgpu, PLAIN) == 0x4321,
				   "%s, call %u: a write went past us", calls[i], nth);
			guest_write(g, at + PLAIN, 4, 0x1234);
			check_types(g, at, true);
		}
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

struct reader {
	struct guest *g;
	atomic_bool stop;
	unsigned int wrong;
	atomic_uint right;
};

static void *keep_reading(void *arg)
{
	struct reader *reader = arg;
	static const u64 places[] = { GUEST_BAR0, ELSEWHERE };

	for (unsigned int n = 0; !atomic_load(&reader->stop); n++) {
		u64 at = places[n % 2], val = 0;

		if (exen_guest_read(reader->g->d, 1, at + PLAIN, 4, &val) ||
		    (val != 0x1234 && val != 0xffffffff))
			reader->wrong++;
		reader->right += val == 0x1234;
		exen_guest_write(reader->g->d, 1, at + PLAIN, 4, 0x1234);
	}
	return NULL;
}

/* One vCPU moves the BAR, and another one uses the device at both places. */
START_TEST(moved_under_load)
{
	struct guest *g = guest_start(2);
	struct reader reader = { .g = g };
	pthread_t thread;

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	pthread_create(&thread, NULL, keep_reading, &reader);
	/* Until the other vCPU has seen it work twice, however seldom it gets to run. */
	for (unsigned int n = 0; n % 2 || n < 40 || atomic_load(&reader.right) < 2; n++)
		guest_move(g, PCI_BASE_ADDRESS_0, n % 2 ? GUEST_BAR0 : ELSEWHERE);
	atomic_store(&reader.stop, true);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(reader.wrong, 0);
	check_types(g, GUEST_BAR0, true);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0x1234);
	guest_free(g);
}
END_TEST

/* The daemon dies while it has the domain paused for a move: the next daemon unpauses it. */
START_TEST(killed_in_a_move)
{
	struct guest *g = guest_start(1);

	guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
	g->kept->paused = true;
	ck_assert_int_eq(xc_domain_pause(g->dom0.xc, g->v->domid), 0);
	guest_kill(g, false);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert(!g->kept->paused);
	guest_move(g, PCI_BASE_ADDRESS_0, ELSEWHERE);
	ck_assert_uint_eq(guest_read(g, ELSEWHERE + PLAIN, 4), 0x1234);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Xen gives memory with its old contents. Still the guest's table is empty, and maps nothing. */
START_TEST(begins_empty)
{
	struct guest *g = guest_start(1);

	for (u32 page = 0; page < VGPU_GGTT_PAGES; page += 97)
		for (u32 at = 0; at < GVT_PAGE_SIZE; at += 1000)
			ck_assert_uint_eq(guest_read(g,
						     GUEST_BAR0 + VGPU_GGTT_OFFSET +
							     page * GVT_PAGE_SIZE + at,
						     8),
					  0);
	ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN + 0x100, 4), 0);
	guest_kill(g, false);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, 0);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_backing(void)
{
	const TTest *const tests[] = {
		begins_empty,
		reads_are_native,
		ggtt_is_memory,
		follows_the_bar,
		disabled,
		spoilt_while_parked,
		suspended,
		sized_while_decoding,
		on_top_of_ram,
		on_top_of_unknown,
		none_to_be_had,
		not_wanted,
		given_up_by_the_guest,
		calls_fail_while_moving,
		moved_under_load,
		killed_in_a_move,
	};

	return unit_suite("xengt_backing", tests, ARRAY_SIZE(tests));
}
