/* SPDX-License-Identifier: MIT */
/*
 * Heads: a pipe of the vGPU, with the port and the monitor that it drives. Head 1 is pipe A's; its
 * monitor is at DDI B, that of head 2 at DDI C, of head 3 at DDI D. i915 may connect any pipe to
 * any of these ports.
 *
 * A pipe that is on has a clock. Its frames are counted by the time that has passed, and shown in
 * PIPE_FRMCOUNT while the guest wants vblanks: then the vGPU's thread is woken at each. When no
 * guest wants one, nothing ticks; the counter is brought up to date when vblanks are wanted again.
 *
 * The line counter (PIPEDSL) stands on the line before vblank, where i915 waits for nothing.
 */
#ifndef CORE_HEAD_HEAD_H
#define CORE_HEAD_HEAD_H

#include "core/base/limits.h"
#include "core/base/section.h"
#include "core/display/aux.h"
#include "core/display/edid.h"
#include "core/display/head.h"

struct intel_vgpu;

/* The state's section: how the guest has set its monitors. Zeroes after power-on. */
struct vgpu_sinks {
	struct display_sink sink[GVT_HEADS_MAX];
	u8 reserved;
};

_Static_assert(sizeof(struct vgpu_sinks) % 8 == 0, "a section is of whole words");

extern const struct gvt_section vgpu_sinks_section;

/* What this process knows besides. */
struct vgpu_heads {
	u8 edid[GVT_HEADS_MAX][DISPLAY_EDID_SIZE];
	struct vgpu_pipe {
		u64 since;  /* when frame .frame began, in ns; 0: the pipe is off */
		u64 period; /* of a frame, in ns */
		u32 frame;
	} pipe[DISPLAY_PIPES];
};

/** vgpu_heads_init() - make the monitors of a vGPU. Called once, before any other function here. */
void vgpu_heads_init(struct intel_vgpu *vgpu);

/** vgpu_heads_reset() - after the registers' reset: fuses say what there is, all pipes are off. */
void vgpu_heads_reset(struct intel_vgpu *vgpu);

/** vgpu_heads_resume() - the registers are another process': pipes that are on go on from now. */
void vgpu_heads_resume(struct intel_vgpu *vgpu);

/**
 * vgpu_heads_tick() - count frames up to now, raise the vblank of those that are new, and have the
 * thread woken at the next one that the guest wants.
 */
void vgpu_heads_tick(struct intel_vgpu *vgpu);

/* The registers' writes; arguments as of gvt_mmio_written(). */
void vgpu_head_aux_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_head_dp_tp_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_head_pipeconf_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);
void vgpu_head_pipe_imr_write(struct intel_vgpu *vgpu, u32 offset, u32 old, u32 val);

#endif
