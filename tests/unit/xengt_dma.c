/* SPDX-License-Identifier: MIT */
/* Guest pages mapped for DMA: what a device reaches, what is counted, what a guest can spoil. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/unit/pair.h"
#include "tests/unit/xengt_rig.h"
#include "xengt/keeper/grant_frames.h"
#include "xengt/settings/xen_param.h"

#define FIRST 0x100u
#define MANY  1500u

static unsigned int pinned(const struct guest *g)
{
	return guest_stats(g).pinned_pages;
}

static int map(struct guest *g, u64 gfn, u64 *addr)
{
	return intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, gfn, GVT_PAGE_SIZE, addr);
}

static void unmap(struct guest *g, u64 addr)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, addr);
}

static int map_run(struct guest *g, u64 gfn, u32 nr, u64 *addrs)
{
	u64 gfns[4096];

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	return intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, nr, addrs);
}

static void unmap_run(struct guest *g, const u64 *addrs, u32 nr)
{
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, nr);
}

/* The device reads at the address what the guest has in its page. */
static void check_reaches(struct guest *g, u64 gfn, u64 addr)
{
	u8 *seen = exen_dma(addr);

	ck_assert_ptr_nonnull(seen);
	*guest_ram(g, gfn << GVT_PAGE_SHIFT) = gfn * 7;
	UNIT_CHECK(*seen == (u8)(gfn * 7), "gfn 0x%llx", (unsigned long long)gfn);
}

START_TEST(one_page)
{
	struct guest *g = guest_start(1);
	u64 addr, again;

	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(g->v->vgpu, FIRST),
			  INTEL_GVT_INVALID_ADDR);
	ck_assert_int_eq(map(g, FIRST, &addr), 0);
	check_reaches(g, FIRST, addr);
	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(g->v->vgpu, FIRST),
			  addr >> GVT_PAGE_SHIFT);
	ck_assert_int_eq(map(g, FIRST, &again), 0);
	ck_assert_uint_eq(again, addr);
	ck_assert_uint_eq(pinned(g), 1);
	unmap(g, addr);
	check_reaches(g, FIRST, addr);
	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(g->v->vgpu, FIRST),
			  addr >> GVT_PAGE_SHIFT);
	unmap(g, addr);
	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(g->v->vgpu, FIRST),
			  INTEL_GVT_INVALID_ADDR);
	/* Unmapped once too often, and an address that was never mapped: both are counted. */
	unmap(g, addr);
	unmap(g, 0x123456789000);
	ck_assert_uint_eq(g->v->dma.strays, 2);
	guest_detach(g);
	guest_check_before(g);
	ck_assert_ptr_null(exen_dma(addr));
	guest_free(g);
}
END_TEST

START_TEST(not_memory)
{
	static const u64 none[] = { GUEST_PAGES, 0xfffffff, 0xffffffff, 0x100000000, ~0ull >> 12 };
	struct guest *g = guest_start(1);
	u64 gfns[5], addrs[5], addr;

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		ck_assert_int_eq(map(g, none[i], &addr), -EFAULT);
	memcpy(gfns, none, sizeof(gfns));
	gfns[2] = FIRST;
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, 5, addrs), 0);
	for (size_t i = 0; i < 5; i++)
		ck_assert((addrs[i] == GVT_DMA_INVALID) == (i != 2));
	check_reaches(g, FIRST, addrs[2]);
	unmap_run(g, addrs, 5);
	ck_assert_uint_eq(g->v->dma.strays, 0);
	ck_assert_uint_eq(g->v->dma.used, 0);
	guest_free(g);
}
END_TEST

/* Scattered frames that a guest names and does not have take no memory of ours. */
START_TEST(far_apart)
{
	struct guest *g = guest_start(1);
	u64 gfns[512], addrs[512];

	for (u64 i = 0; i < 512; i++)
		gfns[i] = (i << 23) + GUEST_PAGES;
	gfns[5] = FIRST;
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, 512, addrs), 0);
	ck_assert_uint_eq(g->v->dma.gfns.nr_leaves, 1);
	unmap(g, addrs[5]);
	for (u32 i = 0; i < 512; i++) {
		int err = intel_gvt_hypervisor_enable_page_track(g->v->vgpu, gfns[i]);

		ck_assert_int_eq(!err, i == 5);
	}
	ck_assert_uint_eq(g->v->tracked.nr_leaves, 1);
	ck_assert_int_eq(intel_gvt_hypervisor_disable_page_track(g->v->vgpu, FIRST), 0);
	ck_assert_uint_eq(g->v->tracked.nr_leaves, 0);
	guest_free(g);
}
END_TEST

/* More pages than fit in one call, some of them twice. */
START_TEST(many_at_once)
{
	struct guest *g = guest_start(1);
	u64 gfns[MANY], addrs[MANY];

	for (u32 i = 0; i < MANY; i++)
		gfns[i] = FIRST + i % 1100;
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, MANY, addrs),
			 0);
	for (u32 i = 0; i < MANY; i += 13)
		check_reaches(g, gfns[i], addrs[i]);
	ck_assert_uint_eq(pinned(g), 1100);
	ck_assert_uint_eq(addrs[1100], addrs[0]);
	unmap_run(g, addrs, 1100);
	ck_assert_uint_eq(g->v->dma.used, MANY - 1100);
	unmap_run(g, addrs + 1100, MANY - 1100);
	ck_assert_uint_eq(g->v->dma.used, 0);
	ck_assert_uint_eq(g->v->dma.strays, 0);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Pages that are mapped and unmapped again and again are mapped by Xen once. */
START_TEST(churn)
{
	struct guest *g = guest_start(1);
	u64 addrs[200];

	for (u32 n = 0; n < 50; n++) {
		ck_assert_int_eq(map_run(g, FIRST, 200, addrs), 0);
		unmap_run(g, addrs, 200);
	}
	ck_assert_uint_eq(g->v->dma.maps, 200);
	ck_assert_uint_eq(g->v->dma.unmaps, 0);
	/* The number of pages that stay mapped has a bound. */
	for (u32 n = 0; n < 12; n++) {
		u64 more[MANY];

		ck_assert_int_eq(map_run(g, FIRST + n * 1000, 1000, more), 0);
		unmap_run(g, more, 1000);
	}
	ck_assert_uint_lt(pinned(g), 5000);
	guest_free(g);
}
END_TEST

START_TEST(large_pages)
{
	struct guest *g = guest_start(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u64 addr, small, far = 0x100000;

	/* Frame n + 1 is behind page n here, so nothing is aligned. */
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, 0x200, KiB(64), &addr),
			 -ENXIO);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, 0x201, KiB(64), &addr),
			 -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, 0x200, KiB(8), &addr),
			 -EINVAL);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, GUEST_PAGES, MiB(2), &addr),
			 -EINVAL);
	ck_assert_int_eq(xendevicemodel_relocate_memory(g->v->dmod, GUEST_DOMID, 512, 511, far), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, far, MiB(2), &addr), 0);
	ck_assert_uint_eq(addr % MiB(2), 0);
	check_reaches(g, far, addr);
	check_reaches(g, far + 511, addr + MiB(2) - GVT_PAGE_SIZE);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, far + 16, KiB(64), &small),
			 0);
	ck_assert_uint_eq(small, addr + KiB(64));
	ck_assert_int_eq(map(g, far, &small), 0);
	ck_assert_uint_eq(small, addr);
	ck_assert_uint_eq(pinned(g) - g->v->dma.idle, 512);

	/* The single page is unmapped, and the large one is still whole. */
	unmap(g, addr);
	for (u32 i = 0; i < 512; i++)
		check_reaches(g, far + i, addr + i * GVT_PAGE_SIZE);
	ck_assert_uint_eq(g->v->dma.used, 512);
	unmap(g, addr);
	ck_assert_uint_eq(g->v->dma.used, 16);
	unmap(g, addr + KiB(64));
	ck_assert_uint_eq(g->v->dma.used, 0);

	/* A large page with a hole in it. */
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, far + 100), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(vgpu, far, MiB(2), &addr),
			 -EFAULT);
	ck_assert_uint_eq(g->v->dma.used, 0);
	ck_assert_uint_eq(g->v->dma.strays, 0);
	guest_free(g);
}
END_TEST

static unsigned int frames_used(void)
{
	struct exen_stats st;

	exen_stats(&st);
	return st.used_frames;
}

/* A page in use stays what it was for the device, and is given back to Xen with its last use. */
START_TEST(ballooned_while_mapped)
{
	struct guest *g = guest_start(1);
	u64 addr, fresh, large;
	unsigned int frames;

	ck_assert_int_eq(map(g, FIRST, &addr), 0);
	check_reaches(g, FIRST, addr);
	frames = frames_used();
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	ck_assert_uint_eq(frames_used(), frames);
	ck_assert_uint_eq(g->v->dma.gone, 1);
	ck_assert_uint_eq(*(u8 *)exen_dma(addr), (u8)(FIRST * 7));
	ck_assert(!intel_gvt_hypervisor_is_valid_gfn(g->v->vgpu, FIRST));
	ck_assert_int_eq(map(g, FIRST, &fresh), -EFAULT);
	/* Until it is unmapped, the guest's frame number leads to the frame that the device has. */
	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(g->v->vgpu, FIRST), addr >> 12);

	ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST), 0);
	ck_assert_int_eq(map(g, FIRST, &fresh), 0);
	ck_assert_uint_ne(fresh, addr);
	check_reaches(g, FIRST, fresh);
	ck_assert(intel_gvt_hypervisor_is_valid_gfn(g->v->vgpu, FIRST));
	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(g->v->vgpu, FIRST), fresh >> 12);
	ck_assert_uint_eq(frames_used(), frames + 1);
	unmap(g, addr);
	ck_assert_uint_eq(frames_used(), frames);
	ck_assert_ptr_null(exen_dma(addr));
	check_reaches(g, FIRST, fresh);
	unmap(g, fresh);

	/* A part of a large page is given up. */
	ck_assert_int_eq(
		xendevicemodel_relocate_memory(g->v->dmod, GUEST_DOMID, 16, 0x7ff, 0x100000), 0);
	ck_assert_int_eq(
		intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, 0x100000, KiB(64), &large), 0);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 0x100003), 0);
	ck_assert_uint_eq(g->v->dma.gone, 2);
	ck_assert_ptr_nonnull(exen_dma(large + 3 * GVT_PAGE_SIZE));
	unmap(g, large);
	ck_assert_ptr_null(exen_dma(large + 3 * GVT_PAGE_SIZE));
	ck_assert_uint_eq(g->v->dma.strays, 0);
	guest_detach(g);
	guest_free(g);
}
END_TEST

/* Another vCPU replaces the page before that is announced: the old frame is not found again. */
START_TEST(replaced_in_place)
{
	struct guest *g = guest_start(2);
	xen_pfn_t gfn = FIRST;
	u64 addr, fresh;

	ck_assert_int_eq(map(g, FIRST, &addr), 0);
	ck_assert_int_eq(xc_domain_decrease_reservation_exact(g->dom0.xc, GUEST_DOMID, 1, 0, &gfn),
			 0);
	ck_assert_int_eq(xc_domain_populate_physmap_exact(g->dom0.xc, GUEST_DOMID, 1, 0, 0, &gfn),
			 0);
	guest_read(g, 0, 1);
	ck_assert_int_eq(map(g, FIRST, &fresh), 0);
	ck_assert_uint_ne(fresh, addr);
	check_reaches(g, FIRST, fresh);
	unmap(g, addr);
	unmap(g, fresh);
	guest_free(g);
}
END_TEST

/* Idle pages that are still mapped go back to Xen as soon as frames change hands. */
START_TEST(idle_pages_go_first)
{
	struct guest *g = guest_start(1);
	unsigned int frames;
	u64 addr, other;

	ck_assert_int_eq(map(g, FIRST, &addr), 0);
	ck_assert_int_eq(map(g, FIRST + 1, &other), 0);
	unmap(g, addr);
	frames = frames_used();
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	ck_assert_uint_eq(frames_used(), frames - 1);
	ck_assert_uint_eq(pinned(g), 1);
	check_reaches(g, FIRST + 1, other);
	ck_assert_uint_eq(g->v->dma.gone, 0);
	guest_free(g);
}
END_TEST

/* A grant table with 256 entries for us: a larger request fails whole, and idle pages make room. */
START_TEST(small_table)
{
	struct guest *g = guest_start(1);
	u64 addrs[MANY];

	ck_assert_int_eq(exen_domain_set_grants(g->d, 17, 1), 0);
	ck_assert_int_eq(map_run(g, FIRST, 257, addrs), -ENOSPC);
	ck_assert_uint_eq(g->v->dma.used, 0);
	ck_assert_int_eq(map_run(g, FIRST, 256, addrs), 0);
	ck_assert_int_eq(map(g, FIRST + 300, addrs + 256), -ENOSPC);
	ck_assert_int_eq(map(g, FIRST + 200, addrs + 256), 0);
	unmap_run(g, addrs, 257);
	ck_assert_int_eq(map_run(g, FIRST + 300, 256, addrs), 0);
	check_reaches(g, FIRST + 555, addrs[255]);
	/* The guest's part of the table was not touched. */
	ck_assert_ptr_nonnull((void *)exen_grant_entry(g->d, 16 * 512 - 1));
	for (u32 ref = 0; ref < 16 * 512; ref++)
		ck_assert_uint_eq(exen_grant_entry(g->d, ref)->flags, 0);
	guest_detach(g);
	for (u32 ref = 0; ref < 17 * 512; ref++)
		ck_assert_uint_eq(exen_grant_entry(g->d, ref)->flags, 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* How many pages of a new domain can be mapped, up to @nr. */
static u32 can_map(struct guest *g, domid_t domid, u32 nr)
{
	struct exen_domain *d = exen_domain_create(domid, 1, nr, 0);
	struct xengt_options options = xengt_options_default();
	struct pair pair;
	u32 mapped = 0;
	u64 addr;

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(
		pair_attach(&g->dom0, &g->host, domid, &options, &pair, g->why, sizeof(g->why)), 0);
	while (mapped < nr && !xengt_dma_map(pair.v, &(u64){ mapped }, 1, &addr))
		mapped++;
	pair_detach(&g->dom0, &pair, false);
	exen_domain_destroy(d);
	return mapped;
}

/* Xen's bound of a grant table is raised for later guests, and never lowered. */
START_TEST(bound_raised)
{
	struct guest *g = guest_new(1, 0);
	u32 frames;

	ck_assert_int_eq(xengt_xen_param("gnttab_max_frames", &frames), 0);
	ck_assert_uint_eq(frames, 64);
	xengt_grant_frames_raise(0);
	xengt_grant_frames_raise(63);
	ck_assert_int_eq(xengt_xen_param("gnttab_max_frames", &frames), 0);
	ck_assert_uint_eq(frames, 64);

	exen_set_grant_frames(17);
	ck_assert_uint_eq(can_map(g, 31, 1000), 256);
	xengt_grant_frames_raise(18);
	ck_assert_uint_eq(can_map(g, 32, 1000), 768);
	xengt_grant_frames_raise(17);
	ck_assert_uint_eq(can_map(g, 33, 1000), 768);

	/* Where it cannot be raised, guests have the old bound. */
	exen_fail("xenhypfs_write", 1, EACCES);
	xengt_grant_frames_raise(64);
	ck_assert_uint_eq(exen_fail_left(true), 0);
	exen_set_hypfs(false);
	ck_assert_int_eq(xengt_xen_param("gnttab_max_frames", &frames), -ENOSYS);
	xengt_grant_frames_raise(64);
	ck_assert_uint_eq(can_map(g, 34, 1000), 768);
	guest_free(g);
}
END_TEST

START_TEST(no_table)
{
	struct guest *g = guest_start(1);
	u64 addr;

	ck_assert_int_eq(exen_domain_set_grants(g->d, 64, 2), 0);
	ck_assert_int_eq(map(g, FIRST, &addr), -EOPNOTSUPP);
	ck_assert_int_eq(exen_domain_set_grants(g->d, 64, 1), 0);
	g->dom0.pvh = true;
	exen_set_pvh(true);
	ck_assert_int_eq(map(g, FIRST, &addr), -EOPNOTSUPP);
	g->dom0.pvh = false;
	exen_set_pvh(false);
	ck_assert_int_eq(exen_domain_set_grants(g->d, 16, 1), 0);
	ck_assert_int_eq(map(g, FIRST, &addr), -ENOSPC);
	guest_free(g);
}
END_TEST

/* The guest has grants of its own where ours would be: they are not touched. */
START_TEST(table_in_use)
{
	struct guest *g = guest_start(1);
	xenforeignmemory_resource_handle *table;
	grant_entry_v1_t *entries = NULL;
	u64 addrs[MANY];

	table = xenforeignmemory_map_resource(g->v->fmem, GUEST_DOMID, XENMEM_resource_grant_table,
					      0, 62, 1, (void **)&entries, PROT_READ | PROT_WRITE,
					      0);
	ck_assert_ptr_nonnull(table);
	entries[300].frame = 5;
	entries[300].flags = GTF_permit_access;
	ck_assert_int_eq(map_run(g, FIRST, 256, addrs), 0);
	ck_assert_int_eq(map(g, FIRST + 300, addrs + 256), -ENOSPC);
	ck_assert_uint_eq(entries[300].frame, 5);
	ck_assert_uint_eq(entries[300].flags, GTF_permit_access);
	xenforeignmemory_unmap_resource(g->v->fmem, table);
	guest_detach(g);
	ck_assert_uint_eq(exen_grant_entry(g->d, 62 * 512 + 300)->flags, GTF_permit_access);
	guest_free(g);
}
END_TEST

/* Xen lets dom0 have so many grant mappings in all. */
START_TEST(no_handles)
{
	struct guest *g = guest_start(1);
	u64 addrs[MANY];

	exen_set_grant_handles(600);
	ck_assert_int_eq(map_run(g, FIRST, 400, addrs), 0);
	ck_assert_int_eq(map_run(g, FIRST + 400, 300, addrs + 400), -ENOSPC);
	ck_assert_uint_eq(g->v->dma.used, 400);
	ck_assert_int_eq(map_run(g, FIRST + 400, 200, addrs + 400), 0);
	check_reaches(g, FIRST + 599, addrs[599]);
	unmap_run(g, addrs, 600);
	ck_assert_int_eq(map_run(g, FIRST + 1000, 600, addrs), 0);
	/* No handle is left for comparing frames: the pages stay mapped, nothing is lost. */
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST + 1000), 0);
	ck_assert_uint_eq(pinned(g), 600);
	guest_detach(g);
	ck_assert_uint_eq(pinned(g), 0);
	guest_free(g);
}
END_TEST

/* A mapping that was made to compare frames and could not be removed then is removed later. */
START_TEST(looking_again_fails)
{
	struct guest *g = guest_start(1);
	u64 addrs[MANY];

	ck_assert_int_eq(map_run(g, FIRST, 300, addrs), 0);
	for (u32 nth = 1; nth <= 4; nth++) {
		exen_fail("xencall3", nth, EIO);
		ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 0x10 + nth), 0);
		ck_assert_uint_eq(exen_fail_left(true), 0);
		ck_assert_int_eq(exen_guest_populate(g->d, 0, 0x10 + nth), 0);
	}
	unmap_run(g, addrs, 300);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(quota_of_all)
{
	struct guest *g = guest_start(1);
	u64 addrs[MANY];

	g->dom0.pins = XENGT_PINS_HOST - 100;
	ck_assert_int_eq(map_run(g, FIRST, 101, addrs), -ENOSPC);
	ck_assert_uint_eq(g->dom0.pins, XENGT_PINS_HOST - 100);
	ck_assert_int_eq(map_run(g, FIRST, 100, addrs), 0);
	unmap_run(g, addrs, 100);
	ck_assert_int_eq(map_run(g, FIRST + 500, 100, addrs), 0);
	guest_detach(g);
	ck_assert_uint_eq(g->dom0.pins, XENGT_PINS_HOST - 100);
	guest_free(g);
}
END_TEST

/* Maps pages from @gfn on, up to @most, until one is refused. Returns how many were mapped. */
static u32 map_until_refused(struct guest *g, u64 gfn, u32 most, u64 *addrs)
{
	u32 nr = 0;

	while (nr < most && !map_run(g, gfn + nr, 1, addrs + nr))
		nr++;
	return nr;
}

/*
 * The quota of one vGPU covers its pages, our memory for it, and idle pages that are still mapped.
 * The indices that find its pages count too, and grow with them.
 */
START_TEST(quota_of_one)
{
	struct guest *g = guest_new(1, 0);
	u64 addrs[4097];
	u32 room, more;
	void *ours;

	ck_assert_int_eq(guest_attach(g, "memory_mb=16"), 0);
	guest_place(g);
	room = map_until_refused(g, FIRST, 4096, addrs);
	ck_assert_uint_ge(room, 3500);
	ck_assert_uint_le(xengt_quota_used(g->v), 4096);
	ck_assert_uint_ge(xengt_quota_used(g->v), 4090);
	ck_assert_int_eq(map_run(g, FIRST + room, 1, addrs + room), -ENOSPC);
	ck_assert_uint_eq(g->v->dma.over, 2);
	/* A page that is mapped already costs nothing. */
	ck_assert_int_eq(map_run(g, FIRST, 1, addrs + room), 0);
	unmap_run(g, addrs + room, 1);
	ck_assert_ptr_null(intel_gvt_hypervisor_alloc_host_pages(g->v->vgpu, 1));
	ck_assert_uint_eq(g->v->dma.over, 3);
	unmap_run(g, addrs, 200);
	ours = intel_gvt_hypervisor_alloc_host_pages(g->v->vgpu, 64);
	ck_assert_ptr_nonnull(ours);
	more = map_until_refused(g, FIRST + room, 200, addrs);
	ck_assert_uint_ge(more, 1);
	ck_assert_uint_le(more, 200 - 64);
	unmap_run(g, addrs, more);
	unmap_run(g, addrs + 200, room - 200);
	intel_gvt_hypervisor_free_host_pages(g->v->vgpu, ours, 64);
	/* Once more, to see that nothing was lost. */
	more = map_until_refused(g, FIRST, 4096, addrs);
	ck_assert_uint_ge(more + g->v->hostmem.pages + 32, room);
	ck_assert_int_eq(map_run(g, FIRST + more, 1, addrs + more), -ENOSPC);
	unmap_run(g, addrs, more);
	guest_detach(g);
	guest_free(g);
}
END_TEST

static void commit(struct xengt_vgpu *v, void *arg)
{
	*(int *)arg = vgpu_ggtt_commit(v->vgpu);
}

/* A driver maps more than the quota: what fits is mapped, and the rest leads to scratch. */
START_TEST(more_than_the_quota)
{
	struct guest *g = guest_new(1, 0);
	const struct vgpu_gtt_counts *counts;
	u32 found = 0, again = 0;
	u64 scratch;
	int err;

	ck_assert_int_eq(guest_attach(g, "memory_mb=16"), 0);
	guest_place(g);
	for (u32 i = 0; i < 8192; i++)
		g->v->vgpu->ggtt[i] = (u64)(FIRST + i) << GVT_PAGE_SHIFT | 1;
	guest_in_thread(g, commit, &err);
	ck_assert_int_eq(err, -ENOSPC);
	ck_assert_uint_gt(g->v->dma.over, 0);
	ck_assert_uint_le(xengt_quota_used(g->v), 4096);
	counts = intel_vgpu_gtt_counts(g->v->vgpu);
	ck_assert_uint_gt(counts->holes, 4096);
	scratch = vgpu_ggtt_entry(g->v->vgpu, GGTT_PAGES - 1);
	for (u32 i = 0; i < 8192; i++)
		found += vgpu_ggtt_entry(g->v->vgpu, i) != scratch;
	ck_assert_uint_eq(found + counts->holes, 8192);
	ck_assert_uint_ge(found, 3072);
	/* The driver frees some entries, and others are mapped instead. */
	for (u32 i = 0; i < 2048; i++)
		g->v->vgpu->ggtt[i] = 0;
	guest_in_thread(g, commit, &err);
	guest_in_thread(g, commit, &err);
	for (u32 i = 2048; i < 8192; i++)
		again += vgpu_ggtt_entry(g->v->vgpu, i) != scratch;
	ck_assert_uint_ge(again, 3072);
	ck_assert_uint_le(xengt_quota_used(g->v), 4096);
	guest_detach(g);
	guest_free(g);
}
END_TEST

struct spoiler {
	struct guest *g;
	bool stop;
};

/* A vCPU that keeps writing nonsense into our grants. */
static void *spoil(void *arg)
{
	struct spoiler *s = arg;
	unsigned int seed = 1;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		u32 ref = 63 * 512 + rand_r(&seed) % 512;
		volatile struct grant_entry_v1 *entry = exen_grant_entry(s->g->d, ref);

		if (!entry)
			continue;
		entry->frame = rand_r(&seed) % (GUEST_PAGES + 100);
		if (rand_r(&seed) % 4 == 0)
			entry->flags = rand_r(&seed);
	}
	return NULL;
}

/* The guest can get its own pages mixed up. It harms nobody else, and no page is lost. */
START_TEST(spoilt_grants)
{
	struct guest *g = guest_start(1);
	struct spoiler s = { .g = g };
	u64 addrs[200], all[40][200];
	pthread_t thread;

	ck_assert_int_eq(map_run(g, FIRST, 10, addrs), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, spoil, &s), 0);
	for (u32 n = 0; n < 40; n++) {
		ck_assert_int_eq(map_run(g, FIRST + n * 40, 200, all[n]), 0);
		for (u32 i = 0; i < 200; i++)
			ck_assert(all[n][i] == GVT_DMA_INVALID || exen_dma(all[n][i]));
		if (n % 3 == 0)
			ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST + n * 40), 0);
		if (n >= 20)
			unmap_run(g, all[n - 20], 200);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	for (u32 n = 20; n < 40; n++)
		unmap_run(g, all[n], 200);
	unmap_run(g, addrs, 10);
	ck_assert_uint_eq(g->v->dma.strays, 0);
	ck_assert_uint_eq(g->v->dma.used, 0);
	guest_detach(g);
	ck_assert_uint_eq(pinned(g), 0);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_dma(void)
{
	const TTest *const tests[] = {
		one_page,
		not_memory,
		far_apart,
		many_at_once,
		churn,
		large_pages,
		ballooned_while_mapped,
		replaced_in_place,
		idle_pages_go_first,
		small_table,
		bound_raised,
		no_table,
		table_in_use,
		no_handles,
		looking_again_fails,
		quota_of_all,
		quota_of_one,
		more_than_the_quota,
		spoilt_grants,
	};

	return unit_suite("xengt_dma", tests, ARRAY_SIZE(tests));
}
