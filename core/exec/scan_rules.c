/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/exec/scan_rules.h"
#include "core/vgpu.h"

/* clang-format off */
/* Operations with a look of their own. For others the row's operands decide. */
static const u8 looks[GVT_NR_OPS] = {
	[GVT_OP_MI_BATCH_BUFFER_END] = GVT_LOOK_END,
	[GVT_OP_MI_BATCH_BUFFER_START] = GVT_LOOK_START,
	[GVT_OP_MI_ARB_ON_OFF] = GVT_LOOK_ARB,
	[GVT_OP_MI_LOAD_REGISTER_IMM] = GVT_LOOK_LRI,
	[GVT_OP_MI_WAIT_FOR_EVENT] = GVT_LOOK_EVENT,
	[GVT_OP_MI_SEMAPHORE_WAIT] = GVT_LOOK_WAIT,
	[GVT_OP_MI_FLUSH_DW] = GVT_LOOK_FLUSH,
	[GVT_OP_PIPE_CONTROL] = GVT_LOOK_PIPE,
	[GVT_OP_XY_SETUP_BLT ... GVT_OP_SRC_COPY_BLT] = GVT_LOOK_BLIT,
};
/* clang-format on */

static enum gvt_look look_of(const struct gvt_cmd *cmd)
{
	if (cmd->user == GVT_USER_NEVER)
		return GVT_LOOK_NEVER;
	if (looks[cmd->op])
		return looks[cmd->op];
	if (cmd->addr[0].space || cmd->reg[0].dw)
		return GVT_LOOK_OPERAND;
	return cmd->len_bits || cmd->len > 1 ? GVT_LOOK_PLAIN : GVT_LOOK_ONE;
}

static struct gvt_scan_form form_of(const struct gvt_cmd *cmd)
{
	struct gvt_scan_form f = { .bias = cmd->len, .look = look_of(cmd) };

	if (cmd->len_bits) {
		f.mask = BIT32(cmd->len_bits) - 1;
		f.bias = GVT_CMD_BIAS;
		f.least = (cmd->least ? cmd->least : cmd->len) - GVT_CMD_BIAS;
		f.span = (cmd->max ? cmd->max - GVT_CMD_BIAS : f.mask) - f.least;
	}
	return f;
}

/* Writes only what is not zero: untouched pages of the array cost no memory. */
static void build_forms(struct gvt_scan_rules *rules, enum gvt_engine engine)
{
	for (u32 top = 0; top < ARRAY_SIZE(rules->forms); top++) {
		const struct gvt_cmd *cmd = gvt_cmd_find(engine, top << 16);

		if (cmd) {
			rules->forms[top] = form_of(cmd);
			rules->rows[top] = cmd;
		}
	}
}

static void build_writes(struct gvt_scan_rules *rules, const struct intel_gvt *gvt, u32 offset)
{
	for (int e = 0; e < GVT_NR_ENGINES; e++) {
		enum gvt_reg_rule rule = gvt_rule_write(gvt, e, offset);

		if (rule != GVT_RULE_REFUSE)
			rules[e].writes[offset / sizeof(u32)] = rule;
	}
}

struct gvt_scan_rules *gvt_scan_rules_new(const struct intel_gvt *gvt)
{
	struct gvt_scan_rules *rules = calloc(GVT_NR_ENGINES, sizeof(*rules));

	if (!rules)
		return NULL;
	for (int e = 0; e < GVT_NR_ENGINES; e++)
		build_forms(&rules[e], e);
	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += sizeof(u32))
		if (intel_gvt_reg(gvt, offset))
			build_writes(rules, gvt, offset);
	return rules;
}
