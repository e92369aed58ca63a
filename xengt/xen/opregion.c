/* SPDX-License-Identifier: MIT */
/*
 * The OpRegion's memory. hvmloader leaves a hole of three pages for it and writes its address to
 * ASLS. The pages are put there once, and taken back when the vGPU is detached.
 */
#include <errno.h>
#include <string.h>

#include "xengt/settings/log.h"
#include "xengt/xen/backing.h"
#include "xengt/xen/opregion.h"
#include "xengt/xen/xengt.h"

#define PAGES (INTEL_GVT_OPREGION_SIZE >> GVT_PAGE_SHIFT)

static int populate(struct xengt_vgpu *v, u64 gfn)
{
	int err = xengt_ask_limit(&v->ask, INTEL_GVT_OPREGION_SIZE >> 10);

	if (err)
		return err;
	v->memory->opregion_at = gfn;
	err = xengt_ask_populate(&v->ask, gfn, PAGES);
	if (err)
		xengt_opregion_remove(v);
	return err;
}

int xengt_opregion_set(struct xengt_vgpu *v)
{
	u32 asls = intel_vgpu_asls(v->vgpu);
	u64 gfn = asls >> GVT_PAGE_SHIFT;
	u8 content[INTEL_GVT_OPREGION_SIZE];
	int err;

	if (!gfn)
		return 0;
	if (asls % GVT_PAGE_SIZE)
		return -EINVAL;
	/* Only firmware chooses the place: a guest that writes ASLS later gets no memory
	 * elsewhere. */
	if (v->memory->opregion_at && v->memory->opregion_at != gfn)
		return -EBUSY;
	if (!v->memory->opregion_at) {
		if (!xengt_mem_holes(&v->mem, gfn, PAGES))
			return -EEXIST;
		err = populate(v, gfn);
		if (err)
			return err;
	}
	intel_vgpu_opregion(v->vgpu, content);
	return xengt_mem_copy(&v->mem, gfn << GVT_PAGE_SHIFT, content, sizeof(content), true);
}

int xengt_opregion_renew(struct xengt_vgpu *v)
{
	int err = xengt_opregion_set(v);

	if (err != -EFAULT)
		return err;
	xengt_opregion_remove(v);
	return xengt_opregion_set(v);
}

void xengt_opregion_remove(struct xengt_vgpu *v)
{
	u64 gfn = v->memory->opregion_at;

	if (!gfn)
		return;
	xengt_ask_give_back(&v->ask, gfn, PAGES);
	xengt_mem_drop(&v->mem);
	xengt_ask_limit(&v->ask, -(s64)(INTEL_GVT_OPREGION_SIZE >> 10));
	v->memory->opregion_at = 0;
}
