// SPDX-License-Identifier: MIT
/* Pause, destruction, the death of the emulator, restriction. */
#include <poll.h>

#include "test_dm.h"

#include <xencall.h>
#include <xenstore.h>
#include <xentoolcore.h>

#include <xen/sched.h>

START_TEST(pause_holds_accesses)
{
	struct access a = { .gpa = 0, .write = true, .val = 3 };
	struct access b = { .gpa = MMIO, .vcpu = 1 };

	dm_create(dm);
	access_start(&b);
	while (get_state(&dm->slots[1]) != STATE_IOREQ_READY)
		;
	exen_domain_pause(dom);
	access_start(&a);
	dm_answer(dm, 1);
	poll(NULL, 0, 20);
	ck_assert(!atomic_load(&a.done));
	ck_assert(!atomic_load(&b.done));
	ck_assert_uint_eq(get_state(&dm->slots[1]), STATE_IORESP_READY);
	exen_domain_unpause(dom);
	ck_assert_int_eq(access_end(&a), 0);
	ck_assert_int_eq(access_end(&b), 0);
}
END_TEST

START_TEST(destroy_in_mid_request)
{
	struct access a = { .gpa = MMIO };
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	xc_domaininfo_t info;

	dm_create(dm);
	access_start(&a);
	while (get_state(&dm->slots[0]) != STATE_IOREQ_READY)
		;
	exen_domain_destroy(dom);
	ck_assert_int_eq(access_end(&a), -ESHUTDOWN);
	/* The page is still mapped, so the domain is a zombie and the page still there. */
	ck_assert_int_eq(xc_domain_getinfolist(xch, DOM, 1, &info), 1);
	ck_assert(info.flags & XEN_DOMINF_dying);
	ck_assert_uint_eq(get_state(&dm->slots[0]), STATE_IOREQ_READY);
	ck_assert_ptr_null(exen_domain_create(DOM, 1, 1, 0));
	ck_assert_int_eq(xenevtchn_notify(dm->xce[0], (evtchn_port_t)dm->port[0]), 0);
	xenforeignmemory_unmap_resource(dm->fmem, dm->res);
	dm->res = NULL;
	ck_assert_int_eq(xc_domain_getinfolist(xch, DOM, 1, &info), 0);
	ck_assert_ptr_nonnull(exen_domain_create(DOM, 1, 1, 0));
	xc_interface_close(xch);
}
END_TEST

/* Between the toolstack's pause and the end: the domain is empty, and not reported dying. */
START_TEST(taken_apart)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	struct hvm_hw_cpu cpu;
	xc_domaininfo_t info;
	struct exen_stats st;

	ck_assert_int_eq(xc_domain_iomem_permission(xch, DOM, 1, 1, 1), 0);
	ck_assert_int_eq(xc_domain_memory_mapping(xch, DOM, 0x80000, 1, 1, 1), 0);
	ck_assert_int_eq(xc_domain_hvm_getcontext_partial(xch, DOM, HVM_SAVE_CODE(CPU), 0, &cpu,
							  sizeof(cpu)),
			 0);
	exen_domain_take_apart(dom);
	ck_assert_int_eq(xc_domain_getinfolist(xch, DOM, 1, &info), 1);
	ck_assert(!(info.flags & XEN_DOMINF_dying));
	ck_assert(info.flags & XEN_DOMINF_paused);
	ck_assert_int_eq(xc_domain_hvm_getcontext_partial(xch, DOM, HVM_SAVE_CODE(CPU), 0, &cpu,
							  sizeof(cpu)),
			 -1);
	ck_assert_int_eq(errno, EINVAL);
	exen_stats(&st);
	ck_assert_uint_eq(st.complaints, 0);
	ck_assert_int_eq(xc_domain_memory_mapping(xch, DOM, 0x80000, 1, 1, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	exen_stats(&st);
	ck_assert_uint_eq(st.complaints, 1);
	xc_interface_close(xch);
}
END_TEST

START_TEST(crash_and_take_up_again)
{
	struct access a = { .gpa = MMIO + 12 };
	struct dm *old = dm;
	struct exen_stats st;

	dm_create(dm);
	access_start(&a);
	while (get_state(&dm->slots[0]) != STATE_IOREQ_READY)
		;
	set_state(&dm->slots[0], STATE_IOREQ_INPROCESS);
	exen_drop_process();
	ck_assert_int_eq(xenevtchn_notify(old->xce[0], 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(xenevtchn_pending(old->xce[0]), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_uint_eq(old->slots[0].vp_eport, 0);
	exen_stats(&st);
	ck_assert_uint_eq(st.handles + st.mapped_pages + st.bound_ports, 0);
	ck_assert(!atomic_load(&a.done));
	dm = dm_open(dom);
	dm->id = old->id;
	dm_map(dm);
	ck_assert_uint_eq(get_state(&dm->slots[0]), STATE_IOREQ_INPROCESS);
	dm_bind(dm);
	dm->slots[0].data = 0x600d;
	set_state(&dm->slots[0], STATE_IORESP_READY);
	ck_assert_int_eq(xenevtchn_notify(dm->xce[0], (evtchn_port_t)dm->port[0]), 0);
	ck_assert_int_eq(access_end(&a), 0);
	ck_assert_uint_eq(a.val, 0x600d);
	dm_close(old);
}
END_TEST

START_TEST(restricted)
{
	xencall_handle *call = xencall_open(NULL, 0);
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	struct xs_handle *xsh = xs_open(0);
	xc_domaininfo_t info;
	xen_pfn_t gfn = 0;
	ioservid_t id;

	ck_assert_ptr_nonnull(exen_domain_create(8, 1, 4, 0));
	dm_create(dm);
	ck_assert_int_eq(xencall2(call, __HYPERVISOR_sched_op, SCHEDOP_yield, 0), 0);
	ck_assert_int_eq(xentoolcore_restrict_all(DOM), 0);
	ck_assert_int_eq(xencall2(call, __HYPERVISOR_sched_op, SCHEDOP_yield, 0), -1);
	ck_assert_int_eq(errno, ENOTTY);
	xencall_close(call);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, 8, 0, &id), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_ptr_null(xenforeignmemory_map(dm->fmem, 8, PROT_READ, 1, &gfn, NULL));
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(xenevtchn_bind_interdomain(dm->xce[0], 8, 1), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(xc_domain_getinfolist(xch, 0, 1, &info), -1);
	ck_assert_int_eq(errno, ENOTTY);
	ck_assert_ptr_null(xs_read(xsh, XBT_NULL, "domid", NULL));
	ck_assert_int_eq(xendevicemodel_inject_msi(dm->dmod, DOM, 0xfee00000, 0x41), 0);
	ck_assert_int_eq(xentoolcore_restrict_all(8), -1);
	xs_close(xsh);
	xc_interface_close(xch);
}
END_TEST

static uint64_t shared_info_frame(void)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	xc_domaininfo_t info;

	ck_assert_int_eq(xc_domain_getinfolist(xch, DOM, 1, &info), 1);
	xc_interface_close(xch);
	return info.shared_info_frame;
}

/* As evtchn_reset() and arch_domain_soft_reset(): channels whose near end is Xen's are not closed.
 */
START_TEST(soft_reset)
{
	struct exen_domain_stats before, after;
	uint64_t val = 0;

	dm_create(dm);
	ck_assert_uint_eq(shared_info_frame(), ~0ull);
	ck_assert_int_eq(exen_guest_write(dom, 0, 0x1000, 4, 0x77), 0);
	ck_assert_uint_ne(shared_info_frame(), ~0ull);
	ck_assert_int_eq(exen_domain_soft_reset(dom), -EINVAL);
	exen_domain_stats(dom, &before);
	exen_domain_shutdown(dom, SHUTDOWN_soft_reset);
	ck_assert_int_eq(exen_domain_soft_reset(dom), 0);
	ck_assert_uint_eq(shared_info_frame(), ~0ull);
	exen_domain_unpause(dom);
	ck_assert_int_eq(exen_guest_read(dom, 0, 0x1000, 4, &val), 0);
	ck_assert_uint_eq(val, 0x77);
	exen_domain_stats(dom, &after);
	ck_assert_uint_eq(after.servers, before.servers);
	ck_assert_uint_eq(after.tot_pages, before.tot_pages);
}
END_TEST

Suite *domain_suite(void)
{
	Suite *s = suite_create("embedded: domain");
	TCase *tc = tcase_create("domain");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pause_holds_accesses);
	tcase_add_test(tc, destroy_in_mid_request);
	tcase_add_test(tc, taken_apart);
	tcase_add_test(tc, crash_and_take_up_again);
	tcase_add_test(tc, restricted);
	tcase_add_test(tc, soft_reset);
	suite_add_tcase(s, tc);
	return s;
}
