/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "gem.h"

const struct engine engines[NR_ENGINES] = {
	{ "rcs0", I915_EXEC_RENDER, 0x2000, 0 },
	{ "bcs0", I915_EXEC_BLT, 0x22000, 1 },
	{ "vcs0", I915_EXEC_BSD, 0x12000, 0 },
	{ "vecs0", I915_EXEC_VEBOX, 0x1a000, 0 },
};

int ok(int bad, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs(bad ? "not ok: " : "ok ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	return bad != 0;
}

void die(const char *format, ...)
{
	int err = errno;
	va_list args;

	va_start(args, format);
	fputs("not ok: ", stdout);
	vprintf(format, args);
	printf(": %s\n", strerror(err));
	va_end(args);
	exit(1);
}

static int ask(const struct gpu *gpu, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(gpu->fd, request, arg);
	while (ret && (errno == EINTR || errno == EAGAIN));
	return ret ? -errno : 0;
}

static void must(const struct gpu *gpu, unsigned long request, void *arg, const char *what)
{
	if (ask(gpu, request, arg))
		die("%s", what);
}

static int is_i915(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "i915");
}

void gpu_open(struct gpu *gpu)
{
	static const char *const forms[] = { "/dev/dri/renderD%u", "/dev/dri/card%u" };
	char path[64];

	gpu->next = 1 << 20;
	for (unsigned int form = 0; form < 2; form++)
		for (unsigned int i = 0; i < 8; i++) {
			snprintf(path, sizeof(path), forms[form], form ? i : 128 + i);
			gpu->fd = open(path, O_RDWR | O_CLOEXEC);
			if (gpu->fd < 0)
				continue;
			if (is_i915(gpu->fd))
				return;
			close(gpu->fd);
		}
	errno = ENODEV;
	die("an i915 device");
}

int gpu_param(const struct gpu *gpu, int param)
{
	int value = -1;
	struct drm_i915_getparam get = { .param = param, .value = &value };

	return ask(gpu, DRM_IOCTL_I915_GETPARAM, &get) ? -1 : value;
}

uint64_t gpu_place(struct gpu *gpu, uint64_t size)
{
	uint64_t at = gpu->next;

	/* A page apart, so that a write past an end is not another's. */
	gpu->next += size + PAGE;
	return at;
}

/* @how: I915_MMAP_OFFSET_*. */
static void *map(struct gpu *gpu, uint32_t handle, uint64_t size, uint64_t how)
{
	struct drm_i915_gem_mmap_offset at = { .handle = handle, .flags = how };
	void *va;

	must(gpu, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &at, "an offset for mmap");
	va = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->fd, at.offset);
	if (va == MAP_FAILED)
		die("mmap of %llu bytes", (unsigned long long)size);
	return va;
}

struct bo bo_create(struct gpu *gpu, uint64_t size)
{
	struct drm_i915_gem_create create = { .size = (size + PAGE - 1) / PAGE * PAGE };
	struct bo bo;

	must(gpu, DRM_IOCTL_I915_GEM_CREATE, &create, "a buffer");
	bo.handle = create.handle;
	bo.size = create.size;
	bo.addr = gpu_place(gpu, bo.size);
	bo.map = map(gpu, bo.handle, bo.size, I915_MMAP_OFFSET_WB);
	return bo;
}

struct bo bo_userptr(struct gpu *gpu, void *va, uint64_t size)
{
	struct drm_i915_gem_userptr user = { .user_ptr = (uintptr_t)va, .user_size = size };
	struct bo bo = { .size = size, .map = NULL };

	must(gpu, DRM_IOCTL_I915_GEM_USERPTR, &user, "a buffer over own memory");
	bo.handle = user.handle;
	bo.addr = gpu_place(gpu, size);
	return bo;
}

void bo_free(struct gpu *gpu, struct bo *bo)
{
	struct drm_gem_close gone = { .handle = bo->handle };

	if (bo->map)
		munmap(bo->map, bo->size);
	must(gpu, DRM_IOCTL_GEM_CLOSE, &gone, "closing a buffer");
	bo->handle = 0;
}

void bo_write(struct gpu *gpu, const struct bo *bo, uint64_t at, const void *data, size_t bytes)
{
	struct drm_i915_gem_pwrite put = {
		.handle = bo->handle, .offset = at, .size = bytes, .data_ptr = (uintptr_t)data
	};

	must(gpu, DRM_IOCTL_I915_GEM_PWRITE, &put, "pwrite");
}

void bo_read(struct gpu *gpu, const struct bo *bo, uint64_t at, void *data, size_t bytes)
{
	struct drm_i915_gem_pread get = {
		.handle = bo->handle, .offset = at, .size = bytes, .data_ptr = (uintptr_t)data
	};

	must(gpu, DRM_IOCTL_I915_GEM_PREAD, &get, "pread");
}

void *bo_aperture(struct gpu *gpu, const struct bo *bo)
{
	return map(gpu, bo->handle, bo->size, I915_MMAP_OFFSET_GTT);
}

uint32_t bo_busy(struct gpu *gpu, const struct bo *bo)
{
	struct drm_i915_gem_busy busy = { .handle = bo->handle };

	must(gpu, DRM_IOCTL_I915_GEM_BUSY, &busy, "busy");
	return busy.busy;
}

int bo_wait(struct gpu *gpu, const struct bo *bo, int64_t ns)
{
	struct drm_i915_gem_wait wait = { .bo_handle = bo->handle, .timeout_ns = ns };

	return ask(gpu, DRM_IOCTL_I915_GEM_WAIT, &wait);
}

void bo_finish(struct gpu *gpu, const struct bo *bo)
{
	int err = bo_wait(gpu, bo, PATIENCE);

	if (err) {
		errno = -err;
		die("waiting for the GPU");
	}
}

uint32_t ctx_create(struct gpu *gpu)
{
	struct drm_i915_gem_context_create create = { 0 };

	must(gpu, DRM_IOCTL_I915_GEM_CONTEXT_CREATE, &create, "a context");
	return create.ctx_id;
}

void ctx_destroy(struct gpu *gpu, uint32_t ctx)
{
	struct drm_i915_gem_context_destroy gone = { .ctx_id = ctx };

	must(gpu, DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &gone, "destroying a context");
}

void ctx_resets(struct gpu *gpu, uint32_t ctx, uint32_t *active, uint32_t *pending)
{
	struct drm_i915_reset_stats stats = { .ctx_id = ctx };

	must(gpu, DRM_IOCTL_I915_GET_RESET_STATS, &stats, "reset statistics");
	*active = stats.batch_active;
	*pending = stats.batch_pending;
}

struct drm_i915_gem_exec_object2 pinned(const struct bo *bo, uint64_t flags)
{
	return (struct drm_i915_gem_exec_object2){
		.handle = bo->handle,
		.offset = bo->addr,
		.flags = flags | EXEC_OBJECT_PINNED | EXEC_OBJECT_SUPPORTS_48B_ADDRESS,
	};
}

int exec(struct gpu *gpu, const struct engine *engine, uint32_t ctx,
	 struct drm_i915_gem_exec_object2 *objects, unsigned int nr, uint64_t flags,
	 uint64_t *fences)
{
	struct drm_i915_gem_execbuffer2 execbuf = {
		.buffers_ptr = (uintptr_t)objects,
		.buffer_count = nr,
		.flags = engine->flag | flags,
		.rsvd1 = ctx,
		.rsvd2 = fences ? *fences : 0,
	};
	int err = ask(gpu,
		      flags & I915_EXEC_FENCE_OUT ? DRM_IOCTL_I915_GEM_EXECBUFFER2_WR
						  : DRM_IOCTL_I915_GEM_EXECBUFFER2,
		      &execbuf);

	if (fences)
		*fences = execbuf.rsvd2;
	return err;
}

void run(struct gpu *gpu, const struct engine *engine, uint32_t ctx, const struct bo *batch,
	 const struct bo *target, const struct bo *source)
{
	struct drm_i915_gem_exec_object2 objects[3];
	unsigned int nr = 0;
	int err;

	if (target)
		objects[nr++] = pinned(target, EXEC_OBJECT_WRITE);
	if (source)
		objects[nr++] = pinned(source, 0);
	objects[nr++] = pinned(batch, 0);
	err = exec(gpu, engine, ctx, objects, nr, I915_EXEC_NO_RELOC, NULL);
	if (err) {
		errno = -err;
		die("a batch for %s", engine->name);
	}
}

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static uint32_t state = 0x1badcafe;

uint32_t random32(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

void random_seed(uint32_t seed)
{
	state = seed ? seed : 1;
}

void random_fill(void *data, size_t bytes)
{
	uint32_t *words = data;

	for (size_t i = 0; i < bytes / 4; i++)
		words[i] = random32();
}
