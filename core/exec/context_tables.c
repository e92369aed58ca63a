/* SPDX-License-Identifier: MIT */
/* A context's page tables: the guest's are pinned and shadowed, and the image names the shadows. */
#include <errno.h>

#include "core/exec/image.h"
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

#define DESC_MODE_SHIFT 3
#define DESC_MODE_32BIT 1u /* INTEL_LEGACY_32B_CONTEXT of i915 */
#define DESC_MODE_64BIT 3u

struct vgpu_mm *vgpu_context_mm(const struct shadow_ctx *ctx)
{
	return ctx->levels ? vgpu_ppgtt_find(ctx->vgpu, ctx->pdp, ctx->levels) : NULL;
}

void vgpu_tables_unpin(struct shadow_ctx *ctx)
{
	struct vgpu_mm *mm = vgpu_context_mm(ctx);

	if (mm && mm->pins)
		mm->pins--;
	ctx->levels = 0;
}

bool vgpu_tables_sync(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	struct vgpu_mm *mm = vgpu_context_mm(ctx);
	int err = mm ? vgpu_ppgtt_sync(ctx->vgpu, mm) : -ENOENT;

	if (!err)
		return true;
	return vgpu_refuse(fault,
			   err == -ENOMEM || err == -ENOSPC ? EXEC_NO_MEMORY : EXEC_BAD_PPGTT,
			   "page tables that cannot be followed", ctx->pdp[0]);
}

/* i915_pvinfo.h, enum vgt_g2v_type. */
#define G2V_L3_CREATE 2u
#define G2V_L4_CREATE 4u

/* Announces the guest's tables if the guest has not, and pins and syncs them. NULL with @fault. */
static struct vgpu_mm *get_tables(struct shadow_ctx *ctx, u32 levels, struct exec_fault *fault)
{
	struct vgpu_mm *mm;

	for (u32 i = 0; i < 4; i++) {
		u64 pdp = ctx->image[AT_PDP_LOW(i)] | (u64)ctx->image[AT_PDP_HIGH(i)] << 32;

		ctx->pdp[i] = i == 0 || levels == 3 ? pdp : 0;
	}
	ctx->levels = levels;
	if (!vgpu_context_mm(ctx))
		vgpu_ppgtt_notify(ctx->vgpu, levels == 4 ? G2V_L4_CREATE : G2V_L3_CREATE, ctx->pdp);
	mm = vgpu_context_mm(ctx);
	if (!mm) {
		ctx->levels = 0;
		vgpu_refuse(fault, EXEC_BAD_PPGTT, "more address spaces than there may be",
			    ctx->pdp[0]);
		return NULL;
	}
	mm->pins++;
	return vgpu_tables_sync(ctx, fault) ? mm : NULL;
}

bool vgpu_tables_set(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 mode = ctx->guest_desc >> DESC_MODE_SHIFT & 3;
	u32 levels = mode == DESC_MODE_64BIT ? 4 : mode == DESC_MODE_32BIT ? 3 : 0;
	struct vgpu_mm *mm = NULL;

	if (!levels)
		return vgpu_refuse(fault, EXEC_BAD_DESC, "an addressing mode that is not supported",
				   ctx->lrca);
	if (!ctx->blind) {
		mm = get_tables(ctx, levels, fault);
		if (!mm)
			return false;
	}
	for (u32 i = 0; i < 4; i++) {
		u64 root = mm ? vgpu_ppgtt_root(ctx->vgpu, mm, i)
			      : vgpu_ppgtt_nowhere(ctx->vgpu, levels);

		root = i == 0 || levels == 3 ? root : 0;
		image_own(ctx, AT_PDP_LOW(i), root);
		image_own(ctx, AT_PDP_HIGH(i), root >> 32);
	}
	return true;
}
