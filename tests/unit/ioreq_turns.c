/* SPDX-License-Identifier: MIT */
/* A request of many slow items: the vCPU that made it waits, and nobody else does. */
#include <string.h>

#include "tests/unit/ioreq_rig.h"

#define ITEMS 400u

/* Writes of one byte each, to the device or to one register of configuration space. */
static ioreq_t long_request(bool cfg)
{
	return (ioreq_t){
		.type = cfg ? IOREQ_TYPE_PCI_CONFIG : IOREQ_TYPE_COPY,
		.dir = IOREQ_WRITE,
		.addr = cfg ? (u64)RIG_DEVFN << 32 | 0x79 : RIG_MMIO,
		.size = 1,
		.count = ITEMS,
		.data_is_ptr = 1,
		.data = 0x2000,
	};
}

static void wait_for_items(struct rig *r, unsigned int nr)
{
	while (atomic_load(&r->nr_log) < nr)
		unit_sleep(1);
}

/* Each item was carried out once, and in order. */
static void check_items(struct rig *r, bool cfg)
{
	unsigned int next = 0;

	for (unsigned int at = 0; at < atomic_load(&r->nr_log); at++) {
		const struct rig_access *a = &r->log[at];

		if (a->bytes != 1)
			continue;
		ck_assert(a->write && a->cfg == cfg);
		ck_assert_uint_eq(a->addr, cfg ? 0x79 : RIG_MMIO + next);
		ck_assert_uint_eq(a->data, (u8)(next * 7));
		next++;
	}
	ck_assert_uint_eq(next, ITEMS);
}

static struct rig *begin(struct rig_call *call, bool cfg)
{
	struct rig *r = rig_start(2);
	const ioreq_t req = long_request(cfg);

	for (unsigned int i = 0; i < ITEMS; i++)
		rig_ram(r, 0x2000)[i] = i * 7;
	atomic_store(&r->slow_ms, 2);
	rig_call(call, r, 0, &req);
	wait_for_items(r, 1);
	return r;
}

static void finish(struct rig *r, struct rig_call *call, bool cfg)
{
	atomic_store(&r->slow_ms, 0);
	ck_assert_int_eq(rig_call_wait(call), 0);
	check_items(r, cfg);
	ck_assert_uint_gt(ioreq_server_counters(r->server)->sliced, 0);
	rig_free(r);
}

/* Another vCPU gets its answers meanwhile. */
START_TEST(another_vcpu)
{
	struct rig_call call;
	struct rig *r = begin(&call, _i);

	for (unsigned int n = 0; n < 10; n++)
		rig_write(r, 1, RIG_MMIO + 0x1000, 4, n);
	ck_assert_uint_lt(atomic_load(&r->nr_log), ITEMS / 2);
	finish(r, &call, _i);
}
END_TEST

/* So does a thread that wakes the server's, such as the GPU's or the daemon's main thread. */
START_TEST(who_wakes)
{
	struct rig_call call;
	struct rig *r = begin(&call, _i);

	for (unsigned int n = 0; n < 10; n++) {
		ck_assert_int_eq(ioreq_server_wake(r->server), 0);
		while (sem_wait(&r->woken))
			;
	}
	ck_assert_uint_lt(atomic_load(&r->nr_log), ITEMS / 2);
	finish(r, &call, _i);
}
END_TEST

/* The thread stops at once when told to. The rest is done later, in this process or another. */
START_TEST(stopped_amid)
{
	struct rig_call call;
	struct rig *r = begin(&call, _i);

	rig_stop(r);
	ck_assert_uint_lt(atomic_load(&r->nr_log), ITEMS / 2);
	rig_run(r);
	wait_for_items(r, r->state.progress[0].done + 2);
	rig_stop(r);
	ck_assert_uint_lt(atomic_load(&r->nr_log), ITEMS / 2);
	rig_close(r, false);
	ck_assert_int_eq(rig_open(r), 0);
	rig_run(r);
	wait_for_items(r, r->state.progress[0].done + 2);
	ck_assert_uint_eq(ioreq_server_counters(r->server)->resumed, 1);
	finish(r, &call, _i);
}
END_TEST

/* The domain is destroyed meanwhile: nobody waits for the end of its request. */
START_TEST(destroyed_amid)
{
	struct rig_call call;
	struct rig *r = begin(&call, _i);

	exen_domain_destroy(r->d);
	ck_assert_int_ne(rig_call_wait(&call), 0);
	rig_stop(r);
	ck_assert_uint_lt(atomic_load(&r->nr_log), ITEMS / 2);
	rig_free(r);
}
END_TEST

Suite *suite_ioreq_turns(void)
{
	Suite *suite = suite_create("ioreq_turns");
	TCase *tcase = tcase_create("turns");

	tcase_add_loop_test(tcase, another_vcpu, 0, 2);
	tcase_add_loop_test(tcase, who_wakes, 0, 2);
	tcase_add_loop_test(tcase, stopped_amid, 0, 2);
	tcase_add_loop_test(tcase, destroyed_amid, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
