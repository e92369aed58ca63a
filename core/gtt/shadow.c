/* SPDX-License-Identifier: MIT */
/* Shadow tables, and how what they hold is given back. */
#include "core/gtt/shadow.h"

void shadow_count_holes(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	u32 holes = 0;

	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		holes += shadow_is_hole(vgpu, shadow, i);
	vgpu->gtt->counts.holes += (s64)holes - shadow->holes;
	shadow->holes = holes;
}

void shadow_put_run(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int run,
		    const u64 *held)
{
	if (shadow->large >> run & 1)
		gtt_unmap_large(vgpu, gtt_addr(vgpu->gvt->gtt_format, GTT_PAGE_4K, held[0]));
	else
		for (unsigned int i = 0; i < SHADOW_RUN; i++)
			shadow_unmap_4k(vgpu, shadow, held[i]);
}

void shadow_put_entry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, unsigned int i)
{
	u64 was = shadow->page.va[i];
	struct gtt_shadow *child = shadow->child[i];

	shadow->page.va[i] = shadow_nothing(vgpu, shadow);
	shadow->child[i] = NULL;
	if (child)
		shadow_put(vgpu, child);
	else if (was != shadow_nothing(vgpu, shadow))
		gtt_unmap_large(vgpu, gtt_addr(vgpu->gvt->gtt_format, GTT_PAGE_2M, was));
}

void shadow_free(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	vgpu_free(vgpu, shadow->child, SHADOW_CHILDREN_SIZE);
	vgpu_free(vgpu, shadow, sizeof(*shadow));
}

void shadow_put(struct intel_vgpu *vgpu, struct gtt_shadow *shadow)
{
	if (!shadow || --shadow->refs)
		return;
	vgpu->gtt->counts.holes -= shadow->holes;
	shadow->table->shadow[shadow->kind] = NULL;
	for (unsigned int i = 0; i < GTT_ENTRIES; i++)
		if (shadow->kind == GTT_PT)
			shadow_unmap_4k(vgpu, shadow, shadow->page.va[i]);
		else if (shadow->child)
			shadow_put_entry(vgpu, shadow, i);
		else if (i % SHADOW_RUN == 0)
			shadow_put_run(vgpu, shadow, i / SHADOW_RUN, &shadow->page.va[i]);
	gtt_put_page(vgpu, &shadow->page);
	table_put(vgpu, shadow->table);
	vgpu->gtt->counts.shadows--;
	shadow_free(vgpu, shadow);
}
