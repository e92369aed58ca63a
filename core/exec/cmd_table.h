/* SPDX-License-Identifier: MIT */
/*
 * The form of the command table: rows stand at the place that their opcode says, so that a command
 * is found by indexing alone and two rows cannot claim the same header.
 */
#ifndef CORE_EXEC_CMD_TABLE_H
#define CORE_EXEC_CMD_TABLE_H

#include "core/exec/cmd.h"

/* Rows by opcode; those without a name are no commands. */
struct gvt_cmd_rows {
	const struct gvt_cmd *rows;
	u32 nr;
};

/* Client 3's rows stand by bits 23:16, in a list for each value of bits 28:24. */
#define GVT_CMD_LISTS		32u
#define GVT_CMD_LIST(pipe, opc) ((pipe) << 3 | (opc))

/* cmd_mi.c: client 0, by bits 28:23. */
extern const struct gvt_cmd_rows gvt_cmds_mi;
/* cmd_blt.c: client 2, by bits 28:22. */
extern const struct gvt_cmd_rows gvt_cmds_blt;
/* cmd_render.c, cmd_media.c: client 3 as the engines understand it. */
extern const struct gvt_cmd_rows gvt_cmds_render[GVT_CMD_LISTS];
extern const struct gvt_cmd_rows gvt_cmds_vcs[GVT_CMD_LISTS];
extern const struct gvt_cmd_rows gvt_cmds_vecs[GVT_CMD_LISTS];

#endif
