/* SPDX-License-Identifier: MIT */
/*
 * Registers as data: the form of the register table.
 *
 * A platform is a list of blocks, a block is an array of rows, a row is a register or an array of
 * equal ones. The dispatch index, the reset image, the map of pages that the guest reads without a
 * trap, and the names for people are all made from the rows.
 */
#ifndef CORE_HW_REG_H
#define CORE_HW_REG_H

#include "core/base/types.h"
#include "core/hw/engine.h"

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
	/* Part of what an engine runs: the GPU has a value of its own, which no guest writes. */
	GVT_REG_GPU = 1 << 1,
	/* The GPU's value is an address of the mediator's memory: guests' commands read zero. */
	GVT_REG_HIDDEN = 1 << 2,
	/* It is only stored: it matters to the guest's commands alone, or to nothing yet. */
	GVT_REG_DEFAULT = 0,
};

/* How a register's new value is made, where kind and wmask do not suffice: core/mmio/take.c. */
enum gvt_reg_take {
	GVT_TAKE_VALUE,
	GVT_TAKE_DDI_BUF,
	GVT_TAKE_DMA_CTRL,
	GVT_TAKE_PCODE,
	GVT_TAKE_RESET_CTL,
	GVT_TAKE_SBI_CTL,
	GVT_TAKE_STATE_FOLLOWS,
	GVT_TAKE_ZERO,
	GVT_TAKES
};

/* What the GPU is told in place of a value that it must not have: core/regs/rule.c. */
enum gvt_reg_told { GVT_TOLD_VALUE, GVT_TOLD_NONPRIV, GVT_TOLD_STATUS_PAGE, GVT_TOLDS };

/*
 * What a write does besides giving the register its value, and where a value that is not stored
 * comes from. The rows name it; core/mmio does it.
 */
enum gvt_reg_write {
	GVT_WRITE_NOTHING,
	GVT_WRITE_AUX,
	GVT_WRITE_DP_TP,
	GVT_WRITE_ELSP,
	GVT_WRITE_FENCE,
	GVT_WRITE_FORCEWAKE,
	GVT_WRITE_G2V,
	GVT_WRITE_GAMW,
	GVT_WRITE_GDRST,
	GVT_WRITE_GGTT_FLUSH,
	GVT_WRITE_GMBUS1,
	GVT_WRITE_IRQ_IER,
	GVT_WRITE_IRQ_IIR,
	GVT_WRITE_IRQ_MASTER,
	GVT_WRITE_OA_CONTROL,
	GVT_WRITE_PCODE,
	GVT_WRITE_PIPECONF,
	GVT_WRITE_PIPE_IMR,
	GVT_WRITE_PLL,
	GVT_WRITE_PP_CONTROL,
	GVT_WRITE_PWR_WELL,
	GVT_WRITES
};

enum gvt_reg_read {
	GVT_READ_STORED,
	GVT_READ_LIVE,
	GVT_READ_NONPRIV,
	GVT_READ_OA_TAIL,
	GVT_READ_RING_START,
	GVT_READ_TIMESTAMP,
	GVT_READ_TIMESTAMP_UDW,
	GVT_READS
};

/**
 * struct gvt_reg - one row.
 * @name:   as the hardware's manuals and i915's headers have it.
 * @offset: bytes from the start of BAR0, or with GVT_REG_ENGINE from the engine's base; a multiple
 *          of 4.
 * @count:  how many registers the row is, @stride bytes apart; 0 means 1.
 * @stride: bytes from one register to the next; 0 means 4.
 * @kind:   how a write is taken.
 * @flags:  enum gvt_reg_flags.
 * @ro:     true: writes are dropped (and counted).
 * @reset:  value after reset.
 * @wmask:  bits that a write may change; 0 means all. For read-only registers, use @ro.
 * @state:  bits outside @wmask that the device itself changes. All other bits outside @wmask keep
 *          their value after reset.
 * @take:   how a write makes the register's new value, which happens before anybody is told of it;
 *          enum gvt_reg_take.
 * @told:   what the GPU is told of the value, wherever that comes from: the CPU, a state file, a
 *          command or a context's image; enum gvt_reg_told. The guest reads the value itself.
 * @write:  what else a write does, after the register has its new value and guest and GPU know it;
 *          enum gvt_reg_write.
 * @read:   where the value comes from, if it is live or changes on reading; enum gvt_reg_read. A
 *          row with it has its whole page trap on reads: use it only where nothing else serves.
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
	u32 state;
	u8 take;
	u8 told;
	u8 write;
	u8 read;
};

/* One hardware block: a file's worth of rows. */
struct gvt_reg_block {
	const char *name;
	const struct gvt_reg *rows;
	size_t nr;
};

/* The register table of a platform, and its index. */
struct gvt_regs {
	const struct gvt_reg **rows; /* row 0 is no register */
	size_t nr;
	bool traps[GVT_MMIO_PAGES];  /* pages on which reads must trap */
	bool resets[GVT_MMIO_PAGES]; /* pages with a register that is not zero after reset */
	u16 index[GVT_MMIO_DWORDS];  /* dword of BAR0 -> row */
};

/**
 * gvt_regs_build() - index the rows of the Skylake GT2.
 * @regs: zeroes; its memory stays the caller's. Released by gvt_regs_free().
 * Returns 0, -ENOMEM, or -EINVAL after a line on stderr when rows contradict one another.
 */
int gvt_regs_build(struct gvt_regs *regs);

/** gvt_regs_free() - free what gvt_regs_build() allocated. */
void gvt_regs_free(struct gvt_regs *regs);

/** gvt_regs_row() - the row for byte @offset of BAR0, or NULL when the table has none. */
static inline const struct gvt_reg *gvt_regs_row(const struct gvt_regs *regs, u32 offset)
{
	return offset < GVT_MMIO_SIZE ? regs->rows[regs->index[offset / sizeof(u32)]] : NULL;
}

/**
 * gvt_regs_name() - print the register's name into @buf, with its engine and its index in an array.
 * An offset that is not in the table is printed as a number. Returns @buf.
 */
const char *gvt_regs_name(const struct gvt_regs *regs, u32 offset, char *buf, size_t len);

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
