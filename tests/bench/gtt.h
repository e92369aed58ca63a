/* SPDX-License-Identifier: MIT */
/* A guest with 1 GiB mapped in pages of 4 KiB, and a hypervisor that costs as little as can be. */
#ifndef TESTS_BENCH_GTT_H
#define TESTS_BENCH_GTT_H

#include "core/base/section.h"
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

#define BENCH_ENTRIES 262144u /* 1 GiB */
#define BENCH_TABLES  512u

/* Guest frames: a root, its directories, the leaves, and from FIRST_DATA on what they map. */
#define FRAME_PML4 1u
#define FRAME_PDP  2u
#define FRAME_PD   3u
#define FRAME_PT   16u
#define FIRST_DATA 2048u
#define BENCH_GFNS (FIRST_DATA + BENCH_ENTRIES)

struct bench {
	struct intel_gvt *gvt;
	struct intel_vgpu *vgpu;
	void *state[INTEL_GVT_SECTIONS];
	u64 *ggtt; /* guest memory behind the GGTT */
	u8 *ram;   /* of the frames below FIRST_DATA */
	struct bench_page {
		u32 mfn, refs;
	} * pages; /* by gfn */
	bool *tracked;
	bool tracked_ggtt[VGPU_GGTT_PAGES];
	u8 *arena; /* host pages, touched once */
	u64 arena_free[8192 / 64];
	u64 hypercalls, traps;
};

#define MFN_BASE 0x100000u

/* Frames are in the reverse order, so that the way back costs no table. */
#define MFN_OF(gfn) (MFN_BASE + BENCH_GFNS - 1 - (gfn))
#define GFN_OF(mfn) (MFN_BASE + BENCH_GFNS - 1 - (mfn))

/** gvtg_build() - the same shadow as GVT-g makes it, entry by entry; @trees: with its caches. */
u64 *gvtg_build(struct bench *b, bool trees);

/** gvtg_destroy() - and its end. */
void gvtg_destroy(struct bench *b, u64 *shadow, bool trees);

#endif
