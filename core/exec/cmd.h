/* SPDX-License-Identifier: MIT */
/*
 * The commands that the engines' streamers take: one table for whoever audits them, executes them
 * or shows them.
 */
#ifndef CORE_EXEC_CMD_H
#define CORE_EXEC_CMD_H

#include "core/gpu.h"

/* What the software GPU does with a command. */
enum gvt_cmd_op {
	GVT_OP_SKIP, /* pass over it: shading, media, states of both */

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

struct gvt_cmd;

/**
 * gvt_cmd_find() - the command that @header, its first dword, begins on @engine.
 * NULL: the engine has no such command.
 */
const struct gvt_cmd *gvt_cmd_find(enum gvt_engine engine, u32 header);

/** gvt_cmd_length() - dwords of the command, header included, as @header says; at least 1. */
u32 gvt_cmd_length(const struct gvt_cmd *cmd, u32 header);

/** gvt_cmd_op() - what to do with it. */
enum gvt_cmd_op gvt_cmd_op(const struct gvt_cmd *cmd);

/** gvt_cmd_name() - as the manuals have it. */
const char *gvt_cmd_name(const struct gvt_cmd *cmd);

#endif
