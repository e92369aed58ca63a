/* SPDX-License-Identifier: MIT */
/*
 * Performance counters through i915's streams, as overlays and Mesa's queries use them; and what
 * else has the kernel emit commands of its own for a program: slices, and an address space that
 * changes. A vGPU counts nothing, so reports hold the time and zeroes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests.h"

#define EXPONENT   15u /* a report each 2 << 15 clocks of 12 MHz, 5.5 ms */
#define PERIOD	   (2u << EXPONENT)
#define REPORT	   256u	      /* bytes, of the format below */
#define REASON	   (1u << 19) /* of a report that was due */
#define REPORT_CMD (0x28u << 23 | 2)

/* Registers and values: of each kind that a configuration may name on Gen9 one at least. */
static const uint32_t mux[][2] = {
	{ 0x9840, 0x80 },						     /* GDT_CHICKEN_BITS */
	{ 0x9888, 0x11810000 },						     /* NOA_WRITE */
	{ 0x9888, 0x07810013 }, { 0x9884, 0 }, { 0x9800, 0 }, { 0x91b8, 0 }, /* OA_PERFCNT */
	{ 0x91cc, 0 },		{ 0x0d00, 8 },				     /* RPM_CONFIG0 */
	{ 0x0d0c, 0 },							     /* NOA_CONFIG */
	{ 0x0d2c, 0 },		{ 0xe180, 0 }, /* HALF_SLICE_CHICKEN2 */
	{ 0x20cc, 0 },			       /* WAIT_FOR_RC6_EXIT */
};
/* OASTARTTRIG, OAREPORTTRIG, OACEC. */
static const uint32_t boolean[][2] = {
	{ 0x2710, 0 }, { 0x2714, 0x00800000 }, { 0x272c, 0 },
	{ 0x2740, 0 }, { 0x2744, 0x00800000 }, { 0x275c, 0 },
	{ 0x2770, 4 }, { 0x2774, 0xffff },     { 0x27ac, 0 },
};
/* EU_PERF_CNTL. */
static const uint32_t flex[][2] = {
	{ 0xe458, 0x00005004 }, { 0xe558, 0x00010003 }, { 0xe658, 0x00012011 },
	{ 0xe758, 0x00015014 }, { 0xe45c, 0x00051050 }, { 0xe55c, 0x00053052 },
	{ 0xe65c, 0x00055054 },
};

#define PAIRS(regs) (sizeof(regs) / sizeof((regs)[0]))

/* @nr: of this program's. */
static uint64_t add_config(struct gpu *gpu, unsigned int nr)
{
	struct drm_i915_perf_oa_config config = {
		.n_mux_regs = PAIRS(mux),
		.n_boolean_regs = PAIRS(boolean),
		.n_flex_regs = PAIRS(flex),
		.mux_regs_ptr = (uintptr_t)mux,
		.boolean_regs_ptr = (uintptr_t)boolean,
		.flex_regs_ptr = (uintptr_t)flex,
	};
	char uuid[37];
	int id;

	snprintf(uuid, sizeof(uuid), "a1b2c3d4-0000-4000-8000-%04x%08x", nr & 0xffff,
		 (unsigned int)getpid());
	memcpy(config.uuid, uuid, sizeof(config.uuid));
	id = ioctl(gpu->fd, DRM_IOCTL_I915_PERF_ADD_CONFIG, &config);
	if (id < 0)
		die("perf: a configuration");
	return id;
}

static void remove_config(struct gpu *gpu, uint64_t id)
{
	if (ioctl(gpu->fd, DRM_IOCTL_I915_PERF_REMOVE_CONFIG, &id))
		die("perf: a configuration goes");
}

/* A stream of reports, once nobody else has one. @more: properties besides, @nr of them. */
static int open_stream(struct gpu *gpu, uint64_t config, uint32_t flags, const uint64_t *more,
		       unsigned int nr)
{
	uint64_t properties[16] = {
		DRM_I915_PERF_PROP_SAMPLE_OA,	   1,
		DRM_I915_PERF_PROP_OA_METRICS_SET, config,
		DRM_I915_PERF_PROP_OA_FORMAT,	   I915_OA_FORMAT_A32u40_A4u32_B8_C8,
	};
	struct drm_i915_perf_open_param open = {
		.flags = flags | I915_PERF_FLAG_FD_CLOEXEC,
		.num_properties = 3 + nr,
		.properties_ptr = (uintptr_t)properties,
	};
	int64_t begin = now_ns();
	int fd;

	if (nr)
		memcpy(properties + 6, more, nr * 2 * sizeof(*more));
	do
		fd = ioctl(gpu->fd, DRM_IOCTL_I915_PERF_OPEN, &open);
	while (fd < 0 && errno == EBUSY && now_ns() - begin < PATIENCE);
	if (fd < 0)
		die("perf: a stream");
	return fd;
}

static void nops(struct gpu *gpu, uint32_t ctx)
{
	struct bo batch = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);

	emit_end(&b);
	for (unsigned int e = 0; e < NR_ENGINES; e++) {
		run(gpu, &engines[e], ctx, &batch, NULL, NULL);
		bo_finish(gpu, &batch);
	}
	bo_free(gpu, &batch);
}

/* The reports of @fd's that one read gives: their number; those that are not as they ought to be
 * are counted in @wrong. */
static unsigned int read_reports(int fd, uint32_t *last, unsigned int *wrong)
{
	static uint8_t data[1 << 16];
	struct drm_i915_perf_record_header header;
	unsigned int nr = 0;
	ssize_t bytes = read(fd, data, sizeof(data));

	if (bytes < 0)
		die("perf: reports");
	for (ssize_t at = 0; at < bytes; at += header.size) {
		uint32_t report[REPORT / 4], sum = 0;

		memcpy(&header, data + at, sizeof(header));
		if (header.type != DRM_I915_PERF_RECORD_SAMPLE)
			continue;
		memcpy(report, data + at + sizeof(header), sizeof(report));
		for (unsigned int i = 3; i < REPORT / 4; i++)
			sum |= report[i];
		*wrong += sum || !(report[0] & REASON) || report[1] % PERIOD ||
			  (*last && report[1] - *last > 200 * PERIOD);
		*last = report[1];
		nr++;
	}
	return nr;
}

/* Reports come as time passes, and a reader waits for them; work goes on meanwhile. */
static int periodic(struct gpu *gpu, uint64_t config, unsigned int count)
{
	static const uint64_t timer[] = { DRM_I915_PERF_PROP_OA_EXPONENT, EXPONENT };
	int fd = open_stream(gpu, config, 0, timer, 1);
	unsigned int seen = 0, wrong = 0;
	int64_t begin = now_ns();
	uint32_t last = 0, clocks;

	read_reports(fd, &last, &wrong);
	clocks = last;
	while (seen < count) {
		nops(gpu, DEFAULT_CTX);
		seen += read_reports(fd, &last, &wrong);
	}
	clocks = last - clocks;
	/* Time stops, and goes on. */
	if (ioctl(fd, I915_PERF_IOCTL_DISABLE, 0) || ioctl(fd, I915_PERF_IOCTL_ENABLE, 0))
		die("perf: off and on");
	last = 0;
	read_reports(fd, &last, &wrong);
	close(fd);
	return ok(wrong, "perf: %u reports in %lld ms, over %u ms, %u wrong", seen,
		  (long long)((now_ns() - begin) / 1000000), clocks / 12000, wrong);
}

/* Without a timer nothing comes, and nobody is told that something did. */
static int silent(struct gpu *gpu, uint64_t config)
{
	int fd = open_stream(gpu, config, I915_PERF_FLAG_FD_NONBLOCK, NULL, 0), bad;
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint8_t data[1024];

	bad = poll(&wait, 1, 100) != 0 || read(fd, data, sizeof(data)) != -1 || errno != EAGAIN;
	nops(gpu, DEFAULT_CTX);
	close(fd);
	return ok(bad, "perf: no reports without a timer");
}

/* A context's own stream, other metrics in between, and reports by command. */
static int by_command(struct gpu *gpu, uint64_t config, uint64_t other)
{
	uint32_t ctx = ctx_create(gpu);
	const uint64_t own[] = { DRM_I915_PERF_PROP_CTX_HANDLE, ctx,
				 DRM_I915_PERF_PROP_HOLD_PREEMPTION, 1 };
	unsigned int nr = gpu_param(gpu, I915_PARAM_PERF_REVISION) >= 3 ? 2 : 1;
	struct bo batch = bo_create(gpu, PAGE), target = bo_create(gpu, PAGE);
	int fd = open_stream(gpu, config, I915_PERF_FLAG_FD_NONBLOCK, own, nr);
	const uint32_t *report = (uint32_t *)target.map;
	unsigned int wrong = 0;
	uint32_t last = 0;

	for (unsigned int i = 0; i < 8; i++) {
		struct batch b = batch_in(&batch, 0);
		uint32_t sum = 0;

		memset(target.map, 0xff, PAGE);
		emit(&b, REPORT_CMD);
		emit(&b, target.addr);
		emit(&b, target.addr >> 32);
		emit(&b, 0xc0de + i);
		emit_end(&b);
		run(gpu, RCS, ctx, &batch, &target, NULL);
		bo_finish(gpu, &batch);
		bo_finish(gpu, &target);
		for (unsigned int at = 3; at < REPORT / 4; at++)
			sum |= report[at];
		wrong += report[0] != 0xc0de + i || report[1] == last || sum ||
			 report[REPORT / 4] != ~0u;
		last = report[1];
		if (nr == 2 && ioctl(fd, I915_PERF_IOCTL_CONFIG, i % 2 ? config : other) < 0)
			die("perf: other metrics");
	}
	nops(gpu, ctx);
	close(fd);
	ctx_destroy(gpu, ctx);
	bo_free(gpu, &batch);
	bo_free(gpu, &target);
	return ok(wrong, "perf: 8 reports by command, %u wrong", wrong);
}

/* A stream that holds slices as they are, and what a context may say of its own. */
static int slices(struct gpu *gpu, uint64_t config)
{
	struct drm_i915_gem_context_param_sseu sseu = {
		.engine = { I915_ENGINE_CLASS_RENDER, 0 },
	};
	struct drm_i915_gem_context_param param = {
		.ctx_id = ctx_create(gpu),
		.param = I915_CONTEXT_PARAM_SSEU,
		.size = sizeof(sseu),
		.value = (uintptr_t)&sseu,
	};
	const uint64_t held[] = { DRM_I915_PERF_PROP_OA_EXPONENT, EXPONENT,
				  DRM_I915_PERF_PROP_GLOBAL_SSEU, (uintptr_t)&sseu };
	int bad;

	nops(gpu, param.ctx_id);
	if (ioctl(gpu->fd, DRM_IOCTL_I915_GEM_CONTEXT_GETPARAM, &param))
		die("perf: a context's slices");
	if (gpu_param(gpu, I915_PARAM_PERF_REVISION) >= 4) {
		int fd = open_stream(gpu, config, I915_PERF_FLAG_FD_NONBLOCK, held, 2);

		nops(gpu, param.ctx_id);
		close(fd);
	}
	/* Linux lets programs choose on Gen11 alone. */
	bad = ioctl(gpu->fd, DRM_IOCTL_I915_GEM_CONTEXT_SETPARAM, &param) && errno != ENODEV;
	nops(gpu, param.ctx_id);
	ctx_destroy(gpu, param.ctx_id);
	return ok(bad, "perf: slices 0x%llx, subslices 0x%llx", (unsigned long long)sseu.slice_mask,
		  (unsigned long long)sseu.subslice_mask);
}

int test_perf(struct gpu *gpu, unsigned int count)
{
	uint64_t config = add_config(gpu, 1);
	uint64_t other = add_config(gpu, 2);
	int bad = periodic(gpu, config, count);

	bad |= silent(gpu, config);
	bad |= by_command(gpu, config, other);
	bad |= slices(gpu, config);
	remove_config(gpu, config);
	remove_config(gpu, other);
	nops(gpu, DEFAULT_CTX);
	return bad;
}

/*
 * A context that ran is given another address space: Linux up to 5.12 lets it, and has its ring
 * load the new root; later ones say that it is too late. Then it runs there.
 */
int test_space(struct gpu *gpu, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE), target = bo_create(gpu, PAGE);
	uint32_t ctx = ctx_create(gpu);
	unsigned int wrong = 0, changed = 0;

	for (unsigned int i = 0; i < count * NR_ENGINES; i++) {
		struct drm_i915_gem_vm_control vm = { 0 };
		struct drm_i915_gem_context_param param = { .ctx_id = ctx,
							    .param = I915_CONTEXT_PARAM_VM };
		struct batch b = batch_in(&batch, 0);

		emit_store(&b, target.addr + 4 * i, i + 1);
		emit_end(&b);
		run(gpu, &engines[i % NR_ENGINES], ctx, &batch, &target, NULL);
		bo_finish(gpu, &batch);
		bo_finish(gpu, &target);
		wrong += ((uint32_t *)target.map)[i] != i + 1;
		if (ioctl(gpu->fd, DRM_IOCTL_I915_GEM_VM_CREATE, &vm))
			die("space: a new one");
		param.value = vm.vm_id;
		if (!ioctl(gpu->fd, DRM_IOCTL_I915_GEM_CONTEXT_SETPARAM, &param))
			changed++;
		else if (errno != EINVAL)
			die("space: a context's");
		if (ioctl(gpu->fd, DRM_IOCTL_I915_GEM_VM_DESTROY, &vm))
			die("space: an old one");
	}
	ctx_destroy(gpu, ctx);
	bo_free(gpu, &batch);
	bo_free(gpu, &target);
	return ok(wrong, "space: changed %u times, %u stores wrong", changed, wrong);
}
