/* SPDX-License-Identifier: MIT */
/* What the blitter needs: memory, a register, the setup's dwords. */
#include "tests/unit/blt_rig.h"

#include <stdlib.h>
#include <string.h>

static u8 *new_page(const u8 *content)
{
	u8 *page = malloc(GVT_PAGE_SIZE);

	ck_assert_ptr_nonnull(page);
	if (content)
		memcpy(page, content, GVT_PAGE_SIZE);
	return page;
}

struct softgpu_engine *rig_start(u64 seed)
{
	struct softgpu_engine *e = calloc(1, sizeof(*e));

	ck_assert_ptr_nonnull(e);
	for (u32 i = 0; i < RIG_PAGES; i++) {
		e->page[i] = new_page(NULL);
		for (u32 j = 0; j < GVT_PAGE_SIZE; j += 8) {
			u64 noise = unit_random(&seed);

			memcpy(e->page[i] + j, &noise, 8);
		}
	}
	e->first_write = RIG_PAGES;
	e->fault = ~0ull;
	return e;
}

void rig_end(struct softgpu_engine *e)
{
	for (u32 i = 0; i < RIG_PAGES; i++)
		free(e->page[i]);
	free(e);
}

u8 *rig_byte(struct softgpu_engine *e, u64 addr)
{
	u64 i = (addr - RIG_BASE) / GVT_PAGE_SIZE;

	UNIT_CHECK(i < RIG_PAGES, "%llx is no address of the test's", (unsigned long long)addr);
	return e->page[i] + addr % GVT_PAGE_SIZE;
}

u32 rig_u32(struct softgpu_engine *e, u64 addr)
{
	u32 value = 0;

	for (u32 i = 0; i < 4; i++)
		value |= (u32)*rig_byte(e, addr + i) << (8 * i);
	return value;
}

void rig_save(struct softgpu_engine *e, u8 *copy)
{
	for (u32 i = 0; i < RIG_PAGES; i++)
		memcpy(copy + i * GVT_PAGE_SIZE, e->page[i], GVT_PAGE_SIZE);
}

u64 rig_same(struct softgpu_engine *e, const u8 *copy)
{
	for (u32 i = 0; i < RIG_PAGES; i++) {
		const u8 *was = copy + i * GVT_PAGE_SIZE;

		if (!memcmp(e->page[i], was, GVT_PAGE_SIZE))
			continue;
		for (u32 j = 0; j < GVT_PAGE_SIZE; j++)
			if (e->page[i][j] != was[j])
				return i * GVT_PAGE_SIZE + j;
	}
	return ~0ull;
}

/* ---- what the blitter calls ---- */

void *softgpu_at(struct softgpu_engine *e, u64 addr, bool write, u32 *left)
{
	u64 i = (addr - RIG_BASE) / GVT_PAGE_SIZE;

	e->looks++;
	if (i >= RIG_PAGES || e->missing[i]) {
		e->fault = addr;
		return NULL;
	}
	*left = GVT_PAGE_SIZE - addr % GVT_PAGE_SIZE;
	if (!write)
		return e->page[i] + addr % GVT_PAGE_SIZE;
	if (i < e->first_write)
		e->first_write = (u32)i;
	if (i > e->last_write)
		e->last_write = (u32)i;
	return (e->read_only[i] ? e->nowhere : e->page[i]) + addr % GVT_PAGE_SIZE;
}

bool softgpu_point(struct softgpu_engine *e)
{
	e->points++;
	for (u32 i = 0; i < RIG_PAGES; i++) {
		u8 *moved = e->missing[i] ? NULL : new_page(e->page[i]);

		if (!moved)
			continue;
		free(e->page[i]);
		e->page[i] = moved;
	}
	return e->points != e->stops_at;
}

void softgpu_worked(struct softgpu_engine *e, u32 bytes)
{
	(void)e;
	(void)bytes;
}

bool softgpu_wanted(struct softgpu_engine *e)
{
	return e->gives_way && unit_random(&e->gives_way) % 4 == 0;
}

u32 *softgpu_progress(struct softgpu_engine *e)
{
	return &e->progress;
}

u32 softgpu_reg(struct softgpu_engine *e, u32 offset)
{
	ck_assert_uint_eq(offset, 0x22200);
	return e->swctrl;
}

u32 *softgpu_setup(struct softgpu_engine *e)
{
	return e->setup;
}
