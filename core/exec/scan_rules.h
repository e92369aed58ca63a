/* SPDX-License-Identifier: MIT */
/*
 * What the audit needs to know of each command and each register, in arrays that answer by one
 * look-up. They are built once, from the tables of commands (core/hw/cmd_*.c) and of registers
 * (core/regs/rule.c, core/hw/skl/regs_*.c).
 */
#ifndef CORE_EXEC_SCAN_RULES_H
#define CORE_EXEC_SCAN_RULES_H

#include "core/hw/cmd.h"
#include "core/hw/reg.h"
#include "core/regs/rule.h"

/*
 * How the audit looks at a command whose length is right. In an unprivileged batch only those up to
 * GVT_LOOK_START are looked at.
 */
enum gvt_look {
	GVT_LOOK_UNKNOWN, /* no command of this engine: refused */
	GVT_LOOK_END,	  /* MI_BATCH_BUFFER_END */
	GVT_LOOK_START,	  /* MI_BATCH_BUFFER_START */
	GVT_LOOK_ONE,	  /* nothing can be wrong with it: MI_NOOP and others of one dword */
	GVT_LOOK_PLAIN,	  /* only its length can be wrong */
	GVT_LOOK_NEVER,	  /* GVT_USER_NEVER: refused */
	GVT_LOOK_ARB,	  /* MI_ARB_ON_OFF */
	GVT_LOOK_LRI,	  /* MI_LOAD_REGISTER_IMM */
	GVT_LOOK_EVENT,	  /* MI_WAIT_FOR_EVENT */
	GVT_LOOK_WAIT,	  /* MI_SEMAPHORE_WAIT */
	GVT_LOOK_FLUSH,	  /* MI_FLUSH_DW */
	GVT_LOOK_PIPE,	  /* PIPE_CONTROL */
	GVT_LOOK_BLIT,	  /* the blitter's commands */
	GVT_LOOK_OPERAND, /* any other whose row names addresses or registers */
};

/*
 * The form of a command: it has (header & @mask) + @bias dwords. That length is valid if
 * (header & @mask) - @least, unsigned, is at most @span. All zero: no command.
 */
struct gvt_scan_form {
	u16 mask;
	u16 least;
	u16 span;
	u8 bias;
	u8 look; /* enum gvt_look */
};

/**
 * struct gvt_scan_rules - one engine's rules.
 * @forms:  by bits 31:16 of a header.
 * @rows:   the row in the table of commands, by the same bits; NULL: no command.
 * @writes: by the dword of a register in BAR0, gvt_rule_write(); 0: GVT_RULE_REFUSE.
 */
struct gvt_scan_rules {
	struct gvt_scan_form forms[1u << 16];
	const struct gvt_cmd *rows[1u << 16];
	u8 writes[GVT_MMIO_DWORDS];
};

/**
 * gvt_scan_rules_new() - build the rules: an array by enum gvt_engine, for free(). @gvt has the
 * register table. NULL: no memory.
 */
struct gvt_scan_rules *gvt_scan_rules_new(const struct intel_gvt *gvt);

/** gvt_scan_rules_write() - the rule of writes of the register at byte @offset, of any value. */
static inline enum gvt_reg_rule gvt_scan_rules_write(const struct gvt_scan_rules *rules, u32 offset)
{
	return offset < GVT_MMIO_SIZE ? rules->writes[offset / sizeof(u32)] : 0;
}

#endif
