/* SPDX-License-Identifier: MIT */
/*
 * Encodings: Intel's Skylake Programmer's Reference Manual, volume 2a; the same as Linux's
 * gt/intel_gpu_commands.h.
 */
#include <errno.h>

#include "batch.h"

#define MI(op, len)	   ((uint32_t)(op) << 23 | (len))
#define MI_ARB_CHECK	   MI(0x05, 0)
#define MI_END		   MI(0x0a, 0)
#define MI_STORE_DW	   MI(0x20, 2)
#define MI_STORE_QW	   (MI(0x20, 3) | 1u << 21)
#define MI_LOAD_REG_IMM	   MI(0x22, 1)
#define MI_STORE_REG_MEM   MI(0x24, 2)
#define MI_FLUSH_DW	   MI(0x26, 3)
#define MI_START_PPGTT	   (MI(0x31, 1) | 1u << 8)
#define MI_SECOND_LEVEL	   (1u << 22)
#define PIPE_CONTROL	   (0x7a000000u | 4)
#define PIPE_CONTROL_FLUSH (1u << 20 | 1u << 12 | 1u << 5 | 1u << 0) /* CS stall, RT, DC, depth */

#define BLT(op, len) (2u << 29 | (uint32_t)(op) << 22 | (len))
#define XY_FAST_COPY BLT(0x42, 8)
#define XY_COLOR     BLT(0x50, 5)
#define XY_SRC_COPY  BLT(0x53, 8)
#define WRITE_RGB    (1u << 20)
#define WRITE_ALPHA  (1u << 21)
#define SRC_TILED    (1u << 15)
#define DST_TILED    (1u << 11)
#define ROP_COPY     (0xccu << 16)
#define ROP_PATTERN  (0xf0u << 16)
#define BCS_SWCTRL   0x22200u /* bit 0: sources are Y-tiled, bit 1: destinations; masked */

struct batch batch_in(const struct bo *bo, uint32_t at)
{
	return (struct batch){ .dw = (uint32_t *)(bo->map + at), .max = (bo->size - at) / 4 };
}

void emit(struct batch *batch, uint32_t dw)
{
	if (batch->nr == batch->max) {
		errno = ENOSPC;
		die("a batch of %u dwords", batch->max);
	}
	batch->dw[batch->nr++] = dw;
}

static void emit64(struct batch *batch, uint64_t qw)
{
	emit(batch, (uint32_t)qw);
	emit(batch, (uint32_t)(qw >> 32));
}

void emit_end(struct batch *batch)
{
	emit(batch, MI_END);
	if (batch->nr & 1)
		emit(batch, 0);
}

void emit_store(struct batch *batch, uint64_t addr, uint32_t value)
{
	emit(batch, MI_STORE_DW);
	emit64(batch, addr);
	emit(batch, value);
}

void emit_store64(struct batch *batch, uint64_t addr, uint64_t value)
{
	emit(batch, MI_STORE_QW);
	emit64(batch, addr);
	emit64(batch, value);
}

void emit_jump(struct batch *batch, uint64_t addr)
{
	emit(batch, MI_START_PPGTT);
	emit64(batch, addr);
}

void emit_call(struct batch *batch, uint64_t addr)
{
	emit(batch, MI_START_PPGTT | MI_SECOND_LEVEL);
	emit64(batch, addr);
}

void emit_load_reg(struct batch *batch, uint32_t reg, uint32_t value)
{
	emit(batch, MI_LOAD_REG_IMM);
	emit(batch, reg);
	emit(batch, value);
}

void emit_store_reg(struct batch *batch, uint32_t reg, uint64_t addr)
{
	emit(batch, MI_STORE_REG_MEM);
	emit(batch, reg);
	emit64(batch, addr);
}

void emit_flush(struct batch *batch, const struct engine *engine)
{
	emit(batch, engine == RCS ? PIPE_CONTROL : MI_FLUSH_DW);
	emit(batch, engine == RCS ? PIPE_CONTROL_FLUSH : 0);
	emit64(batch, 0);
	emit(batch, 0);
	if (engine == RCS)
		emit(batch, 0);
}

void emit_arb_check(struct batch *batch)
{
	emit(batch, MI_ARB_CHECK);
}

/* The commands of old count 8, 16 and 32 bits as 0, 1, 3, the fast copy 64 and 128 as 4 and 5. */
static uint32_t depth(unsigned int cpp)
{
	switch (cpp) {
	case 1:
		return 0;
	case 2:
		return 1u << 24;
	case 4:
		return 3u << 24;
	case 8:
		return 4u << 24;
	default:
		return 5u << 24;
	}
}

static uint32_t corner(uint32_t x, uint32_t y)
{
	return y << 16 | x;
}

static void emit_place(struct batch *batch, const struct surface *to, uint32_t w, uint32_t h)
{
	emit(batch, corner(to->x, to->y));
	emit(batch, corner(to->x + w, to->y + h));
	emit64(batch, to->addr);
}

static void emit_source(struct batch *batch, const struct surface *from, uint32_t pitch)
{
	emit(batch, corner(from->x, from->y));
	emit(batch, pitch);
	emit64(batch, from->addr);
}

/* A tiled surface's pitch is counted in dwords. */
static uint32_t pitch_of(const struct surface *surface)
{
	return surface->tiling == LINEAR ? surface->pitch : surface->pitch / 4;
}

static uint32_t full_write(unsigned int cpp)
{
	return cpp == 4 ? WRITE_RGB | WRITE_ALPHA : 0;
}

void emit_copy(struct batch *batch, const struct surface *to, const struct surface *from,
	       uint32_t w, uint32_t h, unsigned int cpp)
{
	uint32_t y_tiled = (from->tiling == TILED_Y) | (to->tiling == TILED_Y) << 1;

	if (y_tiled) {
		emit_flush(batch, BCS);
		emit_load_reg(batch, BCS_SWCTRL, 3u << 16 | y_tiled);
	}
	emit(batch, XY_SRC_COPY | full_write(cpp) | (from->tiling ? SRC_TILED : 0) |
			    (to->tiling ? DST_TILED : 0));
	emit(batch, depth(cpp) | ROP_COPY | pitch_of(to));
	emit_place(batch, to, w, h);
	emit_source(batch, from, pitch_of(from));
	if (y_tiled) {
		emit_flush(batch, BCS);
		emit_load_reg(batch, BCS_SWCTRL, 3u << 16);
	}
}

void emit_fast_copy(struct batch *batch, const struct surface *to, const struct surface *from,
		    uint32_t w, uint32_t h, unsigned int cpp)
{
	emit(batch, XY_FAST_COPY | (uint32_t)from->tiling << 20 | (uint32_t)to->tiling << 13);
	emit(batch, depth(cpp) | pitch_of(to));
	emit_place(batch, to, w, h);
	emit_source(batch, from, pitch_of(from));
}

void emit_color(struct batch *batch, const struct surface *to, uint32_t w, uint32_t h,
		unsigned int cpp, uint32_t color, unsigned int write)
{
	uint32_t mask = (write & 1 ? WRITE_RGB : 0) | (write & 2 ? WRITE_ALPHA : 0);

	emit(batch, XY_COLOR | (cpp == 4 ? mask : 0) | (to->tiling ? DST_TILED : 0));
	emit(batch, depth(cpp) | ROP_PATTERN | pitch_of(to));
	emit_place(batch, to, w, h);
	emit(batch, color);
}

uint64_t tiled_at(enum tiling tiling, uint32_t pitch, uint32_t x, uint32_t y)
{
	uint64_t tile;

	switch (tiling) {
	case TILED_X: /* 512 bytes by 8 rows, row by row */
		tile = (uint64_t)(y / 8) * (pitch / 512) + x / 512;
		return tile * PAGE + y % 8 * 512 + x % 512;
	case TILED_Y: /* 128 bytes by 32 rows, columns of 16 bytes */
		tile = (uint64_t)(y / 32) * (pitch / 128) + x / 128;
		return tile * PAGE + x % 128 / 16 * 512 + y % 32 * 16 + x % 16;
	default:
		return (uint64_t)y * pitch + x;
	}
}
