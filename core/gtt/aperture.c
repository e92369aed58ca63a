/* SPDX-License-Identifier: MIT */
/*
 * The aperture: BAR2 as a window on the first part of the GGTT.
 *
 * A page that the GGTT maps is also mapped at its place in BAR2, as an alias, so that the guest
 * reaches it without a trap. An alias is removed before the page's DMA mapping is. Accesses to a
 * page without an alias trap, and each is translated. There are no aliases in tiled ranges, in
 * leaves whose entries are all alike, and for entries beside one that leads to the same page; and
 * none at all if the back end cannot make them.
 *
 * Through a tiled range (a fence) a guest sees rows, where memory has tiles.
 */
#include <errno.h>
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

/*
 * The most calls of the back end that make aliases in one commit. If a guest's frames are
 * scattered, the next commits make the rest.
 */
#define ALIAS_BATCH 4096u

static u32 aperture_leaves(const struct intel_vgpu *vgpu)
{
	return vgpu->state->params.aperture_mib / 2;
}

/* The fence that @page is in, the first of several, or NULL. */
static const struct ggtt_fence *fence_at(const struct vgpu_ggtt *ggtt, u32 page)
{
	for (u32 n = 0; ggtt->nr_fenced && n < ARRAY_SIZE(ggtt->fences); n++)
		if (page >= ggtt->fences[n].first && page < ggtt->fences[n].end)
			return &ggtt->fences[n];
	return NULL;
}

static bool is_aliased(const struct ggtt_entries *own, u32 i)
{
	return own->aliased[i / 64] >> i % 64 & 1;
}

/* The bus frame that is mapped. The guest's frame number may lead elsewhere by now. */
static u64 mfn_at(const struct intel_vgpu *vgpu, const struct ggtt_entries *own, u32 i)
{
	return gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, own->shadow[i]) >> GVT_PAGE_SHIFT;
}

/* Makes or removes the aliases of @nr entries from @i, whose frames are consecutive from @mfn. */
static int alias_run(struct intel_vgpu *vgpu, u32 nr_leaf, u32 i, u64 mfn, u32 nr, bool map)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	struct ggtt_entries *own = ggtt->leaves[nr_leaf].own;
	int err = intel_gvt_hypervisor_map_gfn_to_mfn(
		vgpu, ggtt->bar_gfn + nr_leaf * GTT_ENTRIES + i, mfn, nr, map);

	if (err)
		return err;
	for (u32 at = i; at < i + nr; at++)
		own->aliased[at / 64] ^= 1ull << at % 64;
	if (map)
		vgpu->gtt->counts.aliases += nr;
	else
		vgpu->gtt->counts.aliases -= nr;
	return 0;
}

/* The same for entries @idx, in ascending order, run by run, until an error. Making them ends when
 * the commit's calls are used up. */
static int alias_each(struct intel_vgpu *vgpu, u32 nr_leaf, const u16 *idx, size_t nr, bool map)
{
	const struct ggtt_entries *own = vgpu->gtt->ggtt.leaves[nr_leaf].own;
	int err = 0;

	for (size_t at = 0; !err && at < nr;) {
		u64 mfn = mfn_at(vgpu, own, idx[at]);
		size_t run = 1;

		while (at + run < nr && idx[at + run] == idx[at] + run &&
		       mfn_at(vgpu, own, idx[at + run]) == mfn + run)
			run++;
		if (map && !vgpu->gtt->ggtt.alias_left)
			return -EAGAIN;
		vgpu->gtt->ggtt.alias_left -= map;
		err = alias_run(vgpu, nr_leaf, idx[at], mfn, run, map);
		at += run;
	}
	return err;
}

void aperture_begin(struct intel_vgpu *vgpu)
{
	vgpu->gtt->ggtt.alias_left = ALIAS_BATCH;
}

size_t aperture_drop(struct intel_vgpu *vgpu, u32 nr_leaf, u16 *idx, size_t nr)
{
	const struct ggtt_entries *own = vgpu->gtt->ggtt.leaves[nr_leaf].own;
	u16 gone[GTT_ENTRIES];
	size_t drop = 0, left = 0;

	if (nr_leaf >= aperture_leaves(vgpu))
		return nr;
	for (size_t i = 0; i < nr; i++)
		if (is_aliased(own, idx[i]))
			gone[drop++] = idx[i];
	if (!drop || !alias_each(vgpu, nr_leaf, gone, drop, false))
		return nr;
	for (size_t i = 0; i < nr; i++)
		if (!is_aliased(own, idx[i]))
			idx[left++] = idx[i];
	return left;
}

int aperture_forget(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	u16 idx[GTT_ENTRIES];

	for (u32 i = 0; i < GTT_ENTRIES; i++)
		idx[i] = i;
	return aperture_drop(vgpu, nr_leaf, idx, GTT_ENTRIES) == GTT_ENTRIES ? 0 : -EBUSY;
}

/*
 * True for a page that several neighbours map: a driver's scratch page, with which it fills entries
 * that it does not use. Each alias would be a call, and nobody looks at these pages.
 */
static bool repeated(const struct intel_vgpu *vgpu, const struct ggtt_entries *own, u32 i)
{
	u64 mfn = mfn_at(vgpu, own, i);

	return (i && mfn_at(vgpu, own, i - 1) == mfn) ||
	       (i < GTT_ENTRIES - 1 && mfn_at(vgpu, own, i + 1) == mfn);
}

void aperture_follow(struct intel_vgpu *vgpu, u32 nr_leaf)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	struct ggtt_leaf *leaf = &ggtt->leaves[nr_leaf];
	u64 scratch = vgpu->gtt->scratch_page.bus | 1;
	int err;
	u16 more[GTT_ENTRIES], less[GTT_ENTRIES];
	size_t nr_more = 0, nr_less = 0;

	leaf->realias = false;
	if (!leaf->own || !ggtt->bar_gfn || ggtt->alias_off || nr_leaf >= aperture_leaves(vgpu))
		return;
	for (u32 i = 0; i < GTT_ENTRIES; i++) {
		bool want = leaf->own->shadow[i] != scratch && !repeated(vgpu, leaf->own, i) &&
			    !fence_at(ggtt, nr_leaf * GTT_ENTRIES + i);

		if (want && !is_aliased(leaf->own, i))
			more[nr_more++] = i;
		if (!want && is_aliased(leaf->own, i))
			less[nr_less++] = i;
	}
	leaf->realias = aperture_drop(vgpu, nr_leaf, less, nr_less) != nr_less;
	/* Pages that cannot be aliased now trap. The next commit tries them again. */
	err = alias_each(vgpu, nr_leaf, more, nr_more, true);
	if (err == -EOPNOTSUPP)
		ggtt->alias_off = true;
	leaf->realias |= err && !ggtt->alias_off;
}

int vgpu_aperture_place(struct intel_vgpu *vgpu, u64 gfn)
{
	struct vgpu_ggtt *ggtt = &vgpu->gtt->ggtt;
	int err = 0;

	if (gfn == ggtt->bar_gfn)
		return 0;
	for (u32 i = 0; i < aperture_leaves(vgpu); i++) {
		/* If the move fails, the next commit makes the removed aliases again. */
		ggtt->leaves[i].realias = true;
		if (ggtt->leaves[i].own && aperture_forget(vgpu, i))
			err = -EBUSY;
	}
	if (err)
		return err;
	ggtt->bar_gfn = gfn;
	aperture_begin(vgpu);
	for (u32 i = 0; i < aperture_leaves(vgpu); i++)
		aperture_follow(vgpu, i);
	return 0;
}

static struct ggtt_fence read_fence(const struct intel_vgpu *vgpu, unsigned int n)
{
	u32 low = gvt_vreg(vgpu, FENCE(n)), high = gvt_vreg(vgpu, FENCE(n) + 4);
	struct ggtt_fence fence = {
		.first = low >> GVT_PAGE_SHIFT,
		.end = (high >> GVT_PAGE_SHIFT) + 1,
		.pitch = FENCE_PITCH(high) * FENCE_PITCH_UNIT,
		.tile = gvt_tile(low & FENCE_Y ? GVT_TILE_Y : GVT_TILE_X, 1),
	};

	if (!(low & FENCE_VALID) || fence.end <= fence.first || n >= vgpu->state->params.fences)
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

void aperture_init(struct intel_vgpu *vgpu)
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
	const struct ggtt_fence *fence = fence_at(&vgpu->gtt->ggtt, offset >> GVT_PAGE_SHIFT);
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

/* The guest physical address of byte @offset of the GGTT, by the guest's present entry. */
static bool translate(const struct intel_vgpu *vgpu, u64 offset, u64 *gpa)
{
	u64 entry = __atomic_load_n(&vgpu->ggtt[offset >> GVT_PAGE_SHIFT], __ATOMIC_RELAXED);

	*gpa = gtt_addr(vgpu->gvt->gtt_format, GTT_GGTT, entry) | offset % GVT_PAGE_SIZE;
	return gtt_present(entry);
}

void vgpu_aperture_read(struct intel_vgpu *vgpu, u64 offset, void *buf, unsigned int bytes)
{
	for (unsigned int n; bytes; bytes -= n, offset += n, buf = (u8 *)buf + n) {
		u64 gpa;

		n = bytes;
		if (!translate(vgpu, untile(vgpu, offset, &n), &gpa) ||
		    intel_gvt_hypervisor_read_gpa(vgpu, gpa, buf, n))
			memset(buf, 0, n);
	}
}

void vgpu_aperture_write(struct intel_vgpu *vgpu, u64 offset, const void *buf, unsigned int bytes)
{
	for (unsigned int n; bytes; bytes -= n, offset += n, buf = (const u8 *)buf + n) {
		u64 gpa, to, copy = 0;

		n = bytes;
		to = untile(vgpu, offset, &n);
		memcpy(&copy, buf, n);
		if (!translate(vgpu, to, &gpa))
			continue;
		if (intel_vgpu_find_page_track(vgpu, gpa >> GVT_PAGE_SHIFT))
			intel_vgpu_page_track_handler(vgpu, gpa, &copy, n);
		else
			intel_gvt_hypervisor_write_gpa(vgpu, gpa, &copy, n);
	}
}
