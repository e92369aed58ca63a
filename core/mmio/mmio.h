/* SPDX-License-Identifier: MIT */
/* What reading or writing a register does, beyond its value. */
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
 * gvt_mmio_written() - do what a guest's write to the register at @offset does, after its value was
 * taken.
 * @row: its row in the table; NULL: it has none.
 * @old: what stood there before.
 * @val: what the guest wrote, as it wrote it.
 */
void gvt_mmio_written(struct intel_vgpu *vgpu, const struct gvt_reg *row, u32 offset, u32 old,
		      u32 val);

/**
 * gvt_mmio_taken() - what the register of @row becomes of a write. To be called before the value is
 * stored, shown or told.
 * @old: what stood there before.
 * @val: what the guest wrote, as it wrote it.
 * @now: what kind and wmask of the row make of that.
 */
u32 gvt_mmio_taken(const struct gvt_reg *row, u32 old, u32 val, u32 now);

/**
 * gvt_mmio_take_up() - registers as a state file has them: bits that no write could have changed get
 * their value after reset. Then the guest is shown them. Before the GPU is told any.
 */
void gvt_mmio_take_up(struct intel_vgpu *vgpu);

/** gvt_pvinfo_populate() - what differs from one vGPU's PVINFO to another's, after a reset. */
void gvt_pvinfo_populate(struct intel_vgpu *vgpu);

/* ---- what the table (table.c) names, a file each; arguments as of the two above ---- */

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

/** gvt_timestamp() - the GT's time in clocks of 12 MHz, of which its registers show the low 36
 * bits. */
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
