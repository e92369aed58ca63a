/* SPDX-License-Identifier: MIT */
/*
 * Entries bit by bit. Sources: Linux 6.1, drivers/gpu/drm/i915: gt/intel_gtt.h (GEN8_PAGE_PRESENT,
 * GEN8_PAGE_RW, GEN8_PDE_PS_2M, GEN8_PDE_IPS_64K, PPAT_*), gt/gen8_ppgtt.c (gen8_pte_encode,
 * gen8_pde_encode), gt/intel_ggtt.c (gen8_ggtt_pte_encode), gvt/gtt.c (GTT_HAW, ADDR_*_MASK),
 * i915_pci.c (dma_mask_size).
 */
#include "core/hw/format.h"

#include "tests/unit/unit.h"

#define GEN9 (&gtt_format_gen9)

/* What each bit of an entry is, in each form: address, kept, or dropped. */
static const struct {
	enum gtt_form form;
	unsigned int addr_from;
	u64 kept;
} bits[] = {
	{ GTT_PAGE_4K, 12, 0x9b },    /* present, RW, PWT, PCD, PAT (bit 7) */
	{ GTT_PAGE_64K, 16, 0x9b },   /* the same */
	{ GTT_PAGE_2M, 21, 0x109b },  /* bit 7 says that it is large, PAT is bit 12 */
	{ GTT_PAGE_1G, 30, 0x109b },  /* the same */
	{ GTT_TABLE, 12, 0x1b },      /* present, RW, PWT, PCD */
	{ GTT_TABLE_64K, 12, 0x81b }, /* and IPS (bit 11) */
	{ GTT_GGTT, 12, 0x1 },	      /* present */
};

START_TEST(bit_by_bit)
{
	const struct gtt_format *const formats[] = { &gtt_format_gen8, &gtt_format_gen9 };

	for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
		for (size_t r = 0; r < ARRAY_SIZE(bits); r++)
			for (unsigned int bit = 0; bit < 64; bit++) {
				bool addr = bit >= bits[r].addr_from && bit < 46;
				u64 val = 1ull << bit;

				ck_assert_msg(gtt_addr(formats[f], bits[r].form, val) ==
						      (addr ? val : 0),
					      "address of bit %u, row %zu", bit, r);
				ck_assert_msg(gtt_make(formats[f], bits[r].form, val, 0) ==
						      (bits[r].kept & val),
					      "attribute of bit %u, row %zu", bit, r);
			}
}
END_TEST

START_TEST(rebuilt)
{
	/* A cached page as i915 writes it (PAT), at another address. Reserved bits are dropped. */
	ck_assert_uint_eq(gtt_make(GEN9, GTT_PAGE_4K, 0xfff0000012345f83, 0x7654321000),
			  0x7654321083);
	ck_assert_uint_eq(gtt_make(GEN9, GTT_PAGE_4K, 0x1019, 0x2000), 0x2019); /* read-only, UC */
	ck_assert_uint_eq(gtt_make(GEN9, GTT_GGTT, 0xabcde003, 0x2000), 0x2001);
	/* 39 bits of an address reach the bus. */
	ck_assert(gtt_reaches(GEN9, 0x7ffffff000));
	ck_assert(!gtt_reaches(GEN9, 0x8000000000));
	ck_assert(!gtt_reaches(GEN9, ~0ull));
}
END_TEST

START_TEST(forms)
{
	static const struct {
		enum gtt_kind kind;
		u64 val;
		enum gtt_form with, without; /* 64 KiB pages switched on */
	} is[] = {
		{ GTT_PT, 0, GTT_NONE, GTT_NONE },
		{ GTT_PT, ~1ull, GTT_NONE, GTT_NONE },
		{ GTT_PT, 1, GTT_PAGE_4K, GTT_PAGE_4K },
		{ GTT_PT, 0x881, GTT_PAGE_4K, GTT_PAGE_4K }, /* bit 7 is PAT here */
		{ GTT_PT_64K, 1, GTT_PAGE_64K, GTT_PAGE_64K },
		{ GTT_PD, 0x800, GTT_NONE, GTT_NONE },
		{ GTT_PD, 3, GTT_TABLE, GTT_TABLE },
		{ GTT_PD, 0x803, GTT_TABLE_64K, GTT_TABLE },
		{ GTT_PD, 0x83, GTT_PAGE_2M, GTT_PAGE_2M },
		{ GTT_PD, 0x883, GTT_PAGE_2M, GTT_PAGE_2M },
		{ GTT_PDP, 0x803, GTT_TABLE, GTT_TABLE },
		{ GTT_PDP, 0x83, GTT_PAGE_1G, GTT_PAGE_1G },
		{ GTT_PML4, 0x83, GTT_TABLE, GTT_TABLE },
		{ GTT_PML4, 0x82, GTT_NONE, GTT_NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(is); i++) {
		ck_assert_msg(gtt_form(GEN9, is[i].kind, is[i].val, true) == is[i].with, "%zu", i);
		ck_assert_msg(gtt_form(GEN9, is[i].kind, is[i].val, false) == is[i].without, "%zu",
			      i);
		/* Gen8 has no working 64 KiB pages. */
		ck_assert_msg(gtt_form(&gtt_format_gen8, is[i].kind, is[i].val, true) ==
				      is[i].without,
			      "%zu", i);
	}
}
END_TEST

START_TEST(split)
{
	/* 2 MiB at 0x40200000, write-through, PAT: each page has its PAT in bit 7. */
	const u64 large = 0x4020108b | 1 << 12;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		ck_assert_uint_eq(gtt_split(GEN9, GTT_PAGE_2M, large, i),
				  0x40200000 + 0x1000ull * i + 0x8b);
	ck_assert_uint_eq(gtt_split(GEN9, GTT_PAGE_2M, 0x40200083, 5), 0x40205003);
	/* 1 GiB pages are split into 2 MiB pages. */
	ck_assert_uint_eq(gtt_split(GEN9, GTT_PAGE_1G, 0x80001091, 3), 0x80601091);
	ck_assert_uint_eq(gtt_split(GEN9, GTT_PAGE_1G, 0x80000093, 511), 0xbfe00093);
	/* Address bits below the large page's alignment are dropped. */
	ck_assert_uint_eq(gtt_split(GEN9, GTT_PAGE_2M, 0x401fe083, 0), 0x40000003);
}
END_TEST

START_TEST(indices)
{
	const u64 addr = 0x123456789abc;

	ck_assert_uint_eq(gtt_index(GTT_PML4, addr), addr >> 39 & 511);
	ck_assert_uint_eq(gtt_index(GTT_PDP, addr), addr >> 30 & 511);
	ck_assert_uint_eq(gtt_index(GTT_PD, addr), addr >> 21 & 511);
	ck_assert_uint_eq(gtt_index(GTT_PT, addr), addr >> 12 & 511);
	ck_assert_uint_eq(gtt_index(GTT_PT_64K, addr), addr >> 12 & 511);
	ck_assert_int_eq(gtt_below(GTT_PML4, GTT_TABLE), GTT_PDP);
	ck_assert_int_eq(gtt_below(GTT_PDP, GTT_TABLE), GTT_PD);
	ck_assert_int_eq(gtt_below(GTT_PD, GTT_TABLE), GTT_PT);
	ck_assert_int_eq(gtt_below(GTT_PD, GTT_TABLE_64K), GTT_PT_64K);
}
END_TEST

Suite *suite_gtt_format(void)
{
	const TTest *const tests[] = { bit_by_bit, rebuilt, forms, split, indices };

	return unit_suite("gtt_format", tests, ARRAY_SIZE(tests));
}
