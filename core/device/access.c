/* SPDX-License-Identifier: MIT */
/*
 * BAR accesses: from a guest physical address to a register, an entry of the GGTT, or the
 * aperture.
 */
#include <errno.h>
#include <string.h>

#include "core/gtt/gtt.h"
#include "core/gtt/page_track.h"
#include "core/mmio/mmio.h"
#include "core/regs/vreg.h"
#include "core/vgpu.h"

static u32 read_dword(struct intel_vgpu *vgpu, u32 offset)
{
	gvt_vreg_count(vgpu, offset, false);
	return gvt_mmio_value(vgpu, intel_gvt_reg(vgpu->gvt, offset), offset);
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

/*
 * @lanes: the bits that the guest's access covers; other bits of @val are zero. The order is the
 * same for all registers: first the new value is made, then guest and GPU are told of it, and then
 * the write's other effects happen.
 */
static void write_dword(struct intel_vgpu *vgpu, u32 offset, u32 val, u32 lanes)
{
	const struct gvt_reg *row = intel_gvt_reg(vgpu->gvt, offset);
	u32 old = gvt_vreg(vgpu, offset), now;

	gvt_vreg_count(vgpu, offset, true);
	if (row && row->ro) {
		vgpu->tally->counters.ro_write++;
		return;
	}
	now = gvt_mmio_taken(row, val, taken(row, old, val, lanes));
	gvt_vreg_set(vgpu, offset, now);
	gvt_mmio_written(vgpu, row, offset, old, val);
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
	const u64 *at = vgpu->device->bar_at;

	*offset = pa - at[VGPU_BAR_GTTMM];
	if (*offset <= GVT_BAR0_SIZE - bytes && at[VGPU_BAR_GTTMM] != INTEL_GVT_BAR_OFF)
		return *offset <= GVT_MMIO_SIZE - bytes ? PLACE_REGS
		       : *offset < VGPU_GGTT_OFFSET	? PLACE_HOLE
							: PLACE_GGTT;
	*offset = pa - at[VGPU_BAR_APERTURE];
	if (*offset <= vgpu_bar_size(vgpu, VGPU_BAR_APERTURE) - bytes &&
	    at[VGPU_BAR_APERTURE] != INTEL_GVT_BAR_OFF)
		return PLACE_APERTURE;
	return PLACE_NONE;
}

/* Behind the registers stands the OpRegion, for a guest whose firmware made no place for one. */
static void read_hole(struct intel_vgpu *vgpu, u64 offset, void *buf, unsigned int bytes)
{
	u8 region[INTEL_GVT_OPREGION_SIZE];

	memset(buf, 0, bytes);
	offset -= GVT_MMIO_SIZE;
	if (!vgpu->device->params.heads || offset > sizeof(region) - bytes)
		return;
	intel_vgpu_opregion(vgpu, region);
	memcpy(buf, region + offset, bytes);
}

static bool width_valid(unsigned int bytes)
{
	return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

int intel_vgpu_emulate_mmio_read(struct intel_vgpu *vgpu, u64 pa, void *buf, unsigned int bytes)
{
	struct vgpu_counters *counters = &vgpu->tally->counters;
	u64 offset;

	memset(buf, 0xff, bytes <= 8 ? bytes : 8);
	if (!width_valid(bytes)) {
		counters->outside++;
		return -EINVAL;
	}
	if (!vgpu->device->active)
		return 0;
	switch (find(vgpu, pa, bytes, &offset)) {
	case PLACE_REGS:
		counters->mmio_read++;
		read_regs(vgpu, offset, buf, bytes);
		return 0;
	case PLACE_HOLE:
		read_hole(vgpu, offset, buf, bytes);
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
	struct vgpu_counters *counters = &vgpu->tally->counters;
	bool active = vgpu->device->active;
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
