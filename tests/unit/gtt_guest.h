/* SPDX-License-Identifier: MIT */
/* A guest with one PPGTT, for tests that look at a table at a time. */
#ifndef TESTS_UNIT_GTT_GUEST_H
#define TESTS_UNIT_GTT_GUEST_H

#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/gtt_walk.h"
#include "tests/unit/unit.h"

/*
 * Frames of its tables, a root and one of each kind below entry 0, and of the pages that they map.
 */
#define PML4  16u
#define PDP   17u
#define PD    18u
#define PT    19u
#define PT2   20u
#define PAGES 1024u /* large pages fit in */

#define GAMW 0x4080u

static inline void guest_entry(struct fake *f, u32 frame, u32 i, u64 entry)
{
	u64 gpa = frame * GVT_PAGE_SIZE + 8ull * i;

	if (f->tracked[frame])
		fake_write(f, gpa, 8, entry);
	else
		memcpy(f->ram + gpa, &entry, 8);
}

static inline u64 guest_table(u32 frame)
{
	return (u64)frame << GVT_PAGE_SHIFT | 3;
}

static inline void guest_notify(struct fake *f, u32 code)
{
	fake_write(f, FAKE_BAR0 + 0x78838, 8, PML4 << GVT_PAGE_SHIFT);
	fake_reg_write(f, 0x78818, code);
}

static inline struct vgpu_mm *guest_mm(struct fake *f)
{
	const u64 pdp[4] = { PML4 << GVT_PAGE_SHIFT };

	return vgpu_ppgtt_find(f->vgpu, pdp, 4);
}

static inline int guest_sync(struct fake *f)
{
	return vgpu_ppgtt_sync(f->vgpu, guest_mm(f));
}

/*
 * Makes a PPGTT of four levels, whose leaf is full of pages in order; it is announced, but not
 * shadowed. An unchanged leaf is tracked as soon as a directory.
 */
static inline struct fake *guest_of(struct fake *f)
{
	f->vgpu->gtt->leaf_after = GTT_TRACK_AFTER;
	guest_entry(f, PML4, 0, guest_table(PDP));
	guest_entry(f, PDP, 0, guest_table(PD));
	guest_entry(f, PD, 0, guest_table(PT));
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		guest_entry(f, PT, i, guest_table(PAGES + i));
	guest_notify(f, 4);
	return f;
}

static inline struct fake *guest_new(void)
{
	return guest_of(fake_vgpu());
}

/* The bus page that the GPU reaches at @addr. */
static inline u64 guest_gpu(struct fake *f, u64 addr)
{
	return gtt_walk_gpu(f, vgpu_ppgtt_root(f->vgpu, guest_mm(f), 0), GTT_PML4, addr);
}

static inline u64 guest_bus(struct fake *f, u32 gfn)
{
	return f->mfn[gfn] << GVT_PAGE_SHIFT;
}

#endif
