// SPDX-License-Identifier: MIT
/* Write tracking, mappings, ballooning and memory limits. */
#include <string.h>

#include "test_dm.h"

static int track(uint64_t gfn, uint32_t nr, hvmmem_type_t type)
{
	return xendevicemodel_set_mem_type(dm->dmod, DOM, type, gfn, nr) ? -errno : 0;
}

static int claim(ioservid_t id, uint32_t flags)
{
	return xendevicemodel_map_mem_type_to_ioreq_server(dm->dmod, DOM, id, HVMMEM_ioreq_server,
							   flags)
		       ? -errno
		       : 0;
}

START_TEST(write_tracking)
{
	struct exen_domain_stats st;
	ioservid_t other;
	uint64_t val = 0;

	dm_create(dm);
	ck_assert_int_eq(track(4, 1, HVMMEM_ioreq_server), -EINVAL); /* the type is not claimed */
	ck_assert_int_eq(claim(dm->id, 4), -EINVAL);
	ck_assert_int_eq(claim(dm->id, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), 0);
	ck_assert_int_eq(claim(dm->id, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), -EBUSY);
	ck_assert_int_eq(track(4, 2, HVMMEM_ioreq_server), 0);
	ck_assert_int_eq(track(4, 1, HVMMEM_ioreq_server), -EINVAL); /* not ram_rw any more */
	ck_assert_int_eq(track(4, 1, HVMMEM_ram_ro), -EINVAL);
	ck_assert_int_eq(track(RAM, 1, HVMMEM_ram_rw), -EINVAL); /* above the last gfn */
	ck_assert_int_eq(exen_domain_logdirty(dom, true), -EBUSY);
	dm_start(dm);
	ck_assert_int_eq(exen_guest_read(dom, 0, 4 * PAGE + 8, 4, &val), 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.requests, 0);
	ck_assert_uint_eq(st.tracked_pages, 2);
	ck_assert_int_eq(exen_guest_write(dom, 0, 4 * PAGE + 8, 4, 0xaa), 0);
	ck_assert_uint_eq(dm->last.addr, 4 * PAGE + 8);
	ck_assert_uint_eq(dm->last.type, IOREQ_TYPE_COPY);
	/* Only the server writes the page, and this one did not. */
	ck_assert_int_eq(exen_guest_read(dom, 0, 4 * PAGE + 8, 4, &val), 0);
	ck_assert_uint_eq(val, 0);
	/* Giving the type up untracks all pages. */
	ck_assert_int_eq(claim(dm->id, 0), 0);
	ck_assert_int_eq(exen_mem_type(dom, 4), HVMMEM_ram_rw);
	ck_assert_int_eq(exen_guest_write(dom, 0, 4 * PAGE + 8, 4, 0xbb), 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, 4 * PAGE + 8, 4, &val), 0);
	ck_assert_uint_eq(val, 0xbb);
	ck_assert_int_eq(exen_domain_logdirty(dom, true), 0);
	ck_assert_int_eq(claim(dm->id, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), 0);
	ck_assert_int_eq(track(4, 1, HVMMEM_ioreq_server), -EINVAL);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &other), 0);
	ck_assert_int_eq(claim(other, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), -EBUSY);
	ck_assert_int_eq(claim(other, 0), -EINVAL);
	dm_stop(dm);
}
END_TEST

START_TEST(destroyed_with_tracked_pages)
{
	struct access a = { .gpa = 4 * PAGE, .val = 0x77, .write = true };
	ioservid_t id;
	uint64_t val = 0;

	dm_create(dm);
	ck_assert_int_eq(claim(dm->id, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), 0);
	ck_assert_int_eq(track(4, 1, HVMMEM_ioreq_server), 0);
	ck_assert_int_eq(xendevicemodel_destroy_ioreq_server(dm->dmod, DOM, dm->id), 0);
	/* The writer now spins inside Xen, and the type cannot be claimed anew ... */
	exen_set_timeout(30, false);
	ck_assert_int_eq(exen_guest_write(dom, 1, 4 * PAGE, 4, 1), -ETIMEDOUT);
	exen_set_timeout(10000, true);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, DOM, 0, &id), 0);
	ck_assert_int_eq(claim(id, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), -EBUSY);
	access_start(&a);
	/* ... until the page is set back. */
	ck_assert_int_eq(track(4, 1, HVMMEM_ram_rw), 0);
	ck_assert_int_eq(access_end(&a), 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, 4 * PAGE, 4, &val), 0);
	ck_assert_uint_eq(val, 0x77);
	ck_assert_int_eq(claim(id, XEN_DMOP_IOREQ_MEM_ACCESS_WRITE), 0);
}
END_TEST

START_TEST(shadow_has_no_tracking)
{
	struct exen_domain *d = exen_domain_create(9, 1, 4, EXEN_SHADOW);
	ioservid_t id;

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(xendevicemodel_create_ioreq_server(dm->dmod, 9, 0, &id), 0);
	ck_assert_int_eq(xendevicemodel_map_mem_type_to_ioreq_server(dm->dmod, 9, id,
								     HVMMEM_ioreq_server, 2),
			 -1);
	ck_assert_int_eq(errno, EOPNOTSUPP);
	ck_assert_int_eq(xendevicemodel_set_mem_type(dm->dmod, 9, HVMMEM_ioreq_server, 0, 1), -1);
	ck_assert_int_eq(errno, EOPNOTSUPP);
}
END_TEST

START_TEST(balloon_and_mappings)
{
	xen_pfn_t gfns[3] = { 2, RAM + 100, 3 };
	struct exen_domain_stats st;
	int err[3];
	uint64_t val;
	char *va, *again;

	dm_create(dm);
	dm_start(dm);
	ck_assert_ptr_null(xenforeignmemory_map(dm->fmem, DOM, PROT_READ, 3, gfns, NULL));
	ck_assert_int_eq(errno, EINVAL);
	va = xenforeignmemory_map(dm->fmem, DOM, PROT_READ | PROT_WRITE, 3, gfns, err);
	ck_assert_ptr_nonnull(va);
	ck_assert_int_eq(err[0], 0);
	ck_assert_int_eq(err[1], -EINVAL);
	ck_assert_int_eq(err[2], 0);
	strcpy(va, "old");
	ck_assert_int_eq(exen_guest_read(dom, 0, 2 * PAGE, 4, &val), 0);
	ck_assert_int_eq(memcmp(&val, "old", 4), 0);
	/* The page is gone, the servers are told, and existing mappings keep it. */
	ck_assert_int_eq(exen_guest_balloon_out(dom, 1, 2), 0);
	ck_assert_uint_eq(atomic_load(&dm->seen_type[IOREQ_TYPE_INVALIDATE]), 1);
	ck_assert_int_eq(exen_guest_balloon_out(dom, 1, 2), -EINVAL);
	ck_assert_int_eq(exen_mem_type(dom, 2), -ENOENT);
	ck_assert_int_eq(exen_guest_populate(dom, 1, 2), 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, 2 * PAGE, 4, &val), 0);
	ck_assert_uint_eq(val, 0);
	ck_assert_str_eq(va, "old");
	again = xenforeignmemory_map(dm->fmem, DOM, PROT_READ, 1, gfns, NULL);
	ck_assert_int_eq(again[0], 0);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.mapped_pages, 4); /* two, one more, and the ioreq page */
	ck_assert_uint_eq(st.tot_pages, RAM);
	ck_assert_int_eq(xenforeignmemory_unmap(dm->fmem, va, 3), 0);
	ck_assert_int_eq(xenforeignmemory_unmap(dm->fmem, again, 1), 0);
	dm_stop(dm);
}
END_TEST

START_TEST(populate_within_limit)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	xen_pfn_t hole[2] = { MMIO >> 12, (MMIO >> 12) + 1 }, max;
	xc_domaininfo_t info[4];
	uint64_t val = 1;

	ck_assert_int_eq(xc_domain_setmaxmem(xch, DOM, RAM * 4 + 4), 0);
	ck_assert_int_eq(xc_domain_populate_physmap_exact(xch, DOM, 2, 0, 0, hole), -1);
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_int_eq(xc_domain_getinfolist(xch, DOM, 1, info), 1);
	ck_assert_uint_eq(info[0].tot_pages, RAM + 1); /* as far as it went */
	ck_assert_int_eq(xc_domain_setmaxmem(xch, DOM, RAM * 4 + 8), 0);
	ck_assert_int_eq(xc_domain_populate_physmap_exact(xch, DOM, 1, 0, 0, hole + 1), 0);
	ck_assert_int_eq(xc_domain_maximum_gpfn(xch, DOM, &max), 0);
	ck_assert_uint_eq(max, hole[1]);
	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO, 4, &val), 0);
	ck_assert_uint_eq(val, 0x5d5d5d5d); /* its contents of before */
	ck_assert_int_eq(xc_domain_decrease_reservation_exact(xch, DOM, 2, 0, hole), 0);
	ck_assert_int_eq(xc_domain_decrease_reservation_exact(xch, DOM, 1, 0, hole), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(xc_domain_getinfolist(xch, 0, 4, info), 2);
	ck_assert_uint_eq(info[0].domain, 0);
	ck_assert_uint_eq(info[1].domain, DOM);
	ck_assert(info[1].flags & XEN_DOMINF_hap);
	ck_assert_uint_eq(info[1].max_vcpu_id, VCPUS - 1);
	ck_assert_int_eq(xc_domain_getinfolist(xch, DOM + 1, 4, info), 0);
	xc_interface_close(xch);
}
END_TEST

START_TEST(relocate)
{
	uint64_t val = 0;

	ck_assert_int_eq(exen_guest_write(dom, 0, 6 * PAGE, 4, 0x66), 0);
	ck_assert_int_eq(xendevicemodel_relocate_memory(dm->dmod, DOM, 1, 6, MMIO >> 12), 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, MMIO, 4, &val), 0);
	ck_assert_uint_eq(val, 0x66);
	ck_assert_int_eq(exen_mem_type(dom, 6), -ENOENT);
	ck_assert_int_eq(xendevicemodel_relocate_memory(dm->dmod, DOM, 1, 6, 6), -1);
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

Suite *memory_suite(void)
{
	Suite *s = suite_create("embedded: memory");
	TCase *tc = tcase_create("memory");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, write_tracking);
	tcase_add_test(tc, destroyed_with_tracked_pages);
	tcase_add_test(tc, shadow_has_no_tracking);
	tcase_add_test(tc, balloon_and_mappings);
	tcase_add_test(tc, populate_within_limit);
	tcase_add_test(tc, relocate);
	suite_add_tcase(s, tc);
	return s;
}
