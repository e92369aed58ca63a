/* SPDX-License-Identifier: MIT */
/*
 * Commands are audited where the guest cannot reach them (scan.h): those of a ring in the copy that
 * goes into the shadow ring, those of privileged batches in copies in the hidden range. An
 * unprivileged batch runs where the guest has it; with audit_user=on, a copy of it is audited.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

#define BATCH_PAGES_MAX 64u
#define LOOK_PAGES_MAX	(GVT_SCAN_DWORDS * 4u / GVT_PAGE_SIZE)

/*
 * Pages of a per-context batch. The engine takes no other context until the batch has run. In i915
 * all batches that run at a restore have one page's length (CTX_WA_BB_SIZE in gt/intel_lrc.c),
 * which may lie across two pages.
 */
#define PER_CTX_PAGES_MAX 2u

static struct hidden *new_batch(struct shadow_ctx *ctx, u64 gma, u32 pages)
{
	struct shadow_batch *batch = vgpu_alloc(ctx->vgpu, sizeof(*batch));

	if (!batch)
		return NULL;
	if (hidden_alloc(ctx->vgpu, pages, pages, &batch->mem)) {
		vgpu_free(ctx->vgpu, batch, sizeof(*batch));
		return NULL;
	}
	batch->from = gma;
	batch->next = ctx->batches;
	ctx->batches = batch;
	ctx->batch_pages += pages;
	ctx->vgpu->exec->counts.batches++;
	if (hidden_enter(ctx->vgpu, &batch->mem, 0, 0, pages))
		return NULL; /* freed with the others */
	return &batch->mem;
}

/*
 * Copies the batch at @gma, of the GGTT or of @mm. Its length follows only from its commands, and
 * only a copy may be looked at: so the copy grows until it contains the end. Returns 0 with @nr
 * dwords at
 * @out, for free(); or a negative errno.
 */
static int read_batch(const struct shadow_ctx *ctx, const struct vgpu_mm *mm, u64 gma,
		      u32 pages_max, u32 **out, u32 *nr)
{
	u32 *dw = NULL, got = 0, at = 0;
	int end = 0, err = 0;

	while (!end && !err) {
		u32 more = (GVT_PAGE_SIZE - (gma + 4ull * got) % GVT_PAGE_SIZE) / sizeof(u32);
		bool fits = got + more <= pages_max * GVT_PAGE_SIZE / sizeof(u32);
		u32 *grown = fits ? realloc(dw, (got + more) * sizeof(u32)) : NULL;

		dw = grown ? grown : dw;
		if (!grown)
			err = fits ? -ENOMEM : -E2BIG;
		else
			err = vgpu_gma_read(ctx->vgpu, mm, gma + 4ull * got, dw + got,
					    more * sizeof(u32));
		got += more;
		if (!err)
			end = gvt_scan_end(ctx->engine, dw, got, &at);
	}
	if (err) {
		free(dw);
		return err;
	}
	*out = dw;
	/* The audit refuses a batch without an end. */
	*nr = end < 0 ? got : at;
	return 0;
}

/*
 * Makes the copy that runs in place of the batch. The copy gets an end behind its last command: if
 * the batch ends by a start of another one, a predicate (MI_SET_PREDICATE) may skip that start.
 */
static int copy_up_to(struct shadow_ctx *ctx, u64 gma, u32 pages_max, struct gvt_scan_copy *copy)
{
	struct hidden *mem;
	u32 *dw, nr;
	int err = read_batch(ctx, NULL, gma, pages_max, &dw, &nr);

	if (err)
		return err;
	mem = new_batch(ctx, gma, nr * sizeof(u32) / GVT_PAGE_SIZE + 1);
	if (mem)
		memcpy(mem->va, dw, nr * sizeof(u32));
	free(dw);
	if (!mem)
		return -ENOMEM;
	*copy = (struct gvt_scan_copy){ .dw = (u32 *)mem->va, .nr = nr, .gma = mem->gma };
	copy->dw[nr] = EXEC_BATCH_END;
	return 0;
}

static int copy_batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	return copy_up_to(priv, gma, BATCH_PAGES_MAX, copy);
}

static int look_at_batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	struct shadow_ctx *ctx = priv;
	const struct vgpu_mm *mm = vgpu_context_mm(ctx);
	u32 *dw, nr;
	int err = mm ? read_batch(ctx, mm, gma, LOOK_PAGES_MAX, &dw, &nr) : -EFAULT;

	if (err)
		return err;
	*copy = (struct gvt_scan_copy){ .dw = dw, .nr = nr };
	return 0;
}

static void looked(void *priv, struct gvt_scan_copy *copy)
{
	(void)priv;
	free(copy->dw);
}

static struct gvt_scan scan_of(struct shadow_ctx *ctx)
{
	return (struct gvt_scan){
		.gvt = ctx->vgpu->gvt,
		.engine = ctx->engine,
		.limit = HIDDEN_BASE,
		.counts = &ctx->vgpu->exec->scan,
		.priv = ctx,
		.batch = copy_batch,
		.user = ctx->vgpu->device->params.audit_user,
		.no_user = ctx->blind,
		.batch_user = look_at_batch,
		.looked = looked,
	};
}

static int verdict(struct shadow_ctx *ctx, int err, const struct gvt_scan_fault *from,
		   struct exec_fault *to)
{
	ctx->vgpu->exec->counts.dwords = ctx->vgpu->exec->scan.dwords;
	if (err)
		*to = (struct exec_fault){
			.refusal = err == -ENOMEM ? EXEC_NO_MEMORY : EXEC_BAD_COMMAND,
			.why = from->why,
			.name = from->name,
			.cmd = from->cmd,
			.addr = from->addr,
			.passed = from->first,
		};
	return err;
}

int vgpu_audit_ring(struct shadow_ctx *ctx, u32 *dw, u32 nr, struct exec_fault *fault)
{
	const struct gvt_scan scan = scan_of(ctx);
	struct gvt_scan_fault found = { .why = "a command that may not run" };

	return verdict(ctx, gvt_scan_ring(&scan, dw, nr, &found), &found, fault);
}

/* Copies and audits a batch that no audited command starts. */
static int audit_copy(struct shadow_ctx *ctx, u64 gma, u32 pages_max, const char *why, u32 *at,
		      int (*audit)(const struct gvt_scan *scan, u32 *dw, u32 nr,
				   struct gvt_scan_fault *fault),
		      struct exec_fault *fault)
{
	const struct gvt_scan scan = scan_of(ctx);
	struct gvt_scan_fault found = { .why = why, .addr = gma };
	struct gvt_scan_copy copy;
	int err = copy_up_to(ctx, gma, pages_max, &copy);

	if (!err)
		err = audit(&scan, copy.dw, copy.nr, &found);
	*at = err ? 0 : copy.gma;
	return verdict(ctx, err, &found, fault);
}

int vgpu_audit_batch(struct shadow_ctx *ctx, u64 gma, u32 level, u32 *at, struct exec_fault *fault)
{
	return audit_copy(ctx, gma, BATCH_PAGES_MAX, "a batch to go on with that cannot be copied",
			  at, level ? gvt_scan_second : gvt_scan_batch, fault);
}

int vgpu_audit_per_ctx(struct shadow_ctx *ctx, u32 gma, u32 *at, struct exec_fault *fault)
{
	return audit_copy(ctx, gma, PER_CTX_PAGES_MAX, "a per-context batch that cannot be copied",
			  at, gvt_scan_per_ctx, fault);
}

int vgpu_audit_indirect(struct shadow_ctx *ctx, u32 gma, u32 bytes, u32 *at,
			struct exec_fault *fault)
{
	const struct gvt_scan scan = scan_of(ctx);
	struct gvt_scan_fault found = { .why = "an indirect-context batch that cannot be copied",
					.addr = gma };
	struct hidden *mem = new_batch(ctx, gma, 1); /* at most 63 lines of 64 bytes */
	int err = mem ? vgpu_gma_read(ctx->vgpu, NULL, gma, mem->va, bytes) : -ENOMEM;

	if (!err)
		err = gvt_scan_indirect(&scan, (u32 *)mem->va, bytes / sizeof(u32), &found);
	*at = err ? 0 : mem->gma;
	return verdict(ctx, err, &found, fault);
}
