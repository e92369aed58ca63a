/* SPDX-License-Identifier: MIT */
/* Walks one address level by level, through the guest's tables and through ours. */
#include <errno.h>

#include "core/gtt/by_bus.h"
#include "core/gtt/gtt.h"
#include "core/gtt/state.h"
#include "core/vgpu.h"

static const char *const kind_names[GTT_KINDS] = {
	[GTT_PT] = "PT",   [GTT_PT_64K] = "PT 64K", [GTT_PD] = "PD",
	[GTT_PDP] = "PDP", [GTT_PML4] = "PML4",
};

/* One side of a walk: its position, and its end. */
struct side {
	enum gtt_kind kind;
	u64 table;
	bool done;
	u64 entry, to, size; /* .size 0: nowhere */
};

static void step(const struct gtt_format *fmt, struct side *side, u64 addr, bool ips)
{
	enum gtt_form form = gtt_form(fmt, side->kind, side->entry, ips);

	side->done = form != GTT_TABLE && form != GTT_TABLE_64K;
	side->to = gtt_addr(fmt, form, side->entry);
	if (form == GTT_NONE)
		return;
	if (side->done) {
		side->size = 1ull << fmt->rows[form].shift;
		side->to |= addr & (side->size - 1);
		return;
	}
	side->kind = gtt_below(side->kind, form);
	side->table = side->to;
}

static unsigned int index_at(enum gtt_kind kind, u64 addr)
{
	return kind == GTT_PT_64K ? ALIGN_DOWN(gtt_index(kind, addr), 16u) : gtt_index(kind, addr);
}

/* Reads the guest's entry for @addr and takes a step by it. Returns the entry's address. */
static u64 follow(struct intel_vgpu *vgpu, struct side *guest, u64 addr)
{
	u64 at = guest->table + 8 * index_at(guest->kind, addr);

	if (intel_gvt_hypervisor_read_gpa(vgpu, at, &guest->entry, 8))
		guest->entry = 0;
	step(vgpu->gvt->gtt_format, guest, addr, vgpu->gtt->ppgtt.ips);
	return at;
}

/* Begins a walk. False: the address space does not reach that far. */
static bool begin(struct side *guest, const struct vgpu_mm *mm, u64 addr, unsigned int *top)
{
	bool three = mm->root->levels == 3;

	if (addr >> (three ? 32 : 48))
		return false;
	*top = three ? addr >> 30 : 0;
	*guest = (struct side){ .kind = three ? GTT_PD : GTT_PML4, .table = mm->root->pdp[*top] };
	return true;
}

/* The guest physical address of @addr of @mm, by the guest's tables, or ~0. */
static u64 ppgtt_to_gpa(struct intel_vgpu *vgpu, const struct vgpu_mm *mm, u64 addr)
{
	struct side guest;
	unsigned int top;

	if (!begin(&guest, mm, addr, &top))
		return ~0ull;
	while (!guest.done)
		follow(vgpu, &guest, addr);
	return guest.size ? guest.to : ~0ull;
}

u64 vgpu_gma_to_gpa(const struct intel_vgpu *vgpu, u64 gma)
{
	u64 page = gma >> GVT_PAGE_SHIFT, entry;

	if (page >= GGTT_PAGES)
		return ~0ull;
	entry = __atomic_load_n(&vgpu->ggtt[page], __ATOMIC_RELAXED);
	if (!gtt_present(entry))
		return ~0ull;
	return gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, entry) | gma % GVT_PAGE_SIZE;
}

int vgpu_gma_read(struct intel_vgpu *vgpu, const struct vgpu_mm *mm, u64 gma, void *buf, size_t len)
{
	u8 *to = buf;

	while (len) {
		size_t n = GVT_PAGE_SIZE - gma % GVT_PAGE_SIZE;
		u64 gpa = mm ? ppgtt_to_gpa(vgpu, mm, gma) : vgpu_gma_to_gpa(vgpu, gma);

		n = n < len ? n : len;
		if (gpa == ~0ull || intel_gvt_hypervisor_read_gpa(vgpu, gpa, to, n))
			return -EFAULT;
		gma += n;
		to += n;
		len -= n;
	}
	return 0;
}

static void walk_ppgtt(struct intel_vgpu *vgpu, const struct gtt_map_of_tables *map,
		       struct side *guest, struct side *shadow, u64 addr, struct gvt_walk *walk)
{
	const struct gtt_format *fmt = vgpu->gvt->gtt_format;

	while (!guest->done || !shadow->done) {
		struct gvt_walk_level *level = &walk->level[walk->nr++];
		const u64 *va;

		*level = (struct gvt_walk_level){
			.name = kind_names[shadow->done ? guest->kind : shadow->kind],
			.has_guest = !guest->done,
			.has_shadow = !shadow->done,
		};
		if (!guest->done) {
			level->index = index_at(guest->kind, addr);
			level->guest_at = follow(vgpu, guest, addr);
			level->guest = guest->entry;
		}
		if (!shadow->done) {
			level->index = index_at(shadow->kind, addr);
			level->shadow_at = shadow->table + 8 * level->index;
			va = gtt_tables_find(map, shadow->table);
			shadow->entry = va ? va[level->index] : 0;
			level->shadow = shadow->entry;
			step(fmt, shadow, addr, true);
		}
	}
}

static void walk_ggtt(struct intel_vgpu *vgpu, u64 addr, struct side *guest, struct side *shadow,
		      struct gvt_walk *walk)
{
	const struct gtt_format *fmt = vgpu->gvt->gtt_format;
	u32 page = addr >> GVT_PAGE_SHIFT;
	u64 offset = addr % GVT_PAGE_SIZE;

	guest->entry = __atomic_load_n(&vgpu->ggtt[page], __ATOMIC_RELAXED);
	shadow->entry = vgpu_ggtt_entry(vgpu, page);
	guest->to = gtt_addr(fmt, GTT_GGTT, guest->entry) | offset;
	shadow->to = gtt_addr(fmt, GTT_GGTT, shadow->entry) | offset;
	guest->size = gtt_present(guest->entry) ? GVT_PAGE_SIZE : 0;
	shadow->size = GVT_PAGE_SIZE;
	walk->level[walk->nr++] = (struct gvt_walk_level){
		.name = "GGTT",
		.index = page,
		.has_guest = true,
		.has_shadow = true,
		.guest_at = VGPU_GGTT_OFFSET + 8ull * page,
		.shadow_at = 8ull * page,
		.guest = guest->entry,
		.shadow = shadow->entry,
	};
}

int intel_vgpu_translate(struct intel_vgpu *vgpu, const struct gvt_root *root, u64 addr,
			 struct gvt_walk *walk)
{
	struct side guest = { 0 }, shadow = { 0 };

	*walk = (struct gvt_walk){ 0 };
	if (!root) {
		if (addr >> GVT_PAGE_SHIFT >= GGTT_PAGES)
			return -ERANGE;
		walk_ggtt(vgpu, addr, &guest, &shadow, walk);
	} else {
		struct vgpu_mm *mm = vgpu_ppgtt_find(vgpu, root->pdp, root->levels);
		struct gtt_map_of_tables map;
		unsigned int top;
		int err;

		if (!mm)
			return -ENOENT;
		if (!begin(&guest, mm, addr, &top))
			return -ERANGE;
		err = gtt_tables_map(vgpu, &map);
		if (err)
			return err;
		shadow.kind = guest.kind;
		shadow.table = vgpu_ppgtt_root(vgpu, mm, top);
		shadow.done = !mm->top[top];
		walk_ppgtt(vgpu, &map, &guest, &shadow, addr, walk);
		gtt_tables_unmap(&map);
	}
	walk->gpa = guest.to;
	walk->gpa_size = guest.size;
	walk->bus = shadow.to;
	walk->bus_size = shadow.size;
	walk->scratch =
		shadow.size && ALIGN_DOWN(shadow.to, GVT_PAGE_SIZE) == vgpu->gtt->scratch_page.bus;
	return 0;
}

bool intel_vgpu_root(const struct intel_vgpu *vgpu, unsigned int n, struct gvt_root *out)
{
	const struct vgpu_root *root = &vgpu->ppgtt_state->roots[n];

	if (n >= GTT_ROOTS_MAX || !root->refs)
		return false;
	*out = (struct gvt_root){ .levels = root->levels };
	for (unsigned int i = 0; i < 4; i++)
		out->pdp[i] = root->pdp[i];
	return true;
}
