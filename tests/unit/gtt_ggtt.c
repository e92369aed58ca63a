/* SPDX-License-Identifier: MIT */
/* The GGTT and the aperture, as a driver uses them. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define FLSH_CNTL 0x101008u
#define FENCE	  0x100000u
#define BAR2_GFN  (FAKE_BAR2 >> GVT_PAGE_SHIFT)

static void set(struct fake *f, u32 page, u64 entry)
{
	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8ull * page, 8, entry);
}

static void flush(struct fake *f)
{
	fake_reg_write(f, FLSH_CNTL, 1);
}

static u64 bus_of(struct fake *f, u32 page)
{
	return vgpu_ggtt_entry(f->vgpu, page) & ~0xfffull;
}

static u64 bus(struct fake *f, u32 gfn)
{
	return f->mfn[gfn] << GVT_PAGE_SHIFT;
}

static u64 none(struct fake *f)
{
	return f->vgpu->gtt->scratch_page.bus;
}

/* The shadow follows when the driver flushes, and not before. */
START_TEST(follows_at_flush)
{
	struct fake *f = fake_vgpu();

	set(f, 5, 0x100001);
	set(f, GGTT_PAGES - 1, 0x101001);
	ck_assert_uint_eq(bus_of(f, 5), none(f));
	flush(f);
	ck_assert_uint_eq(bus_of(f, 5), bus(f, 0x100));
	ck_assert_uint_eq(bus_of(f, GGTT_PAGES - 1), bus(f, 0x101));
	ck_assert_uint_eq(bus_of(f, 6), none(f));
	ck_assert_uint_eq(f->pins, 2);
	/* One entry gets another page, the other one is cleared. */
	set(f, 5, 0x102001);
	set(f, GGTT_PAGES - 1, 0x101000);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 5), bus(f, 0x102));
	ck_assert_uint_eq(bus_of(f, GGTT_PAGES - 1), none(f));
	ck_assert_uint_eq(f->pins, 1);
	/* A frame that does not exist. */
	set(f, 5, (u64)FAKE_RAM_PAGES << GVT_PAGE_SHIFT | 1);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 5), none(f));
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_uint_eq(intel_vgpu_gtt_counts(f->vgpu)->holes, 1);
	fake_free(f);
}
END_TEST

/* Trapped writes of any width and alignment give the same entry. */
START_TEST(split_writes)
{
	struct fake *f = fake_vgpu();
	const u64 at = FAKE_BAR0 + VGPU_GGTT_OFFSET + 8 * 7;

	fake_write(f, at + 4, 4, 0);
	fake_write(f, at, 4, 0x123001);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 7), bus(f, 0x123));
	fake_write(f, at, 2, 0x4001);
	fake_write(f, at + 2, 1, 0x12);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 7), bus(f, 0x124));
	/* One write across two entries. */
	fake_write(f, at - 4, 8, 0x12500100000000);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 7), bus(f, 0x125));
	ck_assert_uint_eq(bus_of(f, 6), none(f));
	fake_free(f);
}
END_TEST

/* A million entries for one page, as drivers leave them, take few references and little memory. */
START_TEST(scratch_everywhere)
{
	struct fake *f = fake_vgpu();
	u64 *ggtt = fake_pages(MiB(8));
	u64 idle = intel_vgpu_gtt_bytes(f->vgpu);

	f->vgpu->ggtt = ggtt;
	for (u32 i = 0; i < GGTT_PAGES; i++)
		ggtt[i] = 0x200001;
	flush(f);
	ck_assert_uint_le(f->pins, GGTT_LEAVES);
	for (u32 i = 0; i < GGTT_PAGES; i += 511)
		UNIT_CHECK(bus_of(f, i) == bus(f, 0x200), "page 0x%x", i);
	ck_assert_uint_le(intel_vgpu_gtt_bytes(f->vgpu), idle + KiB(300));
	/* One entry among them differs. */
	ggtt[700000] = 0x201001;
	flush(f);
	ck_assert_uint_eq(bus_of(f, 700000), bus(f, 0x201));
	ck_assert_uint_eq(bus_of(f, 700001), bus(f, 0x200));
	ggtt[700000] = 0x200001;
	flush(f);
	ck_assert_uint_eq(bus_of(f, 700000), bus(f, 0x200));
	ck_assert_uint_le(f->pins, GGTT_LEAVES);
	intel_vgpu_place_ggtt(f->vgpu, NULL);
	fake_free(f);
	(void)ggtt;
}
END_TEST

START_TEST(idle_is_cheap)
{
	struct fake *f = fake_vgpu();

	flush(f);
	ck_assert_uint_le(intel_vgpu_gtt_bytes(f->vgpu), KiB(512));
	fake_free(f);
}
END_TEST

/* The number of the back end's calls does not grow with the number of entries. */
START_TEST(in_batches)
{
	struct fake *f = fake_vgpu();
	u64 calls;

	for (u32 i = 0; i < 1000; i++)
		set(f, 4096 + i, (u64)(0x100 + i) << GVT_PAGE_SHIFT | 1);
	calls = f->dma_calls;
	flush(f);
	ck_assert_uint_eq(f->pins, 1000);
	ck_assert_uint_le(f->dma_calls - calls, 3);
	calls = f->dma_calls;
	flush(f);
	ck_assert_uint_eq(f->dma_calls, calls);
	fake_free(f);
}
END_TEST

START_TEST(no_room)
{
	struct fake *f = fake_vgpu();

	set(f, 1, 0x100001);
	flush(f);
	f->dma_limit = 1;
	set(f, 2, 0x101001);
	set(f, 1, 0x102001);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 2), none(f));
	f->dma_limit = 0;
	/* The shadow follows when there is room again, though the guest only flushes. */
	flush(f);
	ck_assert_uint_eq(bus_of(f, 2), bus(f, 0x101));
	ck_assert_uint_eq(bus_of(f, 1), bus(f, 0x102));
	fake_free(f);
}
END_TEST

START_TEST(given_up)
{
	struct fake *f = fake_vgpu();

	set(f, 1, 0x100001);
	set(f, 2, 0x101001);
	flush(f);
	fake_give_up(f, 0x100);
	intel_vgpu_invalidate(f->vgpu);
	ck_assert_uint_eq(bus_of(f, 1), none(f));
	ck_assert_uint_eq(bus_of(f, 2), bus(f, 0x101));
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 1), 0);
	ck_assert_uint_eq(f->pins, 1);
	fake_populate(f, 0x100);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 1), bus(f, 0x100));
	fake_free(f);
}
END_TEST

/* The first write that traps untracks its own page only, unless it is the page after page 0. */
START_TEST(first_page)
{
	for (u32 leaf = 0; leaf < 3; leaf += 2) {
		struct fake *f = fake_vgpu_ggtt();

		for (u32 n = 0; n < 200; n++)
			flush(f);
		ck_assert_uint_eq(intel_vgpu_gtt_counts(f->vgpu)->tracked_ggtt, GGTT_LEAVES);
		fake_ggtt_write(f, leaf * GTT_ENTRIES, 0x100001);
		ck_assert_uint_eq(intel_vgpu_gtt_counts(f->vgpu)->tracked_ggtt, GGTT_LEAVES - 1);
		fake_free(f);
	}
}
END_TEST

/* Unchanged pages are tracked and not compared. A change costs a trap for each page at most. */
START_TEST(quiet_pages)
{
	struct fake *f = fake_vgpu_ggtt();
	const struct vgpu_gtt_counts *counts = intel_vgpu_gtt_counts(f->vgpu);
	u64 traps;

	f->vgpu->gtt->leaf_after = GTT_TRACK_AFTER;
	for (u32 n = 0; n < 200; n++) {
		/* One page changes all the time. */
		fake_ggtt_write(f, 700, (u64)(0x100 + n) << GVT_PAGE_SHIFT | 1);
		flush(f);
	}
	ck_assert_uint_eq(counts->tracked_ggtt, GGTT_LEAVES - 1);
	ck_assert(!f->tracked_ggtt[1]);
	traps = intel_vgpu_counters(f->vgpu)->ggtt_write;
	for (u32 i = 0; i < 1000; i++)
		fake_ggtt_write(f, 4000 + i, (u64)(0x400 + i) << GVT_PAGE_SHIFT | 1);
	ck_assert_uint_le(intel_vgpu_counters(f->vgpu)->ggtt_write - traps, 3);
	flush(f);
	for (u32 i = 0; i < 1000; i++)
		UNIT_CHECK(bus_of(f, 4000 + i) == bus(f, 0x400 + i), "entry %u", i);
	/* The whole table is written in order: less than a trap for each page. */
	for (u32 n = 0; n < 200; n++)
		flush(f);
	ck_assert_uint_eq(counts->tracked_ggtt, GGTT_LEAVES);
	traps = intel_vgpu_counters(f->vgpu)->ggtt_write;
	for (u32 i = 0; i < GGTT_PAGES; i++)
		fake_ggtt_write(f, i, (u64)(0x200 + i % 0x800) << GVT_PAGE_SHIFT | 1);
	ck_assert_uint_le(intel_vgpu_counters(f->vgpu)->ggtt_write - traps, 8);
	flush(f);
	for (u32 i = 0; i < GGTT_PAGES; i++)
		UNIT_CHECK(bus_of(f, i) == bus(f, 0x200 + i % 0x800), "entry %u", i);
	/* A write far from the last one stops tracking of one page only. */
	for (u32 n = 0; n < 200; n++)
		flush(f);
	fake_ggtt_write(f, 9 * GTT_ENTRIES, 0x100001);
	fake_ggtt_write(f, 99 * GTT_ENTRIES, 0x100001);
	ck_assert_uint_eq(counts->tracked_ggtt, GGTT_LEAVES - 2);
	/* The table moves with BAR0. Then nothing is tracked any more. */
	fake_cfg_write(f, PCI_BASE_ADDRESS_0, 4, 0xe0000000);
	ck_assert_uint_eq(counts->tracked_ggtt, 0);
	for (u32 i = 0; i < VGPU_GGTT_PAGES; i++)
		UNIT_CHECK(!f->tracked_ggtt[i], "page %u", i);
	fake_free(f);
}
END_TEST

/* Pages near entries that are in use have to stay unchanged for longer before they are tracked. */
START_TEST(quiet_beside_use)
{
	struct fake *f = fake_vgpu_ggtt();
	const struct vgpu_gtt_counts *counts = intel_vgpu_gtt_counts(f->vgpu);

	fake_ggtt_write(f, 100 * GTT_ENTRIES, 0x100001);
	for (u32 n = 0; n < GTT_TRACK_LEAF_AFTER - 1; n++) {
		flush(f);
		UNIT_CHECK(!f->tracked_ggtt[92] && !f->tracked_ggtt[100] && !f->tracked_ggtt[108],
			   "flush %u", n);
	}
	ck_assert(f->tracked_ggtt[50]);
	for (u32 i = 0; i < 1000; i++)
		fake_ggtt_write(f, 100 * GTT_ENTRIES + i, (u64)(0x400 + i) << GVT_PAGE_SHIFT | 1);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->ggtt_write, 0);
	for (u32 n = 0; n <= GTT_TRACK_LEAF_AFTER; n++)
		flush(f);
	ck_assert_uint_eq(counts->tracked_ggtt, GGTT_LEAVES);
	fake_free(f);
}
END_TEST

/* If tracking fails half way, the pages that were tracked before can still be released. */
START_TEST(tracking_fails)
{
	struct fake *f = fake_vgpu_ggtt();
	const struct vgpu_gtt_counts *counts = intel_vgpu_gtt_counts(f->vgpu);

	for (u32 n = 0; n < GTT_TRACK_AFTER; n++)
		flush(f);
	ck_assert_uint_eq(counts->tracked_ggtt, 64);
	f->fail_track = -EINVAL;
	for (u32 n = 0; n < 10; n++)
		flush(f);
	ck_assert_uint_eq(counts->tracked_ggtt, 64);
	fake_ggtt_write(f, 3 * GTT_ENTRIES, 0x100001);
	fake_ggtt_write(f, 1000 * GTT_ENTRIES, 0x101001);
	flush(f);
	ck_assert_uint_eq(bus_of(f, 3 * GTT_ENTRIES), bus(f, 0x100));
	ck_assert_uint_eq(bus_of(f, 1000 * GTT_ENTRIES), bus(f, 0x101));
	ck_assert_uint_eq(counts->tracked_ggtt, 63);
	fake_free(f);
}
END_TEST

/* Frames that do not exist are asked for again, some at each flush, and each of them in turn. */
START_TEST(holes_in_turn)
{
	struct fake *f = fake_vgpu_ggtt();
	u64 calls;

	for (u32 i = 0; i < 64 * GTT_ENTRIES; i++)
		f->ggtt[i] = (FAKE_RAM_PAGES + 5ull + i % 7) << GVT_PAGE_SHIFT | 1;
	f->ggtt[40 * GTT_ENTRIES] = 0x100001;
	f->ggtt[63 * GTT_ENTRIES + 511] = 0x101001;
	fake_give_up(f, 0x100);
	fake_give_up(f, 0x101);
	flush(f);
	fake_populate(f, 0x100);
	fake_populate(f, 0x101);
	calls = f->dma_calls;
	for (u32 n = 0; n < 5; n++)
		flush(f);
	ck_assert_uint_le(f->dma_calls - calls, 5 * 17);
	ck_assert_uint_eq(bus_of(f, 40 * GTT_ENTRIES), bus(f, 0x100));
	ck_assert_uint_eq(bus_of(f, 63 * GTT_ENTRIES + 511), bus(f, 0x101));
	fake_free(f);
}
END_TEST

static void write_just_before(struct fake *f, u64 gfn)
{
	if (gfn == ((FAKE_BAR0 + VGPU_GGTT_OFFSET) >> GVT_PAGE_SHIFT) + 9)
		f->ggtt[9 * GTT_ENTRIES] = 0x123001;
}

START_TEST(race_with_tracking)
{
	struct fake *f = fake_vgpu_ggtt();

	f->on_track = write_just_before;
	for (u32 n = 0; n < 200; n++)
		flush(f);
	ck_assert(f->tracked_ggtt[9]);
	ck_assert_uint_eq(bus_of(f, 9 * GTT_ENTRIES), bus(f, 0x123));
	fake_free(f);
}
END_TEST

/* ---- the aperture ---- */

START_TEST(aliases_in_runs)
{
	struct fake *f = fake_vgpu();
	u64 calls = f->alias_calls;

	for (u32 i = 0; i < 200; i++)
		set(f, 10 + i, (u64)(0x300 + i) << GVT_PAGE_SHIFT | 1);
	set(f, 300, 0x500001);
	/* A page behind the aperture has no alias. */
	set(f, 64 * 256, 0x501001);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 201);
	ck_assert_uint_eq(f->alias_calls - calls, 2);
	for (u32 i = 0; i < 200; i++)
		ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 10 + i), f->mfn[0x300 + i]);
	/* One page changes. Its alias is removed before its mapping is: the fake checks that. */
	set(f, 50, 0x502001);
	flush(f);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 50), f->mfn[0x502]);
	set(f, 50, 0);
	flush(f);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 50), 0);
	ck_assert_uint_eq(f->nr_aliases, 200);
	fake_free(f);
}
END_TEST

START_TEST(aliases_follow_the_bar)
{
	struct fake *f = fake_vgpu();

	set(f, 1, 0x100001);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 1);
	fake_cfg_write(f, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(f->nr_aliases, 0);
	fake_cfg_write(f, PCI_BASE_ADDRESS_2, 4, 0xa0000000);
	fake_cfg_write(f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_uint_eq(fake_alias(f, 0xa0001), f->mfn[0x100]);
	/* While aliases cannot be removed, the BAR stays where it is. */
	f->fail_alias = -EBUSY;
	fake_cfg_write(f, PCI_COMMAND, 2, 0);
	ck_assert_uint_eq(intel_vgpu_bar(f->vgpu, 2, NULL), 0xa0000000);
	fake_cfg_write(f, PCI_INTERRUPT_LINE, 1, 1);
	ck_assert(intel_vgpu_bar(f->vgpu, 2, NULL) == INTEL_GVT_BAR_OFF);
	fake_free(f);
}
END_TEST

/* Without an alias, an access reaches the page through a trap. */
START_TEST(trapped_aperture)
{
	struct fake *f = fake_vgpu();
	u64 val = 0;

	f->no_alias = true;
	set(f, 3, 0x100001);
	set(f, 4, 0x200001);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 0);
	fake_write(f, FAKE_BAR2 + 0x3000 + 0x10, 8, 0x1122334455667788);
	memcpy(&val, f->ram + 0x100010, 8);
	ck_assert_uint_eq(val, 0x1122334455667788);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR2 + 0x3012, 2), 0x5566);
	/* One access across two pages that are not adjacent. */
	fake_write(f, FAKE_BAR2 + 0x3ffc, 8, 0xaabbccdd00112233);
	memcpy(&val, f->ram + 0x100ffc, 4);
	ck_assert_uint_eq((u32)val, 0x00112233);
	memcpy(&val, f->ram + 0x200000, 4);
	ck_assert_uint_eq((u32)val, 0xaabbccdd);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR2 + 0x3ffc, 8), 0xaabbccdd00112233);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR2 + 0x5000, 8), 0);
	/* The hypervisor was asked once, and is not asked again. */
	ck_assert_uint_eq(f->alias_calls, 1);
	set(f, 5, 0x300001);
	flush(f);
	ck_assert_uint_eq(f->alias_calls, 1);
	fake_free(f);
}
END_TEST

START_TEST(fenced_traps)
{
	struct fake *f = fake_vgpu();

	for (u32 i = 0; i < 32; i++)
		set(f, i, (u64)(0x300 + i) << GVT_PAGE_SHIFT | 1);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 32);
	/* Pages 8 to 15, as i915 sets it: disable, high half, low half with the valid bit. */
	fake_reg_write(f, FENCE + 8, 0);
	fake_reg_write(f, FENCE + 12, 0xf003);
	fake_reg_write(f, FENCE + 8, 0x8001);
	ck_assert_uint_eq(f->nr_aliases, 24);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 7), f->mfn[0x307]);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 8), 0);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 15), 0);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 16), f->mfn[0x310]);
	fake_reg_write(f, FENCE + 8, 0);
	ck_assert_uint_eq(f->nr_aliases, 32);
	/* A range that ends before it begins tiles nothing. A range may end behind the aperture. */
	fake_reg_write(f, FENCE + 12, 0x1003);
	fake_reg_write(f, FENCE + 8, 0x8001);
	ck_assert_uint_eq(f->nr_aliases, 32);
	fake_reg_write(f, FENCE + 12, 0xfffff003);
	ck_assert_uint_eq(f->nr_aliases, 8);
	fake_free(f);
}
END_TEST

/* A later process takes over the guest's table. The guest sees no difference. */
START_TEST(taken_over)
{
	struct fake *f = fake_vgpu();

	set(f, 9, 0x100001);
	flush(f);
	intel_gvt_destroy_vgpu(f->vgpu);
	ck_assert_uint_eq(f->pins, 0);
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
	ck_assert_uint_eq(bus_of(f, 9), bus(f, 0x100));
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 9), f->mfn[0x100]);
	intel_gvt_reset_vgpu(f->vgpu);
	ck_assert_uint_eq(f->pins, 0);
	fake_place(f);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8 * 9, 8), 0);
	fake_free(f);
}
END_TEST

/* A page of many entries gets no aliases, which cost a call each: it is reached through traps. */
START_TEST(shared_traps)
{
	struct fake *f = fake_vgpu();
	u64 calls = f->alias_calls;

	for (u32 i = 0; i < GTT_ENTRIES; i++)
		set(f, i, 0x300001);
	set(f, 100, 0x301001);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 1);
	ck_assert_uint_eq(f->alias_calls - calls, 1);
	ck_assert_uint_eq(fake_alias(f, BAR2_GFN + 100), f->mfn[0x301]);
	memcpy(f->ram + 0x300010, "many", 4);
	ck_assert_mem_eq(&(u32){ fake_read(f, FAKE_BAR2 + 0x5010, 4) }, "many", 4);
	/* A page's only alias goes when a neighbour leads there too, and comes back afterwards. */
	set(f, 101, 0x301001);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 0);
	set(f, 101, 0x302001);
	flush(f);
	ck_assert_uint_eq(f->nr_aliases, 2);
	fake_free(f);
}
END_TEST

/*
 * Each frame that is not adjacent to the last one costs a call. There is a bound for each commit,
 * and the others follow in the next one.
 */
START_TEST(scattered_aliases)
{
	struct fake *f = fake_vgpu_ggtt();
	u64 calls;

	fake_scatter(f);
	for (u32 i = 0; i < 16384; i++)
		fake_ggtt_write(f, i, (u64)(i % FAKE_RAM_PAGES) << GVT_PAGE_SHIFT | 1);
	for (u32 n = 1; n <= 4; n++) {
		calls = f->alias_calls;
		flush(f);
		ck_assert_uint_eq(f->alias_calls - calls, 4096);
		ck_assert_uint_eq(f->nr_aliases, n * 4096);
	}
	calls = f->alias_calls;
	flush(f);
	ck_assert_uint_eq(f->alias_calls, calls);
	fake_free(f);
}
END_TEST

Suite *suite_gtt_ggtt(void)
{
	const TTest *const tests[] = {
		tracking_fails,	   holes_in_turn,    first_page,
		quiet_pages,	   quiet_beside_use, race_with_tracking,
		follows_at_flush,  split_writes,     scratch_everywhere,
		idle_is_cheap,	   in_batches,	     no_room,
		given_up,	   aliases_in_runs,  aliases_follow_the_bar,
		trapped_aperture,  fenced_traps,     shared_traps,
		scattered_aliases, taken_over,
	};

	return unit_suite("gtt_ggtt", tests, ARRAY_SIZE(tests));
}
