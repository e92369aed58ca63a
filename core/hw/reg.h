/* SPDX-License-Identifier: MIT */
/*
 * Registers as data: the form of the register table.
 *
 * A platform is a list of blocks, a block is an array of rows, a row is a register or an array of
 * equal ones. From the rows come the dispatch index, the reset image, the map of pages that the
 * guest reads without a trap, and the names that people see.
 */
#ifndef CORE_MMIO_REG_H
#define CORE_MMIO_REG_H

#include "core/base/types.h"
#include "core/port/gpu.h"

struct intel_vgpu;

#define GVT_MMIO_SIZE	MiB(2) /* the register part of BAR0 */
#define GVT_MMIO_DWORDS (GVT_MMIO_SIZE / sizeof(u32))
#define GVT_MMIO_PAGES	(GVT_MMIO_SIZE / GVT_PAGE_SIZE)

/* How a row's registers take a write, before its handler, if any, is called. */
enum gvt_reg_kind {
	GVT_REG_PLAIN,	/* new = old outside wmask, written inside it */
	GVT_REG_MASKED, /* upper 16 bits say which of the lower 16 the write changes */
	GVT_REG_W1C,	/* ones written inside wmask clear those bits */
};

enum gvt_reg_flags {
	/* One instance for each engine; .offset is the distance from the engine's base. */
	GVT_REG_ENGINE = 1 << 0,
	/* What an engine runs: the GPU has its own value, which the guest's writes do not reach. */
	GVT_REG_GPU = 1 << 1,
	/* Only the guest's commands need it, or nothing yet does: it is known, and stored. */
	GVT_REG_DEFAULT = 0,
};

/**
 * struct gvt_reg - one row.
 * @name:   as the hardware's manuals and i915's headers have it.
 * @offset: bytes from the start of BAR0 (from the engine's base with GVT_REG_ENGINE); dword
 * aligned.
 * @count:  how many dwords of the kind follow each other, @stride bytes apart; 0 means 1.
 * @stride: bytes from one to the next; 0 means 4.
 * @kind:   how a write is taken.
 * @flags:  enum gvt_reg_flags.
 * @ro:     true: writes are dropped (and counted).
 * @reset:  value after reset.
 * @wmask:  bits that a write may change; 0 means all. For read-only registers, say @ro.
 * @write:  called after the value was taken, with what stood there (@old) and the raw value
 *          written (@val); may change this or other registers with gvt_vreg_set().
 * @read:   for values that are live or change on reading; returns the value. A row with it makes
 *          its page trapped on reads: use it only where nothing else serves.
 */
struct gvt_reg {
	const char *name;
	u32 offset;
	u16 count;
	u16 stride;
	u8 kind;
	u8 flags;
	bool ro;
	u32 reset;
	u32 wmask;
	void (*write)(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
	u32 (*read)(struct intel_vgpu *vgpu, u32 offset);
};

/* One hardware block: a file's worth of rows. */
struct gvt_reg_block {
	const char *name;
	const struct gvt_reg *rows;
	size_t nr;
};

/**
 * gvt_vreg() - the value of the register at byte @offset (dword aligned, below GVT_MMIO_SIZE).
 */
u32 gvt_vreg(const struct intel_vgpu *vgpu, u32 offset);

/**
 * gvt_vreg_set() - give the register at @offset the value @val, without its handler, and show it
 * to the guest where the page is read without a trap.
 */
void gvt_vreg_set(struct intel_vgpu *vgpu, u32 offset, u32 val);

/** gvt_engine_base() - byte offset of an engine's registers in BAR0. */
u32 gvt_engine_base(enum gvt_engine engine);

/**
 * gvt_engine_of() - the engine whose registers hold @offset, or -1.
 */
int gvt_engine_of(u32 offset);

/** gvt_timestamp() - the GT's time in clocks of 12 MHz, of which its registers show the low 36
 * bits.
 */
u64 gvt_timestamp(void);

/** gvt_oa_report_dwords() - dwords of a report of the OA unit, as its OACONTROL (@control) says. */
u32 gvt_oa_report_dwords(u32 control);

/* The blocks of the Skylake GT2 table, one file each. */
extern const struct gvt_reg_block gvt_block_pvinfo;
extern const struct gvt_reg_block gvt_block_gt;
extern const struct gvt_reg_block gvt_block_engine;
extern const struct gvt_reg_block gvt_block_oa;
extern const struct gvt_reg_block gvt_block_irq;
extern const struct gvt_reg_block gvt_block_pm;
extern const struct gvt_reg_block gvt_block_display;
extern const struct gvt_reg_block gvt_block_uc;

#endif
