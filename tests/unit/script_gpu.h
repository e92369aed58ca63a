/* SPDX-License-Identifier: MIT */
/*
 * A GPU that executes nothing, and says what a test has it say: late, twice, or never.
 */
#ifndef TESTS_UNIT_SCRIPT_GPU_H
#define TESTS_UNIT_SCRIPT_GPU_H

#include "core/port/gpu.h"

#define SCRIPT_SUBMISSIONS 64u

/* What an execlist port was given. */
struct script_port {
	struct gvt_gpu_context ctx[2];
};

/** script_gpu() - one. Destroyed by its ops->destroy(). */
struct gvt_gpu *script_gpu(void);

/** script_next() - wait for the next submission to @engine. Asserts that it comes. */
struct script_port script_next(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_submitted() - whether there is a next one. */
bool script_submitted(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_wait_resets() - wait until @engine was reset @nr times in all. Asserts that it was. */
void script_wait_resets(struct gvt_gpu *gpu, enum gvt_engine engine, u32 nr);

/** script_resets() - how often it was. */
u32 script_resets(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_on_reset() - at the next reset of @engine, in its course, @fn is called with @priv. */
void script_on_reset(struct gvt_gpu *gpu, enum gvt_engine engine, void (*fn)(void *priv),
		     void *priv);

/** script_stop_clock() - the engine has no time from now on, but what script_pass() gives it. */
void script_stop_clock(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_start_clock() - all that passes is its own again. */
void script_start_clock(struct gvt_gpu *gpu, enum gvt_engine engine);

/** script_pass() - @ns of its own, at one go. */
void script_pass(struct gvt_gpu *gpu, enum gvt_engine engine, u64 ns);

/** script_refuse() - the next @nr submissions to @engine find it busy. */
void script_refuse(struct gvt_gpu *gpu, enum gvt_engine engine, u32 nr);

/** script_status() - a status entry about @ctx. */
void script_status(const struct gvt_gpu_context *ctx, enum gvt_engine engine, u32 status);

/** script_interrupt() - a command of @ctx asked for interrupts, GVT_IRQ_ bits. */
void script_interrupt(const struct gvt_gpu_context *ctx, enum gvt_engine engine, u32 irq);

/** script_stuck() - @ctx met what cannot be executed. */
void script_stuck(const struct gvt_gpu_context *ctx, enum gvt_engine engine);

#endif
