/* SPDX-License-Identifier: MIT */
/* The guest's pages in its aperture: seen at both places, and not after they were given up. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"

#define FIRST	 0x100u
#define APERTURE GFN(GUEST_BAR2)
#define AT(page) (GUEST_BAR2 + (u64)(page)*GVT_PAGE_SIZE)

static u64 map(struct guest *g, u64 gfn)
{
	u64 addr;

	ck_assert_int_eq(
		intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, gfn, GVT_PAGE_SIZE, &addr), 0);
	return addr;
}

static void unmap(struct guest *g, u64 addr)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, addr);
}

static int show(struct guest *g, u64 page, u64 addr, u32 nr)
{
	return intel_gvt_hypervisor_map_gfn_to_mfn(g->v->vgpu, APERTURE + page,
						   addr >> GVT_PAGE_SHIFT, nr, true);
}

static int hide(struct guest *g, u64 page, u32 nr)
{
	return intel_gvt_hypervisor_map_gfn_to_mfn(g->v->vgpu, APERTURE + page, 0, nr, false);
}

static unsigned int aliases(const struct guest *g)
{
	return guest_stats(g).aliases;
}

/* The aperture's @page shows the guest's page @gfn. */
static void check_shown(struct guest *g, u64 page, u64 gfn)
{
	u64 requests = guest_stats(g).requests;

	guest_write(g, AT(page) + 8, 8, gfn * 3);
	ck_assert_uint_eq(guest_read(g, (gfn << GVT_PAGE_SHIFT) + 8, 8), gfn * 3);
	guest_write(g, (gfn << GVT_PAGE_SHIFT) + 16, 4, 0x1234);
	ck_assert_uint_eq(guest_read(g, AT(page) + 16, 4), 0x1234);
	ck_assert_uint_eq(guest_stats(g).requests, requests);
}

START_TEST(both_sides)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST), second = map(g, FIRST + 1);

	ck_assert_uint_eq(guest_traps(g, AT(7)), 1);
	/* Two pages with adjacent addresses are shown by one call. */
	ck_assert_uint_eq(second, addr + GVT_PAGE_SIZE);
	ck_assert_int_eq(show(g, 7, addr, 2), 0);
	check_shown(g, 7, FIRST);
	check_shown(g, 8, FIRST + 1);
	ck_assert_uint_eq(guest_traps(g, AT(9)), 1);
	/* The page is shown at a second place, and another page at the first. */
	ck_assert_int_eq(show(g, 100, addr, 1), 0);
	check_shown(g, 100, FIRST);
	ck_assert_int_eq(show(g, 7, second, 1), 0);
	check_shown(g, 7, FIRST + 1);
	check_shown(g, 100, FIRST);
	ck_assert_uint_eq(aliases(g), 3);
	ck_assert_int_eq(hide(g, 7, 94), 0);
	ck_assert_uint_eq(aliases(g), 0);
	ck_assert_uint_eq(guest_stats(g).iomem_pages, 0);
	ck_assert_uint_eq(guest_traps(g, AT(7)), 1);
	ck_assert_int_eq(hide(g, 7, 94), 0);
	unmap(g, addr);
	unmap(g, second);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(refused)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST);

	/* Pages that are not pinned. */
	ck_assert_int_eq(show(g, 0, addr + GVT_PAGE_SIZE, 1), -ENXIO);
	ck_assert_int_eq(show(g, 0, addr, 2), -ENXIO);
	ck_assert_int_eq(show(g, 0, 0, 1), -ENXIO);
	ck_assert_int_eq(show(g, MiB(256) >> 12, addr, 1), -EINVAL);
	ck_assert_int_eq(show(g, (MiB(256) >> 12) - 1, addr, 2), -EINVAL);
	ck_assert_int_eq(show(g, -1ull, addr, 1), -EINVAL);
	ck_assert_int_eq(show(g, 0, addr, 0), -EINVAL);
	ck_assert_uint_eq(aliases(g), 0);
	ck_assert_int_eq(show(g, (MiB(256) >> 12) - 1, addr, 1), 0);
	ck_assert_int_eq(hide(g, (MiB(256) >> 12) - 1, 1), 0);
	guest_cfg_write(g, PCI_COMMAND, 2, 0);
	ck_assert_int_eq(show(g, 0, addr, 1), -EINVAL);
	guest_free(g);
}
END_TEST

/* An aperture over the guest's own memory shows nothing, and takes no memory from the guest. */
START_TEST(over_memory)
{
	struct guest *g = guest_new(1, 0);
	u64 addr;

	ck_assert_int_eq(guest_attach(g, "aperture_mb=64"), 0);
	guest_place(g);
	addr = map(g, FIRST);
	guest_move(g, PCI_BASE_ADDRESS_2, MiB(64));
	ck_assert_int_eq(intel_gvt_hypervisor_map_gfn_to_mfn(g->v->vgpu, GFN(MiB(64)), addr >> 12,
							     1, true),
			 -EEXIST);
	ck_assert_int_eq(exen_mem_type(g->d, GFN(MiB(64))), HVMMEM_ram_rw);
	ck_assert_uint_eq(aliases(g), 0);
	guest_free(g);
}
END_TEST

/* A page that is shown is given up: it leaves the aperture before the guest's next instruction. */
START_TEST(ballooned_while_shown)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST), second = map(g, FIRST + 1);

	ck_assert_int_eq(show(g, 3, addr, 2), 0);
	ck_assert_int_eq(show(g, 9, addr, 1), 0);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	ck_assert_uint_eq(aliases(g), 1);
	check_shown(g, 4, FIRST + 1);
	ck_assert_uint_eq(guest_traps(g, AT(3)), 1);
	ck_assert_uint_eq(guest_traps(g, AT(9)), 1);
	ck_assert_int_eq(show(g, 3, addr, 1), -ENXIO);
	unmap(g, addr);
	ck_assert_ptr_null(exen_dma(addr));
	unmap(g, second);
	guest_free(g);
}
END_TEST

/* A page that is shown loses its last use: it leaves the aperture before it is unpinned. */
START_TEST(unpinned_while_shown)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST);

	ck_assert_int_eq(show(g, 3, addr, 1), 0);
	unmap(g, addr);
	ck_assert_uint_eq(aliases(g), 0);
	/* It cannot be taken out of the aperture, so it stays pinned. */
	addr = map(g, FIRST);
	ck_assert_int_eq(show(g, 3, addr, 1), 0);
	exen_fail("xc_domain_memory_mapping", 1, EIO);
	unmap(g, addr);
	xengt_dma_trim(g->v);
	ck_assert_uint_eq(aliases(g), 1);
	ck_assert_ptr_nonnull(exen_dma(addr));
	check_shown(g, 3, FIRST);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(follows_the_bar)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST);

	ck_assert_int_eq(show(g, 3, addr, 1), 0);
	guest_cfg_write(g, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(aliases(g), 0);
	guest_cfg_write(g, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_int_eq(show(g, 3, addr, 1), 0);
	guest_move(g, PCI_BASE_ADDRESS_2, 0x90000000);
	ck_assert_uint_eq(aliases(g), 0);
	ck_assert_int_eq(show(g, 3, addr, 1), -EINVAL);
	ck_assert_int_eq(
		intel_gvt_hypervisor_map_gfn_to_mfn(g->v->vgpu, 0x90003, addr >> 12, 1, true), 0);
	ck_assert_uint_eq(aliases(g), 1);
	guest_free(g);
}
END_TEST

/* The guest cannot put memory of its own where a page is shown, nor give that up. */
START_TEST(guest_memory_in_the_aperture)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST);

	ck_assert_int_eq(show(g, 3, addr, 1), 0);
	ck_assert_int_ne(exen_guest_populate(g->d, 0, APERTURE + 3), 0);
	ck_assert_int_ne(exen_guest_balloon_out(g->d, 0, APERTURE + 3), 0);
	check_shown(g, 3, FIRST);
	ck_assert_int_eq(hide(g, 3, 1), 0);
	guest_free(g);
}
END_TEST

START_TEST(killed)
{
	struct guest *g = guest_start(1);
	u64 addrs[20];

	for (u32 i = 0; i < 20; i++) {
		addrs[i] = map(g, FIRST + i * 2);
		ck_assert_int_eq(show(g, i, addrs[i], 1), 0);
	}
	/* The count was not written yet when it died. */
	g->aliases->nr = 5;
	guest_kill(g, false);
	ck_assert_uint_eq(aliases(g), 20);
	check_shown(g, 19, FIRST + 38);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(aliases(g), 0);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, 0);
	ck_assert_uint_eq(guest_traps(g, AT(19)), 1);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* The domain is dead: no call is made that Xen would complain of. */
START_TEST(dies_while_shown)
{
	struct guest *g = guest_start(1);
	u64 addrs[6];

	for (u32 i = 0; i < 6; i++) {
		addrs[i] = map(g, FIRST + i);
		ck_assert_int_eq(show(g, i / 3 * 10 + i, addrs[i], 1), 0);
	}
	exen_domain_destroy(g->d);
	guest_detach(g);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, 0);
	guest_free(g);
}
END_TEST

/* Nor while Xen takes the domain apart and does not report yet that it dies. */
START_TEST(taken_apart_while_shown)
{
	struct guest *g = guest_start(1);
	u64 addrs[6];

	for (u32 i = 0; i < 6; i++) {
		addrs[i] = map(g, FIRST + i);
		ck_assert_int_eq(show(g, i, addrs[i], 1), 0);
	}
	exen_domain_take_apart(g->d);
	ck_assert_int_eq(hide(g, 0, 1), 0);
	unmap(g, addrs[1]);
	xengt_dma_revalidate(g->v);
	ck_assert_uint_eq(g->aliases->nr, 0);
	exen_domain_destroy(g->d);
	guest_detach(g);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, 0);
	guest_free(g);
}
END_TEST

/* xl paused the guest, and it goes on later: a page may only be shown while it is pinned. */
START_TEST(hidden_while_paused)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST);

	ck_assert_int_eq(show(g, 3, addr, 1), 0);
	exen_domain_pause(g->d);
	unmap(g, addr);
	ck_assert_uint_eq(aliases(g), 0);
	exen_domain_unpause(g->d);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(failing_calls)
{
	static const char *const calls[] = { "xc_domain_memory_mapping",
					     "xc_domain_iomem_permission", "xenforeignmemory_map",
					     "xc_domain_getinfolist" };
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST);

	g->complaints = true;
	map(g, FIRST + 1);
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		for (u32 nth = 1; nth < 4; nth++) {
			int err;

			exen_fail(calls[c], nth, EIO);
			err = show(g, 5, addr, 2);
			ck_assert_uint_eq(aliases(g), err ? 0 : 2);
			hide(g, 5, 2);
			exen_fail_left(true);
			ck_assert_int_eq(hide(g, 5, 2), 0);
			ck_assert_uint_eq(aliases(g), 0);
			ck_assert_uint_eq(g->aliases->nr, 0);
		}
	}
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Showing fails half way, and undoing it too: the rest is hidden before its page is unpinned. */
START_TEST(half_shown)
{
	struct guest *g = guest_start(1);
	u64 addr = map(g, FIRST), second = map(g, FIRST + 1);

	g->complaints = true;
	exen_fail("xc_domain_memory_mapping, half way", 1, ENOMEM);
	exen_fail("xc_domain_memory_mapping", 2, EIO);
	ck_assert_int_eq(show(g, 5, addr, 2), -ENOMEM);
	ck_assert_uint_eq(exen_fail_left(true), 0);
	ck_assert_uint_eq(aliases(g), 1);
	unmap(g, addr);
	ck_assert_uint_eq(aliases(g), 0);
	unmap(g, second);
	xengt_dma_trim(g->v);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST), 0);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

#define PAGES 24u
#define SLOTS 32u

/*
 * Random steps, compared with a list of references and a list of shown pages. The embedded Xen ends
 * the test if a frame is freed while it is shown.
 */
static void random_steps(unsigned int seed)
{
	struct guest *g = guest_start(1);
	u64 held[64], shown[SLOTS] = { 0 };
	u32 nr = 0;

	for (u32 n = 0; n < 600; n++) {
		u64 gfn = FIRST + rand_r(&seed) % PAGES;
		u32 slot = rand_r(&seed) % SLOTS, at;
		u64 addr;

		switch (rand_r(&seed) % 8) {
		case 0:
		case 1:
		case 2:
			if (nr < ARRAY_SIZE(held) && !intel_gvt_hypervisor_dma_map_guest_page(
							     g->v->vgpu, gfn, GVT_PAGE_SIZE, &addr))
				held[nr++] = addr;
			break;
		case 3:
		case 4:
			if (!nr)
				break;
			at = rand_r(&seed) % nr;
			unmap(g, held[at]);
			held[at] = held[--nr];
			break;
		case 5:
			if (nr && !show(g, slot, held[rand_r(&seed) % nr], 1))
				shown[slot] = 1;
			break;
		case 6:
			ck_assert_int_eq(hide(g, slot, 4), 0);
			memset(&shown[slot], 0, (SLOTS - slot < 4 ? SLOTS - slot : 4) * 8);
			break;
		case 7:
			if (exen_mem_type(g->d, gfn) == -ENOENT)
				ck_assert_int_eq(exen_guest_populate(g->d, 0, gfn), 0);
			else
				ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, gfn), 0);
			break;
		}
		for (u32 i = 0; i < nr; i++)
			ck_assert_ptr_nonnull(exen_dma(held[i]));
		for (at = 0, slot = 0; slot < SLOTS; slot++)
			at += shown[slot];
		ck_assert_uint_le(aliases(g), at);
		ck_assert_uint_eq(aliases(g), g->aliases->nr);
	}
	while (nr)
		unmap(g, held[--nr]);
	ck_assert_uint_eq(aliases(g), 0);
	ck_assert_uint_eq(g->v->dma.used, 0);
	ck_assert_uint_eq(g->v->dma.strays, 0);
	xengt_dma_trim(g->v);
	ck_assert_uint_eq(guest_stats(g).pinned_pages, 0);
	guest_free(g);
}

START_TEST(any_order)
{
	for (unsigned int seed = 1; seed <= 8; seed++)
		random_steps(seed);
}
END_TEST

Suite *suite_xengt_aperture(void)
{
	const TTest *const tests[] = {
		both_sides,
		refused,
		over_memory,
		ballooned_while_shown,
		unpinned_while_shown,
		follows_the_bar,
		guest_memory_in_the_aperture,
		killed,
		dies_while_shown,
		taken_apart_while_shown,
		hidden_while_paused,
		failing_calls,
		half_shown,
		any_order,
	};

	return unit_suite("xengt_aperture", tests, ARRAY_SIZE(tests));
}
