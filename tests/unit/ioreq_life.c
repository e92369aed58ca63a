/* SPDX-License-Identifier: MIT */
/* A server's life: created, woken, closed; and the domain's end in the middle of it. */
#include <errno.h>

#include <xenctrl.h>

#include "tests/unit/ioreq_rig.h"

static struct exen_domain_stats stats(const struct rig *r)
{
	struct exen_domain_stats st;

	exen_domain_stats(r->d, &st);
	return st;
}

/* As xl starts a guest: the server exists before the guest's first instruction. */
START_TEST(before_the_guest_runs)
{
	struct rig *r = rig_new(2, EXEN_PAUSED);

	ck_assert_int_eq(rig_open(r), 0);
	rig_run(r);
	ck_assert_uint_eq(stats(r).servers, 1);
	ck_assert_uint_eq(stats(r).ranges, 2);
	exen_domain_unpause(r->d);
	rig_write(r, 1, RIG_MMIO, 4, 0x1234);
	ck_assert_uint_eq(rig_read(r, 0, RIG_MMIO, 4), 0x1234);
	ck_assert_uint_eq(stats(r).unclaimed, 0);
	rig_free(r);
}
END_TEST

START_TEST(leaves_nothing)
{
	struct rig *r = rig_new(4, 0);
	struct exen_stats before, after;

	exen_stats(&before);
	for (unsigned int n = 0; n < 20; n++) {
		ck_assert_int_eq(rig_open(r), 0);
		rig_run(r);
		rig_write(r, n % 4, RIG_MMIO, 4, n);
		rig_stop(r);
		rig_close(r, true);
		ck_assert_uint_eq(r->state.created, 0);
	}
	exen_stats(&after);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	ck_assert_uint_eq(stats(r).servers, 0);
	rig_free(r);
}
END_TEST

START_TEST(most_vcpus)
{
	struct rig *r = rig_start(IOREQ_MAX_VCPUS);

	ck_assert_uint_eq(ioreq_server_vcpus(r->server), IOREQ_MAX_VCPUS);
	for (unsigned int i = 0; i < IOREQ_MAX_VCPUS; i++) {
		rig_write(r, i, RIG_MMIO, 4, i);
		ck_assert_uint_eq(rig_read(r, i, RIG_MMIO, 4), i);
		ck_assert_uint_eq(r->last.vcpu, i);
	}
	rig_free(r);
}
END_TEST

START_TEST(eight_servers)
{
	struct rig *r = rig_new(1, 0);
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
	struct exen_stats before, after;
	ioservid_t ids[8];

	for (unsigned int i = 0; i < 8; i++)
		ck_assert_int_eq(xendevicemodel_create_ioreq_server(
					 dmod, RIG_DOMID, HVM_IOREQSRV_BUFIOREQ_OFF, &ids[i]),
				 0);
	exen_stats(&before);
	ck_assert_int_eq(rig_open(r), -ENOSPC);
	exen_stats(&after);
	ck_assert_mem_eq(&before, &after, sizeof(before));
	ck_assert_uint_eq(r->state.created, 0);
	ck_assert_uint_eq(stats(r).servers, 8);

	ck_assert_int_eq(xendevicemodel_destroy_ioreq_server(dmod, RIG_DOMID, ids[3]), 0);
	ck_assert_int_eq(rig_open(r), 0);
	ck_assert_uint_eq(ioreq_server_id(r->server), ids[3]);
	rig_close(r, true);
	for (unsigned int i = 0; i < 8; i++)
		xendevicemodel_destroy_ioreq_server(dmod, RIG_DOMID, ids[i]);
	xendevicemodel_close(dmod);
	rig_free(r);
}
END_TEST

START_TEST(no_domain)
{
	struct rig *r = rig_new(1, 0);

	exen_domain_destroy(r->d);
	ck_assert_int_eq(rig_open(r), -ESRCH);
	ck_assert_uint_eq(r->state.created, 0);
	rig_free(r);
}
END_TEST

/* Each library call fails in turn: nothing of a half-made server stays. */
START_TEST(each_call_fails)
{
	struct rig *r = rig_new(3, 0);
	struct exen_stats before, after;
	unsigned int n = 1;

	for (;; n++) {
		int err;

		exen_stats(&before);
		exen_fail("*", n, EIO);
		err = rig_open(r);
		if (exen_fail_left(true)) {
			ck_assert_int_eq(err, 0);
			break;
		}
		UNIT_CHECK(err == -EIO, "call %u failed, and opening gave %d", n, err);
		exen_stats(&after);
		ck_assert_mem_eq(&before, &after, sizeof(before));
		ck_assert_uint_eq(stats(r).servers, 0);
		ck_assert_uint_eq(r->state.created, 0);
	}
	ck_assert_uint_gt(n, 8);
	rig_free(r);
}
END_TEST

START_TEST(ranges)
{
	struct rig *r = rig_start(1);
	const u64 at = 0xc0000000;

	ck_assert_int_eq(ioreq_server_claim_pci(r->server, RIG_DEVFN), 0); /* claimed already */
	ck_assert_int_eq(ioreq_server_map_range(r->server, at, at + 0x2000, true), 0);
	ck_assert_int_eq(ioreq_server_map_range(r->server, at + 0x1000, at + 0x3000, true),
			 -EEXIST);
	ck_assert_int_eq(ioreq_server_map_range(r->server, at - 0x1000, at, false), -ENOENT);
	ck_assert_int_eq(ioreq_server_map_range(r->server, at + 0x1000, at + 0x3000, false),
			 -ENOENT);
	/* Adjacent ranges do not overlap: ends are exclusive. */
	ck_assert_int_eq(ioreq_server_map_range(r->server, at + 0x2000, at + 0x3000, true), 0);
	ck_assert_int_eq(ioreq_server_map_range(r->server, at, at + 0x3000, false), 0);

	for (unsigned int n = 1; n < 256; n++)
		ck_assert_int_eq(ioreq_server_map_range(r->server, at + n * 0x2000,
							at + n * 0x2000 + 0x1000, true),
				 0);
	ck_assert_int_eq(ioreq_server_map_range(r->server, at + 0x1000000, at + 0x1001000, true),
			 -ENOMEM);
	rig_free(r);
}
END_TEST

#define WAKERS 3
#define WAKES  300

static void *wake_often(void *arg)
{
	struct rig *r = arg;

	for (unsigned int n = 0; n < WAKES; n++)
		if (ioreq_server_wake(r->server))
			return arg;
	return NULL;
}

/* Each wake-up is noticed, alone or together with others, while the guest keeps the thread busy. */
START_TEST(woken_from_other_threads)
{
	static const unsigned int polls[] = { 0, 64 };
	struct rig *r;

	for (size_t p = 0; p < ARRAY_SIZE(polls); p++) {
		pthread_t thread[WAKERS];
		void *failed;

		r = rig_new(1, 0);
		r->poll_max = polls[p];
		ck_assert_int_eq(rig_open(r), 0);
		rig_run(r);
		/* One at a time, each noticed before the next. */
		for (unsigned int n = 1; n <= WAKES; n++) {
			ck_assert_int_eq(ioreq_server_wake(r->server), 0);
			sem_wait(&r->woken);
			UNIT_CHECK(atomic_load(&r->wakes) == n, "%u of %u", atomic_load(&r->wakes),
				   n);
		}
		for (unsigned int i = 0; i < WAKERS; i++)
			pthread_create(&thread[i], NULL, wake_often, r);
		for (unsigned int n = 0; n < WAKES; n++)
			rig_write(r, 0, RIG_MMIO, 4, n);
		for (unsigned int i = 0; i < WAKERS; i++) {
			pthread_join(thread[i], &failed);
			ck_assert_ptr_null(failed);
		}
		ck_assert_uint_eq(rig_read(r, 0, RIG_MMIO, 4), WAKES - 1);
		rig_free(r); /* which wakes it to end it */
	}
}
END_TEST

START_TEST(domain_paused_in_mid_request)
{
	struct rig *r = rig_start(1);
	struct rig_call call;
	const ioreq_t req = { .type = IOREQ_TYPE_COPY,
			      .dir = IOREQ_WRITE,
			      .addr = RIG_MMIO + RIG_GATE,
			      .data = 0x77,
			      .size = 4,
			      .count = 1 };

	atomic_store(&r->gated, true);
	rig_call(&call, r, 0, &req);
	rig_gate_wait(r);
	exen_domain_pause(r->d);
	rig_gate_open(r);
	/* The server has served it, and does what its owner asks. */
	ck_assert_int_eq(ioreq_server_wake(r->server), 0);
	sem_wait(&r->woken);
	exen_domain_unpause(r->d);
	ck_assert_int_eq(rig_call_wait(&call), 0);
	ck_assert_uint_eq(r->regs[RIG_GATE], 0x77);
	rig_free(r);
}
END_TEST

START_TEST(domain_destroyed_in_mid_request)
{
	struct rig *r = rig_start(2);
	struct rig_call call;
	const ioreq_t req = { .type = IOREQ_TYPE_COPY,
			      .dir = IOREQ_READ,
			      .addr = RIG_MMIO + RIG_GATE,
			      .size = 4,
			      .count = 1 };
	struct exen_stats st;

	atomic_store(&r->gated, true);
	rig_call(&call, r, 1, &req);
	rig_gate_wait(r);
	exen_domain_destroy(r->d);
	ck_assert_int_eq(rig_call_wait(&call), -ESHUTDOWN);
	rig_gate_open(r);
	rig_stop(r);
	rig_close(r, true);
	exen_stats(&st);
	ck_assert_uint_eq(st.mapped_pages, 0);
	ck_assert_uint_eq(st.bound_ports, 0);
	ck_assert_uint_eq(st.used_frames, 0);
	rig_free(r);
}
END_TEST

/* Two servers in one domain: the newer one gets ranges that both claim. */
START_TEST(beside_another)
{
	struct rig *r = rig_new(1, 0);
	xendevicemodel_handle *dmod = xendevicemodel_open(NULL, 0);
	ioservid_t id;

	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dmod, RIG_DOMID,
							    HVM_IOREQSRV_BUFIOREQ_OFF, &id),
			 0);
	ck_assert_int_eq(rig_open(r), 0);
	rig_run(r);
	ck_assert_uint_ne(ioreq_server_id(r->server), id);
	rig_write(r, 0, RIG_MMIO, 4, 1);
	rig_stop(r);
	rig_close(r, true);
	/* The other one is still there. */
	ck_assert_uint_eq(stats(r).servers, 1);
	ck_assert_int_eq(xendevicemodel_destroy_ioreq_server(dmod, RIG_DOMID, id), 0);
	xendevicemodel_close(dmod);
	rig_free(r);
}
END_TEST

Suite *suite_ioreq_life(void)
{
	const TTest *const tests[] = {
		before_the_guest_runs,
		leaves_nothing,
		most_vcpus,
		eight_servers,
		no_domain,
		each_call_fails,
		ranges,
		woken_from_other_threads,
		domain_paused_in_mid_request,
		domain_destroyed_in_mid_request,
		beside_another,
	};

	return unit_suite("ioreq_life", tests, ARRAY_SIZE(tests));
}
