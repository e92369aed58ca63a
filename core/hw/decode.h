/* SPDX-License-Identifier: MIT */
/* Commands as text for people. */
#ifndef CORE_HW_DECODE_H
#define CORE_HW_DECODE_H

#include <stdio.h>

#include "core/hw/cmd.h"

struct gvt_regs;

/**
 * gvt_decode() - print @nr dwords at @dw as commands of @engine, a line for each dword: its offset,
 * its value, and a command's name and length or the meaning of an operand.
 * @regs: the register table, for names; NULL: offsets are printed.
 *
 * Stops behind MI_BATCH_BUFFER_END, and at a command that goes beyond the last dword. Returns the
 * number of dwords that it could not decode.
 */
size_t gvt_decode(const struct gvt_regs *regs, enum gvt_engine engine, const u32 *dw, size_t nr,
		  FILE *to);

#endif
