/* SPDX-License-Identifier: MIT */
/*
 * A guest that edits its graphics memory, and a plain model of what the GPU may then reach.
 *
 * The guest is a sequence of steps of eight bytes each, so that random numbers and a fuzzer drive
 * it alike. After each step the shadow is walked as a GPU would walk it, by bus address: it must
 * reach nothing but pinned frames that are the guest's at that moment, and after a commit exactly
 * what a walk of the guest's own tables gives.
 */
#ifndef TESTS_UNIT_GTT_MODEL_H
#define TESTS_UNIT_GTT_MODEL_H

#include "tests/unit/fake_mpt.h"

struct gtt_op {
	u8 kind, a, b, c;
	u32 d;
};

struct gtt_model;

/** gtt_model_new() - an active vGPU of an idle guest. @ggtt: its GGTT is guest memory. */
struct gtt_model *gtt_model_new(bool ggtt);

/** gtt_model_step() - one step, and the checks after it. Ends the process when one fails. */
void gtt_model_step(struct gtt_model *m, const struct gtt_op *op);

/** gtt_model_end() - the guest's driver goes; checks that nothing is held. Ready for the next. */
void gtt_model_end(struct gtt_model *m);

void gtt_model_free(struct gtt_model *m);

/** gtt_model_describe() - the step in words, into @buf. */
void gtt_model_describe(const struct gtt_op *op, char *buf, size_t len);

#endif
