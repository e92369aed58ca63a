/* SPDX-License-Identifier: MIT */
/*
 * Shadow contexts. Of the guest's image the page that holds registers is read once, checked
 * register by register, and rebuilt: where a register leads to something (the ring, the page
 * tables, batches that the engine runs at a switch), it leads to ours. Its other pages hold nothing
 * that needs to be checked, and are the guest's own.
 *
 * The image is a list of MI_LOAD_REGISTER_IMM; which registers are in it: gen9_rcs_offsets and
 * gen9_xcs_offsets of i915's gt/intel_lrc.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/vgpu.h"

#define MI_NOOP		    0u
#define MI_BATCH_BUFFER_END (0x0au << 23)
#define MI_LRI(header)	    ((header) >> 23 == 0x22)
#define LRI_LENGTH	    0xffu

#define RING_HEAD_OFFSET 0x1ffffcu
#define RING_TAIL_OFFSET 0x1ffff8u
#define RING_CTL_SIZE	 0x1ff000u
#define RING_CTL_VALID	 1u
#define INDIRECT_LINES	 0x3fu /* length, in lines of 64 bytes */
#define PER_CTX_VALID	 1u

#define DESC_MODE_SHIFT	 3
#define DESC_MODE_32BIT	 1u /* INTEL_LEGACY_32B_CONTEXT of i915 */
#define DESC_MODE_64BIT	 3u
#define DESC_KNOWN	 0x5fdull /* valid, restores, mode, coherency, faults, privilege, priority */

/* What is done with a register of an image. */
enum reg_use {
	USE_PLAIN, /* as the guest has it */
	USE_HEAD,
	USE_TAIL,
	USE_START,
	USE_CTL,
	USE_BATCH, /* of a batch that was cut short: as the GPU saved it, or nothing */
	USE_PER_CTX,
	USE_INDIRECT,
	USE_PDP,
	NR_USES,
};

static const struct {
	u16 offset, count; /* from the engine's base; dwords */
	u8 use;
} image_regs[] = {
	{ 0x244, 1, USE_PLAIN }, /* CTX_CONTEXT_CONTROL */
	{ 0x034, 1, USE_HEAD },
	{ 0x030, 1, USE_TAIL },
	{ 0x038, 1, USE_START },
	{ 0x03c, 1, USE_CTL },
	{ 0x168, 1, USE_BATCH },
	{ 0x140, 1, USE_BATCH },
	{ 0x110, 1, USE_BATCH },
	{ 0x11c, 1, USE_BATCH },
	{ 0x114, 1, USE_BATCH },
	{ 0x118, 1, USE_BATCH },
	{ 0x1c0, 1, USE_PER_CTX },
	{ 0x1c4, 1, USE_INDIRECT },
	{ 0x1c8, 1, USE_PLAIN },
	{ 0x3a8, 1, USE_PLAIN }, /* CTX_TIMESTAMP */
	{ 0x270, 8, USE_PDP },
	{ 0x200, 1, USE_PLAIN },
	{ 0x0c8, 1, USE_PLAIN }, /* R_PWR_CLK_STATE */
	{ 0x028, 1, USE_PLAIN },
	{ 0x09c, 1, USE_PLAIN }, /* MI_MODE */
	{ 0x0c0, 1, USE_PLAIN },
	{ 0x178, 2, USE_PLAIN },
	{ 0x358, 1, USE_PLAIN },
	{ 0x170, 1, USE_PLAIN },
	{ 0x150, 3, USE_PLAIN }, /* BB_START_ADDR and what follows */
	{ 0x41c, 1, USE_PLAIN },
	{ 0x600, 32, USE_PLAIN }, /* CS_GPR */
	{ 0x068, 1, USE_PLAIN },
};

/* Where in the image the registers are that are not plain. */
struct layout {
	u16 at[NR_USES]; /* 0: nowhere; USE_PDP and USE_BATCH have their own */
	u16 pdp[8];
	u16 batch[CTX_BATCH_REGS];
	u32 end;
};

static const u16 batch_offsets[CTX_BATCH_REGS] = { 0x168, 0x140, 0x110, 0x11c, 0x114, 0x118 };

static u32 image_pages(enum gvt_engine engine)
{
	return engine == GVT_RCS0 ? CTX_PAGES_MAX : 2;
}

static bool refuse(struct exec_fault *fault, enum exec_refusal refusal, const char *why, u64 addr)
{
	*fault = (struct exec_fault){ .refusal = refusal, .why = why, .addr = addr };
	return false;
}

u64 vgpu_gma_to_gpa(const struct intel_vgpu *vgpu, u64 gma)
{
	u64 page = gma >> GVT_PAGE_SHIFT, entry;

	if (page >= GGTT_PAGES)
		return ~0ull;
	entry = __atomic_load_n(&vgpu->ggtt[page], __ATOMIC_RELAXED);
	if (!gtt_present(entry))
		return ~0ull;
	return gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, entry) | gma % GVT_PAGE_SIZE;
}

int vgpu_gma_read(struct intel_vgpu *vgpu, u64 gma, void *buf, size_t len)
{
	u8 *to = buf;

	while (len) {
		size_t n = GVT_PAGE_SIZE - gma % GVT_PAGE_SIZE;
		u64 gpa = vgpu_gma_to_gpa(vgpu, gma);

		n = n < len ? n : len;
		if (gpa == ~0ull || intel_gvt_hypervisor_read_gpa(vgpu, gpa, to, n))
			return -EFAULT;
		gma += n;
		to += n;
		len -= n;
	}
	return 0;
}

/* ---- the image ---- */

static int find_reg(u32 offset, u32 *nth)
{
	for (size_t i = 0; i < ARRAY_SIZE(image_regs); i++)
		if (offset - image_regs[i].offset < 4u * image_regs[i].count && offset % 4 == 0) {
			*nth = (offset - image_regs[i].offset) / 4;
			return image_regs[i].use;
		}
	return -1;
}

static bool note_once(u16 *at, u32 i)
{
	if (*at)
		return false;
	*at = i;
	return true;
}

/* One register of the image at dword @i, its value following. */
static bool note_reg(enum gvt_engine engine, u32 reg, u32 i, struct layout *layout)
{
	u32 nth, offset = reg - gvt_engine_base(engine);
	int use = reg < gvt_engine_base(engine) ? -1 : find_reg(offset, &nth);

	if (use < 0)
		return false;
	if (use == USE_PLAIN)
		return true;
	if (use == USE_PDP)
		return note_once(&layout->pdp[nth], i + 1);
	if (use == USE_BATCH) {
		for (u32 b = 0; b < CTX_BATCH_REGS; b++)
			if (batch_offsets[b] == offset)
				return note_once(&layout->batch[b], i + 1);
	}
	return note_once(&layout->at[use], i + 1);
}

/*
 * Takes the lists of registers out of @from, which the guest wrote, into @to, where all else is
 * left as it is, and finds what is to be looked at.
 */
static bool take_lists(struct shadow_ctx *ctx, const u32 *from, u32 *to, struct layout *layout,
		       struct exec_fault *fault)
{
	u32 i = 0;

	*layout = (struct layout){ 0 };
	while (i < CTX_DWORDS && (from[i] == MI_NOOP || MI_LRI(from[i]))) {
		u32 nr = from[i] == MI_NOOP ? 1 : (from[i] & LRI_LENGTH) + 2;

		if (from[i] == MI_NOOP) {
			to[i++] = MI_NOOP;
			continue;
		}
		if (nr % 2 == 0 || i + nr >= CTX_DWORDS)
			return refuse(fault, EXEC_BAD_IMAGE, "a list of registers without an end",
				      ctx->lrca);
		to[i] = from[i];
		for (u32 at = i + 1; at < i + nr; at += 2) {
			if (!note_reg(ctx->engine, from[at], at, layout)) {
				refuse(fault, EXEC_BAD_IMAGE,
				       "a register that an image may not hold, or holds once",
				       ctx->lrca);
				fault->cmd = from[at];
				return false;
			}
			to[at] = from[at];
			to[at + 1] = from[at + 1];
		}
		i += nr;
		layout->end = i;
	}
	if (!layout->at[USE_HEAD] || !layout->at[USE_TAIL] || !layout->at[USE_START] ||
	    !layout->at[USE_CTL] || !layout->pdp[0] || !layout->pdp[1])
		return refuse(fault, EXEC_BAD_IMAGE, "no ring or no page tables", ctx->lrca);
	if (layout->end < CTX_DWORDS)
		to[layout->end] = MI_BATCH_BUFFER_END;
	return true;
}

static void own(struct shadow_ctx *ctx, u32 at, u32 val)
{
	if (!at)
		return;
	ctx->image[at] = val;
	ctx->ours[at / 8] |= 1u << at % 8;
}

/* ---- page tables ---- */

static struct vgpu_mm *mm_of(const struct shadow_ctx *ctx)
{
	return ctx->levels ? vgpu_ppgtt_find(ctx->vgpu, ctx->pdp, ctx->levels) : NULL;
}

static void unpin(struct shadow_ctx *ctx)
{
	struct vgpu_mm *mm = mm_of(ctx);

	if (mm && mm->pins)
		mm->pins--;
	ctx->levels = 0;
}

static bool sync_tables(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	struct vgpu_mm *mm = mm_of(ctx);
	int err = mm ? vgpu_ppgtt_sync(ctx->vgpu, mm) : -ENOENT;

	if (!err)
		return true;
	return refuse(fault, err == -ENOMEM || err == -ENOSPC ? EXEC_NO_MEMORY : EXEC_BAD_PPGTT,
		      "page tables that cannot be followed", ctx->pdp[0]);
}

/* i915_pvinfo.h, enum vgt_g2v_type. */
#define G2V_L3_CREATE 2u
#define G2V_L4_CREATE 4u

static bool set_tables(struct shadow_ctx *ctx, const struct layout *layout,
		       struct exec_fault *fault)
{
	u32 mode = ctx->guest_desc >> DESC_MODE_SHIFT & 3;
	u32 levels = mode == DESC_MODE_64BIT ? 4 : mode == DESC_MODE_32BIT ? 3 : 0;
	struct vgpu_mm *mm;

	if (!levels)
		return refuse(fault, EXEC_BAD_DESC, "a mode of addressing that is not had",
			      ctx->lrca);
	for (u32 i = 0; i < 4; i++) {
		const u16 *at = &layout->pdp[2 * i];

		ctx->pdp[i] = 0;
		if (at[0] && at[1] && (i == 0 || levels == 3))
			ctx->pdp[i] = ctx->image[at[0]] | (u64)ctx->image[at[1]] << 32;
	}
	ctx->levels = levels;
	if (!mm_of(ctx))
		vgpu_ppgtt_notify(ctx->vgpu, levels == 4 ? G2V_L4_CREATE : G2V_L3_CREATE, ctx->pdp);
	mm = mm_of(ctx);
	if (!mm) {
		ctx->levels = 0;
		return refuse(fault, EXEC_BAD_PPGTT, "more address spaces than there may be",
			      ctx->pdp[0]);
	}
	mm->pins++;
	if (!sync_tables(ctx, fault))
		return false;
	for (u32 i = 0; i < 4; i++) {
		u64 root = i == 0 || levels == 3 ? vgpu_ppgtt_root(ctx->vgpu, mm, i) : 0;

		own(ctx, layout->pdp[2 * i], root);
		own(ctx, layout->pdp[2 * i + 1], root >> 32);
	}
	return true;
}

/* ---- ring ---- */

static u32 *scratch(struct intel_vgpu *vgpu, size_t bytes)
{
	struct vgpu_exec *exec = &vgpu->exec;

	if (exec->scratch_size < bytes) {
		u32 *more = realloc(exec->scratch, bytes);

		if (!more)
			return NULL;
		exec->scratch = more;
		exec->scratch_size = bytes;
	}
	return exec->scratch;
}

/* Reads [from, to) of the guest's ring once, audits it, and puts it into the shadow ring. */
static bool take_ring(struct shadow_ctx *ctx, u32 from, u32 to, struct exec_fault *fault)
{
	u32 len = (to - from) & (ctx->ring_size - 1), first = ctx->ring_size - from;
	u8 *ring = (u8 *)ctx->ring;
	u32 *copy;

	if (!len)
		return true;
	first = first < len ? first : len;
	copy = scratch(ctx->vgpu, len);
	if (!copy)
		return refuse(fault, EXEC_NO_MEMORY, "no memory for its commands", ctx->lrca);
	if (vgpu_gma_read(ctx->vgpu, ctx->ring_start + from, copy, first) ||
	    vgpu_gma_read(ctx->vgpu, ctx->ring_start, (u8 *)copy + first, len - first))
		return refuse(fault, EXEC_BAD_RING, "a ring outside the guest's memory",
			      ctx->ring_start);
	if (vgpu_audit_ring(ctx, copy, len / sizeof(u32), from, fault))
		return false;
	memcpy(ring + from, copy, first);
	memcpy(ring, (u8 *)copy + first, len - first);
	ctx->appended += len;
	return true;
}

static u32 ring_pages(u32 size)
{
	return size >> GVT_PAGE_SHIFT;
}

static void free_batches(struct shadow_ctx *ctx)
{
	struct shadow_batch *batch, *next;

	for (batch = ctx->batches; batch; batch = next) {
		next = batch->next;
		hidden_free(ctx->vgpu, &batch->mem);
		free(batch);
	}
	ctx->batches = NULL;
}

/* Memory for an image and a ring of @size bytes, unless it has that. */
static bool get_memory(struct shadow_ctx *ctx, u32 size, struct exec_fault *fault)
{
	u32 image = image_pages(ctx->engine), ring = ring_pages(size);

	if (ctx->mem.pages && ctx->ring_size == size)
		return true;
	hidden_free(ctx->vgpu, &ctx->mem);
	memset(ctx->entries, 0, sizeof(ctx->entries));
	ctx->ring_size = 0;
	if (hidden_alloc(ctx->vgpu, image + ring, 1 + ring, &ctx->mem) ||
	    hidden_enter(ctx->vgpu, &ctx->mem, 1, 0, 1) ||
	    hidden_enter(ctx->vgpu, &ctx->mem, image, 1, ring)) {
		hidden_free(ctx->vgpu, &ctx->mem);
		return refuse(fault, EXEC_NO_MEMORY, "no memory for a shadow", ctx->lrca);
	}
	ctx->ring_size = size;
	ctx->regs = (u32 *)ctx->mem.va;
	ctx->ring = (u32 *)(ctx->mem.va + GVT_PAGE_SIZE);
	return true;
}

static bool set_ring(struct shadow_ctx *ctx, const struct layout *layout, struct exec_fault *fault)
{
	u32 start = ctx->image[layout->at[USE_START]], ctl = ctx->image[layout->at[USE_CTL]];
	u32 head = ctx->image[layout->at[USE_HEAD]] & RING_HEAD_OFFSET;
	u32 tail = ctx->image[layout->at[USE_TAIL]] & RING_TAIL_OFFSET;
	u32 size = (ctl & RING_CTL_SIZE) + GVT_PAGE_SIZE;

	/* i915's rings are powers of two; so offsets wrap by a mask. */
	if (!(ctl & RING_CTL_VALID) || size & (size - 1) || start % GVT_PAGE_SIZE ||
	    (u64)start + size > HIDDEN_BASE || head >= size || tail >= size)
		return refuse(fault, EXEC_BAD_RING, "a ring that is none", start);
	if (!get_memory(ctx, size, fault))
		return false;
	ctx->ring_start = start;
	ctx->at_head = layout->at[USE_HEAD];
	ctx->at_tail = layout->at[USE_TAIL];
	ctx->appended = 0;
	own(ctx, layout->at[USE_START],
	    ctx->mem.gma + image_pages(ctx->engine) * GVT_PAGE_SIZE);
	own(ctx, layout->at[USE_TAIL], tail);
	ctx->image[layout->at[USE_HEAD]] = head;
	ctx->run.tail = tail;
	return take_ring(ctx, head, tail, fault);
}

/* ---- what else the image leads to ---- */

static bool set_batches(struct shadow_ctx *ctx, const struct layout *layout,
			struct exec_fault *fault)
{
	u32 per_ctx = layout->at[USE_PER_CTX] ? ctx->image[layout->at[USE_PER_CTX]] : 0;
	u32 indirect = layout->at[USE_INDIRECT] ? ctx->image[layout->at[USE_INDIRECT]] : 0;
	u32 at;

	if (per_ctx & PER_CTX_VALID) {
		u32 gma = ALIGN_DOWN(per_ctx, (u32)GVT_PAGE_SIZE / 64);

		if (vgpu_audit_batch(ctx, gma, 0, &at, fault))
			return false;
		own(ctx, layout->at[USE_PER_CTX], at | PER_CTX_VALID);
	} else {
		own(ctx, layout->at[USE_PER_CTX], 0);
	}
	if (indirect & INDIRECT_LINES) {
		if (vgpu_audit_batch(ctx, indirect & ~INDIRECT_LINES,
				     (indirect & INDIRECT_LINES) * 64, &at, fault))
			return false;
		own(ctx, layout->at[USE_INDIRECT], at | (indirect & INDIRECT_LINES));
	} else {
		own(ctx, layout->at[USE_INDIRECT], 0);
	}
	/* A batch to go on with is one that the GPU left; another would be one that nobody read. */
	for (u32 i = 0; i < CTX_BATCH_REGS; i++) {
		u32 pos = layout->batch[i];

		if (pos && ctx->image[pos] != ctx->saved[i])
			memset(ctx->saved, 0, sizeof(ctx->saved));
	}
	for (u32 i = 0; i < CTX_BATCH_REGS; i++)
		if (layout->batch[i])
			ctx->image[layout->batch[i]] = ctx->saved[i];
	return true;
}

/* The other pages of the image are where the guest's are. */
static bool set_pages(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	const struct gvt_gpu_ops *ops = ctx->vgpu->gvt->gpu->ops;
	u32 page = ctx->lrca >> GVT_PAGE_SHIFT, to = ctx->mem.gma >> GVT_PAGE_SHIFT;

	for (u32 i = 0; i < image_pages(ctx->engine); i++) {
		u64 entry = vgpu_ggtt_entry(ctx->vgpu, page + i);

		if (i == 1 || entry == ctx->entries[i])
			continue;
		if (ops->ggtt_set(ctx->vgpu->space, to + i, 1, &entry, 0))
			return refuse(fault, EXEC_NO_MEMORY, "no memory for a shadow", ctx->lrca);
		ctx->entries[i] = entry;
	}
	return true;
}

static bool check_desc(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u64 desc = ctx->guest_desc;
	u64 end = ctx->lrca + (u64)image_pages(ctx->engine) * GVT_PAGE_SIZE;

	if (!(desc & GVT_DESC_VALID) || !ctx->lrca || end > HIDDEN_BASE)
		return refuse(fault, EXEC_BAD_DESC, "a descriptor that no context has", desc);
	return true;
}

static bool load(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 guest[CTX_DWORDS];
	struct layout layout;

	free_batches(ctx);
	unpin(ctx);
	ctx->loaded = false;
	if (!check_desc(ctx, fault))
		return false;
	if (vgpu_gma_read(ctx->vgpu, ctx->lrca + GVT_PAGE_SIZE, guest, sizeof(guest)))
		return refuse(fault, EXEC_BAD_IMAGE, "an image outside the guest's memory",
			      ctx->lrca);
	memset(ctx->ours, 0, sizeof(ctx->ours));
	if (ctx->regs)
		memcpy(ctx->image, ctx->regs, sizeof(ctx->image));
	if (!take_lists(ctx, guest, ctx->image, &layout, fault) ||
	    !set_tables(ctx, &layout, fault) || !set_ring(ctx, &layout, fault) ||
	    !set_batches(ctx, &layout, fault) || !set_pages(ctx, fault))
		return false;
	memcpy(ctx->regs, ctx->image, sizeof(ctx->image));
	ctx->run.tail_at = &ctx->regs[ctx->at_tail];
	ctx->run.desc = (ctx->guest_desc & DESC_KNOWN & ~GVT_DESC_RESTORE) | ctx->mem.gma |
			(ctx->guest_desc >> GVT_DESC_ID_SHIFT << GVT_DESC_ID_SHIFT);
	ctx->loaded = true;
	return true;
}

int vgpu_context_grow(struct shadow_ctx *ctx, u32 *tail, struct exec_fault *fault)
{
	u64 at = ctx->lrca + GVT_PAGE_SIZE + ctx->at_tail * sizeof(u32);
	u32 to, len;

	if (vgpu_gma_read(ctx->vgpu, at, &to, sizeof(to))) {
		refuse(fault, EXEC_BAD_IMAGE, "an image outside the guest's memory", ctx->lrca);
		return -EFAULT;
	}
	to &= RING_TAIL_OFFSET;
	if (to >= ctx->ring_size) {
		refuse(fault, EXEC_BAD_RING, "a ring that is none", ctx->ring_start);
		return -EINVAL;
	}
	/* What the GPU may be reading is not written over. */
	len = (to - ctx->run.tail) & (ctx->ring_size - 1);
	if (ctx->appended + len >= ctx->ring_size)
		return -EAGAIN;
	if (!sync_tables(ctx, fault) || !take_ring(ctx, ctx->run.tail, to, fault))
		return -EINVAL;
	*tail = to;
	return 0;
}

static bool is_ours(const struct shadow_ctx *ctx, u32 at)
{
	return ctx->ours[at / 8] >> at % 8 & 1;
}

void vgpu_context_store(struct shadow_ctx *ctx)
{
	u64 gpa = vgpu_gma_to_gpa(ctx->vgpu, ctx->lrca + GVT_PAGE_SIZE);
	u32 now[CTX_DWORDS];

	unpin(ctx);
	free_batches(ctx);
	if (!ctx->loaded)
		return;
	ctx->loaded = false;
	memcpy(now, ctx->regs, sizeof(now));
	for (u32 i = 0; gpa != ~0ull && i < CTX_DWORDS; i++) {
		u32 from = i;

		while (i < CTX_DWORDS && now[i] != ctx->image[i] && !is_ours(ctx, i))
			i++;
		if (i != from)
			intel_gvt_hypervisor_write_gpa(ctx->vgpu, gpa + from * sizeof(u32),
						       &now[from], (i - from) * sizeof(u32));
	}
	/* As the next load will find them in the guest's image, if the guest leaves them alone. */
	for (u32 i = 0; i + 1 < CTX_DWORDS; i++)
		for (u32 b = 0; b < CTX_BATCH_REGS; b++)
			if (MI_LRI(now[0]) || now[i] == gvt_engine_base(ctx->engine) +
								  batch_offsets[b])
				(void)b;
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
	free(ctx);
}

/* Makes room: the one used longest ago that does not run goes. False: there is none. */
static bool evict(struct vgpu_engine *engine)
{
	struct shadow_ctx *last = engine->cached;

	while (last && last->next)
		last = last->next;
	while (last && (last->run.running || last == engine->ctx[0] || last == engine->ctx[1]))
		last = last->prev;
	if (last)
		free_ctx(engine, last);
	return last != NULL;
}

static struct shadow_ctx *find_ctx(struct intel_vgpu *vgpu, enum gvt_engine nr, u32 lrca)
{
	struct vgpu_engine *engine = &vgpu->exec.engine[nr];
	struct shadow_ctx *ctx;

	for (ctx = engine->cached; ctx && ctx->lrca != lrca; ctx = ctx->next)
		;
	if (ctx) {
		unlink_ctx(engine, ctx);
	} else {
		if (engine->nr_cached >= CTX_CACHED_MAX)
			evict(engine);
		ctx = calloc(1, sizeof(*ctx));
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

struct shadow_ctx *vgpu_context_load(struct intel_vgpu *vgpu, enum gvt_engine engine, u64 desc,
				     struct exec_fault *fault)
{
	struct shadow_ctx *ctx = find_ctx(vgpu, engine, desc & GVT_DESC_LRCA_MASK);

	if (!ctx) {
		refuse(fault, EXEC_NO_MEMORY, "no memory for a shadow", desc);
		return NULL;
	}
	ctx->guest_desc = desc;
	while (!load(ctx, fault)) {
		unpin(ctx);
		free_batches(ctx);
		if (fault->refusal != EXEC_NO_MEMORY || !evict(&vgpu->exec.engine[engine]))
			return NULL;
	}
	return ctx;
}

void vgpu_contexts_drop(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	struct vgpu_engine *e = &vgpu->exec.engine[engine];

	while (e->cached)
		free_ctx(e, e->cached);
	e->ctx[0] = e->ctx[1] = NULL;
}
