/* SPDX-License-Identifier: MIT */
#include "core/hw/cmd_table.h"

static const struct gvt_cmd_rows none[GVT_CMD_LISTS];

const struct gvt_cmd_rows *const gvt_cmds_of[GVT_NR_ENGINES] = {
	[GVT_RCS0] = gvt_cmds_render,
	[GVT_BCS0] = none,
	[GVT_VCS0] = gvt_cmds_vcs,
	[GVT_VECS0] = gvt_cmds_vecs,
};

const struct gvt_cmd *gvt_cmd_find(enum gvt_engine engine, u32 header)
{
	return gvt_cmd_look(engine, header);
}
