/* SPDX-License-Identifier: MIT */
#include "core/hw/format.h"

/* Linux' i915: GEN8_PAGE_PRESENT, GEN8_PAGE_RW, GEN8_PDE_PS_2M, GEN8_PDE_IPS_64K in intel_gtt.h. */
#define PRESENT	 (1ull << 0)
#define WRITABLE (1ull << 1)
#define LARGE	 (1ull << 7)
#define IPS_64K	 (1ull << 11)

/* The PAT index as on x86: PWT, PCD, and a bit whose place depends on the size of the page. */
#define PWT	  (1ull << 3)
#define PCD	  (1ull << 4)
#define PAT	  (1ull << 7)
#define PAT_LARGE (1ull << 12)

#define BITS(from, to) ((2ull << (to)) - (1ull << (from)))

#define COMMON (PRESENT | WRITABLE | PWT | PCD)

/* Linux: gvt/gtt.c (GTT_HAW, ADDR_*_MASK), and dma_mask_size of these platforms in i915_pci.c. */
#define GEN8_ROWS                                                              \
	.addr = BITS(12, 45), .bus = BITS(12, 38),                             \
	.rows = {                                                              \
		[GTT_PAGE_4K] = { 12, COMMON | PAT, PAT },                     \
		[GTT_PAGE_64K] = { 16, COMMON | PAT, PAT },                    \
		[GTT_PAGE_2M] = { 21, COMMON | LARGE | PAT_LARGE, PAT_LARGE }, \
		[GTT_PAGE_1G] = { 30, COMMON | LARGE | PAT_LARGE, PAT_LARGE }, \
		[GTT_TABLE] = { 12, COMMON, 0 },                               \
		[GTT_TABLE_64K] = { 12, COMMON | IPS_64K, 0 },                 \
		[GTT_GGTT] = { 12, PRESENT, 0 },                               \
	}

const struct gtt_format gtt_format_gen8 = { .name = "gen8", .ips = false, GEN8_ROWS };
const struct gtt_format gtt_format_gen9 = { .name = "gen9", .ips = true, GEN8_ROWS };

enum gtt_form gtt_form(const struct gtt_format *fmt, enum gtt_kind kind, u64 val, bool ips)
{
	if (!gtt_present(val))
		return GTT_NONE;
	switch (kind) {
	case GTT_PT:
		return GTT_PAGE_4K;
	case GTT_PT_64K:
		return GTT_PAGE_64K;
	case GTT_PD:
		if (val & LARGE)
			return GTT_PAGE_2M;
		return val & IPS_64K && ips && fmt->ips ? GTT_TABLE_64K : GTT_TABLE;
	case GTT_PDP:
		return val & LARGE ? GTT_PAGE_1G : GTT_TABLE;
	default:
		return GTT_TABLE;
	}
}

u64 gtt_split(const struct gtt_format *fmt, enum gtt_form form, u64 val, unsigned int i)
{
	enum gtt_form to = form == GTT_PAGE_1G ? GTT_PAGE_2M : GTT_PAGE_4K;
	u64 attr = val & COMMON;

	if (val & fmt->rows[form].pat)
		attr |= fmt->rows[to].pat;
	if (to == GTT_PAGE_2M)
		attr |= LARGE;
	return attr | (gtt_addr(fmt, form, val) + ((u64)i << fmt->rows[to].shift));
}

unsigned int gtt_shift(enum gtt_kind kind)
{
	static const u8 shifts[GTT_KINDS] = {
		[GTT_PT] = 12, [GTT_PT_64K] = 12, [GTT_PD] = 21, [GTT_PDP] = 30, [GTT_PML4] = 39,
	};

	return shifts[kind];
}
