/* SPDX-License-Identifier: MIT */
#include "xengt/daemon.h"

#include <stdio.h>
#include <xen/hvm/ioreq.h>

#include "xengt/json.h"

/* A counter's name and where it stands in its structure. */
struct field {
	const char *name;
	size_t offset;
};

#define GVT_FIELD(f)                                  \
	{                                             \
#f, offsetof(struct vgpu_counters, f) \
	}
#define IOREQ_FIELD(f)                                 \
	{                                              \
#f, offsetof(struct ioreq_counters, f) \
	}

#define EXEC_FIELD(f)                                    \
	{                                                \
#f, offsetof(struct vgpu_exec_counts, f) \
	}

static const struct field exec_fields[] = {
	EXEC_FIELD(submissions), EXEC_FIELD(contexts), EXEC_FIELD(extended), EXEC_FIELD(preempted),
	EXEC_FIELD(dwords),	 EXEC_FIELD(batches),  EXEC_FIELD(stuck),    EXEC_FIELD(resets),
};

/* By enum exec_refusal, and by enum gvt_engine. */
static const char *const refusals[GVT_EXEC_REFUSALS] = {
	"descriptor", "image", "ring", "ppgtt", "command", "memory", "stuck",
};
static const char *const engines[] = { "rcs0", "bcs0", "vcs0", "vecs0" };

static const struct field gvt_fields[] = {
	GVT_FIELD(cfg_read),	  GVT_FIELD(cfg_write),	     GVT_FIELD(mmio_read),
	GVT_FIELD(mmio_write),	  GVT_FIELD(ggtt_read),	     GVT_FIELD(ggtt_write),
	GVT_FIELD(aperture_read), GVT_FIELD(aperture_write), GVT_FIELD(tracked_write),
	GVT_FIELD(outside),	  GVT_FIELD(ro_write),	     GVT_FIELD(msi),
	GVT_FIELD(irq_raised),	  GVT_FIELD(irq_masked),     GVT_FIELD(irq_coalesced),
	GVT_FIELD(bar_refused),
};

static const struct field ioreq_fields[] = {
	IOREQ_FIELD(requests), IOREQ_FIELD(indirect),  IOREQ_FIELD(invalidate),
	IOREQ_FIELD(unknown),  IOREQ_FIELD(malformed), IOREQ_FIELD(resumed),
	IOREQ_FIELD(polled),   IOREQ_FIELD(waits),
};

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

static struct json_object *fields_of(const void *base, const struct field *fields, size_t nr)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < nr; i++)
		put_u64(all, fields[i].name, *(const u64 *)((const u8 *)base + fields[i].offset));
	return all;
}

static void put_sizes(struct json_object *to, const struct xengt_options *options)
{
	put_u64(to, "aperture_mb", options->aperture_mib);
	put_u64(to, "memory_mb", options->memory_mib);
	put_u64(to, "fences", options->fences);
	put_u64(to, "weight", options->weight);
	put_u64(to, "cap", options->cap);
}

const char *describe_state(const struct xengt_instance *instance)
{
	if (!instance->guest)
		return "free";
	return __atomic_load_n(&instance->guest->v->failed, __ATOMIC_ACQUIRE) ? "failed"
									      : "running";
}

struct json_object *describe_instance(const struct xengt_instance *instance)
{
	const struct guest *guest = instance->guest;
	struct json_object *all = json_object_new_object();
	char slot[16];

	/* What no guest has, has none of these. */
	json_object_object_add(all, "domid",
			       guest ? json_object_new_uint64(guest->v->domid) : NULL);
	json_object_object_add(all, "name", guest ? json_object_new_string(guest->v->name) : NULL);
	if (guest)
		snprintf(slot, sizeof(slot), "00:%02x.0", guest->v->state->options.slot);
	json_object_object_add(all, "slot", guest ? json_object_new_string(slot) : NULL);
	put_sizes(all, &instance->options);
	put_str(all, "state", describe_state(instance));
	put_u64(all, "id", instance->options.id);
	put_str(all, "type", instance->options.type);
	put_str(all, "uuid", instance->options.uuid);
	return all;
}

struct json_object *describe_types(const struct daemon *daemon)
{
	const struct xengt_types *types = &daemon->config.types;
	struct json_object *all = json_object_new_array();

	for (u32 i = 0; i < types->nr; i++) {
		struct json_object *one = json_object_new_object();

		put_str(one, "type", types->list[i].options.type);
		put_u64(one, "available",
			xengt_instances_available(&daemon->instances, &types->list[i]));
		put_sizes(one, &types->list[i].options);
		put_str(one, "resolution", types->list[i].resolutions);
		json_object_array_add(all, one);
	}
	return all;
}

const char *describe_counter(const struct guest *guest, unsigned int index, u64 *value)
{
	const struct field *field;
	const void *base;

	if (index < ARRAY_SIZE(gvt_fields)) {
		field = &gvt_fields[index];
		base = intel_vgpu_counters(guest->v->vgpu);
	} else if (index - ARRAY_SIZE(gvt_fields) < ARRAY_SIZE(ioreq_fields)) {
		field = &ioreq_fields[index - ARRAY_SIZE(gvt_fields)];
		base = ioreq_server_counters(guest->v->server);
	} else {
		return NULL;
	}
	*value = __atomic_load_n((const u64 *)((const u8 *)base + field->offset), __ATOMIC_RELAXED);
	return field->name;
}

struct json_object *describe_load(const struct guest *guest)
{
	struct json_object *all = describe_instance(guest->instance);
	const char *name;
	u64 value;

	for (unsigned int i = 0; (name = describe_counter(guest, i, &value)); i++)
		put_u64(all, name, value);
	return all;
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
			i				 ? "traps"
			: !v->state->backing_at		 ? "traps"
			: v->state->options.read_through ? "registers read through, GGTT in memory"
							 : "registers trap, GGTT in memory");
		json_object_array_add(bars, bar);
	}
	return bars;
}

static struct json_object *execution_of(struct xengt_vgpu *v)
{
	const struct vgpu_exec_counts *counts = intel_vgpu_exec_counts(v->vgpu);
	struct json_object *all = fields_of(counts, exec_fields, ARRAY_SIZE(exec_fields));
	struct json_object *refused = json_object_new_object(), *run = json_object_new_object();

	for (unsigned int i = 0; i < GVT_EXEC_REFUSALS; i++)
		put_u64(refused, refusals[i], counts->refused[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(engines); i++)
		put_u64(run, engines[i], counts->run_ns[i] / 1000);
	json_object_object_add(all, "refused", refused);
	json_object_object_add(all, "run_us", run);
	return all;
}

struct answer {
	struct json_object *all;
	bool unknown, pages;
};

static void whole(struct xengt_vgpu *v, void *arg)
{
	struct json_object *all = ((struct answer *)arg)->all;
	struct json_object *notes = json_object_new_object(), *mem = json_object_new_object();

	put_u64(all, "vcpus", ioreq_server_vcpus(v->server));
	put_u64(all, "ioreq_server", ioreq_server_id(v->server));
	json_object_object_add(all, "bars", bars_of(v));
	json_object_object_add(all, "traps",
			       fields_of(intel_vgpu_counters(v->vgpu), gvt_fields,
					 ARRAY_SIZE(gvt_fields)));
	json_object_object_add(all, "requests",
			       fields_of(ioreq_server_counters(v->server), ioreq_fields,
					 ARRAY_SIZE(ioreq_fields)));
	json_object_object_add(all, "execution", execution_of(v));
	for (int i = 0; i <= VGT_G2V_MAX; i++)
		if (intel_vgpu_notifications(v->vgpu)[i])
			put_u64(notes, notification_names[i], intel_vgpu_notifications(v->vgpu)[i]);
	json_object_object_add(all, "notifications", notes);
	put_u64(mem, "tracked_pages", v->state->nr_tracked);
	put_u64(mem, "bucket_maps", v->mem.maps);
	put_u64(mem, "bucket_drops", v->mem.drops);
	put_u64(mem, "added_kib", v->state->added_kib);
	put_u64(mem, "mapped_pages", v->host->gpu ? v->view.used : v->dma.used);
	put_u64(mem, "mapped_refused", v->view.refused);
	put_u64(mem, "pinned_pages", v->dma.used);
	put_u64(mem, "pinned_idle", v->dma.idle);
	put_u64(mem, "pins_mapped", v->dma.maps);
	put_u64(mem, "pins_found", v->dma.hits);
	put_u64(mem, "pins_unmapped", v->dma.unmaps);
	put_u64(mem, "pins_refused", v->dma.refused);
	put_u64(mem, "pins_gone", v->dma.gone);
	put_u64(mem, "grant_frames", v->grants.frames);
	put_u64(mem, "aperture_aliases", v->state->aliases.nr);
	put_u64(mem, "host_pages", v->hostmem.pages);
	json_object_object_add(all, "memory", mem);
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
		put_hex(reg, "value", gvt_vreg(v->vgpu, offset));
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

struct json_object *describe_whole(const struct guest *guest)
{
	struct answer answer = { .all = describe_instance(guest->instance) };

	return ask(guest->v, whole, &answer);
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
	u64 bar0 = v->state ? intel_vgpu_bar(v->vgpu, 0, NULL) : INTEL_GVT_BAR_OFF;
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
