/* SPDX-License-Identifier: MIT */
/*
 * A guest that edits its graphics memory, and a plain model of what the GPU may reach then.
 *
 * The guest is a sequence of steps of eight bytes each, so that random numbers and a fuzzer drive
 * it in the same way. After each step the shadow is walked by bus address, as a GPU would: it must
 * reach only pinned frames that are the guest's at that moment. After a commit it must reach
 * exactly what a walk of the guest's own tables gives.
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

/** gtt_model_step() - do one step and the checks after it. Ends the process if a check fails. */
void gtt_model_step(struct gtt_model *m, const struct gtt_op *op);

/**
 * gtt_model_end() - the guest's driver ends; checks that nothing is held. Ready for the next run.
 */
void gtt_model_end(struct gtt_model *m);

void gtt_model_free(struct gtt_model *m);

/** gtt_model_describe() - describe the step in words, into @buf. */
void gtt_model_describe(const struct gtt_op *op, char *buf, size_t len);

#endif
