/* SPDX-License-Identifier: MIT */
/* All counters of a vGPU: one list for the command line, the tree and Prometheus. */
#include <stdio.h>

#include "xengt/guest/tell/tell.h"
#include "xengt/xen/quota.h"

enum source { GVT, IOREQ, EXEC, GTT, DMA };

/* A counter that is one u64 in the structure of its source. */
struct field {
	const char *group, *name;
	enum source source;
	size_t offset;
};

#define GVT_FIELD(f)                                                \
	{                                                           \
		"traps", #f, GVT, offsetof(struct vgpu_counters, f) \
	}
#define IOREQ_FIELD(f)                                                    \
	{                                                                 \
		"requests", #f, IOREQ, offsetof(struct ioreq_counters, f) \
	}
#define EXEC_FIELD(f)                                                       \
	{                                                                   \
		"execution", #f, EXEC, offsetof(struct vgpu_exec_counts, f) \
	}

#define GTT_FIELD(name, f)                                               \
	{                                                                \
		"tables", name, GTT, offsetof(struct vgpu_gtt_counts, f) \
	}

#define DMA_FIELD(name, f)                                         \
	{                                                          \
		"memory", name, DMA, offsetof(struct xengt_dma, f) \
	}

static const struct field fields[] = {
	GVT_FIELD(cfg_read),
	GVT_FIELD(cfg_write),
	GVT_FIELD(mmio_read),
	GVT_FIELD(mmio_write),
	GVT_FIELD(ggtt_read),
	GVT_FIELD(ggtt_write),
	GVT_FIELD(aperture_read),
	GVT_FIELD(aperture_write),
	GVT_FIELD(tracked_write),
	GVT_FIELD(outside),
	GVT_FIELD(ro_write),
	GVT_FIELD(msi),
	GVT_FIELD(intx),
	GVT_FIELD(irq_raised),
	GVT_FIELD(irq_masked),
	GVT_FIELD(irq_coalesced),
	GVT_FIELD(bar_refused),
	IOREQ_FIELD(requests),
	IOREQ_FIELD(indirect),
	IOREQ_FIELD(invalidate),
	IOREQ_FIELD(unknown),
	IOREQ_FIELD(malformed),
	IOREQ_FIELD(sliced),
	IOREQ_FIELD(resumed),
	IOREQ_FIELD(polled),
	IOREQ_FIELD(waits),
	EXEC_FIELD(submissions),
	EXEC_FIELD(contexts),
	EXEC_FIELD(completed),
	EXEC_FIELD(extended),
	EXEC_FIELD(preempted),
	EXEC_FIELD(dwords),
	EXEC_FIELD(batches),
	EXEC_FIELD(stuck),
	EXEC_FIELD(hangs),
	EXEC_FIELD(resets),
	GTT_FIELD("ggtt_commits", commits),
	GTT_FIELD("ggtt_changes", ggtt_changes),
	GTT_FIELD("ppgtt_syncs", syncs),
	GTT_FIELD("ppgtt_compared", compared),
	GTT_FIELD("ppgtt_changes", changes),
	GTT_FIELD("ppgtt_reclaims", reclaims),
	DMA_FIELD("pins_mapped", maps),
	DMA_FIELD("pins_found", hits),
	DMA_FIELD("pins_unmapped", unmaps),
	DMA_FIELD("pins_refused", refused),
	DMA_FIELD("pins_gone", gone),
	DMA_FIELD("quota_refused", over),
};

static u64 load(const void *base, size_t offset)
{
	return __atomic_load_n((const u64 *)((const u8 *)base + offset), __ATOMIC_RELAXED);
}

static const void *base_of(const struct xengt_vgpu *v, enum source source)
{
	switch (source) {
	case GVT:
		return intel_vgpu_counters(v->vgpu);
	case IOREQ:
		return ioreq_server_counters(v->server);
	case GTT:
		return intel_vgpu_gtt_counts(v->vgpu);
	case DMA:
		return &v->dma;
	default:
		return intel_vgpu_exec_counts(v->vgpu);
	}
}

_Static_assert(ARRAY_SIZE(fields) + GVT_EXEC_REFUSALS + 2 * GVT_NR_ENGINES <= XENGT_FIGURES_MAX,
	       "a figure for each counter");

bool counter_name(unsigned int index, struct counter *counter)
{
	*counter = (struct counter){ .group = "execution" };
	if (index < ARRAY_SIZE(fields)) {
		counter->group = fields[index].group;
		counter->name = fields[index].name;
		return true;
	}
	index -= ARRAY_SIZE(fields);
	if (index < GVT_EXEC_REFUSALS) {
		counter->name = "refused";
		counter->label = "reason";
		counter->of = intel_gvt_refusal_name(index);
		return true;
	}
	index -= GVT_EXEC_REFUSALS;
	if (index >= 2 * GVT_NR_ENGINES)
		return false;
	counter->time = index < GVT_NR_ENGINES;
	counter->name = counter->time ? "run_us" : "timesliced";
	counter->label = "engine";
	counter->of = gvt_engine_name(index % GVT_NR_ENGINES);
	return true;
}

static u64 value_of(const struct xengt_vgpu *v, unsigned int index)
{
	struct vgpu_engine_counts had;

	if (index < ARRAY_SIZE(fields))
		return load(base_of(v, fields[index].source), fields[index].offset);
	index -= ARRAY_SIZE(fields);
	if (index < GVT_EXEC_REFUSALS)
		return load(&intel_vgpu_exec_counts(v->vgpu)->refused[index], 0);
	index -= GVT_EXEC_REFUSALS;
	had = intel_vgpu_engine_counts(v->vgpu, index % GVT_NR_ENGINES);
	return index < GVT_NR_ENGINES ? had.run_ns / 1000 : had.timesliced;
}

bool counter_read(const struct xengt_vgpu *v, unsigned int index, struct counter *counter)
{
	if (!counter_name(index, counter))
		return false;
	counter->value = value_of(v, index);
	return true;
}

static void put(u64 *figure, u64 value)
{
	__atomic_store_n(figure, value, __ATOMIC_RELAXED);
}

void xengt_tell_figures(const struct xengt_vgpu *v, struct xengt_figures *figures)
{
	struct counter counter;

	put(&figures->used_pages, xengt_quota_used(v));
	put(&figures->heap_bytes, xengt_quota_heap(v));
	put(&figures->areas, xengt_quota_areas(v));
	for (unsigned int bar = 0; bar <= 2; bar += 2)
		put(&figures->bar_at[bar / 2], intel_vgpu_bar(v->vgpu, bar, NULL));
	for (unsigned int i = 0; counter_read(v, i, &counter); i++)
		put(&figures->counters[i], counter.value);
}

void counter_file(const struct counter *counter, char name[COUNTER_FILE_MAX])
{
	snprintf(name, COUNTER_FILE_MAX, "%s%s%s", counter->name, counter->of ? "_" : "",
		 counter->of ? counter->of : "");
}
