/* SPDX-License-Identifier: MIT */
/*
 * Which registers a guest's commands may touch.
 */
#include "core/exec/scan.h"
#include "core/gvt.h"
#include "core/mmio/reg.h"

/* Byte offsets @first to @last: in BAR0, or from an engine's base. */
struct range {
	u32 first, last;
	enum gvt_reg_rule rule;
};

static enum gvt_reg_rule in_ranges(const struct range *ranges, size_t nr, u32 offset,
				   enum gvt_reg_rule otherwise)
{
	for (size_t i = 0; i < nr; i++)
		if (offset >= ranges[i].first && offset <= ranges[i].last)
			return ranges[i].rule;
	return otherwise;
}

#define ENGINE_SPAN 0x1000u

/* Of the engine's own block, what is not the guest's to write; the rest is. */
static const struct range engine_writes[] = {
	{ 0x020, 0x024, GVT_RULE_REFUSE },  /* PGTBL_CTL, PGTBL_ER */
	{ 0x030, 0x03c, GVT_RULE_REFUSE },  /* ring: tail, head, start, control */
	{ 0x050, 0x054, GVT_RULE_REFUSE },  /* PSMI_CTL, MAX_IDLE: power */
	{ 0x080, 0x080, GVT_RULE_REFUSE },  /* HWS_PGA */
	{ 0x098, 0x098, GVT_RULE_REFUSE },  /* HWSTAM */
	{ 0x0a8, 0x0b8, GVT_RULE_REFUSE },  /* IMR, EIR, EMR, ESR */
	{ 0x0cc, 0x0d0, GVT_RULE_REFUSE },  /* WAIT_FOR_RC6_EXIT, RESET_CTL */
	{ 0x134, 0x134, GVT_RULE_REFUSE },  /* UHPTR: a head by another name */
	{ 0x180, 0x180, GVT_RULE_REFUSE },  /* CCID */
	{ 0x1a0, 0x1a8, GVT_RULE_REFUSE },  /* CXT_SIZE */
	{ 0x1c0, 0x1c8, GVT_RULE_REFUSE },  /* batches at restore */
	{ 0x220, 0x23c, GVT_RULE_REFUSE },  /* PP_DIR, ELSP, EXECLIST_STATUS */
	{ 0x244, 0x244, GVT_RULE_REFUSE },  /* CONTEXT_CONTROL */
	{ 0x270, 0x28c, GVT_RULE_SPECIAL }, /* PDP */
	{ 0x29c, 0x29c, GVT_RULE_REFUSE },  /* RING_MODE: execlists on */
	{ 0x370, 0x3a4, GVT_RULE_REFUSE },  /* context status buffer and pointer */
	{ 0x3b0, 0x3b4, GVT_RULE_REFUSE },  /* OABUFFER */
	{ 0x4d0, 0x4fc, GVT_RULE_NONPRIV }, /* FORCE_TO_NONPRIV */
	{ 0x510, 0x514, GVT_RULE_REFUSE },  /* EXECLIST_SQ */
	{ 0x520, 0x520, GVT_RULE_REFUSE },  /* GFX_MODE, as it was called */
	{ 0x550, 0x550, GVT_RULE_REFUSE },  /* EXECLIST_CONTROL */
	{ 0xb00, 0xb20, GVT_RULE_REFUSE },  /* OA: the unit's own buffer in the GGTT */
};

/* Outside all engines' blocks, what is the guest's to write; the rest is not. */
static const struct range gt_writes[] = {
	{ 0x04ab0, 0x04ab8, GVT_RULE_ALLOW }, /* GAMT_ECO, GAMT_CHKN_BIT */
	{ 0x04ddc, 0x04ddc, GVT_RULE_ALLOW }, /* MMCD_MISC_CTRL */
	{ 0x05000, 0x07fff, GVT_RULE_ALLOW }, /* pipelines: stream output, chickens, caches */
	{ 0x083a4, 0x083a4, GVT_RULE_ALLOW }, /* VF_GUARDBAND */
	{ 0x09030, 0x09030, GVT_RULE_ALLOW }, /* SQ_CHICKEN */
	{ 0x0b000, 0x0b1ff, GVT_RULE_ALLOW }, /* third-level cache, its memory attributes */
	{ 0x0c800, 0x0cfff, GVT_RULE_ALLOW }, /* memory attributes */
	{ 0x0e000, 0x0e7ff, GVT_RULE_ALLOW }, /* subslices */
	/* X servers have their batches wait for scan lines: no display, no effect. */
	{ 0x0a188, 0x0a188, GVT_RULE_SINK }, /* FORCEWAKE_MT */
	{ 0x44050, 0x44050, GVT_RULE_SINK }, /* DERRMR */
};

/* What a context image loads: gen8 and gen9 offsets in intel_lrc.c. */
static const struct range context[] = {
	{ 0x028, 0x028, GVT_RULE_ALLOW },
	{ 0x030, 0x03c, GVT_RULE_SPECIAL }, /* ring: tail, head, start, control */
	{ 0x068, 0x068, GVT_RULE_ALLOW },   /* IPEHR */
	{ 0x09c, 0x09c, GVT_RULE_ALLOW },   /* MI_MODE */
	{ 0x0c0, 0x0c0, GVT_RULE_ALLOW },   /* INSTPM */
	{ 0x0c8, 0x0c8, GVT_RULE_ALLOW },   /* R_PWR_CLK_STATE */
	{ 0x110, 0x11c, GVT_RULE_SPECIAL }, /* where in a batch it stopped */
	{ 0x140, 0x140, GVT_RULE_SPECIAL },
	{ 0x150, 0x158, GVT_RULE_SPECIAL }, /* BB_START_ADDR, BB_ADDR_DIFF, BB_OFFSET */
	{ 0x168, 0x168, GVT_RULE_SPECIAL },
	{ 0x170, 0x170, GVT_RULE_ALLOW },
	{ 0x178, 0x17c, GVT_RULE_ALLOW },   /* PR_CTR: the watchdog's own */
	{ 0x1c0, 0x1c8, GVT_RULE_SPECIAL }, /* batches at restore */
	{ 0x200, 0x200, GVT_RULE_ALLOW },   /* BCS_SWCTRL */
	{ 0x244, 0x244, GVT_RULE_SPECIAL }, /* CONTEXT_CONTROL */
	{ 0x270, 0x28c, GVT_RULE_SPECIAL }, /* PDP */
	{ 0x358, 0x360, GVT_RULE_ALLOW },   /* TIMESTAMP, OACTXCONTROL */
	{ 0x3a8, 0x3a8, GVT_RULE_ALLOW },   /* CTX_TIMESTAMP */
	{ 0x400, 0x41c, GVT_RULE_ALLOW },   /* MI_PREDICATE */
	{ 0x600, 0x67c, GVT_RULE_ALLOW },   /* CS_GPR */
};

enum gvt_reg_rule gvt_scan_write_rule(const struct intel_gvt *gvt, enum gvt_engine engine,
				      u32 offset)
{
	const struct gvt_reg *row = intel_gvt_reg(gvt, offset);
	u32 base = gvt_engine_base(engine);
	enum gvt_reg_rule rule;

	if (!row)
		return GVT_RULE_REFUSE;
	if (offset - base < ENGINE_SPAN)
		rule = in_ranges(engine_writes, ARRAY_SIZE(engine_writes), offset - base,
				 GVT_RULE_ALLOW);
	else
		rule = in_ranges(gt_writes, ARRAY_SIZE(gt_writes), offset, GVT_RULE_REFUSE);
	return rule == GVT_RULE_ALLOW && row->ro ? GVT_RULE_SINK : rule;
}

enum gvt_reg_rule gvt_scan_read_rule(const struct intel_gvt *gvt, u32 offset)
{
	return intel_gvt_reg(gvt, offset) ? GVT_RULE_ALLOW : GVT_RULE_REFUSE;
}

enum gvt_reg_rule gvt_scan_context_rule(enum gvt_engine engine, u32 offset)
{
	return in_ranges(context, ARRAY_SIZE(context), offset - gvt_engine_base(engine),
			 GVT_RULE_REFUSE);
}
