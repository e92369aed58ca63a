/* SPDX-License-Identifier: MIT */
/*
 * Entries of graphics page tables: what they mean, and how to make one that means another frame.
 *
 * A platform is a row of data, a struct gtt_format. The meaning of an entry, its form, depends on
 * the kind of table that it is in (enum gtt_kind) and on its own bits.
 */
#ifndef CORE_HW_FORMAT_H
#define CORE_HW_FORMAT_H

#include "core/base/types.h"

#define GTT_ENTRIES 512u /* in a table of one page */

/*
 * Leaves of the GGTT: runs of 512 entries, each a page of the guest's table. Entries of the last
 * 64 MiB are not among them: the guest may write them, but they have no effect, because the
 * mediator maps its own memory there.
 */
#define GGTT_LEAVES (2048u - 32u)
#define GGTT_PAGES  (GGTT_LEAVES * GTT_ENTRIES)

/* These 64 MiB, the hidden range: its pages, and its first graphics address. */
#define HIDDEN_PAGES 16384u
#define HIDDEN_BASE  ((u64)GGTT_PAGES << GVT_PAGE_SHIFT)

/* Kinds of tables of a PPGTT, from the leaves up. */
enum gtt_kind {
	GTT_PT,	    /* of 4 KiB pages */
	GTT_PT_64K, /* of 64 KiB pages: every sixteenth entry counts */
	GTT_PD,
	GTT_PDP,
	GTT_PML4,
	GTT_KINDS,
};

/* Forms of entries. */
enum gtt_form {
	GTT_NONE, /* not present */
	GTT_PAGE_4K,
	GTT_PAGE_64K,
	GTT_PAGE_2M,
	GTT_PAGE_1G,
	GTT_TABLE,     /* points to a table of the next kind down */
	GTT_TABLE_64K, /* points to a GTT_PT_64K */
	GTT_GGTT,      /* an entry of the GGTT: 4 KiB */
	GTT_FORMS,
};

/**
 * struct gtt_format - one platform's entries.
 * @addr: bits that may hold an address.
 * @bus:  the bits of @addr that the GPU drives on the bus.
 * @ips:  tables of 64 KiB pages exist.
 * @rows: by form. @shift: log2 of the bytes that the entry covers. @keep: the bits besides the
 *        address that a shadow entry takes over; it takes over no others. @pat: the high bit of the
 *        PAT index.
 */
struct gtt_format {
	const char *name;
	u64 addr, bus;
	bool ips;
	struct gtt_format_row {
		u8 shift;
		u64 keep, pat;
	} rows[GTT_FORMS];
};

extern const struct gtt_format gtt_format_gen8;
extern const struct gtt_format gtt_format_gen9;

/** gtt_present() - false: an entry that translates nothing, in any table. */
static inline bool gtt_present(u64 val)
{
	return val & 1;
}

/**
 * gtt_form() - the form of entry @val in a table of @kind.
 * @ips: the guest's GPU heeds the bit for 64 KiB pages (GAMW_ECO_DEV_RW_IA).
 */
enum gtt_form gtt_form(const struct gtt_format *fmt, enum gtt_kind kind, u64 val, bool ips);

/** gtt_addr() - the address in @val, aligned to what the entry covers. */
static inline u64 gtt_addr(const struct gtt_format *fmt, enum gtt_form form, u64 val)
{
	return val & fmt->addr & ~((1ull << fmt->rows[form].shift) - 1);
}

/**
 * gtt_make() - the entry that maps bus address @addr with the attributes of @val.
 * @addr: aligned to what the entry covers, and within fmt->bus.
 */
static inline u64 gtt_make(const struct gtt_format *fmt, enum gtt_form form, u64 val, u64 addr)
{
	return (val & fmt->rows[form].keep) | addr;
}

/** gtt_reaches() - true when the GPU can reach bus address @addr. */
static inline bool gtt_reaches(const struct gtt_format *fmt, u64 addr)
{
	return !(addr & ~fmt->bus);
}

/**
 * gtt_split() - entry @i of the table that splits large page @val into the next smaller ones:
 * 1 GiB into 2 MiB, 2 MiB into 4 KiB, attributes and all.
 */
u64 gtt_split(const struct gtt_format *fmt, enum gtt_form form, u64 val, unsigned int i);

/** gtt_shift() - log2 of the bytes that one entry of a table of @kind covers. */
unsigned int gtt_shift(enum gtt_kind kind);

/** gtt_index() - the entry of a table of @kind that translates @addr. */
static inline unsigned int gtt_index(enum gtt_kind kind, u64 addr)
{
	return addr >> gtt_shift(kind) & (GTT_ENTRIES - 1);
}

/** gtt_below() - the kind of table that an entry of @kind and form @form points to. */
static inline enum gtt_kind gtt_below(enum gtt_kind kind, enum gtt_form form)
{
	return kind > GTT_PD ? kind - 1 : form == GTT_TABLE_64K ? GTT_PT_64K : GTT_PT;
}

#endif
