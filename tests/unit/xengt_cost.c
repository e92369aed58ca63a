/* SPDX-License-Identifier: MIT */
/* The work and memory that a hostile guest can cost us: bounded, counted, and charged to it. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "tests/unit/xengt_rig.h"

#define BUF 0x10000u /* in guest memory */

/* ---- work ---- */

static const u8 patterns[][2] = { { 0x80, 0x80 }, { 0x80, 0 }, { 0, 0x80 } };

/* A string instruction that asks for a function level reset by each byte, or each second one. */
static void reset_again_and_again(struct guest *g, const u8 pattern[2])
{
	unsigned int reg = guest_capability(g, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL;
	const struct exen_rep rep = {
		.pio = true, .addr = 0xcfd, .buf = BUF, .size = 1, .count = 4096
	};

	for (u32 i = 0; i < rep.count; i++)
		guest_ram(g, BUF)[i] = pattern[i % 2];
	ck_assert_int_eq(exen_guest_out(g->d, 0, 0xcf8, 4, 0x80000000u | GUEST_DEVFN << 8 | reg),
			 0);
	ck_assert_int_eq(exen_guest_rep(g->d, 0, &rep), 0);
}

/* A reset right after a reset does nothing. */
START_TEST(resets_in_a_row)
{
	struct guest *g = guest_start_gpu(1);
	const u64 *resets = &intel_vgpu_exec_counts(g->v->vgpu)->resets;

	for (u32 n = 1; n <= 3; n++) {
		guest_write(g, GUEST_BAR0 + PLAIN, 4, 0x1234);
		reset_again_and_again(g, patterns[_i]);
		ck_assert_uint_eq(*resets, n * GVT_NR_ENGINES);
		guest_place(g);
		ck_assert_uint_eq(guest_read(g, GUEST_BAR0 + PLAIN, 4), 0);
	}
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* A write of the value that is there moves nothing. */
START_TEST(same_again)
{
	struct guest *g = guest_start_gpu(1);
	const struct exen_rep rep = {
		.pio = true, .addr = 0xcfc, .buf = BUF, .size = 2, .count = 1024
	};
	u64 calls, traps = guest_stats(g).ranges;

	for (u32 i = 0; i < rep.count; i++)
		memcpy(guest_ram(g, BUF) + 2 * i, "\x06", 2);
	calls = guest_stats(g).domain_calls;
	ck_assert_int_eq(
		exen_guest_out(g->d, 0, 0xcf8, 4, 0x80000000u | GUEST_DEVFN << 8 | PCI_COMMAND), 0);
	ck_assert_int_eq(exen_guest_rep(g->d, 0, &rep), 0);
	ck_assert_uint_eq(guest_stats(g).domain_calls, calls);
	ck_assert_uint_eq(guest_stats(g).ranges, traps);
	guest_free(g);
}
END_TEST

/* ---- page tables all over the guest's memory ---- */

enum { ROOT = 0x10, PDP, PD };

#define SPREAD 60u /* leaf tables, each in an area of its own */

static u64 *table(struct guest *g, u64 gfn)
{
	return (u64 *)guest_ram(g, gfn << GVT_PAGE_SHIFT);
}

static u64 leads_to(u64 gfn)
{
	return gfn << GVT_PAGE_SHIFT | 3;
}

struct sync {
	struct vgpu_mm *mm;
	int err;
	u64 maps;
};

static u64 maps_made(struct xengt_vgpu *v)
{
	return v->mem.maps + v->view.maps;
}

static void create_and_sync(struct xengt_vgpu *v, void *arg)
{
	const u64 pdp[4] = { (u64)ROOT << GVT_PAGE_SHIFT };
	u64 before = maps_made(v);
	struct sync *sync = arg;

	if (!sync->mm)
		vgpu_ppgtt_notify(v->vgpu, 4, pdp);
	sync->mm = vgpu_ppgtt_find(v->vgpu, pdp, 4);
	sync->err = vgpu_ppgtt_sync(v->vgpu, sync->mm);
	sync->maps = maps_made(v) - before;
}

static void destroy(struct xengt_vgpu *v, void *arg)
{
	const u64 pdp[4] = { (u64)ROOT << GVT_PAGE_SHIFT };

	(void)arg;
	vgpu_ppgtt_notify(v->vgpu, 5, pdp);
}

START_TEST(tables_stay_mapped)
{
	struct guest *g = guest_start_gpu(1);
	struct sync sync = { 0 };

	table(g, ROOT)[0] = leads_to(PDP);
	table(g, PDP)[0] = leads_to(PD);
	for (u64 i = 0; i < SPREAD; i++) {
		table(g, PD)[i] = leads_to(i * XENGT_AREA_PAGES + 0x20);
		table(g, i * XENGT_AREA_PAGES + 0x20)[7] =
			leads_to((i + 3) * XENGT_AREA_PAGES + 0x40);
	}
	guest_in_thread(g, create_and_sync, &sync);
	ck_assert_int_eq(sync.err, 0);
	ck_assert_uint_ge(sync.maps, SPREAD);
	for (u32 n = 0; n < 3; n++) {
		guest_in_thread(g, create_and_sync, &sync);
		ck_assert_int_eq(sync.err, 0);
		ck_assert_uint_eq(sync.maps, 0);
	}
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* ---- memory ---- */

#define DIRECTORIES 4096u

/* Three levels of tables without an entry for a page: all their cost is our memory. */
START_TEST(directories_count)
{
	struct guest *g = guest_start_gpu(1);
	u64 heap = xengt_quota_heap(g->v), used = xengt_quota_used(g->v), had;
	struct sync sync = { 0 };

	for (u64 i = 0; i < DIRECTORIES / GTT_ENTRIES; i++) {
		table(g, ROOT)[i] = leads_to(0x100 + i);
		for (u64 k = 0; k < GTT_ENTRIES; k++)
			table(g, 0x100 + i)[k] = leads_to(0x200 + i * GTT_ENTRIES + k);
	}
	guest_in_thread(g, create_and_sync, &sync);
	ck_assert_int_eq(sync.err, 0);
	ck_assert_uint_ge(xengt_quota_heap(g->v) - heap, 2 * DIRECTORIES * GVT_PAGE_SIZE);
	ck_assert_uint_ge(xengt_quota_used(g->v) - used, 3 * DIRECTORIES);
	had = xengt_quota_heap(g->v);
	guest_in_thread(g, create_and_sync, &sync);
	ck_assert_uint_eq(xengt_quota_heap(g->v), had);
	guest_in_thread(g, destroy, NULL);
	ck_assert_uint_le(xengt_quota_heap(g->v) - heap, KiB(256));
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* A PPGTT of more than the quota cannot be used. A smaller one can be used afterwards. */
START_TEST(no_more_than_the_quota)
{
	struct guest *g = guest_start_gpu(1);
	u64 quota = 16 * 256;
	struct sync sync = { 0 };

	g->kept->options.memory_mib = 16;
	for (u64 i = 0; i < DIRECTORIES / GTT_ENTRIES; i++) {
		table(g, ROOT)[i] = leads_to(0x100 + i);
		for (u64 k = 0; k < GTT_ENTRIES; k++)
			table(g, 0x100 + i)[k] = leads_to(0x200 + i * GTT_ENTRIES + k);
	}
	guest_in_thread(g, create_and_sync, &sync);
	ck_assert(sync.err == -ENOMEM || sync.err == -ENOSPC);
	ck_assert_uint_le(xengt_quota_used(g->v), quota);
	ck_assert_uint_gt(g->v->dma.over, 0);
	memset(table(g, ROOT) + 1, 0, GVT_PAGE_SIZE - 8);
	memset(table(g, 0x100) + 100, 0, GVT_PAGE_SIZE - 800);
	guest_in_thread(g, destroy, NULL);
	sync.mm = NULL;
	guest_in_thread(g, create_and_sync, &sync);
	ck_assert_int_eq(sync.err, 0);
	guest_detach(g);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

/* ---- areas of the process ---- */

/* One page in each of more places than a guest may have: the last ones get no address. */
START_TEST(places)
{
	struct guest *g = guest_start_gpu(1);
	const u64 far = 0x100000, nr = XENGT_VIEW_BUCKETS + 20;
	u64 addr, had = 0, first = 0x200;

	for (u64 i = 0; i < nr; i++)
		ck_assert_int_eq(xendevicemodel_relocate_memory(g->v->dmod, GUEST_DOMID, 1,
								first + i,
								far + i * XENGT_AREA_PAGES),
				 0);
	for (u64 i = 0; i < nr; i++) {
		int err = intel_gvt_hypervisor_dma_map_guest_page(
			g->v->vgpu, far + i * XENGT_AREA_PAGES, GVT_PAGE_SIZE, &addr);

		ck_assert(err == 0 || err == -ENOSPC);
		had += !err;
		ck_assert_uint_le(g->v->view.areas, XENGT_VIEW_AREAS);
	}
	ck_assert_uint_le(had, XENGT_VIEW_BUCKETS);
	ck_assert_uint_ge(had, XENGT_VIEW_BUCKETS - 4);
	ck_assert_uint_ge(xengt_quota_areas(g->v), had);
	for (u64 i = 0; i < had; i++)
		intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, (far + i * XENGT_AREA_PAGES)
									      << GVT_PAGE_SHIFT);
	ck_assert_uint_le(g->v->view.areas, 2 * XENGT_VIEW_IDLE);
	guest_detach(g);
	for (u64 i = 0; i < nr; i++)
		exen_guest_balloon_out(g->d, 0, far + i * XENGT_AREA_PAGES);
	g->complaints = true;
	guest_free(g);
}
END_TEST

/* A guest with more memory has larger areas, and not more of them. */
START_TEST(area_sizes)
{
	for (u64 mib = 16; mib <= 65536; mib *= 2) {
		u64 pages = xengt_area_pages(mib * 1024);

		ck_assert_uint_ge(pages, XENGT_AREA_PAGES);
		ck_assert_uint_eq(pages & (pages - 1), 0);
		ck_assert_uint_le(mib * 256 / pages, XENGT_AREAS);
		ck_assert(pages == XENGT_AREA_PAGES || mib * 256 / pages > XENGT_AREAS / 2);
	}
	ck_assert_uint_eq(xengt_area_pages(~0ull), XENGT_AREA_MOST);
}
END_TEST

/* ---- what waits ---- */

/* An engine looks this page up whenever the vGPU's thread is in a call of the hypervisor. */
static struct {
	struct guest *g;
	u64 bus;
	unsigned int looks, waited;
	bool busy;
} engine;

static void *look_up(void *done)
{
	ck_assert_ptr_nonnull(intel_gvt_hypervisor_dma_to_virt(engine.g->v->vgpu, engine.bus));
	sem_post(done);
	return NULL;
}

static void on_call(void *arg)
{
	struct timespec until;
	pthread_t thread;
	sem_t *done = arg;

	/* Not for calls that the engine makes itself. */
	if (__atomic_exchange_n(&engine.busy, true, __ATOMIC_ACQ_REL))
		return;
	engine.looks++;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += UNIT_WAIT_MS / 1000;
	ck_assert_int_eq(pthread_create(&thread, NULL, look_up, done), 0);
	pthread_detach(thread);
	engine.waited += sem_timedwait(done, &until) != 0;
	__atomic_store_n(&engine.busy, false, __ATOMIC_RELEASE);
}

static const char *const calls[] = { "xenforeignmemory_map", "xenforeignmemory_unmap" };

START_TEST(engine_does_not_wait)
{
	struct guest *g = guest_start_gpu(1);
	u64 addr[64], kept;
	sem_t done;

	sem_init(&done, 0, 0);
	ck_assert_int_eq(
		intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu, 5, GVT_PAGE_SIZE, &kept), 0);
	engine.g = g;
	engine.bus = kept;
	engine.looks = engine.waited = 0;
	exen_on_call(calls[_i], on_call, &done);
	/* Pages are mapped and unmapped, and one changes hands. */
	for (u64 i = 0; i < ARRAY_SIZE(addr); i++)
		ck_assert_int_eq(intel_gvt_hypervisor_dma_map_guest_page(g->v->vgpu,
									 i * XENGT_AREA_PAGES + 9,
									 GVT_PAGE_SIZE, &addr[i]),
				 0);
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addr, 40);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 0x2001), 0);
	guest_move_on(g, 0);
	exen_on_call(NULL, NULL, NULL);
	ck_assert_uint_gt(engine.looks, 8);
	ck_assert_uint_eq(engine.waited, 0);
	intel_gvt_hypervisor_dma_unmap_guest_pages(g->v->vgpu, addr + 40, ARRAY_SIZE(addr) - 40);
	intel_gvt_hypervisor_dma_unmap_guest_page(g->v->vgpu, kept);
	guest_detach(g);
	ck_assert_int_eq(exen_guest_populate(g->d, 0, 0x2001), 0);
	guest_check_before(g);
	guest_free(g);
}
END_TEST

Suite *suite_xengt_cost(void)
{
	Suite *suite = suite_create("xengt_cost");
	TCase *tcase = tcase_create("cost");

	tcase_add_loop_test(tcase, resets_in_a_row, 0, ARRAY_SIZE(patterns));
	tcase_add_test(tcase, same_again);
	tcase_add_test(tcase, tables_stay_mapped);
	tcase_add_test(tcase, directories_count);
	tcase_add_test(tcase, no_more_than_the_quota);
	tcase_add_test(tcase, places);
	tcase_add_test(tcase, area_sizes);
	tcase_add_loop_test(tcase, engine_does_not_wait, 0, ARRAY_SIZE(calls));
	suite_add_tcase(suite, tcase);
	return suite;
}
