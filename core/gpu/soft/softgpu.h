/* SPDX-License-Identifier: MIT */
/*
 * The software GPU, as its blitter sees it: memory by graphics address, the registers, and the
 * engine that a command runs on. From outside: core/port/gpu.h; from inside: engine.h.
 */
#ifndef CORE_GPU_SOFT_SOFTGPU_H
#define CORE_GPU_SOFT_SOFTGPU_H

#include "core/base/types.h"
#include "core/hw/cmd.h"

struct softgpu_engine;

/*
 * State that XY_SETUP_ commands leave for later commands: dwords that are saved and restored with
 * the context, and zero for a new context. They are restored from memory that others can write, so
 * they can be trusted as little as a command.
 */
#define SOFTGPU_SETUP_DWORDS 32u

/**
 * softgpu_at() - the byte at graphics address @addr of the running command's address space.
 * @write: for writing. If the page is read-only, the pointer leads to memory that nobody reads, as
 *         hardware drops such writes. So do not read through it: use another pointer for that.
 * @left:  receives the bytes from there to the end of the page, 1 to 4096.
 *
 * The pointer is valid until the next softgpu_point() or the end of the command. NULL: a fault,
 * which is recorded; the command ends with -EFAULT.
 */
void *softgpu_at(struct softgpu_engine *e, u64 addr, bool write, u32 *left);

/**
 * softgpu_point() - a point at which the engine may be flushed or reset: a long command calls it
 * every few 100 us at least, say once per MiB of data. Pointers from softgpu_at() are invalid
 * afterwards. False: the engine is being reset; the command ends with -EINTR.
 */
bool softgpu_point(struct softgpu_engine *e);

/**
 * softgpu_worked() - the command has moved about @bytes since its last softgpu_point(). The engine
 * counts them to know when to look at the clock.
 */
void softgpu_worked(struct softgpu_engine *e, u32 bytes);

/**
 * softgpu_wanted() - true if a submission waits that may take the engine now. A command that can be
 * continued later notes its progress in softgpu_progress(), and returns -EINTR.
 */
bool softgpu_wanted(struct softgpu_engine *e);

/**
 * softgpu_progress() - the progress of the running command before it was preempted, in units of its
 * own; 0: it starts now. It is part of the context, and guests can change it. A command that sets
 * it clears it at its end.
 */
u32 *softgpu_progress(struct softgpu_engine *e);

/**
 * softgpu_reg() - what the running command reads from a register of its context's space, by byte
 * offset in BAR0: zero from GVT_REG_HIDDEN ones in an unprivileged batch.
 */
u32 softgpu_reg(struct softgpu_engine *e, u32 offset);

/** softgpu_setup() - SOFTGPU_SETUP_DWORDS dwords of the running context. */
u32 *softgpu_setup(struct softgpu_engine *e);

/**
 * softgpu_blt() - execute the blitter's command @op; blt_run.c.
 * @dw: its @nr dwords, as gvt_cmd_length() counts them; a copy that nobody else changes.
 *
 * Returns 0, -EFAULT, -EINTR, or -EINVAL for an invalid command, at which the engine stops.
 */
int softgpu_blt(struct softgpu_engine *e, enum gvt_cmd_op op, const u32 *dw, u32 nr);

#endif
