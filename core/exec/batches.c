/* SPDX-License-Identifier: MIT */
/*
 * The batches that a context's image names: those that the engine runs at a restore, and those that
 * the context is in the middle of. The image of the shadow names audited copies.
 */
#include "core/exec/image.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

/* The engine's position in a batch, and in a second-level batch, which returns to the first. */
static const struct {
	u16 low, high, state;
} positions[] = {
	{ AT_BB, AT_BB_HIGH, AT_BB_STATE },
	{ AT_SBB, AT_SBB_HIGH, AT_SBB_STATE },
};

void vgpu_batches_free(struct shadow_ctx *ctx)
{
	struct shadow_batch *batch;

	while ((batch = ctx->batches)) {
		ctx->batches = batch->next;
		hidden_free(ctx->vgpu, &batch->mem);
		vgpu_free(ctx->vgpu, batch, sizeof(*batch));
	}
	ctx->batch_pages = 0;
}

/*
 * Replaces the context's positions in privileged batches by positions in audited copies. Positions
 * in batches of the context's own memory, which have no privilege, stay.
 */
static bool lead_batches(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	bool inside = true;

	for (u32 level = 0; level < ARRAY_SIZE(positions); level++) {
		u32 low = image_get(ctx, positions[level].low), copy;
		u64 gma = (low & ~3u) | (u64)image_get(ctx, positions[level].high) << 32;

		inside &= low & BBADDR_VALID;
		if (!inside && low)
			ctx->image[positions[level].low] = 0;
		if (!inside || image_get(ctx, positions[level].state) & BBSTATE_PPGTT)
			continue;
		if (vgpu_audit_batch(ctx, gma, level, &copy, fault))
			return false;
		ctx->image[positions[level].low] = copy | BBADDR_VALID;
	}
	return true;
}

bool vgpu_batches_set(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 per_ctx = image_get(ctx, AT_PER_CTX), indirect = image_get(ctx, AT_INDIRECT), at;

	if (per_ctx & PER_CTX_VALID) {
		if (vgpu_audit_per_ctx(ctx, per_ctx & ~INDIRECT_LINES, &at, fault))
			return false;
		image_own(ctx, AT_PER_CTX, at | PER_CTX_VALID);
	} else {
		image_own(ctx, AT_PER_CTX, 0);
	}
	if (indirect & INDIRECT_LINES) {
		if (vgpu_audit_indirect(ctx, indirect & ~INDIRECT_LINES,
					(indirect & INDIRECT_LINES) * 64, &at, fault))
			return false;
		image_own(ctx, AT_INDIRECT, at | (indirect & INDIRECT_LINES));
	} else {
		image_own(ctx, AT_INDIRECT, 0);
	}
	return lead_batches(ctx, fault);
}

void vgpu_batches_lead_home(const struct shadow_ctx *ctx, u32 *image)
{
	for (u32 level = 0; level < ARRAY_SIZE(positions); level++) {
		u32 *low = &image[positions[level].low];
		const struct shadow_batch *batch = ctx->batches;

		if (!image_has(ctx, image, positions[level].low) || !(*low & BBADDR_VALID) ||
		    (image_has(ctx, image, positions[level].state) &&
		     image[positions[level].state] & BBSTATE_PPGTT))
			continue;
		while (batch && *low - batch->mem.gma >= batch->mem.pages * GVT_PAGE_SIZE)
			batch = batch->next;
		*low = batch ? *low - batch->mem.gma + batch->from : 0;
	}
}
