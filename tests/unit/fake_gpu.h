/* SPDX-License-Identifier: MIT */
/*
 * A GPU that executes nothing, and watches: its GGTT must be the vGPU's shadow, and nothing may be
 * given back that it can still reach. It ends the test at once where that is broken.
 */
#ifndef TESTS_UNIT_FAKE_GPU_H
#define TESTS_UNIT_FAKE_GPU_H

#include "core/port/gpu.h"
#include "tests/unit/fake_mpt.h"

struct gvt_gpu_space {
	struct fake_gpu *gpu;
	struct {
		u64 fill;
		u64 *own; /* NULL: all are .fill */
	} run[VGPU_GGTT_PAGES];
	u32 refs[FAKE_FRAMES]; /* entries that lead to a frame of the guest's */
};

struct fake_gpu {
	struct gvt_gpu gpu;
	struct fake *f;
	struct gvt_gpu_space *space;
	bool ours; /* the space, and none that the core made */
	u64 sets, flushes;
	u32 fail_sets; /* the next so many that need memory have none */
	u64 dma_calls; /* of the fake's, at the last flush: nothing was mapped since */
	bool clean;    /* no entry was set since */
	/* Unless NULL, called by each flush: what the GPU still has cached, it may use until then.
	 */
	void (*on_flush)(struct fake_gpu *gpu);
};

/** fake_gpu_vgpu() - an active vGPU with a space on @gpu. @ggtt: its GGTT is guest memory. */
struct fake *fake_gpu_vgpu(struct fake_gpu *gpu, bool ggtt);

/** fake_gpu_detach() - the vGPU goes next: its space first. */
void fake_gpu_detach(struct fake_gpu *gpu);

/** fake_gpu_attach() - another vGPU of the fake's is there: give it a space. */
void fake_gpu_attach(struct fake_gpu *gpu);

/** fake_gpu_free() - both. */
void fake_gpu_free(struct fake_gpu *gpu);

/** fake_gpu_entry() - of the space's GGTT. */
u64 fake_gpu_entry(const struct fake_gpu *gpu, u32 page);

/** fake_gpu_check() - its GGTT is the shadow, entry by entry; before there is one, nothing. */
void fake_gpu_check(const struct fake_gpu *gpu);

#endif
