/* SPDX-License-Identifier: MIT */
/* What the GPU is told of a vGPU's registers. */
#include "core/regs/told.h"

#include "core/regs/rule.h"
#include "core/vgpu.h"

void gvt_told_set(struct intel_vgpu *vgpu, u32 offset, u32 val)
{
	const struct gvt_reg *row = intel_gvt_reg(vgpu->gvt, offset);
	const struct gvt_gpu_ops *ops = vgpu->gvt->gpu->ops;

	/*
	 * The GPU is not told of registers without a row. Bits that are cleared by writing ones are
	 * events, which the core itself keeps.
	 */
	if (!vgpu->space || !row || row->flags & GVT_REG_GPU || row->kind == GVT_REG_W1C)
		return;
	val = gvt_reg_told(vgpu->gvt, offset, val);
	if (row->kind == GVT_REG_MASKED)
		val |= 0xffff0000;
	/* A register that was always zero costs no memory in the GPU's space. */
	if (val || ops->reg_read(vgpu->space, offset))
		ops->reg_write(vgpu->space, offset, val);
}

void gvt_told_reset_engine(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	const struct gvt_gpu_ops *ops = vgpu->gvt->gpu->ops;

	for (size_t i = 0; i < gvt_block_engine.nr; i++) {
		const struct gvt_reg *row = &gvt_block_engine.rows[i];
		u32 at = gvt_engine_base(engine) + row->offset;

		if (!(row->flags & GVT_REG_GPU) || !(row->flags & GVT_REG_ENGINE))
			continue;
		for (u32 n = 0; n < (row->count ? row->count : 1u); n++)
			ops->reg_write(vgpu->space, at + 4 * n, row->reset);
	}
}

void gvt_told_reset(struct intel_vgpu *vgpu)
{
	if (!vgpu->space)
		return;
	vgpu->gvt->gpu->ops->regs_clear(vgpu->space);
	for (int nr = 0; nr < GVT_NR_ENGINES; nr++)
		gvt_told_reset_engine(vgpu, nr);
}
