/* SPDX-License-Identifier: MIT */
/* The software GPU as a device: its engines, and the calls of core/port/gpu.h. */
#include "core/gpu/soft/engine.h"

#include <errno.h>
#include <stdlib.h>

static void destroy(struct gvt_gpu *gpu)
{
	struct softgpu *sg = (struct softgpu *)gpu;

	for (u32 i = 0; i < sg->nr; i++)
		softgpu_engine_stop(&sg->engines[i]);
	free(sg);
}

static const struct gvt_gpu_ops ops = {
	.name = "software",
	.destroy = destroy,
	.space_create = softgpu_space_create,
	.space_destroy = softgpu_space_destroy,
	.ggtt_set = softgpu_ggtt_set,
	.flush = softgpu_flush,
	.reg_read = softgpu_reg_read,
	.reg_write = softgpu_reg_write,
	.regs_clear = softgpu_regs_clear,
	.submit = softgpu_submit,
	.time = softgpu_time,
	.reset = softgpu_reset,
};

/* Takes from the register table how registers take writes, and which are hidden. */
static void note_row(struct softgpu *sg, const struct gvt_reg *row, u32 offset)
{
	u32 count = row->count ? row->count : 1, stride = row->stride ? row->stride : 4;

	for (u32 i = 0; i < count; i++) {
		u32 dword = (offset + i * stride) / 4;

		sg->kinds[dword] = row->kind;
		if (row->flags & GVT_REG_HIDDEN)
			sg->hidden[dword / 64] |= 1ull << dword % 64;
	}
}

static void note_rows(struct softgpu *sg)
{
	static const struct gvt_reg_block *const blocks[] = {
		&gvt_block_gt,
		&gvt_block_engine,
		&gvt_block_oa,
		&gvt_block_uc,
	};

	for (size_t b = 0; b < ARRAY_SIZE(blocks); b++)
		for (size_t i = 0; i < blocks[b]->nr; i++) {
			const struct gvt_reg *row = &blocks[b]->rows[i];

			if (!(row->flags & GVT_REG_ENGINE))
				note_row(sg, row, row->offset);
			for (u32 e = 0; e < GVT_NR_ENGINES && row->flags & GVT_REG_ENGINE; e++)
				note_row(sg, row, gvt_engine_base(e) + row->offset);
		}
	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		sg->kinds[(gvt_engine_base(e) + RING_TIMESTAMP) / 4] = SOFTGPU_LIVE;
		sg->kinds[(gvt_engine_base(e) + RING_TIMESTAMP) / 4 + 1] = SOFTGPU_LIVE;
	}
}

int softgpu_create(struct gvt_gpu **gpu)
{
	struct softgpu *sg = calloc(1, sizeof(*sg));
	int err;

	if (!sg)
		return -ENOMEM;
	sg->gpu.ops = &ops;
	note_rows(sg);
	for (u32 i = 0; i < GVT_NR_ENGINES; i++) {
		sg->engines[i].gpu = sg;
		sg->engines[i].id = i;
		sg->engines[i].base = gvt_engine_base(i);
		err = softgpu_engine_start(&sg->engines[i], softgpu_engine_main);
		if (err) {
			destroy(&sg->gpu);
			return err;
		}
		sg->nr++;
	}
	*gpu = &sg->gpu;
	return 0;
}
