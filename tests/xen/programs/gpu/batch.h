/* SPDX-License-Identifier: MIT */
/* Commands of Gen9, put one after another into a buffer that the CPU has mapped. */
#ifndef BATCH_H
#define BATCH_H

#include <stdint.h>

#include "gem.h"

struct batch {
	uint32_t *dw;
	unsigned int nr, max;
};

enum tiling { LINEAR, TILED_X, TILED_Y };

/* A rectangle's place in a surface: @pitch bytes a row, @cpp bytes a pixel. */
struct surface {
	uint64_t addr;
	uint32_t pitch;
	enum tiling tiling;
	uint32_t x, y;
};

/** batch_in() - an empty batch over @bo's mapping, from byte @at on. */
struct batch batch_in(const struct bo *bo, uint32_t at);

void emit(struct batch *batch, uint32_t dw);

/** emit_end() - MI_BATCH_BUFFER_END, made a whole number of qwords. */
void emit_end(struct batch *batch);

/** emit_store() - MI_STORE_DATA_IMM of one dword, by PPGTT. */
void emit_store(struct batch *batch, uint64_t addr, uint32_t value);

/** emit_store64() - the same of one qword. */
void emit_store64(struct batch *batch, uint64_t addr, uint64_t value);

/** emit_jump() - MI_BATCH_BUFFER_START by PPGTT; emit_call(): as a second-level batch, which
 * returns. */
void emit_jump(struct batch *batch, uint64_t addr);
void emit_call(struct batch *batch, uint64_t addr);

/** emit_load_reg(), emit_store_reg() - MI_LOAD_REGISTER_IMM, MI_STORE_REGISTER_MEM. */
void emit_load_reg(struct batch *batch, uint32_t reg, uint32_t value);
void emit_store_reg(struct batch *batch, uint32_t reg, uint64_t addr);

/** emit_flush() - what went before is in memory: PIPE_CONTROL on RCS, MI_FLUSH_DW elsewhere. */
void emit_flush(struct batch *batch, const struct engine *engine);

/** emit_arb_check() - MI_ARB_CHECK: another context may be let in here. */
void emit_arb_check(struct batch *batch);

/** emit_copy() - XY_SRC_COPY_BLT of @w by @h pixels of @cpp (1, 2, 4) bytes; Y tiling by
 * BCS_SWCTRL. */
void emit_copy(struct batch *batch, const struct surface *to, const struct surface *from,
	       uint32_t w, uint32_t h, unsigned int cpp);

/** emit_fast_copy() - XY_FAST_COPY_BLT; @cpp up to 16. */
void emit_fast_copy(struct batch *batch, const struct surface *to, const struct surface *from,
		    uint32_t w, uint32_t h, unsigned int cpp);

/** emit_color() - XY_COLOR_BLT; @write: which of RGB (1) and alpha (2) are written, at 4 bytes. */
void emit_color(struct batch *batch, const struct surface *to, uint32_t w, uint32_t h,
		unsigned int cpp, uint32_t color, unsigned int write);

/** tiled_at() - where byte @x of row @y of a tiled surface is. @pitch: bytes, whole tiles. */
uint64_t tiled_at(enum tiling tiling, uint32_t pitch, uint32_t x, uint32_t y);

#endif
