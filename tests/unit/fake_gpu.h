/* SPDX-License-Identifier: MIT */
/*
 * A GPU that executes nothing and checks: its GGTT must equal the vGPU's shadow, and nothing may be
 * given back that it can still reach. If not, the test ends at once.
 */
#ifndef TESTS_UNIT_FAKE_GPU_H
#define TESTS_UNIT_FAKE_GPU_H

#include "core/port/gpu.h"
#include "tests/unit/fake_mpt.h"

struct gvt_gpu_space {
	struct fake_gpu *gpu;
	struct {
		u64 fill;
		u64 *own; /* NULL: all entries are .fill */
	} run[VGPU_GGTT_PAGES];
	u32 refs[FAKE_FRAMES]; /* entries that lead to each frame of the guest's */
};

struct fake_gpu {
	struct gvt_gpu gpu;
	struct fake *f;
	struct gvt_gpu_space *space;
	bool ours; /* the space is ours; no other may be made */
	u64 sets, flushes;
	u32 fail_sets; /* the next so many calls that need memory fail */
	u64 dma_calls; /* the fake's at the last flush; unchanged: nothing was mapped since */
	bool clean;    /* no entry was set since */
	/* Unless NULL, called by each flush. Until then the GPU may use what it has cached. */
	void (*on_flush)(struct fake_gpu *gpu);
};

/** fake_gpu_vgpu() - an active vGPU with a space on @gpu. @ggtt: its GGTT is guest memory. */
struct fake *fake_gpu_vgpu(struct fake_gpu *gpu, bool ggtt);

/** fake_gpu_detach() - free its space, before the vGPU is freed. */
void fake_gpu_detach(struct fake_gpu *gpu);

/** fake_gpu_attach() - give a space to the fake's new vGPU. */
void fake_gpu_attach(struct fake_gpu *gpu);

/** fake_gpu_free() - free GPU and fake. */
void fake_gpu_free(struct fake_gpu *gpu);

/** fake_gpu_entry() - entry @page of the space's GGTT. */
u64 fake_gpu_entry(const struct fake_gpu *gpu, u32 page);

/** fake_gpu_check() - check that its GGTT equals the shadow, or is empty if there is none. */
void fake_gpu_check(const struct fake_gpu *gpu);

#endif
