/* SPDX-License-Identifier: MIT */
/*
 * A shadow context's ring: the guest's commands between head and tail are read once, audited, and
 * put where the GPU finds them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/exec/exec.h"
#include "core/exec/image.h"
#include "core/gtt/gtt.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

static u32 *scratch(struct intel_vgpu *vgpu, size_t bytes)
{
	struct vgpu_exec *exec = vgpu->exec;

	if (exec->scratch_size < bytes) {
		vgpu_free(vgpu, exec->scratch, exec->scratch_size);
		exec->scratch = vgpu_alloc(vgpu, bytes);
		exec->scratch_size = exec->scratch ? bytes : 0;
	}
	return exec->scratch;
}

/*
 * The commands before one that may not run are executed. So the driver sees which of its requests
 * it was, as if the GPU itself could not go on there; otherwise i915 would submit it again and
 * again. For the same reason a context whose page tables cannot be shadowed runs up to the batch
 * that needs them. Returns how many bytes of @copy may run.
 */
static u32 stop_before(struct shadow_ctx *ctx, u32 from, u32 *copy, const struct exec_fault *fault)
{
	u32 len = fault->passed;

	/* Tails are qword aligned. */
	if ((from + len) % 8) {
		copy[len / sizeof(u32)] = 0; /* MI_NOOP */
		len += sizeof(u32);
	}
	ctx->stops = true;
	if (!ctx->blind)
		ctx->fault = *fault;
	ctx->run.tail = (from + len) & (ctx->ring_size - 1);
	image_own(ctx, AT_TAIL, ctx->run.tail);
	return len;
}

/*
 * True if the @nr dwords at @dw, where the audit stopped, begin with a command that loads page
 * tables and nothing else: Linux up to 5.12 emits one into the ring of a context that is given
 * another address space (emit_ppgtt_update()). Notes the page tables, and the head behind the
 * command.
 */
static bool moves_at(struct shadow_ctx *ctx, u32 at, const u32 *dw, u32 nr)
{
	u32 pdp = gvt_engine_base(ctx->engine) + RING_PDP, len;

	if (!nr || !MI_LRI(dw[0]) || dw[0] & MI_LRI_KEEPS_BYTES)
		return false;
	len = (dw[0] & MI_LRI_LENGTH) + 2;
	if (len > nr || len % 2 == 0)
		return false;
	memcpy(ctx->move.pdp, ctx->pdp, sizeof(ctx->pdp));
	for (u32 i = 1; i < len; i += 2) {
		u32 n = ((dw[i] & GVT_CMD_REG_MASK) - pdp) / sizeof(u32);
		u64 *to = &ctx->move.pdp[n / 2 % 4];

		if (n >= 2 * ARRAY_SIZE(ctx->pdp))
			return false;
		*to = n % 2 ? (u32)*to | (u64)dw[i + 1] << 32 : *to >> 32 << 32 | dw[i + 1];
	}
	ctx->move.head = (at + len * sizeof(u32)) & (ctx->ring_size - 1);
	return true;
}

int vgpu_context_move(struct shadow_ctx *ctx)
{
	u64 image = vgpu_gma_to_gpa(ctx->vgpu, ctx->lrca + GVT_PAGE_SIZE);
	int err = image == ~0ull ? -EFAULT : 0;

	for (u32 i = 0; !err && i < 2 * ARRAY_SIZE(ctx->move.pdp); i++) {
		u32 half = ctx->move.pdp[i / 2] >> (i % 2 ? 32 : 0);

		err = intel_gvt_hypervisor_write_gpa(
			ctx->vgpu,
			image + (i % 2 ? AT_PDP_HIGH(i / 2) : AT_PDP_LOW(i / 2)) * sizeof(u32),
			&half, sizeof(half));
	}
	if (!err)
		err = intel_gvt_hypervisor_write_gpa(ctx->vgpu, image + AT_HEAD * sizeof(u32),
						     &ctx->move.head, sizeof(u32));
	return err;
}

/* Reads [from, to) of the guest's ring once, audits it, and copies it to the shadow ring. */
static bool take(struct shadow_ctx *ctx, u32 from, u32 to, struct exec_fault *fault)
{
	u32 len = (to - from) & (ctx->ring_size - 1), first = ctx->ring_size - from;
	u8 *ring = (u8 *)ctx->ring;
	u32 *copy;

	if (!len)
		return true;
	first = first < len ? first : len;
	copy = scratch(ctx->vgpu, len);
	if (!copy)
		return vgpu_refuse(fault, EXEC_NO_MEMORY, "no memory for its commands", ctx->lrca);
	if (vgpu_gma_read(ctx->vgpu, NULL, ctx->ring_start + from, copy, first) ||
	    vgpu_gma_read(ctx->vgpu, NULL, ctx->ring_start, (u8 *)copy + first, len - first))
		return vgpu_refuse(fault, EXEC_BAD_RING, "a ring outside the guest's memory",
				   ctx->ring_start);
	if (vgpu_audit_ring(ctx, copy, len / sizeof(u32), fault)) {
		if (ctx->loaded || fault->refusal != EXEC_BAD_COMMAND)
			return false;
		ctx->moves = moves_at(ctx, from + fault->passed, copy + fault->passed / sizeof(u32),
				      (len - fault->passed) / sizeof(u32));
		len = stop_before(ctx, from, copy, fault);
		first = first < len ? first : len;
	}
	memcpy(ring + from, copy, first);
	memcpy(ring, (u8 *)copy + first, len - first);
	ctx->appended += len;
	return true;
}

/* Allocates memory for an image and a ring of @size bytes, unless @ctx has it. */
static bool get_memory(struct shadow_ctx *ctx, u32 size, struct exec_fault *fault)
{
	u32 image = vgpu_image_pages(ctx->engine), ring = size >> GVT_PAGE_SHIFT;

	if (ctx->mem.pages && ctx->ring_size == size)
		return true;
	hidden_free(ctx->vgpu, &ctx->mem);
	memset(ctx->entries, 0, sizeof(ctx->entries));
	ctx->ring_size = 0;
	ctx->regs = ctx->ring = NULL;
	if (hidden_alloc(ctx->vgpu, image + ring, 1 + ring, &ctx->mem) ||
	    hidden_enter(ctx->vgpu, &ctx->mem, 1, 0, 1) ||
	    hidden_enter(ctx->vgpu, &ctx->mem, image, 1, ring)) {
		hidden_free(ctx->vgpu, &ctx->mem);
		return vgpu_refuse(fault, EXEC_NO_MEMORY, "no memory for a shadow", ctx->lrca);
	}
	ctx->ring_size = size;
	ctx->regs = (u32 *)ctx->mem.va;
	ctx->ring = (u32 *)(ctx->mem.va + GVT_PAGE_SIZE);
	return true;
}

bool vgpu_ring_load(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 start = ctx->image[AT_START], ctl = ctx->image[AT_CTL];
	u32 head = ctx->image[AT_HEAD] & RING_HEAD_OFFSET;
	u32 tail = ctx->image[AT_TAIL] & RING_TAIL_OFFSET;
	u32 size = (ctl & RING_CTL_PAGES) + GVT_PAGE_SIZE;

	/* As in i915, a ring's size is a power of two, so that a mask wraps offsets. */
	if (!(ctl & RING_CTL_VALID) || size & (size - 1) || start % GVT_PAGE_SIZE ||
	    (u64)start + size > HIDDEN_BASE || head >= size || tail >= size)
		return vgpu_refuse(fault, EXEC_BAD_RING, "a ring without a valid place or size",
				   start);
	if (!get_memory(ctx, size, fault))
		return false;
	ctx->ring_start = start;
	ctx->appended = 0;
	image_own(ctx, AT_START, ctx->mem.gma + vgpu_image_pages(ctx->engine) * GVT_PAGE_SIZE);
	image_own(ctx, AT_TAIL, tail);
	ctx->image[AT_HEAD] = head;
	ctx->run.tail = tail;
	return take(ctx, head, tail, fault);
}

bool vgpu_ring_take(struct shadow_ctx *ctx, u32 to, struct exec_fault *fault)
{
	return take(ctx, ctx->run.tail, to, fault);
}
