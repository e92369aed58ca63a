/* SPDX-License-Identifier: MIT */
/* Every row of the register table, seen from the guest. */
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define UNKNOWN 0x1f0000u /* no block has rows here */

/* Rows with the vGPU's own parameters, which have no reset value in the table. */
static bool is_pvinfo(u32 offset)
{
	return offset >= 0x78000 && offset < 0x79000;
}

START_TEST(table)
{
	static const struct gvt_reg_block *const blocks[] = {
		&gvt_block_pvinfo, &gvt_block_gt,      &gvt_block_engine, &gvt_block_irq,
		&gvt_block_pm,	   &gvt_block_display, &gvt_block_uc,
	};
	struct fake *f = fake_vgpu();

	/* Every row is found at each of its offsets. No row is found elsewhere. */
	for (size_t b = 0; b < ARRAY_SIZE(blocks); b++)
		for (size_t r = 0; r < blocks[b]->nr; r++) {
			const struct gvt_reg *row = &blocks[b]->rows[r];
			u32 last = row->offset + ((row->count ? row->count : 1) - 1u) *
							 (row->stride ? row->stride : 4u);

			ck_assert_ptr_nonnull(row->name);
			for (int e = 0; e < (row->flags & GVT_REG_ENGINE ? GVT_NR_ENGINES : 1);
			     e++) {
				u32 base = row->flags & GVT_REG_ENGINE ? gvt_engine_base(e) : 0;

				ck_assert_ptr_eq(intel_gvt_reg(f->gvt, base + row->offset), row);
				ck_assert_ptr_eq(intel_gvt_reg(f->gvt, base + last), row);
			}
			ck_assert_msg(!row->ro || (!row->take && !row->write && !row->wmask),
				      "%s: a read-only row has no use for a handler or mask",
				      row->name);
			ck_assert_msg(row->kind != GVT_REG_MASKED || !(row->reset >> 16),
				      "%s: the mask half of a masked register reads as zero",
				      row->name);
		}
	ck_assert_ptr_null(intel_gvt_reg(f->gvt, UNKNOWN));
	ck_assert_ptr_null(intel_gvt_reg(f->gvt, GVT_MMIO_SIZE));
	ck_assert_ptr_null(intel_gvt_reg(f->gvt, ~0u));
	fake_free(f);
}
END_TEST

START_TEST(reset_values)
{
	struct fake *f = fake_vgpu();

	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, offset);
		u32 expect = row ? row->reset : 0;

		if (is_pvinfo(offset) || (row && row->read))
			continue;
		UNIT_CHECK(fake_reg(f, offset) == expect, "0x%x: 0x%x, not 0x%x", offset,
			   fake_reg(f, offset), expect);
	}
	fake_free(f);
}
END_TEST

/* A dword written to a row without a handler takes effect as the row's kind says. */
START_TEST(kinds)
{
	struct fake *f = fake_vgpu();
	u64 seed = 21;

	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, offset);
		u32 was, wmask, got;

		if (!row || row->take || row->write || row->read)
			continue;
		was = unit_random(&seed);
		gvt_vreg_set(f->vgpu, offset, was);
		wmask = row->wmask ? row->wmask : ~0u;
		fake_reg_write(f, offset, ~0u);
		got = fake_reg(f, offset);
		if (row->ro)
			UNIT_CHECK(got == was, "%s took a write", row->name);
		else if (row->kind == GVT_REG_W1C)
			UNIT_CHECK(got == (was & ~wmask), "%s: 0x%x", row->name, got);
		else if (row->kind == GVT_REG_MASKED)
			UNIT_CHECK(got == (was | (wmask & 0xffff)), "%s: 0x%x", row->name, got);
		else
			UNIT_CHECK(got == (was | wmask), "%s: 0x%x", row->name, got);

		fake_reg_write(f, offset, row->kind == GVT_REG_MASKED ? 0xffff0000 : 0);
		got = fake_reg(f, offset);
		if (row->ro)
			UNIT_CHECK(got == was, "%s took a write", row->name);
		else if (row->kind == GVT_REG_W1C)
			UNIT_CHECK(got == (was & ~wmask), "%s: 0x%x", row->name, got);
		else if (row->kind == GVT_REG_MASKED)
			UNIT_CHECK(got == (was & ~(wmask & 0xffff)), "%s: 0x%x", row->name, got);
		else
			UNIT_CHECK(got == (was & ~wmask), "%s: 0x%x", row->name, got);
	}
	fake_free(f);
}
END_TEST

START_TEST(read_only_counted)
{
	struct fake *f = fake_vgpu();
	const struct vgpu_counters *c = intel_vgpu_counters(f->vgpu);

	fake_reg_write(f, 0x9120, 0); /* a fuse */
	ck_assert_uint_eq(c->ro_write, 1);
	fake_write(f, FAKE_BAR0 + 0x9134, 8, ~0ull); /* two more */
	ck_assert_uint_eq(c->ro_write, 3);
	ck_assert_uint_ne(fake_reg(f, 0x9120), 0);
	ck_assert_uint_eq(fake_reg(f, 0x9134), 0);
	fake_free(f);
}
END_TEST

/* A masked register, written as a whole and in parts. */
START_TEST(masked)
{
	const u32 cache_mode = 0x7000;
	struct fake *f = fake_vgpu();

	fake_reg_write(f, cache_mode, 0x0030ffff);
	ck_assert_uint_eq(fake_reg(f, cache_mode), 0x30);
	fake_reg_write(f, cache_mode, 0x00180008);
	ck_assert_uint_eq(fake_reg(f, cache_mode), 0x28);
	fake_reg_write(f, cache_mode, 0x0000ffff);
	ck_assert_uint_eq(fake_reg(f, cache_mode), 0x28);
	/* A value without its mask half changes nothing. */
	fake_write(f, FAKE_BAR0 + cache_mode, 2, 0xffff);
	fake_write(f, FAKE_BAR0 + cache_mode + 1, 1, 0xff);
	ck_assert_uint_eq(fake_reg(f, cache_mode), 0x28);
	fake_free(f);
}
END_TEST

START_TEST(write_one_clears)
{
	const u32 iir = 0x44308;
	struct fake *f = fake_vgpu();

	gvt_vreg_set(f->vgpu, iir, 0xf0f1);
	fake_reg_write(f, iir, 0x10f0);
	ck_assert_uint_eq(fake_reg(f, iir), 0xe001);
	fake_write(f, FAKE_BAR0 + iir + 1, 1, 0xff);
	ck_assert_uint_eq(fake_reg(f, iir), 1);
	fake_reg_write(f, iir, 0);
	ck_assert_uint_eq(fake_reg(f, iir), 1);
	fake_write(f, FAKE_BAR0 + iir - 4, 8, 0x00000001fffffff0); /* IMR and IIR */
	ck_assert_uint_eq(fake_reg(f, iir), 0);
	ck_assert_uint_eq(fake_reg(f, iir - 4), 0xfffffff0);
	fake_free(f);
}
END_TEST

/* 1, 2, 4 and 8 bytes at each alignment, also across dwords, against an array of bytes. */
START_TEST(widths_and_alignments)
{
	struct fake *f = fake_vgpu();
	u8 model[32] = { 0 };
	u64 seed = 1;

	for (unsigned int bytes = 1; bytes <= 8; bytes *= 2)
		for (unsigned int at = 0; at + bytes <= sizeof(model); at++) {
			u64 val = unit_random(&seed), expect = 0;

			fake_write(f, FAKE_BAR0 + UNKNOWN + at, bytes, val);
			memcpy(model + at, &val, bytes);
			for (unsigned int n = 1; n <= 8; n *= 2)
				for (unsigned int i = 0; i + n <= sizeof(model); i++) {
					expect = 0;
					memcpy(&expect, model + i, n);
					UNIT_CHECK(fake_read(f, FAKE_BAR0 + UNKNOWN + i, n) ==
							   expect,
						   "%u bytes at %u", n, i);
				}
		}
	fake_free(f);
}
END_TEST

START_TEST(unknown_stored_and_counted)
{
	struct fake *f = fake_vgpu();
	u32 reads, writes;
	char name[64];

	fake_reg_write(f, UNKNOWN, 0xdeadbeef);
	fake_write(f, FAKE_BAR0 + UNKNOWN + 2, 4, 0x11112222);
	ck_assert_uint_eq(fake_read(f, FAKE_BAR0 + UNKNOWN, 8), 0x11112222beef);
	intel_vgpu_access_count(f->vgpu, UNKNOWN, &reads, &writes);
	ck_assert_uint_eq(reads, 1);
	ck_assert_uint_eq(writes, 2);
	intel_vgpu_access_count(f->vgpu, UNKNOWN + 4, &reads, &writes);
	ck_assert_uint_eq(reads, 1);
	ck_assert_uint_eq(writes, 1);
	intel_vgpu_access_count(f->vgpu, UNKNOWN + 8, &reads, &writes);
	ck_assert_uint_eq(reads + writes, 0);
	ck_assert_str_eq(intel_gvt_reg_name(f->gvt, UNKNOWN, name, sizeof(name)), "0x1f0000");
	fake_free(f);
}
END_TEST

START_TEST(names)
{
	static const struct {
		u32 offset;
		const char *name;
	} expect[] = {
		{ 0x941c, "GEN6_GDRST" },
		{ 0x2030, "RCS0_RING_TAIL" },
		{ 0x2230c, "0x2230c" },
		{ 0x22230, "BCS0_RING_ELSP" },
		{ 0x1a09c, "VECS0_RING_MI_MODE" },
		{ 0x12374, "VCS0_RING_CONTEXT_STATUS_BUF[1]" },
		{ 0x100008, "FENCE_REG[2]" },
		{ 0x44318, "GEN8_GT_IIR[1]" },
		{ 0x72008, "PIPECONF[2]" },
		{ 0x200000, "0x200000" },
	};
	struct fake *f = fake_vgpu();
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(expect); i++)
		ck_assert_str_eq(intel_gvt_reg_name(f->gvt, expect[i].offset, name, sizeof(name)),
				 expect[i].name);
	/* A name is cut to its buffer, and ends in a zero. */
	ck_assert_str_eq(intel_gvt_reg_name(f->gvt, 0x941c, name, 5), "GEN6");
	fake_free(f);
}
END_TEST

/* An engine's timestamp runs, so its page traps. */
START_TEST(timestamps)
{
	struct fake *f = fake_vgpu();
	u64 before, after;

	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		u32 base = gvt_engine_base(e);

		ck_assert(intel_gvt_page_traps(f->gvt, base / GVT_PAGE_SIZE));
		ck_assert_ptr_null(f->vgpu->mirror[base / GVT_PAGE_SIZE]);
		before = fake_read(f, FAKE_BAR0 + base + 0x358, 8);
		do
			after = fake_read(f, FAKE_BAR0 + base + 0x358, 8);
		while (after == before);
		ck_assert_uint_gt(after, before);
		ck_assert_uint_lt(after, 1ull << 36);
		ck_assert_uint_lt(after - before, 12000000 * 60ull);
	}
	ck_assert(!intel_gvt_page_traps(f->gvt, 0x44200 / GVT_PAGE_SIZE));
	ck_assert(!intel_gvt_page_traps(f->gvt, 0x78000 / GVT_PAGE_SIZE));
	ck_assert(intel_gvt_page_traps(f->gvt, GVT_MMIO_PAGES));
	fake_free(f);
}
END_TEST

Suite *suite_registers(void)
{
	const TTest *const tests[] = {
		table,
		reset_values,
		kinds,
		read_only_counted,
		masked,
		write_one_clears,
		widths_and_alignments,
		unknown_stored_and_counted,
		names,
		timestamps,
	};

	return unit_suite("registers", tests, ARRAY_SIZE(tests));
}
