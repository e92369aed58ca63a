/* SPDX-License-Identifier: MIT */
/* Forcewake, fences, resets and the GGTT's flush. */
#include "core/mmio/mmio.h"

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/hw/bits.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define FORCEWAKE_MEDIA	     0xa270
#define FORCEWAKE_RENDER     0xa278
#define FORCEWAKE_ACK_RENDER 0xd84
#define FORCEWAKE_ACK_MEDIA  0xd88
#define FORCEWAKE_ACK_GT     0x130044

/* Nothing sleeps: each bit of a request is acknowledged at once. */
void gvt_forcewake_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 ack = offset == FORCEWAKE_RENDER  ? FORCEWAKE_ACK_RENDER
		  : offset == FORCEWAKE_MEDIA ? FORCEWAKE_ACK_MEDIA
					      : FORCEWAKE_ACK_GT;

	(void)old;
	(void)val;
	gvt_vreg_set(vgpu, ack, gvt_vreg(vgpu, offset));
}

#define GAMW_IPS_64K 0xf /* GAMW_ECO_ENABLE_64K_IPS_FIELD */

void gvt_fence_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val;
	vgpu_aperture_fence(vgpu, (offset - FENCE_REG) / 8);
}

/* A driver writes this register after it has changed the GGTT. */
void gvt_ggtt_flush_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)offset;
	(void)old;
	(void)val;
	vgpu_ggtt_commit(vgpu);
}

void gvt_gamw_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	(void)old;
	(void)val;
	vgpu_ppgtt_ips(vgpu, (gvt_vreg(vgpu, offset) & GAMW_IPS_64K) == GAMW_IPS_64K);
}

#define GDRST_FULL BIT32(0)

/* GDRST's bit for each engine. */
static const u32 gdrst_bit[GVT_NR_ENGINES] = {
	[GVT_RCS0] = BIT32(1),
	[GVT_VCS0] = BIT32(2),
	[GVT_BCS0] = BIT32(3),
	[GVT_VECS0] = BIT32(4),
};

static void reset_row(struct intel_vgpu *vgpu, const struct gvt_reg *row, u32 offset)
{
	u32 stride = row->stride ? row->stride : sizeof(u32);

	for (u32 i = 0; i < (row->count ? row->count : 1u); i++)
		gvt_vreg_set(vgpu, offset + i * stride, row->reset);
}

static void reset_engine(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	const struct gvt_reg *row = gvt_block_engine.rows;

	for (size_t i = 0; i < gvt_block_engine.nr; i++, row++) {
		if (row->flags & GVT_REG_ENGINE)
			reset_row(vgpu, row, gvt_engine_base(engine) + row->offset);
		else if (gvt_engine_of(row->offset) == (int)engine)
			reset_row(vgpu, row, row->offset);
	}
}

/*
 * A full reset also resets the registers of the pipelines (0x5000 to 0x7fff) and of caches and
 * subslices (0xb000 to 0xefff). Those of address translation, fuses, clocks, power management and
 * fences stay: Linux' i915 writes the memory attributes (PAT) only once, and not again after a
 * reset.
 */
static bool lost_on_full_reset(u32 offset)
{
	return offset - 0x5000 < 0x3000 || offset - 0xb000 < 0x4000;
}

void gvt_gdrst_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val)
{
	u32 mask = 0;

	(void)offset;
	(void)old;
	for (int engine = 0; engine < GVT_NR_ENGINES; engine++)
		if (val & (GDRST_FULL | gdrst_bit[engine]))
			mask |= BIT32(engine);
	vgpu_exec_reset(vgpu, mask);
	for (int engine = 0; engine < GVT_NR_ENGINES; engine++)
		if (mask & BIT32(engine))
			reset_engine(vgpu, engine);
	if (val & GDRST_FULL)
		for (size_t i = 0; i < gvt_block_gt.nr; i++)
			if (lost_on_full_reset(gvt_block_gt.rows[i].offset))
				reset_row(vgpu, &gvt_block_gt.rows[i], gvt_block_gt.rows[i].offset);
}
