/* SPDX-License-Identifier: MIT */
/* PPGTTs: what each event does to the shadow, and what it costs the guest. */
#include <errno.h>

#include "tests/unit/fake_gpu.h"
#include "tests/unit/gtt_guest.h"

static const struct vgpu_gtt_counts *counts(struct fake *f)
{
	return intel_vgpu_gtt_counts(f->vgpu);
}

static u64 none(struct fake *f)
{
	return f->vgpu->gtt->scratch_page.bus;
}

START_TEST(life)
{
	struct fake *f = guest_new();

	ck_assert_uint_eq(counts(f)->roots, 1);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
	ck_assert_uint_eq(guest_gpu(f, 0x1ff000), guest_bus(f, PAGES + 511));
	ck_assert_uint_eq(guest_gpu(f, 0x200000), none(f));
	ck_assert_uint_eq(guest_gpu(f, 1ull << 40), none(f));
	ck_assert_uint_eq(counts(f)->tables, 4);
	ck_assert_uint_eq(counts(f)->tracked, 3);
	/* Created twice, it is destroyed with the second notification. */
	guest_notify(f, 4);
	guest_notify(f, 5);
	ck_assert_ptr_nonnull(guest_mm(f));
	guest_notify(f, 5);
	ck_assert_ptr_null(guest_mm(f));
	ck_assert_uint_eq(counts(f)->tables + counts(f)->shadows + f->pins, 0);
	ck_assert_uint_eq(counts(f)->refused, 0);
	guest_notify(f, 5);
	ck_assert_uint_eq(counts(f)->refused, 1);
	fake_free(f);
}
END_TEST

START_TEST(three_levels)
{
	struct fake *f = fake_vgpu();
	const u64 pdp[4] = { PD << GVT_PAGE_SHIFT, 0, PD << GVT_PAGE_SHIFT, PT2 << GVT_PAGE_SHIFT };
	struct vgpu_mm *mm;

	guest_entry(f, PD, 1, guest_table(PT));
	guest_entry(f, PT, 2, guest_table(PAGES));
	for (u32 i = 0; i < 4; i++)
		fake_write(f, FAKE_BAR0 + 0x78838 + 8 * i, 8, pdp[i]);
	fake_reg_write(f, 0x78818, 2);
	mm = vgpu_ppgtt_find(f->vgpu, pdp, 3);
	ck_assert_ptr_nonnull(mm);
	ck_assert_ptr_null(vgpu_ppgtt_find(f->vgpu, pdp, 4));
	ck_assert_int_eq(vgpu_ppgtt_sync(f->vgpu, mm), 0);
	for (u32 i = 0; i < 4; i++)
		ck_assert_uint_eq(gtt_walk_gpu(f, vgpu_ppgtt_root(f->vgpu, mm, i), GTT_PD,
					       0x202000),
				  i % 2 ? none(f) : guest_bus(f, PAGES));
	/* Two registers name the same directory: it has one shadow. */
	ck_assert_uint_eq(vgpu_ppgtt_root(f->vgpu, mm, 0), vgpu_ppgtt_root(f->vgpu, mm, 2));
	fake_reg_write(f, 0x78818, 3);
	ck_assert_uint_eq(counts(f)->roots, 0);
	fake_free(f);
}
END_TEST

/* Scattered tables take a mapping or more each. A sync that takes too many fails. */
START_TEST(mappings_bounded)
{
	struct fake *f = guest_new();

	for (u32 i = 1; i < GTT_ENTRIES; i++)
		guest_entry(f, PD, i, guest_table(PAGES + i));
	f->maps_each = GTT_MAPS_MAX / 256;
	ck_assert_int_eq(guest_sync(f), -E2BIG);
	ck_assert_uint_lt(f->maps_made, GTT_MAPS_MAX + 2 * f->maps_each);
	/* A sync that needs fewer works afterwards. */
	f->maps_each = 1;
	ck_assert_int_eq(guest_sync(f), 0);
	fake_free(f);
}
END_TEST

/* Copies of the guest's tables take more memory than its quota. */
START_TEST(heap_bounded)
{
	struct fake *f = guest_new();

	for (u32 i = 1; i < GTT_ENTRIES; i++)
		guest_entry(f, PD, i, guest_table(PAGES + i));
	f->heap_limit = f->heap + MiB(1);
	ck_assert_int_eq(guest_sync(f), -ENOMEM);
	ck_assert_uint_le(f->heap, f->heap_limit);
	f->heap_limit = 0;
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(intel_vgpu_gtt_bytes(f->vgpu) - f->vgpu->gtt->pool.pages * GVT_PAGE_SIZE,
			  f->heap);
	fake_free(f);
}
END_TEST

START_TEST(shared_table)
{
	struct fake *f = guest_new();

	for (u32 i = 1; i < GTT_ENTRIES; i++) {
		guest_entry(f, PD, i, guest_table(PT));
		guest_entry(f, PDP, i, guest_table(PD));
		guest_entry(f, PML4, i, guest_table(PDP));
	}
	/* 2^36 pages in four tables. */
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(counts(f)->shadows, 4);
	ck_assert_uint_eq(f->pins, 512);
	ck_assert_uint_eq(guest_gpu(f, 0xfffffffff000), guest_bus(f, PAGES + 511));
	guest_entry(f, PT, 5, guest_table(PAGES + 600));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0xfffffe005000), guest_bus(f, PAGES + 600));
	fake_free(f);
}
END_TEST

/* A table that leads to itself on every level. */
START_TEST(loop)
{
	struct fake *f = guest_new();

	guest_entry(f, PML4, 0, guest_table(PML4));
	guest_entry(f, PML4, 1, guest_table(PAGES));
	ck_assert_int_eq(guest_sync(f), 0);
	/* Entry 0 on four levels leads to the table's own frame. */
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PML4));
	ck_assert_uint_eq(guest_gpu(f, 0x1000), guest_bus(f, PAGES));
	/* Its frame is shadowed as four levels, PAGES (all zeroes) as PDP, PD and leaf. */
	ck_assert_uint_eq(counts(f)->tables, 2);
	ck_assert_uint_eq(counts(f)->shadows, 7);
	fake_free(f);
}
END_TEST

/* A leaf's changes cost no trap, a directory's at most one. Unchanged tables are tracked again. */
START_TEST(traps)
{
	struct fake *f = guest_new();
	u64 compared;

	ck_assert_int_eq(guest_sync(f), 0);
	for (u32 i = 0; i < 500; i++)
		guest_entry(f, PT, i, guest_table(PAGES + 1000 - i));
	for (u32 i = 10; i < 500; i++)
		guest_entry(f, PD, i, guest_table(PT));
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->tracked_write, 1);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 499 * 0x201000ull), guest_bus(f, PAGES + 501));

	for (u32 i = 0; i < GTT_TRACK_AFTER; i++)
		ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(counts(f)->tracked, 4);
	compared = counts(f)->compared;
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(counts(f)->compared, compared);
	/* A write of one byte in the middle of an entry. */
	fake_write(f, PT * GVT_PAGE_SIZE + 8 + 2, 1, 0x50);
	ck_assert_uint_eq(counts(f)->tracked, 3);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0x1000), guest_bus(f, 0x507));
	fake_free(f);
}
END_TEST

/*
 * A page may go on to trap after it is untracked (on Xen, until the writing vCPU makes another
 * request). Each such write untracks one more of the tables that the guest is likely to fill next.
 */
START_TEST(filled)
{
	struct fake *f = guest_new();

	for (u32 i = 1; i <= 12; i++)
		guest_entry(f, PD, i, guest_table(PT2 + i));
	for (u32 i = 0; i < 2 * GTT_TRACK_AFTER; i++)
		ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(counts(f)->tracked, 16);
	for (u32 i = 0; i < 10; i++)
		fake_write(f, (PT2 + 1) * GVT_PAGE_SIZE + 8 * i, 8, guest_table(PAGES + i));
	for (u32 i = 1; i <= 12; i++)
		UNIT_CHECK(f->tracked[PT2 + i] == (i > 10), "table %u", i);
	ck_assert_uint_eq(counts(f)->tracked, 6);
	/* A single write untracks no other table. */
	guest_entry(f, PT2 + 11, 0, guest_table(PAGES));
	ck_assert(f->tracked[PT2 + 12]);
	/* Tables are taken out of the tree while the guest fills them. */
	fake_write(f, (PT2 + 11) * GVT_PAGE_SIZE, 8, guest_table(PAGES + 1));
	ck_assert(!f->tracked[PT2 + 12]);
	for (u32 i = 12; i > 9; i--)
		guest_entry(f, PD, i, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	for (u32 i = 0; i < 5; i++)
		fake_write(f, (PT2 + 9) * GVT_PAGE_SIZE, 8, guest_table(PAGES + 2 + i));
	ck_assert_int_eq(guest_sync(f), 0);
	for (u32 i = 0; i < 10; i++)
		ck_assert_uint_eq(guest_gpu(f, 0x200000 + 0x1000 * i), guest_bus(f, PAGES + i));
	ck_assert_uint_eq(guest_gpu(f, 9 * 0x200000), guest_bus(f, PAGES + 6));
	ck_assert_uint_eq(counts(f)->tables, 13);
	fake_free(f);
}
END_TEST

/* A leaf is changed by runs of entries, so it is tracked later than a directory. */
START_TEST(leaf_left_alone)
{
	struct fake *f = guest_new();

	f->vgpu->gtt->leaf_after = GTT_TRACK_LEAF_AFTER;
	for (u32 i = 0; i <= 2 * GTT_TRACK_AFTER; i++)
		ck_assert_int_eq(guest_sync(f), 0);
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_entry(f, PT, i, guest_table(PAGES + 1 + i));
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->tracked_write, 0);
	for (u32 i = 0; i <= GTT_TRACK_LEAF_AFTER; i++) {
		ck_assert_uint_eq(counts(f)->tracked, 3);
		ck_assert_int_eq(guest_sync(f), 0);
	}
	ck_assert_uint_eq(counts(f)->tracked, 4);
	fake_free(f);
}
END_TEST

static void write_just_before(struct fake *f, u64 gfn)
{
	u64 entry = guest_table(PAGES + 700);

	if (gfn == PT)
		memcpy(f->ram + PT * GVT_PAGE_SIZE, &entry, 8);
}

/* A write between the comparison and the start of tracking is not lost. */
START_TEST(race_with_tracking)
{
	struct fake *f = guest_new();

	f->on_track = write_just_before;
	for (u32 i = 0; i <= GTT_TRACK_AFTER + 1; i++)
		ck_assert_int_eq(guest_sync(f), 0);
	ck_assert(f->tracked[PT]);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES + 700));
	fake_free(f);
}
END_TEST

/* If tracking fails, tables are compared instead. Nothing else changes. */
START_TEST(no_tracking)
{
	struct fake *f = guest_new();

	f->fail_track = -EINVAL;
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(counts(f)->tracked, 2);
	guest_entry(f, PML4, 1, guest_table(PDP));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 1ull << 39), guest_bus(f, PAGES));
	/* A page that is tracked for another user cannot be a table. */
	ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, PT2, NULL, NULL), 0);
	guest_entry(f, PD, 1, guest_table(PT2));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, MiB(2)), none(f));
	ck_assert_uint_eq(counts(f)->holes, 1);
	intel_vgpu_unregister_page_track(f->vgpu, PT2);
	guest_entry(f, PT2, 0, guest_table(PAGES + 3));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, MiB(2)), guest_bus(f, PAGES + 3));
	fake_free(f);
}
END_TEST

START_TEST(pages_of_64k)
{
	struct fake *f = guest_new();

	guest_entry(f, PD, 0, guest_table(PT) | 1 << 11);
	/* In a table of 64 KiB pages, only every sixteenth entry counts. */
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		if (i % 16)
			guest_entry(f, PT, i, 0);
	/* 64 KiB pages are not switched on: it is a table of 4 KiB pages. */
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0x11000), none(f));
	fake_reg_write(f, GAMW, 0xf);
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(f->pins, 32);
	ck_assert_uint_eq(guest_gpu(f, 0x11000), guest_bus(f, PAGES + 17));
	/* One page less: the others stay mapped as 64 KiB pages, in 4 KiB entries. */
	guest_entry(f, PT, 16, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0x11000), none(f));
	ck_assert_uint_eq(guest_gpu(f, 0x21000), guest_bus(f, PAGES + 33));
	ck_assert_uint_eq(f->pins, 31);
	/* If frames are not adjacent, 4 KiB pages are used. */
	guest_notify(f, 5);
	fake_scatter(f);
	guest_notify(f, 4);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(f->pins, 31 * 16);
	ck_assert_uint_eq(guest_gpu(f, 0x21000), guest_bus(f, PAGES + 33));
	fake_free(f);
}
END_TEST

START_TEST(pages_of_2m)
{
	struct fake *f = guest_new();

	guest_entry(f, PD, 0, (u64)PAGES << GVT_PAGE_SHIFT | 0x83);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(f->pins, 1);
	ck_assert_uint_eq(guest_gpu(f, 0x123000), guest_bus(f, PAGES + 0x123));
	/* A frame in the middle is given up: nothing leads there, and the others stay mapped. */
	fake_give_up(f, PAGES + 0x123);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(f->pins, 511);
	ck_assert_uint_eq(guest_gpu(f, 0x123000), none(f));
	ck_assert_uint_eq(guest_gpu(f, 0x124000), guest_bus(f, PAGES + 0x124));
	fake_populate(f, PAGES + 0x123);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0x123000), guest_bus(f, PAGES + 0x123));
	fake_free(f);
}
END_TEST

START_TEST(page_of_1g)
{
	struct fake *f = guest_new();

	guest_entry(f, PDP, 0, 0x83);
	ck_assert_int_eq(guest_sync(f), 0);
	/* Guest memory is eight pages of 2 MiB. Addresses beyond it take no tables. */
	ck_assert_uint_eq(f->pins, FAKE_RAM_PAGES / 512);
	ck_assert_uint_eq(counts(f)->shadows, 3);
	ck_assert_uint_eq(guest_gpu(f, 0xabc000), guest_bus(f, 0xabc));
	ck_assert_uint_eq(guest_gpu(f, 0x1000000), none(f));
	fake_free(f);
}
END_TEST

/* A directory full of 1 GiB pages that do not exist: they are looked up, and a bound ends that. */
START_TEST(endless_holes)
{
	struct fake *f = guest_new();
	u64 calls = f->dma_calls;

	for (u32 i = 1; i < GTT_ENTRIES; i++)
		guest_entry(f, PDP, i, (u64)i << 30 | 0x83);
	ck_assert_int_eq(guest_sync(f), -E2BIG);
	ck_assert_uint_le(f->dma_calls - calls, GTT_MISSES_MAX + 1000);
	ck_assert_uint_le(counts(f)->shadows, 8);
	for (u32 i = 1; i < GTT_ENTRIES; i++)
		guest_entry(f, PDP, i, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
	fake_free(f);
}
END_TEST

/*
 * The guest uses a leaf's frame as a directory before a sync has seen it leave its place as a leaf.
 * The entries that it had as a leaf, with bits that mean large pages in a directory, no longer
 * count.
 */
START_TEST(leaf_becomes_directory)
{
	static const u32 above[] = { PDP, PML4 };

	for (u32 n = 0; n < ARRAY_SIZE(above); n++) {
		struct fake *f = guest_new();
		u64 calls;

		for (u32 i = 0; i < GTT_ENTRIES; i++)
			guest_entry(f, PT2, i, guest_table(PAGES + i) | 0x80);
		guest_entry(f, PD, 1, guest_table(PT2));
		ck_assert_int_eq(guest_sync(f), 0);
		ck_assert_uint_eq(guest_gpu(f, 1ull << 21), guest_bus(f, PAGES));

		guest_entry(f, PD, 1, 0);
		for (u32 i = 0; i < GTT_ENTRIES; i++)
			guest_entry(f, PT2, i, 0);
		guest_entry(f, PT2, 0, guest_table(PT));
		guest_entry(f, above[n], 1, guest_table(PT2));
		calls = f->dma_calls;
		ck_assert_int_eq(guest_sync(f), 0);
		ck_assert_uint_le(f->dma_calls - calls, 16);
		ck_assert_uint_eq(guest_gpu(f, 1ull << 21), none(f));
		if (above[n] == PDP)
			ck_assert_uint_eq(guest_gpu(f, 1ull << 30), guest_bus(f, PAGES));
		fake_free(f);
	}
}
END_TEST

/* A frame that is a leaf and a directory at once is right as both after any change. */
START_TEST(leaf_and_directory)
{
	struct fake *f = guest_new();

	guest_entry(f, PT2, 0, guest_table(PT));
	guest_entry(f, PD, 1, guest_table(PT2));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 1ull << 21), guest_bus(f, PT));
	guest_entry(f, PT2, 1, guest_table(PT));
	guest_entry(f, PDP, 1, guest_table(PT2));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, (1ull << 21) + 0x1000), guest_bus(f, PT));
	ck_assert_uint_eq(guest_gpu(f, (1ull << 30) + (1ull << 21)), guest_bus(f, PAGES));
	fake_free(f);
}
END_TEST

/* The same bound, for directories that lead to tables which do not exist. */
START_TEST(endless_tables)
{
	struct fake *f = guest_new();
	u64 calls;

	ck_assert_int_eq(guest_sync(f), 0);
	for (u32 n = 1; n <= 16; n++) {
		for (u32 i = 0; i < GTT_ENTRIES; i++)
			guest_entry(f, 64 + n, i,
				    guest_table(FAKE_RAM_PAGES + n * GTT_ENTRIES + i));
		guest_entry(f, PML4, n, guest_table(64 + n));
	}
	for (u32 times = 0; times < 3; times++) {
		calls = f->calls;
		ck_assert_int_eq(guest_sync(f), -E2BIG);
		ck_assert_uint_le(f->calls - calls, GTT_MISSES_MAX + 100);
	}
	for (u32 n = 1; n <= 16; n++)
		guest_entry(f, PML4, n, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
	fake_free(f);
}
END_TEST

/* A leaf of 64 KiB pages gets a second parent, and is right under both. */
START_TEST(shared_64k)
{
	struct fake *f = guest_new();

	fake_reg_write(f, GAMW, 0xf);
	guest_entry(f, PD, 0, guest_table(PT) | 1 << 11);
	ck_assert_int_eq(guest_sync(f), 0);
	guest_entry(f, PD, 7, guest_table(PT) | 1 << 11);
	guest_entry(f, PT, 32, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	for (u64 at = 0; at <= 7 * MiB(2); at += 7 * MiB(2)) {
		ck_assert_uint_eq(guest_gpu(f, at + 0x21000), none(f));
		ck_assert_uint_eq(guest_gpu(f, at + 0x31000), guest_bus(f, PAGES + 0x31));
	}
	guest_entry(f, PD, 0, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 7 * MiB(2) + 0x31000), guest_bus(f, PAGES + 0x31));
	fake_free(f);
}
END_TEST

/* The bus address of a leaf of 64 KiB pages: the GPU may read it as such until it is flushed. */
static u64 cached_64k;

static void check_64k(struct fake_gpu *gpu)
{
	gtt_walk_safe(gpu->f, false, cached_64k, GTT_PT_64K);
	gtt_walk_safe(gpu->f, true, vgpu_ppgtt_root(gpu->f->vgpu, guest_mm(gpu->f), 0), GTT_PML4);
}

/*
 * No entry of a table of 64 KiB pages ever leads to the scratch page, whatever becomes of the
 * table. That page has only 4 KiB, and the mediator's tables are behind it.
 */
START_TEST(scratch_in_64k)
{
	struct fake_gpu gpu;
	struct fake *f = guest_of(fake_gpu_vgpu(&gpu, false));
	struct vgpu_mm *mm;

	fake_reg_write(f, GAMW, 0xf);
	guest_entry(f, PD, 1, guest_table(PT2) | 1 << 11);
	for (u32 i = 0; i < GTT_ENTRIES; i += 16)
		guest_entry(f, PT2, i, guest_table(PAGES + 512 + i));
	ck_assert_int_eq(guest_sync(f), 0);
	mm = guest_mm(f);
	ck_assert(mm->top[0]->child[0]->child[0]->child[1]->whole);
	cached_64k = mm->top[0]->child[0]->child[0]->child[1]->page.bus;
	gpu.on_flush = check_64k;
	/* So many pages go before that the next one's unmapping flushes, amid the change. */
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_entry(f, PT, i, guest_table(PAGES + 1024 + i));
	guest_entry(f, PT2, 48, guest_table(PAGES));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, MiB(2) + 0x34000), guest_bus(f, PAGES + 4));
	/* The table is taken out, and the GPU still has the entry that led to it. */
	guest_entry(f, PD, 1, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	gpu.on_flush = NULL;
	fake_gpu_free(&gpu);
}
END_TEST

/* The guest gives up a frame that is a table, tracked or not. */
START_TEST(table_given_up)
{
	struct fake *f = guest_new();

	ck_assert_int_eq(guest_sync(f), 0);
	fake_give_up(f, PD);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_eq(guest_gpu(f, 0), none(f));
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	fake_populate(f, PD);
	guest_entry(f, PD, 0, guest_table(PT));
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
	fake_give_up(f, PML4);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_eq(f->pins, 0);
	guest_notify(f, 5);
	guest_notify(f, 4);
	ck_assert_int_eq(guest_sync(f), -EFAULT);
	fake_free(f);
}
END_TEST

/* When frames change hands, only frames that are mapped are asked for. */
START_TEST(holes_are_not_asked_for)
{
	struct fake *f = guest_new();
	u64 asked;

	for (u32 i = 0; i < GTT_ENTRIES; i++) {
		guest_entry(f, PT, i, guest_table(FAKE_RAM_PAGES + i));
		fake_ggtt_write(f, i, guest_table(FAKE_RAM_PAGES + i));
	}
	guest_entry(f, PT, 7, guest_table(PAGES));
	fake_ggtt_write(f, 9, guest_table(PAGES + 1));
	ck_assert_int_eq(guest_sync(f), 0);
	fake_reg_write(f, 0x101008, 1);
	fake_give_up(f, PAGES);
	fake_give_up(f, PAGES + 1);
	asked = f->asked;
	intel_vgpu_invalidate(f->vgpu);
	/* The frames of four tables, and of two pages. */
	ck_assert_uint_le(f->asked - asked, 8);
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_uint_eq(guest_gpu(f, 0x7000), none(f));
	fake_free(f);
}
END_TEST

/* Two PPGTTs, room for one: the unused one's shadow is freed, and built again on use. */
START_TEST(quota)
{
	struct fake *f = guest_new();
	const u64 pdp[4] = { (PML4 + 20) << GVT_PAGE_SHIFT };
	struct vgpu_mm *other;

	for (u32 i = 0; i < 4; i++)
		guest_entry(f, PML4 + 20 + i, 0, guest_table(PML4 + 21 + i));
	fake_write(f, FAKE_BAR0 + 0x78838, 8, pdp[0]);
	fake_reg_write(f, 0x78818, 4);
	other = vgpu_ppgtt_find(f->vgpu, pdp, 4);
	vgpu_ppgtt_set_quota(f->vgpu, 5);
	for (u32 n = 0; n < 3; n++) {
		ck_assert_int_eq(guest_sync(f), 0);
		ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
		ck_assert_int_eq(vgpu_ppgtt_sync(f->vgpu, other), 0);
		ck_assert_uint_le(counts(f)->shadows, 5);
	}
	ck_assert_uint_eq(counts(f)->reclaims, 5);
	/* The quota is less than one needs: it cannot be used, and nothing of it stays. */
	vgpu_ppgtt_set_quota(f->vgpu, 3);
	ck_assert_int_eq(guest_sync(f), -ENOSPC);
	ck_assert_uint_eq(counts(f)->shadows + f->pins, 0);
	vgpu_ppgtt_set_quota(f->vgpu, 8);
	/* The same for a bound of mappings. */
	ck_assert_int_eq(vgpu_ppgtt_sync(f->vgpu, other), 0);
	f->dma_limit = 512;
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(f->pins, 512);
	f->host_limit = 64;
	ck_assert_int_eq(vgpu_ppgtt_sync(f->vgpu, other), 0);
	fake_free(f);
}
END_TEST

/* A busy guest has a root for each context. One more than the bound is refused. */
START_TEST(many_roots)
{
	struct fake *f = fake_vgpu();

	for (u64 n = 0; n < GTT_ROOTS_MAX + 3; n++) {
		fake_write(f, FAKE_BAR0 + 0x78838, 8, (n + 1) << GVT_PAGE_SHIFT);
		fake_reg_write(f, 0x78818, 4);
	}
	ck_assert_uint_eq(counts(f)->roots, GTT_ROOTS_MAX);
	ck_assert_uint_eq(counts(f)->refused, 3);
	/* One is destroyed, and a new one fits. */
	fake_write(f, FAKE_BAR0 + 0x78838, 8, 5 << GVT_PAGE_SHIFT);
	fake_reg_write(f, 0x78818, 5);
	fake_reg_write(f, 0x78818, 4);
	ck_assert_uint_eq(counts(f)->refused, 3);
	fake_free(f);
}
END_TEST

START_TEST(taken_over)
{
	struct fake *f = guest_new();

	ck_assert_int_eq(guest_sync(f), 0);
	intel_gvt_destroy_vgpu(f->vgpu);
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
	intel_gvt_reset_vgpu(f->vgpu);
	ck_assert_ptr_null(guest_mm(f));
	ck_assert_uint_eq(f->pins + f->host_pages, 0);
	fake_free(f);
}
END_TEST

/* If the back end has no memory for it, there is no graphics memory, but there is a vGPU. */
START_TEST(no_services)
{
	struct fake *f = fake_new();

	f->host_limit = 1;
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	fake_place(f);
	guest_notify(f, 4);
	ck_assert_int_eq(guest_sync(f), -EOPNOTSUPP);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), -EOPNOTSUPP);
	intel_vgpu_invalidate(f->vgpu);
	/* When there is memory, there is graphics memory. */
	f->host_limit = 0;
	ck_assert_int_eq(guest_sync(f), 0);
	fake_free(f);
}
END_TEST

Suite *suite_gtt_ppgtt(void)
{
	const TTest *const tests[] = {
		endless_holes,
		shared_64k,
		life,
		three_levels,
		mappings_bounded,
		heap_bounded,
		shared_table,
		loop,
		traps,
		filled,
		leaf_left_alone,
		race_with_tracking,
		no_tracking,
		pages_of_64k,
		pages_of_2m,
		page_of_1g,
		table_given_up,
		quota,
		many_roots,
		taken_over,
		no_services,
		scratch_in_64k,
		endless_tables,
		leaf_becomes_directory,
		leaf_and_directory,
		holes_are_not_asked_for,
	};

	return unit_suite("gtt_ppgtt", tests, ARRAY_SIZE(tests));
}
