/* SPDX-License-Identifier: MIT */
/*
 * The commands that the engines' streamers take: one table for the code that audits, executes or
 * shows them.
 */
#ifndef CORE_HW_CMD_H
#define CORE_HW_CMD_H

#include "core/hw/engine.h"

/* What the software GPU does with a command. */
enum gvt_cmd_op {
	GVT_OP_SKIP, /* pass over it: shading, media, and the states of both */

	GVT_OP_MI_NOOP,
	GVT_OP_MI_USER_INTERRUPT,
	GVT_OP_MI_WAIT_FOR_EVENT,
	GVT_OP_MI_ARB_CHECK,
	GVT_OP_MI_ARB_ON_OFF,
	GVT_OP_MI_REPORT_HEAD,
	GVT_OP_MI_BATCH_BUFFER_END,
	GVT_OP_MI_BATCH_BUFFER_START,
	GVT_OP_MI_CONDITIONAL_BATCH_BUFFER_END,
	GVT_OP_MI_SET_PREDICATE,
	GVT_OP_MI_PREDICATE,
	GVT_OP_MI_SEMAPHORE_SIGNAL,
	GVT_OP_MI_SEMAPHORE_WAIT,
	GVT_OP_MI_SUSPEND_FLUSH,
	GVT_OP_MI_STORE_DATA_IMM,
	GVT_OP_MI_STORE_DATA_INDEX,
	GVT_OP_MI_LOAD_REGISTER_IMM,
	GVT_OP_MI_LOAD_REGISTER_REG,
	GVT_OP_MI_LOAD_REGISTER_MEM,
	GVT_OP_MI_STORE_REGISTER_MEM,
	GVT_OP_MI_COPY_MEM_MEM,
	GVT_OP_MI_ATOMIC,
	GVT_OP_MI_MATH,
	GVT_OP_MI_FLUSH_DW,
	GVT_OP_MI_CLFLUSH,
	GVT_OP_MI_REPORT_PERF_COUNT,
	GVT_OP_PIPE_CONTROL,

	GVT_OP_XY_SETUP_BLT,
	GVT_OP_XY_SETUP_CLIP_BLT,
	GVT_OP_XY_SETUP_MONO_PATTERN_SL_BLT,
	GVT_OP_XY_PIXEL_BLT,
	GVT_OP_XY_SCANLINES_BLT,
	GVT_OP_XY_TEXT_BLT,
	GVT_OP_XY_TEXT_IMMEDIATE_BLT,
	GVT_OP_XY_COLOR_BLT,
	GVT_OP_XY_PAT_BLT,
	GVT_OP_XY_PAT_BLT_IMMEDIATE,
	GVT_OP_XY_PAT_CHROMA_BLT,
	GVT_OP_XY_PAT_CHROMA_BLT_IMMEDIATE,
	GVT_OP_XY_MONO_PAT_BLT,
	GVT_OP_XY_MONO_PAT_FIXED_BLT,
	GVT_OP_XY_SRC_COPY_BLT,
	GVT_OP_XY_SRC_COPY_CHROMA_BLT,
	GVT_OP_XY_MONO_SRC_COPY_BLT,
	GVT_OP_XY_MONO_SRC_COPY_IMMEDIATE_BLT,
	GVT_OP_XY_FULL_BLT,
	GVT_OP_XY_FULL_IMMEDIATE_PATTERN_BLT,
	GVT_OP_XY_FULL_MONO_SRC_BLT,
	GVT_OP_XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT,
	GVT_OP_XY_FULL_MONO_PATTERN_BLT,
	GVT_OP_XY_FULL_MONO_PATTERN_MONO_SRC_BLT,
	GVT_OP_XY_FAST_COPY_BLT,
	GVT_OP_COLOR_BLT,
	GVT_OP_SRC_COPY_BLT,

	GVT_NR_OPS,
};

/* The engines of a row: bits by enum gvt_engine. */
#define GVT_ON_RCS  BIT32(GVT_RCS0)
#define GVT_ON_BCS  BIT32(GVT_BCS0)
#define GVT_ON_VCS  BIT32(GVT_VCS0)
#define GVT_ON_VECS BIT32(GVT_VECS0)
#define GVT_ON_ALL  (GVT_ON_RCS | GVT_ON_BCS | GVT_ON_VCS | GVT_ON_VECS)

/*
 * What a command does in an unprivileged batch (Skylake PRM, volume 3, "User Mode Privileged
 * Commands"). A command that names a GGTT address or a privileged register does nothing there,
 * whatever its row says.
 */
enum gvt_cmd_user {
	GVT_USER_YES,	/* it is executed */
	GVT_USER_NOOP,	/* it does nothing */
	GVT_USER_NEVER, /* no guest may have it executed, not even with privilege */
};

/* The address space of an address operand. */
enum gvt_cmd_space {
	GVT_SPACE_NONE,	    /* no operand */
	GVT_SPACE_PPGTT,    /* the context's */
	GVT_SPACE_GGTT,	    /* the global one */
	GVT_SPACE_GGTT_IF,  /* the global one when the row's bit is set, else the context's */
	GVT_SPACE_PPGTT_IF, /* the context's when the row's bit is set, else the global one */
	GVT_SPACE_STATUS,   /* no address: one dword, an offset into the hardware status page */
};

/*
 * An address operand: 64 bits in dwords @dw and @dw + 1, of which the low 48 count. GGTT_IF and
 * PPGTT_IF look at bit @bit of dword @bit_dw. The command reads or writes @bytes at most at the
 * address; 0: as many as it has data behind the address.
 */
struct gvt_cmd_addr {
	u8 space; /* enum gvt_cmd_space */
	u8 dw;
	u8 bit_dw;
	u8 bit;
	u16 bytes;
};

/* A register operand: a byte offset in BAR0, bits 22:2 of dword @dw and of each @step-th after. */
struct gvt_cmd_reg {
	u8 dw; /* 0: no operand */
	u8 step;
	bool write;
};

/**
 * struct gvt_cmd - one row.
 * @name:     as the manuals have it; NULL: no such command.
 * @op:       enum gvt_cmd_op.
 * @engines:  GVT_ON_ bits: whose streamers take it.
 * @len_bits: width of the length field at bit 0 of the header, which counts dwords without the
 *            first two; 0: the length is @len.
 * @len:      dwords, header included: the only length; with @len_bits, the least.
 * @max:      with @len_bits, the greatest length; 0: as great as the field can say.
 * @least:    unless 0, a shorter length that drivers use (gvt_cmd_length_short()).
 * @user:     enum gvt_cmd_user.
 * @addr:     addresses that may be in the GGTT, and others that its execution needs.
 * @reg:      registers that it reads or writes.
 * @ppgtt:    bit n: dwords n and n + 1 hold an address that is always in the context's PPGTT.
 */
struct gvt_cmd {
	const char *name;
	u8 op;
	u8 engines;
	u8 len_bits;
	u8 user;
	u8 least;
	u16 len;
	u16 max;
	struct gvt_cmd_addr addr[2];
	struct gvt_cmd_reg reg[2];
	u32 ppgtt;
};

#define GVT_CMD_BIAS	 2u
#define GVT_CMD_REG_MASK 0x007ffffcu

/**
 * gvt_cmd_find() - the command that @header, its first dword, begins on @engine.
 * NULL: the engine has no such command.
 */
const struct gvt_cmd *gvt_cmd_find(enum gvt_engine engine, u32 header);

/** gvt_cmd_length() - dwords of the command, header included, as @header says; at least 1. */
static inline u32 gvt_cmd_length(const struct gvt_cmd *cmd, u32 header)
{
	return cmd->len_bits ? (header & (BIT32(cmd->len_bits) - 1)) + GVT_CMD_BIAS : cmd->len;
}

/** gvt_cmd_length_ok() - true when @len is a length that the command can have. */
static inline bool gvt_cmd_length_ok(const struct gvt_cmd *cmd, u32 len)
{
	return len >= cmd->len && (!cmd->max || len <= cmd->max);
}

/**
 * gvt_cmd_length_short() - true when @len is shorter than the command's least length, but is taken
 * all the same: the missing dwords, up to cmd->len, count as zeroes. IGT sends flushes that write
 * nothing in this form (gen9_exec_parse, gem_pipe_control_store_loop).
 */
static inline bool gvt_cmd_length_short(const struct gvt_cmd *cmd, u32 len)
{
	return cmd->least && len >= cmd->least && len < cmd->len;
}

/** gvt_cmd_op() - what the software GPU does with the command. */
static inline enum gvt_cmd_op gvt_cmd_op(const struct gvt_cmd *cmd)
{
	return cmd->op;
}

/** gvt_cmd_name() - its name in the manuals. */
static inline const char *gvt_cmd_name(const struct gvt_cmd *cmd)
{
	return cmd->name;
}

/** gvt_cmd_in_ggtt() - whether address operand @addr of the command at @dw is in the GGTT. */
static inline bool gvt_cmd_in_ggtt(const struct gvt_cmd_addr *addr, const u32 *dw)
{
	bool set = dw[addr->bit_dw] >> addr->bit & 1;

	return addr->space == GVT_SPACE_GGTT ||
	       addr->space == (set ? GVT_SPACE_GGTT_IF : GVT_SPACE_PPGTT_IF);
}

#endif
