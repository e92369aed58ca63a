/* SPDX-License-Identifier: MIT */
/*
 * Shadow contexts. The page of the guest's image that holds registers is read once, checked
 * register by register, and rebuilt: registers that hold an address (of the ring, the page tables,
 * batches that the engine runs at a switch) get the address of ours. The other pages of the image
 * hold nothing that must be checked, and the shadow uses the guest's own.
 */
#include <errno.h>
#include <string.h>

#include "core/exec/exec.h"
#include "core/exec/image.h"
#include "core/gtt/gtt.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

#define DESC_KNOWN 0x7fdull /* valid, restores, mode, coherency, faults, privilege, priority */

#define IMAGE_REGS 1u /* the page of an image that holds registers */

/* ---- the image's other pages ---- */

/*
 * Has page @i of the shadow image lead to the guest's own page, which the GGTT's shadow names,
 * unless it is the page with registers.
 */
static int set_page(struct shadow_ctx *ctx, u32 i)
{
	u64 entry = vgpu_ggtt_entry(ctx->vgpu, (ctx->lrca >> GVT_PAGE_SHIFT) + i);
	int err;

	if (i == IMAGE_REGS || entry == ctx->entries[i])
		return 0;
	err = ctx->vgpu->gvt->gpu->ops->ggtt_set(
		ctx->vgpu->space, (ctx->mem.gma >> GVT_PAGE_SHIFT) + i, 1, &entry, 0);
	if (!err)
		ctx->entries[i] = entry;
	return err;
}

static bool set_pages(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	for (u32 i = 0; i < vgpu_image_pages(ctx->engine); i++)
		if (set_page(ctx, i))
			return vgpu_refuse(fault, EXEC_NO_MEMORY, "no memory for a shadow",
					   ctx->lrca);
	return true;
}

static void follow(struct shadow_ctx *ctx, u32 first, u32 nr)
{
	u32 page = ctx->lrca >> GVT_PAGE_SHIFT;

	for (u32 i = 0; i < vgpu_image_pages(ctx->engine); i++)
		if (page + i - first < nr && ctx->entries[i])
			set_page(ctx, i); /* replaces an entry, which needs no memory */
}

void vgpu_contexts_follow(struct intel_vgpu *vgpu, u32 first, u32 nr)
{
	for (int engine = 0; engine < GVT_NR_ENGINES; engine++)
		for (struct shadow_ctx *ctx = vgpu->exec->engine[engine].cached; ctx;
		     ctx = ctx->next)
			follow(ctx, first, nr);
}

static bool check_desc(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u64 desc = ctx->guest_desc;
	u64 end = ctx->lrca + (u64)vgpu_image_pages(ctx->engine) * GVT_PAGE_SIZE;

	if (!(desc & GVT_DESC_VALID) || !ctx->lrca || end > HIDDEN_BASE)
		return vgpu_refuse(fault, EXEC_BAD_DESC, "a descriptor that leads to no context",
				   desc);
	return true;
}

static bool load(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 guest[CTX_DWORDS];

	vgpu_batches_free(ctx);
	vgpu_tables_unpin(ctx);
	ctx->loaded = ctx->stops = ctx->moves = false;
	if (!check_desc(ctx, fault))
		return false;
	if (vgpu_gma_read(ctx->vgpu, NULL, ctx->lrca + GVT_PAGE_SIZE, guest, sizeof(guest)))
		return vgpu_refuse(fault, EXEC_BAD_IMAGE, "an image outside the guest's memory",
				   ctx->lrca);
	if (ctx->regs)
		memcpy(ctx->image, ctx->regs, sizeof(ctx->image));
	if (!image_take(ctx, guest, fault) || !vgpu_tables_set(ctx, fault) ||
	    !vgpu_ring_load(ctx, fault) || !vgpu_batches_set(ctx, fault) || !set_pages(ctx, fault))
		return false;
	memcpy(ctx->regs, ctx->image, sizeof(ctx->image));
	ctx->run.tail_at = &ctx->regs[AT_TAIL];
	ctx->run.desc = (ctx->guest_desc & DESC_KNOWN & ~GVT_DESC_RESTORE) | ctx->mem.gma |
			(ctx->guest_desc >> GVT_DESC_ID_SHIFT << GVT_DESC_ID_SHIFT);
	ctx->loaded = true;
	return true;
}

int vgpu_context_grow(struct shadow_ctx *ctx, u32 *tail, struct exec_fault *fault)
{
	u64 at = ctx->lrca + GVT_PAGE_SIZE + AT_TAIL * sizeof(u32);
	u32 to, len;

	if (ctx->stops)
		return -EAGAIN;
	if (vgpu_gma_read(ctx->vgpu, NULL, at, &to, sizeof(to))) {
		vgpu_refuse(fault, EXEC_BAD_IMAGE, "an image outside the guest's memory",
			    ctx->lrca);
		return -EFAULT;
	}
	to &= RING_TAIL_OFFSET;
	if (to >= ctx->ring_size) {
		vgpu_refuse(fault, EXEC_BAD_RING, "a ring without a valid place or size",
			    ctx->ring_start);
		return -EINVAL;
	}
	/* Do not overwrite commands that the GPU may be reading. */
	len = (to - ctx->run.tail) & (ctx->ring_size - 1);
	if (ctx->appended + len >= ctx->ring_size || ctx->batch_pages >= CTX_BATCH_PAGES)
		return -EAGAIN;
	if (!vgpu_tables_sync(ctx, fault) || !vgpu_ring_take(ctx, to, fault))
		return -EINVAL;
	*tail = to;
	return 0;
}

void vgpu_context_store(struct shadow_ctx *ctx)
{
	u64 gpa = vgpu_gma_to_gpa(ctx->vgpu, ctx->lrca + GVT_PAGE_SIZE);
	u32 now[CTX_DWORDS];

	vgpu_tables_unpin(ctx);
	if (!ctx->loaded)
		return;
	ctx->loaded = false;
	memcpy(now, ctx->regs, sizeof(now));
	vgpu_batches_lead_home(ctx, now);
	vgpu_batches_lead_home(ctx, ctx->image);
	for (u32 i = 0; gpa != ~0ull && i < CTX_DWORDS; i++) {
		u32 from = i;

		while (i < CTX_DWORDS && now[i] != ctx->image[i] && !image_is_own(ctx, i))
			i++;
		if (i != from)
			intel_gvt_hypervisor_write_gpa(ctx->vgpu, gpa + from * sizeof(u32),
						       &now[from], (i - from) * sizeof(u32));
	}
	vgpu_batches_free(ctx);
}

/* ---- the cache ---- */

static void unlink_ctx(struct vgpu_engine *engine, struct shadow_ctx *ctx)
{
	if (ctx->prev)
		ctx->prev->next = ctx->next;
	else
		engine->cached = ctx->next;
	if (ctx->next)
		ctx->next->prev = ctx->prev;
	ctx->next = ctx->prev = NULL;
	engine->nr_cached--;
}

static void push_ctx(struct vgpu_engine *engine, struct shadow_ctx *ctx)
{
	ctx->next = engine->cached;
	if (ctx->next)
		ctx->next->prev = ctx;
	engine->cached = ctx;
	engine->nr_cached++;
}

static void free_ctx(struct vgpu_engine *engine, struct shadow_ctx *ctx)
{
	unlink_ctx(engine, ctx);
	vgpu_tables_unpin(ctx);
	vgpu_batches_free(ctx);
	hidden_free(ctx->vgpu, &ctx->mem);
	vgpu_free(ctx->vgpu, ctx, sizeof(*ctx));
}

/* Frees the shadow used longest ago that does not run. False: there is none. */
static bool evict(struct vgpu_engine *engine, const struct shadow_ctx *but)
{
	struct shadow_ctx *last = engine->cached;

	while (last && last->next)
		last = last->next;
	while (last && (last == but || last == engine->ctx[0] || last == engine->ctx[1]))
		last = last->prev;
	if (last)
		free_ctx(engine, last);
	return last != NULL;
}

/* The same; if @nr has none, from another engine: all engines share the hidden range. */
static bool evict_any(struct intel_vgpu *vgpu, enum gvt_engine nr, const struct shadow_ctx *but)
{
	for (u32 i = 0; i < GVT_NR_ENGINES; i++)
		if (evict(&vgpu->exec->engine[(nr + i) % GVT_NR_ENGINES], but))
			return true;
	return false;
}

static struct shadow_ctx *find_ctx(struct intel_vgpu *vgpu, enum gvt_engine nr, u32 lrca)
{
	struct vgpu_engine *engine = &vgpu->exec->engine[nr];
	struct shadow_ctx *ctx;

	for (ctx = engine->cached; ctx && ctx->lrca != lrca; ctx = ctx->next)
		;
	if (ctx) {
		unlink_ctx(engine, ctx);
	} else {
		if (engine->nr_cached >= CTX_CACHED_MAX)
			evict(engine, NULL);
		ctx = vgpu_alloc(vgpu, sizeof(*ctx));
		if (!ctx)
			return NULL;
		ctx->vgpu = vgpu;
		ctx->engine = nr;
		ctx->lrca = lrca;
		ctx->run.client = &engine->client;
	}
	push_ctx(engine, ctx);
	return ctx;
}

static bool try_load(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	if (load(ctx, fault))
		return true;
	vgpu_tables_unpin(ctx);
	vgpu_batches_free(ctx);
	return false;
}

struct shadow_ctx *vgpu_context_load(struct intel_vgpu *vgpu, enum gvt_engine engine, u64 desc,
				     struct exec_fault *fault)
{
	struct shadow_ctx *ctx = find_ctx(vgpu, engine, desc & GVT_DESC_LRCA_MASK);

	if (!ctx) {
		vgpu_refuse(fault, EXEC_NO_MEMORY, "no memory for a shadow", desc);
		return NULL;
	}
	ctx->guest_desc = desc;
	ctx->blind = false;
	while (!try_load(ctx, fault)) {
		if (fault->refusal == EXEC_NO_MEMORY && evict_any(vgpu, engine, ctx))
			continue;
		if (ctx->blind ||
		    (fault->refusal != EXEC_NO_MEMORY && fault->refusal != EXEC_BAD_PPGTT))
			return NULL;
		ctx->blind = true;
		ctx->fault = *fault;
	}
	return ctx;
}

void vgpu_contexts_drop(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	struct vgpu_engine *e = &vgpu->exec->engine[engine];

	while (e->cached)
		free_ctx(e, e->cached);
	e->ctx[0] = e->ctx[1] = NULL;
}
