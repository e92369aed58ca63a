/* SPDX-License-Identifier: MIT */
/*
 * BAR accesses: from a guest physical address to a register, an entry of the GGTT, or the
 * aperture. A register's row is found by one look-up in a flat index.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/vgpu.h"

static const struct gvt_reg_block *const skl_blocks[] = {
	&gvt_block_pvinfo, &gvt_block_gt, &gvt_block_engine,  &gvt_block_oa,
	&gvt_block_irq,	   &gvt_block_pm, &gvt_block_display, &gvt_block_uc,
};

static const struct {
	const char *name;
	u32 base;
} engines[GVT_NR_ENGINES] = {
	[GVT_RCS0] = { "RCS0", 0x2000 },
	[GVT_BCS0] = { "BCS0", 0x22000 },
	[GVT_VCS0] = { "VCS0", 0x12000 },
	[GVT_VECS0] = { "VECS0", 0x1a000 },
};

#define ENGINE_SPAN 0x1000u

u32 gvt_engine_base(enum gvt_engine engine)
{
	return engines[engine].base;
}

int gvt_engine_of(u32 offset)
{
	for (int i = 0; i < GVT_NR_ENGINES; i++)
		if (offset - engines[i].base < ENGINE_SPAN)
			return i;
	return -1;
}

static u32 row_stride(const struct gvt_reg *row)
{
	return row->stride ? row->stride : sizeof(u32);
}

static u32 row_count(const struct gvt_reg *row)
{
	return row->count ? row->count : 1;
}

static int index_row(struct intel_gvt *gvt, const struct gvt_reg *row, size_t nr, u32 base)
{
	for (u32 i = 0; i < row_count(row); i++) {
		u32 offset = base + row->offset + i * row_stride(row);

		if (offset % sizeof(u32) || offset >= GVT_MMIO_SIZE ||
		    gvt->index[offset / sizeof(u32)]) {
			fprintf(stderr, "register table: %s at 0x%x is misplaced or doubled\n",
				row->name, offset);
			return -EINVAL;
		}
		gvt->index[offset / sizeof(u32)] = nr;
		gvt->traps[offset / GVT_PAGE_SIZE] |= row->read != NULL;
	}
	return 0;
}

int gvt_mmio_build(struct intel_gvt *gvt)
{
	size_t nr = 1;

	for (size_t b = 0; b < ARRAY_SIZE(skl_blocks); b++)
		nr += skl_blocks[b]->nr;
	if (nr > UINT16_MAX)
		return -EINVAL;
	gvt->rows = calloc(nr, sizeof(*gvt->rows));
	if (!gvt->rows)
		return -ENOMEM;
	gvt->nr_rows = nr;

	nr = 1;
	for (size_t b = 0; b < ARRAY_SIZE(skl_blocks); b++) {
		for (size_t r = 0; r < skl_blocks[b]->nr; r++, nr++) {
			const struct gvt_reg *row = &skl_blocks[b]->rows[r];
			bool each = row->flags & GVT_REG_ENGINE;
			int err = 0;

			gvt->rows[nr] = row;
			for (int e = 0; !err && e < (each ? GVT_NR_ENGINES : 1); e++)
				err = index_row(gvt, row, nr, each ? engines[e].base : 0);
			if (err)
				return err;
		}
	}
	return 0;
}

const struct gvt_reg *intel_gvt_reg(const struct intel_gvt *gvt, u32 offset)
{
	return offset < GVT_MMIO_SIZE ? gvt->rows[gvt->index[offset / sizeof(u32)]] : NULL;
}

bool intel_gvt_page_traps(const struct intel_gvt *gvt, unsigned int page)
{
	return page >= GVT_MMIO_PAGES || gvt->traps[page];
}

const char *intel_gvt_reg_name(const struct intel_gvt *gvt, u32 offset, char *buf, size_t len)
{
	const struct gvt_reg *row = intel_gvt_reg(gvt, offset);
	bool each = row && row->flags & GVT_REG_ENGINE;
	int engine = each ? gvt_engine_of(offset) : -1;
	const char *sep = engine >= 0 ? "_" : "", *who = engine >= 0 ? engines[engine].name : "";

	if (!row)
		snprintf(buf, len, "0x%x", offset);
	else if (row_count(row) > 1)
		snprintf(buf, len, "%s%s%s[%u]", who, sep, row->name,
			 (offset - row->offset - (engine >= 0 ? engines[engine].base : 0)) /
				 row_stride(row));
	else
		snprintf(buf, len, "%s%s%s", who, sep, row->name);
	return buf;
}

static bool page_used(const struct intel_vgpu *vgpu, u32 page)
{
	return vgpu->state->vreg_used[page / 64] >> page % 64 & 1;
}

/* Most pages hold zeroes for ever: memory is asked for with the first other value. */
static bool use_page(struct intel_vgpu *vgpu, u32 page)
{
	u32 *at = vgpu->state->vreg + page * (GVT_PAGE_SIZE / sizeof(u32));

	if (page_used(vgpu, page))
		return true;
	if (intel_gvt_hypervisor_reserve_state(vgpu, at, GVT_PAGE_SIZE))
		return false;
	vgpu->state->vreg_used[page / 64] |= 1ull << page % 64;
	return true;
}

u32 gvt_vreg(const struct intel_vgpu *vgpu, u32 offset)
{
	return page_used(vgpu, offset / GVT_PAGE_SIZE) ? vgpu->state->vreg[offset / sizeof(u32)]
						       : 0;
}

void gvt_vreg_set(struct intel_vgpu *vgpu, u32 offset, u32 val)
{
	u32 *mirror = vgpu->mirror[offset / GVT_PAGE_SIZE];

	if (val == gvt_vreg(vgpu, offset) || !use_page(vgpu, offset / GVT_PAGE_SIZE))
		val = gvt_vreg(vgpu, offset);
	else
		vgpu->state->vreg[offset / sizeof(u32)] = val;
	if (mirror)
		__atomic_store_n(&mirror[offset % GVT_PAGE_SIZE / sizeof(u32)], val,
				 __ATOMIC_RELEASE);
	if (vgpu->space)
		vgpu_exec_reg_set(vgpu, offset, val);
}

void gvt_mmio_show(struct intel_vgpu *vgpu)
{
	for (unsigned int page = 0; page < GVT_MMIO_PAGES; page++) {
		const u32 *vreg = vgpu->state->vreg + page * GVT_PAGE_SIZE / sizeof(u32);

		if (vgpu->mirror[page] && page_used(vgpu, page))
			memcpy(vgpu->mirror[page], vreg, GVT_PAGE_SIZE);
		else if (vgpu->mirror[page])
			memset(vgpu->mirror[page], 0, GVT_PAGE_SIZE);
	}
}

void gvt_mmio_reset(struct intel_vgpu *vgpu)
{
	struct intel_gvt *gvt = vgpu->gvt;

	for (u32 dword = 0; dword < GVT_MMIO_DWORDS; dword++) {
		const struct gvt_reg *row = gvt->rows[gvt->index[dword]];

		gvt_vreg_set(vgpu, dword * sizeof(u32), row ? row->reset : 0);
	}
	gvt_pvinfo_populate(vgpu);
	gvt_mmio_show(vgpu);
}

static u32 read_dword(struct intel_vgpu *vgpu, u32 offset)
{
	u32 dword = offset / sizeof(u32);
	const struct gvt_reg *row = vgpu->gvt->rows[vgpu->gvt->index[dword]];

	vgpu->access[dword].reads++;
	return row && row->read ? row->read(vgpu, offset) : gvt_vreg(vgpu, offset);
}

static u32 taken(const struct gvt_reg *row, u32 old, u32 val, u32 lanes)
{
	u32 wmask = row && row->wmask ? row->wmask : ~0u;

	switch (row ? row->kind : GVT_REG_PLAIN) {
	case GVT_REG_MASKED:
		val &= lanes;
		wmask &= val >> 16;
		return (old & ~wmask) | (val & wmask);
	case GVT_REG_W1C:
		return old & ~(val & lanes & wmask);
	default:
		wmask &= lanes;
		return (old & ~wmask) | (val & wmask);
	}
}

/* @lanes: the bits that the guest's access covers; the rest of @val is zero. */
static void write_dword(struct intel_vgpu *vgpu, u32 offset, u32 val, u32 lanes)
{
	u32 dword = offset / sizeof(u32), old = gvt_vreg(vgpu, offset);
	const struct gvt_reg *row = vgpu->gvt->rows[vgpu->gvt->index[dword]];

	vgpu->access[dword].writes++;
	if (row && row->ro) {
		vgpu->state->counters.ro_write++;
		return;
	}
	gvt_vreg_set(vgpu, offset, taken(row, old, val, lanes));
	if (row && row->write)
		row->write(vgpu, offset, old, val);
}

static void read_regs(struct intel_vgpu *vgpu, u32 offset, u8 *buf, unsigned int bytes)
{
	while (bytes) {
		unsigned int at = offset % sizeof(u32), n = sizeof(u32) - at;
		u32 val = read_dword(vgpu, offset - at);

		n = n < bytes ? n : bytes;
		memcpy(buf, (u8 *)&val + at, n);
		offset += n;
		buf += n;
		bytes -= n;
	}
}

static void write_regs(struct intel_vgpu *vgpu, u32 offset, const u8 *buf, unsigned int bytes)
{
	while (bytes) {
		unsigned int at = offset % sizeof(u32), n = sizeof(u32) - at;
		u32 val = 0, lanes = 0;

		n = n < bytes ? n : bytes;
		memcpy((u8 *)&val + at, buf, n);
		memset((u8 *)&lanes + at, 0xff, n);
		write_dword(vgpu, offset - at, val, lanes);
		offset += n;
		buf += n;
		bytes -= n;
	}
}

/* Where in the vGPU a guest physical address is. */
enum place { PLACE_NONE, PLACE_REGS, PLACE_HOLE, PLACE_GGTT, PLACE_APERTURE };

static enum place find(const struct intel_vgpu *vgpu, u64 pa, unsigned int bytes, u64 *offset)
{
	const u64 *at = vgpu->state->bar_at;

	*offset = pa - at[VGPU_BAR_GTTMM];
	if (*offset <= VGPU_BAR0_SIZE - bytes && at[VGPU_BAR_GTTMM] != INTEL_GVT_BAR_OFF)
		return *offset <= GVT_MMIO_SIZE - bytes ? PLACE_REGS
		       : *offset < VGPU_GGTT_OFFSET	? PLACE_HOLE
							: PLACE_GGTT;
	*offset = pa - at[VGPU_BAR_APERTURE];
	if (*offset <= vgpu_bar_size(vgpu, VGPU_BAR_APERTURE) - bytes &&
	    at[VGPU_BAR_APERTURE] != INTEL_GVT_BAR_OFF)
		return PLACE_APERTURE;
	return PLACE_NONE;
}

static bool width_valid(unsigned int bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

int intel_vgpu_emulate_mmio_read(struct intel_vgpu *vgpu, u64 pa, void *buf, unsigned int bytes)
{
	struct vgpu_counters *counters = &vgpu->state->counters;
	u64 offset;

	memset(buf, 0xff, bytes <= 8 ? bytes : 8);
	if (!width_valid(bytes)) {
		counters->outside++;
		return -EINVAL;
	}
	if (!vgpu->state->active)
		return 0;
	switch (find(vgpu, pa, bytes, &offset)) {
	case PLACE_REGS:
		counters->mmio_read++;
		read_regs(vgpu, offset, buf, bytes);
		return 0;
	case PLACE_HOLE:
		memset(buf, 0, bytes);
		return 0;
	case PLACE_GGTT:
		counters->ggtt_read++;
		memcpy(buf, (u8 *)vgpu->ggtt + (offset - VGPU_GGTT_OFFSET), bytes);
		return 0;
	case PLACE_APERTURE:
		counters->aperture_read++;
		vgpu_aperture_read(vgpu, offset, buf, bytes);
		return 0;
	default:
		counters->outside++;
		return -ENXIO;
	}
}

int intel_vgpu_emulate_mmio_write(struct intel_vgpu *vgpu, u64 pa, const void *buf,
				  unsigned int bytes)
{
	struct vgpu_counters *counters = &vgpu->state->counters;
	bool active = vgpu->state->active;
	u64 offset, copy;

	if (!width_valid(bytes)) {
		counters->outside++;
		return -EINVAL;
	}
	switch (find(vgpu, pa, bytes, &offset)) {
	case PLACE_REGS:
		counters->mmio_write++;
		if (active)
			write_regs(vgpu, offset, buf, bytes);
		return 0;
	case PLACE_HOLE:
		return 0;
	case PLACE_GGTT:
		counters->ggtt_write++;
		if (active) {
			offset -= VGPU_GGTT_OFFSET;
			memcpy((u8 *)vgpu->ggtt + offset, buf, bytes);
			vgpu_ggtt_written(vgpu, offset, bytes);
		}
		return 0;
	case PLACE_APERTURE:
		counters->aperture_write++;
		if (active)
			vgpu_aperture_write(vgpu, offset, buf, bytes);
		return 0;
	default:
		memcpy(&copy, buf, bytes);
		if (intel_vgpu_page_track_handler(vgpu, pa, &copy, bytes) != -ENXIO)
			return 0;
		counters->outside++;
		return -ENXIO;
	}
}

void intel_vgpu_access_count(const struct intel_vgpu *vgpu, u32 offset, u32 *reads, u32 *writes)
{
	*reads = vgpu->access[offset / sizeof(u32)].reads;
	*writes = vgpu->access[offset / sizeof(u32)].writes;
}
