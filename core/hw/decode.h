/* SPDX-License-Identifier: MIT */
/* Commands for people to read. */
#ifndef CORE_EXEC_DECODE_H
#define CORE_EXEC_DECODE_H

#include <stdio.h>

#include "core/hw/cmd.h"

struct intel_gvt;

/** gvt_engine_name() - "rcs", "bcs", "vcs" or "vecs". */
const char *gvt_engine_name(enum gvt_engine engine);

/** gvt_engine_by_name() - the reverse; -1: there is none. */
int gvt_engine_by_name(const char *name);

/**
 * gvt_decode() - print @nr dwords at @dw as commands of @engine, a line for each dword: offset,
 * value, and the command's name and length, or what the operand is.
 * @gvt: whose register table has the names; NULL: offsets are printed.
 *
 * Stops behind MI_BATCH_BUFFER_END, and at a command that goes beyond the last dword. Returns how
 * many dwords it could not make commands of.
 */
size_t gvt_decode(const struct intel_gvt *gvt, enum gvt_engine engine, const u32 *dw, size_t nr,
		  FILE *to);

#endif
