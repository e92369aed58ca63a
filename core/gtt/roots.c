/* SPDX-License-Identifier: MIT */
/* The guest's PPGTTs: announced by PVINFO, shadowed when used, freed when room is short. */
#include <errno.h>
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/gtt/state.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

/* GAMW_ECO_DEV_RW_IA, and its field that enables 64 KiB pages (intel_gt_regs.h). */
#define GAMW	     0x4080u
#define GAMW_IPS_64K 0xfu

/* i915_pvinfo.h, enum vgt_g2v_type. */
enum {
	G2V_L3_CREATE = 2,
	G2V_L3_DESTROY = 3,
	G2V_L4_CREATE = 4,
	G2V_L4_DESTROY = 5,
};

static unsigned int tops(const struct vgpu_root *root)
{
	return root->levels == 4 ? 1 : 4;
}

/* The part of the PDP registers that identifies an address space. */
static struct vgpu_root key_of(const struct intel_vgpu *vgpu, const u64 pdp[4], unsigned int levels)
{
	struct vgpu_root key = { .levels = levels };

	for (unsigned int i = 0; i < tops(&key); i++)
		key.pdp[i] = pdp[i] & vgpu->gvt->gtt_format->addr;
	return key;
}

static struct vgpu_mm **bucket(struct intel_vgpu *vgpu, const struct vgpu_root *root)
{
	u64 mix = root->levels;

	for (unsigned int i = 0; i < 4; i++)
		mix = (mix ^ root->pdp[i]) * 0x9e3779b97f4a7c15ull;
	return &vgpu->gtt->ppgtt.mms[mix >> 32 & (GTT_MM_BUCKETS - 1)];
}

struct vgpu_mm *vgpu_ppgtt_find(struct intel_vgpu *vgpu, const u64 pdp[4], unsigned int levels)
{
	struct vgpu_root key = key_of(vgpu, pdp, levels);
	struct vgpu_mm *mm;

	for (mm = *bucket(vgpu, &key); mm; mm = mm->next)
		if (mm->root->levels == levels && !memcmp(mm->root->pdp, key.pdp, sizeof(key.pdp)))
			return mm;
	return NULL;
}

static int add_mm(struct intel_vgpu *vgpu, struct vgpu_root *root)
{
	struct vgpu_mm *mm = gtt_alloc(vgpu, sizeof(*mm)), **at = bucket(vgpu, root);

	if (!mm)
		return -ENOMEM;
	mm->root = root;
	mm->next = *at;
	*at = mm;
	vgpu->gtt->counts.roots++;
	return 0;
}

static void remove_mm(struct intel_vgpu *vgpu, struct vgpu_mm *mm)
{
	struct vgpu_mm **link;

	ppgtt_take_down(vgpu, mm);
	for (link = bucket(vgpu, mm->root); *link != mm; link = &(*link)->next)
		;
	*link = mm->next;
	vgpu->gtt->counts.roots--;
	vgpu_free(vgpu, mm, sizeof(*mm));
}

static int create(struct intel_vgpu *vgpu, const u64 pdp[4], unsigned int levels)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;
	struct vgpu_mm *mm = vgpu_ppgtt_find(vgpu, pdp, levels);
	struct vgpu_root *root;
	int err;

	if (mm) {
		if (mm->root->refs == ~0u)
			return -ENOSPC;
		mm->root->refs++;
		return 0;
	}
	if (!ppgtt->nr_free)
		return -ENOSPC;
	root = &vgpu->ppgtt_state->roots[ppgtt->free[ppgtt->nr_free - 1]];
	*root = key_of(vgpu, pdp, levels);
	root->refs = 1;
	err = add_mm(vgpu, root);
	if (err)
		*root = (struct vgpu_root){ 0 };
	else
		ppgtt->nr_free--;
	return err;
}

static int destroy(struct intel_vgpu *vgpu, const u64 pdp[4], unsigned int levels)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;
	struct vgpu_mm *mm = vgpu_ppgtt_find(vgpu, pdp, levels);
	struct vgpu_root *root;

	if (!mm)
		return -ENOENT;
	root = mm->root;
	if (--root->refs)
		return 0;
	if (mm->pins)
		vgpu->gtt->user->taken(vgpu, mm);
	remove_mm(vgpu, mm);
	*root = (struct vgpu_root){ 0 };
	ppgtt->free[ppgtt->nr_free++] = root - vgpu->ppgtt_state->roots;
	gtt_release_all(vgpu);
	return 0;
}

void vgpu_ppgtt_notify(struct intel_vgpu *vgpu, u32 code, const u64 pdp[4])
{
	int err = 0;

	switch (code) {
	case G2V_L3_CREATE:
		err = create(vgpu, pdp, 3);
		break;
	case G2V_L3_DESTROY:
		err = destroy(vgpu, pdp, 3);
		break;
	case G2V_L4_CREATE:
		err = create(vgpu, pdp, 4);
		break;
	case G2V_L4_DESTROY:
		err = destroy(vgpu, pdp, 4);
		break;
	}
	vgpu->gtt->counts.refused += err != 0;
}

/* ---- shadowing ---- */

static int sync_top(struct intel_vgpu *vgpu, struct vgpu_mm *mm, unsigned int i)
{
	enum gtt_kind kind = mm->root->levels == 4 ? GTT_PML4 : GTT_PD;
	u64 gfn = mm->root->pdp[i] >> GVT_PAGE_SHIFT;
	int err = 0;

	/* Drivers write these registers without a "present" bit; zero is no table. */
	if (!gfn && mm->root->levels == 3)
		return 0;
	if (!mm->top[i])
		err = shadow_get(vgpu, gfn, kind, &mm->top[i]);
	return err ? err : shadow_sync(vgpu, mm->top[i]);
}

int vgpu_ppgtt_sync(struct intel_vgpu *vgpu, struct vgpu_mm *mm)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;
	int first = 0;

	if (!gtt_ready(vgpu))
		return -EOPNOTSUPP;
	vgpu->gtt->counts.syncs++;
	mm->used = ++ppgtt->epoch;
	ppgtt->busy = mm;
	ppgtt->misses_left = GTT_MISSES_MAX;
	ppgtt->maps_end = intel_gvt_hypervisor_maps_made(vgpu) + GTT_MAPS_MAX;
	for (unsigned int i = 0; i < tops(mm->root); i++) {
		int err = sync_top(vgpu, mm, i);

		first = first ? first : err;
	}
	ppgtt->busy = NULL;
	gtt_release_all(vgpu);
	return first;
}

u64 vgpu_ppgtt_nowhere(const struct intel_vgpu *vgpu, unsigned int levels)
{
	return vgpu->gtt->scratch[levels == 4 ? GTT_PML4 : GTT_PD].bus;
}

u64 vgpu_ppgtt_root(const struct intel_vgpu *vgpu, const struct vgpu_mm *mm, unsigned int i)
{
	return mm->top[i] ? mm->top[i]->page.bus : vgpu_ppgtt_nowhere(vgpu, mm->root->levels);
}

/* ---- life ---- */

static void each_mm(struct intel_vgpu *vgpu, void (*fn)(struct intel_vgpu *, struct vgpu_mm *))
{
	for (unsigned int b = 0; b < GTT_MM_BUCKETS; b++)
		for (struct vgpu_mm *mm = vgpu->gtt->ppgtt.mms[b], *next; mm; mm = next) {
			next = mm->next;
			fn(vgpu, mm);
		}
}

/* Frees its shadow; contexts that run with it cannot go on. */
static void take_down_mm(struct intel_vgpu *vgpu, struct vgpu_mm *mm)
{
	if (mm->pins)
		vgpu->gtt->user->taken(vgpu, mm);
	ppgtt_take_down(vgpu, mm);
}

void vgpu_ppgtt_ips(struct intel_vgpu *vgpu, bool on)
{
	if (vgpu->gtt->ppgtt.ips == on)
		return;
	each_mm(vgpu, take_down_mm);
	gtt_release_all(vgpu);
	vgpu->gtt->ppgtt.ips = on;
}

static bool ips_enabled(const struct intel_vgpu *vgpu)
{
	return (gvt_vreg(vgpu, GAMW) & GAMW_IPS_64K) == GAMW_IPS_64K;
}

static void list_free(struct intel_vgpu *vgpu)
{
	struct vgpu_ppgtt *ppgtt = &vgpu->gtt->ppgtt;

	ppgtt->nr_free = 0;
	for (u32 i = GTT_ROOTS_MAX; i--;)
		if (!vgpu->ppgtt_state->roots[i].refs)
			ppgtt->free[ppgtt->nr_free++] = i;
}

int ppgtt_init(struct intel_vgpu *vgpu)
{
	vgpu->gtt->ppgtt.quota = GTT_QUOTA_DEFAULT;
	vgpu->gtt->ppgtt.ips = ips_enabled(vgpu);
	for (u32 i = 0; i < GTT_ROOTS_MAX; i++) {
		struct vgpu_root *root = &vgpu->ppgtt_state->roots[i];

		if (root->refs && (root->levels == 3 || root->levels == 4)) {
			if (add_mm(vgpu, root))
				return -ENOMEM;
		} else if (root->refs) {
			*root = (struct vgpu_root){ 0 };
		}
	}
	list_free(vgpu);
	return 0;
}

void ppgtt_clear(struct intel_vgpu *vgpu, bool forget_roots)
{
	each_mm(vgpu, remove_mm);
	if (!forget_roots)
		return;
	for (u32 i = 0; i < GTT_ROOTS_MAX; i++)
		if (vgpu->ppgtt_state->roots[i].refs)
			vgpu->ppgtt_state->roots[i] = (struct vgpu_root){ 0 };
	list_free(vgpu);
	vgpu->gtt->ppgtt.ips = ips_enabled(vgpu);
}
