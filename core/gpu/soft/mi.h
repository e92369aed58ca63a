/* SPDX-License-Identifier: MIT */
/* The software GPU's MI_ commands, of which mi_flow.c has a table (struct softgpu_op). */
#ifndef CORE_GPU_SOFT_MI_H
#define CORE_GPU_SOFT_MI_H

#include "core/gpu/soft/engine.h"

/* "Use Global GTT" in most commands. */
#define MI_GLOBAL BIT32(22)

/** mi_global() - true if a command that asks for the GGTT gets it: it needs privilege. */
static inline bool mi_global(const struct softgpu_engine *e, u32 asks)
{
	return asks && softgpu_cs_privileged(e);
}

/** mi_addr() - the dword aligned address in dwords @at and @at + 1. */
static inline u64 mi_addr(const u32 *dw, u32 at)
{
	return (dw[at] & ~3u) | (u64)dw[at + 1] << 32;
}

/** mi_predicate() - the result of the last MI_PREDICATE. */
static inline bool mi_predicate(const struct softgpu_engine *e)
{
	return softgpu_own(e, RING_PREDICATE) & 1;
}

/** mi_reg_write() - write a register for a command, if it may. */
void mi_reg_write(struct softgpu_engine *e, u32 offset, u32 val);

/** mi_gpr() - general purpose register @i, below RING_GPRS. */
static inline u64 mi_gpr(const struct softgpu_engine *e, u32 i)
{
	return softgpu_own(e, RING_GPR + 8 * i) | (u64)softgpu_own(e, RING_GPR + 8 * i + 4) << 32;
}

/** mi_set_gpr() - set general purpose register @i. */
static inline void mi_set_gpr(struct softgpu_engine *e, u32 i, u64 val)
{
	softgpu_set_own(e, RING_GPR + 8 * i, (u32)val);
	softgpu_set_own(e, RING_GPR + 8 * i + 4, (u32)(val >> 32));
}

/* mi_alu.c */
int mi_math(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_atomic(struct softgpu_engine *e, const u32 *dw, u32 nr);

/* mi_mem.c */
int mi_store_data_imm(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_store_data_index(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_report_head(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_report_perf_count(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_copy_mem_mem(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_flush_dw(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_pipe_control(struct softgpu_engine *e, const u32 *dw, u32 nr);

/* mi_reg.c */
int mi_load_register_imm(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_load_register_reg(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_load_register_mem(struct softgpu_engine *e, const u32 *dw, u32 nr);
int mi_store_register_mem(struct softgpu_engine *e, const u32 *dw, u32 nr);

#endif
