/* SPDX-License-Identifier: MIT */
#include "core/gtt/pool.h"

#include <errno.h>

#include "core/hw/format.h"
#include "core/vgpu.h"

/* In the pool's list while it has a free page. */
struct gtt_block {
	struct gtt_block *next, *prev;
	u8 *va;
	u64 free; /* a bit for each page */
	u32 used;
	u64 bus[GTT_POOL_BLOCK];
};

static void push(struct gtt_pool *pool, struct gtt_block *block)
{
	block->prev = NULL;
	block->next = pool->blocks;
	if (block->next)
		block->next->prev = block;
	pool->blocks = block;
}

static void unlink_block(struct gtt_pool *pool, struct gtt_block *block)
{
	if (block->prev)
		block->prev->next = block->next;
	else if (pool->blocks == block)
		pool->blocks = block->next;
	if (block->next)
		block->next->prev = block->prev;
	block->next = block->prev = NULL;
}

static void free_block(struct intel_vgpu *vgpu, struct gtt_pool *pool, struct gtt_block *block)
{
	intel_gvt_hypervisor_free_host_pages(vgpu, block->va, GTT_POOL_BLOCK);
	pool->pages -= GTT_POOL_BLOCK;
	vgpu_free(vgpu, block, sizeof(*block));
}

static struct gtt_block *new_block(struct intel_vgpu *vgpu, struct gtt_pool *pool)
{
	struct gtt_block *block = vgpu_alloc(vgpu, sizeof(*block));

	if (!block)
		return NULL;
	block->va = intel_gvt_hypervisor_alloc_host_pages(vgpu, GTT_POOL_BLOCK);
	if (!block->va) {
		vgpu_free(vgpu, block, sizeof(*block));
		return NULL;
	}
	pool->pages += GTT_POOL_BLOCK;
	for (unsigned int i = 0; i < GTT_POOL_BLOCK; i++) {
		u64 mfn = intel_gvt_hypervisor_virt_to_mfn(vgpu, block->va + i * GVT_PAGE_SIZE);

		block->bus[i] = mfn << GVT_PAGE_SHIFT;
		if (mfn != INTEL_GVT_INVALID_ADDR &&
		    gtt_reaches(vgpu->gvt->gtt_format, block->bus[i]))
			block->free |= 1ull << i;
	}
	if (!block->free) {
		free_block(vgpu, pool, block);
		return NULL;
	}
	push(pool, block);
	return block;
}

int gtt_pool_get(struct intel_vgpu *vgpu, struct gtt_pool *pool, struct gtt_page *page)
{
	struct gtt_block *block = pool->blocks ? pool->blocks : new_block(vgpu, pool);
	unsigned int i;

	if (!block)
		return -ENOMEM;
	i = __builtin_ctzll(block->free);
	block->free &= ~(1ull << i);
	if (!block->free)
		unlink_block(pool, block);
	*page = (struct gtt_page){
		.va = (u64 *)(block->va + i * GVT_PAGE_SIZE),
		.bus = block->bus[i],
		.block = block,
	};
	block->used++;
	pool->used++;
	return 0;
}

void gtt_pool_put(struct intel_vgpu *vgpu, struct gtt_pool *pool, struct gtt_page *page)
{
	struct gtt_block *block = page->block;

	if (!block)
		return;
	if (!block->free)
		push(pool, block);
	block->free |= 1ull << (((u8 *)page->va - block->va) >> GVT_PAGE_SHIFT);
	pool->used--;
	if (!--block->used) {
		unlink_block(pool, block);
		free_block(vgpu, pool, block);
	}
	*page = (struct gtt_page){ 0 };
}
