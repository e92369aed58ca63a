/* SPDX-License-Identifier: MIT */
/*
 * What the guest sees through the aperture where it traps. Each access is translated. Through a
 * tiled range (a fence) a guest sees rows, where memory has tiles.
 */
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

/*
 * Fence registers, i915's FENCE_REG_GEN6_LO and _HI: the first and the last page, the pitch in
 * units of 128 bytes less one, the kind of tiles, and a valid bit (i965_write_fence_reg()).
 */
#define FENCE(n)	  (0x100000u + 8 * (n))
#define FENCE_VALID	  BIT32(0)
#define FENCE_Y		  BIT32(1)
#define FENCE_PITCH(high) (((high)&0x7ff) + 1)
#define FENCE_PITCH_UNIT  128u

static struct ggtt_fence read_fence(const struct intel_vgpu *vgpu, unsigned int n)
{
	u32 low = gvt_vreg(vgpu, FENCE(n)), high = gvt_vreg(vgpu, FENCE(n) + 4);
	struct ggtt_fence fence = {
		.first = low >> GVT_PAGE_SHIFT,
		.end = (high >> GVT_PAGE_SHIFT) + 1,
		.pitch = FENCE_PITCH(high) * FENCE_PITCH_UNIT,
		.tile = gvt_tile(low & FENCE_Y ? GVT_TILE_Y : GVT_TILE_X, 1),
	};

	if (!(low & FENCE_VALID) || fence.end <= fence.first || n >= vgpu->device->params.fences)
		return (struct ggtt_fence){ 0 };
	return fence;
}

static void follow_range(struct intel_vgpu *vgpu, const struct ggtt_fence *range)
{
	u32 last = (range->end + GTT_ENTRIES - 1) / GTT_ENTRIES;

	for (u32 i = range->first / GTT_ENTRIES; i < last && i < aperture_leaves(vgpu); i++)
		aperture_follow(vgpu, i);
}

void vgpu_aperture_fence(struct intel_vgpu *vgpu, unsigned int n)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	struct ggtt_fence was = ggtt->fences[n], is = read_fence(vgpu, n);

	ggtt->fences[n] = is;
	if (was.first == is.first && was.end == is.end)
		return;
	ggtt->nr_fenced += (is.end != 0) - (was.end != 0);
	vgpu_ggtt_commit(vgpu);
	follow_range(vgpu, &was);
	follow_range(vgpu, &is);
}

void fences_init(struct intel_vgpu *vgpu)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;

	ggtt->nr_fenced = 0;
	for (unsigned int n = 0; n < ARRAY_SIZE(ggtt->fences); n++) {
		ggtt->fences[n] = read_fence(vgpu, n);
		ggtt->nr_fenced += ggtt->fences[n].end != 0;
	}
}

static unsigned int at_most(unsigned int bytes, u64 left)
{
	return bytes < left ? bytes : left;
}

/*
 * The GGTT offset of byte @offset of the aperture. @bytes is reduced to the bytes that are also
 * neighbours there: up to the end of the page, of the row, or of the run in a tile. A fence's last
 * rows, if they make no whole row of tiles, lead behind its end, but still into the GGTT.
 */
static u64 untile(const struct intel_vgpu *vgpu, u64 offset, unsigned int *bytes)
{
	const struct ggtt_fence *fence =
		aperture_fence_at(&vgpu->gtt->ggtt, offset >> GVT_PAGE_SHIFT);
	struct gvt_tile_place place;
	u32 at, x;

	*bytes = at_most(*bytes, GVT_PAGE_SIZE - offset % GVT_PAGE_SIZE);
	if (!fence)
		return offset;
	at = offset - fence->first * GVT_PAGE_SIZE;
	x = at % fence->pitch;
	place = gvt_tile_place(fence->tile, fence->pitch, x, (s32)(at / fence->pitch));
	*bytes = at_most(*bytes, fence->pitch - x);
	*bytes = at_most(*bytes, fence->tile->run - place.x % fence->tile->run);
	return fence->first * GVT_PAGE_SIZE + (u64)place.row + place.x;
}

void vgpu_aperture_read(struct intel_vgpu *vgpu, u64 offset, void *buf, unsigned int bytes)
{
	for (unsigned int n; bytes; bytes -= n, offset += n, buf = (u8 *)buf + n) {
		u64 gpa;

		n = bytes;
		gpa = vgpu_gma_to_gpa(vgpu, untile(vgpu, offset, &n));
		if (gpa == ~0ull || intel_gvt_hypervisor_read_gpa(vgpu, gpa, buf, n))
			memset(buf, 0, n);
	}
}

void vgpu_aperture_write(struct intel_vgpu *vgpu, u64 offset, const void *buf, unsigned int bytes)
{
	for (unsigned int n; bytes; bytes -= n, offset += n, buf = (const u8 *)buf + n) {
		u64 gpa, copy = 0;

		n = bytes;
		gpa = vgpu_gma_to_gpa(vgpu, untile(vgpu, offset, &n));
		if (gpa == ~0ull)
			continue;
		memcpy(&copy, buf, n);
		if (intel_vgpu_find_page_track(vgpu, gpa >> GVT_PAGE_SHIFT))
			intel_vgpu_page_track_handler(vgpu, gpa, &copy, n);
		else
			intel_gvt_hypervisor_write_gpa(vgpu, gpa, &copy, n);
	}
}
