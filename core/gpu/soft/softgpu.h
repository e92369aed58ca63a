/* SPDX-License-Identifier: MIT */
/*
 * The software GPU, as its blitter sees it: memory by graphics address, the registers, and the
 * engine that a command runs on. What it is as a whole: core/port/gpu.h; inside: engine.h.
 */
#ifndef CORE_GPU_SOFT_SOFTGPU_H
#define CORE_GPU_SOFT_SOFTGPU_H

#include "core/base/types.h"
#include "core/hw/cmd.h"

struct softgpu_engine;

/*
 * State that XY_SETUP_ commands leave for later ones: dwords that are saved and restored with the
 * context, zero for a context that never had any. They come back from memory that others can
 * write: as little to be trusted as a command.
 */
#define SOFTGPU_SETUP_DWORDS 32u

/**
 * softgpu_at() - the byte at graphics address @addr of the running command's address space.
 * @write: it is going to be written; a page that is read-only gives memory that nobody else reads,
 *         since hardware drops such writes. Reading through the pointer is no way to a page's
 *         contents then: ask for both.
 * @left:  receives the bytes from there to the end of its page, 1 to 4096.
 *
 * The pointer may be used until the next softgpu_point() or return from the command. NULL: a fault,
 * which is recorded; the command gives up with -EFAULT.
 */
void *softgpu_at(struct softgpu_engine *e, u64 addr, bool write, u32 *left);

/**
 * softgpu_point() - let others have their turn: a long command calls it at least every few 100 us
 * (a MiB of data, say). Pointers from softgpu_at() are void afterwards. False: the engine is being
 * reset; the command gives up with -EINTR.
 */
bool softgpu_point(struct softgpu_engine *e);

/**
 * softgpu_worked() - the command moved about @bytes, beside those at whose end it called
 * softgpu_point(): so the engine knows when to look at the clock.
 */
void softgpu_worked(struct softgpu_engine *e, u32 bytes);

/**
 * softgpu_wanted() - a submission waits that may take the engine now. A command that can go on
 * later says in softgpu_progress() how far it came, and returns -EINTR.
 */
bool softgpu_wanted(struct softgpu_engine *e);

/**
 * softgpu_progress() - how far the command at hand came before it gave way, in units of its own;
 * 0: it begins. It is the context's, and guests can change it. Who sets it clears it at the end.
 */
u32 *softgpu_progress(struct softgpu_engine *e);

/**
 * softgpu_reg() - a register of the running context's space, by byte offset in BAR0, as the command
 * at hand reads it: GVT_REG_HIDDEN ones are zero in an unprivileged batch.
 */
u32 softgpu_reg(struct softgpu_engine *e, u32 offset);

/** softgpu_setup() - SOFTGPU_SETUP_DWORDS dwords of the running context. */
u32 *softgpu_setup(struct softgpu_engine *e);

/**
 * softgpu_blt() - execute the blitter's command @op; blt.c.
 * @dw: its @nr dwords, header first, as gvt_cmd_length() has it; a copy that nobody changes.
 *
 * Returns 0, -EFAULT, -EINTR, or -EINVAL for a command that is not as the manuals have it: the
 * engine then stops there.
 */
int softgpu_blt(struct softgpu_engine *e, enum gvt_cmd_op op, const u32 *dw, u32 nr);

#endif
