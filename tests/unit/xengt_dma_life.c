/* SPDX-License-Identifier: MIT */
/* Pinned pages, and our pages with bus addresses, through failures, crashes and deaths. */
#include <errno.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"

#define FIRST 0x100u
#define MANY  900u

static unsigned int pinned(const struct guest *g)
{
	return guest_stats(g).pinned_pages;
}

static int map_run(struct guest *g, u64 gfn, u32 nr, u64 *addrs)
{
	u64 gfns[MANY];

	for (u32 i = 0; i < nr; i++)
		gfns[i] = gfn + i;
	return intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, nr, addrs);
}

static void check_no_grants(struct guest *g)
{
	for (u32 ref = 16 * 512; ref < 64 * 512; ref++)
		if (exen_grant_entry(g->d, ref))
			ck_assert_uint_eq(exen_grant_entry(g->d, ref)->flags, 0);
}

/* The next daemon unmaps all pages of the dead one, whether in use or not. */
START_TEST(killed)
{
	struct guest *g = guest_start(1);
	u64 addrs[MANY];

	ck_assert_int_eq(map_run(g, FIRST, MANY, addrs), 0);
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, 300);
	guest_kill(g, false);
	ck_assert_uint_eq(pinned(g), MANY);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(pinned(g), 0);
	check_no_grants(g);
	ck_assert_int_eq(map_run(g, FIRST, MANY, addrs), 0);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Killed before mapped pages were noted: their handles are in the call's arguments. */
START_TEST(killed_in_the_call)
{
	struct guest *g = guest_start(1);
	struct xengt_pins *pins = g->pins;
	u64 addrs[MANY];

	ck_assert_int_eq(map_run(g, FIRST, 500, addrs), 0);
	pins->nr_ops = 500;
	for (u32 i = 0; i < 500; i++)
		pins->pin[XENGT_PINS_SCRATCH + i].bus = i % 2 ? 0 : addrs[i];
	guest_kill(g, false);
	ck_assert_uint_eq(pinned(g), 500);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(pinned(g), 0);
	check_no_grants(g);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/*
 * Killed after Xen had unmapped pages and before that was noted. Their handles may belong to other
 * mappings by now, and must be left alone.
 */
START_TEST(killed_in_the_unmapping)
{
	struct guest *g = guest_start(1);
	u64 addrs[MANY], other, gone;
	struct xengt_pin was, *pin;

	ck_assert_int_eq(map_run(g, FIRST, 1, &gone), 0);
	pin = &g->pins->pin[g->pins->nr - 1];
	was = *pin;
	intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, gone);
	xengt_dma_trim(g->v);
	ck_assert_int_eq(map_run(g, FIRST + 1, 1, &other), 0);
	/* The handle belongs to another user's mapping by now, which this state does not know. */
	was.handle = pin->handle;
	*pin = was;
	guest_kill(g, false);
	ck_assert_msg(!guest_take_up(g), "%s", g->why);
	ck_assert_uint_eq(pinned(g), 1);
	ck_assert_ptr_nonnull(exen_dma(other));

	/* Tidy up for it. */
	g->pins->pin[0] = was;
	g->pins->pin[0].bus = other;
	g->pins->nr = 1;
	ck_assert_int_eq(xengt_keeper_recover(g->keeper), 0);
	ck_assert_uint_eq(pinned(g), 0);
	ck_assert_int_eq(map_run(g, FIRST, MANY, addrs), 0);
	guest_free(g);
}
END_TEST

/* The domain died with its daemon: pinned pages keep its memory until the next daemon looks. */
START_TEST(killed_and_destroyed)
{
	struct guest *g = guest_start(1);
	struct exen_stats st;
	u64 addrs[MANY];

	ck_assert_int_eq(map_run(g, FIRST, MANY, addrs), 0);
	guest_kill(g, false);
	exen_domain_destroy(g->d);
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, MANY);
	ck_assert_int_eq(guest_take_up(g), -ESRCH);
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, 0);
	ck_assert(!guest_has_state(g));
	guest_free(g);
}
END_TEST

/* Pages cannot be unmapped when the guest goes: its state stays until they can. */
START_TEST(destroyed_and_stuck)
{
	struct guest *g = guest_start(1);
	struct exen_stats st;
	u64 addrs[MANY];

	ck_assert_int_eq(map_run(g, FIRST, 20, addrs), 0);
	exen_domain_destroy(g->d);
	for (u32 n = 1; n < 10; n++)
		exen_fail("xencall3", n, EIO);
	guest_detach(g);
	exen_fail_left(true);
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, 20);
	/* Of what all vGPUs may have, it is nobody's any more. */
	ck_assert_uint_eq(g->dom0.pins, 0);
	ck_assert(guest_has_state(g));
	ck_assert_int_ne(guest_take_up(g), 0);
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, 0);
	ck_assert(!guest_has_state(g));
	guest_free(g);
}
END_TEST

START_TEST(destroyed)
{
	struct guest *g = guest_start(1);
	struct exen_stats st;
	u64 addrs[MANY];

	ck_assert_int_eq(map_run(g, FIRST, MANY, addrs), 0);
	exen_domain_destroy(g->d);
	ck_assert_int_ne(map_run(g, FIRST + MANY, 1, addrs) || addrs[0] == GVT_DMA_INVALID, 0);
	guest_detach(g);
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, 0);
	ck_assert_uint_eq(st.mapped_pages, 0);
	guest_free(g);
}
END_TEST

struct churn {
	struct guest *g;
	u32 rounds, none; /* rounds made; those in which no page was found */
	u64 addrs[MANY];
};

static void churn_once(struct xengt_vgpu *v, void *arg)
{
	struct churn *churn = arg;
	u32 missing = 0;

	(void)v;
	if (map_run(churn->g, FIRST, MANY, churn->addrs))
		return;
	for (u32 i = 0; i < MANY; i++)
		missing += churn->addrs[i] == GVT_DMA_INVALID;
	intel_gvt_hypervisor_dma_unmap_guest_pages(churn->g->v->vgpu, churn->addrs, MANY);
	xengt_dma_trim(churn->g->v);
	__atomic_add_fetch(&churn->none, missing == MANY, __ATOMIC_RELAXED);
	__atomic_add_fetch(&churn->rounds, 1, __ATOMIC_RELEASE);
}

static void *churn(void *arg)
{
	struct churn *churn = arg;

	while (!churn->none && !xengt_vgpu_call(churn->g->v, churn_once, churn))
		;
	return NULL;
}

/* The domain is destroyed while pages are mapped. */
START_TEST(destroyed_while_mapping)
{
	struct guest *g = guest_start(1);
	struct churn c = { .g = g };
	struct exen_stats st;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, churn, &c), 0);
	while (__atomic_load_n(&c.rounds, __ATOMIC_ACQUIRE) < 5)
		;
	exen_domain_destroy(g->d);
	pthread_join(thread, NULL);
	guest_detach(g);
	exen_stats(&st);
	ck_assert_uint_eq(st.grant_maps, 0);
	ck_assert_uint_eq(st.mapped_pages, 0);
	guest_free(g);
}
END_TEST

/* Each library call that mapping makes fails once: all pages are mapped, or none. */
START_TEST(failing_calls)
{
	static const char *const calls[] = { "xencall3", "xenforeignmemory_map_resource",
					     "xenforeignmemory_resource_size" };
	u64 addrs[MANY];

	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		for (u32 nth = 1; nth < 6; nth++) {
			struct guest *g = guest_start(1);
			int err;

			exen_fail(calls[c], nth, EIO);
			err = map_run(g, FIRST, MANY, addrs);
			if (err) {
				ck_assert_int_eq(err, -EIO);
				ck_assert_uint_eq(g->v->dma.used, 0);
				ck_assert_int_eq(map_run(g, FIRST, MANY, addrs), 0);
			}
			for (u32 i = 0; i < MANY; i++)
				ck_assert_ptr_nonnull(exen_dma(addrs[i]));
			ck_assert_uint_eq(g->v->dma.used, MANY);
			intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, MANY);
			xengt_dma_trim(g->v);
			if (exen_fail_left(true) == 1)
				ck_assert_uint_eq(pinned(g), 0);
			guest_detach(g);
			guest_check_before(g);
			guest_free(g);
		}
	}
}
END_TEST

/* ---- memory of ours ---- */

START_TEST(host_pages)
{
	struct guest *g = guest_start(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u8 *pages[40], *large;
	int local = 0;

	for (u32 i = 0; i < 40; i++) {
		pages[i] = intel_gvt_hypervisor_alloc_host_pages(vgpu, i % 5 + 1);
		ck_assert_ptr_nonnull(pages[i]);
		for (u32 n = 0; n <= i % 5; n++) {
			u8 *page = pages[i] + n * GVT_PAGE_SIZE;
			u64 mfn = intel_gvt_hypervisor_virt_to_mfn(vgpu, page);

			ck_assert_uint_eq(page[0] | page[4095], 0);
			page[9] = i + n;
			ck_assert_ptr_nonnull(exen_dma(mfn << GVT_PAGE_SHIFT));
			ck_assert_uint_eq(*(u8 *)exen_dma((mfn << GVT_PAGE_SHIFT) + 9), i + n);
			ck_assert_uint_eq(intel_gvt_hypervisor_virt_to_mfn(vgpu, page + 4095), mfn);
		}
	}
	ck_assert_uint_eq(intel_gvt_hypervisor_virt_to_mfn(vgpu, &local), INTEL_GVT_INVALID_ADDR);
	ck_assert_uint_eq(intel_gvt_hypervisor_virt_to_mfn(vgpu, NULL), INTEL_GVT_INVALID_ADDR);
	large = intel_gvt_hypervisor_alloc_host_pages(vgpu, 600);
	ck_assert_ptr_nonnull(large);
	ck_assert_ptr_nonnull(exen_dma(
		intel_gvt_hypervisor_virt_to_mfn(vgpu, large + 599 * GVT_PAGE_SIZE) << 12));
	intel_gvt_hypervisor_free_host_pages(vgpu, large, 600);
	ck_assert_uint_eq(intel_gvt_hypervisor_virt_to_mfn(vgpu, large), INTEL_GVT_INVALID_ADDR);
	for (u32 i = 0; i < 40; i++)
		intel_gvt_hypervisor_free_host_pages(vgpu, pages[i], i % 5 + 1);
	/* At most one piece is kept, and it is zeroed when it is used again. */
	ck_assert_uint_le(g->v->hostmem.pages, 64);
	pages[0] = intel_gvt_hypervisor_alloc_host_pages(vgpu, 64);
	for (u32 i = 0; i < 64 * GVT_PAGE_SIZE; i++)
		UNIT_CHECK(!pages[0][i], "byte %u", i);
	ck_assert_ptr_null(intel_gvt_hypervisor_alloc_host_pages(vgpu, 0));
	/* No page was left mapped as a grant. */
	ck_assert_uint_eq(g->v->dma.maps, 0);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(no_host_pages)
{
	static const char *const calls[] = { "xengntshr_open", "xengntshr_share_pages",
					     "xencall3" };
	struct guest *g = guest_start(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	unsigned int got = 0, own = g->v->hostmem.pages;
	void *last;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!i && g->v->hostmem.gntshr)
			continue;
		exen_fail(calls[i], 1, ENOENT);
		ck_assert_ptr_null(intel_gvt_hypervisor_alloc_host_pages(vgpu, 65));
		ck_assert_uint_eq(exen_fail_left(true), 0);
	}
	/* A page that cannot be unmapped now is unmapped before anything else is mapped. */
	exen_fail("xencall3", 2, EIO);
	ck_assert_ptr_null(intel_gvt_hypervisor_alloc_host_pages(vgpu, 65));
	ck_assert_uint_eq(exen_fail_left(true), 0);
	ck_assert_uint_eq(g->v->hostmem.pages, own);
	exen_set_gntalloc_limit(own + 200);
	while ((last = intel_gvt_hypervisor_alloc_host_pages(vgpu, 64)))
		got += 64;
	ck_assert_uint_eq(got, 192);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* The kernel frees the pages with the process. */
START_TEST(host_pages_killed)
{
	struct guest *g = guest_start(1);
	unsigned int frames;
	struct exen_stats st;

	exen_stats(&st);
	frames = st.used_frames;
	ck_assert_ptr_nonnull(intel_gvt_hypervisor_alloc_host_pages(g->v->vgpu, 100));
	guest_kill(g, false);
	exen_stats(&st);
	ck_assert_uint_le(st.used_frames, frames);
	ck_assert_uint_eq(st.grant_maps, 0);
	ck_assert_int_eq(guest_take_up(g), 0);
	ck_assert_ptr_nonnull(intel_gvt_hypervisor_alloc_host_pages(g->v->vgpu, 100));
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_dma_life(void)
{
	const TTest *const tests[] = {
		killed,
		killed_in_the_call,
		killed_in_the_unmapping,
		killed_and_destroyed,
		destroyed_and_stuck,
		destroyed,
		destroyed_while_mapping,
		failing_calls,
		host_pages,
		no_host_pages,
		host_pages_killed,
	};

	return unit_suite("xengt_dma_life", tests, ARRAY_SIZE(tests));
}
