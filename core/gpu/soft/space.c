/* SPDX-License-Identifier: MIT */
/*
 * Spaces. A space's GGTT is kept in runs of 512 entries; a run takes no memory while its entries
 * are all alike. Registers are kept in pages, which take no memory while they are zero. One thread
 * writes a GGTT, while engines read it. All threads write registers.
 */
#include "core/gpu/soft/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *take(struct gvt_gpu_space *space, size_t size)
{
	const struct gvt_gpu_space_config *config = &space->config;
	void *p;

	if (config->charge && config->charge(config->priv, (s64)size))
		return NULL;
	p = calloc(1, size);
	if (!p && config->charge)
		config->charge(config->priv, -(s64)size);
	return p;
}

static void give_back(struct gvt_gpu_space *space, void *p, size_t size)
{
	if (p && space->config.charge)
		space->config.charge(space->config.priv, -(s64)size);
	free(p);
}

static void free_retired(struct gvt_gpu_space *space)
{
	while (space->retired) {
		struct softgpu_leaf *leaf = space->retired;

		space->retired = leaf->next;
		give_back(space, leaf, sizeof(*leaf));
	}
}

int softgpu_space_create(struct gvt_gpu *gpu, const struct gvt_gpu_space_config *config,
			 struct gvt_gpu_space **out)
{
	struct gvt_gpu_space *space = calloc(1, sizeof(*space));

	if (!space)
		return -ENOMEM;
	space->gpu = (struct softgpu *)gpu;
	space->config = *config;
	*out = space;
	return 0;
}

void softgpu_space_destroy(struct gvt_gpu_space *space)
{
	if (!space)
		return;
	free_retired(space);
	for (u32 i = 0; i < SPACE_RUNS; i++)
		give_back(space, space->ggtt[i].leaf, sizeof(struct softgpu_leaf));
	for (u32 i = 0; i < GVT_MMIO_PAGES; i++)
		give_back(space, space->regs[i], GVT_PAGE_SIZE);
	free(space);
}

u64 softgpu_ggtt_entry(const struct gvt_gpu_space *space, u32 i)
{
	const struct softgpu_ggtt_run *run = &space->ggtt[i / SPACE_RUN_ENTRIES];
	const struct softgpu_leaf *leaf = __atomic_load_n(&run->leaf, __ATOMIC_ACQUIRE);

	return __atomic_load_n(leaf ? &leaf->entries[i % SPACE_RUN_ENTRIES] : &run->fill,
			       __ATOMIC_ACQUIRE);
}

/* The leaf of a run, made from .fill if there is none. */
static struct softgpu_leaf *leaf_of(struct gvt_gpu_space *space, struct softgpu_ggtt_run *run)
{
	struct softgpu_leaf *leaf = run->leaf;

	if (leaf)
		return leaf;
	leaf = take(space, sizeof(*leaf));
	if (!leaf)
		return NULL;
	for (u32 i = 0; i < SPACE_RUN_ENTRIES; i++)
		leaf->entries[i] = run->fill;
	__atomic_store_n(&run->leaf, leaf, __ATOMIC_RELEASE);
	return leaf;
}

static void make_uniform(struct gvt_gpu_space *space, struct softgpu_ggtt_run *run, u64 fill)
{
	struct softgpu_leaf *leaf = run->leaf;

	__atomic_store_n(&run->fill, fill, __ATOMIC_RELEASE);
	__atomic_store_n(&run->leaf, NULL, __ATOMIC_RELEASE);
	if (leaf) {
		leaf->next = space->retired;
		space->retired = leaf;
	}
}

static void engines_flush(struct gvt_gpu_space *space, bool wait)
{
	for (u32 i = 0; i < space->gpu->nr; i++)
		softgpu_engine_flush(&space->gpu->engines[i], space, wait);
}

int softgpu_ggtt_set(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries, u64 fill)
{
	int err = 0;

	for (u32 done = 0, n; done < nr; done += n) {
		u32 i = (first + done) % SPACE_RUN_ENTRIES;
		struct softgpu_ggtt_run *run = &space->ggtt[(first + done) / SPACE_RUN_ENTRIES];
		struct softgpu_leaf *leaf;

		n = SPACE_RUN_ENTRIES - i < nr - done ? SPACE_RUN_ENTRIES - i : nr - done;
		if (!entries && (n == SPACE_RUN_ENTRIES || (!run->leaf && run->fill == fill))) {
			make_uniform(space, run, fill);
			continue;
		}
		leaf = leaf_of(space, run);
		if (!leaf) {
			err = -ENOMEM;
			break;
		}
		for (u32 k = 0; k < n; k++)
			__atomic_store_n(&leaf->entries[i + k], entries ? entries[done + k] : fill,
					 __ATOMIC_RELEASE);
	}
	/* As on silicon, the engines see new entries soon, and after flush() for certain. */
	engines_flush(space, false);
	return err;
}

void softgpu_flush(struct gvt_gpu_space *space)
{
	engines_flush(space, true);
	free_retired(space);
}

/* ---- registers ---- */

u32 *softgpu_regs_page(struct gvt_gpu_space *space, u32 offset)
{
	u32 **slot = &space->regs[offset / GVT_PAGE_SIZE];
	u32 *page = __atomic_load_n(slot, __ATOMIC_ACQUIRE), *fresh;

	if (page)
		return page;
	fresh = take(space, GVT_PAGE_SIZE);
	if (!fresh)
		return NULL;
	if (__atomic_compare_exchange_n(slot, &page, fresh, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return fresh;
	give_back(space, fresh, GVT_PAGE_SIZE);
	return page;
}

static u32 reg_get(struct gvt_gpu_space *space, u32 offset)
{
	const u32 *page = __atomic_load_n(&space->regs[offset / GVT_PAGE_SIZE], __ATOMIC_ACQUIRE);

	return page ? __atomic_load_n(&page[offset % GVT_PAGE_SIZE / 4], __ATOMIC_RELAXED) : 0;
}

void softgpu_reg_put(struct gvt_gpu_space *space, u32 offset, u32 val)
{
	u32 *page = softgpu_regs_page(space, offset);

	if (page)
		__atomic_store_n(&page[offset % GVT_PAGE_SIZE / 4], val, __ATOMIC_RELAXED);
}

u64 softgpu_timestamp(void)
{
	return clock_ticks(clock_now_ns()) & ((1ull << 36) - 1);
}

u32 softgpu_reg_read(struct gvt_gpu_space *space, u32 offset)
{
	offset &= ~3u;
	if (offset >= GVT_MMIO_SIZE)
		return 0;
	if (space->gpu->kinds[offset / 4] != SOFTGPU_LIVE)
		return reg_get(space, offset);
	/* The upper half of the timestamp is behind the lower. */
	return (u32)(softgpu_timestamp() >> (offset % 8 == RING_TIMESTAMP % 8 ? 0 : 32));
}

void softgpu_reg_write(struct gvt_gpu_space *space, u32 offset, u32 val)
{
	offset &= ~3u;
	if (offset >= GVT_MMIO_SIZE)
		return;
	switch (space->gpu->kinds[offset / 4]) {
	case SOFTGPU_LIVE:
		return;
	case GVT_REG_MASKED:
		val = (reg_get(space, offset) & ~(val >> 16) & 0xffff) | (val & val >> 16);
		break;
	case GVT_REG_W1C:
		val = reg_get(space, offset) & ~val;
		break;
	default:
		break;
	}
	softgpu_reg_put(space, offset, val);
}

void softgpu_regs_clear(struct gvt_gpu_space *space)
{
	for (u32 i = 0; i < GVT_MMIO_PAGES; i++)
		if (space->regs[i])
			memset(space->regs[i], 0, GVT_PAGE_SIZE);
}
