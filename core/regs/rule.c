/* SPDX-License-Identifier: MIT */
/*
 * Which registers a guest's commands may touch.
 */
#include "core/regs/rule.h"

#include "core/hw/cmd.h"
#include "core/hw/format.h"
#include "core/hw/reg.h"
#include "core/hw/ring_regs.h"
#include "core/vgpu.h"

/*
 * Rules, a byte for each register's dword, so that one look finds a rule. Registers that a table
 * does not name have zero; the code that uses the table says which rule that means.
 */
#define R(first, last) [(first) / 4 ...(last) / 4]

#define ENGINE_SPAN   0x1000u
#define ENGINE_DWORDS (ENGINE_SPAN / 4)
#define GT_SPAN	      0x10000u

/* clang-format off */
/* In the engine's own block: the registers that the guest may not write. It may write the rest. */
static const u8 engine_writes[ENGINE_DWORDS] = {
	R(0x020, 0x024) = GVT_RULE_REFUSE,  /* PGTBL_CTL, PGTBL_ER */
	R(0x030, 0x03c) = GVT_RULE_REFUSE,  /* ring: tail, head, start, control */
	R(0x050, 0x054) = GVT_RULE_REFUSE,  /* PSMI_CTL, MAX_IDLE: power */
	R(0x080, 0x080) = GVT_RULE_REFUSE,  /* HWS_PGA */
	R(0x098, 0x098) = GVT_RULE_REFUSE,  /* HWSTAM */
	R(0x0a8, 0x0b8) = GVT_RULE_REFUSE,  /* IMR, EIR, EMR, ESR */
	R(0x0d0, 0x0d0) = GVT_RULE_REFUSE,  /* RESET_CTL */
	R(0x134, 0x134) = GVT_RULE_REFUSE,  /* UHPTR: it sets the head */
	R(0x180, 0x180) = GVT_RULE_REFUSE,  /* CCID */
	R(0x1a0, 0x1a8) = GVT_RULE_REFUSE,  /* CXT_SIZE */
	R(0x1c0, 0x1c8) = GVT_RULE_REFUSE,  /* batches at restore */
	R(0x220, 0x23c) = GVT_RULE_REFUSE,  /* PP_DIR, ELSP, EXECLIST_STATUS */
	R(0x244, 0x244) = GVT_RULE_REFUSE,  /* CONTEXT_CONTROL */
	R(0x270, 0x28c) = GVT_RULE_SPECIAL, /* PDP */
	R(0x29c, 0x29c) = GVT_RULE_REFUSE,  /* RING_MODE: execlists on */
	R(0x370, 0x3a4) = GVT_RULE_REFUSE,  /* context status buffer and pointer */
	R(0x3b0, 0x3b4) = GVT_RULE_REFUSE,  /* OABUFFER */
	R(0x510, 0x514) = GVT_RULE_REFUSE,  /* EXECLIST_SQ */
	R(0x520, 0x520) = GVT_RULE_REFUSE,  /* GFX_MODE, an earlier RING_MODE */
	R(0x550, 0x550) = GVT_RULE_REFUSE,  /* EXECLIST_CONTROL */
	R(0xb00, 0xb20) = GVT_RULE_REFUSE,  /* OA: the unit's own buffer in the GGTT */
};

/* Outside of all engines' blocks: the registers that the guest may write. It may not the rest. */
static const u8 gt_writes[GT_SPAN / 4] = {
	R(0x00d00, 0x00d2c) = GVT_RULE_SINK,  /* RPM_CONFIG, NOA_CONFIG */
	R(0x04ab0, 0x04ab8) = GVT_RULE_ALLOW, /* GAMT_ECO, GAMT_CHKN_BIT */
	R(0x04ddc, 0x04ddc) = GVT_RULE_ALLOW, /* MMCD_MISC_CTRL */
	R(0x05000, 0x07fff) = GVT_RULE_ALLOW, /* pipelines: stream output, chickens, caches */
	R(0x083a4, 0x083a4) = GVT_RULE_ALLOW, /* VF_GUARDBAND */
	R(0x09030, 0x09030) = GVT_RULE_ALLOW, /* SQ_CHICKEN */
	R(0x091b8, 0x091cc) = GVT_RULE_ALLOW, /* OA_PERFCNT */
	R(0x09800, 0x09888) = GVT_RULE_ALLOW, /* MICRO_BP to NOA_WRITE: what counters count */
	R(0x0b000, 0x0b1ff) = GVT_RULE_ALLOW, /* third-level cache, its memory attributes */
	R(0x0c800, 0x0cfff) = GVT_RULE_ALLOW, /* memory attributes */
	R(0x0e000, 0x0e7ff) = GVT_RULE_ALLOW, /* subslices */
	R(0x0a188, 0x0a188) = GVT_RULE_SINK, /* FORCEWAKE_MT */
};

/*
 * Registers that a context image loads: the gen8 and gen9 offsets in intel_lrc.c, and the registers
 * that the render engine saves as well (Skylake PRM, volume 7, "Register State Context").
 */
static const u8 context[ENGINE_DWORDS] = {
	R(0x028, 0x028) = GVT_RULE_ALLOW,
	R(0x030, 0x03c) = GVT_RULE_SPECIAL, /* ring: tail, head, start, control */
	R(0x068, 0x068) = GVT_RULE_ALLOW,   /* IPEHR */
	R(0x09c, 0x09c) = GVT_RULE_ALLOW,   /* MI_MODE */
	R(0x0c0, 0x0c0) = GVT_RULE_ALLOW,   /* INSTPM */
	R(0x0c8, 0x0c8) = GVT_RULE_ALLOW,   /* R_PWR_CLK_STATE */
	R(0x0d8, 0x0d8) = GVT_RULE_ALLOW,   /* CS_DEBUG_MODE2 */
	R(0x110, 0x11c) = GVT_RULE_SPECIAL, /* its position in a batch */
	R(0x140, 0x140) = GVT_RULE_SPECIAL,
	R(0x150, 0x158) = GVT_RULE_ALLOW,   /* BB_START_ADDR, BB_ADDR_DIFF, BB_OFFSET */
	R(0x168, 0x168) = GVT_RULE_SPECIAL,
	R(0x170, 0x170) = GVT_RULE_ALLOW,
	R(0x178, 0x17c) = GVT_RULE_ALLOW,   /* PR_CTR: the watchdog */
	R(0x1c0, 0x1c8) = GVT_RULE_SPECIAL, /* batches at restore */
	R(0x200, 0x200) = GVT_RULE_ALLOW,   /* BCS_SWCTRL */
	R(0x244, 0x244) = GVT_RULE_SPECIAL, /* CONTEXT_CONTROL */
	R(0x248, 0x248) = GVT_RULE_ALLOW,   /* CTX_PREEMPT_REG */
	R(0x270, 0x28c) = GVT_RULE_SPECIAL, /* PDP */
	R(0x290, 0x294) = GVT_RULE_ALLOW,   /* GPGPU_THREADS_DISPATCHED */
	R(0x2c8, 0x2cc) = GVT_RULE_ALLOW,   /* PS_INVOCATION_COUNT_0 */
	R(0x2d8, 0x2dc) = GVT_RULE_ALLOW,   /* PS_DEPTH_COUNT_0 */
	R(0x2f0, 0x364) = GVT_RULE_ALLOW,   /* the pipeline's counts, TIMESTAMP, OACTXCONTROL */
	R(0x3a8, 0x3a8) = GVT_RULE_ALLOW,   /* CTX_TIMESTAMP */
	R(0x3bc, 0x3bc) = GVT_RULE_ALLOW,   /* MI_PREDICATE_RESULT_2 */
	R(0x400, 0x440) = GVT_RULE_ALLOW,   /* MI_PREDICATE, 3DPRIM */
	R(0x448, 0x454) = GVT_RULE_ALLOW,   /* the slices' counts */
	R(0x500, 0x508) = GVT_RULE_ALLOW,   /* GPGPU_DISPATCHDIM */
	R(0x580, 0x580) = GVT_RULE_ALLOW,   /* CS_CHICKEN1 */
	R(0x600, 0x67c) = GVT_RULE_ALLOW,   /* CS_GPR */
};
/* clang-format on */

#define DERRMR 0x44050u

static enum gvt_reg_rule or_else(u8 rule, enum gvt_reg_rule otherwise)
{
	return rule ? rule : otherwise;
}

enum gvt_reg_rule gvt_rule_write(const struct intel_gvt *gvt, enum gvt_engine engine, u32 offset)
{
	const struct gvt_reg *row = intel_gvt_reg(gvt, offset);
	u32 own = offset - gvt_engine_base(engine);
	enum gvt_reg_rule rule;

	if (!row)
		return GVT_RULE_REFUSE;
	if (own < ENGINE_SPAN)
		rule = or_else(engine_writes[own / 4], GVT_RULE_ALLOW);
	else if (offset < GT_SPAN)
		rule = or_else(gt_writes[offset / 4], GVT_RULE_REFUSE);
	else /* X servers' batches wait for scan lines by DERRMR, which does nothing here. */
		rule = offset == DERRMR ? GVT_RULE_SINK : GVT_RULE_REFUSE;
	if (rule != GVT_RULE_ALLOW)
		return rule;
	/* A command does not cause what the mediator does at a write of the CPU's. */
	if (row->ro || row->take || row->write)
		return GVT_RULE_SINK;
	return row->told || row->wmask ? GVT_RULE_CHECKED : GVT_RULE_ALLOW;
}

enum gvt_reg_rule gvt_rule_read(const struct intel_gvt *gvt, u32 offset)
{
	const struct gvt_reg *row = intel_gvt_reg(gvt, offset);

	if (!row)
		return GVT_RULE_REFUSE;
	return row->flags & GVT_REG_HIDDEN ? GVT_RULE_SINK : GVT_RULE_ALLOW;
}

enum gvt_reg_rule gvt_rule_context(enum gvt_engine engine, u32 offset)
{
	u32 own = offset - gvt_engine_base(engine);

	return own < ENGINE_SPAN ? or_else(context[own / 4], GVT_RULE_REFUSE) : GVT_RULE_REFUSE;
}

u32 gvt_rule_nonpriv(const struct intel_gvt *gvt, enum gvt_engine engine, u32 val)
{
	u32 nothing = gvt_engine_base(engine) + RING_NOPID;

	if (!val || val == nothing)
		return val;
	if (val & ~GVT_CMD_REG_MASK || gvt_rule_write(gvt, engine, val) != GVT_RULE_ALLOW)
		return nothing;
	return val;
}

u32 gvt_reg_told(const struct intel_gvt *gvt, u32 offset, u32 val)
{
	switch (intel_gvt_reg(gvt, offset)->told) {
	case GVT_TOLD_NONPRIV:
		return gvt_rule_nonpriv(gvt, gvt_engine_of(offset), val);
	case GVT_TOLD_STATUS_PAGE:
		/* Engines write to the page, so it must not be in the hidden range. */
		return val < HIDDEN_BASE ? val : 0;
	default:
		return val;
	}
}

u32 gvt_reg_loaded(const struct intel_gvt *gvt, u32 offset, u32 val)
{
	const struct gvt_reg *row = intel_gvt_reg(gvt, offset);
	u32 wmask = row->wmask ? row->wmask : ~0u;

	if (row->kind == GVT_REG_MASKED)
		val &= wmask << 16 | 0xffff;
	else
		val = (val & wmask) | (row->reset & ~wmask);
	return gvt_reg_told(gvt, offset, val);
}
