/* SPDX-License-Identifier: MIT */
#include "core/exec/cmd_table.h"

/* Bits 31:29 of a header (INSTR_CLIENT_SHIFT and INSTR_*_CLIENT in i915). */
enum { CLIENT_MI = 0, CLIENT_BLT = 2, CLIENT_RENDER = 3 };

static const struct gvt_cmd *row(const struct gvt_cmd_rows *list, enum gvt_engine engine, u32 at)
{
	const struct gvt_cmd *cmd;

	if (at >= list->nr)
		return NULL;
	cmd = &list->rows[at];
	return cmd->engines & BIT32(engine) ? cmd : NULL;
}

const struct gvt_cmd *gvt_cmd_find(enum gvt_engine engine, u32 header)
{
	static const struct gvt_cmd_rows none[GVT_CMD_LISTS];
	static const struct gvt_cmd_rows *const render[GVT_NR_ENGINES] = {
		[GVT_RCS0] = gvt_cmds_render,
		[GVT_BCS0] = none,
		[GVT_VCS0] = gvt_cmds_vcs,
		[GVT_VECS0] = gvt_cmds_vecs,
	};

	switch (header >> 29) {
	case CLIENT_MI:
		return row(&gvt_cmds_mi, engine, header >> 23 & 0x3f);
	case CLIENT_BLT:
		return row(&gvt_cmds_blt, engine, header >> 22 & 0x7f);
	case CLIENT_RENDER:
		return row(&render[engine][header >> 24 & 0x1f], engine, header >> 16 & 0xff);
	default:
		return NULL;
	}
}
