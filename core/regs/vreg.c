/* SPDX-License-Identifier: MIT */
/* The values of a vGPU's registers: they are stored, shown to the guest, and told to the GPU. */
#include "core/regs/vreg.h"

#include <string.h>

#include "core/regs/rule.h"
#include "core/regs/told.h"
#include "core/vgpu.h"

const struct gvt_section gvt_vreg_section = {
	.name = "registers",
	.version = 1,
	.size = sizeof(struct vgpu_regs),
	.reserved = sizeof(((struct vgpu_regs *)NULL)->used),
};

bool gvt_vreg_page_used(const struct intel_vgpu *vgpu, u32 page)
{
	return vgpu->regs->used[page / 64] >> page % 64 & 1;
}

/* Most pages hold zeroes for ever: memory is reserved for the first value that is not zero. */
static bool use_page(struct intel_vgpu *vgpu, u32 page)
{
	u32 *at = vgpu->regs->val + page * (GVT_PAGE_SIZE / sizeof(u32));

	if (gvt_vreg_page_used(vgpu, page))
		return true;
	if (intel_gvt_hypervisor_reserve_state(vgpu, at, GVT_PAGE_SIZE))
		return false;
	vgpu->regs->used[page / 64] |= 1ull << page % 64;
	return true;
}

u32 gvt_vreg(const struct intel_vgpu *vgpu, u32 offset)
{
	return gvt_vreg_page_used(vgpu, offset / GVT_PAGE_SIZE)
		       ? vgpu->regs->val[offset / sizeof(u32)]
		       : 0;
}

void gvt_vreg_set(struct intel_vgpu *vgpu, u32 offset, u32 val)
{
	u32 *mirror = vgpu->mirror[offset / GVT_PAGE_SIZE];

	if (val == gvt_vreg(vgpu, offset) || !use_page(vgpu, offset / GVT_PAGE_SIZE))
		val = gvt_vreg(vgpu, offset);
	else
		vgpu->regs->val[offset / sizeof(u32)] = val;
	if (mirror)
		__atomic_store_n(&mirror[offset % GVT_PAGE_SIZE / sizeof(u32)], val,
				 __ATOMIC_RELEASE);
	if (vgpu->space)
		gvt_told_set(vgpu, offset, val);
}

void intel_vgpu_show_regs(struct intel_vgpu *vgpu)
{
	for (unsigned int page = 0; page < GVT_MMIO_PAGES; page++) {
		const u32 *vreg = vgpu->regs->val + page * GVT_PAGE_SIZE / sizeof(u32);

		if (vgpu->mirror[page] && gvt_vreg_page_used(vgpu, page))
			memcpy(vgpu->mirror[page], vreg, GVT_PAGE_SIZE);
		else if (vgpu->mirror[page])
			memset(vgpu->mirror[page], 0, GVT_PAGE_SIZE);
	}
}

static void reset_page(struct intel_vgpu *vgpu, u32 page)
{
	for (u32 at = page * GVT_PAGE_SIZE; at < (page + 1) * GVT_PAGE_SIZE; at += sizeof(u32)) {
		const struct gvt_reg *row = intel_gvt_reg(vgpu->gvt, at);

		gvt_vreg_set(vgpu, at, row ? row->reset : 0);
	}
}

void gvt_vreg_reset(struct intel_vgpu *vgpu)
{
	for (u32 page = 0; page < GVT_MMIO_PAGES; page++)
		if (gvt_vreg_page_used(vgpu, page) || vgpu->gvt->regs.resets[page])
			reset_page(vgpu, page);
	intel_vgpu_show_regs(vgpu);
}

/* Bytes of the counters of a page of registers. */
#define ACCESS_SIZE (GVT_PAGE_SIZE / sizeof(u32) * sizeof(struct vgpu_access))

void gvt_vreg_count(struct intel_vgpu *vgpu, u32 offset, bool write)
{
	struct vgpu_access **page = &vgpu->access[offset / GVT_PAGE_SIZE], *access;

	if (!*page)
		*page = vgpu_alloc(vgpu, ACCESS_SIZE);
	if (!*page)
		return;
	access = &(*page)[offset % GVT_PAGE_SIZE / sizeof(u32)];
	access->reads += !write;
	access->writes += write;
}

void gvt_vreg_exit(struct intel_vgpu *vgpu)
{
	for (u32 page = 0; page < GVT_MMIO_PAGES; page++) {
		vgpu_free(vgpu, vgpu->access[page], ACCESS_SIZE);
		vgpu->access[page] = NULL;
	}
}

void intel_vgpu_access_count(const struct intel_vgpu *vgpu, u32 offset, u32 *reads, u32 *writes)
{
	const struct vgpu_access *page = vgpu->access[offset / GVT_PAGE_SIZE];
	u32 at = offset % GVT_PAGE_SIZE / sizeof(u32);

	*reads = page ? page[at].reads : 0;
	*writes = page ? page[at].writes : 0;
}

void gvt_vreg_tell_all(struct intel_vgpu *vgpu)
{
	for (u32 dword = 0; dword < GVT_MMIO_DWORDS; dword++) {
		u32 val = gvt_vreg(vgpu, dword * sizeof(u32));

		if (val)
			gvt_told_set(vgpu, dword * sizeof(u32), val);
	}
}

u32 gvt_vreg_nonpriv(struct intel_vgpu *vgpu, u32 offset)
{
	u32 written = gvt_vreg(vgpu, offset), is;

	if (!vgpu->space)
		return written;
	is = vgpu->gvt->gpu->ops->reg_read(vgpu->space, offset);
	return is == gvt_reg_told(vgpu->gvt, offset, written) ? written : is;
}

u32 intel_vgpu_reg(const struct intel_vgpu *vgpu, u32 offset)
{
	return gvt_vreg(vgpu, offset);
}
