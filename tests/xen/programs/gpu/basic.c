/* SPDX-License-Identifier: MIT */
/* Batches and addresses: what each engine's command streamer does for one program. */
#include <errno.h>
#include <string.h>

#include "tests.h"

int test_nop(struct gpu *gpu, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);
	int bad = 0;

	emit_end(&b);
	for (unsigned int e = 0; e < NR_ENGINES; e++) {
		for (unsigned int i = 0; i < count; i++) {
			run(gpu, &engines[e], DEFAULT_CTX, &batch, NULL, NULL);
			bo_finish(gpu, &batch);
		}
		bad |= ok(0, "nop %s: %u, one at a time", engines[e].name, count);
	}
	for (unsigned int i = 0; i < count * NR_ENGINES; i++)
		run(gpu, &engines[i % NR_ENGINES], DEFAULT_CTX, &batch, NULL, NULL);
	bo_finish(gpu, &batch);
	return bad | ok(0, "nop: %u on all engines at once", count * NR_ENGINES);
}

#define TARGET_PAGES 16u

/* A store's place: the ends of pages more often than others. */
static uint32_t some_place(unsigned int bytes)
{
	uint32_t page = random32() % TARGET_PAGES * PAGE, r = random32() % 4;

	if (r == 0)
		return page;
	if (r == 1)
		return page + PAGE - bytes;
	return page + random32() % (PAGE / bytes) * bytes;
}

/* Stores of a batch each, and what the target's memory ought to be after all. */
static int stores(struct gpu *gpu, const struct engine *engine, unsigned int count)
{
	static uint8_t model[TARGET_PAGES * PAGE], seen[TARGET_PAGES * PAGE];
	struct bo batch = bo_create(gpu, PAGE), target = bo_create(gpu, sizeof(model));
	int bad;

	random_fill(model, sizeof(model));
	bo_write(gpu, &target, 0, model, sizeof(model));
	for (unsigned int i = 0; i < count; i++) {
		struct batch b = batch_in(&batch, 0);

		for (unsigned int n = 0; n < 8; n++) {
			uint32_t at = some_place(n % 2 ? 8 : 4);
			uint64_t value = (uint64_t)random32() << 32 | random32();

			if (n % 2)
				emit_store64(&b, target.addr + at, value);
			else
				emit_store(&b, target.addr + at, (uint32_t)value);
			memcpy(model + at, &value, n % 2 ? 8 : 4);
		}
		emit_end(&b);
		run(gpu, engine, DEFAULT_CTX, &batch, &target, NULL);
		bo_finish(gpu, &batch);
	}
	bo_read(gpu, &target, 0, seen, sizeof(seen));
	bad = memcmp(seen, model, sizeof(model)) != 0;
	bad |= memcmp(target.map, model, sizeof(model)) != 0;
	bo_free(gpu, &batch);
	bo_free(gpu, &target);
	return ok(bad, "store %s: %u by softpin", engine->name, count * 8);
}

/* One store by relocation; the kernel chooses where both buffers are. */
static int store_relocated(struct gpu *gpu, const struct engine *engine, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE), target = bo_create(gpu, TARGET_PAGES * PAGE);
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct batch b = batch_in(&batch, 0);
		uint32_t at = some_place(4), value = random32(), seen;
		struct drm_i915_gem_relocation_entry reloc = {
			.target_handle = target.handle,
			.delta = at,
			.offset = 4, /* the store's address */
			.presumed_offset = ~0ull,
			.write_domain = I915_GEM_DOMAIN_RENDER,
			.read_domains = I915_GEM_DOMAIN_RENDER,
		};
		struct drm_i915_gem_exec_object2 objects[2] = {
			{ .handle = target.handle, .flags = EXEC_OBJECT_WRITE },
			{ .handle = batch.handle,
			  .relocation_count = 1,
			  .relocs_ptr = (uintptr_t)&reloc },
		};
		int err;

		emit_store(&b, 0, value);
		emit_end(&b);
		err = exec(gpu, engine, DEFAULT_CTX, objects, 2, 0, NULL);
		if (err) {
			errno = -err;
			die("store %s: relocated", engine->name);
		}
		bo_finish(gpu, &batch);
		bo_read(gpu, &target, at, &seen, sizeof(seen));
		wrong += seen != value;
	}
	bo_free(gpu, &batch);
	bo_free(gpu, &target);
	return ok(wrong, "store %s: %u by relocation, %u wrong", engine->name, count, wrong);
}

int test_store(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int e = 0; e < NR_ENGINES; e++) {
		bad |= stores(gpu, &engines[e], count);
		bad |= store_relocated(gpu, &engines[e], count);
	}
	return bad;
}

/* Links in a row, each in a buffer of its own: store a number, jump to the next, the last ends. */
static int chain(struct gpu *gpu, const struct engine *engine, unsigned int links)
{
	struct drm_i915_gem_exec_object2 objects[64];
	struct bo bo[64], target = bo_create(gpu, PAGE);
	uint32_t *slots = (uint32_t *)target.map;
	unsigned int wrong = 0;
	int err;

	if (links > 62)
		links = 62;
	for (unsigned int i = 0; i < links; i++)
		bo[i] = bo_create(gpu, PAGE);
	for (unsigned int i = 0; i < links; i++) {
		struct batch b = batch_in(&bo[i], 0);

		emit_store(&b, target.addr + 4 * i, 1000 + i);
		if (i + 1 < links)
			emit_jump(&b, bo[i + 1].addr);
		else
			emit_end(&b);
		/* The first is the batch, hence the last of the objects. */
		objects[links - i] = pinned(&bo[i], 0);
	}
	objects[0] = pinned(&target, EXEC_OBJECT_WRITE);
	err = exec(gpu, engine, DEFAULT_CTX, objects, links + 1, I915_EXEC_NO_RELOC, NULL);
	if (engine->parsed)
		return ok(err != -EINVAL, "chain %s: refused by the kernel: %s", engine->name,
			  strerror(-err));
	if (err) {
		errno = -err;
		die("chain %s", engine->name);
	}
	bo_finish(gpu, &target);
	for (unsigned int i = 0; i < links; i++)
		wrong += slots[i] != 1000 + i;
	for (unsigned int i = 0; i < links; i++)
		bo_free(gpu, &bo[i]);
	bo_free(gpu, &target);
	return ok(wrong, "chain %s: %u batches, %u without effect", engine->name, links, wrong);
}

/* A second-level batch, called twice and patched in between by its caller. */
static int call(struct gpu *gpu, const struct engine *engine)
{
	struct bo outer = bo_create(gpu, 2 * PAGE), inner = bo_create(gpu, PAGE);
	struct bo target = bo_create(gpu, PAGE);
	struct drm_i915_gem_exec_object2 objects[3];
	struct batch b = batch_in(&inner, 0);
	uint32_t *slots = (uint32_t *)target.map;
	int bad, err;

	emit_store(&b, target.addr, 1);
	emit_end(&b);
	b = batch_in(&outer, 0);
	emit_call(&b, inner.addr);
	emit_store(&b, target.addr + 4, 2);
	emit_store(&b, inner.addr + 4, (uint32_t)target.addr + 8); /* its store's address */
	emit_flush(&b, engine);
	emit_call(&b, inner.addr);
	emit_store(&b, target.addr + 12, 4);
	emit_end(&b);
	objects[0] = pinned(&target, EXEC_OBJECT_WRITE);
	objects[1] = pinned(&inner, EXEC_OBJECT_WRITE);
	objects[2] = pinned(&outer, 0);
	err = exec(gpu, engine, DEFAULT_CTX, objects, 3, I915_EXEC_NO_RELOC, NULL);
	if (err) {
		errno = -err;
		die("chain %s: a call", engine->name);
	}
	bo_finish(gpu, &target);
	bad = slots[0] != 1 || slots[1] != 2 || slots[2] != 1 || slots[3] != 4;
	ok(bad, "chain %s: a batch called twice: %u %u %u %u", engine->name, slots[0], slots[1],
	   slots[2], slots[3]);
	bo_free(gpu, &outer);
	bo_free(gpu, &inner);
	bo_free(gpu, &target);
	return bad;
}

int test_chain(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int e = 0; e < NR_ENGINES; e++) {
		bad |= chain(gpu, &engines[e], count);
		if (!engines[e].parsed)
			bad |= call(gpu, &engines[e]);
	}
	return bad;
}

/*
 * A batch that stores into the operand of a store on its next page, and jumps there: the jump has
 * the command streamer fetch anew, so that nothing fetched before is what runs.
 */
static int selfmod(struct gpu *gpu, const struct engine *engine, unsigned int count)
{
	struct bo batch = bo_create(gpu, 2 * PAGE), target = bo_create(gpu, PAGE);
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint32_t value = random32() | 1;
		struct batch b = batch_in(&batch, PAGE);

		emit_store(&b, target.addr, 0); /* its value is in the fourth dword */
		emit_end(&b);
		b = batch_in(&batch, 0);
		emit_store(&b, batch.addr + PAGE + 12, value);
		emit_flush(&b, engine);
		emit_jump(&b, batch.addr + PAGE);
		run(gpu, engine, DEFAULT_CTX, &batch, &target, NULL);
		bo_finish(gpu, &batch);
		bo_finish(gpu, &target);
		wrong += *(uint32_t *)target.map != value;
	}
	bo_free(gpu, &batch);
	bo_free(gpu, &target);
	return ok(wrong, "selfmod %s: %u, %u wrong", engine->name, count, wrong);
}

int test_selfmod(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int e = 0; e < NR_ENGINES; e++)
		if (!engines[e].parsed)
			bad |= selfmod(gpu, &engines[e], count);
	return bad;
}

#define RELOC_BOS 32u

/* Many relocations in one batch, by handles and by places in the list; the kernel moves nothing. */
static int relocations(struct gpu *gpu, const struct engine *engine, uint64_t lut)
{
	struct drm_i915_gem_relocation_entry relocs[RELOC_BOS];
	struct drm_i915_gem_exec_object2 objects[RELOC_BOS + 1];
	struct bo target[RELOC_BOS], batch = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);
	unsigned int wrong = 0, unpatched = 0;
	int err;

	memset(objects, 0, sizeof(objects));
	for (unsigned int i = 0; i < RELOC_BOS; i++) {
		target[i] = bo_create(gpu, PAGE * (1 + i % 3));
		objects[i].handle = target[i].handle;
		objects[i].flags = EXEC_OBJECT_WRITE;
		relocs[i] = (struct drm_i915_gem_relocation_entry){
			.target_handle = lut ? i : target[i].handle,
			.delta = 4 * i,
			.offset = 4 * b.nr + 4,
			.presumed_offset = ~0ull,
			.write_domain = I915_GEM_DOMAIN_RENDER,
			.read_domains = I915_GEM_DOMAIN_RENDER,
		};
		emit_store(&b, 0, 7000 + i);
	}
	emit_end(&b);
	objects[RELOC_BOS].handle = batch.handle;
	objects[RELOC_BOS].relocation_count = RELOC_BOS;
	objects[RELOC_BOS].relocs_ptr = (uintptr_t)relocs;
	err = exec(gpu, engine, DEFAULT_CTX, objects, RELOC_BOS + 1, lut, NULL);
	if (err) {
		errno = -err;
		die("reloc %s", engine->name);
	}
	bo_finish(gpu, &batch);
	for (unsigned int i = 0; i < RELOC_BOS; i++) {
		uint32_t value;
		uint64_t at;

		bo_finish(gpu, &target[i]);
		bo_read(gpu, &target[i], 4 * i, &value, sizeof(value));
		bo_read(gpu, &batch, relocs[i].offset, &at, sizeof(at));
		wrong += value != 7000 + i;
		unpatched += at != objects[i].offset + 4 * i;
		bo_free(gpu, &target[i]);
	}
	bo_free(gpu, &batch);
	return ok(wrong || unpatched, "reloc %s: %u %s, %u wrong, %u not as the kernel says",
		  engine->name, RELOC_BOS, lut ? "by place" : "by handle", wrong, unpatched);
}

int test_reloc(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int i = 0; i < count && !bad; i++) {
		bad |= relocations(gpu, &engines[i % NR_ENGINES], 0);
		bad |= relocations(gpu, &engines[i % NR_ENGINES], I915_EXEC_HANDLE_LUT);
	}
	return bad;
}

/* Bit 47 goes on to the top, as the kernel wants it. */
static uint64_t canonical(uint64_t addr)
{
	return (uint64_t)((int64_t)(addr << 16) >> 16);
}

int test_softpin(struct gpu *gpu, unsigned int count)
{
	static const uint64_t places[] = {
		0x1000,		0x1ff000,	0x200000,	0x3ffff000,   0x40000000,
		0xfffff000,	0x100000000,	0x7fffff000,	0x8000000000, 0x7ffffffff000,
		0x800000000000, 0xffff00000000, 0xfffffffff000,
	};
	struct bo batch = bo_create(gpu, PAGE), target = bo_create(gpu, PAGE);
	unsigned int wrong = 0, nr = sizeof(places) / sizeof(places[0]);

	(void)count;
	for (unsigned int i = 0; i < nr; i++) {
		struct batch b = batch_in(&batch, 0);
		uint32_t value = random32();

		target.addr = canonical(places[i]);
		batch.addr = 0x5000000000 + i * 0x40201000ull;
		emit_store(&b, target.addr + 8 * i, value);
		emit_end(&b);
		run(gpu, &engines[i % NR_ENGINES], DEFAULT_CTX, &batch, &target, NULL);
		bo_finish(gpu, &target);
		if (*(uint32_t *)(target.map + 8 * i) == value)
			continue;
		wrong++;
		ok(1, "softpin %s: at 0x%llx", engines[i % NR_ENGINES].name,
		   (unsigned long long)places[i]);
	}
	return ok(wrong, "softpin: %u addresses, %u wrong", nr, wrong);
}
