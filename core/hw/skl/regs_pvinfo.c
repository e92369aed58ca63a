/* SPDX-License-Identifier: MIT */
/*
 * PVINFO, the page by which a guest's driver knows that its GPU is virtual. Layout and codes are
 * the interface of Linux' i915 (struct vgt_if and enum vgt_g2v_type in i915_pvinfo.h).
 */
#include "core/hw/bits.h"
#include "core/hw/reg.h"

#define PV_CAP_FULL_PPGTT     BIT32(2)
#define PV_CAP_HWSP_EMULATION BIT32(3)
#define PV_CAP_HUGE_GTT	      BIT32(4)

static const struct gvt_reg rows[] = {
	{ "VGT_MAGIC", PV_MAGIC, .count = 2, .ro = true },
	{ "VGT_VERSION", PV_VERSION, .ro = true, .reset = 1 }, /* major 1, minor 0 */
	{ "VGT_ID", PV_ID, .ro = true },
	{ "VGT_CAPS", PV_CAPS, .ro = true,
	  .reset = PV_CAP_FULL_PPGTT | PV_CAP_HWSP_EMULATION | PV_CAP_HUGE_GTT },
	{ "VGT_RSV", PV_CAPS + 4, .count = 11, .ro = true },
	{ "VGT_MAPPABLE_BASE", PV_MAPPABLE_BASE, .ro = true },
	{ "VGT_MAPPABLE_SIZE", PV_MAPPABLE_SIZE, .ro = true },
	{ "VGT_NONMAPPABLE_BASE", PV_NONMAPPABLE_BASE, .ro = true },
	{ "VGT_NONMAPPABLE_SIZE", PV_NONMAPPABLE_SIZE, .ro = true },
	{ "VGT_FENCE_NUM", PV_FENCES, .ro = true },
	{ "VGT_DISPLAY_READY", PV_DISPLAY_READY },
	{ "VGT_G2V_NOTIFY", PV_G2V, .write = GVT_WRITE_G2V },
	{ "VGT_CURSOR_HOT", PV_CURSOR_HOT, .count = 2 },
	{ "VGT_PDP", PV_PDP, .count = 8 },
	{ "VGT_CONTEXT_DESC", PV_CONTEXT, .count = 2 },
};

const struct gvt_reg_block gvt_block_pvinfo = { "pvinfo", rows, ARRAY_SIZE(rows) };
