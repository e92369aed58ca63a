/* SPDX-License-Identifier: MIT */
/* Requests as Xen makes them: what reaches the device, and what the guest gets back. */
#include <string.h>

#include "tests/unit/ioreq_rig.h"

#define BUF 0x1f00ull /* in guest memory, near the end of a page */

/* Expects access number @at to be this one. @data has the access's width. */
static void check_access(struct rig *r, unsigned int at, u64 addr, unsigned int bytes, bool write,
			 u64 data)
{
	const struct rig_access *a = &r->log[at];

	UNIT_CHECK(at < atomic_load(&r->nr_log), "access %u was not made", at);
	UNIT_CHECK(a->addr == addr && a->bytes == bytes && a->write == write && a->data == data,
		   "access %u: %s %u bytes at 0x%llx, 0x%llx", at, a->write ? "write" : "read",
		   a->bytes, (unsigned long long)a->addr, (unsigned long long)a->data);
}

START_TEST(sizes)
{
	struct rig *r = rig_start(1);
	unsigned int n = 0;

	for (unsigned int bytes = 1; bytes <= 8; bytes *= 2)
		for (unsigned int at = 0; at < 8; at++) {
			u64 val = 0x1122334455667788ull + at;

			rig_write(r, 0, RIG_MMIO + at, bytes, val);
			check_access(r, n++, RIG_MMIO + at, bytes, true, val & unit_ones(bytes));
			ck_assert_uint_eq(rig_read(r, 0, RIG_MMIO + at, bytes),
					  val & unit_ones(bytes));
			check_access(r, n++, RIG_MMIO + at, bytes, false, val & unit_ones(bytes));
		}
	ck_assert_uint_eq(atomic_load(&r->nr_log), n);
	ck_assert_uint_eq(ioreq_server_counters(r->server)->requests, n);
	rig_free(r);
}
END_TEST

/* An access across pages comes as two requests. The guest still sees one value. */
START_TEST(across_pages)
{
	struct rig *r = rig_start(1);

	for (unsigned int at = 0xff9; at <= 0xfff; at++) {
		rig_write(r, 0, RIG_MMIO + at, 8, 0x8877665544332211);
		ck_assert_uint_eq(rig_read(r, 0, RIG_MMIO + at, 8), 0x8877665544332211);
	}
	/* No server claims what is beyond the range, and ours is not asked. */
	ck_assert_uint_eq(rig_read(r, 0, RIG_MMIO + RIG_SIZE, 4), 0xffffffff);
	rig_free(r);
}
END_TEST

START_TEST(config_space)
{
	struct rig *r = rig_start(1);
	u32 val;

	for (unsigned int reg = 0; reg < 256; reg++)
		r->cfg[reg] = reg;
	for (unsigned int reg = 0; reg < 256; reg++)
		for (unsigned int bytes = 1; bytes <= 4; bytes *= 2) {
			u32 expect = 0;

			if (reg % 4 + bytes > 4)
				continue;
			memcpy(&expect, r->cfg + reg, bytes);
			UNIT_CHECK(!exen_guest_pci_read(r->d, 0, RIG_DEVFN, reg, bytes, &val) &&
					   val == expect,
				   "%u bytes at 0x%x: 0x%x", bytes, reg, val);
		}
	for (unsigned int reg = 0; reg < 256; reg += 4) {
		ck_assert_int_eq(exen_guest_pci_write(r->d, 0, RIG_DEVFN, reg + 1, 2, 0xabcd), 0);
		ck_assert_uint_eq(r->cfg[reg], reg);
		ck_assert_uint_eq(r->cfg[reg + 1], 0xcd);
		ck_assert_uint_eq(r->cfg[reg + 2], 0xab);
		ck_assert_uint_eq(r->cfg[reg + 3], reg + 3);
	}
	/* Other functions and slots of the bus do not reach the server. */
	ck_assert_int_eq(exen_guest_pci_read(r->d, 0, RIG_DEVFN + 1, 0, 4, &val), 0);
	ck_assert_uint_eq(val, 0xffffffff);
	ck_assert_int_eq(exen_guest_pci_read(r->d, 0, RIG_DEVFN + 0x100, 0, 4, &val), 0);
	ck_assert_uint_eq(val, 0xffffffff);
	rig_free(r);
}
END_TEST

/* Both directions, both ways through memory, each width, lengths that cross pages. */
START_TEST(string_instructions)
{
	static const u32 counts[] = { 1, 2, 7, 100, 1100 };
	struct rig *r = rig_start(1);
	u64 seed = 11;

	for (unsigned int size = 1; size <= 8; size *= 2)
		for (size_t c = 0; c < ARRAY_SIZE(counts); c++)
			for (int way = 0; way < 4; way++) {
				u32 count = size * counts[c] > 0x1800 ? 0x1800 / size : counts[c];
				u32 len = count * size, to_last = len - size;
				struct exen_rep rep = {
					.read = way & 1,
					.df = way & 2,
					.addr = RIG_MMIO + 0x10 + (way & 2 ? to_last : 0),
					.buf = BUF + (way & 2 ? to_last : 0),
					.size = size,
					.count = count,
				};
				u8 *device = r->regs + 0x10;

				for (u32 i = 0; i < RIG_SIZE; i++)
					r->regs[i] = unit_random(&seed);
				for (u32 i = 0; i < len + 16; i++)
					*rig_ram(r, BUF - 8 + i) = unit_random(&seed);
				atomic_store(&r->nr_log, 0);
				rig_rep(r, &rep);
				/* movs goes the same way in both, so they end up equal. */
				for (u32 i = 0; i < len; i++)
					UNIT_CHECK(*rig_ram(r, BUF + i) == device[i],
						   "size %u count %u way %d: byte %u differs", size,
						   count, way, i);
				ck_assert_uint_eq(atomic_load(&r->nr_log), count);
				ck_assert_uint_eq(r->log[0].addr, rep.addr);
				ck_assert_int_eq(r->log[0].write, !rep.read);
			}
	ck_assert_uint_gt(ioreq_server_counters(r->server)->indirect, 0);
	ck_assert_uint_eq(ioreq_server_counters(r->server)->malformed, 0);
	rig_free(r);
}
END_TEST

/* As of stos: many items, with the data in the request itself. */
START_TEST(repeated_without_memory)
{
	struct rig *r = rig_start(1);
	ioreq_t req = {
		.type = IOREQ_TYPE_COPY,
		.dir = IOREQ_WRITE,
		.addr = RIG_MMIO,
		.data = 0xcafe0000cafe,
		.size = 4,
		.count = 5,
	};

	rig_raw(r, 0, &req);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 5);
	for (unsigned int i = 0; i < 5; i++)
		check_access(r, i, RIG_MMIO + 4 * i, 4, true, 0xcafe);
	req.df = 1;
	req.addr = RIG_MMIO + 0x20;
	rig_raw(r, 0, &req);
	check_access(r, 9, RIG_MMIO + 0x10, 4, true, 0xcafe);
	/* A repeated read returns the last item. */
	memcpy(r->regs, "abcdefgh", 8);
	req = (ioreq_t){ .type = IOREQ_TYPE_COPY,
			 .dir = IOREQ_READ,
			 .addr = RIG_MMIO,
			 .data = ~0ull,
			 .size = 1,
			 .count = 8 };
	ck_assert_uint_eq(rig_raw(r, 0, &req), 'h');
	rig_free(r);
}
END_TEST

/* A narrow read returns no more bytes than it asks for. */
START_TEST(read_is_as_wide_as_asked)
{
	struct rig *r = rig_start(1);

	memset(r->regs, 0x81, 16);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		const ioreq_t req = { .type = IOREQ_TYPE_COPY,
				      .dir = IOREQ_READ,
				      .addr = RIG_MMIO,
				      .data = ~0ull,
				      .size = size,
				      .count = 1 };

		ck_assert_uint_eq(rig_raw(r, 0, &req), 0x8181818181818181 & unit_ones(size));
	}
	rig_free(r);
}
END_TEST

#define VCPUS  8
#define ROUNDS 400

struct worker {
	struct rig *r;
	unsigned int vcpu;
	pthread_t thread;
	unsigned int wrong;
};

/* Each vCPU uses its own registers and its own memory. */
static void *hammer(void *arg)
{
	struct worker *w = arg;
	u64 window = RIG_MMIO + 0x400 + 0x20 * w->vcpu, seed = 100 + w->vcpu, val;
	struct exen_rep rep = {
		.addr = window, .buf = 0x4000 + 0x1000ull * w->vcpu, .size = 4, .count = 8
	};
	u32 cfg;

	for (unsigned int n = 0; n < ROUNDS; n++) {
		u64 want = unit_random(&seed), at = window + want % 3 * 8;

		w->wrong += exen_guest_write(w->r->d, w->vcpu, at, 8, want) ||
			    exen_guest_read(w->r->d, w->vcpu, at, 8, &val) || val != want;
		w->wrong += exen_guest_pci_write(w->r->d, w->vcpu, RIG_DEVFN, 0x40 + 4 * w->vcpu, 4,
						 (u32)want) ||
			    exen_guest_pci_read(w->r->d, w->vcpu, RIG_DEVFN, 0x40 + 4 * w->vcpu, 4,
						&cfg) ||
			    cfg != (u32)want;
		rep.read = want & 1;
		w->wrong += exen_guest_rep(w->r->d, w->vcpu, &rep) != 0;
	}
	return NULL;
}

START_TEST(all_vcpus_at_once)
{
	static const unsigned int polls[] = { 0, 1, 1000 };
	struct worker w[VCPUS];
	struct rig *r;

	for (size_t p = 0; p < ARRAY_SIZE(polls); p++) {
		r = rig_new(VCPUS, 0);
		r->poll_max = polls[p];
		ck_assert_int_eq(rig_open(r), 0);
		ck_assert_uint_eq(ioreq_server_vcpus(r->server), VCPUS);
		rig_run(r);
		for (unsigned int i = 0; i < VCPUS; i++) {
			w[i] = (struct worker){ .r = r, .vcpu = i };
			pthread_create(&w[i].thread, NULL, hammer, &w[i]);
		}
		for (unsigned int i = 0; i < VCPUS; i++) {
			pthread_join(w[i].thread, NULL);
			ck_assert_uint_eq(w[i].wrong, 0);
		}
		ck_assert_uint_eq(ioreq_server_counters(r->server)->requests, VCPUS * ROUNDS * 5);
		if (!polls[p])
			ck_assert_uint_eq(ioreq_server_counters(r->server)->polled, 0);
		rig_free(r);
	}
}
END_TEST

START_TEST(invalidate)
{
	struct rig *r = rig_start(2);

	/* The guest's balloon call returns after the server has confirmed the invalidation. */
	ck_assert_int_eq(exen_guest_balloon_out(r->d, 1, 20), 0);
	ck_assert_uint_eq(atomic_load(&r->invalidates), 1);
	ck_assert_int_eq(exen_guest_balloon_out(r->d, 0, 21), 0);
	ck_assert_uint_eq(atomic_load(&r->invalidates), 2);
	ck_assert_uint_eq(ioreq_server_counters(r->server)->invalidate, 2);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 0);
	rig_free(r);
}
END_TEST

/* Work that invalidations leave is done once for many of them, and before anything else. */
START_TEST(settled_later)
{
	struct rig *r = rig_start(1);
	const unsigned int nr = 40;

	atomic_store(&r->later, true);
	for (unsigned int i = 0; i < nr; i++)
		ck_assert_int_eq(exen_guest_balloon_out(r->d, 0, 20 + i), 0);
	while (atomic_load(&r->settled_at) < nr)
		while (sem_wait(&r->settled) && errno == EINTR)
			;
	ck_assert_uint_lt(atomic_load(&r->settles), nr);

	ck_assert_int_eq(exen_guest_balloon_out(r->d, 0, 20 + nr), 0);
	rig_read(r, 0, RIG_MMIO, 4);
	ck_assert_uint_eq(atomic_load(&r->settled_at), nr + 1);

	/* When the last hook leaves nothing, nothing is left to do. */
	ck_assert_int_eq(exen_guest_balloon_out(r->d, 0, 21 + nr), 0);
	atomic_store(&r->later, false);
	ck_assert_int_eq(exen_guest_balloon_out(r->d, 0, 22 + nr), 0);
	rig_free(r);
}
END_TEST

START_TEST(traced)
{
	struct rig *r = rig_start(3);
	const struct exen_rep rep = { .read = true,
				      .df = true,
				      .addr = RIG_MMIO + 0x108,
				      .buf = 0x3010,
				      .size = 2,
				      .count = 4 };
	u32 val;

	rig_write(r, 2, RIG_MMIO + 0x30, 2, 0xbeef);
	ck_assert_uint_eq(r->last.type, IOREQ_TYPE_COPY);
	ck_assert_uint_eq(r->last.vcpu, 2);
	ck_assert_uint_eq(r->last.addr, RIG_MMIO + 0x30);
	ck_assert_uint_eq(r->last.data & 0xffff, 0xbeef);
	ck_assert_uint_eq(r->last.size, 2);
	ck_assert_uint_eq(r->last.count, 1);
	ck_assert(r->last.write && !r->last.indirect && !r->last.down);

	/* The trace has the value that the read returned, and not what the slot held before. */
	ck_assert_uint_eq(rig_read(r, 1, RIG_MMIO + 0x30, 4), 0xbeef);
	ck_assert_uint_eq(r->last.data, 0xbeef);
	ck_assert(!r->last.write);

	exen_guest_pci_read(r->d, 0, RIG_DEVFN, 0x4c, 4, &val);
	ck_assert_uint_eq(r->last.type, IOREQ_TYPE_PCI_CONFIG);
	ck_assert_uint_eq(r->last.addr, 0x4c);

	rig_rep(r, &rep);
	ck_assert(r->last.indirect && r->last.down && !r->last.write);
	ck_assert_uint_eq(r->last.count, 4);
	ck_assert_uint_eq(r->last.addr, RIG_MMIO + 0x108);
	ck_assert_uint_eq(r->last.data, 0x3010);
	ck_assert_uint_eq(atomic_load(&r->traced), 4);
	rig_free(r);
}
END_TEST

/* If polling is allowed, requests in close succession are found without an event. */
START_TEST(polling)
{
	struct rig *r = rig_new(1, 0);
	const struct ioreq_counters *c;

	r->poll_max = 1000000;
	ck_assert_int_eq(rig_open(r), 0);
	rig_run(r);
	exen_set_spin(100000);
	for (unsigned int n = 0; n < 2000; n++)
		rig_write(r, 0, RIG_MMIO, 4, n);
	rig_stop(r);
	c = ioreq_server_counters(r->server);
	ck_assert_uint_gt(c->polled, 0);
	ck_assert_uint_lt(c->waits, 2000);
	ck_assert_uint_eq(c->requests, 2000);
	rig_free(r);
}
END_TEST

Suite *suite_ioreq_serve(void)
{
	const TTest *const tests[] = {
		sizes,
		across_pages,
		config_space,
		string_instructions,
		repeated_without_memory,
		read_is_as_wide_as_asked,
		all_vcpus_at_once,
		invalidate,
		settled_later,
		traced,
		polling,
	};

	return unit_suite("ioreq_serve", tests, ARRAY_SIZE(tests));
}
