/* SPDX-License-Identifier: MIT */
/*
 * Values of registers after a write: states that follow a request, and requests that are done at
 * once. These are functions of the values alone, so that the result is known before anybody is
 * told.
 */
#include "core/hw/bits.h"
#include "core/mmio/mmio.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

#define ENABLE	     BIT32(31)
#define STATE_ACTIVE BIT32(30)

static u32 ddi_buf(u32 now)
{
	return now & ENABLE ? now & ~DDI_BUF_IDLE : now | DDI_BUF_IDLE;
}

/* The copy ends at once. HUC_STATUS2 and GUC_STATUS show that nothing was copied. */
#define DMA_START BIT32(0)

/* The sideband to the chipset's clock generators: every transfer succeeds, and reads as zero. */
#define SBI_BUSY     BIT32(0)
#define SBI_RESPONSE BIT32(1)

u32 gvt_mmio_taken(const struct gvt_reg *row, u32 val, u32 now)
{
	switch (row ? row->take : GVT_TAKE_VALUE) {
	case GVT_TAKE_DDI_BUF:
		return ddi_buf(now);
	case GVT_TAKE_DMA_CTRL:
		return now & ~DMA_START;
	case GVT_TAKE_PCODE:
		return val & PCODE_READY ? now & ~(PCODE_READY | PCODE_COMMAND) : now;
	case GVT_TAKE_RESET_CTL:
		return now & RESET_CTL_REQUEST ? RESET_CTL_REQUEST | RESET_CTL_READY : 0;
	case GVT_TAKE_SBI_CTL:
		return now & ~(SBI_BUSY | SBI_RESPONSE);
	case GVT_TAKE_STATE_FOLLOWS:
		return (now & ~STATE_ACTIVE) | (now & ENABLE) >> 1;
	case GVT_TAKE_ZERO: /* a request that is done as soon as it is made */
		return 0;
	default:
		return now;
	}
}

/* The register's value when a state file says @val: bits that it cannot have are corrected. */
static u32 settled(const struct gvt_reg *row, u32 val)
{
	u32 may = (row->wmask ? row->wmask : ~0u) | row->state;

	if (row->ro)
		return val;
	if (row->kind == GVT_REG_MASKED)
		may &= 0xffff;
	val = (val & may) | (row->reset & ~may);
	return gvt_mmio_taken(row, 0, val);
}

static void take_up_page(struct intel_vgpu *vgpu, u32 page)
{
	for (u32 at = page * GVT_PAGE_SIZE; at < (page + 1) * GVT_PAGE_SIZE; at += sizeof(u32)) {
		const struct gvt_reg *row = intel_gvt_reg(vgpu->gvt, at);
		u32 val = gvt_vreg(vgpu, at), may = row ? settled(row, val) : val;

		if (may != val)
			gvt_vreg_set(vgpu, at, may);
	}
}

void gvt_mmio_take_up(struct intel_vgpu *vgpu)
{
	for (u32 page = 0; page < GVT_MMIO_PAGES; page++)
		if (gvt_vreg_page_used(vgpu, page))
			take_up_page(vgpu, page);
	intel_vgpu_show_regs(vgpu);
}
