/* SPDX-License-Identifier: MIT */
#include "tests/unit/gtt_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_gpu.h"
#include "tests/unit/gtt_walk.h"
#include "tests/unit/tile_model.h"
#include "tests/unit/unit.h"

#define TABLES	    24u /* frames that the guest uses as tables: 16 and up */
#define FIRST_TABLE 16u
#define DATA	    1024u /* and as data: from here on, as large pages too */
#define DATA_PAGES  2048u
#define PV_PDP	    0x78838u
#define PV_G2V	    0x78818u
#define FLSH_CNTL   0x101008u
#define GAMW	    0x4080u
#define FENCE(n)    (0x100000u + 8 * (n))
#define QUIET_SYNCS (GTT_TRACK_AFTER + 2)
#define BAR2_OTHER  0xa0000000ull

struct gtt_model {
	struct fake *f;
	struct fake_gpu gpu;
	bool hurt; /* a failure was injected: the shadow may lack entries */
	bool stale_ggtt;
	bool lost_track; /* ending a page's tracking failed: the page may still be tracked */
	u32 written[32]; /* data frames, by the aperture */
	unsigned int nr_written;
	u32 gone[16];
	unsigned int nr_gone;
};

/* Leaves that steps touch: the aperture's first two and last, two behind it, the table's last. */
static const u32 leaves[] = { 0, 1, 31, 32, 700, 2047 };

/* Entries that steps touch: edges of lines, of runs of sixteen, of the table. */
static const u16 places[] = { 0, 1, 7, 8, 15, 16, 17, 255, 256, 496, 511 };

/* Kinds listed twice are chosen more often. Those before OP_FLUSH are the guest's writes. */
enum kind {
	OP_TREE,
	OP_TREE2,
	OP_TREE3,
	OP_ENTRY,
	OP_ENTRY2,
	OP_LEAF,
	OP_LEAF2,
	OP_FILL,
	OP_GGTT,
	OP_GGTT2,
	OP_GGTT_FILL,
	OP_FLUSH,
	OP_CREATE,
	OP_DESTROY,
	OP_SYNC,
	OP_SYNC2,
	OP_SYNC3,
	OP_SYNC4,
	OP_QUIET,
	OP_GIVE_UP,
	OP_POPULATE,
	OP_FAIL,
	OP_FENCE,
	OP_BAR,
	OP_GAMW,
	OP_QUOTA,
	OP_LIMIT,
	OP_RESTART,
	OP_APERTURE,
	OP_RESET,
	OP_MMIO,
	OP_KINDS,
};

static const char *const names[OP_KINDS] = {
	"tree", "tree",	 "tree",      "entry",	 "entry",    "leaf",	"leaf",	 "fill",
	"ggtt", "ggtt",	 "ggtt-fill", "flush",	 "create",   "destroy", "sync",	 "sync",
	"sync", "sync",	 "quiet",     "give-up", "populate", "fail",	"fence", "bar",
	"gamw", "quota", "limit",     "restart", "aperture", "reset",	"mmio",
};

void gtt_model_describe(const struct gtt_op *op, char *buf, size_t len)
{
	snprintf(buf, len, "%s %02x %02x %02x %08x", names[op->kind % OP_KINDS], op->a, op->b,
		 op->c, op->d);
}

/* ---- what the guest does ---- */

static void guest_write(struct gtt_model *m, u64 gpa, unsigned int bytes, u64 val)
{
	u64 gfn = gpa >> GVT_PAGE_SHIFT;

	if (!m->f->mfn[gfn])
		return;
	if (m->f->tracked[gfn])
		fake_write(m->f, gpa, bytes, val);
	else
		memcpy(m->f->ram + gpa, &val, bytes);
}

static u32 table_at(u8 n)
{
	return FIRST_TABLE + n % TABLES;
}

/* An entry as a guest might write it. Most of them mean something. */
static u64 entry_value(u8 what, u32 d)
{
	u64 flags = 3 | (d & 0x18), gfn;

	switch (what % 16) {
	case 0:
	case 1:
		return 0;
	case 2:
	case 3:
	case 4:
	case 5:
	case 6:
		return (u64)table_at(d >> 8) << GVT_PAGE_SHIFT | flags;
	case 7:
		return (u64)table_at(d >> 8) << GVT_PAGE_SHIFT | flags | 1 << 11;
	case 8: /* in a directory a large page; in a leaf one with a PAT bit */
		gfn = DATA + (d >> 8) % 4 * 512;
		return gfn << GVT_PAGE_SHIFT | flags | 1 << 7 | (u64)(d >> 31) << 12;
	case 9: /* aligned as a page of 64 KiB is */
		gfn = DATA + (d >> 8) % 64 * 16;
		return gfn << GVT_PAGE_SHIFT | flags;
	case 10: /* an address beyond memory, and reserved bits */
		return ((u64)d << 24 | d) | 1;
	case 11:
		return (u64)((d >> 8) % FAKE_RAM_PAGES) << GVT_PAGE_SHIFT | flags | 0x7ull << 60;
	default:
		gfn = DATA + (d >> 8) % DATA_PAGES;
		return gfn << GVT_PAGE_SHIFT | flags | (d >> 30 & 1) << 7;
	}
}

static u32 place_at(u8 n)
{
	return n < 200 ? places[n % ARRAY_SIZE(places)] : n * 2;
}

static void write_entry(struct gtt_model *m, const struct gtt_op *op)
{
	u64 gpa = ((u64)table_at(op->a) << GVT_PAGE_SHIFT) + place_at(op->b) * 8;
	u64 val = entry_value(op->c, op->d);
	unsigned int width = 8 >> (op->c >> 4) % 4;

	/* In one write, in two halves, or in smaller pieces from the top down. */
	for (int at = 8 - (int)width; at >= 0; at -= width)
		guest_write(m, gpa + at, width, val >> 8 * at & unit_ones(width));
}

/* Few different roots, each with three levels and with four. */
static void roots_at(u8 n, u64 pdp[4])
{
	for (unsigned int i = 0; i < 4; i++)
		pdp[i] = n & 0x80 && i > 1 ? 0 : (u64)table_at(n % 8 + i) << GVT_PAGE_SHIFT;
}

static unsigned int levels_at(u8 n)
{
	return n & 0x40 ? 3 : 4;
}

static void notify(struct gtt_model *m, u8 n, bool create)
{
	u64 pdp[4];

	roots_at(n, pdp);
	for (unsigned int i = 0; i < 4; i++)
		fake_write(m->f, FAKE_BAR0 + PV_PDP + 8 * i, 8, pdp[i]);
	fake_reg_write(m->f, PV_G2V, (levels_at(n) == 3 ? 2 : 4) + !create);
}

static u32 data_at(const struct gtt_op *op)
{
	return DATA + op->d % 4 * 512;
}

/*
 * Builds a PPGTT as a driver does: a root, the directories below it, and at the end a leaf full of
 * pages or a large page. It may also notify the root. The tables of one such tree overlap with
 * those of the next.
 */
static void grow_tree(struct gtt_model *m, const struct gtt_op *op)
{
	bool l3 = levels_at(op->a) == 3;
	u64 at = place_at(op->b % 16) * 8, ips = op->c & 1 ? 1 << 11 : 0;
	u32 depth = l3 ? 1 : 3, first = op->a % 8;

	if (ips)
		fake_reg_write(m->f, GAMW, 0xf);

	for (u32 i = 0; i < depth; i++) {
		u64 to = (u64)table_at(first + i + 1) << GVT_PAGE_SHIFT | 3;

		if (i == depth - 1 && op->c % 8 == 6)
			to = (u64)data_at(op) << GVT_PAGE_SHIFT | 1 << 7 | 3;
		else if (i == depth - 1)
			to |= ips;
		guest_write(m, ((u64)table_at(first + i) << GVT_PAGE_SHIFT) + at, 8, to);
	}
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_write(m, ((u64)table_at(first + depth) << GVT_PAGE_SHIFT) + 8 * i, 8,
			    (u64)(data_at(op) + i) << GVT_PAGE_SHIFT | 3);
	if (op->c & 2)
		notify(m, op->a, true);
}

/* Writes a page into a leaf, if a tree was grown there. */
static void write_leaf(struct gtt_model *m, const struct gtt_op *op)
{
	u32 frame = table_at(op->a % 8 + (levels_at(op->a) == 3 ? 1 : 3));
	u64 gpa = ((u64)frame << GVT_PAGE_SHIFT) + place_at(op->b) * 8;
	u64 gfn = op->c & 1 ? DATA + op->d % 128 * 16 : DATA + op->d % DATA_PAGES;

	guest_write(m, gpa, 8,
		    op->c % 4 == 3 ? 0 : gfn << GVT_PAGE_SHIFT | 1 | (op->d >> 24 & 0x9a));
}

/* Fills a table with consecutive pages, with one page, or with zeroes. */
static void fill_table(struct gtt_model *m, const struct gtt_op *op)
{
	u64 gpa = (u64)table_at(op->a) << GVT_PAGE_SHIFT;

	for (u32 i = 0; i < GTT_ENTRIES; i++) {
		u64 gfn = op->b % 4 == 3 ? table_at(op->d) : DATA + op->d % 4 * 512 + i;

		guest_write(m, gpa + 8 * i, 8, op->b % 4 ? gfn << GVT_PAGE_SHIFT | 3 : 0);
	}
}

static void write_ggtt(struct gtt_model *m, u32 page, u64 val, unsigned int width)
{
	u64 at = VGPU_GGTT_OFFSET + page * 8ull;

	m->stale_ggtt = true;
	if (m->f->ggtt) {
		fake_ggtt_write(m->f, page, val);
		return;
	}
	for (unsigned int i = 0; i < 8; i += width)
		fake_write(m->f, FAKE_BAR0 + at + i, width, val >> 8 * i & unit_ones(width));
}

static u64 ggtt_value(u8 what, u32 d)
{
	u64 val = entry_value(what % 4 ? 15 : what / 4, d);

	return what % 16 == 1 ? 0 : val;
}

static void fill_ggtt(struct gtt_model *m, const struct gtt_op *op)
{
	u32 first = leaves[op->a % ARRAY_SIZE(leaves)] * GTT_ENTRIES;
	u64 gfn = DATA + op->d % DATA_PAGES;

	for (u32 i = 0; i < GTT_ENTRIES; i++)
		write_ggtt(m, first + i,
			   op->b % 2 ? gfn << GVT_PAGE_SHIFT | 1
				     : (DATA + (op->d + i) % DATA_PAGES) << GVT_PAGE_SHIFT | 1,
			   8);
}

static struct vgpu_mm *find_mm(struct gtt_model *m, u8 n, u64 pdp[4])
{
	roots_at(n, pdp);
	return vgpu_ppgtt_find(m->f->vgpu, pdp, levels_at(n));
}

static int sync_one(struct gtt_model *m, u8 n)
{
	u64 pdp[4];
	struct vgpu_mm *mm = find_mm(m, n, pdp);

	return mm ? vgpu_ppgtt_sync(m->f->vgpu, mm) : -1;
}

static void give_up(struct gtt_model *m, const struct gtt_op *op)
{
	u32 gfn = op->a % 3 ? DATA + op->d % DATA_PAGES : table_at(op->b);

	if (m->nr_gone == ARRAY_SIZE(m->gone) || !m->f->mfn[gfn])
		return;
	fake_give_up(m->f, gfn);
	m->gone[m->nr_gone++] = gfn;
	intel_vgpu_invalidate(m->f->vgpu);
	m->stale_ggtt = true;
}

static void populate(struct gtt_model *m)
{
	u32 gfn;

	if (!m->nr_gone)
		return;
	gfn = m->gone[--m->nr_gone];
	memset(m->f->ram + gfn * GVT_PAGE_SIZE, 0, GVT_PAGE_SIZE);
	if (m->f->next_mfn < FAKE_MFN + FAKE_FRAMES)
		fake_populate(m->f, gfn);
	m->stale_ggtt = true;
}

static void restart(struct gtt_model *m)
{
	struct fake *f = m->f;
	/* Injected failures end here: the back end's own clean-up does not expect them. */
	f->fail_track = f->fail_alias = 0;
	fake_gpu_detach(&m->gpu);
	intel_gvt_destroy_vgpu(f->vgpu);
	UNIT_CHECK(!f->pins && !f->host_pages && !f->nr_aliases, "held by no vGPU");
	if (fake_create(f, 64))
		abort();
	intel_gvt_activate_vgpu(f->vgpu);
	fake_gpu_attach(&m->gpu);
}

static void inject(struct gtt_model *m, const struct gtt_op *op)
{
	m->hurt = true;
	switch (op->a % 3) {
	case 0:
		m->f->fail_track = -EINVAL;
		m->lost_track = true;
		break;
	case 1:
		m->f->fail_dma = op->b % 2 ? -ENOSPC : -ENOMEM;
		break;
	case 2:
		m->f->fail_alias = op->b % 2 ? -EBUSY : -ENOMEM;
		break;
	}
}

static void fence(struct gtt_model *m, const struct gtt_op *op)
{
	u32 first = op->b * 4u, last = first + op->c % 64;

	fake_reg_write(m->f, FENCE(op->a % 4), 0);
	fake_reg_write(m->f, FENCE(op->a % 4) + 4,
		       last << GVT_PAGE_SHIFT | (op->d & 4 ? op->d >> 3 & 0x7ff : 3));
	fake_reg_write(m->f, FENCE(op->a % 4), first << GVT_PAGE_SHIFT | (op->d & 3));
}

static void move_bar(struct gtt_model *m, u8 where)
{
	static const u64 places_of_bar[] = { FAKE_BAR2, BAR2_OTHER, 0 };

	fake_cfg_write(m->f, 0x18, 4, places_of_bar[where % 3]);
	fake_log(m->f);
}

/* The GGTT's offset of byte @offset of the aperture. Of several fences, the first counts. */
static u64 model_untile(const struct gtt_model *m, u64 offset)
{
	u32 page = offset >> GVT_PAGE_SHIFT;

	for (unsigned int n = 0; n < 4; n++) {
		u32 lo = gvt_vreg(m->f->vgpu, FENCE(n)), hi = gvt_vreg(m->f->vgpu, FENCE(n) + 4);
		struct model_surface s = { .pitch = (int)(hi % 2048 + 1) * 128,
					   .tiling = lo & 2 ? MODEL_Y : MODEL_X };
		u64 first = lo >> GVT_PAGE_SHIFT, at = offset - first * GVT_PAGE_SIZE;

		if (lo & 1 && page >= first && page <= hi >> GVT_PAGE_SHIFT)
			return first * GVT_PAGE_SIZE +
			       (u64)model_offset(&s, 4, (int)(at % s.pitch), (int)(at / s.pitch));
	}
	return offset;
}

/* A trapped access reaches the page that the guest's entry names now. */
static void touch_aperture(struct gtt_model *m, const struct gtt_op *op)
{
	u64 bar = intel_vgpu_bar(m->f->vgpu, 2, NULL);
	u32 page = leaves[op->a % 2] * GTT_ENTRIES + place_at(op->b);
	u64 offset = page * GVT_PAGE_SIZE + op->d % 512 * 8, to = model_untile(m, offset);
	u64 entry = m->f->vgpu->ggtt[to >> GVT_PAGE_SHIFT];
	u64 gfn = entry >> GVT_PAGE_SHIFT & 0x3ffffffffull, at = to % GVT_PAGE_SIZE;
	u64 got, expect = 0;

	if (bar == INTEL_GVT_BAR_OFF)
		return;
	if (op->c & 1 && entry & 1 && gfn < FAKE_RAM_PAGES &&
	    m->nr_written < ARRAY_SIZE(m->written)) {
		m->written[m->nr_written++] = gfn;
		fake_write(m->f, bar + offset, 8, op->d);
	}
	if (entry & 1 && gfn < FAKE_RAM_PAGES && m->f->mfn[gfn])
		memcpy(&expect, m->f->ram + gfn * GVT_PAGE_SIZE + at, 8);
	got = fake_read(m->f, bar + offset, 8);
	UNIT_CHECK(got == expect, "the aperture's page 0x%x gave 0x%llx instead of 0x%llx", page,
		   (unsigned long long)got, (unsigned long long)expect);
}

/* Any register, with any width. Registers of graphics memory are more likely. */
static void write_mmio(struct gtt_model *m, const struct gtt_op *op)
{
	static const u32 likely[] = { FENCE(0), FENCE(1) + 4, PV_PDP,	PV_PDP + 4,
				      PV_G2V,	FLSH_CNTL,    GAMW + 2, 0x941c };
	u32 offset = op->a & 1 ? likely[op->b % ARRAY_SIZE(likely)] : op->d % (GVT_MMIO_SIZE - 8);

	fake_write(m->f, FAKE_BAR0 + offset, 1u << op->a / 2 % 4, op->c);
	m->stale_ggtt = true;
}

/* ---- what must hold ---- */

static void check_ggtt_page(struct gtt_model *m, u32 page, bool exact)
{
	struct fake *f = m->f;
	u64 shadow = vgpu_ggtt_entry(f->vgpu, page), entry = f->vgpu->ggtt[page];
	u64 gfn = entry >> GVT_PAGE_SHIFT & 0x3ffffffffull, bus = shadow & ~0xfffull;
	u64 none = f->vgpu->gtt->scratch_page.bus;

	if (f->vgpu->gtt->ready && !m->hurt)
		UNIT_CHECK(bus == none || fake_pinned(f, bus),
			   "GGTT page 0x%x leads to 0x%llx, which is not the guest's", page,
			   (unsigned long long)bus);
	if (!exact)
		return;
	/* The guest's entries in the mediator's range count for nothing. */
	if (entry & 1 && gfn < FAKE_RAM_PAGES && f->mfn[gfn] && page < GGTT_PAGES)
		none = f->mfn[gfn] << GVT_PAGE_SHIFT;
	UNIT_CHECK(bus == none && shadow & 1, "GGTT page 0x%x: entry 0x%llx, shadow 0x%llx", page,
		   (unsigned long long)entry, (unsigned long long)shadow);
}

static bool model_fenced(const struct gtt_model *m, u32 page)
{
	for (unsigned int n = 0; n < 4; n++) {
		u32 lo = gvt_vreg(m->f->vgpu, FENCE(n)), hi = gvt_vreg(m->f->vgpu, FENCE(n) + 4);

		if (lo & 1 && page >= lo >> GVT_PAGE_SHIFT && page <= hi >> GVT_PAGE_SHIFT)
			return true;
	}
	return false;
}

/* Whether an adjacent entry of the same run leads to the same page. */
static bool model_shared(const struct gtt_model *m, u32 page, u64 bus)
{
	u32 first = ALIGN_DOWN(page, GTT_ENTRIES), last = first + GTT_ENTRIES - 1;
	const struct intel_vgpu *vgpu = m->f->vgpu;

	return (page > first && (vgpu_ggtt_entry(vgpu, page - 1) & ~0xfffull) == bus) ||
	       (page < last && (vgpu_ggtt_entry(vgpu, page + 1) & ~0xfffull) == bus);
}

static void check_alias(struct gtt_model *m, u32 page, bool alike)
{
	struct fake *f = m->f;
	u64 bar = intel_vgpu_bar(f->vgpu, 2, NULL), expect = 0;
	u64 bus = vgpu_ggtt_entry(f->vgpu, page) & ~0xfffull;

	if (bar == INTEL_GVT_BAR_OFF || page >= 64 * 256)
		return;
	if (!alike && bus != f->vgpu->gtt->scratch_page.bus && !model_fenced(m, page) &&
	    !model_shared(m, page, bus))
		expect = bus >> GVT_PAGE_SHIFT;
	UNIT_CHECK(fake_alias(f, (bar >> GVT_PAGE_SHIFT) + page) == expect,
		   "aperture page 0x%x is at 0x%llx instead of 0x%llx", page,
		   (unsigned long long)fake_alias(f, (bar >> GVT_PAGE_SHIFT) + page),
		   (unsigned long long)expect);
}

static void check_ggtt(struct gtt_model *m, bool exact)
{
	for (size_t l = 0; l < ARRAY_SIZE(leaves); l++) {
		const u64 *leaf = m->f->vgpu->ggtt + leaves[l] * GTT_ENTRIES;
		bool alike = !memcmp(leaf, leaf + 1, 511 * 8);

		for (u32 i = 0; i < GTT_ENTRIES; i++) {
			check_ggtt_page(m, leaves[l] * GTT_ENTRIES + i, exact);
			if (exact)
				check_alias(m, leaves[l] * GTT_ENTRIES + i, alike);
		}
	}
}

static enum gtt_kind top_kind(u8 n)
{
	return levels_at(n) == 4 ? GTT_PML4 : GTT_PD;
}

/* The GPU reaches nothing that it may not reach. */
static void check_safe(struct gtt_model *m)
{
	bool more = false;

	for (unsigned int at = 0; at < 32; at++) {
		u8 n = at % 8 | at / 8 << 6;
		u64 pdp[4];
		struct vgpu_mm *mm = find_mm(m, n, pdp);

		for (unsigned int i = 0; mm && i < ARRAY_SIZE(mm->top); i++)
			if (mm->top[i]) {
				gtt_walk_safe(m->f, more, vgpu_ppgtt_root(m->f->vgpu, mm, i),
					      top_kind(n));
				more = true;
			}
	}
}

static void check_same(struct gtt_model *m, u8 n)
{
	u64 pdp[4];
	struct vgpu_mm *mm = find_mm(m, n, pdp);

	for (unsigned int i = 0; mm && i < ARRAY_SIZE(mm->top); i++)
		if (mm->top[i])
			gtt_walk_same(m->f, pdp[i], vgpu_ppgtt_root(m->f->vgpu, mm, i),
				      top_kind(n));
}

static void check_counts(struct gtt_model *m)
{
	const struct vgpu_gtt_counts *counts = intel_vgpu_gtt_counts(m->f->vgpu);
	unsigned int tracked = 0;

	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++) {
		const struct intel_vgpu_page_track *track =
			m->f->tracked[gfn] ? intel_vgpu_find_page_track(m->f->vgpu, gfn) : NULL;

		tracked += track && track->tracked;
		UNIT_CHECK(!m->f->tracked[gfn] || m->lost_track || (track && track->tracked),
			   "page 0x%x is tracked in vain", gfn);
	}
	UNIT_CHECK(counts->dma_refs == m->f->pins, "%llu references, %zu pins",
		   (unsigned long long)counts->dma_refs, m->f->pins);
	UNIT_CHECK(counts->aliases == m->f->nr_aliases, "%llu aliases counted, %zu are",
		   (unsigned long long)counts->aliases, m->f->nr_aliases);
	/* A frame that was given up lost its type, and nobody was told. */
	UNIT_CHECK(counts->tracked >= tracked, "%llu tracked pages counted, %u are",
		   (unsigned long long)counts->tracked, tracked);
}

void gtt_model_step(struct gtt_model *m, const struct gtt_op *op)
{
	struct fake *f = m->f;
	int err = -1;

	switch ((enum kind)(op->kind % OP_KINDS)) {
	case OP_TREE:
	case OP_TREE2:
	case OP_TREE3:
		grow_tree(m, op);
		break;
	case OP_LEAF:
	case OP_LEAF2:
		write_leaf(m, op);
		break;
	case OP_ENTRY:
	case OP_ENTRY2:
		write_entry(m, op);
		break;
	case OP_FILL:
		fill_table(m, op);
		break;
	case OP_GGTT:
	case OP_GGTT2:
		write_ggtt(m, leaves[op->a % ARRAY_SIZE(leaves)] * GTT_ENTRIES + place_at(op->b),
			   ggtt_value(op->c, op->d), 8 >> (op->c >> 4) % 4);
		break;
	case OP_GGTT_FILL:
		fill_ggtt(m, op);
		break;
	case OP_FLUSH:
		f->fail_dma = f->fail_alias = 0;
		m->hurt = false;
		fake_reg_write(f, FLSH_CNTL, 1);
		m->stale_ggtt = f->dma_limit != 0;
		check_ggtt(m, !m->stale_ggtt);
		break;
	case OP_CREATE:
		notify(m, op->a, true);
		break;
	case OP_DESTROY:
		notify(m, op->a, false);
		break;
	case OP_SYNC:
	case OP_SYNC2:
	case OP_SYNC3:
	case OP_SYNC4:
		err = sync_one(m, op->a);
		break;
	case OP_QUIET:
		for (unsigned int i = 0; i < QUIET_SYNCS; i++)
			err = sync_one(m, op->a);
		for (unsigned int i = 0; op->b % 4 == 0 && i < QUIET_SYNCS + 32; i++)
			vgpu_ggtt_commit(f->vgpu);
		break;
	case OP_GIVE_UP:
		give_up(m, op);
		break;
	case OP_POPULATE:
		populate(m);
		break;
	case OP_FAIL:
		inject(m, op);
		break;
	case OP_FENCE:
		fence(m, op);
		break;
	case OP_BAR:
		move_bar(m, op->a);
		break;
	case OP_GAMW:
		fake_reg_write(f, GAMW, op->a & 1 ? 0xf : op->a);
		break;
	case OP_QUOTA:
		vgpu_ppgtt_set_quota(f->vgpu, op->a % 4 ? 1u << op->b % 8 : GTT_QUOTA_DEFAULT);
		break;
	case OP_LIMIT:
		f->dma_limit = op->a % 4 ? 0 : op->d % 4096;
		break;
	case OP_RESTART:
		/* Slow, and much the same each time: do one of four. */
		if (op->d % 4 == 0)
			restart(m);
		break;
	case OP_APERTURE:
		touch_aperture(m, op);
		break;
	case OP_RESET:
		if (op->d % 16)
			break;
		f->fail_track = f->fail_alias = 0;
		intel_gvt_reset_vgpu(f->vgpu);
		UNIT_CHECK(!f->pins && !f->host_pages && !f->nr_aliases, "held after reset");
		fake_place(f);
		fake_log(f);
		break;
	case OP_MMIO:
		write_mmio(m, op);
		break;
	case OP_KINDS:
		break;
	}
	/* The guest's own writes change no shadow. The step after them is checked. */
	if (op->kind % OP_KINDS >= OP_FLUSH)
		check_safe(m);
	if (!err)
		check_same(m, op->a);
	if (op->kind % OP_KINDS >= OP_GIVE_UP)
		check_ggtt(m, false);
	check_counts(m);
}

void gtt_model_end(struct gtt_model *m)
{
	struct fake *f = m->f;

	f->fail_dma = f->fail_alias = f->fail_track = 0;
	f->dma_limit = 0;
	fake_gpu_check(&m->gpu);
	vgpu_gtt_reset(f->vgpu);
	UNIT_CHECK(!f->pins && !f->host_pages && !f->nr_aliases && !f->vgpu->tracked->nr,
		   "%zu pins, %zu host pages, %zu aliases, %zu trackers are left", f->pins,
		   f->host_pages, f->nr_aliases, f->vgpu->tracked->nr);
	while (m->nr_gone)
		populate(m);
	while (m->nr_written)
		memset(f->ram + m->written[--m->nr_written] * GVT_PAGE_SIZE, 0, GVT_PAGE_SIZE);
	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++) {
		UNIT_CHECK(!f->tracked[gfn] || m->lost_track, "page 0x%x is still tracked", gfn);
		f->tracked[gfn] = false;
	}
	m->lost_track = false;
	m->hurt = false;
	memset(f->ram + FIRST_TABLE * GVT_PAGE_SIZE, 0, TABLES * GVT_PAGE_SIZE);
	for (unsigned int n = 0; n < 4; n++)
		fake_reg_write(f, FENCE(n), 0);
	fake_reg_write(f, GAMW, 0);
	vgpu_ppgtt_set_quota(f->vgpu, GTT_QUOTA_DEFAULT);
	move_bar(m, 0);
	/* Frames of a broken large page stay apart. Start anew before frames run out. */
	if (f->next_mfn > FAKE_MFN + FAKE_FRAMES / 2) {
		fake_dma_exit(f);
		fake_dma_init(f);
	}
}

struct gtt_model *gtt_model_new(bool ggtt)
{
	struct gtt_model *m = calloc(1, sizeof(*m));

	m->f = fake_gpu_vgpu(&m->gpu, ggtt);
	m->f->vgpu->gtt->leaf_after = GTT_TRACK_AFTER;
	return m;
}

void gtt_model_free(struct gtt_model *m)
{
	fake_gpu_free(&m->gpu);
	free(m);
}
