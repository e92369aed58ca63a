/* SPDX-License-Identifier: MIT */
/*
 * The commands of the video engine and the video enhancement engine. Skylake PRM, volume 2a;
 * the tables of intel-media-driver (mhw_vdbox_*, mhw_vebox_*, mhw_sfc_*) for Gen8 and Gen9. Where
 * platforms differ, the shortest length is here. All addresses are in the context's PPGTT.
 */
#include "core/hw/cmd_table.h"

/* clang-format off */
#define CODEC(name_, on, bits, shortest) \
	{ name_, GVT_OP_SKIP, on, .len_bits = (bits), .len = (shortest) }

/* States and objects have 12 bits of length, those of the cryptographic unit 16. */
#define VD(name_, shortest)	 CODEC(name_, GVT_ON_VCS, 12, shortest)
#define VD_LONG(name_, shortest) CODEC(name_, GVT_ON_VCS, 16, shortest)
#define VE(name_, shortest)	 CODEC(name_, GVT_ON_VECS, 12, shortest)
/* The scaler follows either engine. */
#define SFC(name_, shortest) CODEC(name_, GVT_ON_VCS | GVT_ON_VECS, 12, shortest)

static const struct gvt_cmd mfx[] = {
	[0x00] = VD("MFX_PIPE_MODE_SELECT", 5),
	[0x01] = VD("MFX_SURFACE_STATE", 6),
	[0x02] = VD("MFX_PIPE_BUF_ADDR_STATE", 61),
	[0x03] = VD("MFX_IND_OBJ_BASE_ADDR_STATE", 26),
	[0x04] = VD("MFX_BSP_BUF_BASE_ADDR_STATE", 10),
	[0x05] = VD("MFX_2_0_0_5", 2),
	[0x06] = VD("MFX_STATE_POINTER", 2),
	[0x07] = VD("MFX_QM_STATE", 18),
	[0x08] = VD("MFX_FQM_STATE", 34),
	[0x29] = VD("MFD_IT_OBJECT", 7),
	[0x48] = VD("MFX_PAK_INSERT_OBJECT", 2),
	[0x4a] = VD("MFX_STITCH_OBJECT", 2),
	[0x80] = VD("VDENC_PIPE_MODE_SELECT", 2),
	[0x81] = VD("VDENC_SRC_SURFACE_STATE", 6),
	[0x82] = VD("VDENC_REF_SURFACE_STATE", 6),
	[0x83] = VD("VDENC_DS_REF_SURFACE_STATE", 6),
	[0x84] = VD("VDENC_PIPE_BUF_ADDR_STATE", 37),
	[0x85] = VD("VDENC_IMG_STATE", 35),
	[0x86] = VD("VDENC_CONST_QPT_STATE", 61),
	[0x87] = VD("VDENC_WALKER_STATE", 2),
	[0x88] = VD("VDENC_WEIGHTSOFFSETS_STATE", 3),
};

static const struct gvt_cmd avc[] = {
	[0x00] = VD("MFX_AVC_IMG_STATE", 17),
	[0x01] = VD("MFX_AVC_QM_STATE", 2),
	[0x02] = VD("MFX_AVC_DIRECTMODE_STATE", 71),
	[0x03] = VD("MFX_AVC_SLICE_STATE", 11),
	[0x04] = VD("MFX_AVC_REF_IDX_STATE", 10),
	[0x05] = VD("MFX_AVC_WEIGHTOFFSET_STATE", 98),
	[0x25] = VD("MFD_AVC_PICID_STATE", 10),
	[0x26] = VD("MFD_AVC_DPB_STATE", 27),
	[0x27] = VD("MFD_AVC_SLICEADDR", 3),
	[0x28] = VD("MFD_AVC_BSD_OBJECT", 6),
	[0x49] = VD("MFC_AVC_PAK_OBJECT", 2),
};

static const struct gvt_cmd vc1[] = {
	[0x01] = VD("MFX_VC1_PRED_PIPE_STATE", 6),
	[0x02] = VD("MFX_VC1_DIRECTMODE_STATE", 7),
	[0x20] = VD("MFD_VC1_SHORT_PIC_STATE", 5),
	[0x21] = VD("MFD_VC1_LONG_PIC_STATE", 6),
	[0x28] = VD("MFD_VC1_BSD_OBJECT", 5),
};

static const struct gvt_cmd mpeg2_hcp[] = {
	[0x00] = VD("MFX_MPEG2_PIC_STATE", 13),
	[0x01] = VD("MFX_MPEG2_QM_STATE", 2),
	[0x28] = VD("MFD_MPEG2_BSD_OBJECT", 5),
	[0x43] = VD("MFC_MPEG2_SLICEGROUP_STATE", 8),
	[0x49] = VD("MFC_MPEG2_PAK_OBJECT", 2),
	[0x80] = VD("HCP_PIPE_MODE_SELECT", 4),
	[0x81] = VD("HCP_SURFACE_STATE", 3),
	[0x82] = VD("HCP_PIPE_BUF_ADDR_STATE", 95),
	[0x83] = VD("HCP_IND_OBJ_BASE_ADDR_STATE", 14),
	[0x84] = VD("HCP_QM_STATE", 18),
	[0x85] = VD("HCP_FQM_STATE", 34),
	[0x88] = VD("HEVC_VP9_RDOQ_STATE", 130),
	[0x90] = VD("HCP_PIC_STATE", 19),
	[0x91] = VD("HCP_TILE_STATE", 13),
	[0x92] = VD("HCP_REF_IDX_STATE", 18),
	[0x93] = VD("HCP_WEIGHTOFFSET_STATE", 34),
	[0x94] = VD("HCP_SLICE_STATE", 9),
	[0xa0] = VD("HCP_BSD_OBJECT", 3),
	[0xa1] = VD("HCP_PAK_OBJECT", 2),
	[0xa2] = VD("HCP_PAK_INSERT_OBJECT", 2),
	[0xb0] = VD("HCP_VP9_PIC_STATE", 19),
	[0xb2] = VD("HCP_VP9_SEGMENT_STATE", 7),
};

static const struct gvt_cmd vp8[] = {
	[0x28] = VD("MFD_VP8_BSD_OBJECT", 22),
	[0x41] = VD("MFX_VP8_ENCODER_CFG", 30),
	[0x43] = VD("MFX_VP8_BSP_BUF_BASE_ADDR_STATE", 32),
	[0x49] = VD("MFC_VP8_PAK_OBJECT", 2),
};

static const struct gvt_cmd vebox[] = {
	[0x00] = VE("VEBOX_SURFACE_STATE", 7),
	[0x01] = VE("VEBOX_TILING_CONVERT", 5),
	[0x02] = VE("VEBOX_STATE", 12),
	[0x03] = VE("VEB_DI_IECP", 20),
};

static const struct gvt_cmd sfc_huc[] = {
	[0x00] = SFC("SFC_LOCK", 2),
	[0x01] = SFC("SFC_STATE", 34),
	[0x02] = SFC("SFC_AVS_STATE", 3),
	[0x03] = SFC("SFC_IEF_STATE", 24),
	[0x04] = SFC("SFC_FRAME_START", 2),
	[0x05] = SFC("SFC_AVS_LUMA_COEFF_TABLE", 129),
	[0x06] = SFC("SFC_AVS_CHROMA_COEFF_TABLE", 65),
	[0x80] = VD("HUC_PIPE_MODE_SELECT", 3),
	[0x81] = VD("HUC_IMEM_STATE", 5),
	[0x82] = VD("HUC_DMEM_STATE", 6),
	[0x83] = VD("HUC_CFG_STATE", 2),
	[0x84] = VD("HUC_VIRTUAL_ADDR_STATE", 49),
	[0x85] = VD("HUC_IND_OBJ_BASE_ADDR_STATE", 11),
	[0xa0] = VD("HUC_STREAM_OBJECT", 5),
	[0xa1] = VD("HUC_START", 2),
};

static const struct gvt_cmd crypto[] = {
	[0x00] = VD_LONG("MFX_2_6_0_0", 2),
	[0x08] = VD_LONG("MFX_2_6_0_8", 2),
	[0x09] = VD_LONG("MFX_2_6_0_9", 2),
};

static const struct gvt_cmd jpeg[] = {
	[0x00] = VD("MFX_JPEG_PIC_STATE", 3),
	[0x02] = VD("MFX_JPEG_HUFF_TABLE_STATE", 53),
	[0x28] = VD("MFD_JPEG_BSD_OBJECT", 6),
	[0x43] = VD("MFC_JPEG_HUFF_TABLE_STATE", 176),
	[0x49] = VD("MFC_JPEG_SCAN_OBJECT", 3),
	[0x80] = VD("VD_PIPELINE_FLUSH", 2),
};

/* Its length field does not count as those of other commands do; it is one dword. */
static const struct gvt_cmd wait[] = {
	[0x00] = CODEC("MFX_WAIT", GVT_ON_VCS, 0, 1),
};
/* clang-format on */

#define LIST(pipe, opcode, rows) [GVT_CMD_LIST(pipe, opcode)] = { rows, ARRAY_SIZE(rows) }

const struct gvt_cmd_rows gvt_cmds_vcs[GVT_CMD_LISTS] = {
	LIST(1, 0, wait),    LIST(2, 0, mfx),	    LIST(2, 1, avc),
	LIST(2, 2, vc1),     LIST(2, 3, mpeg2_hcp), LIST(2, 4, vp8),
	LIST(2, 5, sfc_huc), LIST(2, 6, crypto),    LIST(2, 7, jpeg),
};

const struct gvt_cmd_rows gvt_cmds_vecs[GVT_CMD_LISTS] = {
	LIST(2, 4, vebox),
	LIST(2, 5, sfc_huc),
};
