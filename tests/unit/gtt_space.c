/* SPDX-License-Identifier: MIT */
/* What the GPU is told of graphics memory, and that it forgets pages before they are unmapped. */
#include <errno.h>
#include <string.h>

#include "tests/unit/fake_gpu.h"
#include "tests/unit/gtt_guest.h"
#include "tests/unit/unit.h"

static u64 entry(u32 gfn)
{
	return (u64)gfn << GVT_PAGE_SHIFT | 1;
}

static u64 bus(const struct fake_gpu *gpu, u32 gfn)
{
	return gpu->f->mfn[gfn] << GVT_PAGE_SHIFT;
}

static u64 leads_to(const struct fake_gpu *gpu, u32 page)
{
	return gtt_addr(&gtt_format_gen9, GTT_GGTT, fake_gpu_entry(gpu, page));
}

START_TEST(follows)
{
	struct fake_gpu gpu;
	struct fake *f = fake_gpu_vgpu(&gpu, true);
	u64 sets, seed = 5;

	/* No entry is present before the first commit. Then unused entries lead to scratch. */
	ck_assert_uint_eq(fake_gpu_entry(&gpu, 0), 0);
	fake_gpu_check(&gpu);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(leads_to(&gpu, 1000), f->vgpu->gtt->scratch_page.bus);
	fake_gpu_check(&gpu);

	/* A run whose entries are all alike takes one call, and a single entry in it another. */
	sets = gpu.sets;
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		fake_ggtt_write(f, 5 * GTT_ENTRIES + i, entry(0x100));
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(gpu.sets, sets + 1);
	ck_assert_ptr_null(gpu.space->run[5].own);
	ck_assert_uint_eq(leads_to(&gpu, 5 * GTT_ENTRIES + 511), bus(&gpu, 0x100));
	fake_ggtt_write(f, 5 * GTT_ENTRIES + 7, entry(0x101));
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(gpu.sets, sets + 2);
	ck_assert_uint_eq(leads_to(&gpu, 5 * GTT_ENTRIES + 7), bus(&gpu, 0x101));
	fake_gpu_check(&gpu);

	/* Any number of changes in a run takes one call. No change takes none. */
	for (u32 round = 0; round < 40; round++) {
		u32 leaves[4];

		for (u32 i = 0; i < ARRAY_SIZE(leaves); i++)
			leaves[i] = unit_random(&seed) % 64 * 5;
		for (u32 n = 0; n < 400; n++)
			fake_ggtt_write(
				f, leaves[n % 4] * GTT_ENTRIES + unit_random(&seed) % GTT_ENTRIES,
				unit_random(&seed) % 4 ? entry(unit_random(&seed) % 0x1080) : 0);
		sets = gpu.sets;
		ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
		ck_assert_uint_le(gpu.sets, sets + ARRAY_SIZE(leaves));
		sets = gpu.sets;
		ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
		ck_assert_uint_eq(gpu.sets, sets);
	}
	fake_gpu_check(&gpu);
	fake_gpu_free(&gpu);
}
END_TEST

/* When entries change, frames are unmapped, and not before the GPU has forgotten them. */
START_TEST(forgets_first)
{
	struct fake_gpu gpu;
	struct fake *f = fake_gpu_vgpu(&gpu, true);
	u64 flushes;

	/* Many more than are unmapped at once. */
	for (u32 i = 0; i < 3000; i++)
		fake_ggtt_write(f, i, entry(i));
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(f->pins, 3000);
	flushes = gpu.flushes;
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(gpu.flushes, flushes);
	for (u32 i = 0; i < 3000; i++)
		fake_ggtt_write(f, i, i % 3 ? entry(4000 - i) : 0);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_gt(gpu.flushes, flushes);
	fake_gpu_check(&gpu);
	/* Frames are given up. The second call finds nothing to unmap, and flushes as well. */
	fake_give_up(f, 3999);
	fake_give_up(f, 3998);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_eq(leads_to(&gpu, 1), f->vgpu->gtt->scratch_page.bus);
	flushes = gpu.flushes;
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_gt(gpu.flushes, flushes);
	fake_gpu_check(&gpu);
	/* A reset leaves nothing, not even the scratch pages. */
	vgpu_gtt_reset(f->vgpu);
	ck_assert_uint_eq(f->pins + f->host_pages, 0);
	ck_assert_uint_eq(fake_gpu_entry(&gpu, 1), 0);
	fake_gpu_check(&gpu);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	fake_gpu_check(&gpu);
	fake_gpu_free(&gpu);
}
END_TEST

/* An entry that the GPU has no room for leads to scratch. The next commit tries again. */
START_TEST(no_room)
{
	struct fake_gpu gpu;
	struct fake *f = fake_gpu_vgpu(&gpu, true);

	for (u32 i = 0; i < GTT_ENTRIES; i++)
		fake_ggtt_write(f, i, entry(0x100));
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(leads_to(&gpu, 9), bus(&gpu, 0x100));
	gpu.fail_sets = 2;
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		fake_ggtt_write(f, i, entry(0x200 + i));
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	/* The frame that the GPU had there before is unmapped all the same. */
	ck_assert_uint_eq(f->pins, GTT_ENTRIES);
	ck_assert_uint_eq(leads_to(&gpu, 9), f->vgpu->gtt->scratch_page.bus);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(leads_to(&gpu, 9), f->vgpu->gtt->scratch_page.bus);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(leads_to(&gpu, 9), bus(&gpu, 0x209));
	fake_gpu_check(&gpu);
	fake_gpu_free(&gpu);
}
END_TEST

/*
 * Tables and their pages are freed after a flush. A leaf changes from 64 KiB to 4 KiB pages only
 * after the GPU has stopped reading it as one of 64 KiB pages.
 */
START_TEST(tables)
{
	struct fake_gpu gpu;
	struct fake *f = fake_gpu_vgpu(&gpu, false);
	u64 flushes;

	guest_entry(f, PML4, 0, guest_table(PDP));
	guest_entry(f, PDP, 0, guest_table(PD));
	guest_entry(f, PD, 0, guest_table(PT));
	guest_entry(f, PD, 1, guest_table(PT2));
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_entry(f, PT, i, guest_table(PAGES + i));
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_entry(f, PT2, i, guest_table(PAGES + 0x200 + i));
	guest_notify(f, 4);
	ck_assert_int_eq(guest_sync(f), 0);
	flushes = gpu.flushes;
	guest_entry(f, PD, 1, 0);
	guest_entry(f, PT, 3, 0);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_uint_eq(f->pins, GTT_ENTRIES - 1);
	ck_assert_uint_gt(gpu.flushes, flushes);
	guest_notify(f, 5);
	ck_assert_uint_eq(f->pins, 0);

	fake_reg_write(f, GAMW, 0xf);
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_entry(f, PT, i, guest_table(PAGES + ALIGN_DOWN(i, 16u)));
	guest_entry(f, PD, 0, guest_table(PT) | 1 << 11);
	guest_notify(f, 4);
	ck_assert_int_eq(guest_sync(f), 0);
	flushes = gpu.flushes;
	/* One of its frames is gone, so its 64 KiB page cannot be mapped as one. */
	fake_give_up(f, PAGES + 0x45);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_ge(gpu.flushes, flushes + 2);
	fake_gpu_free(&gpu);
}
END_TEST

Suite *suite_gtt_space(void)
{
	const TTest *const tests[] = { follows, forgets_first, no_room, tables };

	return unit_suite("gtt_space", tests, ARRAY_SIZE(tests));
}
