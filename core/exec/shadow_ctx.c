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
#include "core/vgpu.h"

#define INDIRECT_LINES 0x3fu /* length, in lines of 64 bytes */
#define PER_CTX_VALID  1u

#define DESC_MODE_SHIFT 3
#define DESC_MODE_32BIT 1u /* INTEL_LEGACY_32B_CONTEXT of i915 */
#define DESC_MODE_64BIT 3u
#define DESC_KNOWN	0x7fdull /* valid, restores, mode, coherency, faults, privilege, priority */

#define IMAGE_REGS 1u /* the page of an image that holds registers */

/* ---- page tables ---- */

struct vgpu_mm *vgpu_context_mm(const struct shadow_ctx *ctx)
{
	return ctx->levels ? vgpu_ppgtt_find(ctx->vgpu, ctx->pdp, ctx->levels) : NULL;
}

static void unpin(struct shadow_ctx *ctx)
{
	struct vgpu_mm *mm = vgpu_context_mm(ctx);

	if (mm && mm->pins)
		mm->pins--;
	ctx->levels = 0;
}

static bool sync_tables(struct shadow_ctx *ctx, struct exec_fault *fault)
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
	return sync_tables(ctx, fault) ? mm : NULL;
}

static bool set_tables(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 mode = ctx->guest_desc >> DESC_MODE_SHIFT & 3;
	u32 levels = mode == DESC_MODE_64BIT ? 4 : mode == DESC_MODE_32BIT ? 3 : 0;
	struct vgpu_mm *mm = NULL;

	if (!levels)
		return vgpu_refuse(fault, EXEC_BAD_DESC, "a mode of addressing that is not had",
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

/* ---- the image's batches and other pages ---- */

static void free_batches(struct shadow_ctx *ctx)
{
	struct shadow_batch *batch;

	while ((batch = ctx->batches)) {
		ctx->batches = batch->next;
		hidden_free(ctx->vgpu, &batch->mem);
		vgpu_free(ctx->vgpu, batch, sizeof(*batch));
	}
	ctx->batch_pages = 0;
}

static bool set_batches(struct shadow_ctx *ctx, struct exec_fault *fault)
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
	return image_lead_batches(ctx, fault);
}

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
		return vgpu_refuse(fault, EXEC_BAD_DESC, "a descriptor that no context has", desc);
	return true;
}

static bool load(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 guest[CTX_DWORDS];

	free_batches(ctx);
	unpin(ctx);
	ctx->loaded = ctx->stops = ctx->moves = false;
	if (!check_desc(ctx, fault))
		return false;
	if (vgpu_gma_read(ctx->vgpu, NULL, ctx->lrca + GVT_PAGE_SIZE, guest, sizeof(guest)))
		return vgpu_refuse(fault, EXEC_BAD_IMAGE, "an image outside the guest's memory",
				   ctx->lrca);
	if (ctx->regs)
		memcpy(ctx->image, ctx->regs, sizeof(ctx->image));
	if (!image_take(ctx, guest, fault) || !set_tables(ctx, fault) ||
	    !vgpu_ring_load(ctx, fault) || !set_batches(ctx, fault) || !set_pages(ctx, fault))
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
		vgpu_refuse(fault, EXEC_BAD_RING, "a ring that is none", ctx->ring_start);
		return -EINVAL;
	}
	/* Do not overwrite commands that the GPU may be reading. */
	len = (to - ctx->run.tail) & (ctx->ring_size - 1);
	if (ctx->appended + len >= ctx->ring_size || ctx->batch_pages >= CTX_BATCH_PAGES)
		return -EAGAIN;
	if (!sync_tables(ctx, fault) || !vgpu_ring_take(ctx, to, fault))
		return -EINVAL;
	*tail = to;
	return 0;
}

void vgpu_context_store(struct shadow_ctx *ctx)
{
	u64 gpa = vgpu_gma_to_gpa(ctx->vgpu, ctx->lrca + GVT_PAGE_SIZE);
	u32 now[CTX_DWORDS];

	unpin(ctx);
	if (!ctx->loaded)
		return;
	ctx->loaded = false;
	memcpy(now, ctx->regs, sizeof(now));
	image_lead_home(ctx, now);
	image_lead_home(ctx, ctx->image);
	for (u32 i = 0; gpa != ~0ull && i < CTX_DWORDS; i++) {
		u32 from = i;

		while (i < CTX_DWORDS && now[i] != ctx->image[i] && !image_is_own(ctx, i))
			i++;
		if (i != from)
			intel_gvt_hypervisor_write_gpa(ctx->vgpu, gpa + from * sizeof(u32),
						       &now[from], (i - from) * sizeof(u32));
	}
	free_batches(ctx);
}

bool vgpu_context_uses(const struct shadow_ctx *ctx, const struct vgpu_mm *mm)
{
	return vgpu_context_mm(ctx) == mm;
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
	unpin(ctx);
	free_batches(ctx);
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
	unpin(ctx);
	free_batches(ctx);
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
