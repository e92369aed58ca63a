/* SPDX-License-Identifier: MIT */
#include "xengt/guest/tell/tell.h"

#include <stdio.h>
#include <xen/hvm/ioreq.h>

#include "xengt/control/json.h"
#include "xengt/guest/vgpu.h"
#include "xengt/xen/quota.h"

static const char *const notification_names[VGT_G2V_MAX + 1] = {
	[0] = "none",
	[1] = "1",
	[2] = "ppgtt_l3_create",
	[3] = "ppgtt_l3_destroy",
	[4] = "ppgtt_l4_create",
	[5] = "ppgtt_l4_destroy",
	[6] = "context_create",
	[7] = "context_destroy",
	[8] = "unknown",
};

/* Returns the object @name within @all; makes it if there is none. */
static struct json_object *within(struct json_object *all, const char *name)
{
	struct json_object *found;

	if (!json_object_object_get_ex(all, name, &found)) {
		found = json_object_new_object();
		json_object_object_add(all, name, found);
	}
	return found;
}

static void put_counters(struct json_object *all, const struct xengt_vgpu *v)
{
	struct counter counter;

	for (unsigned int i = 0; counter_read(v, i, &counter); i++) {
		struct json_object *group = within(all, counter.group);

		if (counter.of)
			put_u64(within(group, counter.name), counter.of, counter.value);
		else
			put_u64(group, counter.name, counter.value);
	}
}

static struct json_object *bars_of(struct xengt_vgpu *v)
{
	struct json_object *bars = json_object_new_array();

	for (unsigned int i = 0; i <= 2; i += 2) {
		struct json_object *bar = json_object_new_object();
		u64 size, at = intel_vgpu_bar(v->vgpu, i, &size);

		put_u64(bar, "bar", i);
		put_bool(bar, "decoded", at != INTEL_GVT_BAR_OFF);
		put_hex(bar, "address", at == INTEL_GVT_BAR_OFF ? 0 : at);
		put_u64(bar, "size", size);
		put_str(bar, "path",
			i				? "traps"
			: !v->memory->backing_at	? "traps"
			: v->kept->options.read_through ? "registers read through, GGTT in memory"
							: "registers trap, GGTT in memory");
		json_object_array_add(bars, bar);
	}
	return bars;
}

struct answer {
	struct json_object *all;
	bool unknown, pages;
};

static void whole(struct xengt_vgpu *v, void *arg)
{
	struct json_object *all = ((struct answer *)arg)->all;
	struct json_object *notes = json_object_new_object(), *mem;

	put_u64(all, "vcpus", ioreq_server_vcpus(v->server));
	put_u64(all, "ioreq_server", ioreq_server_id(v->server));
	json_object_object_add(all, "bars", bars_of(v));
	put_counters(all, v);
	for (int i = 0; i <= VGT_G2V_MAX; i++)
		if (intel_vgpu_notifications(v->vgpu)[i])
			put_u64(notes, notification_names[i], intel_vgpu_notifications(v->vgpu)[i]);
	json_object_object_add(all, "notifications", notes);
	mem = within(all, "memory");
	put_u64(mem, "used_kib", xengt_quota_used(v) * (GVT_PAGE_SIZE / 1024));
	put_u64(mem, "tracked_pages", v->listed->nr);
	put_u64(mem, "bucket_maps", v->mem.maps);
	put_u64(mem, "bucket_drops", v->mem.drops);
	put_u64(mem, "added_kib", v->kept->added_kib);
	put_u64(mem, "mapped_pages", v->host->gpu ? v->view.used : v->dma.used);
	put_u64(mem, "mapped_refused", v->view.refused);
	put_u64(mem, "mapped_failed", v->view.failed);
	put_u64(mem, "pinned_pages", v->dma.used);
	put_u64(mem, "pinned_idle", v->dma.idle);
	put_u64(mem, "grant_frames", (v->dma.nr + 511) / 512);
	put_u64(mem, "aperture_aliases", v->aliases->nr);
	put_u64(mem, "host_pages", v->hostmem.pages);
	put_u64(mem, "heap_kib", xengt_quota_heap(v) / 1024);
	put_u64(mem, "areas", xengt_quota_areas(v));
}

static void regs(struct xengt_vgpu *v, void *arg)
{
	struct answer *answer = arg;
	char name[64];

	for (u32 offset = 0; offset < GVT_MMIO_SIZE; offset += sizeof(u32)) {
		struct json_object *reg;
		u32 reads, writes;

		intel_vgpu_access_count(v->vgpu, offset, &reads, &writes);
		if (!reads && !writes)
			continue;
		if (answer->unknown && intel_gvt_reg(v->host->gvt, offset))
			continue;
		reg = json_object_new_object();
		put_str(reg, "name", intel_gvt_reg_name(v->host->gvt, offset, name, sizeof(name)));
		put_hex(reg, "offset", offset);
		put_hex(reg, "value", intel_vgpu_reg(v->vgpu, offset));
		put_u64(reg, "reads", reads);
		put_u64(reg, "writes", writes);
		json_object_array_add(answer->all, reg);
	}
}

static void pages(struct xengt_vgpu *v, void *arg)
{
	struct answer *answer = arg;
	u32 first = 0;

	for (u32 page = 1; page <= GVT_MMIO_PAGES; page++) {
		struct json_object *run;

		if (page < GVT_MMIO_PAGES && !v->vgpu->mirror[page] == !v->vgpu->mirror[first])
			continue;
		run = json_object_new_object();
		put_hex(run, "from", first * GVT_PAGE_SIZE);
		put_hex(run, "to", page * GVT_PAGE_SIZE - 1);
		put_str(run, "reads", v->vgpu->mirror[first] ? "direct" : "trap");
		json_object_array_add(answer->all, run);
		first = page;
	}
}

static struct json_object *ask(struct xengt_vgpu *v, void (*fn)(struct xengt_vgpu *, void *),
			       struct answer *answer)
{
	if (!xengt_vgpu_call(v, fn, answer))
		return answer->all;
	json_object_put(answer->all);
	return NULL;
}

struct json_object *describe_whole(struct xengt_vgpu *v, struct json_object *all)
{
	struct answer answer = { .all = all };

	return ask(v, whole, &answer);
}

struct json_object *describe_regs(struct xengt_vgpu *v, bool unknown, bool want_pages)
{
	struct answer answer = { .all = json_object_new_array(), .unknown = unknown };

	return ask(v, want_pages ? pages : regs, &answer);
}

static const struct {
	u8 type;
	const char *name;
} event_names[] = {
	{ IOREQ_TYPE_PIO, "pio" },
	{ IOREQ_TYPE_COPY, "memory" },
	{ IOREQ_TYPE_PCI_CONFIG, "config" },
	{ IOREQ_TYPE_TIMEOFFSET, "timeoffset" },
	{ IOREQ_TYPE_INVALIDATE, "invalidate" },
	{ XENGT_EVENT_WATCH, "watch" },
};

struct json_object *describe_event(struct xengt_vgpu *v, const struct ioreq_event *event)
{
	struct json_object *all = json_object_new_object();
	u64 bar0 = v->vgpu ? intel_vgpu_bar(v->vgpu, 0, NULL) : INTEL_GVT_BAR_OFF;
	u64 offset = event->addr - bar0;
	const char *kind = "?";
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(event_names); i++)
		if (event_names[i].type == event->type)
			kind = event_names[i].name;
	put_str(all, "kind", kind);
	put_u64(all, "vcpu", event->vcpu);
	put_str(all, "dir", event->write ? "write" : "read");
	put_u64(all, "size", event->size);
	put_hex(all, "addr", event->addr);
	put_hex(all, "data", event->data);
	if (event->count > 1) {
		put_u64(all, "count", event->count);
		put_bool(all, "down", event->down);
	}
	if (event->indirect)
		put_bool(all, "indirect", true);
	if (event->type == IOREQ_TYPE_COPY && bar0 != INTEL_GVT_BAR_OFF && offset < GVT_MMIO_SIZE)
		put_str(all, "register",
			intel_gvt_reg_name(v->host->gvt, offset, name, sizeof(name)));
	return all;
}
