// SPDX-License-Identifier: MIT
/* What a guest may access, and how it reaches a server. */
#include <string.h>

#include "test_dm.h"

#include <xenstore.h>

static void *hammer(void *arg)
{
	struct access *a = arg;
	uint64_t val;

	for (uint64_t i = 0; i < 2000 && !a->rc; i++) {
		uint64_t gpa = MMIO + a->vcpu * 64;

		a->rc = exen_guest_write(dom, a->vcpu, gpa, 8, i);
		if (!a->rc)
			a->rc = exen_guest_read(dom, a->vcpu, gpa, 8, &val);
		if (!a->rc && val != i)
			a->rc = -EPROTO;
		if (!a->rc && i % 100 == 50)
			a->rc = exen_guest_balloon_out(dom, a->vcpu, 10 + a->vcpu * 25 + i / 100);
	}
	return NULL;
}

START_TEST(no_xen)
{
	ck_assert_ptr_null(xendevicemodel_open(NULL, 0));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(xs_open(0));
	ck_assert_ptr_null(exen_domain_create(1, 1, 1, 0));
}
END_TEST

START_TEST(mmio_sizes)
{
	uint64_t val;

	dm_create(dm);
	dm_start(dm);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (unsigned int at = 0; at < 16; at++) {
			uint64_t want = 0x8877665544332211ull >> (64 - 8 * size);

			ck_assert_int_eq(exen_guest_write(dom, 0, MMIO + at, size, want), 0);
			ck_assert_int_eq(exen_guest_read(dom, 1, MMIO + at, size, &val), 0);
			ck_assert_uint_eq(val, want);
		}
	}
	/* An access that goes beyond the range is nobody's. Xen cuts its other page off first. */
	ck_assert_int_eq(exen_guest_write(dom, 0, MMIO + PAGE - 2, 2, 0x1234), 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO + PAGE - 2, 4, &val), 0);
	ck_assert_uint_eq(val, 0xffff1234);
	dm_stop(dm);
}
END_TEST

START_TEST(unclaimed)
{
	struct exen_domain_stats st;
	uint64_t val = 0;

	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO, 4, &val), 0);
	ck_assert_uint_eq(val, 0xffffffff);
	ck_assert_int_eq(exen_guest_write(dom, 0, MMIO, 4, 1), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.unclaimed, 2);
	ck_assert_uint_eq(st.requests, 0);
}
END_TEST

START_TEST(ram_is_native)
{
	struct exen_domain_stats st;
	uint64_t val = 0;

	ck_assert_int_eq(exen_guest_write(dom, 0, 5 * PAGE - 3, 8, 0x1122334455667788ull), 0);
	ck_assert_int_eq(exen_guest_read(dom, 1, 5 * PAGE - 3, 8, &val), 0);
	ck_assert_uint_eq(val, 0x1122334455667788ull);
	ck_assert_int_eq(memcmp((char *)exen_guest_page(dom, 4) + PAGE - 3, &val, 3), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.requests + st.unclaimed, 0);
}
END_TEST

START_TEST(pci_routing)
{
	uint32_t val = 0;

	dm_create(dm);
	ck_assert_int_eq(
		xendevicemodel_map_pcidev_to_ioreq_server(dm->dmod, DOM, dm->id, 0, 0, 32, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(
		xendevicemodel_map_pcidev_to_ioreq_server(dm->dmod, DOM, dm->id, 0, 0, 2, 0), 0);
	dm_start(dm);
	ck_assert_int_eq(exen_guest_pci_write(dom, 0, 2 << 3, 0x12, 2, 0xabcd), 0);
	ck_assert_uint_eq(dm->last.type, IOREQ_TYPE_PCI_CONFIG);
	ck_assert_uint_eq(dm->last.addr, (uint64_t)(2 << 3) << 32 | 0x12);
	ck_assert_int_eq(exen_guest_pci_read(dom, 1, 2 << 3, 0x10, 4, &val), 0);
	ck_assert_uint_eq(val, 0xabcd0000);
	ck_assert_int_eq(exen_guest_pci_read(dom, 1, 3 << 3, 0x10, 4, &val), 0);
	ck_assert_uint_eq(val, 0xffffffff);
	dm_stop(dm);
}
END_TEST

START_TEST(port_io)
{
	uint32_t val = 0;

	dm_create(dm);
	ck_assert_int_eq(xendevicemodel_map_io_range_to_ioreq_server(dm->dmod, DOM, dm->id, 0,
								     0xc000, 0xc007),
			 0);
	dm_start(dm);
	ck_assert_int_eq(exen_guest_out(dom, 0, 0xc004, 2, 0xbeef), 0);
	ck_assert_int_eq(exen_guest_in(dom, 0, 0xc004, 2, &val), 0);
	ck_assert_uint_eq(val, 0xbeef);
	/* Its last byte is outside of the range. */
	ck_assert_int_eq(exen_guest_in(dom, 0, 0xc005, 4, &val), 0);
	ck_assert_uint_eq(val, 0xffffffff);
	dm_stop(dm);
}
END_TEST

START_TEST(rep_moves)
{
	uint32_t *ram = exen_guest_page(dom, 3);
	struct exen_rep up = { .addr = MMIO, .buf = 3 * PAGE, .size = 4, .count = 16 };
	struct exen_rep down = {
		.read = true,
		.df = true,
		.addr = MMIO + 60,
		.buf = 3 * PAGE + 0x800 + 60,
		.size = 4,
		.count = 16,
	};
	struct exen_domain_stats st;

	dm_create(dm);
	dm_start(dm);
	for (uint32_t i = 0; i < 16; i++)
		ram[i] = i * 0x01010101;
	ck_assert_int_eq(exen_guest_rep(dom, 0, &up), 0);
	ck_assert_int_eq(memcmp(dm->regs, ram, 64), 0);
	ck_assert_int_eq(exen_guest_rep(dom, 0, &down), 0);
	ck_assert_int_eq(memcmp(dm->regs, ram + 0x200, 64), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.requests, 2);
	ck_assert_uint_eq(dm->last.df, 1);
	ck_assert_uint_eq(dm->last.count, 16);
	/* Xen ends a request at the device's page: the second page is nobody's here. */
	up.addr = MMIO + PAGE - 8;
	up.count = 4;
	ck_assert_int_eq(exen_guest_rep(dom, 0, &up), 0);
	ck_assert_uint_eq(dm->last.count, 2);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.unclaimed, 1);
	/* The element across the end is a request of its own, which nobody claims. */
	up.addr = MMIO + PAGE - 2;
	ck_assert_int_eq(exen_guest_rep(dom, 0, &up), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.unclaimed, 3);
	ck_assert_uint_eq(st.requests, 3);
	dm_stop(dm);
}
END_TEST

START_TEST(raw_request)
{
	ioreq_t req = { .type = 15, .addr = ~0ull, .size = 77, .count = 0, .data = 5, .dir = 1 };
	struct access a = { .raw = &req };

	dm_create(dm);
	access_start(&a);
	while (get_state(exen_slot(dom, 0, dm->id)) != STATE_IOREQ_READY)
		;
	ck_assert_uint_eq(dm->slots[0].size, 77);
	ck_assert_uint_eq(dm->slots[0].type, 15);
	exen_slot(dom, 0, dm->id)->size = 78;
	ck_assert_uint_eq(dm->slots[0].size, 78);
	dm->slots[0].data = 6;
	set_state(&dm->slots[0], STATE_IORESP_READY);
	ck_assert_int_eq(xenevtchn_notify(dm->xce[0], (evtchn_port_t)dm->port[0]), 0);
	ck_assert_int_eq(access_end(&a), 0);
	ck_assert_uint_eq(req.data, 6);
	ck_assert_uint_eq(req.size, 78);
}
END_TEST

START_TEST(two_vcpus_at_once)
{
	struct access a[VCPUS] = { { .vcpu = 0 }, { .vcpu = 1 } };

	dm_create(dm);
	dm_start(dm);
	exen_set_spin(200);
	for (int i = 0; i < VCPUS; i++)
		pthread_create(&a[i].thread, NULL, hammer, &a[i]);
	for (int i = 0; i < VCPUS; i++) {
		pthread_join(a[i].thread, NULL);
		ck_assert_int_eq(a[i].rc, 0);
	}
	dm_stop(dm);
}
END_TEST

Suite *access_suite(void)
{
	Suite *s = suite_create("embedded: access");
	TCase *tc = tcase_create("access");
	TCase *bare = tcase_create("bare");

	tcase_add_test(bare, no_xen);
	suite_add_tcase(s, bare);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, mmio_sizes);
	tcase_add_test(tc, unclaimed);
	tcase_add_test(tc, ram_is_native);
	tcase_add_test(tc, pci_routing);
	tcase_add_test(tc, port_io);
	tcase_add_test(tc, rep_moves);
	tcase_add_test(tc, raw_request);
	tcase_add_test(tc, two_vcpus_at_once);
	suite_add_tcase(s, tc);
	return s;
}
