/* SPDX-License-Identifier: MIT */
/*
 * i915's graphics memory and submission as a program in the guest uses them: buffers, each at an
 * address of its own in every PPGTT (softpin), and batches. What ought not to fail ends the program
 * with a verdict; only what a test is about returns an error.
 */
#ifndef GEM_H
#define GEM_H

#include <stddef.h>
#include <stdint.h>

#include <i915_drm.h>

#define PAGE	    4096u
#define SECOND	    1000000000ll
#define PATIENCE    (60 * SECOND) /* for work that is to end by itself */
#define DEFAULT_CTX 0u

struct gpu {
	int fd;
	uint64_t next; /* the lowest address that no buffer has */
};

struct engine {
	const char *name;
	uint64_t flag; /* of execbuffer */
	uint32_t base; /* of its registers: RING_TAIL less 0x30 */
	int parsed; /* Linux copies and checks its batches: no jump leaves one, none changes itself
		     */
};

/* Gen9 GT2's engines, in i915's order; RCS first. */
#define NR_ENGINES 4u
extern const struct engine engines[NR_ENGINES];
#define RCS (&engines[0])
#define BCS (&engines[1])

struct bo {
	uint32_t handle;
	uint64_t size;
	uint64_t addr;
	uint8_t *map; /* cached, coherent with the GPU (LLC) once bo_wait() returned */
};

/** ok() - print a verdict: "ok ..." where @bad is 0, else "not ok: ..."; returns @bad != 0. */
int ok(int bad, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** die() - print "not ok: ..." with the error, and end with status 1. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/** gpu_open() - the i915 device's render node, or its primary node; ends without one. */
void gpu_open(struct gpu *gpu);

/** gpu_param() - I915_PARAM_*'s value, or -1. */
int gpu_param(const struct gpu *gpu, int param);

/** gpu_place() - @size bytes of address space, page-aligned, that no buffer of @gpu's has. */
uint64_t gpu_place(struct gpu *gpu, uint64_t size);

/** bo_create() - a buffer of @size bytes (made whole pages), zeroed, mapped; bo_free() lets it go.
 */
struct bo bo_create(struct gpu *gpu, uint64_t size);

/** bo_userptr() - the same over @size bytes at @va, page-aligned, which stay the caller's. */
struct bo bo_userptr(struct gpu *gpu, void *va, uint64_t size);
void bo_free(struct gpu *gpu, struct bo *bo);

/** bo_write(), bo_read() - by pwrite and pread. */
void bo_write(struct gpu *gpu, const struct bo *bo, uint64_t at, const void *data, size_t bytes);
void bo_read(struct gpu *gpu, const struct bo *bo, uint64_t at, void *data, size_t bytes);

/** bo_aperture() - mapped once more, through the aperture; to be let go of by munmap(). */
void *bo_aperture(struct gpu *gpu, const struct bo *bo);

/** bo_busy() - what GEM_BUSY says. */
uint32_t bo_busy(struct gpu *gpu, const struct bo *bo);

/** bo_wait() - until idle, or @ns are over: 0, -ETIME, -EIO. Negative @ns: for ever. */
int bo_wait(struct gpu *gpu, const struct bo *bo, int64_t ns);

/** bo_finish() - bo_wait() for what must end; ends the program when it does not. */
void bo_finish(struct gpu *gpu, const struct bo *bo);

uint32_t ctx_create(struct gpu *gpu);
void ctx_destroy(struct gpu *gpu, uint32_t ctx);

/** ctx_resets() - batches of @ctx that were on the engine, and that waited, at resets. */
void ctx_resets(struct gpu *gpu, uint32_t ctx, uint32_t *active, uint32_t *pending);

/** pinned() - @bo at its address; @flags: EXEC_OBJECT_*. */
struct drm_i915_gem_exec_object2 pinned(const struct bo *bo, uint64_t flags);

/** exec() - submit objects[nr - 1] as a batch. @fences: rsvd2 of execbuffer, or NULL. -errno. */
int exec(struct gpu *gpu, const struct engine *engine, uint32_t ctx,
	 struct drm_i915_gem_exec_object2 *objects, unsigned int nr, uint64_t flags,
	 uint64_t *fences);

/** run() - @batch, which writes @target (may be NULL) and reads @source (may be NULL); must be
 * taken. */
void run(struct gpu *gpu, const struct engine *engine, uint32_t ctx, const struct bo *batch,
	 const struct bo *target, const struct bo *source);

/** now_ns() - CLOCK_MONOTONIC. */
int64_t now_ns(void);

/** random32() - the next of a row that is the same in every run. */
uint32_t random32(void);
void random_seed(uint32_t seed);
void random_fill(void *data, size_t bytes);

#endif
