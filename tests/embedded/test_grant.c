// SPDX-License-Identifier: MIT
/* Grant tables, device maps of them, and frames shown as device memory. */
#include <stdlib.h>
#include <string.h>

#include "test_dm.h"

#include <xencall.h>
#include <xengnttab.h>
#include <xenhypfs.h>

/* The domain's last reference, in a table of 64 frames. */
#define LAST (64 * 512 - 1)

static xencall_handle *call;
static xenforeignmemory_resource_handle *table;
static grant_entry_v1_t *entries; /* of the last frame */

static void open_table(void)
{
	void *va = NULL;

	call = xencall_open(NULL, 0);
	table = xenforeignmemory_map_resource(dm->fmem, DOM, XENMEM_resource_grant_table, 0, 63, 1,
					      &va, PROT_READ | PROT_WRITE, 0);
	ck_assert_ptr_nonnull(table);
	entries = va;
}

static void close_table(void)
{
	ck_assert_int_eq(xenforeignmemory_unmap_resource(dm->fmem, table), 0);
	xencall_close(call);
}

/* The entry of a reference, counted from the last down. */
static grant_entry_v1_t *entry(unsigned int down)
{
	return &entries[511 - down];
}

static void grant(unsigned int down, uint32_t gfn)
{
	*entry(down) = (grant_entry_v1_t){ .flags = GTF_permit_access, .frame = gfn };
}

static int map(domid_t domid, uint32_t ref, gnttab_map_grant_ref_t *op)
{
	*op = (gnttab_map_grant_ref_t){ .flags = GNTMAP_device_map, .dom = domid, .ref = ref };
	ck_assert_int_eq(xencall3(call, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
				  (uintptr_t)op, 1),
			 0);
	return op->status;
}

static int unmap(uint32_t handle, uint64_t bus)
{
	gnttab_unmap_grant_ref_t op = { .dev_bus_addr = bus, .handle = handle };

	ck_assert_int_eq(xencall3(call, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref,
				  (uintptr_t)&op, 1),
			 0);
	return op.status;
}

START_TEST(mapped_for_a_device)
{
	gnttab_map_grant_ref_t op, again;
	struct exen_domain_stats st;
	uint64_t val = 0;

	open_table();
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_general_error); /* nothing granted */
	grant(0, 5);
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_okay);
	ck_assert_uint_eq(entry(0)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	strcpy(exen_dma(op.dev_bus_addr), "dma");
	ck_assert_int_eq(exen_guest_read(dom, 0, 5 * PAGE, 4, &val), 0);
	ck_assert_int_eq(memcmp(&val, "dma", 4), 0);
	/* While it is mapped, a change of the entry has no effect. */
	entry(0)->frame = 6;
	ck_assert_int_eq(map(DOM, LAST, &again), GNTST_okay);
	ck_assert_uint_eq(again.dev_bus_addr, op.dev_bus_addr);
	ck_assert_uint_ne(again.handle, op.handle);
	exen_domain_stats(dom, &st);
	ck_assert_uint_eq(st.pinned_pages, 2);
	/* It is unmapped only by its own address, and once. */
	ck_assert_int_eq(unmap(op.handle, op.dev_bus_addr + PAGE), GNTST_bad_dev_addr);
	ck_assert_int_eq(unmap(op.handle, 0), GNTST_okay);
	ck_assert_int_eq(unmap(op.handle, op.dev_bus_addr), GNTST_okay);
	ck_assert_int_eq(unmap(op.handle, op.dev_bus_addr), GNTST_bad_handle);
	ck_assert_uint_eq(entry(0)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	ck_assert_int_eq(unmap(again.handle, op.dev_bus_addr), GNTST_okay);
	ck_assert_uint_eq(entry(0)->flags, GTF_permit_access);
	ck_assert_ptr_null(exen_dma(op.dev_bus_addr));
	/* Now the change has an effect. */
	ck_assert_int_eq(map(DOM, LAST, &again), GNTST_okay);
	ck_assert_uint_ne(again.dev_bus_addr, op.dev_bus_addr);
	ck_assert_int_eq(unmap(again.handle, again.dev_bus_addr), GNTST_okay);
	close_table();
}
END_TEST

START_TEST(not_mapped)
{
	gnttab_map_grant_ref_t op;

	open_table();
	grant(0, RAM);
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_bad_page);
	ck_assert_int_eq(map(DOM, LAST + 1, &op), GNTST_bad_gntref);
	ck_assert_int_eq(map(DOM + 1, LAST, &op), GNTST_bad_domain);
	grant(0, 5);
	entry(0)->domid = 3;
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_general_error);
	grant(0, 5);
	entry(0)->flags |= GTF_readonly;
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_general_error);
	grant(0, 5);
	exen_set_pvh(true);
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_general_error);
	exen_set_pvh(false);
	exen_set_grant_handles(0);
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_no_space);
	ck_assert_int_eq(unmap(0, 1), GNTST_bad_handle);
	close_table();
}
END_TEST

/* A mapping keeps the frame, even if the guest is gone, and the process. */
START_TEST(kept)
{
	struct exen_domain *d = exen_domain_create(9, 1, 8, 0);
	xenforeignmemory_resource_handle *other;
	gnttab_map_grant_ref_t op, second;
	grant_entry_v1_t *far = NULL;
	struct exen_stats st;
	unsigned int frames;

	open_table();
	grant(0, 5);
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_okay);
	strcpy(exen_dma(op.dev_bus_addr), "mine");
	exen_stats(&st);
	frames = st.used_frames;
	ck_assert_int_eq(exen_guest_balloon_out(dom, 0, 5), 0);
	ck_assert_int_eq(exen_guest_populate(dom, 0, 5), 0);
	exen_stats(&st);
	ck_assert_uint_eq(st.used_frames, frames + 1);
	ck_assert_str_eq(exen_dma(op.dev_bus_addr), "mine");
	ck_assert_int_eq(unmap(op.handle, op.dev_bus_addr), GNTST_okay);
	exen_stats(&st);
	ck_assert_uint_eq(st.used_frames, frames);

	other = xenforeignmemory_map_resource(dm->fmem, 9, XENMEM_resource_grant_table, 0, 0, 1,
					      (void **)&far, PROT_READ | PROT_WRITE, 0);
	far[3] = (grant_entry_v1_t){ .flags = GTF_permit_access, .frame = 2 };
	ck_assert_int_eq(map(9, 3, &second), GNTST_okay);
	xenforeignmemory_unmap_resource(dm->fmem, other);
	exen_domain_destroy(d);
	ck_assert_ptr_nonnull(exen_dma(second.dev_bus_addr));
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, 1);
	/* Until then the domain's number cannot be used again. */
	ck_assert_ptr_null(exen_domain_create(9, 1, 8, 0));
	ck_assert_int_eq(unmap(second.handle, second.dev_bus_addr), GNTST_okay);
	ck_assert_ptr_nonnull(exen_domain_create(9, 1, 8, 0));
	close_table();
}
END_TEST

START_TEST(table_size)
{
	xenforeignmemory_resource_handle *res;
	gnttab_get_version_t version = { .dom = DOM };
	size_t size = 0;
	void *va = NULL;

	open_table();
	ck_assert_int_eq(exen_domain_set_grants(dom, 70, 2), 0);
	ck_assert_int_eq(xenforeignmemory_resource_size(dm->fmem, DOM, XENMEM_resource_grant_table,
							0, &size),
			 0);
	ck_assert_uint_eq(size, 70 * PAGE);
	res = xenforeignmemory_map_resource(dm->fmem, DOM, XENMEM_resource_grant_table, 0, 70, 1,
					    &va, PROT_READ, 0);
	ck_assert_ptr_null(res);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null((void *)exen_grant_entry(dom, 64 * 512));
	res = xenforeignmemory_map_resource(dm->fmem, DOM, XENMEM_resource_grant_table, 0, 69, 1,
					    &va, PROT_READ, 0);
	ck_assert_ptr_nonnull(res);
	ck_assert_ptr_nonnull((void *)exen_grant_entry(dom, 64 * 512));
	xenforeignmemory_unmap_resource(dm->fmem, res);
	ck_assert_int_eq(xencall3(call, __HYPERVISOR_grant_table_op, GNTTABOP_get_version,
				  (uintptr_t)&version, 1),
			 0);
	ck_assert_uint_eq(version.version, 2);
	close_table();
}
END_TEST

/* The parameter applies to domains that are created later. */
START_TEST(bound)
{
	xenhypfs_handle *hypfs = xenhypfs_open(NULL, 0);
	char *text = xenhypfs_read(hypfs, "/params/gnttab_max_frames");
	size_t size = 0;

	ck_assert_str_eq(text, "64");
	free(text);
	ck_assert_ptr_null(xenhypfs_read(hypfs, "/params/other"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(xenhypfs_write(hypfs, "/params/gnttab_max_frames", "many"), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(xenhypfs_write(hypfs, "/params/gnttab_max_frames", "80"), 0);
	ck_assert_ptr_nonnull(exen_domain_create(8, 1, 4, 0));
	for (domid_t domid = DOM; domid <= 8; domid++) {
		ck_assert_int_eq(xenforeignmemory_resource_size(
					 dm->fmem, domid, XENMEM_resource_grant_table, 0, &size),
				 0);
		ck_assert_uint_eq(size, (domid == DOM ? 64 : 80) * PAGE);
	}
	xenhypfs_close(hypfs);
	exen_set_hypfs(false);
	ck_assert_ptr_null(xenhypfs_open(NULL, 0));
}
END_TEST

/* Pages that dom0 shares with itself. */
START_TEST(own_pages)
{
	xengntshr_handle *shr = xengntshr_open(NULL, 0);
	gnttab_map_grant_ref_t op;
	struct exen_stats st;
	uint32_t refs[3];
	unsigned int frames;
	char *va;

	call = xencall_open(NULL, 0);
	exen_stats(&st);
	frames = st.used_frames;
	exen_set_gntalloc_limit(2);
	ck_assert_ptr_null(xengntshr_share_pages(shr, 0, 3, refs, 1));
	ck_assert_int_eq(errno, ENOSPC);
	exen_set_gntalloc_limit(1024);
	va = xengntshr_share_pages(shr, 0, 3, refs, 1);
	ck_assert_ptr_nonnull(va);
	strcpy(va + PAGE, "ours");
	ck_assert_int_eq(map(0, refs[1], &op), GNTST_okay);
	ck_assert_str_eq(exen_dma(op.dev_bus_addr), "ours");
	ck_assert_int_eq(unmap(op.handle, op.dev_bus_addr), GNTST_okay);
	ck_assert_str_eq(exen_dma(op.dev_bus_addr), "ours");
	ck_assert_int_eq(xengntshr_unshare(shr, va, 3), 0);
	ck_assert_int_eq(map(0, refs[1], &op), GNTST_bad_gntref);
	exen_stats(&st);
	ck_assert_uint_eq(st.used_frames, frames);
	xengntshr_close(shr);
	xencall_close(call);
}
END_TEST

static int alias(xc_interface *xch, uint64_t gfn, uint64_t mfn, unsigned int nr, bool add)
{
	return xc_domain_memory_mapping(xch, DOM, gfn, mfn, nr, add) ? -errno : 0;
}

START_TEST(shown_as_device_memory)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	xen_pfn_t at = MMIO >> 12;
	gnttab_map_grant_ref_t op;
	uint64_t val = 0, mfn;

	open_table();
	grant(0, 5);
	ck_assert_int_eq(map(DOM, LAST, &op), GNTST_okay);
	mfn = op.dev_bus_addr >> 12;
	ck_assert_int_eq(alias(xch, at, mfn, 1, true), -EPERM);
	ck_assert_int_eq(xc_domain_iomem_permission(xch, DOM, mfn, 2, 1), 0);
	ck_assert_int_eq(alias(xch, at, mfn, 1, true), 0);
	ck_assert_int_eq(alias(xch, at, mfn, 1, true), 0);
	ck_assert_int_eq(exen_guest_write(dom, 0, MMIO + 8, 4, 0x77), 0);
	ck_assert_int_eq(exen_guest_read(dom, 0, 5 * PAGE + 8, 4, &val), 0);
	ck_assert_uint_eq(val, 0x77);
	/* It is not the guest's memory: it cannot be mapped, granted, moved or given up. */
	ck_assert_ptr_null(xenforeignmemory_map(dm->fmem, DOM, PROT_READ, 1, &at, NULL));
	grant(1, at);
	ck_assert_int_eq(map(DOM, LAST - 1, &op), GNTST_bad_page);
	ck_assert_int_ne(exen_guest_balloon_out(dom, 0, at), 0);
	ck_assert_int_eq(xendevicemodel_relocate_memory(dm->dmod, DOM, 1, at, at + 1), -1);
	ck_assert_int_eq(xc_domain_iomem_permission(xch, DOM, mfn, 2, 0), 0);
	ck_assert_int_eq(alias(xch, at, mfn, 1, false), -EPERM);
	ck_assert_int_eq(xc_domain_iomem_permission(xch, DOM, mfn, 2, 1), 0);
	ck_assert_int_eq(alias(xch, at, mfn, 1, false), 0);
	ck_assert_int_eq(alias(xch, at, mfn, 1, false), -EINVAL);
	/* An alias in place of another one crashes the guest. */
	ck_assert_int_eq(alias(xch, at, mfn, 1, true), 0);
	ck_assert_int_eq(alias(xch, at, mfn + 1, 1, true), -EPERM);
	ck_assert_ptr_nonnull(exen_domain_crashed(dom));
	ck_assert_int_eq(alias(xch, at, mfn, 1, false), 0);
	grant(0, 5);
	ck_assert_int_eq(unmap(0, mfn << 12), GNTST_okay);
	close_table();
	xc_interface_close(xch);
}
END_TEST

Suite *grant_suite(void)
{
	Suite *s = suite_create("embedded: grants");
	TCase *tc = tcase_create("grants");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, mapped_for_a_device);
	tcase_add_test(tc, not_mapped);
	tcase_add_test(tc, kept);
	tcase_add_test(tc, table_size);
	tcase_add_test(tc, bound);
	tcase_add_test(tc, own_pages);
	tcase_add_test(tc, shown_as_device_memory);
	suite_add_tcase(s, tc);
	return s;
}
