/* SPDX-License-Identifier: MIT */
/* What reading or writing a register does besides giving or taking its value. */
#ifndef CORE_MMIO_MMIO_H
#define CORE_MMIO_MMIO_H

#include "core/hw/reg.h"

struct intel_vgpu;

/**
 * gvt_mmio_value() - what a guest reads from the register at byte @offset.
 * @row: its row in the table; NULL: it has none.
 */
u32 gvt_mmio_value(struct intel_vgpu *vgpu, const struct gvt_reg *row, u32 offset);

/**
 * gvt_mmio_written() - do what else a guest's write to the register at @offset does, after the
 * register has its new value.
 * @row: its row in the table; NULL: it has none.
 * @old: the value before.
 * @val: the value that the guest wrote.
 */
void gvt_mmio_written(struct intel_vgpu *vgpu, const struct gvt_reg *row, u32 offset, u32 old,
		      u32 val);

/**
 * gvt_mmio_taken() - the value of the register of @row after a write. It is called before the value
 * is stored, shown or told.
 * @val: the value that the guest wrote.
 * @now: the value that follows from @val by kind and wmask of the row.
 */
u32 gvt_mmio_taken(const struct gvt_reg *row, u32 val, u32 now);

/**
 * gvt_mmio_take_up() - take up the registers of a state file: bits that no write could have changed
 * get their reset value. Then the registers are shown to the guest. Called before the GPU is told
 * any of them.
 */
void gvt_mmio_take_up(struct intel_vgpu *vgpu);

/** gvt_pvinfo_populate() - set what differs from one vGPU's PVINFO to another's, after a reset. */
void gvt_pvinfo_populate(struct intel_vgpu *vgpu);

/* ---- what the table (table.c) names, by file; arguments as of gvt_mmio_written() ---- */

/* display.c */
void gvt_gmbus1_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_pp_control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

/* engine.c */
void gvt_elsp_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
u32 gvt_timestamp_read(struct intel_vgpu *vgpu, u32 offset);
u32 gvt_timestamp_udw_read(struct intel_vgpu *vgpu, u32 offset);
u32 gvt_live_read(struct intel_vgpu *vgpu, u32 offset);
u32 gvt_ring_start_read(struct intel_vgpu *vgpu, u32 offset);
u32 gvt_nonpriv_read(struct intel_vgpu *vgpu, u32 offset);

/** gvt_timestamp() - the GT's time in ticks of 12 MHz. Its registers show the low 36 bits. */
u64 gvt_timestamp(void);

/* gt.c */
void gvt_forcewake_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_fence_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_ggtt_flush_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_gamw_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_gdrst_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

/* oa.c */
void gvt_oa_control_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
u32 gvt_oa_tail_read(struct intel_vgpu *vgpu, u32 offset);

/* pm.c */
void gvt_pcode_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_pwr_well_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void gvt_pll_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

/* pvinfo.c */
void gvt_g2v_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

#endif
