/* SPDX-License-Identifier: MIT */
/* Graphics memory: each eight bytes of input are a step of the model's guest (gtt_model.h). */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/gtt_model.h"

#define STEPS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once; each input leaves it as it was. */
static struct gtt_model *m;

static void end(void)
{
	gtt_model_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gtt_op op;

	if (!m) {
		m = gtt_model_new(false);
		atexit(end);
	}
	for (size_t at = 0; at + sizeof(op) <= size && at < STEPS_MAX * sizeof(op);
	     at += sizeof(op)) {
		memcpy(&op, data + at, sizeof(op));
		gtt_model_step(m, &op);
	}
	gtt_model_end(m);
	return 0;
}
