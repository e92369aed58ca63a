/* SPDX-License-Identifier: MIT */
/* The register table of a Skylake GT2: its blocks, one index over all, and names for people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/hw/reg.h"

static const struct gvt_reg_block *const skl_blocks[] = {
	&gvt_block_pvinfo, &gvt_block_gt, &gvt_block_engine,  &gvt_block_oa,
	&gvt_block_irq,	   &gvt_block_pm, &gvt_block_display, &gvt_block_uc,
};

static u32 row_stride(const struct gvt_reg *row)
{
	return row->stride ? row->stride : sizeof(u32);
}

static u32 row_count(const struct gvt_reg *row)
{
	return row->count ? row->count : 1;
}

static int index_row(struct gvt_regs *regs, const struct gvt_reg *row, size_t nr, u32 base)
{
	for (u32 i = 0; i < row_count(row); i++) {
		u32 offset = base + row->offset + i * row_stride(row);

		if (offset % sizeof(u32) || offset >= GVT_MMIO_SIZE ||
		    regs->index[offset / sizeof(u32)]) {
			fprintf(stderr, "register table: %s at 0x%x is misplaced or doubled\n",
				row->name, offset);
			return -EINVAL;
		}
		regs->index[offset / sizeof(u32)] = nr;
		regs->traps[offset / GVT_PAGE_SIZE] |= row->read != GVT_READ_STORED;
		regs->resets[offset / GVT_PAGE_SIZE] |= row->reset != 0;
	}
	return 0;
}

int gvt_regs_build(struct gvt_regs *regs)
{
	size_t nr = 1;

	for (size_t b = 0; b < ARRAY_SIZE(skl_blocks); b++)
		nr += skl_blocks[b]->nr;
	if (nr > UINT16_MAX)
		return -EINVAL;
	regs->rows = calloc(nr, sizeof(*regs->rows));
	if (!regs->rows)
		return -ENOMEM;
	regs->nr = nr;

	nr = 1;
	for (size_t b = 0; b < ARRAY_SIZE(skl_blocks); b++) {
		for (size_t r = 0; r < skl_blocks[b]->nr; r++, nr++) {
			const struct gvt_reg *row = &skl_blocks[b]->rows[r];
			bool each = row->flags & GVT_REG_ENGINE;
			int err = 0;

			regs->rows[nr] = row;
			for (int e = 0; !err && e < (each ? GVT_NR_ENGINES : 1); e++)
				err = index_row(regs, row, nr, each ? gvt_engine_base(e) : 0);
			if (err)
				return err;
		}
	}
	return 0;
}

void gvt_regs_free(struct gvt_regs *regs)
{
	free(regs->rows);
	regs->rows = NULL;
}

const char *gvt_regs_name(const struct gvt_regs *regs, u32 offset, char *buf, size_t len)
{
	const struct gvt_reg *row = gvt_regs_row(regs, offset);
	bool each = row && row->flags & GVT_REG_ENGINE;
	int engine = each ? gvt_engine_of(offset) : -1;
	const char *sep = engine >= 0 ? "_" : "",
		   *who = engine >= 0 ? gvt_engine_prefix(engine) : "";

	if (!row)
		snprintf(buf, len, "0x%x", offset);
	else if (row_count(row) > 1)
		snprintf(buf, len, "%s%s%s[%u]", who, sep, row->name,
			 (offset - row->offset - (engine >= 0 ? gvt_engine_base(engine) : 0)) /
				 row_stride(row));
	else
		snprintf(buf, len, "%s%s%s", who, sep, row->name);
	return buf;
}
