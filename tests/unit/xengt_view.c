/* SPDX-License-Identifier: MIT */
/* Pages mapped for DMA, as a software GPU's threads find them. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "core/port/gpu.h"
#include "tests/unit/xengt_rig.h"

#define FIRST	0x100u
#define BUCKETS 64u /* areas of the guest's memory */

static void *find(struct guest *g, u64 bus)
{
	return intel_gvt_hypervisor_dma_to_virt(g->v->vgpu, bus);
}

static u64 map(struct guest *g, u64 gfn)
{
	u64 addr = 0;

	ck_assert_int_eq(
		intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, gfn, GVT_PAGE_SIZE, &addr), 0);
	return addr;
}

static void unmap(struct guest *g, u64 addr)
{
	intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, addr);
}

static unsigned int mapped(const struct guest *g)
{
	return guest_stats(g).mapped_pages;
}

/* The page that is found is the guest's: each side sees the other side's writes. */
static void check_finds(struct guest *g, u64 bus, u64 gfn)
{
	u8 *page = find(g, bus), *ram = guest_ram(g, gfn << GVT_PAGE_SHIFT);

	ck_assert_ptr_nonnull(page);
	ram[5] = ~gfn;
	UNIT_CHECK(page[5] == (u8)~gfn, "gfn 0x%llx", (unsigned long long)gfn);
	page[4095] = gfn * 3;
	UNIT_CHECK(ram[4095] == (u8)(gfn * 3), "gfn 0x%llx", (unsigned long long)gfn);
}

START_TEST(guest_pages)
{
	struct guest *g = guest_start_gpu(1);
	u64 addr, large, far = 0x100000;

	ck_assert_ptr_null(find(g, 0x1000));
	addr = map(g, FIRST);
	ck_assert_ptr_null(find(g, addr ^ 0x40000000000));
	check_finds(g, addr, FIRST);
	ck_assert_int_eq(xendevicemodel_relocate_memory(g->v->dmod, GUEST_DOMID, 512, 511, far), 0);
	ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, far, MiB(2), &large),
			 0);
	for (u32 i = 0; i < 512; i += 73)
		check_finds(g, large + i * GVT_PAGE_SIZE, far + i);
	unmap(g, large);
	ck_assert_ptr_null(find(g, large + 73 * GVT_PAGE_SIZE));
	ck_assert_uint_eq(map(g, FIRST), addr);
	unmap(g, addr);
	check_finds(g, addr, FIRST);
	unmap(g, addr);
	/* It may not be used any more, though it stays mapped for a while. */
	ck_assert_ptr_null(find(g, addr));
	ck_assert_uint_eq(map(g, FIRST), addr);
	check_finds(g, addr, FIRST);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(host_pages)
{
	struct guest *g = guest_start_gpu(1);
	struct intel_vgpu *vgpu = g->v->vgpu;
	u8 *small = intel_gvt_hypervisor_alloc_host_pages(vgpu, 3),
	   *large = intel_gvt_hypervisor_alloc_host_pages(vgpu, 200), *at[] = { small, large };
	static const u32 nr[] = { 3, 200 };
	u64 bus = 0;

	for (u32 n = 0; n < 2; n++)
		for (u32 i = 0; i < nr[n]; i++) {
			u8 *page = at[n] + i * GVT_PAGE_SIZE;

			bus = intel_gvt_hypervisor_virt_to_mfn(vgpu, page) << GVT_PAGE_SHIFT;
			ck_assert_ptr_eq(find(g, bus), page);
		}
	intel_gvt_hypervisor_free_host_pages(vgpu, large, 200);
	ck_assert_ptr_null(find(g, bus));
	intel_gvt_hypervisor_free_host_pages(vgpu, small, 3);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* Areas in use stay mapped, however many there are. Few of the others do. */
START_TEST(bounded)
{
	struct guest *g = guest_start_gpu(1);
	u64 addrs[BUCKETS], first = map(g, FIRST);
	unsigned int before = mapped(g);
	u8 *pages[BUCKETS];

	for (u32 i = 0; i < BUCKETS; i++) {
		addrs[i] = map(g, i * XENGT_AREA_PAGES + i);
		pages[i] = find(g, addrs[i]);
		pages[i][0] = i;
	}
	/* The first page's area is one of them. */
	ck_assert_uint_eq(mapped(g) - before, (BUCKETS - 1) * XENGT_AREA_PAGES);
	for (u32 i = 0; i < BUCKETS; i++) {
		ck_assert_ptr_eq(find(g, addrs[i]), pages[i]);
		ck_assert_uint_eq(pages[i][0], i);
	}
	unmap(g, first);
	for (u32 i = 0; i < BUCKETS; i++)
		unmap(g, addrs[i]);
	ck_assert_uint_le(mapped(g) - before, XENGT_VIEW_IDLE * XENGT_AREA_PAGES);
	for (u32 i = 0; i < BUCKETS; i++)
		ck_assert_uint_eq(map(g, i * XENGT_AREA_PAGES + i), addrs[i]);
	for (u32 i = 0; i < BUCKETS; i++)
		check_finds(g, addrs[i], i * XENGT_AREA_PAGES + i);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* A page that the guest gave up is not found any more. Its neighbours are. */
START_TEST(given_up)
{
	struct guest *g = guest_start_gpu(1);
	u64 addr = map(g, FIRST), next = map(g, FIRST + 1), again;

	check_finds(g, addr, FIRST);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	guest_move_on(g, 0);
	ck_assert_ptr_null(find(g, addr));
	check_finds(g, next, FIRST + 1);
	/* Another frame there, which came after its neighbours were mapped. */
	ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST), 0);
	again = map(g, FIRST);
	ck_assert_uint_eq(again, addr);
	check_finds(g, again, FIRST);
	check_finds(g, next, FIRST + 1);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	guest_move_on(g, 0);
	ck_assert_ptr_null(find(g, addr));
	check_finds(g, next, FIRST + 1);
	unmap(g, addr);
	unmap(g, again);
	unmap(g, next);
	guest_detach(g);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST), 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* A guest that gives pages up and then does nothing: they go back to Xen a moment later. */
START_TEST(given_up_at_rest)
{
	struct guest *g = guest_start_gpu(1);
	const unsigned int nr = 3 * XENGT_AREA_PAGES;
	unsigned int before;
	u64 addrs[3 * XENGT_AREA_PAGES];

	for (u32 i = 0; i < nr; i++) {
		addrs[i] = map(g, FIRST + i);
		check_finds(g, addrs[i], FIRST + i);
	}
	before = mapped(g);
	for (u32 i = 0; i < nr / 2; i++)
		ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST + 2 * i), 0);
	while (mapped(g) > before - nr / 2)
		sched_yield();
	for (u32 i = 0; i < nr; i++) {
		if (i % 2)
			check_finds(g, addrs[i], FIRST + i);
		else
			ck_assert_ptr_null(find(g, addrs[i]));
		unmap(g, addrs[i]);
	}
	guest_detach(g);
	for (u32 i = 0; i < nr / 2; i++)
		ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST + 2 * i), 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* A GPU that reads a page that it found before, as late as it is allowed to. */
struct late {
	struct gvt_gpu gpu;
	struct guest *g;
	const u8 *page;
	u8 seen;
	bool asked;
	void *again;
	u64 bus;
};

static struct late *late;

static void late_flush(struct gvt_gpu_space *space)
{
	(void)space;
	late->asked = true;
	late->seen = *(volatile const u8 *)late->page;
	late->again = find(late->g, late->bus);
}

static int late_set(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries, u64 fill)
{
	(void)space;
	(void)first;
	(void)nr;
	(void)entries;
	(void)fill;
	return 0;
}

static void commit(struct xengt_vgpu *v, void *arg)
{
	(void)arg;
	vgpu_ggtt_commit(v->vgpu);
}

/* Until the GPU's flush, a page that it found stays where it was, even if it was given up. */
START_TEST(until_the_flush)
{
	static const struct gvt_gpu_ops ops = { .flush = late_flush, .ggtt_set = late_set };
	struct guest *g = guest_start_gpu(1);
	struct late l = { .gpu.ops = &ops, .g = g };
	struct gvt_gpu *was = g->host.gvt->gpu;
	struct gvt_gpu_space *space = g->v->vgpu->space;

	guest_in_thread(g, commit, NULL);
	l.bus = map(g, FIRST);
	check_finds(g, l.bus, FIRST);
	guest_ram(g, FIRST << GVT_PAGE_SHIFT)[0] = 0x5a;
	l.page = find(g, l.bus);
	late = &l;
	g->host.gvt->gpu = &l.gpu;
	g->v->vgpu->space = (struct gvt_gpu_space *)&l;
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, FIRST), 0);
	guest_move_on(g, 0);
	g->v->vgpu->space = space;
	g->host.gvt->gpu = was;
	ck_assert(l.asked);
	ck_assert_uint_eq(l.seen, 0x5a);
	ck_assert_ptr_null(l.again);
	guest_detach(g);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, FIRST), 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

START_TEST(failures)
{
	static const char *const calls[] = { "xenforeignmemory_open", "xenforeignmemory_restrict",
					     "xenforeignmemory_map" };
	struct guest *g = guest_start_gpu(1);
	u64 addr, other;

	/* A page of the guest's has an address, even if it cannot be mapped for us yet. */
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		u64 gfn = FIRST + i * XENGT_AREA_PAGES;

		exen_fail("xenforeignmemory_map", 1, EIO);
		addr = map(g, gfn);
		ck_assert_uint_eq(exen_fail_left(true), 0);
		exen_fail(calls[i], 1, EIO);
		ck_assert_ptr_null(find(g, addr));
		ck_assert_uint_eq(exen_fail_left(true), 0);
	}
	check_finds(g, addr, FIRST + 2 * XENGT_AREA_PAGES);
	/* A lack of room is counted apart, as its user can do something about it. */
	ck_assert_uint_eq(g->v->view.failed, 0);
	exen_fail("xenforeignmemory_map", 1, ENOMEM);
	unmap(g, map(g, FIRST + 3 * XENGT_AREA_PAGES));
	ck_assert_uint_eq(exen_fail_left(true), 0);
	ck_assert_uint_eq(g->v->view.failed, 1);
	exen_fail("xenforeignmemory_map", 1, EIO);
	other = map(g, 0x800);
	exen_fail_left(true);
	/* When the guest is gone, only pages that were mapped before are found. */
	exen_domain_destroy(g->d);
	ck_assert_ptr_nonnull(find(g, addr));
	ck_assert_ptr_null(find(g, other));
	guest_free(g);
}
END_TEST

struct looker {
	struct guest *g;
	const u64 *kept, *others;
	bool stop;
	u64 found;
};

/* Pages in use are always found, with their contents. Other pages may be found or not. */
static void *look(void *arg)
{
	struct looker *looker = arg;

	for (u32 n = 0; !__atomic_load_n(&looker->stop, __ATOMIC_ACQUIRE); n++) {
		u8 *page = find(looker->g, looker->kept[n % BUCKETS]);

		UNIT_CHECK(page && page[1] == n % BUCKETS, "a page in use is not there");
		looker->found += find(looker->g, looker->others[n % BUCKETS]) != NULL;
	}
	return NULL;
}

START_TEST(while_mapping_goes_on)
{
	struct guest *g = guest_start_gpu(1);
	u64 kept[BUCKETS], others[BUCKETS], gfns[BUCKETS], addrs[BUCKETS];
	struct looker looker = { g, kept, others, false, 0 };
	pthread_t threads[2];

	for (u32 i = 0; i < BUCKETS; i++) {
		kept[i] = map(g, i / 2 * XENGT_AREA_PAGES + i);
		guest_ram(g, (i / 2 * XENGT_AREA_PAGES + i) << GVT_PAGE_SHIFT)[1] = i;
		gfns[i] = i * XENGT_AREA_PAGES + 200;
		others[i] = map(g, gfns[i]);
	}
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, others, BUCKETS);
	for (u32 i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, look, &looker);
	for (u32 n = 0; n < 100; n++) {
		ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_pages(g->v->vgpu, gfns, BUCKETS,
									  addrs),
				 0);
		find(g, addrs[n % BUCKETS]);
		intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addrs, BUCKETS);
	}
	__atomic_store_n(&looker.stop, true, __ATOMIC_RELEASE);
	for (u32 i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

static void *wake_often(void *arg)
{
	struct guest *g = arg;

	for (u32 n = 0; n < 2000; n++)
		intel_gvt_hypervisor_wake(g->v->vgpu);
	return NULL;
}

static void count(struct xengt_vgpu *v, void *arg)
{
	(void)v;
	++*(u32 *)arg;
}

/* Woken by many threads at once and by the daemon in between, the thread misses no call. */
START_TEST(woken)
{
	struct guest *g = guest_start_gpu(1);
	pthread_t threads[2];
	u32 calls = 0;

	for (u32 i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, wake_often, g);
	for (u32 n = 0; n < 200; n++)
		guest_in_thread(g, count, &calls);
	ck_assert_uint_eq(calls, 200);
	for (u32 i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	/* After a wake-up that failed, the next one is sent. */
	guest_in_thread(g, count, &calls);
	exen_fail("xenevtchn_notify", 1, EIO);
	intel_gvt_hypervisor_wake(g->v->vgpu);
	exen_fail_left(true);
	guest_in_thread(g, count, &calls);
	ck_assert_uint_eq(calls, 202);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_view(void)
{
	const TTest *const tests[] = { guest_pages,
				       host_pages,
				       bounded,
				       given_up,
				       given_up_at_rest,
				       until_the_flush,
				       failures,
				       while_mapping_goes_on,
				       woken };

	return unit_suite("xengt_view", tests, ARRAY_SIZE(tests));
}
