/* SPDX-License-Identifier: MIT */
/*
 * An engine that is only memory, for the blitter alone: pages by graphics address. Each page is an
 * allocation of its own, and moves at every softgpu_point().
 */
#ifndef TESTS_UNIT_BLT_RIG_H
#define TESTS_UNIT_BLT_RIG_H

#include "core/gpu/soft/softgpu.h"
#include "tests/unit/unit.h"

#define RIG_BASE  0x123456000000ull /* graphics address of the first page */
#define RIG_PAGES 640u

struct softgpu_engine {
	u8 *page[RIG_PAGES];
	bool read_only[RIG_PAGES];
	bool missing[RIG_PAGES];
	u8 nowhere[GVT_PAGE_SIZE]; /* receives writes to read-only pages */
	u32 setup[SOFTGPU_SETUP_DWORDS];
	u32 swctrl;
	u64 gives_way; /* seed for when softgpu_wanted() is true; 0: never */
	u32 progress;
	u32 points;	 /* how often softgpu_point() was called */
	u32 stops_at;	 /* the point that returns false; 0: none */
	u32 looks;	 /* how often softgpu_at() was called */
	u32 first_write; /* pages that were asked for, for writing: [first, last] */
	u32 last_write;
	u64 fault; /* address; ~0: none */
};

/** rig_start() - make one: all pages are present and filled with noise of @seed. */
struct softgpu_engine *rig_start(u64 seed);

/** rig_end() - free it. */
void rig_end(struct softgpu_engine *e);

/** rig_addr() - graphics address of byte @offset. */
static inline u64 rig_addr(u64 offset)
{
	return RIG_BASE + offset;
}

/** rig_byte() - the byte at graphics address @addr. */
u8 *rig_byte(struct softgpu_engine *e, u64 addr);

/** rig_u32() - the dword at @addr, which may be on two pages. */
u32 rig_u32(struct softgpu_engine *e, u64 addr);

/** rig_save() - copy all memory to @copy, RIG_PAGES pages. */
void rig_save(struct softgpu_engine *e, u8 *copy);

/** rig_same() - offset of the first byte that differs from @copy; ~0: none does. */
u64 rig_same(struct softgpu_engine *e, const u8 *copy);

#endif
