/* SPDX-License-Identifier: MIT */
/*
 * The render engine's own commands: 3D, GPGPU and media states. Skylake PRM, volume 2a; Mesa's
 * genxml for Gen8 and Gen9. Where the two platforms differ, the shorter length is here.
 *
 * All addresses are in the context's PPGTT, except for PIPE_CONTROL's.
 */
#include "core/hw/cmd_table.h"

/* clang-format off */
/* A state, passed over: @bits of length, @shortest dwords at least, addresses at dwords @addrs. */
#define STATE(name_, bits, shortest, addrs) \
	{ name_, GVT_OP_SKIP, GVT_ON_RCS, .len_bits = (bits), .len = (shortest), .ppgtt = (addrs) }

static const struct gvt_cmd prefetch[] = {
	[0x03] = STATE("STATE_PREFETCH", 8, 2, 0),
};

static const struct gvt_cmd base[] = {
	[0x01] = STATE("STATE_BASE_ADDRESS", 8, 16,
		       BIT32(1) | BIT32(4) | BIT32(6) | BIT32(8) | BIT32(10) | BIT32(16)),
	[0x02] = STATE("STATE_SIP", 8, 3, 0),
	[0x03] = STATE("SWTESS_BASE_ADDRESS", 8, 2, BIT32(1)),
	[0x04] = STATE("GPGPU_CSR_BASE_ADDRESS", 8, 3, BIT32(1)),
};

static const struct gvt_cmd vf_statistics[] = {
	[0x0b] = STATE("3DSTATE_VF_STATISTICS", 0, 1, 0),
};

static const struct gvt_cmd pipeline_select[] = {
	[0x04] = STATE("PIPELINE_SELECT", 0, 1, 0),
};

static const struct gvt_cmd media[] = {
	[0x00] = STATE("MEDIA_VFE_STATE", 16, 9, BIT32(1)),
	[0x01] = STATE("MEDIA_CURBE_LOAD", 16, 4, 0),
	[0x02] = STATE("MEDIA_INTERFACE_DESCRIPTOR_LOAD", 16, 4, 0),
	[0x03] = STATE("MEDIA_GATEWAY_STATE", 16, 2, 0),
	[0x04] = STATE("MEDIA_STATE_FLUSH", 16, 2, 0),
	[0x05] = STATE("MEDIA_POOL_STATE", 16, 6, 0),
};

static const struct gvt_cmd media_object[] = {
	[0x00] = STATE("MEDIA_OBJECT", 16, 2, 0),
	[0x02] = STATE("MEDIA_OBJECT_PRT", 16, 16, 0),
	[0x03] = STATE("MEDIA_OBJECT_WALKER", 16, 2, 0),
	[0x04] = STATE("GPGPU_OBJECT", 8, 2, 0),
	[0x05] = STATE("GPGPU_WALKER", 8, 15, 0),
	[0x06] = STATE("MEDIA_OBJECT_GRPID", 16, 2, 0),
};

static const struct gvt_cmd state[] = {
	[0x04] = STATE("3DSTATE_CLEAR_PARAMS", 8, 3, 0),
	[0x05] = STATE("3DSTATE_DEPTH_BUFFER", 8, 8, BIT32(2)),
	[0x06] = STATE("3DSTATE_STENCIL_BUFFER", 8, 5, BIT32(2)),
	[0x07] = STATE("3DSTATE_HIER_DEPTH_BUFFER", 8, 5, BIT32(2)),
	[0x08] = STATE("3DSTATE_VERTEX_BUFFERS", 8, 5, 0),
	[0x09] = STATE("3DSTATE_VERTEX_ELEMENTS", 8, 3, 0),
	[0x0a] = STATE("3DSTATE_INDEX_BUFFER", 8, 5, BIT32(2)),
	[0x0c] = STATE("3DSTATE_VF", 8, 2, 0),
	[0x0d] = STATE("3DSTATE_MULTISAMPLE", 8, 2, 0),
	[0x0e] = STATE("3DSTATE_CC_STATE_POINTERS", 8, 2, 0),
	[0x0f] = STATE("3DSTATE_SCISSOR_STATE_POINTERS", 8, 2, 0),
	[0x10] = STATE("3DSTATE_VS", 8, 9, BIT32(4)),
	[0x11] = STATE("3DSTATE_GS", 8, 10, BIT32(4)),
	[0x12] = STATE("3DSTATE_CLIP", 8, 4, 0),
	[0x13] = STATE("3DSTATE_SF", 8, 4, 0),
	[0x14] = STATE("3DSTATE_WM", 8, 2, 0),
	[0x15] = STATE("3DSTATE_CONSTANT_VS", 8, 11, BIT32(3) | BIT32(5) | BIT32(7) | BIT32(9)),
	[0x16] = STATE("3DSTATE_CONSTANT_GS", 8, 11, BIT32(3) | BIT32(5) | BIT32(7) | BIT32(9)),
	[0x17] = STATE("3DSTATE_CONSTANT_PS", 8, 11, BIT32(3) | BIT32(5) | BIT32(7) | BIT32(9)),
	[0x18] = STATE("3DSTATE_SAMPLE_MASK", 8, 2, 0),
	[0x19] = STATE("3DSTATE_CONSTANT_HS", 8, 11, BIT32(3) | BIT32(5) | BIT32(7) | BIT32(9)),
	[0x1a] = STATE("3DSTATE_CONSTANT_DS", 8, 11, BIT32(3) | BIT32(5) | BIT32(7) | BIT32(9)),
	[0x1b] = STATE("3DSTATE_HS", 8, 9, BIT32(5)),
	[0x1c] = STATE("3DSTATE_TE", 8, 4, 0),
	[0x1d] = STATE("3DSTATE_DS", 8, 9, BIT32(4)),
	[0x1e] = STATE("3DSTATE_STREAMOUT", 8, 5, 0),
	[0x1f] = STATE("3DSTATE_SBE", 8, 4, 0),
	[0x20] = STATE("3DSTATE_PS", 8, 12, BIT32(4)),
	[0x21] = STATE("3DSTATE_VIEWPORT_STATE_POINTERS_SF_CLIP", 8, 2, 0),
	[0x23] = STATE("3DSTATE_VIEWPORT_STATE_POINTERS_CC", 8, 2, 0),
	[0x24] = STATE("3DSTATE_BLEND_STATE_POINTERS", 8, 2, 0),
	[0x25] = STATE("3DSTATE_DEPTH_STENCIL_STATE_POINTERS", 8, 2, 0),
	[0x26] = STATE("3DSTATE_BINDING_TABLE_POINTERS_VS", 8, 2, 0),
	[0x27] = STATE("3DSTATE_BINDING_TABLE_POINTERS_HS", 8, 2, 0),
	[0x28] = STATE("3DSTATE_BINDING_TABLE_POINTERS_DS", 8, 2, 0),
	[0x29] = STATE("3DSTATE_BINDING_TABLE_POINTERS_GS", 8, 2, 0),
	[0x2a] = STATE("3DSTATE_BINDING_TABLE_POINTERS_PS", 8, 2, 0),
	[0x2b] = STATE("3DSTATE_SAMPLER_STATE_POINTERS_VS", 8, 2, 0),
	[0x2c] = STATE("3DSTATE_SAMPLER_STATE_POINTERS_HS", 8, 2, 0),
	[0x2d] = STATE("3DSTATE_SAMPLER_STATE_POINTERS_DS", 8, 2, 0),
	[0x2e] = STATE("3DSTATE_SAMPLER_STATE_POINTERS_GS", 8, 2, 0),
	[0x2f] = STATE("3DSTATE_SAMPLER_STATE_POINTERS_PS", 8, 2, 0),
	[0x30] = STATE("3DSTATE_URB_VS", 8, 2, 0),
	[0x31] = STATE("3DSTATE_URB_HS", 8, 2, 0),
	[0x32] = STATE("3DSTATE_URB_DS", 8, 2, 0),
	[0x33] = STATE("3DSTATE_URB_GS", 8, 2, 0),
	[0x34] = STATE("3DSTATE_GATHER_CONSTANT_VS", 8, 2, 0),
	[0x35] = STATE("3DSTATE_GATHER_CONSTANT_GS", 8, 2, 0),
	[0x36] = STATE("3DSTATE_GATHER_CONSTANT_HS", 8, 2, 0),
	[0x37] = STATE("3DSTATE_GATHER_CONSTANT_DS", 8, 2, 0),
	[0x38] = STATE("3DSTATE_GATHER_CONSTANT_PS", 8, 2, 0),
	[0x39] = STATE("3DSTATE_DX9_CONSTANTF_VS", 11, 2, 0),
	[0x3a] = STATE("3DSTATE_DX9_CONSTANTF_PS", 11, 2, 0),
	[0x3b] = STATE("3DSTATE_DX9_CONSTANTI_VS", 8, 2, 0),
	[0x3c] = STATE("3DSTATE_DX9_CONSTANTI_PS", 8, 2, 0),
	[0x3d] = STATE("3DSTATE_DX9_CONSTANTB_VS", 8, 2, 0),
	[0x3e] = STATE("3DSTATE_DX9_CONSTANTB_PS", 8, 2, 0),
	[0x3f] = STATE("3DSTATE_DX9_LOCAL_VALID_VS", 8, 2, 0),
	[0x40] = STATE("3DSTATE_DX9_LOCAL_VALID_PS", 8, 2, 0),
	[0x41] = STATE("3DSTATE_DX9_GENERATE_ACTIVE_VS", 8, 2, 0),
	[0x42] = STATE("3DSTATE_DX9_GENERATE_ACTIVE_PS", 8, 2, 0),
	[0x43] = STATE("3DSTATE_BINDING_TABLE_EDIT_VS", 9, 2, 0),
	[0x44] = STATE("3DSTATE_BINDING_TABLE_EDIT_GS", 9, 2, 0),
	[0x45] = STATE("3DSTATE_BINDING_TABLE_EDIT_HS", 9, 2, 0),
	[0x46] = STATE("3DSTATE_BINDING_TABLE_EDIT_DS", 9, 2, 0),
	[0x47] = STATE("3DSTATE_BINDING_TABLE_EDIT_PS", 9, 2, 0),
	[0x49] = STATE("3DSTATE_VF_INSTANCING", 8, 3, 0),
	[0x4a] = STATE("3DSTATE_VF_SGVS", 8, 2, 0),
	[0x4b] = STATE("3DSTATE_VF_TOPOLOGY", 8, 2, 0),
	[0x4c] = STATE("3DSTATE_WM_CHROMAKEY", 8, 2, 0),
	[0x4d] = STATE("3DSTATE_PS_BLEND", 8, 2, 0),
	[0x4e] = STATE("3DSTATE_WM_DEPTH_STENCIL", 8, 3, 0),
	[0x4f] = STATE("3DSTATE_PS_EXTRA", 8, 2, 0),
	[0x50] = STATE("3DSTATE_RASTER", 8, 5, 0),
	[0x51] = STATE("3DSTATE_SBE_SWIZ", 8, 11, 0),
	[0x52] = STATE("3DSTATE_WM_HZ_OP", 8, 5, 0),
	[0x54] = STATE("3DSTATE_RS_CONSTANT_POINTER", 8, 4, 0),
	[0x55] = STATE("3DSTATE_VF_COMPONENT_PACKING", 8, 5, 0),
};

static const struct gvt_cmd state_np[] = {
	[0x00] = STATE("3DSTATE_DRAWING_RECTANGLE", 8, 4, 0),
	[0x02] = STATE("3DSTATE_SAMPLER_PALETTE_LOAD0", 8, 2, 0),
	[0x04] = STATE("3DSTATE_CHROMA_KEY", 8, 4, 0),
	[0x06] = STATE("3DSTATE_POLY_STIPPLE_OFFSET", 8, 2, 0),
	[0x07] = STATE("3DSTATE_POLY_STIPPLE_PATTERN", 8, 33, 0),
	[0x08] = STATE("3DSTATE_LINE_STIPPLE", 8, 3, 0),
	[0x0a] = STATE("3DSTATE_AA_LINE_PARAMETERS", 8, 3, 0),
	[0x0b] = STATE("3DSTATE_GS_SVB_INDEX", 8, 2, 0),
	[0x0c] = STATE("3DSTATE_SAMPLER_PALETTE_LOAD1", 8, 2, 0),
	[0x11] = STATE("3DSTATE_MONOFILTER_SIZE", 8, 2, 0),
	[0x12] = STATE("3DSTATE_PUSH_CONSTANT_ALLOC_VS", 8, 2, 0),
	[0x13] = STATE("3DSTATE_PUSH_CONSTANT_ALLOC_HS", 8, 2, 0),
	[0x14] = STATE("3DSTATE_PUSH_CONSTANT_ALLOC_DS", 8, 2, 0),
	[0x15] = STATE("3DSTATE_PUSH_CONSTANT_ALLOC_GS", 8, 2, 0),
	[0x16] = STATE("3DSTATE_PUSH_CONSTANT_ALLOC_PS", 8, 2, 0),
	[0x17] = STATE("3DSTATE_SO_DECL_LIST", 9, 2, 0),
	[0x18] = STATE("3DSTATE_SO_BUFFER", 8, 8, BIT32(2) | BIT32(5)),
	[0x19] = STATE("3DSTATE_BINDING_TABLE_POOL_ALLOC", 8, 4, BIT32(1)),
	[0x1a] = STATE("3DSTATE_GATHER_POOL_ALLOC", 8, 4, BIT32(1)),
	[0x1b] = STATE("3DSTATE_DX9_CONSTANT_BUFFER_POOL_ALLOC", 8, 4, BIT32(1)),
	[0x1c] = STATE("3DSTATE_SAMPLE_PATTERN", 8, 9, 0),
	[0x1d] = STATE("3DSTATE_URB_CLEAR", 8, 2, 0),
};

static const struct gvt_cmd primitive[] = {
	[0x00] = STATE("3DPRIMITIVE", 8, 7, 0),
};

static const struct gvt_cmd pipe_control[] = {
	/* Bit 24 of the flags has the post-sync write go to the GGTT, bit 21 to the HWSP. */
	[0x00] = { "PIPE_CONTROL", GVT_OP_PIPE_CONTROL, GVT_ON_RCS, .len_bits = 8, .least = 2,
		   .len = 6, .max = 6,
		   .addr = { { GVT_SPACE_GGTT_IF, 2, .bit_dw = 1, .bit = 24, .bytes = 8 } } },
};
/* clang-format on */

#define LIST(pipe, opcode, rows) [GVT_CMD_LIST(pipe, opcode)] = { rows, ARRAY_SIZE(rows) }

const struct gvt_cmd_rows gvt_cmds_render[GVT_CMD_LISTS] = {
	LIST(0, 0, prefetch),	     LIST(0, 1, base),	   LIST(1, 0, vf_statistics),
	LIST(1, 1, pipeline_select), LIST(2, 0, media),	   LIST(2, 1, media_object),
	LIST(3, 0, state),	     LIST(3, 1, state_np), LIST(3, 2, pipe_control),
	LIST(3, 3, primitive),
};
