/* SPDX-License-Identifier: MIT */
/* Which registers a guest's commands and contexts may touch, and what values they may give them. */
#ifndef CORE_REGS_RULE_H
#define CORE_REGS_RULE_H

#include "core/hw/engine.h"

struct intel_gvt;

/* What may be done with a register. */
enum gvt_reg_rule {
	GVT_RULE_REFUSE = 1,
	GVT_RULE_ALLOW,
	GVT_RULE_SINK,	  /* it has no effect: a write is dropped, a read gives zero */
	GVT_RULE_SPECIAL, /* it is the mediator's: the value is replaced */
	GVT_RULE_CHECKED, /* only immediate values, which gvt_reg_loaded() corrects */
};

/**
 * gvt_rule_write() - may commands on @engine write the register at byte @offset of BAR0?
 * gvt_rule_read() - may they read it?
 * gvt_rule_context() - may a context image of @engine load it? A register that is refused here may
 *      still be written by commands.
 *
 * Drivers need the registers in Linux' gvt/handlers.c (F_CMD_ACCESS), i915_cmd_parser.c,
 * intel_workarounds.c and intel_lrc.c. A register that is not in the register table is refused.
 */
enum gvt_reg_rule gvt_rule_write(const struct intel_gvt *gvt, enum gvt_engine engine, u32 offset);
enum gvt_reg_rule gvt_rule_read(const struct intel_gvt *gvt, u32 offset);
enum gvt_reg_rule gvt_rule_context(enum gvt_engine engine, u32 offset);

/**
 * gvt_rule_nonpriv() - the value that a FORCE_TO_NONPRIV slot of @engine gets when the guest writes
 * @val to it. A slot names a register that unprivileged batches may write. Returns @val if commands
 * may write that register (GVT_RULE_ALLOW), or if @val empties the slot: 0, or the offset of the
 * engine's RING_NOPID, which i915 writes to slots that it does not use. Returns that offset for any
 * other value, among them those with bits outside 22:2, which Gen9 reserves: the slot is empty
 * then.
 */
u32 gvt_rule_nonpriv(const struct intel_gvt *gvt, enum gvt_engine engine, u32 val);

/**
 * gvt_reg_told() - what the GPU is told when the register at @offset, which has a row, has the
 * value
 * @val. A value that the guest must not have there is replaced by a harmless one. It is never just
 * left out, because then the GPU would keep the value of before.
 */
u32 gvt_reg_told(const struct intel_gvt *gvt, u32 offset, u32 val);

/**
 * gvt_reg_loaded() - what a command or a context's image loads into the register at @offset, which
 * has a row, when the guest has it load @val: gvt_reg_told(), of a value whose bits outside of the
 * row's wmask are replaced by those after reset (GVT_REG_MASKED: are left alone).
 */
u32 gvt_reg_loaded(const struct intel_gvt *gvt, u32 offset, u32 val);

#endif
