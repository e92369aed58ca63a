/* SPDX-License-Identifier: MIT */
/*
 * The form of the command table: a row's index is its opcode. So a command is found by indexing
 * alone, and two rows cannot claim the same header.
 */
#ifndef CORE_HW_CMD_TABLE_H
#define CORE_HW_CMD_TABLE_H

#include "core/hw/cmd.h"

/* Rows by opcode; those without a name are no commands. */
struct gvt_cmd_rows {
	const struct gvt_cmd *rows;
	u32 nr;
};

/* Client 3 has a list for each value of bits 28:24; rows in it are indexed by bits 23:16. */
#define GVT_CMD_LISTS		32u
#define GVT_CMD_LIST(pipe, opc) ((pipe) << 3 | (opc))

/* cmd_mi.c: client 0, indexed by bits 28:23. */
extern const struct gvt_cmd_rows gvt_cmds_mi;
/* cmd_blt.c: client 2, indexed by bits 28:22. */
extern const struct gvt_cmd_rows gvt_cmds_blt;
/* cmd_render.c, cmd_media.c: client 3, which differs by engine; cmd_find.c: which is whose. */
extern const struct gvt_cmd_rows gvt_cmds_render[GVT_CMD_LISTS];
extern const struct gvt_cmd_rows gvt_cmds_vcs[GVT_CMD_LISTS];
extern const struct gvt_cmd_rows gvt_cmds_vecs[GVT_CMD_LISTS];
extern const struct gvt_cmd_rows *const gvt_cmds_of[GVT_NR_ENGINES];

/* Bits 31:29 of a header (INSTR_CLIENT_SHIFT and INSTR_*_CLIENT in i915). */
enum { GVT_CLIENT_MI = 0, GVT_CLIENT_BLT = 2, GVT_CLIENT_RENDER = 3 };

static inline const struct gvt_cmd *gvt_cmd_row(const struct gvt_cmd_rows *list,
						enum gvt_engine engine, u32 at)
{
	if (at >= list->nr || !(list->rows[at].engines & BIT32(engine)))
		return NULL;
	return &list->rows[at];
}

/* The same as gvt_cmd_find(), inline: for code where each nanosecond counts. */
static inline const struct gvt_cmd *gvt_cmd_look(enum gvt_engine engine, u32 header)
{
	switch (header >> 29) {
	case GVT_CLIENT_MI:
		return gvt_cmd_row(&gvt_cmds_mi, engine, header >> 23 & 0x3f);
	case GVT_CLIENT_BLT:
		return gvt_cmd_row(&gvt_cmds_blt, engine, header >> 22 & 0x7f);
	case GVT_CLIENT_RENDER:
		return gvt_cmd_row(&gvt_cmds_of[engine][header >> 24 & 0x1f], engine,
				   header >> 16 & 0xff);
	default:
		return NULL;
	}
}

#endif
