/* SPDX-License-Identifier: MIT */
/*
 * What shadowing graphics memory costs, as ratios within one run: tests/bench/gtt [ROUNDS [build]].
 * Each figure is the least of some rounds. With "build", nothing but that, for a profiler. To be
 * built without sanitizers.
 */
#include "tests/bench/gtt.h"
#include "core/base/number.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define HOST_MFN    0x4000000ull
#define ARENA_PAGES 8192u
#define BAR0	    0xf0000000ull
/* Until all that is quiet is tracked. */
#define QUIET (GTT_TRACK_LEAF_AFTER + VGPU_GGTT_PAGES / 64 + 2)

static struct bench *of(unsigned long handle)
{
	return (struct bench *)handle;
}

static void *memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

/* ---- the hypervisor ---- */

static int attach(struct intel_vgpu *vgpu, unsigned long *handle)
{
	struct bench *b = vgpu->owner;

	vgpu->ggtt = b->ggtt;
	*handle = (unsigned long)b;
	return 0;
}

static void detach(unsigned long handle)
{
	(void)handle;
}

static int set_trap_area(unsigned long handle, u64 start, u64 end, bool map)
{
	(void)handle;
	(void)start;
	(void)end;
	(void)map;
	return 0;
}

static int read_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	if (gpa + len > FIRST_DATA * GVT_PAGE_SIZE)
		return -EFAULT;
	memcpy(buf, of(handle)->ram + gpa, len);
	return 0;
}

static int write_gpa(unsigned long handle, unsigned long gpa, void *buf, unsigned long len)
{
	if (gpa + len > FIRST_DATA * GVT_PAGE_SIZE)
		return -EFAULT;
	memcpy(of(handle)->ram + gpa, buf, len);
	return 0;
}

static bool *track_of(struct bench *b, u64 gfn)
{
	return gfn < FIRST_DATA ? &b->tracked[gfn]
				: &b->tracked_ggtt[gfn - ((BAR0 + VGPU_GGTT_OFFSET) >> 12)];
}

static int enable_track(unsigned long handle, u64 gfn)
{
	*track_of(of(handle), gfn) = true;
	of(handle)->hypercalls++;
	return 0;
}

static int disable_track(unsigned long handle, u64 gfn)
{
	*track_of(of(handle), gfn) = false;
	of(handle)->hypercalls++;
	return 0;
}

static bool is_valid_gfn(unsigned long handle, unsigned long gfn)
{
	(void)handle;
	return gfn < BENCH_GFNS;
}

static int map_pages(unsigned long handle, const u64 *gfns, size_t nr, dma_addr_t *bus)
{
	struct bench *b = of(handle);

	b->hypercalls++;
	for (size_t i = 0; i < nr; i++) {
		bus[i] = GVT_DMA_INVALID;
		if (gfns[i] >= BENCH_GFNS)
			continue;
		b->pages[gfns[i]].refs++;
		bus[i] = (u64)b->pages[gfns[i]].mfn << GVT_PAGE_SHIFT;
	}
	return 0;
}

static void unmap_pages(unsigned long handle, const dma_addr_t *bus, size_t nr)
{
	struct bench *b = of(handle);

	b->hypercalls++;
	for (size_t i = 0; i < nr; i++)
		b->pages[GFN_OF(bus[i] >> GVT_PAGE_SHIFT)].refs--;
}

static int map_page(unsigned long handle, unsigned long gfn, unsigned long size, dma_addr_t *bus)
{
	u64 first = gfn;

	if (size != GVT_PAGE_SIZE)
		return -ENXIO;
	return map_pages(handle, &first, 1, bus);
}

static void unmap_page(unsigned long handle, dma_addr_t bus)
{
	unmap_pages(handle, &bus, 1);
}

static void *alloc_host(unsigned long handle, size_t nr)
{
	struct bench *b = of(handle);

	if (nr != 64)
		return NULL;
	for (u32 i = 0; i < ARRAY_SIZE(b->arena_free); i++)
		if (b->arena_free[i]) {
			b->arena_free[i] = 0;
			return memset(b->arena + i * 64 * GVT_PAGE_SIZE, 0, 64 * GVT_PAGE_SIZE);
		}
	return NULL;
}

static void free_host(unsigned long handle, void *va, size_t nr)
{
	struct bench *b = of(handle);

	(void)nr;
	b->arena_free[((u8 *)va - b->arena) / (64 * GVT_PAGE_SIZE)] = 1;
}

static unsigned long virt_to_mfn(unsigned long handle, void *va)
{
	(void)handle;
	return ((uintptr_t)va >> GVT_PAGE_SHIFT & (HOST_MFN - 1)) | HOST_MFN;
}

static const struct intel_gvt_mpt mpt = {
	.name = "bench",
	.attach_vgpu = attach,
	.detach_vgpu = detach,
	.set_trap_area = set_trap_area,
	.read_gpa = read_gpa,
	.write_gpa = write_gpa,
	.enable_page_track = enable_track,
	.disable_page_track = disable_track,
	.is_valid_gfn = is_valid_gfn,
	.dma_map_guest_page = map_page,
	.dma_unmap_guest_page = unmap_page,
	.dma_map_guest_pages = map_pages,
	.dma_unmap_guest_pages = unmap_pages,
	.alloc_host_pages = alloc_host,
	.free_host_pages = free_host,
	.from_virt_to_mfn = virt_to_mfn,
};

/* ---- the guest ---- */

static u64 *table_of(struct bench *b, u32 frame)
{
	return (u64 *)(b->ram + frame * GVT_PAGE_SIZE);
}

/* As a tracked page would have it: the first write of a run traps. */
static void guest_write(struct bench *b, u32 frame, u32 i, u64 entry)
{
	if (b->tracked[frame]) {
		b->traps++;
		intel_vgpu_emulate_mmio_write(b->vgpu, frame * GVT_PAGE_SIZE + 8 * i, &entry, 8);
	} else {
		table_of(b, frame)[i] = entry;
	}
}

/* Data frames in the order in which an old guest has them: in runs of 16, mixed. */
static u64 data_gfn(u32 i)
{
	return FIRST_DATA + ((i / 16 * 40503u) % (BENCH_ENTRIES / 16) * 16 + i % 16);
}

static void make_guest(struct bench *b)
{
	b->ram = memory(FIRST_DATA * GVT_PAGE_SIZE);
	b->pages = memory(BENCH_GFNS * sizeof(*b->pages));
	b->tracked = memory(FIRST_DATA);
	b->ggtt = memory(MiB(8));
	b->arena = memory(ARENA_PAGES * GVT_PAGE_SIZE);
	memset(b->arena, 1, ARENA_PAGES * GVT_PAGE_SIZE);
	memset(b->ggtt, 0, MiB(8));
	for (u32 i = 0; i < ARRAY_SIZE(b->arena_free); i++)
		b->arena_free[i] = 1;
	for (u32 gfn = 0; gfn < BENCH_GFNS; gfn++)
		b->pages[gfn].mfn = MFN_OF(gfn);
	table_of(b, FRAME_PML4)[0] = FRAME_PDP << 12 | 3;
	table_of(b, FRAME_PDP)[0] = FRAME_PD << 12 | 3;
	for (u32 t = 0; t < BENCH_TABLES; t++) {
		table_of(b, FRAME_PD)[t] = (u64)(FRAME_PT + t) << 12 | 3;
		for (u32 i = 0; i < GTT_ENTRIES; i++)
			table_of(b, FRAME_PT + t)[i] = data_gfn(t * GTT_ENTRIES + i) << 12 | 3;
	}
}

static void reg(struct bench *b, u32 offset, u32 val)
{
	intel_vgpu_emulate_mmio_write(b->vgpu, BAR0 + offset, &val, 4);
}

static void notify(struct bench *b, u32 code)
{
	reg(b, 0x78838, FRAME_PML4 << 12);
	reg(b, 0x7883c, 0);
	reg(b, 0x78818, code);
}

static struct bench *make(void)
{
	static const struct intel_vgpu_params params = { .id = 1,
							 .aperture_mib = 64,
							 .fences = 32 };
	struct bench *b = calloc(1, sizeof(*b));
	u32 bar = BAR0, command = PCI_COMMAND_MEMORY;

	make_guest(b);
	for (u32 i = 0; i < INTEL_GVT_SECTIONS; i++)
		b->state[i] = memory(intel_gvt_sections[i]->size);
	if (intel_gvt_init(&mpt, NULL, NULL, b, &b->gvt) ||
	    intel_gvt_create_vgpu(b->gvt, &params, b->state, b, &b->vgpu))
		exit(1);
	intel_gvt_activate_vgpu(b->vgpu);
	intel_vgpu_emulate_cfg_write(b->vgpu, PCI_BASE_ADDRESS_0, &bar, 4);
	intel_vgpu_emulate_cfg_write(b->vgpu, PCI_COMMAND, &command, 2);
	return b;
}

/* ---- measuring ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec * 1e-3;
}

static void least(double *best, double since)
{
	double took = now() - since;

	if (!*best || took < *best)
		*best = took;
}

static struct vgpu_mm *mm_of(struct bench *b)
{
	const u64 pdp[4] = { FRAME_PML4 << 12 };

	return vgpu_ppgtt_find(b->vgpu, pdp, 4);
}

static void sync_mm(struct bench *b)
{
	if (vgpu_ppgtt_sync(b->vgpu, mm_of(b)))
		exit(1);
}

static double copy_and_look_up(struct bench *b, int rounds)
{
	u64 *to = memory(BENCH_TABLES * GVT_PAGE_SIZE);
	double best = 0;

	memset(to, 1, BENCH_TABLES * GVT_PAGE_SIZE);
	for (int r = 0; r < rounds; r++) {
		double t = now();

		memcpy(to, table_of(b, FRAME_PT), BENCH_TABLES * GVT_PAGE_SIZE);
		for (u32 i = 0; i < BENCH_ENTRIES; i++)
			to[i] = (u64)b->pages[to[i] >> 12].mfn << 12 | (to[i] & 0xfff);
		least(&best, t);
		__asm__ volatile("" ::"r"(to) : "memory");
	}
	return best;
}

static double gvtg(struct bench *b, int rounds, bool trees)
{
	double best = 0;

	for (int r = 0; r < rounds; r++) {
		double t = now();
		u64 *shadow = gvtg_build(b, trees);

		least(&best, t);
		gvtg_destroy(b, shadow, trees);
	}
	return best;
}

static double build(struct bench *b, int rounds)
{
	double best = 0, t;

	for (int r = 0; r < rounds; r++) {
		notify(b, 4);
		t = now();
		sync_mm(b);
		least(&best, t);
		notify(b, 5);
	}
	return best;
}

static double resync(struct bench *b, int rounds)
{
	double best = 0;

	for (int r = 0; r < rounds; r++) {
		double t = now();

		sync_mm(b);
		least(&best, t);
	}
	return best;
}

/* One in a hundred entries is another page: each @step-th of the first @of_tables tables. */
static double changed(struct bench *b, int rounds, u32 of_tables, u64 *traps)
{
	u32 nr = BENCH_ENTRIES / 100, step = of_tables * GTT_ENTRIES / nr;
	double best = 0;

	for (int r = 0; r < rounds; r++) {
		double t;

		b->traps = 0;
		for (u32 n = 0, at = 0; n < nr; n++, at += step) {
			u64 was = table_of(b, FRAME_PT + at / GTT_ENTRIES)[at % GTT_ENTRIES];

			guest_write(b, FRAME_PT + at / GTT_ENTRIES, at % GTT_ENTRIES, was ^ 0x1000);
		}
		t = now();
		sync_mm(b);
		least(&best, t);
		*traps = r ? *traps : b->traps;
	}
	return best;
}

static void row(const char *what, double us, double of, const char *than)
{
	printf("%-58s %10.1f us", what, us);
	if (of)
		printf("   %8.2f %s", of, than);
	printf("\n");
}

static void bench_ppgtt(struct bench *b, int rounds)
{
	double ref, trees, array, ours, same, tracked;
	u64 idle = intel_vgpu_gtt_bytes(b->vgpu), mapped, traps;

	printf("1 GiB in pages of 4 KiB (512 tables, %u entries)\n", BENCH_ENTRIES);
	ref = copy_and_look_up(b, rounds);
	row("memcpy of the tables, and an array look-up an entry", ref, 0, "");
	ours = build(b, rounds);
	trees = gvtg(b, rounds / 4 + 1, true);
	array = gvtg(b, rounds, false);
	row("entry by entry, look-up in two trees (GVT-g)", trees, trees / ours, "times ours");
	row("entry by entry, look-up in an array", array, array / ours, "times ours");
	row("ours: build", ours, ours / ref, "times memcpy and look-up");

	notify(b, 4);
	sync_mm(b);
	mapped = intel_vgpu_gtt_bytes(b->vgpu);
	same = resync(b, 10);
	row("ours: sync, unchanged, every leaf compared", same, 100 * same / ours, "% of a build");
	printf("%-58s %10.3f us\n", "      of which one table", same / BENCH_TABLES);
	for (u32 i = 0; i < GTT_TRACK_LEAF_AFTER + 2; i++)
		sync_mm(b);
	tracked = resync(b, rounds);
	row("ours: sync, unchanged, leaves tracked", tracked, 100 * tracked / ours, "% of a build");

	ours = changed(b, 1, 6, &traps);
	row("ours: sync, 1 % changed in 6 tables, tracked before", ours, traps, "traps");
	ours = changed(b, rounds, 6, &traps);
	row("ours: sync, 1 % changed in the same 6 again", ours, traps, "traps");
	ours = changed(b, 1, BENCH_TABLES, &traps);
	row("ours: sync, 1 % changed in all 512, tracked before", ours, traps, "traps");
	ours = changed(b, rounds, BENCH_TABLES, &traps);
	row("ours: sync, 1 % changed in all 512 again", ours, traps, "traps");

	printf("%-58s %10.1f KiB\n", "memory: idle vGPU", idle / 1024.);
	printf("%-58s %10.1f KiB\n", "memory: per GiB mapped", (mapped - idle) / 1024.);
	notify(b, 5);
}

static double commit(struct bench *b, int rounds)
{
	double best = 0;

	for (int r = 0; r < rounds; r++) {
		double t = now();

		reg(b, 0x101008, 1);
		least(&best, t);
	}
	return best;
}

static void ggtt_write(struct bench *b, u32 page, u64 entry)
{
	if (b->tracked_ggtt[page / GTT_ENTRIES]) {
		b->traps++;
		intel_vgpu_emulate_mmio_write(b->vgpu, BAR0 + VGPU_GGTT_OFFSET + 8 * page, &entry,
					      8);
	} else {
		b->ggtt[page] = entry;
	}
}

/* A thousand entries become others. */
static double thousand(struct bench *b, u32 seed)
{
	double best = 0, t;

	for (u32 i = 0; i < 1000; i++)
		ggtt_write(b, 100000 + i, (FIRST_DATA + (i + seed * 1000) % 100000ull) << 12 | 1);
	t = now();
	reg(b, 0x101008, 1);
	least(&best, t);
	return best;
}

static void bench_ggtt(struct bench *b, int rounds)
{
	double first, best = 0;
	u64 calls;

	printf("\nGGTT, 4 GiB (1 Mi entries in guest memory)\n");
	for (u32 i = 0; i < GGTT_PAGES; i++)
		b->ggtt[i] = (u64)FIRST_DATA << 12 | 1;
	calls = b->hypercalls;
	first = commit(b, 1);
	row("commit of a driver's million equal scratch entries", first, b->hypercalls - calls,
	    "calls of the back end");
	row("commit, unchanged, all equal, each page compared", commit(b, 10), 0, "");
	for (int r = 0; r < 10; r++) {
		double took = thousand(b, r);

		best = !r || took < best ? took : best;
	}
	row("commit of 1,000 changed entries, all others compared", best, 1, "trap");
	commit(b, QUIET);
	row("commit, unchanged, pages tracked", commit(b, rounds), 0, "");
	b->traps = 0;
	best = thousand(b, 77);
	row("commit of 1,000 changed entries, tracked before", best, b->traps + 1, "traps");
	for (u32 i = 0; i < GGTT_PAGES; i++)
		ggtt_write(b, i, (FIRST_DATA + (u64)i % BENCH_ENTRIES) << 12 | 1);
	first = commit(b, 1);
	row("commit of a million different entries", first, first * 1000 / GGTT_PAGES, "ns each");
	row("commit, unchanged, all different, compared", commit(b, 10), 0, "");
	commit(b, QUIET);
	row("commit, unchanged, all different, tracked", commit(b, rounds), 0, "");
	printf("%-58s %10.1f KiB\n", "memory: 4 GiB of different entries",
	       intel_vgpu_gtt_bytes(b->vgpu) / 1024.);
}

int main(int argc, char **argv)
{
	struct bench *b = make();
	u64 rounds = 20;

	if (argc > 1 && xengt_number(argv[1], XENGT_EITHER, 1, INT32_MAX, &rounds)) {
		fputs("gtt: ROUNDS is a number, from 1\n", stderr);
		return 2;
	}
	if (argc > 2) {
		build(b, rounds);
		return 0;
	}
	bench_ppgtt(b, rounds);
	bench_ggtt(b, rounds);
	intel_gvt_destroy_vgpu(b->vgpu);
	intel_gvt_exit(b->gvt);
	return 0;
}
