/* SPDX-License-Identifier: MIT */
/*
 * Contexts: an engine restores a context from its image, and saves it there. The image's second
 * page is a list of MI_LOAD_REGISTER_IMM. A restore executes the list; a save writes the whole list
 * anew, in the layout of Gen9 (Skylake PRM, volume 7, "Logical Ring Context Format"; Linux'
 * intel_lrc.c). The end of the page holds state that hardware saves in a form of its own.
 */
#include "core/gpu/soft/engine.h"

#define IMAGE_OFFSET GVT_PAGE_SIZE /* from LRCA; the first page is the context's status page */
#define IMAGE_DWORDS (GVT_PAGE_SIZE / 4)
/* Engines other than render: the state of setup commands, and the progress of a blit. */
#define IMAGE_SETUP  (IMAGE_DWORDS - SOFTGPU_SETUP_DWORDS)
#define IMAGE_KEPT   (IMAGE_SETUP - 2) /* a command's progress, and its place */
#define IMAGE_TAIL   7u		       /* the dword with RING_TAIL */
#define IMAGE_ENGINE 0x50u	       /* RESTORE_INHIBIT inhibits from here on */

#define LRI(n)	    (0x22u << 23 | (2 * (n)-1))
#define BATCH_END   (0x0au << 23)
#define LRI_POSTED  BIT32(12)
#define REG_MASK    0x7ffffcu
#define BB_SKIP	    8	     /* of BBSTATE: the shift of MI_SET_PREDICATE's condition */
#define CTL_INHIBIT BIT32(0) /* of CONTEXT_CONTROL: RESTORE_INHIBIT */
#define INDIRECT_AT 0xffc0u  /* of INDIRECT_CTX_OFFSET: bytes from the image's start */

#define GPR2(n)	 0x600 + 8 * (n), 0x604 + 8 * (n)
#define GPR8(n)	 GPR2(n), GPR2((n) + 1), GPR2((n) + 2), GPR2((n) + 3)
#define ALL_GPRS GPR8(0), GPR8(4), GPR8(8), GPR8(12)

/* Registers by distance from the engine's base. */
static const u16 ring_regs[] = {
	RING_CONTEXT_CONTROL, RING_HEAD,    RING_TAIL,	   RING_START,	     RING_CTL,
	RING_BBADDR_UDW,      RING_BBADDR,  RING_BBSTATE,  RING_SBBADDR_UDW, RING_SBBADDR,
	RING_SBBSTATE,	      RING_PER_CTX, RING_INDIRECT, RING_INDIRECT_AT,
};
static const u16 memory_regs[] = {
	RING_CTX_TIMESTAMP, 0x28c, 0x288, 0x284, 0x280, 0x27c, 0x278, 0x274, 0x270,
};
static const u16 render_power[] = { 0xc8 };
static const u16 other_swctrl[] = { 0x200 };
static const u16 engine_regs[] = {
	0x028, 0x09c, 0x0c0, 0x178, 0x17c,    RING_TIMESTAMP, 0x170,
	0x150, 0x154, 0x158, 0x41c, ALL_GPRS, RING_IPEHR,
};
/* Registers of the render engine that batches may change: mi_reg.c. */
static const u16 render_regs[] = {
	0x0d8, 0x248, 0x290, 0x294, 0x2c8, 0x2cc, 0x2d8, 0x2dc, 0x2f0, 0x2f4, 0x2f8, 0x2fc,
	0x300, 0x304, 0x308, 0x30c, 0x310, 0x314, 0x318, 0x31c, 0x320, 0x324, 0x328, 0x32c,
	0x330, 0x334, 0x338, 0x33c, 0x340, 0x344, 0x348, 0x34c, 0x350, 0x354, 0x3bc, 0x400,
	0x404, 0x408, 0x40c, 0x410, 0x414, 0x418, 0x420, 0x430, 0x434, 0x438, 0x43c, 0x440,
	0x448, 0x44c, 0x450, 0x454, 0x500, 0x504, 0x508, 0x580, 0x360, 0x364,
};
static const u16 pipeline_regs[] = {
	0x3200, 0x3204, 0x3208, 0x320c, 0x3210, 0x3214, 0x3218, 0x321c, 0x3240, 0x3244,
	0x3248, 0x324c, 0x3250, 0x3254, 0x3258, 0x325c, 0x3280, 0x3284, 0x3288, 0x328c,
	0x5000, 0x5004, 0x5008, 0x5014, 0x5034, 0x5304, 0xc400, 0xc404,
};
static const u16 flex_regs[] = { 0xc458, 0xc558, 0xc658, 0xc758, 0xc45c, 0xc55c, 0xc65c };

/* A list of the image: the dword of its header, and the registers that it loads. */
struct list {
	u16 at;
	bool posted;
	u8 nr;
	const u16 *regs;
};

#define LIST(at_, posted_, regs_)                      \
	{                                              \
		at_, posted_, ARRAY_SIZE(regs_), regs_ \
	}

static const struct list render_lists[] = {
	LIST(0x001, true, ring_regs),
	LIST(0x021, true, memory_regs),
	LIST(0x041, false, render_power),
	LIST(0x051, true, engine_regs),
	/* Its place puts OACTXCONTROL at 0x128, where Linux sets it (ctx_oactxctrl_offset). */
	LIST(0x0b7, true, render_regs),
	/* Behind the place where Linux has workarounds run, so that these do not undo a context's
	   choice. */
	LIST(0x261, true, pipeline_regs),
	/* The counters of execution units, EU_PERF_CNTL; the same (ctx_flexeu0_offset). */
	LIST(0x3dd, true, flex_regs),
};
static const struct list other_lists[] = {
	LIST(0x001, true, ring_regs),
	LIST(0x021, true, memory_regs),
	LIST(0x041, true, other_swctrl),
	LIST(0x051, true, engine_regs),
};

/* The last dword at which the lists of a context's registers can end. */
static u32 lists_end(const struct softgpu_engine *e)
{
	return e->id == GVT_RCS0 ? IMAGE_DWORDS - 1 : IMAGE_KEPT;
}

static u32 *image_of(struct softgpu_engine *e, bool write)
{
	return softgpu_mem(e, true, (e->port[0].desc & GVT_DESC_LRCA_MASK) + IMAGE_OFFSET, write);
}

static u32 get(const u32 *image, u32 i)
{
	return __atomic_load_n(&image[i], __ATOMIC_RELAXED);
}

static void put(u32 *image, u32 i, u32 val)
{
	__atomic_store_n(&image[i], val, __ATOMIC_RELAXED);
}

/* ---- restore ---- */

/* So that a context without these lists does not take them over from the context before. */
static void clear_ring(struct softgpu_engine *e)
{
	for (u32 i = 0; i < ARRAY_SIZE(ring_regs); i++)
		softgpu_set_own(e, ring_regs[i], 0);
	for (u32 i = 0; i < ARRAY_SIZE(memory_regs); i++)
		softgpu_set_own(e, memory_regs[i], 0);
}

/* softgpu_reg_write(), with a short way for the engine's own plain registers. */
static void load_reg(struct softgpu_engine *e, u32 offset, u32 val)
{
	u32 own = offset - e->base;

	if (own < GVT_PAGE_SIZE && e->gpu->kinds[offset / 4] == GVT_REG_PLAIN)
		softgpu_set_own(e, own, val);
	else
		softgpu_reg_write(e->space, offset, val);
}

/* Loads the lists that begin between @from and @to. Returns where to go on. */
static u32 load_lists(struct softgpu_engine *e, const u32 *image, u32 from, u32 to)
{
	u32 i = from;

	while (i < to) {
		u32 header = get(image, i++), nr = ((header & 0xff) + 1) / 2;

		if (!header)
			continue;
		if (!MI_LRI(header) || i + 2 * nr > lists_end(e))
			return lists_end(e);
		for (; nr; nr--, i += 2)
			load_reg(e, get(image, i) & REG_MASK, get(image, i + 1));
	}
	return i;
}

static struct softgpu_batch batch_of(struct softgpu_engine *e, u32 addr, u32 high, u32 state)
{
	return (struct softgpu_batch){
		.addr = (softgpu_own(e, addr) & ~3u) | (u64)softgpu_own(e, high) << 32,
		.ppgtt = softgpu_own(e, state) & BBSTATE_PPGTT,
	};
}

/* Loads the ring, and the batches that it was preempted in. False: there is no valid ring. */
static bool load_streamer(struct softgpu_engine *e)
{
	struct softgpu_cs *cs = &e->cs;
	u32 ctl = softgpu_own(e, RING_CTL);

	*cs = (struct softgpu_cs){
		.head = softgpu_own(e, RING_HEAD) & RING_HEAD_OFFSET,
		.tail = softgpu_own(e, RING_TAIL) & RING_TAIL_OFFSET,
		.start = softgpu_own(e, RING_START) & GVT_DESC_LRCA_MASK,
		.size = (ctl & RING_CTL_PAGES) + GVT_PAGE_SIZE,
		.arbitrate = true,
		.skip = softgpu_own(e, RING_BBSTATE) >> BB_SKIP & 0xf,
	};
	if (softgpu_own(e, RING_BBADDR) & BBADDR_VALID) {
		cs->batch[cs->level++] = batch_of(e, RING_BBADDR, RING_BBADDR_UDW, RING_BBSTATE);
		if (softgpu_own(e, RING_SBBADDR) & BBADDR_VALID)
			cs->batch[cs->level++] =
				batch_of(e, RING_SBBADDR, RING_SBBADDR_UDW, RING_SBBSTATE);
	}
	if (!(ctl & RING_CTL_VALID)) {
		softgpu_fail(e, "the context's ring is not enabled");
		return false;
	}
	if (cs->head >= cs->size || cs->tail >= cs->size) {
		softgpu_fail(e, "the ring's head or tail is beyond its end");
		return false;
	}
	return true;
}

/* Executes a batch of the driver's in the GGTT, until its end, or @bytes if that is not 0. */
static enum softgpu_end run_at_restore(struct softgpu_engine *e, u64 addr, u32 bytes)
{
	struct softgpu_cs cs = e->cs;
	enum softgpu_end end;

	e->cs.restoring = true;
	e->cs.level = 1;
	e->cs.batch[0] = (struct softgpu_batch){ .addr = addr };
	e->cs.end = bytes ? addr + bytes : 0;
	e->cs.skip = e->cs.progress = 0;
	end = softgpu_cs_run(e);
	e->cs = cs;
	return end;
}

/*
 * The place of a command, to which a progress belongs. It need not be exact: after a reset, a
 * driver that has a context begin elsewhere changes the ring's head, or that it is in a batch.
 */
static u32 place_of(const struct softgpu_engine *e)
{
	return e->cs.head | e->cs.level;
}

static void load_kept(struct softgpu_engine *e, const u32 *image)
{
	if (e->id == GVT_RCS0)
		return;
	for (u32 i = 0; i < SOFTGPU_SETUP_DWORDS; i++)
		e->setup[i] = get(image, IMAGE_SETUP + i);
	e->cs.progress = get(image, IMAGE_KEPT + 1) == place_of(e) ? get(image, IMAGE_KEPT) : 0;
}

static void store_kept(const struct softgpu_engine *e, u32 *image)
{
	if (e->id == GVT_RCS0)
		return;
	for (u32 i = 0; i < SOFTGPU_SETUP_DWORDS; i++)
		put(image, IMAGE_SETUP + i, e->setup[i]);
	put(image, IMAGE_KEPT, e->cs.progress);
	put(image, IMAGE_KEPT + 1, place_of(e));
}

/* Loads the engine's lists, and runs the driver's batches in their midst and after them. */
static enum softgpu_end load_engine(struct softgpu_engine *e, const u32 *image, u32 at)
{
	bool inhibit = softgpu_own(e, RING_CONTEXT_CONTROL) & CTL_INHIBIT;
	u32 indirect = softgpu_own(e, RING_INDIRECT), per_ctx = softgpu_own(e, RING_PER_CTX);
	u32 stop = (softgpu_own(e, RING_INDIRECT_AT) & INDIRECT_AT) / 4;
	enum softgpu_end end = END_EMPTY;

	if (!inhibit)
		at = load_lists(e, image, at, stop < lists_end(e) ? stop : lists_end(e));
	if (indirect & INDIRECT_LINES)
		end = run_at_restore(e, indirect & ~INDIRECT_LINES,
				     (indirect & INDIRECT_LINES) * 64);
	if (!inhibit)
		load_lists(e, image, at, lists_end(e));
	if (end == END_EMPTY && per_ctx & 1)
		end = run_at_restore(e, per_ctx & GVT_DESC_LRCA_MASK, 0);
	return end;
}

enum softgpu_end softgpu_context_restore(struct softgpu_engine *e)
{
	const u32 *image;
	enum softgpu_end end;
	u32 at;

	e->regs = softgpu_regs_page(e->space, e->base);
	e->cs = (struct softgpu_cs){ 0 };
	/* A fault before its first command is reported at its image, without a command. */
	e->at = (e->port[0].desc & GVT_DESC_LRCA_MASK) + IMAGE_OFFSET;
	e->dw[0] = 0;
	softgpu_tlb_invalidate(e);
	if (!e->regs) {
		softgpu_fail(e, "no memory is left for registers");
		return END_STUCK;
	}
	e->acthd_high = softgpu_own(e, RING_ACTHD_UDW);
	image = image_of(e, false);
	if (!image)
		return END_STUCK;
	clear_ring(e);
	at = load_lists(e, image, 0, IMAGE_ENGINE);
	e->time_base = softgpu_own(e, RING_CTX_TIMESTAMP) - (u32)clock_ticks(e->time);
	softgpu_context_roots(e);
	if (!load_streamer(e))
		return END_STUCK;
	load_kept(e, image);
	end = load_engine(e, image, at);
	/* Requests that came meanwhile have not been looked at. */
	__atomic_store_n(&e->attention, 1, __ATOMIC_RELEASE);
	return end;
}

bool softgpu_context_tail(struct softgpu_engine *e)
{
	const u32 *image = image_of(e, false);
	u32 tail;

	if (!image)
		return false;
	tail = get(image, IMAGE_TAIL) & RING_TAIL_OFFSET;
	if (tail >= e->cs.size) {
		softgpu_fail(e, "the ring's tail is beyond its end");
		return false;
	}
	e->cs.tail = tail;
	softgpu_set_own(e, RING_TAIL, tail);
	return true;
}

/* ---- save ---- */

static void store_batch(struct softgpu_engine *e, u32 level, u32 addr, u32 high, u32 state)
{
	const struct softgpu_batch *batch = &e->cs.batch[level - 1];
	bool valid = e->cs.level >= level;

	softgpu_set_own(e, addr, valid ? (u32)batch->addr | BBADDR_VALID : 0);
	softgpu_set_own(e, high, valid ? (u32)(batch->addr >> 32) : 0);
	softgpu_set_own(e, state, valid && batch->ppgtt ? BBSTATE_PPGTT : 0);
}

static void store_streamer(struct softgpu_engine *e)
{
	softgpu_set_own(e, RING_HEAD, e->cs.head);
	softgpu_set_own(e, RING_TAIL, e->cs.tail);
	store_batch(e, 1, RING_BBADDR, RING_BBADDR_UDW, RING_BBSTATE);
	store_batch(e, 2, RING_SBBADDR, RING_SBBADDR_UDW, RING_SBBSTATE);
	softgpu_set_own(e, RING_BBSTATE, softgpu_own(e, RING_BBSTATE) | e->cs.skip << BB_SKIP);
	softgpu_set_own(e, RING_CONTEXT_CONTROL,
			softgpu_own(e, RING_CONTEXT_CONTROL) & ~CTL_INHIBIT);
	softgpu_set_own(e, RING_CTX_TIMESTAMP, softgpu_context_time(e));
}

static u32 store_list(struct softgpu_engine *e, u32 *image, const struct list *list)
{
	u32 i = list->at;

	put(image, i++, LRI(list->nr) | (list->posted ? LRI_POSTED : 0));
	for (u32 k = 0; k < list->nr; k++) {
		u32 offset = e->base + list->regs[k], kind = e->gpu->kinds[offset / 4], val;

		if (list->regs[k] < GVT_PAGE_SIZE && kind != SOFTGPU_LIVE)
			val = softgpu_own(e, list->regs[k]);
		else
			val = softgpu_reg_read(e->space, offset);
		/* So that a restore loads all bits. */
		if (kind == GVT_REG_MASKED)
			val |= 0xffff0000;
		put(image, i++, offset);
		/* The driver writes the tail: there may be a new one already. */
		if (i != IMAGE_TAIL)
			put(image, i, val);
		i++;
	}
	return i;
}

bool softgpu_context_save(struct softgpu_engine *e)
{
	const struct list *lists = e->id == GVT_RCS0 ? render_lists : other_lists;
	u32 nr = e->id == GVT_RCS0 ? ARRAY_SIZE(render_lists) : ARRAY_SIZE(other_lists);
	u32 *image = image_of(e, true), at = 0;

	if (!image)
		return false;
	store_streamer(e);
	for (u32 i = 0; i < nr; i++) {
		for (; at < lists[i].at; at++)
			put(image, at, 0);
		at = store_list(e, image, &lists[i]);
	}
	put(image, at, BATCH_END);
	store_kept(e, image);
	return true;
}
