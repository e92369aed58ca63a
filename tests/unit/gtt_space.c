/* SPDX-License-Identifier: MIT */
/* What the GPU is told of graphics memory, and that it forgets in time. */
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

	/* Nothing is present before the first commit; then all that the guest has not is scratch.
	 */
	ck_assert_uint_eq(fake_gpu_entry(&gpu, 0), 0);
	fake_gpu_check(&gpu);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	ck_assert_uint_eq(leads_to(&gpu, 1000), f->vgpu->gtt->scratch_page.bus);
	fake_gpu_check(&gpu);

	/* A run of the table that is all alike is told as one, and an entry in it by itself. */
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

	/* However many of a run change, it is one call; and none when nothing does. */
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

/* The frames are given back as entries change, not before the GPU has forgotten them. */
START_TEST(forgets_first)
{
	struct fake_gpu gpu;
	struct fake *f = fake_gpu_vgpu(&gpu, true);
	u64 flushes;

	/* Many more than are given back at once. */
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
	/* What the guest gives up; and though nothing is, its view is made anew. */
	fake_give_up(f, 3999);
	fake_give_up(f, 3998);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_eq(leads_to(&gpu, 1), f->vgpu->gtt->scratch_page.bus);
	flushes = gpu.flushes;
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_gt(gpu.flushes, flushes);
	fake_gpu_check(&gpu);
	/* A reset leaves nothing, the scratch pages neither. */
	vgpu_gtt_reset(f->vgpu);
	ck_assert_uint_eq(f->pins + f->host_pages, 0);
	ck_assert_uint_eq(fake_gpu_entry(&gpu, 1), 0);
	fake_gpu_check(&gpu);
	ck_assert_int_eq(vgpu_ggtt_commit(f->vgpu), 0);
	fake_gpu_check(&gpu);
	fake_gpu_free(&gpu);
}
END_TEST

/* Entries that the GPU has no room for are scratch, and tried again. */
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
	/* The frame is let go though it was the GPU's. */
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

/* Tables and their pages go behind a flush; and a leaf of 64 KiB pages is no more read as one
 * before it is another. */
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
	/* One of its pages cannot be had as a large one. */
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
