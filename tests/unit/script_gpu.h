/* SPDX-License-Identifier: MIT */
/* A GPU that executes nothing, and sends the events that a test wants: late, twice, or never. */
#ifndef TESTS_UNIT_SCRIPT_GPU_H
#define TESTS_UNIT_SCRIPT_GPU_H

#include "core/port/gpu.h"

#define SCRIPT_SUBMISSIONS 64u

/* What an execlist port was given. */
struct script_port {
	struct gvt_gpu_context ctx[2];
};

/** script_gpu() - make one. Its ops->destroy() frees it. */
struct gvt_gpu *script_gpu(void);

/** script_next() - wait for the next submission to @engine. Asserts that it comes. */
struct script_port script_next(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_submitted() - true if there is a next submission. */
bool script_submitted(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_wait_resets() - wait until @engine was reset @nr times in all. Asserts that it is. */
void script_wait_resets(struct gvt_gpu *gpu, enum gvt_engine engine, u32 nr);

/** script_resets() - how often @engine was reset. */
u32 script_resets(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_on_reset() - have @fn called with @priv during the next reset of @engine. */
void script_on_reset(struct gvt_gpu *gpu, enum gvt_engine engine, void (*fn)(void *priv),
		     void *priv);

/** script_stop_clock() - stop the engine's own time. Only script_pass() advances it. */
void script_stop_clock(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_start_clock() - have the engine's own time run with the clock again. */
void script_start_clock(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_pass() - advance the engine's own time by @ns at once. */
void script_pass(struct gvt_gpu *gpu, enum gvt_engine engine, u64 ns);

/** script_refuse() - have the next @nr submissions to @engine find it busy. */
void script_refuse(struct gvt_gpu *gpu, enum gvt_engine engine, u32 nr);

/** script_status() - send a status entry about @ctx. */
void script_status(const struct gvt_gpu_context *ctx, enum gvt_engine engine, u32 status);

/** script_interrupt() - send interrupts, GVT_IRQ_ bits, of @ctx. */
void script_interrupt(const struct gvt_gpu_context *ctx, enum gvt_engine engine, u32 irq);

/** script_stuck() - say that @ctx is stuck. */
void script_stuck(const struct gvt_gpu_context *ctx, enum gvt_engine engine);

#endif
