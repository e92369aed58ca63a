/* SPDX-License-Identifier: MIT */
/* What several have a part in: contexts that take turns, memory of the program's own, fences. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/sync_file.h>

#include "tests.h"

#define CONTEXTS       32u
#define GPR(engine, n) ((engine)->base + 0x600 + 8 * (n))

/*
 * Each context has a buffer of its own at the address that all share, and a number in a register of
 * the engine that it is on: in each round it says both, so that another's would show.
 */
int test_contexts(struct gpu *gpu, unsigned int rounds)
{
	struct bo batch[CONTEXTS], target[CONTEXTS];
	uint32_t ctx[CONTEXTS];
	uint64_t shared = gpu_place(gpu, PAGE);
	unsigned int wrong = 0, lost = 0;

	for (unsigned int i = 0; i < CONTEXTS; i++) {
		const struct engine *engine = &engines[i % NR_ENGINES];

		ctx[i] = ctx_create(gpu);
		batch[i] = bo_create(gpu, PAGE);
		target[i] = bo_create(gpu, PAGE);
		target[i].addr = shared;
		for (unsigned int round = 0; round < rounds; round++) {
			/* A batch for each round, and in the first one the number is set. */
			struct batch b = batch_in(&batch[i], round * 128 % PAGE);

			if (!round)
				emit_load_reg(&b, GPR(engine, 1), 0xc0de0000 + i);
			emit_store(&b, shared + 8 * round, i << 16 | round);
			emit_store_reg(&b, GPR(engine, 1), shared + 8 * round + 4);
			emit_end(&b);
		}
	}
	for (unsigned int round = 0; round < rounds; round++)
		for (unsigned int i = 0; i < CONTEXTS; i++) {
			struct drm_i915_gem_exec_object2 objects[2] = {
				pinned(&target[i], EXEC_OBJECT_WRITE), pinned(&batch[i], 0)
			};
			struct drm_i915_gem_execbuffer2 execbuf = {
				.buffers_ptr = (uintptr_t)objects,
				.buffer_count = 2,
				.batch_start_offset = round * 128 % PAGE,
				.batch_len = 128,
				.flags = engines[i % NR_ENGINES].flag | I915_EXEC_NO_RELOC,
				.rsvd1 = ctx[i],
			};

			if (ioctl(gpu->fd, DRM_IOCTL_I915_GEM_EXECBUFFER2, &execbuf))
				die("contexts: round %u of %u", round, i);
		}
	for (unsigned int i = 0; i < CONTEXTS; i++) {
		const uint32_t *said = (const uint32_t *)target[i].map;

		bo_finish(gpu, &target[i]);
		for (unsigned int round = 0; round < rounds; round++) {
			wrong += said[2 * round] != (i << 16 | round);
			lost += said[2 * round + 1] != 0xc0de0000 + i;
		}
		ctx_destroy(gpu, ctx[i]);
		bo_free(gpu, &batch[i]);
		bo_free(gpu, &target[i]);
	}
	return ok(wrong || lost, "contexts: %u, %u rounds, %u stores and %u registers wrong",
		  CONTEXTS, rounds, wrong, lost);
}

#define USER_BYTES (64 * PAGE)

/* The GPU writes the program's memory, and copies from it; then other memory at the same place. */
int test_userptr(struct gpu *gpu, unsigned int count)
{
	uint8_t *va =
		mmap(NULL, USER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bo batch = bo_create(gpu, PAGE), copy = bo_create(gpu, USER_BYTES);
	unsigned int wrong = 0;

	if (va == MAP_FAILED)
		die("memory");
	for (unsigned int i = 0; i < count; i++) {
		struct bo user = bo_userptr(gpu, va, USER_BYTES);
		struct surface from = { .addr = user.addr, .pitch = PAGE };
		struct surface to = { .addr = copy.addr, .pitch = PAGE };
		uint32_t at = random32() % (USER_BYTES / 4) * 4, value = random32();
		struct batch b = batch_in(&batch, 0);

		random_fill(va, USER_BYTES);
		emit_store(&b, user.addr + at, value);
		emit_end(&b);
		run(gpu, &engines[i % NR_ENGINES], DEFAULT_CTX, &batch, &user, NULL);
		bo_finish(gpu, &user);
		wrong += *(uint32_t *)(va + at) != value;
		bo_finish(gpu, &batch);
		b = batch_in(&batch, 0);
		emit_copy(&b, &to, &from, PAGE / 4, USER_BYTES / PAGE, 4);
		emit_end(&b);
		run(gpu, BCS, DEFAULT_CTX, &batch, &copy, &user);
		bo_finish(gpu, &copy);
		wrong += memcmp(copy.map, va, USER_BYTES) != 0;
		bo_free(gpu, &user);
		if (mmap(va, USER_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != va)
			die("memory");
	}
	return ok(wrong, "userptr: %u times, %u wrong", count, wrong);
}

static int fence_status(int fence)
{
	struct sync_file_info info = { 0 };

	if (ioctl(fence, SYNC_IOC_FILE_INFO, &info))
		die("a fence's state");
	return info.status;
}

/* One engine stores, another copies what it stored: only a fence tells the second to wait. */
int test_fences(struct gpu *gpu, unsigned int count)
{
	struct bo store = bo_create(gpu, PAGE * 2), blit = bo_create(gpu, PAGE);
	struct bo data = bo_create(gpu, PAGE), copy = bo_create(gpu, PAGE);
	unsigned int wrong = 0, unsignalled = 0;

	for (unsigned int i = 0; i < count; i++) {
		static const unsigned int others[] = { 0, 2, 3 };
		const struct engine *engine = &engines[others[i % 3]];
		struct surface from = { .addr = data.addr, .pitch = 1024 };
		struct surface to = { .addr = copy.addr, .pitch = 1024 };
		struct drm_i915_gem_exec_object2 objects[3];
		struct batch b = batch_in(&store, 0);
		uint32_t value = random32();
		uint64_t fences = 0;
		struct pollfd wait;
		int first, err;

		for (unsigned int n = 0; n < 300; n++)
			emit_store(&b, data.addr + 4 * (n % 256), value);
		emit_end(&b);
		objects[0] = pinned(&data, EXEC_OBJECT_WRITE | EXEC_OBJECT_ASYNC);
		objects[1] = pinned(&store, 0);
		err = exec(gpu, engine, DEFAULT_CTX, objects, 2,
			   I915_EXEC_NO_RELOC | I915_EXEC_FENCE_OUT, &fences);
		if (err) {
			errno = -err;
			die("fences: out of %s", engine->name);
		}
		first = fences >> 32;
		b = batch_in(&blit, 0);
		emit_copy(&b, &to, &from, 256, 1, 4);
		emit_end(&b);
		objects[0] = pinned(&copy, EXEC_OBJECT_WRITE | EXEC_OBJECT_ASYNC);
		objects[1] = pinned(&data, EXEC_OBJECT_ASYNC);
		objects[2] = pinned(&blit, 0);
		fences = (uint32_t)first;
		err = exec(gpu, BCS, DEFAULT_CTX, objects, 3,
			   I915_EXEC_NO_RELOC | I915_EXEC_FENCE_IN | I915_EXEC_FENCE_OUT, &fences);
		if (err) {
			errno = -err;
			die("fences: into %s", BCS->name);
		}
		wait = (struct pollfd){ .fd = fences >> 32, .events = POLLIN };
		unsignalled += poll(&wait, 1, 60000) != 1 || fence_status(wait.fd) != 1;
		unsignalled += fence_status(first) != 1;
		for (unsigned int n = 0; n < 256; n++)
			wrong += ((uint32_t *)copy.map)[n] != value;
		close(first);
		close(wait.fd);
		bo_finish(gpu, &store);
		bo_finish(gpu, &blit);
	}
	return ok(wrong || unsignalled, "fences: %u, %u not signalled, %u dwords copied too early",
		  count, unsignalled, wrong);
}

struct bo spin_begin(struct gpu *gpu, const struct engine *engine)
{
	struct bo spin = bo_create(gpu, PAGE);
	struct batch b = batch_in(&spin, 0);

	emit_arb_check(&b);
	emit_jump(&b, spin.addr);
	run(gpu, engine, DEFAULT_CTX, &spin, NULL, NULL);
	return spin;
}

int spin_end(struct gpu *gpu, const struct bo *spin)
{
	*(volatile uint32_t *)spin->map = 0x0a << 23; /* MI_BATCH_BUFFER_END */
	return bo_wait(gpu, spin, PATIENCE);
}

static int busy(struct gpu *gpu, const struct engine *engine)
{
	struct bo spin = spin_begin(gpu, engine);
	uint32_t when_busy, when_idle;
	int timed, finished;

	when_busy = bo_busy(gpu, &spin);
	timed = bo_wait(gpu, &spin, 20 * SECOND / 1000);
	finished = spin_end(gpu, &spin);
	when_idle = bo_busy(gpu, &spin);
	bo_free(gpu, &spin);
	return ok(!when_busy || timed != -ETIME || finished || when_idle,
		  "busy %s: 0x%x while it ran, its wait %s, its end %s, then 0x%x", engine->name,
		  when_busy, timed == -ETIME ? "timed out" : "did not time out",
		  finished ? strerror(-finished) : "seen", when_idle);
}

int test_busy(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int i = 0; i < count; i++)
		for (unsigned int e = 0; e < NR_ENGINES; e++)
			if (!engines[e].parsed)
				bad |= busy(gpu, &engines[e]);
	return bad;
}

#define PIECES	  32u
#define PIECE_MIB 16u

/* A word of each page, none at the same place as its neighbour's. */
static uint32_t word_of(uint32_t page)
{
	return page * (PAGE / 4) + page % (PAGE / 4);
}

/* Buffers that stay in the aperture together, as far as it has room: what is written through it is
 * in memory, and the other way round. */
int test_aperture(struct gpu *gpu, unsigned int mib)
{
	const uint32_t pages = (PIECE_MIB << 20) / PAGE;
	unsigned int nr = (mib + PIECE_MIB - 1) / PIECE_MIB, wrong = 0;
	struct bo bo[PIECES];
	volatile uint32_t *va[PIECES];

	if (nr > PIECES)
		nr = PIECES;
	for (unsigned int i = 0; i < nr; i++) {
		bo[i] = bo_create(gpu, PIECE_MIB << 20);
		va[i] = bo_aperture(gpu, &bo[i]);
		for (uint32_t page = 0; page < pages; page++)
			va[i][word_of(page)] = ~(i * pages + page);
	}
	for (unsigned int i = 0; i < nr; i++) {
		volatile uint32_t *map = (volatile uint32_t *)bo[i].map;

		for (uint32_t page = 0; page < pages; page++) {
			wrong += map[word_of(page)] != ~(i * pages + page);
			map[word_of(page)] = i * pages + page;
			wrong += va[i][word_of(page)] != i * pages + page;
		}
	}
	for (unsigned int i = 0; i < nr; i++) {
		munmap((void *)va[i], bo[i].size);
		bo_free(gpu, &bo[i]);
	}
	return ok(wrong, "aperture: %u MiB at once, %u words wrong", nr * PIECE_MIB, wrong);
}
