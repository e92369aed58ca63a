/* SPDX-License-Identifier: MIT */
/* The software GPU's MI_ commands, of which cs.c has a table. */
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

/**
 * mi_fn - executes a command. @dw: its @nr dwords, a length that its row allows, CS_COMMAND_MAX at
 * most; dwords that a short command leaves out are zero. The streamer is behind it already.
 * Returns 0, -EAGAIN (try the same command again), or -EINTR, -EFAULT, -EINVAL to stop.
 */
typedef int mi_fn(struct softgpu_engine *e, const u32 *dw, u32 nr);

/* mi_flow.c */
mi_fn mi_noop, mi_user_interrupt, mi_arb_on_off, mi_batch_buffer_start, mi_batch_buffer_end;
mi_fn mi_conditional_batch_buffer_end, mi_set_predicate, mi_predicate_cmd;
mi_fn mi_semaphore_wait, mi_semaphore_signal;

/* mi_alu.c */
mi_fn mi_math, mi_atomic;

/* mi_mem.c */
mi_fn mi_store_data_imm, mi_store_data_index, mi_report_head, mi_report_perf_count;
mi_fn mi_copy_mem_mem, mi_flush_dw, mi_pipe_control;

/* mi_reg.c */
mi_fn mi_load_register_imm, mi_load_register_reg, mi_load_register_mem, mi_store_register_mem;

#endif
