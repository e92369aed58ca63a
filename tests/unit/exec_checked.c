/* SPDX-License-Identifier: MIT */
/*
 * What the GPU is told of registers while a guest's write is in progress: a value is checked first,
 * and told then. No value is told and then taken back, whoever writes: the CPU, a state file, a
 * command, or a context's image.
 */
#include "tests/unit/exec_guest.h"

#include <stdlib.h>
#include <string.h>

#define LRI(n)	(0x11000000u | (2 * (n)-1))
#define SLOT	0x4d0u /* FORCE_TO_NONPRIV, twelve */
#define SLOTS	12u
#define HWS_PGA 0x80u

/* ---- a GPU that records what it is told of a register ---- */

#define TOLD_MAX 64u

static struct gvt_gpu *gpu;
static const struct gvt_gpu_ops *real;
static struct gvt_gpu_ops spying;

static struct {
	const struct fake *f;
	u32 offset; /* the register */
	u32 nr;
	u32 val[TOLD_MAX];   /* what the GPU was told, in order */
	u32 shown[TOLD_MAX]; /* what the guest could read there at these moments */
} told;

static void listen(struct gvt_gpu_space *space, u32 offset, u32 val)
{
	if (told.f && offset == told.offset) {
		ck_assert_uint_lt(told.nr, TOLD_MAX);
		told.val[told.nr] = val;
		told.shown[told.nr++] = told.f->mirror[offset / 4];
	}
	real->reg_write(space, offset, val);
}

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
	real = gpu->ops;
	spying = *real;
	spying.reg_write = listen;
	gpu->ops = &spying;
	told.f = NULL;
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

static void hear(const struct fake *f, u32 offset)
{
	told.f = f;
	told.offset = offset;
	told.nr = 0;
}

/* ---- values that are written ---- */

static u32 hostile(u32 offset, u32 i, u64 *seed)
{
	int engine = gvt_engine_of(offset);
	u32 base = engine >= 0 ? gvt_engine_base(engine) : 0x2000;
	const u32 vals[] = { ~0u,
			     base + HWS_PGA,
			     base + 0x270,
			     base + SLOT,
			     (u32)HIDDEN_BASE,
			     0xfffff000,
			     0xffff0000,
			     0 };

	return i < ARRAY_SIZE(vals) ? vals[i] : (u32)unit_random(seed);
}

#define VALUES 12u

/* True for a value that no engine may be told. */
static bool forbidden(const struct fake *f, u32 offset, u32 val)
{
	int engine = gvt_engine_of(offset);
	u32 own = engine >= 0 ? offset - gvt_engine_base(engine) : 0;

	if (own == HWS_PGA && engine >= 0)
		return val >= HIDDEN_BASE;
	if (engine >= 0 && own - SLOT < 4 * SLOTS)
		return val && val != gvt_engine_base(engine) + 0x94 &&
		       (val & ~0x7ffffcu || gvt_rule_write(f->gvt, engine, val) != GVT_RULE_ALLOW);
	return false;
}

/* The CPU writes every register. */
START_TEST(by_cpu)
{
	struct guest g = exec_guest(gpu);
	struct fake *f = g.f;
	u64 seed = 7;

	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, offset);

		for (u32 i = 0; row && i < VALUES; i++) {
			u32 was = gvt_vreg(f->vgpu, offset), is, val = hostile(offset, i, &seed);

			hear(f, offset);
			fake_reg_write(f, offset, val);
			told.f = NULL;
			is = gvt_vreg(f->vgpu, offset);
			for (u32 n = 0; n < told.nr; n++) {
				u32 mask =
					(row->kind == GVT_REG_MASKED ? 0xffff : ~0u) & ~row->state;

				UNIT_CHECK(!forbidden(f, offset, told.val[n]),
					   "%s (0x%x): of 0x%x the GPU is told 0x%x", row->name,
					   offset, val, told.val[n]);
				UNIT_CHECK((told.val[n] & mask) == (told.val[told.nr - 1] & mask),
					   "%s (0x%x): of 0x%x the GPU is told 0x%x, and it is "
					   "taken back",
					   row->name, offset, val, told.val[n]);
				UNIT_CHECK(intel_gvt_page_traps(f->gvt, offset / GVT_PAGE_SIZE) ||
						   told.shown[n] == was ||
						   !((told.shown[n] ^ is) & ~row->state),
					   "%s (0x%x): of 0x%x the guest is shown 0x%x, then 0x%x",
					   row->name, offset, val, told.shown[n], is);
			}
		}
	}
	fake_free(f);
}
END_TEST

/* The next process takes the vGPU up, from a state whose registers are all @val. */
static void take_up(struct fake *f, u32 val)
{
	struct vgpu_regs *regs = f->vgpu->regs;

	intel_gvt_destroy_vgpu(f->vgpu);
	memset(regs->used, 0xff, sizeof(regs->used));
	for (u32 i = 0; i < GVT_MMIO_DWORDS; i++)
		regs->val[i] = val;
	ck_assert_int_eq(fake_create(f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(f->vgpu), 0);
}

/* A state file is trusted as little as the guest. */
START_TEST(by_state)
{
	static const u32 vals[] = { ~0u, 0xfc000000u, 0xaaaaaaaau };
	struct guest g = exec_guest(gpu);
	struct fake *f = g.f;

	take_up(f, vals[_i]);
	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, offset);
		u32 is = gpu->ops->reg_read(f->vgpu->space, offset), stays;

		if (!row) {
			UNIT_CHECK(!is, "0x%x, which is none, is 0x%x", offset, is);
			continue;
		}
		UNIT_CHECK(!forbidden(f, offset, is), "%s (0x%x): the GPU has 0x%x", row->name,
			   offset, is);
		/* Bits that no write changes have their reset values. */
		stays = ~(row->wmask ? row->wmask : ~0u) & ~row->state;
		UNIT_CHECK(row->ro || !((gvt_vreg(f->vgpu, offset) ^ row->reset) & stays),
			   "%s (0x%x) is 0x%x", row->name, offset, gvt_vreg(f->vgpu, offset));
		UNIT_CHECK(row->kind != GVT_REG_MASKED || row->ro ||
				   !(gvt_vreg(f->vgpu, offset) >> 16),
			   "%s (0x%x): a mask is kept", row->name, offset);
	}
	fake_free(f);
}
END_TEST

/* A state that a guest can bring about is taken up unchanged. */
START_TEST(taken_up_as_it_was)
{
	struct guest g = exec_guest(gpu);
	struct fake *f = g.f;
	u32 *was = calloc(GVT_MMIO_DWORDS, sizeof(u32));
	u64 seed = 5 + _i;

	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4)
		if (intel_gvt_reg(f->gvt, offset) && offset != 0x941c)
			fake_reg_write(f, offset, unit_random(&seed));
	memcpy(was, f->vgpu->regs->val, GVT_MMIO_SIZE);
	intel_gvt_destroy_vgpu(f->vgpu);
	ck_assert_int_eq(fake_create(f, 64), 0);
	for (u32 i = 0; i < GVT_MMIO_DWORDS; i++) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, 4 * i);

		UNIT_CHECK(f->vgpu->regs->val[i] == was[i], "%s (0x%x): 0x%x becomes 0x%x",
			   row ? row->name : "none", 4 * i, was[i], f->vgpu->regs->val[i]);
	}
	free(was);
	fake_free(f);
}
END_TEST

/* Commands load what the CPU could write, or nothing. */
START_TEST(by_command)
{
	struct guest g = exec_guest(gpu);
	struct fake *f = g.f;
	u64 seed = 3;

	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += 4) {
		const struct gvt_reg *row = intel_gvt_reg(f->gvt, offset);

		for (u32 i = 0; row && i < VALUES; i++) {
			const struct gvt_scan scan = { .gvt = f->gvt,
						       .engine = _i,
						       .limit = HIDDEN_BASE };
			u32 val = hostile(offset, i, &seed), dw[4] = { LRI(1), offset, val, 0 };
			u32 stays = row->wmask ? ~row->wmask : 0;

			if (gvt_scan_ring(&scan, dw, 4, NULL) || dw[1] == GVT_SCAN_SINK)
				continue;
			UNIT_CHECK(!row->take && !row->write && !row->ro,
				   "%s (0x%x) is written past its handler", row->name, offset);
			UNIT_CHECK(!forbidden(f, offset, dw[2]), "%s (0x%x): 0x%x is loaded",
				   row->name, offset, dw[2]);
			if (row->kind == GVT_REG_MASKED)
				UNIT_CHECK(!(dw[2] >> 16 & stays), "%s (0x%x): 0x%x is loaded",
					   row->name, offset, dw[2]);
			else
				UNIT_CHECK(!((dw[2] ^ row->reset) & stays),
					   "%s (0x%x): 0x%x is loaded", row->name, offset, dw[2]);
		}
	}
	fake_free(f);
}
END_TEST

/* So do images of contexts: MODE_IDLE of RING_MI_MODE, which no write clears, is not cleared. */
START_TEST(by_image)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, _i, 0);
	u32 base = gvt_engine_base(_i), *regs = guest_dw(&g, GUEST_CTX + 1, 0);

	regs[0x34] = 0;
	regs[0x35] = LRI(2);
	regs[0x36] = base + 0x9c;
	regs[0x37] = 0xffff0000;
	regs[0x38] = base + HWS_PGA;
	regs[0x39] = HIDDEN_BASE;
	regs[0x3a] = EXEC_BATCH_END;
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, _i), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, _i), guest_csb(LAST, ctx.id));
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, base + 0x9c), BIT32(9));
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, base + HWS_PGA),
			  (GUEST_HWSP + _i) << GVT_PAGE_SHIFT);
	fake_free(g.f);
}
END_TEST

/* ---- what commands read ---- */

#define SRM	    (0x24u << 23 | 2)
#define SRM_GGTT    (SRM | BIT32(22))
#define LRR	    (0x2au << 23 | 1)
#define START_GGTT  (0x31u << 23 | 1)
#define START_PPGTT (START_GGTT | BIT32(8))
#define GPR	    0x600u
#define RESULT	    (GUEST_SEQNO + 1) /* the page that receives the registers */
#define BATCH	    (GUEST_SEQNO + 2)

/* From an engine's base: addresses of page tables, rings, contexts and batches. */
static const u16 hidden[] = { 0x038, 0x05c, 0x060, 0x074, 0x078, 0x114, 0x11c, 0x140,
			      0x168, 0x180, 0x1c0, 0x1c4, 0x228, 0x270, 0x274, 0x278,
			      0x27c, 0x280, 0x284, 0x288, 0x28c, 0x518 };

/* Stores all of these at @at: once directly, and once through a register that anybody may read. */
static u32 store_hidden(u32 *dw, u32 base, u32 srm, u32 at)
{
	u32 n = 0;

	for (u32 i = 0; i < ARRAY_SIZE(hidden); i++) {
		const u32 cmd[] = { srm,	base + hidden[i], at + 8 * i, 0,
				    LRR,	base + hidden[i], base + GPR, srm,
				    base + GPR, at + 8 * i + 4,	  0 };

		memcpy(&dw[n], cmd, sizeof(cmd));
		n += ARRAY_SIZE(cmd);
	}
	dw[n++] = EXEC_BATCH_END;
	return n;
}

enum { BY_RING, BY_BATCH, BY_USER, BY_OTHER, NR_BY };

START_TEST(not_shown)
{
	enum gvt_engine e = _i / NR_BY;
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, e, 0);
	/* Commands on one engine can name registers of another. */
	u32 how = _i % NR_BY, base = gvt_engine_base(how == BY_OTHER ? (e + 1) % 4 : e), dw[512], n;
	u32 *out = how < BY_USER ? guest_dw(&g, RESULT, 0) : guest_dw(&g, GUEST_DATA + 1, 0);

	guest_check_works(&g, (e + 1) % 4);
	memset(out, 0xff, GVT_PAGE_SIZE);
	n = how < BY_USER ? store_hidden(dw, base, SRM_GGTT, RESULT << GVT_PAGE_SHIFT)
			  : store_hidden(dw, base, SRM, GUEST_DATA_AT + GVT_PAGE_SIZE);
	memcpy(guest_dw(&g, how < BY_USER ? BATCH : GUEST_DATA, 0), dw, n * sizeof(u32));
	for (u32 i = 0; how == BY_RING && i < n - 1; i++)
		guest_emit(&g, &ctx, dw[i]);
	if (how != BY_RING) {
		guest_emit(&g, &ctx, how == BY_BATCH ? START_GGTT : START_PPGTT);
		guest_emit(&g, &ctx, how == BY_BATCH ? BATCH << GVT_PAGE_SHIFT : GUEST_DATA_AT);
		guest_emit(&g, &ctx, 0);
		guest_emit(&g, &ctx, 0);
	}
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, e), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, e), guest_csb(LAST, ctx.id));
	ck_assert_uint_ne(gpu->ops->reg_read(g.f->vgpu->space, base + 0x270), 0);
	ck_assert_uint_ne(gpu->ops->reg_read(g.f->vgpu->space, base + 0x38), 0);
	for (u32 i = 0; i < 2 * ARRAY_SIZE(hidden); i++)
		UNIT_CHECK(!out[i], "engine %d: of 0x%x 0x%x is shown", e, base + hidden[i / 2],
			   out[i]);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_checked(void)
{
	Suite *suite = suite_create("exec_checked");
	TCase *tcase = tcase_create("exec_checked");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, by_cpu);
	tcase_add_loop_test(tcase, by_state, 0, 3);
	tcase_add_loop_test(tcase, taken_up_as_it_was, 0, 3);
	tcase_add_loop_test(tcase, by_command, 0, GVT_NR_ENGINES);
	tcase_add_loop_test(tcase, by_image, 0, GVT_NR_ENGINES);
	tcase_add_loop_test(tcase, not_shown, 0, GVT_NR_ENGINES * NR_BY);
	suite_add_tcase(suite, tcase);
	return suite;
}
