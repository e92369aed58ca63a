/* SPDX-License-Identifier: MIT */
#include "tests/unit/gtt_walk.h"

#include "tests/unit/unit.h"

#define P    0x1ull
#define PS   0x80ull
#define IPS  0x800ull
#define ADDR 0x3ffffffff000ull
#define RW   0x2ull
#define PAT3 0x18ull /* PWT, PCD */

#define SEEN 65536u

/* Pairs that were walked already, so that a shared table is walked once. */
struct walk {
	struct fake *f;
	struct {
		u64 gpa, bus;
		u32 kind, walk;
	} seen[SEEN];
	u32 nr, walk; /* how many pairs; the number of this walk */
};

static struct walk *begin(struct fake *f, bool more)
{
	static struct walk w;

	w.f = f;
	if (more)
		return &w;
	w.nr = 0;
	w.walk++;
	return &w;
}

static bool seen(struct walk *w, u64 gpa, u64 bus, u32 kind)
{
	u32 at = (gpa / 4096 * 31 + bus / 4096 * 7 + kind) % SEEN;

	for (; w->seen[at].walk == w->walk; at = (at + 1) % SEEN)
		if (w->seen[at].gpa == gpa && w->seen[at].bus == bus && w->seen[at].kind == kind)
			return true;
	UNIT_CHECK(++w->nr < SEEN, "more than %u tables", SEEN);
	w->seen[at].gpa = gpa;
	w->seen[at].bus = bus;
	w->seen[at].kind = kind;
	w->seen[at].walk = w->walk;
	return false;
}

static const u64 *table(struct walk *w, u64 entry)
{
	const u64 *va = fake_host_page(w->f, entry & ADDR);

	UNIT_CHECK(va, "a table at 0x%llx is none of ours", (unsigned long long)(entry & ADDR));
	return va;
}

static void safe_page(struct walk *w, u64 bus, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		UNIT_CHECK(bus == w->f->vgpu->gtt->scratch_page.bus ||
				   fake_pinned(w->f, bus + i * GVT_PAGE_SIZE),
			   "0x%llx can be reached, and is not the guest's",
			   (unsigned long long)bus + i * GVT_PAGE_SIZE);
}

static void safe(struct walk *w, u64 bus, enum gtt_kind kind)
{
	const u64 *entries;

	if (seen(w, 0, bus, kind))
		return;
	entries = table(w, bus);
	for (u32 i = 0; i < GTT_ENTRIES; i++) {
		u64 entry = entries[i];

		if (i && entry == entries[i - 1] && kind != GTT_PT_64K)
			continue;
		UNIT_CHECK(entry & P, "entry %u of a table of kind %u is not present", i, kind);
		if (kind == GTT_PT)
			safe_page(w, entry & ADDR, 1);
		else if (kind == GTT_PT_64K && i % 16 == 0)
			safe_page(w, entry & ADDR & ~0xffffull, 16);
		else if (kind == GTT_PD && entry & PS)
			safe_page(w, entry & ADDR & ~0x1fffffull, 512);
		else if (kind == GTT_PD)
			safe(w, entry & ADDR, entry & IPS ? GTT_PT_64K : GTT_PT);
		else if (kind > GTT_PD)
			safe(w, entry & ADDR, kind - 1);
	}
}

void gtt_walk_safe(struct fake *f, bool more, u64 bus, enum gtt_kind kind)
{
	safe(begin(f, more), bus, kind);
}

/* ---- the same as the guest's ---- */

static u64 expected(const struct fake *f, u64 gfn)
{
	return gfn < FAKE_RAM_PAGES && f->mfn[gfn] ? f->mfn[gfn] << GVT_PAGE_SHIFT
						   : f->vgpu->gtt->scratch_page.bus;
}

static void nothing(struct walk *w, u64 entry, enum gtt_kind kind)
{
	const u64 *entries;

	if (kind == GTT_PT || kind == GTT_PT_64K) {
		UNIT_CHECK((entry & ADDR) == w->f->vgpu->gtt->scratch_page.bus,
			   "0x%llx, where the guest has nothing", (unsigned long long)entry);
		return;
	}
	UNIT_CHECK(!(entry & PS), "a page, where the guest has nothing");
	if (seen(w, ~0ull, entry & ADDR, kind))
		return;
	entries = table(w, entry);
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		nothing(w, entries[i], kind == GTT_PD ? GTT_PT : kind - 1);
}

/* An entry must give its frame the access and cacheability that the guest's entry gives. */
static void same_page(struct walk *w, u64 entry, u64 bus, u64 gfn, u64 guest, u64 pat_at, u64 pat)
{
	UNIT_CHECK(bus == expected(w->f, gfn), "gfn 0x%llx is at 0x%llx, not 0x%llx",
		   (unsigned long long)gfn, (unsigned long long)expected(w->f, gfn),
		   (unsigned long long)bus);
	if (bus != w->f->vgpu->gtt->scratch_page.bus)
		UNIT_CHECK((entry & (RW | PAT3)) == (guest & (RW | PAT3)) &&
				   !(entry & pat_at) == !(guest & pat),
			   "attributes of 0x%llx became those of 0x%llx", (unsigned long long)guest,
			   (unsigned long long)entry);
}

/* A 2 MiB page of the guest's at @gfn. Its shadow is a 2 MiB page or a table of 4 KiB pages. */
static void same_2m(struct walk *w, u64 entry, u64 gfn, u64 guest)
{
	const u64 *entries = entry & PS ? NULL : table(w, entry);

	UNIT_CHECK(entries || !(entry & 0xfe000ull), "a page of 2 MiB at 0x%llx",
		   (unsigned long long)entry);
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		if (entries)
			same_page(w, entries[i], entries[i] & ADDR, gfn + i, guest, 1 << 7,
				  1 << 12);
		else
			same_page(w, entry, (entry & ADDR & ~0x1fffffull) + i * GVT_PAGE_SIZE,
				  gfn + i, guest, 1 << 12, 1 << 12);
}

static void same_1g(struct walk *w, u64 entry, u64 gfn, u64 guest)
{
	const u64 *entries = table(w, entry);

	UNIT_CHECK(!(entry & PS), "a page of 1 GiB");
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		if (gfn + 512 * i < FAKE_RAM_PAGES)
			same_2m(w, entries[i], gfn + 512 * i, guest);
}

/* The guest's table is of @kind. Its shadow may have 4 KiB pages instead of 64 KiB pages. */
static void same(struct walk *w, u64 gpa, u64 bus, enum gtt_kind kind, bool shadow_64k)
{
	u64 gfn = gpa >> GVT_PAGE_SHIFT;
	const u64 *entries, *guest = (const u64 *)(w->f->ram + gpa);
	bool ips = (gvt_vreg(w->f->vgpu, 0x4080) & 0xf) == 0xf;

	if (seen(w, gpa, bus, kind << 1 | shadow_64k))
		return;
	entries = table(w, bus);
	for (u32 i = 0; i < GTT_ENTRIES; i++) {
		u64 val = guest[kind == GTT_PT_64K ? ALIGN_DOWN(i, 16) : i], entry = entries[i];
		u64 to = (val & ADDR) >> GVT_PAGE_SHIFT;

		if (shadow_64k)
			entry = (entries[ALIGN_DOWN(i, 16)] & ~0xf000ull) | (u64)(i % 16) << 12;
		if (!w->f->mfn[gfn] || !(val & P))
			nothing(w, entry, kind);
		else if (kind == GTT_PT)
			same_page(w, entry, entry & ADDR, to, val, 1 << 7, 1 << 7);
		else if (kind == GTT_PT_64K)
			same_page(w, entry, entry & ADDR, (to & ~0xfull) + i % 16, val, 1 << 7,
				  1 << 7);
		else if (kind == GTT_PD && val & PS)
			same_2m(w, entry, to & ~0x1ffull, val);
		else if (kind == GTT_PDP && val & PS)
			same_1g(w, entry, to & ~0x3ffffull, val);
		else if (to >= FAKE_RAM_PAGES || !w->f->mfn[to])
			nothing(w, entry, kind);
		else if (kind == GTT_PD)
			same(w, val & ADDR, entry & ADDR, val & IPS && ips ? GTT_PT_64K : GTT_PT,
			     entry & IPS);
		else
			same(w, val & ADDR, entry & ADDR, kind - 1, false);
	}
}

void gtt_walk_same(struct fake *f, u64 gpa, u64 bus, enum gtt_kind kind)
{
	same(begin(f, false), gpa, bus, kind, false);
}

u64 gtt_walk_gpu(struct fake *f, u64 bus, enum gtt_kind kind, u64 addr)
{
	const u64 *entries = fake_host_page(f, bus & ADDR);
	u64 entry = entries[addr >> (12 + 9 * (kind <= GTT_PT_64K ? 0u : kind - 1u)) & 511];

	if (kind == GTT_PT)
		return entry & ADDR;
	if (kind == GTT_PT_64K)
		return (entries[addr >> 16 << 4 & 511] & ADDR & ~0xffffull) + (addr & 0xf000);
	if (kind == GTT_PD && entry & PS)
		return (entry & ADDR & ~0x1fffffull) + (addr & 0x1ff000);
	if (kind == GTT_PD)
		return gtt_walk_gpu(f, entry, entry & IPS ? GTT_PT_64K : GTT_PT, addr);
	return gtt_walk_gpu(f, entry, kind - 1, addr);
}
