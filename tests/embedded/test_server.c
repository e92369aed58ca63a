// SPDX-License-Identifier: MIT
/* Servers, ranges, the ioreq page, event channels and the states of a request. */
#include <poll.h>

#include "test_dm.h"

/* Reads the next event of a vCPU. The test must unmask the port afterwards. */
static void take_event(unsigned int vcpu)
{
	ck_assert_int_eq(xenevtchn_pending(dm->xce[vcpu]), dm->port[vcpu]);
}

static void unmask(unsigned int vcpu)
{
	ck_assert_int_eq(xenevtchn_unmask(dm->xce[vcpu], (evtchn_port_t)dm->port[vcpu]), 0);
}

static int map_range(uint64_t start, uint64_t end)
{
	return xendevicemodel_map_io_range_to_ioreq_server(dm->dmod, DOM, dm->id, 1, start, end)
		       ? -errno
		       : 0;
}

static int unmap_range(uint64_t start, uint64_t end)
{
	return xendevicemodel_unmap_io_range_from_ioreq_server(dm->dmod, DOM, dm->id, 1, start, end)
		       ? -errno
		       : 0;
}

START_TEST(server_limits)
{
	ioservid_t id;

	for (unsigned int i = 0; i < 8; i++) {
		ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), 0);
		ck_assert_uint_eq(id, i);
	}
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), -1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert_int_eq(xendevicemodel_destroy_ioreq_server(dm->dmod, DOM, 3), 0);
	ck_assert_int_eq(xendevicemodel_destroy_ioreq_server(dm->dmod, DOM, 3), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), 0);
	ck_assert_uint_eq(id, 3);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM + 1, 0, &id), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(range_rules)
{
	struct exen_domain_stats st;

	dm_create(dm); /* one range already */
	ck_assert_int_eq(map_range(MMIO + 8, MMIO + 9), -EEXIST);
	ck_assert_int_eq(map_range(9, 8), -EINVAL);
	ck_assert_int_eq(unmap_range(MMIO, MMIO + PAGE), -ENOENT);
	ck_assert_int_eq(unmap_range(MMIO + 16, MMIO + 31), 0);
	ck_assert_int_eq(map_range(MMIO + 16, MMIO + 31), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.ranges, 1); /* touching ranges became one again */
	for (unsigned int i = 0; i < 255; i++)
		ck_assert_int_eq(map_range(i * 0x10, i * 0x10 + 7), 0);
	ck_assert_int_eq(map_range(0x100000, 0x100007), -ENOMEM);
	ck_assert_int_eq(unmap_range(MMIO + 4, MMIO + 7), -ENOMEM); /* a split needs a slot too */
	ck_assert_int_eq(map_range(8, 0xf), 0);			    /* closes a gap: one fewer */
	ck_assert_int_eq(map_range(0x100000, 0x100007), 0);
}
END_TEST

START_TEST(highest_id_wins)
{
	struct exen_domain_stats st;
	ioservid_t other;
	uint64_t val;

	dm_create(dm);
	dm_start(dm);
	/* A newer server that claims the same takes the accesses, once it is enabled. */
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &other), 0);
	ck_assert_int_eq(xendevicemodel_map_io_range_to_ioreq_server(dm->dmod, DOM, other, 1, MMIO,
								     MMIO + 7),
			 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO, 4, &val), 0);
	ck_assert_int_eq(xendevicemodel_set_ioreq_server_state(dm->dmod, DOM, other, 1), 0);
	/* Its page was never asked for, so Xen cannot send. */
	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO, 4, &val), -EFAULT);
	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO + 8, 4, &val), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.unhandled, 1);
	ck_assert_uint_eq(st.requests, 2);
	dm_stop(dm);
}
END_TEST

START_TEST(resource_frames)
{
	void *va = NULL;
	size_t size = 0;

	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &dm->id), 0);
	ck_assert_ptr_null(xenforeignmemory_map_resource(dm->fmem, DOM,
							 XENMEM_resource_ioreq_server, dm->id, 0, 2,
							 &va, PROT_READ | PROT_WRITE, 0));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(xenforeignmemory_map_resource(dm->fmem, DOM,
							 XENMEM_resource_ioreq_server, dm->id, 2, 1,
							 &va, PROT_READ | PROT_WRITE, 0));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(xenforeignmemory_resource_size(dm->fmem, DOM, XENMEM_resource_ioreq_server,
							dm->id, &size),
			 0);
	ck_assert_uint_eq(size, 2 * PAGE);
	dm_map(dm);
}
END_TEST

START_TEST(lateeoi)
{
	int fd;

	dm_create(dm);
	fd = xenevtchn_fd(dm->xce[0]);
	ck_assert(fd_ready(fd)); /* every bind raises one */
	take_event(0);
	ck_assert(!fd_ready(fd));
	struct access a = { .gpa = MMIO };
	access_start(&a);
	while (get_state(&dm->slots[0]) != STATE_IOREQ_READY)
		;
	ck_assert(!fd_ready(fd)); /* the port is masked, and the event remembered */
	dm_answer(dm, 0);
	ck_assert_int_eq(access_end(&a), 0);
	unmask(0);
	take_event(0);
	ck_assert(!fd_ready(fd));
}
END_TEST

START_TEST(evtchn_errors)
{
	xenevtchn_handle *other = xenevtchn_open(NULL, 0);

	dm_create(dm);
	ck_assert_int_eq(xenevtchn_notify(other, (evtchn_port_t)dm->port[0]), -1);
	ck_assert_int_eq(errno, ENOTCONN);
	ck_assert_int_eq(xenevtchn_unbind(other, (evtchn_port_t)dm->port[0]), -1);
	ck_assert_int_eq(errno, ENOTCONN);
	/* A port can only be bound once: the remote port is not unbound any more. */
	ck_assert_int_eq(xenevtchn_bind_interdomain(other, DOM, dm->slots[0].vp_eport), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(xenevtchn_bind_interdomain(other, DOM + 1, 1), -1);
	ck_assert_int_eq(errno, ESRCH);
	/* Unbinding makes it free again. */
	ck_assert_int_eq(xenevtchn_unbind(dm->xce[0], (evtchn_port_t)dm->port[0]), 0);
	ck_assert_int_gt(xenevtchn_bind_interdomain(other, DOM, dm->slots[0].vp_eport), 0);
	xenevtchn_close(other);
}
END_TEST

START_TEST(no_notify_no_wake)
{
	struct access a = { .gpa = MMIO };

	dm_create(dm);
	exen_set_timeout(50, false);
	access_start(&a);
	while (get_state(&dm->slots[0]) != STATE_IOREQ_READY)
		;
	set_state(&dm->slots[0], STATE_IORESP_READY);
	ck_assert_int_eq(access_end(&a), -ETIMEDOUT);
}
END_TEST

START_TEST(bad_states)
{
	static const struct {
		unsigned int first, then;
	} cases[] = {
		{ STATE_IOREQ_INPROCESS, STATE_IOREQ_READY },
		{ STATE_IOREQ_INPROCESS, 9 },
	};
	struct access a = { .gpa = MMIO };

	dm_create(dm);
	access_start(&a);
	while (get_state(&dm->slots[0]) != STATE_IOREQ_READY)
		;
	/* Each state for a while, until the vCPU happens to look at one and then at the other. */
	for (unsigned int i = 0; !exen_domain_crashed(dom); i++) {
		set_state(exen_slot(dom, 0, dm->id), i % 2 ? cases[_i].then : cases[_i].first);
		exen_guest_kick(dom, 0);
		poll(NULL, 0, 5);
	}
	ck_assert_int_eq(access_end(&a), -ESHUTDOWN);
	ck_assert_ptr_nonnull(exen_domain_crashed(dom));
	ck_assert_int_eq(exen_guest_read(dom, 1, 0, 4, &a.val), -ESHUTDOWN);
}
END_TEST

START_TEST(dying_emulator_answers_ones)
{
	struct access a = { .gpa = MMIO };

	dm_create(dm);
	access_start(&a);
	while (get_state(&dm->slots[0]) != STATE_IOREQ_READY)
		;
	set_state(&dm->slots[0], STATE_IOREQ_NONE);
	exen_guest_kick(dom, 0);
	ck_assert_int_eq(access_end(&a), 0);
	ck_assert_uint_eq(a.val, 0xffffffff);
}
END_TEST

START_TEST(interrupts)
{
	struct exen_msi msi;

	ck_assert_int_eq(xendevicemodel_inject_msi(dm->dmod, DOM, 0xfee01000, 0x4041), 0);
	ck_assert_int_eq(exen_msi(dom, 0, &msi), 0);
	ck_assert_uint_eq(msi.addr, 0xfee01000);
	ck_assert_uint_eq(msi.data, 0x4041);
	ck_assert_int_eq(xendevicemodel_inject_msi(dm->dmod, DOM, 0xfee00000, 0), -1);
	ck_assert_int_eq(errno, ERANGE);
	exen_set_timeout(20, false);
	ck_assert_int_eq(exen_msi(dom, 1, &msi), -ETIMEDOUT);
	ck_assert_int_eq(xendevicemodel_set_pci_intx_level(dm->dmod, DOM, 0, 0, 2, 0, 1), 0);
	ck_assert(exen_intx_level(dom, 2, 0));
	ck_assert_int_eq(xendevicemodel_set_pci_intx_level(dm->dmod, DOM, 0, 0, 2, 4, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(faults)
{
	ioservid_t id;

	ck_assert_int_eq(exen_fail("xendevicemodel_create_ioreq_server", 2, ENOMEM), 0);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), 0);
	ck_assert_uint_eq(exen_fail_left(false), 1);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), -1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_uint_eq(exen_fail_left(false), 0);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), 0);
	ck_assert_uint_eq(id, 1); /* the failed one left nothing behind */
	ck_assert_int_eq(exen_fail("*", 1, EIO), 0);
	ck_assert_ptr_null(xenevtchn_open(NULL, 0));
	ck_assert_int_eq(errno, EIO);
}
END_TEST

Suite *server_suite(void)
{
	Suite *s = suite_create("embedded: server");
	TCase *tc = tcase_create("server");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, server_limits);
	tcase_add_test(tc, range_rules);
	tcase_add_test(tc, highest_id_wins);
	tcase_add_test(tc, resource_frames);
	tcase_add_test(tc, lateeoi);
	tcase_add_test(tc, evtchn_errors);
	tcase_add_test(tc, no_notify_no_wake);
	tcase_add_loop_test(tc, bad_states, 0, 2);
	tcase_add_test(tc, dying_emulator_answers_ones);
	tcase_add_test(tc, interrupts);
	tcase_add_test(tc, faults);
	suite_add_tcase(s, tc);
	return s;
}
