/* SPDX-License-Identifier: MIT */
/* Bus addresses of the software GPU: the guest's own, with grants for the aperture's pages only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"
#include "xengt/xen/bus.h"

#define FIRST	 0x100u
#define APERTURE GFN(GUEST_BAR2)
#define AT(page) (GUEST_BAR2 + (u64)(page)*GVT_PAGE_SIZE)
#define MANY	 3000u

static void *find(struct guest *g, u64 bus)
{
	return intel_gvt_hypervisor_dma_to_virt(g->v->vgpu, bus);
}

static int map(struct guest *g, u64 gfn, u64 size, u64 *addr)
{
	return intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, gfn, size, addr);
}

static void unmap(struct guest *g, u64 addr)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, addr);
}

static u64 used(const struct guest *g)
{
	return g->v->view.used;
}

static void end(struct guest *g)
{
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}

START_TEST(no_grants)
{
	struct guest *g = guest_start_gpu(1);
	u64 gfns[MANY], addrs[MANY], was = used(g);

	for (u32 i = 0; i < MANY; i++)
		gfns[i] = i * 7 % MANY;
	gfns[1] = gfns[0];
	gfns[2] = XENGT_BUS_HOST;
	gfns[3] = GUEST_PAGES + 5;
	gfns[4] = ~0ull;
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, MANY, addrs),
			 0);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, 0);
	ck_assert_uint_eq(used(g) - was, MANY - 4);
	for (u32 i = 0; i < MANY; i++) {
		if (i >= 2 && i <= 4) {
			ck_assert_uint_eq(addrs[i], GVT_DMA_INVALID);
			continue;
		}
		guest_ram(g, gfns[i] << GVT_PAGE_SHIFT)[1] = i;
		ck_assert_uint_eq(((u8 *)find(g, addrs[i]))[1], (u8)i);
	}
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, MANY);
	ck_assert_uint_eq(used(g), was);
	ck_assert_ptr_null(find(g, addrs[0]));
	end(g);
}
END_TEST

START_TEST(large_pages)
{
	struct guest *g = guest_start_gpu(1);
	u64 addr[4], was = used(g);

	ck_assert_int_eq(map(g, 513, MiB(2), addr), -EINVAL);
	ck_assert_int_eq(map(g, 520, KiB(64), addr), -EINVAL);
	ck_assert_int_eq(map(g, 512, KiB(8), addr), -EINVAL);
	/* These begin at the same page. */
	ck_assert_int_eq(map(g, 512, MiB(2), &addr[0]), 0);
	ck_assert_int_eq(map(g, 512, KiB(64), &addr[1]), 0);
	ck_assert_int_eq(map(g, 512, GVT_PAGE_SIZE, &addr[2]), 0);
	ck_assert_uint_eq(addr[0], addr[1]);
	ck_assert_uint_eq(addr[0], addr[2]);
	ck_assert_int_eq(map(g, 512 + 256, KiB(64), &addr[3]), 0);
	ck_assert_uint_eq(used(g) - was, 512);
	unmap(g, addr[0]);
	unmap(g, addr[0]);
	ck_assert_uint_eq(used(g) - was, 512);
	ck_assert_ptr_nonnull(find(g, addr[0]));
	ck_assert_ptr_nonnull(find(g, addr[0] + 511 * GVT_PAGE_SIZE));
	unmap(g, addr[0]);
	ck_assert_uint_eq(used(g) - was, 16);
	ck_assert_ptr_null(find(g, addr[0]));
	ck_assert_ptr_nonnull(find(g, addr[3] + 15 * GVT_PAGE_SIZE));
	/* An address that is not mapped cannot be unmapped. */
	unmap(g, addr[3] + GVT_PAGE_SIZE);
	unmap(g, addr[0]);
	ck_assert_uint_eq(g->v->view.strays, 2);
	ck_assert_uint_eq(used(g) - was, 16);
	unmap(g, addr[3]);
	ck_assert_uint_eq(used(g), was);
	end(g);
}
END_TEST

/* A large page needs memory from one end to the other. */
START_TEST(large_hole)
{
	struct guest *g = guest_start_gpu(1);
	u64 addr, was = used(g);

	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 600), 0);
	guest_move_on(g, 0);
	ck_assert_int_eq(map(g, 512, MiB(2), &addr), -EFAULT);
	ck_assert_int_eq(map(g, 592, KiB(64), &addr), -EFAULT);
	ck_assert_uint_eq(used(g), was);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, 600), 0);
	ck_assert_int_eq(map(g, 512, MiB(2), &addr), 0);
	guest_ram(g, 600ull << GVT_PAGE_SHIFT)[9] = 0x77;
	ck_assert_uint_eq(((u8 *)find(g, addr + 88 * GVT_PAGE_SIZE))[9], 0x77);
	unmap(g, addr);
	end(g);
}
END_TEST

/* The guest names many scattered frames that it does not have: that takes a call or two. */
START_TEST(far_apart)
{
	struct guest *g = guest_start_gpu(1);
	u64 gfns[512], addrs[512], was = used(g), maps = g->v->view.maps;

	for (u32 i = 0; i < 512; i++)
		gfns[i] = GUEST_PAGES + (i + 1) * XENGT_AREA_PAGES;
	gfns[300] = FIRST;
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, 512, addrs), 0);
	ck_assert_uint_le(g->v->view.maps - maps, 2);
	for (u32 i = 0; i < 512; i++)
		ck_assert((addrs[i] == GVT_DMA_INVALID) == (i != 300));
	guest_ram(g, (u64)FIRST << GVT_PAGE_SHIFT)[9] = 0x77;
	ck_assert_uint_eq(((u8 *)find(g, addrs[300]))[9], 0x77);
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, 512);
	ck_assert_uint_eq(used(g), was);
	end(g);
}
END_TEST

/* Memory that appears page by page in areas that are mapped already is soon mapped by areas. */
START_TEST(late_pages)
{
	struct guest *g = guest_start_gpu(1);
	const u64 first = 0x1000, pages = 5 * XENGT_AREA_PAGES;
	u64 maps, gfns[XENGT_AREA_PAGES], addrs[5 * XENGT_AREA_PAGES], was = used(g);

	for (u64 i = 0; i < pages; i++)
		if (i % XENGT_AREA_PAGES)
			ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, first + i), 0);
	guest_move_on(g, 0);
	for (u64 i = 0; i < pages; i += XENGT_AREA_PAGES) {
		ck_assert_int_eq(map(g, first + i, GVT_PAGE_SIZE, &addrs[i]), 0);
		ck_assert_ptr_nonnull(find(g, addrs[i]));
	}
	for (u64 i = 0; i < pages; i++)
		if (i % XENGT_AREA_PAGES)
			ck_assert_int_eq(exen_guest_populate(g->d, 0, first + i), 0);
	maps = g->v->view.maps;
	for (u64 at = 0; at < pages; at += XENGT_AREA_PAGES) {
		for (u32 i = 1; i < XENGT_AREA_PAGES; i++)
			gfns[i] = first + at + i;
		ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns + 1,
									  XENGT_AREA_PAGES - 1,
									  &addrs[at + 1]),
				 0);
		for (u32 i = 0; i < XENGT_AREA_PAGES; i++) {
			guest_ram(g, (first + at + i) << GVT_PAGE_SHIFT)[9] = at / 64 + i;
			ck_assert_uint_eq(((u8 *)find(g, addrs[at + i]))[9], (u8)(at / 64 + i));
		}
	}
	ck_assert_uint_le(g->v->view.maps - maps, XENGT_VIEW_LATE + XENGT_AREA_PAGES);
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, pages);
	ck_assert_uint_eq(used(g), was);
	end(g);
}
END_TEST

/* Of the pages that the GPU reaches, only those that the aperture shows are pinned. */
START_TEST(shown_in_the_aperture)
{
	struct guest *g = guest_start_gpu(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	unsigned int pinned = guest_stats(g).pinned_pages;
	u64 gfns[3] = { FIRST, FIRST + 1, FIRST + 2 }, addrs[3], requests;

	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(vgpu, gfns, 3, addrs), 0);
	ck_assert_uint_eq(intel_gvt_hypervisor_gfn_to_mfn(vgpu, FIRST), addrs[0] >> GVT_PAGE_SHIFT);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(vgpu, APERTURE + 7,
							     addrs[0] >> GVT_PAGE_SHIFT, 3, true),
			 0);
	ck_assert_uint_eq(guest_stats(g).pinned_pages - pinned, 3);
	ck_assert_uint_eq(guest_stats(g).aliases, 3);
	requests = guest_stats(g).requests;
	guest_write(g, AT(8) + 8, 8, 0x1234567);
	ck_assert_uint_eq(guest_read(g, ((FIRST + 1ull) << GVT_PAGE_SHIFT) + 8, 8), 0x1234567);
	ck_assert_uint_eq(*(u64 *)((u8 *)find(g, addrs[1]) + 8), 0x1234567);
	ck_assert_uint_eq(guest_stats(g).requests, requests);
	/* The page is given up: it leaves the aperture, and is not pinned or found any more. */
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	guest_move_on(g, 0);
	ck_assert_uint_eq(guest_stats(g).aliases, 2);
	ck_assert_ptr_null(find(g, addrs[0]));
	ck_assert_uint_eq(guest_traps(g, AT(7)), 1);
	ck_assert_uint_eq(guest_traps(g, AT(8)), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(vgpu, APERTURE + 7, 0, 3, false), 0);
	ck_assert_uint_eq(guest_stats(g).aliases, 0);
	xengt_dma_trim(g->v);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, pinned);
	intel_gvt_hypervisor_dma_unmap_guest_pages(vgpu, addrs, 3);
	guest_detach(g);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST), 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Any step of showing fails: nothing is shown, and nothing stays pinned. */
START_TEST(showing_fails)
{
	static const char *const calls[] = { "xencall3", "xc_domain_iomem_permission",
					     "xc_domain_memory_mapping" };
	struct guest *g = guest_start_gpu(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u64 gfns[1000], addrs[1000];

	g->complaints = true;
	for (u32 i = 0; i < 1000; i++)
		gfns[i] = FIRST + i;
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(vgpu, gfns, 1000, addrs), 0);
	for (u32 n = 1; n <= 2; n++)
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			exen_fail(calls[i], n, EIO);
			if (!intel_gvt_hypervisor_map_gfn_to_mfn(
				    vgpu, APERTURE, addrs[0] >> GVT_PAGE_SHIFT, 1000, true)) {
				ck_assert_uint_ne(exen_fail_left(true), 0);
				ck_assert_uint_eq(guest_stats(g).aliases, 1000);
				intel_gvt_hypervisor_map_gfn_to_mfn(vgpu, APERTURE, 0, 1000, false);
			}
			exen_fail_left(true);
			ck_assert_uint_eq(guest_stats(g).aliases, 0);
			xengt_dma_trim(g->v);
			ck_assert_uint_eq(g->v->dma.used, 0);
			/* Each was unpinned once. */
			ck_assert_uint_eq(g->v->dma.strays, 0);
			ck_assert_ptr_nonnull(find(g, addrs[999]));
		}
	end(g);
}
END_TEST

/* Two host pages never have the same address, however often pages come and go. */
START_TEST(host_pages)
{
	struct guest *g = guest_start_gpu(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u8 *kept = intel_gvt_hypervisor_alloc_host_pages(vgpu, 70);
	u64 bus = intel_gvt_hypervisor_virt_to_mfn(vgpu, kept) << GVT_PAGE_SHIFT;

	/* As after very many pages. */
	g->v->hostmem.next = XENGT_BUS_END - XENGT_BUS_HOST - 100;
	for (u32 n = 0; n < 3; n++) {
		u8 *more = intel_gvt_hypervisor_alloc_host_pages(vgpu, 90);

		for (u32 i = 0; i < 90; i++) {
			u64 at = intel_gvt_hypervisor_virt_to_mfn(vgpu, more + i * GVT_PAGE_SIZE);

			ck_assert_uint_ge(at, XENGT_BUS_HOST);
			ck_assert_uint_lt(at, XENGT_BUS_END);
			ck_assert_ptr_eq(find(g, at << GVT_PAGE_SHIFT), more + i * GVT_PAGE_SIZE);
		}
		ck_assert_ptr_eq(find(g, bus), kept);
		intel_gvt_hypervisor_free_host_pages(vgpu, more, 90);
	}
	intel_gvt_hypervisor_free_host_pages(vgpu, kept, 70);
	ck_assert_ptr_null(find(g, bus));
	end(g);
}
END_TEST

Suite *suite_xengt_bus(void)
{
	const TTest *const tests[] = { no_grants,     large_pages,
				       large_hole,    shown_in_the_aperture,
				       showing_fails, host_pages,
				       far_apart,     late_pages };

	return unit_suite("xengt_bus", tests, ARRAY_SIZE(tests));
}
