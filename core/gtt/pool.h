/* SPDX-License-Identifier: MIT */
/* Host pages that the GPU can read, handed out one by one from blocks of the back end's. */
#ifndef CORE_GTT_POOL_H
#define CORE_GTT_POOL_H

#include "core/base/types.h"

struct intel_vgpu;

#define GTT_POOL_BLOCK 64u /* pages taken from the back end at once */

/* One page: its address for us and for the GPU. */
struct gtt_page {
	u64 *va;
	u64 bus;
	struct gtt_block *block;
};

struct gtt_pool {
	struct gtt_block *blocks;
	u32 used, pages; /* pages handed out; pages from the back end */
};

/** gtt_pool_get() - a page of unspecified content. Returns 0 or -ENOMEM. */
int gtt_pool_get(struct intel_vgpu *vgpu, struct gtt_pool *pool, struct gtt_page *page);

/** gtt_pool_put() - give it back; a block without used pages goes back to the back end. */
void gtt_pool_put(struct intel_vgpu *vgpu, struct gtt_pool *pool, struct gtt_page *page);

#endif
