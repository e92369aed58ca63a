/* SPDX-License-Identifier: MIT */
#include "core/exec/image.h"

#include <string.h>

#include "core/exec/exec.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

#define MI_NOOP 0u

#define ANYWHERE 0u

/* The registers that are the mediator's (GVT_RULE_SPECIAL), from the engine's base. */
static const struct {
	u16 first, last;
	u16 at; /* the place of the first; those of the others are below it. Or ANYWHERE */
} image_regs[] = {
	{ 0x030, 0x030, AT_TAIL },	{ 0x034, 0x034, AT_HEAD },
	{ 0x038, 0x038, AT_START },	{ 0x03c, 0x03c, AT_CTL },
	{ 0x110, 0x110, AT_BB_STATE },	{ 0x114, 0x114, AT_SBB },
	{ 0x118, 0x118, AT_SBB_STATE }, { 0x11c, 0x11c, AT_SBB_HIGH },
	{ 0x140, 0x140, AT_BB },	{ 0x168, 0x168, AT_BB_HIGH },
	{ 0x1c0, 0x1c0, AT_PER_CTX },	{ 0x1c4, 0x1c4, AT_INDIRECT },
	{ 0x1c8, 0x1c8, ANYWHERE },	{ 0x244, 0x244, ANYWHERE },
	{ 0x270, 0x28c, AT_PDP0_LOW },
};

static bool refuse(struct exec_fault *fault, const char *why, u64 addr, u32 cmd)
{
	*fault = (struct exec_fault){
		.refusal = EXEC_BAD_IMAGE, .why = why, .cmd = cmd, .addr = addr
	};
	return false;
}

/*
 * The end of the lists of registers. The render engine's counters of execution units are at the end
 * of the page. The GPU itself checks what is behind the lists.
 */
static u32 lists_end(const struct shadow_ctx *ctx)
{
	return CTX_DWORDS - (ctx->engine == GVT_RCS0 ? 16 : 64);
}

/*
 * Checks a register of the image, whose value is at dword @i. An image may load what commands may
 * write. Another register is replaced by one that nobody reads. False: a register of the mediator's
 * at a wrong place.
 */
static bool take_reg(const struct shadow_ctx *ctx, u32 *to, u32 i)
{
	u32 reg = to[i - 1] & GVT_CMD_REG_MASK, offset = reg - gvt_engine_base(ctx->engine);
	enum gvt_reg_rule rule = gvt_rule_context(ctx->engine, reg);

	to[i - 1] = reg;
	if (rule == GVT_RULE_ALLOW) {
		if (intel_gvt_reg(ctx->vgpu->gvt, reg))
			to[i] = gvt_reg_loaded(ctx->vgpu->gvt, reg, to[i]);
		return true;
	}
	for (size_t n = 0; rule == GVT_RULE_SPECIAL && n < ARRAY_SIZE(image_regs); n++)
		if (offset >= image_regs[n].first && offset <= image_regs[n].last)
			return image_regs[n].at == ANYWHERE ||
			       i == image_regs[n].at - (offset - image_regs[n].first) / 2;
	if (rule == GVT_RULE_SPECIAL)
		return false;
	if (gvt_rule_write(ctx->vgpu->gvt, ctx->engine, reg) != GVT_RULE_ALLOW) {
		to[i - 1] = GVT_SCAN_SINK;
		to[i] = 0;
	}
	return true;
}

/* The register of the mediator's whose place is dword @at, as an offset in BAR0; 0: none. */
static u32 reg_at(const struct shadow_ctx *ctx, u32 at)
{
	for (size_t n = 0; n < ARRAY_SIZE(image_regs); n++) {
		u32 span = image_regs[n].last - image_regs[n].first;

		if (image_regs[n].at != ANYWHERE && at <= image_regs[n].at &&
		    image_regs[n].at - at <= span / 2 && (image_regs[n].at - at) % 2 == 0)
			return gvt_engine_base(ctx->engine) + image_regs[n].first +
			       2 * (image_regs[n].at - at);
	}
	return 0;
}

bool image_has(const struct shadow_ctx *ctx, const u32 *image, u32 at)
{
	return image[at - 1] == reg_at(ctx, at);
}

u32 image_get(const struct shadow_ctx *ctx, u32 at)
{
	return image_has(ctx, ctx->image, at) ? ctx->image[at] : 0;
}

bool image_take(struct shadow_ctx *ctx, const u32 *from, struct exec_fault *fault)
{
	/* These must be there. Any other may be missing. */
	static const u16 needed[] = {
		AT_HEAD,       AT_TAIL,	       AT_START,      AT_CTL,
		AT_PDP_LOW(0), AT_PDP_HIGH(0), AT_PDP_LOW(1), AT_PDP_HIGH(1),
		AT_PDP_LOW(2), AT_PDP_HIGH(2), AT_PDP_LOW(3), AT_PDP_HIGH(3)
	};
	const u32 last = lists_end(ctx);
	u32 *to = ctx->image, i = 0, end = 0;
	bool whole = true;

	memset(ctx->ours, 0, sizeof(ctx->ours));
	while (i < last && (from[i] == MI_NOOP || MI_LRI(from[i]))) {
		bool list = from[i] != MI_NOOP;
		u32 nr = list ? (from[i] & MI_LRI_LENGTH) + 2 : 1;

		/* There must be room for an end behind the last list. */
		if (list && (i + nr >= last || nr % 2 == 0))
			return refuse(fault, "a list of registers without an end", ctx->lrca, 0);
		/* Registers are at even dwords; a kept byte would be from another context. */
		if (list && (i % 2 == 0 || from[i] & MI_LRI_KEEPS_BYTES))
			return refuse(fault, "a list of registers that no context has", ctx->lrca,
				      from[i]);
		memcpy(&to[i], &from[i], nr * sizeof(u32));
		for (u32 at = i + 2; at < i + nr; at += 2)
			if (!take_reg(ctx, to, at))
				return refuse(fault, "a register out of its place", ctx->lrca,
					      from[at - 1]);
		i += nr;
		end = nr > 1 ? i : end;
	}
	/* The lists end here, whatever the guest has behind them. */
	memset(&to[end], 0, (i - end) * sizeof(u32));
	to[end] = EXEC_BATCH_END;
	memcpy(&to[last], &from[last], (CTX_DWORDS - last) * sizeof(u32));
	for (size_t n = 0; n < ARRAY_SIZE(needed); n++)
		whole &= needed[n] < end && image_has(ctx, to, needed[n]);
	return whole || refuse(fault, "no ring or no page tables", ctx->lrca, 0);
}

void image_own(struct shadow_ctx *ctx, u32 at, u32 val)
{
	if (!image_has(ctx, ctx->image, at))
		return;
	ctx->image[at] = val;
	ctx->ours[at / 8] |= 1u << at % 8;
}

bool image_is_own(const struct shadow_ctx *ctx, u32 at)
{
	return ctx->ours[at / 8] >> at % 8 & 1;
}
