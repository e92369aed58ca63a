/* SPDX-License-Identifier: MIT */
/* Commands for people to read. */
#ifndef CORE_HW_DECODE_H
#define CORE_HW_DECODE_H

#include <stdio.h>

#include "core/hw/cmd.h"

struct gvt_regs;

/**
 * gvt_decode() - print @nr dwords at @dw as commands of @engine, a line for each dword: offset,
 * value, and the command's name and length, or what the operand is.
 * @regs: the register table, for names; NULL: offsets are printed.
 *
 * Stops behind MI_BATCH_BUFFER_END, and at a command that goes beyond the last dword. Returns how
 * many dwords it could not make commands of.
 */
size_t gvt_decode(const struct gvt_regs *regs, enum gvt_engine engine, const u32 *dw, size_t nr,
		  FILE *to);

#endif
