/* SPDX-License-Identifier: MIT */
/*
 * Shadow contexts. Of the guest's image the page that holds registers is read once, checked
 * register by register, and rebuilt: where a register leads to something (the ring, the page
 * tables, batches that the engine runs at a switch), it leads to ours. Its other pages hold nothing
 * that needs to be checked, and are the guest's own.
 *
 * The image is a list of MI_LOAD_REGISTER_IMM. Where in it the ring and the page tables are is the
 * hardware's choice, which saves them there (i915's gt/intel_lrc_reg.h), so there they have to be.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/vgpu.h"

#define MI_NOOP		    0u
#define MI_BATCH_BUFFER_END (0x0au << 23)
#define MI_LRI(header)	    ((header) >> 23 == 0x22)
#define LRI_LENGTH	    0xffu
#define CTX_LISTS	    (CTX_DWORDS - 64) /* what is behind is the GPU's own */

#define RING_HEAD_OFFSET 0x1ffffcu
#define RING_TAIL_OFFSET 0x1ffff8u
#define RING_CTL_SIZE	 0x1ff000u
#define RING_CTL_VALID	 1u
#define INDIRECT_LINES	 0x3fu /* length, in lines of 64 bytes */
#define PER_CTX_VALID	 1u
#define BB_VALID	 BIT32(0) /* of BB_ADDR and SBB_ADDR */
#define BB_PPGTT	 BIT32(5) /* of BB_STATE and SBB_STATE */

#define DESC_MODE_SHIFT 3
#define DESC_MODE_32BIT 1u /* INTEL_LEGACY_32B_CONTEXT of i915 */
#define DESC_MODE_64BIT 3u
#define DESC_KNOWN	0x7fdull /* valid, restores, mode, coherency, faults, privilege, priority */

/* Dwords of the image, each a value with its register before it. */
enum {
	AT_HEAD = 0x05,
	AT_TAIL = 0x07,
	AT_START = 0x09,
	AT_CTL = 0x0b,
	AT_PER_CTX = 0x19,
	AT_INDIRECT = 0x1b,
	AT_PDP3 = 0x25, /* the high half; then the low one, and the next below */
	AT_PDP0_LOW = 0x33,
};

#define AT_PDP_HIGH(i) (AT_PDP3 + 4 * (3 - (i)))
#define AT_PDP_LOW(i)  (AT_PDP_HIGH(i) + 2)

#define ANYWHERE 0u

/* The registers that are the mediator's (GVT_RULE_SPECIAL), from the engine's base. */
static const struct {
	u16 first, last;
	u16 at;	    /* the first's place, where the others' are below it; or ANYWHERE */
	bool batch; /* of a batch that was cut short */
} image_regs[] = {
	{ 0x030, 0x030, AT_TAIL, false },     { 0x034, 0x034, AT_HEAD, false },
	{ 0x038, 0x038, AT_START, false },    { 0x03c, 0x03c, AT_CTL, false },
	{ 0x110, 0x11c, ANYWHERE, true },     { 0x140, 0x140, ANYWHERE, true },
	{ 0x150, 0x158, ANYWHERE, true },     { 0x168, 0x168, ANYWHERE, true },
	{ 0x1c0, 0x1c0, AT_PER_CTX, false },  { 0x1c4, 0x1c4, AT_INDIRECT, false },
	{ 0x1c8, 0x1c8, ANYWHERE, false },    { 0x244, 0x244, ANYWHERE, false },
	{ 0x270, 0x28c, AT_PDP0_LOW, false },
};

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

/*
 * A register of the image, its value at dword @i. Those that commands may write may stand there as
 * well; what else does is led astray. False: one that is the mediator's, at another place.
 */
static bool take_reg(struct shadow_ctx *ctx, u32 *to, u32 i)
{
	u32 reg = to[i - 1] & GVT_CMD_REG_MASK, offset = reg - gvt_engine_base(ctx->engine);
	enum gvt_reg_rule rule = gvt_scan_context_rule(ctx->engine, reg);

	to[i - 1] = reg;
	if (rule == GVT_RULE_ALLOW)
		return true;
	for (size_t n = 0; rule == GVT_RULE_SPECIAL && n < ARRAY_SIZE(image_regs); n++) {
		if (offset < image_regs[n].first || offset > image_regs[n].last)
			continue;
		if (image_regs[n].batch && ctx->nr_batch_at < CTX_BATCH_REGS)
			ctx->batch_at[ctx->nr_batch_at++] = i;
		else if (image_regs[n].batch)
			return false;
		return image_regs[n].at == ANYWHERE ||
		       i == image_regs[n].at - (offset - image_regs[n].first) / 2;
	}
	if (rule == GVT_RULE_SPECIAL)
		return false;
	if (gvt_scan_write_rule(ctx->vgpu->gvt, ctx->engine, reg) != GVT_RULE_ALLOW) {
		to[i - 1] = GVT_SCAN_SINK;
		to[i] = 0;
	}
	return true;
}

/* What must be there: the rest may be missing. */
static bool has_ring(const struct shadow_ctx *ctx, const u32 *image)
{
	static const u16 at[] = { AT_HEAD, AT_TAIL, AT_START, AT_CTL };
	static const u16 regs[] = { 0x34, 0x30, 0x38, 0x3c };
	u32 base = gvt_engine_base(ctx->engine);

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		if (image[at[i] - 1] != base + regs[i])
			return false;
	return image[AT_PDP_LOW(0) - 1] == base + 0x270 &&
	       image[AT_PDP_HIGH(0) - 1] == base + 0x274;
}

/*
 * Takes the lists of registers out of @from, which the guest wrote, into the image, where all
 * behind them is left as it is.
 */
static bool take_lists(struct shadow_ctx *ctx, const u32 *from, struct exec_fault *fault)
{
	u32 *to = ctx->image, i = 0, end = 0;

	ctx->nr_batch_at = 0;
	while (i < CTX_LISTS && (from[i] == MI_NOOP || MI_LRI(from[i]))) {
		u32 nr = from[i] == MI_NOOP ? 1 : (from[i] & LRI_LENGTH) + 2;

		if (i + nr > CTX_LISTS || (nr > 1 && nr % 2 == 0))
			return refuse(fault, EXEC_BAD_IMAGE, "a list of registers without an end",
				      ctx->lrca);
		memcpy(&to[i], &from[i], nr * sizeof(u32));
		for (u32 at = i + 2; at < i + nr; at += 2)
			if (!take_reg(ctx, to, at)) {
				refuse(fault, EXEC_BAD_IMAGE, "a register out of its place",
				       ctx->lrca);
				fault->cmd = from[at - 1];
				return false;
			}
		i += nr;
		end = nr > 1 ? i : end;
	}
	/* After the lists comes their end, or what is no list of ours to judge. */
	memset(&to[end], 0, (i - end) * sizeof(u32));
	to[end] = MI_BATCH_BUFFER_END;
	if (end < AT_PDP0_LOW || !has_ring(ctx, to))
		return refuse(fault, EXEC_BAD_IMAGE, "no ring or no page tables", ctx->lrca);
	return true;
}

static void own(struct shadow_ctx *ctx, u32 at, u32 val)
{
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

static bool set_tables(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 mode = ctx->guest_desc >> DESC_MODE_SHIFT & 3;
	u32 levels = mode == DESC_MODE_64BIT ? 4 : mode == DESC_MODE_32BIT ? 3 : 0;
	struct vgpu_mm *mm;

	if (!levels)
		return refuse(fault, EXEC_BAD_DESC, "a mode of addressing that is not had",
			      ctx->lrca);
	for (u32 i = 0; i < 4; i++) {
		u64 pdp = ctx->image[AT_PDP_LOW(i)] | (u64)ctx->image[AT_PDP_HIGH(i)] << 32;

		ctx->pdp[i] = i == 0 || levels == 3 ? pdp : 0;
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

		own(ctx, AT_PDP_LOW(i), root);
		own(ctx, AT_PDP_HIGH(i), root >> 32);
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
	if (vgpu_audit_ring(ctx, copy, len / sizeof(u32), fault))
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

static bool is_in(const struct shadow_batch *batch, u32 gma)
{
	return gma - batch->mem.gma < batch->mem.pages * GVT_PAGE_SIZE;
}

/* The GPU was taken out of it, and is to go on there. */
static bool is_cut_short(const struct shadow_ctx *ctx, const struct shadow_batch *batch)
{
	for (u32 i = 0; i < CTX_BATCH_REGS; i++)
		if (is_in(batch, ctx->saved[i] & ~3u))
			return true;
	return false;
}

/* Copies of batches, but for one that is to go on. */
static void free_batches(struct shadow_ctx *ctx)
{
	struct shadow_batch **at = &ctx->batches, *batch;

	while ((batch = *at)) {
		if (is_cut_short(ctx, batch)) {
			at = &batch->next;
			continue;
		}
		*at = batch->next;
		ctx->batch_pages -= batch->mem.pages;
		hidden_free(ctx->vgpu, &batch->mem);
		free(batch);
	}
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
	ctx->regs = ctx->ring = NULL;
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

static bool set_ring(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 start = ctx->image[AT_START], ctl = ctx->image[AT_CTL];
	u32 head = ctx->image[AT_HEAD] & RING_HEAD_OFFSET;
	u32 tail = ctx->image[AT_TAIL] & RING_TAIL_OFFSET;
	u32 size = (ctl & RING_CTL_SIZE) + GVT_PAGE_SIZE;

	/* i915's rings are powers of two; so offsets wrap by a mask. */
	if (!(ctl & RING_CTL_VALID) || size & (size - 1) || start % GVT_PAGE_SIZE ||
	    (u64)start + size > HIDDEN_BASE || head >= size || tail >= size)
		return refuse(fault, EXEC_BAD_RING, "a ring that is none", start);
	if (!get_memory(ctx, size, fault))
		return false;
	ctx->ring_start = start;
	ctx->appended = 0;
	own(ctx, AT_START, ctx->mem.gma + image_pages(ctx->engine) * GVT_PAGE_SIZE);
	own(ctx, AT_TAIL, tail);
	ctx->image[AT_HEAD] = head;
	ctx->run.tail = tail;
	return take_ring(ctx, head, tail, fault);
}

/* ---- what else the image leads to ---- */

static u32 batch_reg(const struct shadow_ctx *ctx, u32 reg)
{
	for (u32 i = 0; i < ctx->nr_batch_at; i++)
		if (ctx->image[ctx->batch_at[i] - 1] == gvt_engine_base(ctx->engine) + reg)
			return ctx->image[ctx->batch_at[i]];
	return 0;
}

/* Of the batch in registers @addr and @state: one of the context's memory needs no copy. */
static bool has_copy(const struct shadow_ctx *ctx, u32 addr, u32 state)
{
	u32 at = batch_reg(ctx, addr);

	if (!(at & BB_VALID) || batch_reg(ctx, state) & BB_PPGTT)
		return true;
	for (const struct shadow_batch *batch = ctx->batches; batch; batch = batch->next)
		if (is_in(batch, at & ~3u))
			return true;
	return false;
}

/*
 * A batch to go on with is one that the GPU was taken out of. That the registers say so is believed
 * if all are as it saved them, and if a privileged one's copy is still there: others would lead to
 * commands that nobody read.
 */
static void set_cut_short(struct shadow_ctx *ctx)
{
	bool same = has_copy(ctx, 0x140, 0x110) && has_copy(ctx, 0x114, 0x118);

	for (u32 i = 0; i < ctx->nr_batch_at; i++)
		same &= ctx->image[ctx->batch_at[i]] == ctx->saved[i];
	for (u32 i = 0; !same && i < ctx->nr_batch_at; i++)
		ctx->image[ctx->batch_at[i]] = 0;
}

static bool set_batches(struct shadow_ctx *ctx, struct exec_fault *fault)
{
	u32 base = gvt_engine_base(ctx->engine);
	u32 per_ctx = ctx->image[AT_PER_CTX - 1] == base + 0x1c0 ? ctx->image[AT_PER_CTX] : 0;
	u32 indirect = ctx->image[AT_INDIRECT - 1] == base + 0x1c4 ? ctx->image[AT_INDIRECT] : 0;
	u32 at;

	if (per_ctx & PER_CTX_VALID) {
		if (vgpu_audit_per_ctx(ctx, per_ctx & ~INDIRECT_LINES, &at, fault))
			return false;
		own(ctx, AT_PER_CTX, at | PER_CTX_VALID);
	} else {
		own(ctx, AT_PER_CTX, 0);
	}
	if (indirect & INDIRECT_LINES) {
		if (vgpu_audit_indirect(ctx, indirect & ~INDIRECT_LINES,
					(indirect & INDIRECT_LINES) * 64, &at, fault))
			return false;
		own(ctx, AT_INDIRECT, at | (indirect & INDIRECT_LINES));
	} else {
		own(ctx, AT_INDIRECT, 0);
	}
	set_cut_short(ctx);
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
	if (!take_lists(ctx, guest, fault) || !set_tables(ctx, fault) || !set_ring(ctx, fault) ||
	    !set_batches(ctx, fault) || !set_pages(ctx, fault))
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
	if (ctx->appended + len >= ctx->ring_size || ctx->batch_pages >= CTX_BATCH_PAGES)
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

/* In the image that the GPU saved, which may hold more of them than the one that it loaded. */
static void find_batch_regs(struct shadow_ctx *ctx, const u32 *image)
{
	u32 base = gvt_engine_base(ctx->engine);

	ctx->nr_batch_at = 0;
	for (u32 i = 0; i < CTX_LISTS && (image[i] == MI_NOOP || MI_LRI(image[i])); i++) {
		u32 end = image[i] == MI_NOOP ? i : i + (image[i] & LRI_LENGTH) + 1;

		for (; i + 2 <= end && end < CTX_LISTS; i += 2)
			for (size_t n = 0; n < ARRAY_SIZE(image_regs); n++)
				if (image_regs[n].batch && ctx->nr_batch_at < CTX_BATCH_REGS &&
				    image[i + 1] - base >= image_regs[n].first &&
				    image[i + 1] - base <= image_regs[n].last)
					ctx->batch_at[ctx->nr_batch_at++] = i + 2;
	}
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
	for (u32 i = 0; gpa != ~0ull && i < CTX_DWORDS; i++) {
		u32 from = i;

		while (i < CTX_DWORDS && now[i] != ctx->image[i] && !is_ours(ctx, i))
			i++;
		if (i != from)
			intel_gvt_hypervisor_write_gpa(ctx->vgpu, gpa + from * sizeof(u32),
						       &now[from], (i - from) * sizeof(u32));
	}
	find_batch_regs(ctx, now);
	memset(ctx->saved, 0, sizeof(ctx->saved));
	for (u32 i = 0; i < ctx->nr_batch_at; i++)
		ctx->saved[i] = now[ctx->batch_at[i]];
	free_batches(ctx);
}

bool vgpu_context_uses(const struct shadow_ctx *ctx, const struct vgpu_mm *mm)
{
	return mm_of(ctx) == mm;
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
	memset(ctx->saved, 0, sizeof(ctx->saved));
	free_batches(ctx);
	hidden_free(ctx->vgpu, &ctx->mem);
	free(ctx);
}

/* Makes room: the one used longest ago that does not run goes. False: there is none. */
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
			evict(engine, NULL);
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
		if (fault->refusal != EXEC_NO_MEMORY || !evict(&vgpu->exec.engine[engine], ctx))
			return NULL;
	}
	return ctx;
}

void vgpu_context_trust(struct intel_vgpu *vgpu, enum gvt_engine engine, u64 desc,
			const u32 cut[CTX_BATCH_REGS])
{
	struct shadow_ctx *ctx = find_ctx(vgpu, engine, desc & GVT_DESC_LRCA_MASK);

	if (ctx)
		memcpy(ctx->saved, cut, sizeof(ctx->saved));
}

void vgpu_contexts_drop(struct intel_vgpu *vgpu, enum gvt_engine engine)
{
	struct vgpu_engine *e = &vgpu->exec.engine[engine];

	while (e->cached)
		free_ctx(e, e->cached);
	e->ctx[0] = e->ctx[1] = NULL;
}
