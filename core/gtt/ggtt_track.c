/* SPDX-License-Identifier: MIT */
/* Tracking pages of the guest's GGTT that did not change for long: the next write to one traps. */
#include "core/gtt/ggtt.h"

#include <errno.h>

#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/gtt/state.h"
#include "core/vgpu.h"

/* A driver's next entries are likely to be within so many leaves of one in use: 32 MiB. */
#define NEAR 16u

static bool near_use(const struct intel_vgpu *vgpu, u32 nr_leaf)
{
	u32 end = nr_leaf + NEAR < GGTT_LEAVES ? nr_leaf + NEAR + 1 : GGTT_LEAVES;

	for (u32 i = nr_leaf > NEAR ? nr_leaf - NEAR : 0; i < end; i++)
		if (vgpu->gtt->ggtt.leaves[i].own)
			return true;
	return false;
}

bool ggtt_quiet_enough(const struct intel_vgpu *vgpu, u32 nr_leaf)
{
	u32 quiet = vgpu->gtt->ggtt.leaves[nr_leaf].quiet;

	if (quiet < GTT_TRACK_AFTER)
		return false;
	return quiet >= vgpu->gtt->leaf_after || !near_use(vgpu, nr_leaf);
}

void ggtt_untrack(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct ggtt_leaf *leaf = &vgpu->gtt->ggtt.leaves[nr_leaf];

	leaf->quiet = 0;
	if (!leaf->tracked)
		return;
	/* If it fails, writes go on to trap; comparing finds them as well. */
	intel_gvt_hypervisor_disable_page_track(vgpu, vgpu->gtt->ggtt.table_gfn + nr_leaf);
	leaf->tracked = false;
	vgpu->gtt->counts.tracked_ggtt--;
}

bool ggtt_track(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	int err = intel_gvt_hypervisor_enable_page_track(vgpu, ggtt->table_gfn + nr_leaf);

	/* A table outside guest memory traps anyhow; a page that cannot be tracked is compared. */
	if (err && err != -EEXIST) {
		ggtt->track_off |= err == -EINVAL;
		ggtt->leaves[nr_leaf].quiet = 0;
		return false;
	}
	ggtt->leaves[nr_leaf].tracked = true;
	vgpu->gtt->counts.tracked_ggtt++;
	return true;
}

void vgpu_ggtt_place(struct intel_vgpu *vgpu, u64 gfn)
{
	for (u32 i = 0; i < GGTT_LEAVES; i++)
		ggtt_untrack(vgpu, i);
	vgpu->gtt->ggtt.table_gfn = vgpu->ggtt == vgpu->ggtt_state->entries ? 0 : gfn;
	vgpu->gtt->ggtt.track_off = false;
}

/*
 * The guest wrote to a leaf. Its page may go on to trap until the vCPU makes another request (on
 * Xen: xengt/xen/track.c), and a driver that fills its table would wait at each entry. So pages
 * ahead of it are untracked before it comes to them: one more for each such write, and many more
 * each time that it reaches the first page which still traps.
 */
static void let_write(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	u32 next = ggtt->written + 1 + ggtt->ahead;

	if (nr_leaf >= GGTT_LEAVES)
		return;
	if (ggtt->leaves[nr_leaf].tracked) {
		ggtt->ahead = nr_leaf == next ? 4 * ggtt->ahead + 1 : 0;
		ggtt->written = nr_leaf;
		next = nr_leaf;
	} else if (nr_leaf == ggtt->written && next < GGTT_LEAVES) {
		ggtt->ahead++;
	}
	for (u32 i = next; i <= ggtt->written + ggtt->ahead && i < GGTT_LEAVES; i++)
		ggtt_untrack(vgpu, i);
}

void vgpu_ggtt_written(struct intel_vgpu *vgpu, u32 offset, unsigned int bytes)
{
	u32 first = offset / GVT_PAGE_SIZE, last = (offset + bytes - 1) / GVT_PAGE_SIZE;

	vgpu->ggtt_state->written[first / 64] |= 1ull << first % 64;
	vgpu->ggtt_state->written[last / 64] |= 1ull << last % 64;
	let_write(vgpu, first);
	if (last != first)
		let_write(vgpu, last);
}
