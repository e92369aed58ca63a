/* SPDX-License-Identifier: MIT */
#include "tests/unit/exec_guest.h"

#include <string.h>

#define MI_LRI(n) (0x11001000u | (2 * (n)-1))
#define GGTT_SDI  (0x20u << 23 | 1u << 22 | 2)
#define USER_IRQ  (0x02u << 23)

struct guest exec_guest(struct gvt_gpu *gpu)
{
	struct guest g = { .f = fake_vgpu_gpu(gpu) };

	guest_setup(&g);
	return g;
}

u32 *guest_dw(struct guest *g, u32 gfn, u32 i)
{
	return (u32 *)(g->f->ram + gfn * GVT_PAGE_SIZE) + i;
}

static void set_table(struct guest *g, u32 gfn, u32 i, u64 entry)
{
	memcpy(guest_dw(g, gfn, 2 * i), &entry, sizeof(entry));
}

/* What a driver sets up for an engine, at first and after a reset. */
static void setup_engine(struct guest *g, enum gvt_engine engine)
{
	u32 base = gvt_engine_base(engine);

	fake_reg_write(g->f, base + 0x80, (GUEST_HWSP + engine) << GVT_PAGE_SHIFT);
	fake_reg_write(g->f, base + 0xa8, ~0x109u);
	fake_reg_write(g->f, base + 0xb4, ~1u);
	fake_reg_write(g->f, base + 0x3a0, 0xffff0505);
	memset(guest_dw(g, GUEST_HWSP + engine, 0x10), 0xff, 48);
	*guest_dw(g, GUEST_HWSP + engine, 0x1f) = 5;
	g->csb_head[engine] = 5;
}

void guest_setup(struct guest *g)
{
	struct fake *f = g->f;

	for (u32 page = 1; page < FAKE_RAM_PAGES; page++)
		f->ggtt[page] = (u64)page << GVT_PAGE_SHIFT | 1;
	for (u32 level = 0; level < 3; level++)
		set_table(g, GUEST_PML4 + level, level == 2,
			  (u64)(GUEST_PML4 + level + 1) << GVT_PAGE_SHIFT | 3);
	for (u32 i = 0; i < GTT_ENTRIES; i++)
		set_table(g, GUEST_PML4 + 3, i, (u64)(GUEST_DATA + i) << GVT_PAGE_SHIFT | 3);
	fake_write(f, FAKE_BAR0 + 0x78838, 8, (u64)GUEST_PML4 << GVT_PAGE_SHIFT);
	fake_reg_write(f, 0x78818, 4);

	for (u32 n = 0; n < 4; n++) {
		fake_reg_write(f, 0x44304 + 0x10 * n, 0);
		fake_reg_write(f, 0x4430c + 0x10 * n, ~0u);
	}
	fake_reg_write(f, 0x44200, 1u << 31);
	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		u32 base = gvt_engine_base(e);

		fake_reg_write(f, base + 0x29c, 0x80008000);
		fake_reg_write(f, base + 0x9c, 0x01000000);
		setup_engine(g, e);
	}
}

void guest_weigh(struct guest *g, enum gvt_engine engine, u32 weight, u32 cap)
{
	g->f->gvt->share->ops->weigh(&g->f->vgpu->exec->engine[engine].client, weight, cap);
}

u64 guest_had(struct guest *g, enum gvt_engine engine)
{
	return intel_vgpu_engine_counts(g->f->vgpu, engine).run_ns;
}

static u32 ring_gma(const struct guest_ctx *ctx)
{
	return (GUEST_RING + 4 * ctx->nr) << GVT_PAGE_SHIFT;
}

struct guest_ctx guest_context(struct guest *g, enum gvt_engine engine, u32 nr)
{
	static const u16 ring_regs[] = { 0x244, 0x034, 0x030, 0x038, 0x03c, 0x168, 0x140,
					 0x110, 0x11c, 0x114, 0x118, 0x1c0, 0x1c4, 0x1c8 };
	static const u16 memory_regs[] = { 0x3a8, 0x28c, 0x288, 0x284, 0x280,
					   0x27c, 0x278, 0x274, 0x270 };
	struct guest_ctx ctx = { .engine = engine, .nr = nr, .id = 0x100 + nr };
	u32 *regs = guest_dw(g, GUEST_CTX + 32 * nr + 1, 0), base = gvt_engine_base(engine);

	memset(guest_dw(g, GUEST_CTX + 32 * nr, 0), 0, 22 * GVT_PAGE_SIZE);
	regs[1] = MI_LRI(ARRAY_SIZE(ring_regs));
	for (u32 i = 0; i < ARRAY_SIZE(ring_regs); i++)
		regs[2 + 2 * i] = base + ring_regs[i];
	regs[0x21] = MI_LRI(ARRAY_SIZE(memory_regs));
	for (u32 i = 0; i < ARRAY_SIZE(memory_regs); i++)
		regs[0x22 + 2 * i] = base + memory_regs[i];
	regs[0x34] = 0x0au << 23;
	regs[0x03] = 0x000d0009;
	regs[0x09] = ring_gma(&ctx);
	regs[0x0b] = (GUEST_RING_SIZE - GVT_PAGE_SIZE) | 1;
	regs[0x33] = GUEST_PML4 << GVT_PAGE_SHIFT;
	return ctx;
}

void guest_emit(struct guest *g, struct guest_ctx *ctx, u32 dw)
{
	*guest_dw(g, ring_gma(ctx) >> GVT_PAGE_SHIFT, ctx->tail / 4) = dw;
	ctx->tail = (ctx->tail + 4) % GUEST_RING_SIZE;
}

void guest_breadcrumb(struct guest *g, struct guest_ctx *ctx)
{
	const u32 dw[] = { GGTT_SDI, (GUEST_SEQNO << GVT_PAGE_SHIFT) + 4 * ctx->nr,
			   0,	     ++ctx->seqno,
			   USER_IRQ, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(dw); i++)
		guest_emit(g, ctx, dw[i]);
}

void guest_write_tail(struct guest *g, const struct guest_ctx *ctx)
{
	*guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 7) = ctx->tail;
}

u64 guest_desc(const struct guest_ctx *ctx)
{
	return (u64)ctx->id << GVT_DESC_ID_SHIFT | (GUEST_CTX + 32 * ctx->nr) << GVT_PAGE_SHIFT |
	       GVT_DESC_VALID | GVT_DESC_MODE_4L | GVT_DESC_PRIVILEGE;
}

void guest_elsp(struct guest *g, enum gvt_engine engine, u64 first, u64 second)
{
	u32 port = gvt_engine_base(engine) + 0x230;

	fake_reg_write(g->f, port, second >> 32);
	fake_reg_write(g->f, port, second);
	fake_reg_write(g->f, port, first >> 32);
	fake_reg_write(g->f, port, first);
}

void guest_submit(struct guest *g, const struct guest_ctx *first, const struct guest_ctx *second)
{
	guest_write_tail(g, first);
	if (second)
		guest_write_tail(g, second);
	guest_elsp(g, first->engine, guest_desc(first), second ? guest_desc(second) : 0);
}

struct guest_ctx guest_endless(struct guest *g, enum gvt_engine engine, u32 nr)
{
	struct guest_ctx ctx = guest_context(g, engine, nr);
	const u32 jump[] = { 0x31u << 23 | 1u << 8 | 1, GUEST_DATA_AT, 0, 0 };

	for (u32 i = 0; i < ARRAY_SIZE(jump); i++) {
		*guest_dw(g, GUEST_DATA, i) = jump[i];
		guest_emit(g, &ctx, jump[i]);
	}
	guest_submit(g, &ctx, NULL);
	return ctx;
}

bool guest_no_event(struct guest *g, enum gvt_engine engine)
{
	return *guest_dw(g, GUEST_HWSP + engine, 0x1f) == g->csb_head[engine];
}

void guest_await_hang(struct guest *g, enum gvt_engine engine)
{
	while (!(fake_reg(g->f, gvt_engine_base(engine) + 0xb0) & 1))
		ck_assert_msg(fake_serve(g->f, UNIT_WAIT_MS), "engine %d goes on", engine);
}

u64 guest_event(struct guest *g, enum gvt_engine engine)
{
	u32 *entry;
	u64 csb;

	while (guest_no_event(g, engine))
		ck_assert_msg(fake_serve(g->f, UNIT_WAIT_MS), "no event on engine %d", engine);
	g->csb_head[engine] = (g->csb_head[engine] + 1) % 6;
	entry = guest_dw(g, GUEST_HWSP + engine, 0x10 + 2 * g->csb_head[engine]);
	csb = entry[0] | (u64)entry[1] << 32;
	ck_assert_msg(csb != ~0ull, "an entry that was not written");
	ck_assert_uint_eq(fake_reg(g->f, gvt_engine_base(engine) + 0x370 + 8 * g->csb_head[engine]),
			  entry[0]);
	entry[0] = entry[1] = ~0u;
	return csb;
}

u32 guest_seqno(struct guest *g, const struct guest_ctx *ctx)
{
	return __atomic_load_n(guest_dw(g, GUEST_SEQNO, ctx->nr), __ATOMIC_ACQUIRE);
}

void guest_reset_engine(struct guest *g, enum gvt_engine engine)
{
	static const u32 gdrst[GVT_NR_ENGINES] = { 2, 8, 4, 16 };

	fake_reg_write(g->f, 0x941c, gdrst[engine]);
	ck_assert_uint_eq(fake_reg(g->f, 0x941c), 0);
	setup_engine(g, engine);
}

void guest_check_works(struct guest *g, enum gvt_engine engine)
{
	struct guest_ctx ctx = guest_context(g, engine, 20);

	*guest_dw(g, GUEST_SEQNO, ctx.nr) = 0;
	guest_breadcrumb(g, &ctx);
	guest_submit(g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(g, engine), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(g, engine), guest_csb(LAST, ctx.id));
	ck_assert_uint_eq(guest_seqno(g, &ctx), 1);
}

struct guest guest_second(struct guest *first)
{
	struct guest g = { .f = fake_new_gpu(NULL) };

	g.f->ggtt = fake_pages(MiB(8));
	g.f->mirror = fake_pages(GVT_MMIO_SIZE);
	g.f->gvt->gpu = first->f->gvt->gpu;
	g.f->gvt->share = first->f->gvt->share;
	ck_assert_int_eq(fake_create(g.f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(g.f->vgpu), 0);
	fake_place(g.f);
	guest_setup(&g);
	return g;
}

void guest_free_second(struct guest *g)
{
	intel_gvt_destroy_vgpu(g->f->vgpu);
	g->f->vgpu = NULL;
	fake_free(g->f);
}
