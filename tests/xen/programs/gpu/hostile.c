/* SPDX-License-Identifier: MIT */
/* What must hurt nobody else: after each of these, every engine does its work again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests.h"

/* Linux ends a batch after 20 s at the latest (its request timeout), a silent engine sooner. */
#define HANG_LIMIT (45 * SECOND)

/* A store on each engine, in a context of its own. */
static int works(struct gpu *gpu, const char *after)
{
	unsigned int wrong = 0;

	for (unsigned int e = 0; e < NR_ENGINES; e++) {
		uint32_t ctx = ctx_create(gpu);
		struct bo batch = bo_create(gpu, PAGE), target = bo_create(gpu, PAGE);
		struct batch b = batch_in(&batch, 0);

		emit_store(&b, target.addr, 0x600d);
		emit_end(&b);
		run(gpu, &engines[e], ctx, &batch, &target, NULL);
		if (bo_wait(gpu, &target, HANG_LIMIT) || *(uint32_t *)target.map != 0x600d) {
			printf("    after %s, %s does not work\n", after, engines[e].name);
			wrong++;
		}
		bo_free(gpu, &batch);
		bo_free(gpu, &target);
		ctx_destroy(gpu, ctx);
	}
	return ok(wrong, "after %s, %u of %u engines work", after, NR_ENGINES - wrong, NR_ENGINES);
}

static const char *how(int err)
{
	return err == -ETIME ? "it never ended" : err ? strerror(-err) : "it ended";
}

/* Submit @batch in a context of its own, and say what came of it. 0 when it came to an end. */
static int suffer(struct gpu *gpu, const struct engine *engine, const struct bo *batch,
		  const char *what)
{
	uint32_t ctx = ctx_create(gpu), active, pending;
	struct drm_i915_gem_exec_object2 object = pinned(batch, 0);
	int64_t begin = now_ns();
	int err = exec(gpu, engine, ctx, &object, 1, I915_EXEC_NO_RELOC, NULL);

	if (err) {
		printf("    %s %s: not taken: %s\n", what, engine->name, strerror(-err));
		ctx_destroy(gpu, ctx);
		return 0;
	}
	err = bo_wait(gpu, batch, HANG_LIMIT);
	ctx_resets(gpu, ctx, &active, &pending);
	ctx_destroy(gpu, ctx);
	printf("    %s %s: %s after %.3f s, resets with it active %u, waiting %u\n", what,
	       engine->name, how(err), (now_ns() - begin) / 1e9, active, pending);
	return err == -ETIME;
}

/* Round without end, with and without a place where another context may be let in. */
int test_loop(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int i = 0; i < count * 2; i++)
		for (unsigned int e = 0; e < NR_ENGINES; e++) {
			struct bo batch = bo_create(gpu, PAGE);
			struct batch b = batch_in(&batch, 0);

			emit(&b, 0);
			if (i % 2)
				emit_arb_check(&b);
			emit_jump(&b, batch.addr);
			bad |= suffer(gpu, &engines[e], &batch,
				      i % 2 ? "polite loop on" : "loop on");
			bo_free(gpu, &batch);
		}
	ok(bad, "loop: the kernel ends them");
	return bad | works(gpu, "loops");
}

int test_garbage(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct bo batch = bo_create(gpu, PAGE);

		random_fill(batch.map, PAGE);
		bad |= suffer(gpu, &engines[i % NR_ENGINES], &batch, "garbage on");
		bo_free(gpu, &batch);
	}
	ok(bad, "garbage: the kernel ends it");
	return bad | works(gpu, "garbage");
}

/* The kernel has a scratch page wherever nothing is bound; what lies past its tables has none. */
int test_badaddr(struct gpu *gpu, unsigned int count)
{
	static const uint64_t places[] = { 0x7ffff0000000, 0x123456789000, 0x40000000,
					   0xffff00000000 };
	int bad = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct bo batch = bo_create(gpu, PAGE);
		struct batch b = batch_in(&batch, 0);

		emit_store(&b, places[i % 4], 0xbad);
		emit_end(&b);
		bad |= suffer(gpu, &engines[i % NR_ENGINES], &batch, "a bad address on");
		bo_free(gpu, &batch);
	}
	ok(bad, "badaddr: the kernel ends it");
	return bad | works(gpu, "bad addresses");
}

/* One context hangs; it is blamed for the reset, and another that did nothing is not. */
int test_resets(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint32_t guilty = ctx_create(gpu), innocent = ctx_create(gpu), active, pending;
		struct bo batch = bo_create(gpu, PAGE);
		struct batch b = batch_in(&batch, 0);
		int err;

		emit(&b, 0);
		emit_jump(&b, batch.addr);
		ctx_resets(gpu, guilty, &active, &pending);
		bad |= ok(active || pending, "reset-stats: a new context has none");
		run(gpu, RCS, guilty, &batch, NULL, NULL);
		err = bo_wait(gpu, &batch, HANG_LIMIT);
		ctx_resets(gpu, guilty, &active, &pending);
		bad |= ok(err == -ETIME || active != 1, "reset-stats: %s, %u with it active",
			  how(err), active);
		ctx_resets(gpu, innocent, &active, &pending);
		bad |= ok(active || pending, "reset-stats: the other context has none");
		bo_free(gpu, &batch);
		ctx_destroy(gpu, guilty);
		ctx_destroy(gpu, innocent);
	}
	return bad | works(gpu, "a reset");
}
