/* SPDX-License-Identifier: MIT */
/*
 * The page of a context's image that holds registers: what it may contain, and where.
 *
 * The page is a list of MI_LOAD_REGISTER_IMM. The hardware saves the ring, the page tables and the
 * position in a batch at fixed places (i915's gt/intel_lrc_reg.h), so they have to be there. All of
 * a context's state is in this page and in the image's other pages. So a shadow can be freed
 * whenever its context does not run, and made again.
 */
#ifndef CORE_EXEC_IMAGE_H
#define CORE_EXEC_IMAGE_H

#include "core/exec/exec.h"

/* Dwords of the page. Each is a value, with its register before it. */
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
	AT_PDP3 = 0x25, /* its high half; then its low half, and those of PDP2, PDP1, PDP0 */
	AT_PDP0_LOW = 0x33,
};

#define AT_PDP_HIGH(i) (AT_PDP3 + 4 * (3 - (i)))
#define AT_PDP_LOW(i)  (AT_PDP_HIGH(i) + 2)

/**
 * image_take() - copy the lists of registers of @from, which the guest wrote, to .image of @ctx,
 * checked, and also what the GPU keeps at the end of the page. The part between the two is not
 * changed. False, with @fault: they are no lists, or have no ring or page tables.
 */
bool image_take(struct shadow_ctx *ctx, const u32 *from, struct exec_fault *fault);

/** image_get() - the value at dword @at, one of the above; 0 if the image does not have it. */
u32 image_get(const struct shadow_ctx *ctx, u32 at);

/**
 * image_own() - set the value at dword @at to one of the mediator's: neither it nor what the GPU
 * saves there is shown to the guest. An image that does not have the dword is not changed.
 */
void image_own(struct shadow_ctx *ctx, u32 at, u32 val);

/** image_is_own() - true if image_own() set the value at dword @at. */
bool image_is_own(const struct shadow_ctx *ctx, u32 at);

/** image_has() - true if @image, which is the guest's or ours, has the value of dword @at there. */
bool image_has(const struct shadow_ctx *ctx, const u32 *image, u32 at);

#endif
