/* SPDX-License-Identifier: MIT */
/* gpu-test's subcommands. Each prints a verdict for each thing it tried; 0 when all is well. */
#ifndef TESTS_H
#define TESTS_H

#include "batch.h"
#include "gem.h"

/* basic.c: batches, addresses, contexts */
int test_nop(struct gpu *gpu, unsigned int count);
int test_store(struct gpu *gpu, unsigned int count);
int test_chain(struct gpu *gpu, unsigned int count);
int test_selfmod(struct gpu *gpu, unsigned int count);
int test_reloc(struct gpu *gpu, unsigned int count);
int test_softpin(struct gpu *gpu, unsigned int count);

/* shared.c: what several have a part in */
int test_contexts(struct gpu *gpu, unsigned int count);
int test_userptr(struct gpu *gpu, unsigned int count);
int test_fences(struct gpu *gpu, unsigned int count);
int test_busy(struct gpu *gpu, unsigned int count);
int test_aperture(struct gpu *gpu, unsigned int mib);

/** spin_begin() - a batch on @engine that goes round, until spin_end(), which gives what bo_wait()
 * says of it. The buffer is the caller's to free. */
struct bo spin_begin(struct gpu *gpu, const struct engine *engine);
int spin_end(struct gpu *gpu, const struct bo *spin);

/* blit.c: the blitter's data against a model's */
int test_copy(struct gpu *gpu, unsigned int count);
int test_big(struct gpu *gpu, unsigned int count);
int test_color(struct gpu *gpu, unsigned int count);
int test_tiled(struct gpu *gpu, unsigned int count);

/* perf.c: what has the kernel emit commands of its own */
int test_perf(struct gpu *gpu, unsigned int count);
int test_space(struct gpu *gpu, unsigned int count);

/* hostile.c: what must hurt nobody */
int test_loop(struct gpu *gpu, unsigned int count);
int test_garbage(struct gpu *gpu, unsigned int count);
int test_badaddr(struct gpu *gpu, unsigned int count);
int test_resets(struct gpu *gpu, unsigned int count);

/* bench.c */
int test_bench(struct gpu *gpu, unsigned int count);
int test_sync(struct gpu *gpu, unsigned int count);
int test_flood(struct gpu *gpu, unsigned int count);
int test_occupy(struct gpu *gpu, unsigned int count);
int test_leaves(struct gpu *gpu, unsigned int count);
int test_ggtt(struct gpu *gpu, unsigned int count);

#endif
