/* SPDX-License-Identifier: MIT */
/* A server outlives its process: the next one finishes the requests in flight, each only once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/ioreq_rig.h"

#define ITEMS 6u
#define BUF   0x3000ull

/* Requests of several items: read or written, data in place or in memory, up or down. */
static ioreq_t kind(unsigned int i)
{
	u64 last = i & 4 ? (ITEMS - 1) * 4 : 0;

	return (ioreq_t){
		.type = IOREQ_TYPE_COPY,
		.dir = i & 1,
		.data_is_ptr = i >> 1,
		.df = i >> 2,
		.addr = RIG_MMIO + 0x100 + last,
		.data = i & 2 ? BUF + last : 0xabcd,
		.size = 4,
		.count = ITEMS,
	};
}

static void take_up(struct rig *r)
{
	u16 id = r->state.id;

	ck_assert_uint_ne(r->state.created, 0);
	ck_assert_int_eq(rig_open(r), 0);
	ck_assert_uint_eq(ioreq_server_id(r->server), id);
	rig_run(r);
}

/* Every item was carried out once and in order, in whichever process. */
static void check_items(struct rig *r, const ioreq_t *req, const char *what)
{
	unsigned int nr = atomic_load(&r->nr_log);

	UNIT_CHECK(nr == ITEMS, "%s: %u items", what, nr);
	for (unsigned int i = 0; i < ITEMS; i++)
		UNIT_CHECK(r->log[i].addr == (req->df ? req->addr - 4 * i : req->addr + 4 * i) &&
				   r->log[i].write == (req->dir == IOREQ_WRITE),
			   "%s: item %u at 0x%llx", what, i, (unsigned long long)r->log[i].addr);
}

static void fill(struct rig *r, const ioreq_t *req)
{
	atomic_store(&r->nr_log, 0);
	for (unsigned int i = 0; i < ITEMS * 4; i++) {
		r->regs[0x100 + i] = 0x40 + i;
		*rig_ram(r, BUF + i) = 0x80 + i;
	}
	if (req->dir == IOREQ_WRITE)
		memset(r->regs + 0x100, 0, ITEMS * 4);
}

static void check_result(struct rig *r, const ioreq_t *req, u64 data, const char *what)
{
	u32 last;

	if (req->data_is_ptr) {
		for (unsigned int i = 0; i < ITEMS * 4; i++)
			UNIT_CHECK(*rig_ram(r, BUF + i) == r->regs[0x100 + i], "%s: byte %u", what,
				   i);
		return;
	}
	memcpy(&last, r->regs + 0x100 + (req->df ? 0 : (ITEMS - 1) * 4), 4);
	if (req->dir == IOREQ_READ)
		UNIT_CHECK(data == last, "%s: read 0x%llx", what, (unsigned long long)data);
	else
		UNIT_CHECK(last == 0xabcd, "%s: 0x%x", what, last);
}

/* The process dies just before item @item of each kind of request. */
START_TEST(killed_between_items)
{
	struct rig *r = rig_start(1);

	for (unsigned int k = 0; k < 8; k++)
		for (unsigned int item = 0; item < ITEMS; item++) {
			const ioreq_t req = kind(k);
			struct rig_call call;
			char what[64];

			snprintf(what, sizeof(what), "kind %u, item %u", k, item);
			fill(r, &req);
			atomic_store(&r->die_in, item);
			rig_call(&call, r, 0, &req);
			rig_kill(r);
			take_up(r);
			ck_assert_int_eq(rig_call_wait(&call), 0);
			check_items(r, &req, what);
			check_result(r, &req, call.req.data, what);
			UNIT_CHECK(ioreq_server_counters(r->server)->resumed == 1, "%s: %llu", what,
				   (unsigned long long)ioreq_server_counters(r->server)->resumed);
		}
	rig_free(r);
}
END_TEST

/* ... or while it copies an item from or to guest memory. */
START_TEST(killed_while_copying)
{
	struct rig *r = rig_start(1);

	for (unsigned int dir = 0; dir < 2; dir++)
		for (unsigned int item = 0; item < ITEMS; item++) {
			const ioreq_t req = kind(dir | 2);
			struct rig_call call;

			fill(r, &req);
			atomic_store(&r->die_in_copy, item);
			rig_call(&call, r, 0, &req);
			rig_kill(r);
			take_up(r);
			ck_assert_int_eq(rig_call_wait(&call), 0);
			check_result(r, &req, call.req.data, "copying");
			/* The process died before the data of a write reached the device. */
			if (dir == IOREQ_WRITE)
				check_items(r, &req, "copying");
		}
	rig_free(r);
}
END_TEST

/* A request that came while no process served the guest. */
START_TEST(found_ready)
{
	struct rig *r = rig_start(2);
	struct rig_call call[2];
	const ioreq_t up = kind(3), direct = kind(1);
	struct exen_domain_stats st;

	rig_write(r, 0, RIG_MMIO, 4, 1);
	rig_kill(r);
	fill(r, &up);
	rig_call(&call[0], r, 0, &up);
	do
		exen_domain_stats(r->d, &st);
	while (st.requests < 2);
	take_up(r);
	ck_assert_int_eq(rig_call_wait(&call[0]), 0);
	check_items(r, &up, "ready");
	check_result(r, &up, call[0].req.data, "ready");

	/* One vCPU's request is half done, and the other's has just come. */
	fill(r, &up);
	atomic_store(&r->die_in, 2);
	rig_call(&call[0], r, 0, &up);
	rig_kill(r);
	rig_call(&call[1], r, 1, &direct);
	do
		exen_domain_stats(r->d, &st);
	while (st.requests < 4);
	take_up(r);
	ck_assert_int_eq(rig_call_wait(&call[0]), 0);
	ck_assert_int_eq(rig_call_wait(&call[1]), 0);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 2 * ITEMS);
	ck_assert_uint_eq(ioreq_server_counters(r->server)->resumed, 1);
	rig_free(r);
}
END_TEST

/* The process put the answer into the slot and died before it notified the guest. */
START_TEST(answer_unannounced)
{
	struct rig *r = rig_start(1);
	struct rig_call call;
	ioreq_t req = kind(1);

	req.addr = RIG_MMIO + RIG_GATE;
	req.count = 1;
	atomic_store(&r->gated, true);
	rig_call(&call, r, 0, &req);
	rig_gate_wait(r);
	exen_fail("xenevtchn_notify", 1, EIO);
	memset(r->regs + RIG_GATE, 0x99, 4);
	rig_gate_open(r);
	/* The failure was used up: the answer is there, and its notification was lost. */
	while (exen_fail_left(false))
		;
	rig_kill(r);
	take_up(r);
	ck_assert_int_eq(rig_call_wait(&call), 0);
	ck_assert_uint_eq(call.req.data, 0x99999999);
	ck_assert_uint_eq(atomic_load(&r->nr_log), 1);
	rig_free(r);
}
END_TEST

#define VCPUS 8

struct counting {
	struct rig *r;
	unsigned int vcpu, done, wrong;
	atomic_bool *enough;
	pthread_t thread;
};

/* Counts in a register of its own by reading and writing: a lost or repeated access shows. */
static void *count(void *arg)
{
	struct counting *c = arg;
	u64 at = RIG_MMIO + 0x200 + 8 * c->vcpu, val;

	while (!atomic_load(c->enough)) {
		if (exen_guest_read(c->r->d, c->vcpu, at, 8, &val) || val != c->done ||
		    exen_guest_write(c->r->d, c->vcpu, at, 8, ++c->done)) {
			c->wrong++;
			break;
		}
	}
	return NULL;
}

/* Killed again and again with eight vCPUs at work. */
START_TEST(killed_again_and_again)
{
	struct rig *r = rig_start(VCPUS);
	struct counting c[VCPUS];
	atomic_bool enough = false;
	u64 seed = 9;

	for (unsigned int i = 0; i < VCPUS; i++) {
		c[i] = (struct counting){ .r = r, .vcpu = i, .enough = &enough };
		pthread_create(&c[i].thread, NULL, count, &c[i]);
	}
	for (unsigned int n = 0; n < 60; n++) {
		atomic_store(&r->die_in, unit_random(&seed) % 200);
		rig_kill(r);
		take_up(r);
	}
	atomic_store(&enough, true);
	for (unsigned int i = 0; i < VCPUS; i++) {
		pthread_join(c[i].thread, NULL);
		ck_assert_uint_eq(c[i].wrong, 0);
		ck_assert_uint_gt(c[i].done, 0);
		ck_assert_uint_eq(rig_read(r, i, RIG_MMIO + 0x200 + 8 * i, 8), c[i].done);
	}
	rig_free(r);
}
END_TEST

/* Stopped in order, with the server left for the next process. */
START_TEST(restarted)
{
	struct rig *r = rig_start(2);
	struct exen_domain_stats st;

	for (unsigned int n = 0; n < 10; n++) {
		rig_write(r, n % 2, RIG_MMIO, 4, n);
		rig_stop(r);
		rig_close(r, false);
		exen_domain_stats(r->d, &st);
		ck_assert_uint_eq(st.servers, 1);
		ck_assert_uint_eq(st.mapped_pages, 0);
		take_up(r);
		ck_assert_uint_eq(rig_read(r, 1, RIG_MMIO, 4), n);
	}
	exen_domain_stats(r->d, &st);
	ck_assert_uint_eq(st.ranges, 2);
	ck_assert_uint_eq(st.unclaimed, 0);
	rig_free(r);
}
END_TEST

/* The state names a server that does not exist any more: an error, and no new server. */
START_TEST(server_gone)
{
	struct rig *r = rig_start(1);
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
	struct exen_domain_stats st;

	rig_stop(r);
	rig_close(r, false);
	ck_assert_int_eq(xendevicemodel_destroy_ioreq_server(dmod, RIG_DOMID, r->state.id), 0);
	xendevicemodel_close(dmod);
	ck_assert_int_eq(rig_open(r), -ENOENT);
	exen_domain_stats(r->d, &st);
	ck_assert_uint_eq(st.servers, 0);
	rig_free(r);
}
END_TEST

/* A call that fails during taking up must not cost the guest its server. */
START_TEST(each_call_fails)
{
	struct rig *r = rig_start(2);
	struct exen_domain_stats st;
	unsigned int n = 1;

	rig_stop(r);
	rig_close(r, false);
	for (;; n++) {
		int err;

		exen_fail("*", n, EIO);
		err = rig_open(r);
		if (exen_fail_left(true)) {
			ck_assert_int_eq(err, 0);
			break;
		}
		UNIT_CHECK(err == -EIO, "call %u failed, and opening gave %d", n, err);
		exen_domain_stats(r->d, &st);
		ck_assert_uint_eq(st.servers, 1);
		ck_assert_uint_eq(st.mapped_pages, 0);
		ck_assert_uint_ne(r->state.created, 0);
	}
	rig_run(r);
	rig_write(r, 0, RIG_MMIO, 4, 5);
	ck_assert_uint_eq(rig_read(r, 1, RIG_MMIO, 4), 5);
	rig_free(r);
}
END_TEST

Suite *suite_ioreq_take_up(void)
{
	const TTest *const tests[] = {
		killed_between_items, killed_while_copying,   found_ready,
		answer_unannounced,   killed_again_and_again, restarted,
		server_gone,	      each_call_fails,
	};

	return unit_suite("ioreq_take_up", tests, ARRAY_SIZE(tests));
}
