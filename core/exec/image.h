/* SPDX-License-Identifier: MIT */
/*
 * A context's image, the page of it that holds registers: what may stand in it, and where.
 *
 * It is a list of MI_LOAD_REGISTER_IMM. Where in it the ring, the page tables and the position in a
 * batch are is the hardware's choice, which saves them there (i915's gt/intel_lrc_reg.h), so there
 * they have to be. All of a context's state is in it and in the image's other pages: a shadow can
 * go at any time when its context does not run, and be made again.
 */
#ifndef CORE_EXEC_IMAGE_H
#define CORE_EXEC_IMAGE_H

#include "core/exec/exec.h"

/* Dwords of the image, each a value with its register before it. */
enum {
	AT_HEAD = 0x05,
	AT_TAIL = 0x07,
	AT_START = 0x09,
	AT_CTL = 0x0b,
	AT_BB_HIGH = 0x0d,
	AT_BB = 0x0f,
	AT_BB_STATE = 0x11,
	AT_SBB_HIGH = 0x13,
	AT_SBB = 0x15,
	AT_SBB_STATE = 0x17,
	AT_PER_CTX = 0x19,
	AT_INDIRECT = 0x1b,
	AT_PDP3 = 0x25, /* the high half; then the low one, and the next below */
	AT_PDP0_LOW = 0x33,
};

#define AT_PDP_HIGH(i) (AT_PDP3 + 4 * (3 - (i)))
#define AT_PDP_LOW(i)  (AT_PDP_HIGH(i) + 2)

/**
 * image_take() - the lists of registers of @from, which the guest wrote, into .image of @ctx, and
 * what the GPU keeps at the end of the page. What is between the two is left as it is.
 * False, with @fault: they are no lists, or lack ring or page tables.
 */
bool image_take(struct shadow_ctx *ctx, const u32 *from, struct exec_fault *fault);

/** image_get() - the value at dword @at, one of the above; 0 if the image does not have it. */
u32 image_get(const struct shadow_ctx *ctx, u32 at);

/**
 * image_own() - set it to one that the guest does not see, nor what it becomes. An image that does
 * not have it stays as it is.
 */
void image_own(struct shadow_ctx *ctx, u32 at, u32 val);

/** image_is_own() - true if it was. */
bool image_is_own(const struct shadow_ctx *ctx, u32 at);

/**
 * image_lead_batches() - where in batches the context is, is led to audited copies, but for those
 * of the context's own memory, which have no privileges. False, with @fault: one may not run.
 */
bool image_lead_batches(struct shadow_ctx *ctx, struct exec_fault *fault);

/** image_lead_home() - the same in @image, from copies to where the guest has what they are of. */
void image_lead_home(const struct shadow_ctx *ctx, u32 *image);

#endif
