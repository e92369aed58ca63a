/* SPDX-License-Identifier: MIT */
/* The hidden range: a bitmap of its addresses, and host pages of the hypervisor's as its memory. */
#include <errno.h>
#include <string.h>

#include "core/exec/exec.h"
#include "core/gtt/gtt.h"
#include "core/vgpu.h"

#define PRESENT 1u

static bool is_used(const struct vgpu_exec *exec, u32 page)
{
	return exec->hidden_used[page / 64] >> page % 64 & 1;
}

static void mark(struct vgpu_exec *exec, u32 first, u32 nr, bool used)
{
	for (u32 page = first; page < first + nr; page++)
		if (used)
			exec->hidden_used[page / 64] |= 1ull << page % 64;
		else
			exec->hidden_used[page / 64] &= ~(1ull << page % 64);
}

/* The first @pages free pages in a row, from @from on; HIDDEN_PAGES: there are none. */
static u32 find(const struct vgpu_exec *exec, u32 from, u32 pages)
{
	u32 run = 0;

	for (u32 page = from; page < HIDDEN_PAGES; page++) {
		run = is_used(exec, page) ? 0 : run + 1;
		if (run == pages)
			return page + 1 - pages;
	}
	return HIDDEN_PAGES;
}

int hidden_alloc(struct intel_vgpu *vgpu, u32 pages, u32 backed, struct hidden *h)
{
	struct vgpu_exec *exec = vgpu->exec;
	u32 at = find(exec, exec->hidden_at, pages);

	if (at == HIDDEN_PAGES)
		at = find(exec, 0, pages);
	if (at == HIDDEN_PAGES)
		return -ENOMEM;
	*h = (struct hidden){ .gma = HIDDEN_BASE + at * GVT_PAGE_SIZE, .pages = pages };
	h->va = intel_gvt_hypervisor_alloc_host_pages(vgpu, backed);
	if (!h->va) {
		*h = (struct hidden){ 0 };
		return -ENOMEM;
	}
	h->backed = backed;
	memset(h->va, 0, backed * GVT_PAGE_SIZE);
	mark(exec, at, pages, true);
	exec->hidden_at = at + pages;
	return 0;
}

int hidden_enter(struct intel_vgpu *vgpu, const struct hidden *h, u32 at, u32 first, u32 nr)
{
	const struct gvt_gpu_ops *ops = vgpu->gvt->gpu->ops;
	u32 page = (h->gma >> GVT_PAGE_SHIFT) + at;

	for (u32 i = 0; i < nr; i++) {
		u8 *va = h->va + (first + i) * GVT_PAGE_SIZE;
		u64 mfn = intel_gvt_hypervisor_virt_to_mfn(vgpu, va), entry;
		int err;

		if (mfn == INTEL_GVT_INVALID_ADDR ||
		    !gtt_reaches(vgpu->gvt->gtt_format, mfn << GVT_PAGE_SHIFT))
			return -ENOMEM;
		entry = mfn << GVT_PAGE_SHIFT | PRESENT;
		err = ops->ggtt_set(vgpu->space, page + i, 1, &entry, 0);
		if (err)
			return err;
	}
	return 0;
}

void hidden_free(struct intel_vgpu *vgpu, struct hidden *h)
{
	const struct gvt_gpu_ops *ops = vgpu->gvt->gpu->ops;

	if (!h->pages)
		return;
	ops->ggtt_set(vgpu->space, h->gma >> GVT_PAGE_SHIFT, h->pages, NULL, 0);
	ops->flush(vgpu->space);
	intel_gvt_hypervisor_free_host_pages(vgpu, h->va, h->backed);
	mark(vgpu->exec, (h->gma - HIDDEN_BASE) >> GVT_PAGE_SHIFT, h->pages, false);
	*h = (struct hidden){ 0 };
}
