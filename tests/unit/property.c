/* SPDX-License-Identifier: MIT */
/* Properties that hold after any sequence of tens of thousands of accesses, from fixed seeds. */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define ACCESSES 40000u
#define SEEDS	 4

static unsigned int random_width(u64 *seed)
{
	return 1u << unit_random(seed) % 4;
}

/* An offset in register space: mostly in a known register, sometimes anywhere. */
static u32 random_offset(const struct fake *f, u64 *seed, unsigned int bytes)
{
	u32 offset;

	do {
		u64 r = unit_random(seed);

		offset = r % GVT_MMIO_SIZE;
		if (r >> 62 != 0 && !intel_gvt_reg(f->gvt, offset))
			continue;
		if (r >> 60 & 1)
			offset = ALIGN_DOWN(offset, 4);
		if (offset <= GVT_MMIO_SIZE - bytes)
			return offset;
	} while (true);
}

static bool has_handler(const struct fake *f, u32 offset, unsigned int bytes)
{
	for (u32 at = ALIGN_DOWN(offset, 4); at < offset + bytes; at += 4) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, at);

		if (row && (row->take || row->write || row->read))
			return true;
	}
	return false;
}

static bool bit(u32 word, unsigned int n)
{
	return word >> n & 1;
}

/* The value of one dword after @val was written to its bits @lanes, bit by bit. */
static u32 model_write(const struct gvt_reg *row, u32 old, u32 val, u32 lanes)
{
	u32 now = 0;

	for (unsigned int n = 0; n < 32; n++) {
		bool is = bit(old, n), allowed = !row || !row->wmask || bit(row->wmask, n);

		if (row && row->ro)
			allowed = false;
		if (row && row->kind == GVT_REG_MASKED) {
			if (allowed && n < 16 && bit(lanes, n + 16) && bit(val, n + 16))
				is = bit(lanes, n) && bit(val, n);
		} else if (allowed && bit(lanes, n)) {
			is = row && row->kind == GVT_REG_W1C ? is && !bit(val, n) : bit(val, n);
		}
		now |= (u32)is << n;
	}
	return now;
}

static void model_access(const struct fake *f, u32 *model, u32 offset, unsigned int bytes, u64 val)
{
	for (unsigned int i = 0; i < bytes; i++) {
		u32 at = ALIGN_DOWN(offset + i, 4), lanes = 0, word = 0;

		/* All bytes in the same dword are written together. */
		for (; i < bytes && ALIGN_DOWN(offset + i, 4) == at; i++) {
			lanes |= 0xffu << 8 * ((offset + i) % 4);
			word |= (u32)(val >> 8 * i & 0xff) << 8 * ((offset + i) % 4);
		}
		i--;
		model[at / 4] = model_write(intel_gvt_reg(f->gvt, at), model[at / 4], word, lanes);
	}
}

START_TEST(like_the_model)
{
	struct fake *f = fake_vgpu();
	u32 *model = malloc(GVT_MMIO_SIZE);
	u64 seed = 1000 + _i;

	/* Bits that only the device sets are zero at first. Set some, so that clearing shows. */
	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4)
		if (intel_gvt_reg(f->gvt, offset) && !has_handler(f, offset, 4))
			gvt_vreg_set(f->vgpu, offset, unit_random(&seed));
	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4)
		model[offset / 4] = gvt_vreg(f->vgpu, offset);
	for (u32 n = 0; n < ACCESSES; n++) {
		unsigned int bytes = random_width(&seed);
		u32 offset = random_offset(f, &seed, bytes);
		u64 val = unit_random(&seed), expect = 0;

		if (has_handler(f, offset, bytes))
			continue;
		if (val & 1) {
			fake_write(f, FAKE_BAR0 + offset, bytes, val);
			model_access(f, model, offset, bytes, val);
		}
		memcpy(&expect, (u8 *)model + offset, bytes);
		UNIT_CHECK(fake_read(f, FAKE_BAR0 + offset, bytes) == expect,
			   "seed %d, access %u: %u bytes at 0x%x", _i, n, bytes, offset);
	}
	ck_assert_mem_eq(model, f->vgpu->regs->val, GVT_MMIO_SIZE);
	free(model);
	fake_free(f);
}
END_TEST

static void check_mirror(const struct fake *f, u32 page)
{
	const u8 *vreg = (const u8 *)f->vgpu->regs->val + page * GVT_PAGE_SIZE;
	const u8 *mirror = (const u8 *)f->mirror + page * GVT_PAGE_SIZE;

	if (!intel_gvt_page_traps(f->gvt, page))
		UNIT_CHECK(!memcmp(vreg, mirror, GVT_PAGE_SIZE),
			   "page 0x%x is not what the guest reads", page);
}

/* A read without a trap gives what a trap would give, also for registers with handlers. */
START_TEST(mirror_is_vreg)
{
	struct fake *f = fake_vgpu();
	u64 seed = 2000 + _i;

	for (u32 n = 0; n < ACCESSES; n++) {
		unsigned int bytes = random_width(&seed);
		u32 offset = random_offset(f, &seed, bytes);
		u64 val = unit_random(&seed);

		/* Make enables, requests and full masks more likely. */
		if (val >> 63)
			val |= 0x8000000180000001;
		fake_write(f, FAKE_BAR0 + offset, bytes, val);
		check_mirror(f, offset / GVT_PAGE_SIZE);
		if (n % 256 == 0)
			for (u32 page = 0; page < GVT_MMIO_PAGES; page++)
				check_mirror(f, page);
	}
	intel_gvt_reset_vgpu(f->vgpu);
	for (u32 page = 0; page < GVT_MMIO_PAGES; page++)
		check_mirror(f, page);
	fake_free(f);
}
END_TEST

START_TEST(ggtt_is_memory)
{
	const u32 window = 64 << 10;
	struct fake *f = fake_vgpu();
	u8 *model = calloc(1, window);
	u64 seed = 3000 + _i;

	for (u32 n = 0; n < ACCESSES; n++) {
		unsigned int bytes = random_width(&seed);
		u32 at = unit_random(&seed) % (window - bytes + 1);
		u64 val = unit_random(&seed), expect = 0;

		if (val & 1) {
			fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + at, bytes, val);
			memcpy(model + at, &val, bytes);
		}
		memcpy(&expect, model + at, bytes);
		UNIT_CHECK(fake_read(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + at, bytes) == expect,
			   "seed %d, access %u: %u bytes at 0x%x", _i, n, bytes, at);
	}
	ck_assert_mem_eq(model, f->vgpu->ggtt, window);
	free(model);
	fake_free(f);
}
END_TEST

/* Where configuration space places a BAR. False: nowhere. */
static bool wanted(struct fake *f, unsigned int reg, u64 size, u64 *at)
{
	*at = (fake_cfg_read(f, reg, 4) & ~0xfull) | (u64)fake_cfg_read(f, reg + 4, 4) << 32;
	return fake_cfg_read(f, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY && *at &&
	       *at + size != GiB(4) && *at < 1ull << 48;
}

static bool trapped(const struct fake *f, u64 start, u64 end)
{
	for (u32 i = 0; i < FAKE_AREAS; i++)
		if (f->areas[i].start == start && f->areas[i].end == end)
			return true;
	return false;
}

/* A BAR is where the guest places it, or nowhere: disabled, or overlapping the other one. */
START_TEST(bars_where_wanted)
{
	static const unsigned int regs[VGPU_NR_BARS] = { PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_2 };
	struct fake *f = fake_vgpu();
	u64 seed = 4000 + _i;

	for (u32 n = 0; n < ACCESSES; n++) {
		u64 r = unit_random(&seed), at, size[VGPU_NR_BARS], is[VGPU_NR_BARS];
		unsigned int placed = 0, areas = 0, reg = PCI_BASE_ADDRESS_0 + (r >> 8) % 16;

		/* Few different addresses, so that BARs meet, and decoding mostly on. */
		if (r % 8 == 0)
			fake_cfg_write(f, PCI_COMMAND, 1, r >> 16 & 3 ? 6 : 4);
		else if (r % 8 < 4)
			fake_cfg_write(f, reg, 1, (r >> 16 & 1) ? r >> 24 : 0);
		else
			fake_cfg_write(f, ALIGN_DOWN(reg, 4), 4,
				       reg & 4 ? r >> 20 & 1 : (u32)(r >> 32) & 0xf3ffffff);
		for (int b = 0; b < VGPU_NR_BARS; b++)
			is[b] = intel_vgpu_bar(f->vgpu, 2 * b, &size[b]);
		for (int b = 0; b < VGPU_NR_BARS; b++) {
			bool want = wanted(f, regs[b], size[b], &at);

			if (is[b] == INTEL_GVT_BAR_OFF) {
				UNIT_CHECK(!want || (at < is[!b] + size[!b] &&
						     is[!b] < at + size[b]),
					   "seed %d, access %u: BAR %d is missing", _i, n, b);
				continue;
			}
			placed++;
			UNIT_CHECK(want && is[b] == at && f->placed[b] == at &&
					   trapped(f, at, at + size[b]),
				   "seed %d, access %u: BAR %d is misplaced", _i, n, b);
		}
		for (u32 i = 0; i < FAKE_AREAS; i++)
			areas += f->areas[i].end != 0;
		UNIT_CHECK(areas == placed, "seed %d, access %u: %u areas", _i, n, areas);
		fake_log(f);
	}
	fake_free(f);
}
END_TEST

Suite *suite_property(void)
{
	const TTest *const tests[] = { like_the_model, mirror_is_vreg, ggtt_is_memory,
				       bars_where_wanted };
	Suite *suite = suite_create("property");
	TCase *tcase = tcase_create("property");

	tcase_set_timeout(tcase, 300);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_loop_test(tcase, tests[i], 0, SEEDS);
	suite_add_tcase(suite, tcase);
	return suite;
}
