/* SPDX-License-Identifier: MIT */
/* Malformed requests. Each must be answered, and must reach nothing that it should not. */
#include <string.h>

#include "tests/unit/ioreq_rig.h"

static const ioreq_t good = {
	.type = IOREQ_TYPE_COPY,
	.dir = IOREQ_READ,
	.addr = RIG_MMIO,
	.size = 4,
	.count = 1,
};

/* Posts @bad in both directions. Neither may reach the device, and the read must give ones. */
static void check_malformed(struct rig *r, const ioreq_t *bad, const char *what)
{
	const struct ioreq_counters *c = ioreq_server_counters(r->server);
	u64 malformed = c->malformed;
	ioreq_t req = *bad;

	req.dir = IOREQ_WRITE;
	rig_raw(r, 0, &req);
	req.dir = IOREQ_READ;
	UNIT_CHECK(rig_raw(r, 0, &req) == (req.data_is_ptr ? req.data : ~0ull), "%s: no ones",
		   what);
	UNIT_CHECK(c->malformed == malformed + 2, "%s: not counted", what);
	UNIT_CHECK(!atomic_load(&r->nr_log), "%s: reached the device", what);
}

START_TEST(sizes)
{
	static const u32 wrong[] = { 0, 3, 5, 6, 7, 9, 12, 16, 32, 64, 0x10004, 0x80000000, ~0u };
	struct rig *r = rig_start(1);
	ioreq_t req = good;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		req.size = wrong[i];
		check_malformed(r, &req, "size");
		req.data_is_ptr = 1;
		check_malformed(r, &req, "size, indirect");
		req.data_is_ptr = 0;
	}
	req.type = IOREQ_TYPE_PCI_CONFIG;
	req.addr = (u64)RIG_DEVFN << 32;
	req.size = 8;
	check_malformed(r, &req, "eight bytes of configuration space");
	req.size = 3;
	check_malformed(r, &req, "three bytes of configuration space");
	rig_free(r);
}
END_TEST

START_TEST(counts)
{
	static const u32 wrong[] = { 0, 4097, 0x10000, 0x80000000, ~0u };
	struct rig *r = rig_start(1);
	ioreq_t req = good;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		req.count = wrong[i];
		check_malformed(r, &req, "count");
		req.data_is_ptr = 1;
		check_malformed(r, &req, "count, indirect");
		req.df = 1;
		check_malformed(r, &req, "count, indirect, downwards");
		req.df = 0;
		req.data_is_ptr = 0;
	}
	rig_free(r);
}
END_TEST

START_TEST(spans)
{
	static const struct {
		u64 addr, data;
		u32 size, count;
		bool df, indirect;
		const char *what;
	} wrong[] = {
		{ ~0ull, 0, 4, 1, false, false, "ends behind the end" },
		{ ~0ull - 6, 0, 8, 1, false, false, "ends behind the end by one" },
		{ ~0ull - 15, 0, 4, 5, false, false, "runs over the end" },
		{ ~0ull - 0x1000, 0, 8, 4096, false, false, "runs far over the end" },
		{ 0, 0, 4, 2, true, false, "runs below 0" },
		{ 15, 0, 8, 3, true, false, "runs below 0 by one" },
		{ ~0ull - 2, 0, 4, 1, true, false, "downwards, ends behind the end" },
		{ RIG_MMIO, ~0ull - 6, 8, 1, false, true, "buffer ends behind the end" },
		{ RIG_MMIO, ~0ull - 15, 4, 5, false, true, "buffer runs over the end" },
		{ RIG_MMIO + 64, 4, 4, 3, true, true, "buffer runs below 0" },
	};
	struct rig *r = rig_start(1);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		ioreq_t req = good;

		req.addr = wrong[i].addr;
		req.data = wrong[i].data;
		req.size = wrong[i].size;
		req.count = wrong[i].count;
		req.df = wrong[i].df;
		req.data_is_ptr = wrong[i].indirect;
		check_malformed(r, &req, wrong[i].what);
	}
	rig_free(r);
}
END_TEST

START_TEST(types)
{
	struct rig *r = rig_start(1);
	ioreq_t req = good;
	u64 unknown = 0;

	for (unsigned int type = 0; type < 256; type++) {
		if (type == IOREQ_TYPE_COPY || type == IOREQ_TYPE_PCI_CONFIG ||
		    type == IOREQ_TYPE_INVALIDATE)
			continue;
		req.type = type;
		req.dir = IOREQ_READ;
		req.data = 0x1234;
		UNIT_CHECK(rig_raw(r, 0, &req) == ~0ull, "type %u reads", type);
		req.dir = IOREQ_WRITE;
		UNIT_CHECK(rig_raw(r, 0, &req) == 0x1234, "type %u changes what was written", type);
		unknown += 2;
		UNIT_CHECK(ioreq_server_counters(r->server)->unknown == unknown, "type %u", type);
	}
	ck_assert_uint_eq(atomic_load(&r->nr_log), 0);
	rig_free(r);
}
END_TEST

START_TEST(other_functions)
{
	static const u64 others[] = {
		(u64)(RIG_DEVFN + 1) << 32,	   (u64)(RIG_DEVFN + 8) << 32,
		(u64)(RIG_DEVFN | 0x100) << 32,	  /* another bus */
		(u64)(RIG_DEVFN | 0x10000) << 32, /* another segment */
		(u64)(RIG_DEVFN | 1u << 31) << 32, 0,
	};
	struct rig *r = rig_start(1);
	ioreq_t req = good;

	req.type = IOREQ_TYPE_PCI_CONFIG;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		req.addr = others[i];
		req.dir = IOREQ_READ;
		ck_assert_uint_eq(rig_raw(r, 0, &req) & 0xffffffff, 0xffffffff);
		req.dir = IOREQ_WRITE;
		rig_raw(r, 0, &req);
	}
	ck_assert_uint_eq(atomic_load(&r->nr_log), 0);
	/* Configuration space has nothing above its 256 bytes. */
	req.addr = (u64)RIG_DEVFN << 32 | 0x100;
	req.dir = IOREQ_READ;
	ck_assert_uint_eq(rig_raw(r, 0, &req) & 0xffffffff, 0xffffffff);
	req.addr = (u64)RIG_DEVFN << 32 | 0xffffffff;
	ck_assert_uint_eq(rig_raw(r, 0, &req) & 0xffffffff, 0xffffffff);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 0);
	rig_free(r);
}
END_TEST

/* A buffer that is partly outside memory: items inside are carried out, the others are not. */
START_TEST(buffer_in_a_hole)
{
	struct rig *r = rig_start(1);
	ioreq_t req = good;

	req.data_is_ptr = 1;
	req.count = 4;
	req.data = (RIG_PAGES << GVT_PAGE_SHIFT) - 8; /* two items in memory, two behind it */
	req.dir = IOREQ_WRITE;
	memset(rig_ram(r, req.data), 0x5a, 8);
	memset(r->regs, 0x11, 32);
	rig_raw(r, 0, &req);
	ck_assert_uint_eq(r->regs[7], 0x5a);
	ck_assert_uint_eq(r->regs[8], 0x11);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 2);
	ck_assert_uint_ge(ioreq_server_counters(r->server)->malformed, 1);

	req.dir = IOREQ_READ;
	rig_raw(r, 0, &req);
	ck_assert_uint_eq(*rig_ram(r, req.data), 0x5a);
	rig_free(r);
}
END_TEST

/* The guest changes everything in the slot while its first item is served. The copy counts. */
START_TEST(slot_changes_while_served)
{
	struct rig *r = rig_start(1);
	volatile ioreq_t *slot;
	struct rig_call call;
	ioreq_t req = good;

	req.dir = IOREQ_WRITE;
	req.addr = RIG_MMIO + RIG_GATE;
	req.data_is_ptr = 1;
	req.data = 0x2000;
	req.count = 3;
	memcpy(rig_ram(r, 0x2000), "abcdefghijkl", 12);
	atomic_store(&r->gated, true);
	rig_call(&call, r, 0, &req);
	rig_gate_wait(r);
	slot = exen_slot(r->d, 0, r->state.id);
	slot->addr = ~0ull;
	slot->data = ~0ull;
	slot->count = ~0u;
	slot->size = 64;
	slot->dir = IOREQ_READ;
	slot->df = 1;
	slot->data_is_ptr = 0;
	slot->type = 0;
	rig_gate_open(r);
	ck_assert_int_eq(rig_call_wait(&call), 0);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 3);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert_uint_eq(r->log[i].addr, RIG_MMIO + RIG_GATE + 4 * i);
		ck_assert_uint_eq(r->log[i].bytes, 4);
		ck_assert(r->log[i].write);
	}
	ck_assert_mem_eq(r->regs + RIG_GATE, "abcdefghijkl", 12);
	rig_free(r);
}
END_TEST

/* Each of 30,000 random requests is answered, and a good one after them is served right. */
START_TEST(chance)
{
	static const u32 widths[] = { 1, 2, 4, 8, 0, 3, 16, ~0u };
	static const u64 bases[] = { RIG_MMIO, RIG_MMIO + RIG_SIZE - 4, 0, ~0ull - 16,
				     0x3ff0,   (u64)RIG_DEVFN << 32 };
	struct rig *r = rig_start(2);
	u64 seed = 77 + _i, before;
	u8 *quiet = rig_ram(r, 0x20000);

	memset(quiet, 0xa5, GVT_PAGE_SIZE);
	memset(r->regs, 0, RIG_GATE);
	for (unsigned int n = 0; n < 10000; n++) {
		u64 x = unit_random(&seed), y = unit_random(&seed);
		ioreq_t req = {
			.type = x % 4 ? x % 4 - 1 : x >> 8,
			.dir = x >> 16,
			.df = x >> 17,
			.data_is_ptr = x >> 18,
			.size = widths[(x >> 20) % ARRAY_SIZE(widths)],
			.count = x >> 24 & 1	  ? y & 15
				 : (x >> 25 & 15) ? 1
						  : y,
			.addr = bases[(y >> 8) % ARRAY_SIZE(bases)] + (y >> 16 & 31),
			.data = bases[(y >> 24) % ARRAY_SIZE(bases)] + (y >> 32 & 31),
		};

		/* A long request needs an answer, but it need not take long: shorten it. */
		if (req.count > 64 && req.count <= 4096)
			req.count = 64;
		rig_raw(r, n % 2, &req);
	}
	for (unsigned int i = 0; i < GVT_PAGE_SIZE; i++)
		ck_assert_uint_eq(quiet[i], 0xa5);
	before = ioreq_server_counters(r->server)->requests;
	rig_write(r, 0, RIG_MMIO + 0x40, 8, 0x0123456789abcdef);
	ck_assert_uint_eq(rig_read(r, 1, RIG_MMIO + 0x40, 8), 0x0123456789abcdef);
	ck_assert_uint_eq(ioreq_server_counters(r->server)->requests, before + 2);
	rig_free(r);
}
END_TEST

Suite *suite_ioreq_hostile(void)
{
	const TTest *const tests[] = {
		sizes,
		counts,
		spans,
		types,
		other_functions,
		buffer_in_a_hole,
		slot_changes_while_served,
	};
	Suite *suite = unit_suite("ioreq_hostile", tests, ARRAY_SIZE(tests));
	TCase *tcase = tcase_create("chance");

	tcase_add_loop_test(tcase, chance, 0, 3);
	suite_add_tcase(suite, tcase);
	return suite;
}
