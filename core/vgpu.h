/* SPDX-License-Identifier: MIT */
/*
 * The vGPU from inside. Only core/ and the hypervisor back end include this.
 */
#ifndef CORE_VGPU_H
#define CORE_VGPU_H

#include "core/base/limits.h"
#include "core/gvt.h"
#include "core/hw/engine.h"
#include "core/hw/reg.h"
#include "core/port/gpu.h"

struct gtt_format;
struct gvt_scan_rules;
struct page_track_table;
struct vgpu_cfg;
struct vgpu_exec;
struct vgpu_ggtt_state;
struct vgpu_gtt;
struct vgpu_heads;
struct vgpu_irq;
struct vgpu_ports;
struct vgpu_ppgtt_state;
struct vgpu_regs;
struct vgpu_sinks;

#define VGPU_GGTT_PAGES	 2048u /* 8 MiB of entries: 4 GiB of graphics memory */
#define VGPU_GGTT_OFFSET MiB(8)

/* The BARs of a vGPU, as indices into arrays. */
enum vgpu_bar_index { VGPU_BAR_GTTMM, VGPU_BAR_APERTURE, VGPU_NR_BARS };

/* What the device is, and where: its own section of the state. */
struct vgpu_device {
	u32 made; /* the sections are complete; 0 in memory that was never used */
	u32 active;
	struct intel_vgpu_params params;
	u64 bar_at[VGPU_NR_BARS]; /* where they are, or INTEL_GVT_BAR_OFF */
};

/* What is counted of it for all its life: another section. */
struct vgpu_tally {
	struct vgpu_counters counters;
	u64 notifications[VGT_G2V_MAX + 1];
};

extern const struct gvt_section vgpu_device_section, vgpu_tally_section;

/* What the hypervisor was last told of the interrupt pin. */
enum vgpu_pin {
	VGPU_PIN_UNKNOWN, /* nothing yet: an earlier process or a saved domain may have left it on
			   */
	VGPU_PIN_OFF,
	VGPU_PIN_ON,
};

struct intel_vgpu {
	struct intel_gvt *gvt;
	void *owner;	      /* the back end's object */
	unsigned long handle; /* the back end's handle of it, valid from attach to detach */
	/* Sections of its state. Those below the first two are known to their rooms alone. */
	struct vgpu_device *device;
	struct vgpu_tally *tally;
	struct vgpu_cfg *cfg;
	struct vgpu_regs *regs;
	struct vgpu_irq *irq;
	struct vgpu_ports *ports;
	struct vgpu_ppgtt_state *ppgtt_state;
	struct vgpu_ggtt_state *ggtt_state;
	struct vgpu_sinks *sinks;
	u32 *mirror[GVT_MMIO_PAGES]; /* pages that the guest reads without a trap; the back end's */
	u64 *ggtt; /* the guest's GGTT entries, in guest memory or in .ggtt_state */
	/* By page of registers; NULL: nothing in the page was accessed yet. */
	struct vgpu_access {
		u32 reads, writes;
	} * access[GVT_MMIO_PAGES];
	u64 heap;      /* bytes from vgpu_alloc() */
	bool taken_up; /* its guest has a GGTT already */
	bool pristine; /* as after power-on, except for what survives a reset */
	bool irq_sent; /* something is pending, and its message was sent */
	enum vgpu_pin pin;
	u64 oa_time; /* reports of performance counters are written up to this time */
	struct page_track_table *tracked; /* private to its room, as .gtt and .exec are */
	struct gvt_gpu_space *space;	  /* its space on the GPU; NULL: none */
	struct vgpu_gtt *gtt;
	struct vgpu_exec *exec;
	struct vgpu_heads *heads;
};

struct intel_gvt {
	const struct intel_gvt_mpt *mpt;
	struct gvt_gpu *gpu;	 /* NULL: nothing executes what guests submit */
	struct gvt_share *share; /* shares .gpu's engines; NULL without .gpu */
	void *priv;
	struct gvt_scan_rules *rules; /* the audit's, by engine */
	const struct gtt_format *gtt_format;
	struct gvt_regs regs;
};

/* core/heap.c */

/**
 * vgpu_alloc() - allocate @size bytes of zeroes on the guest's behalf, charged to its quota. In the
 * vGPU's thread. NULL: the quota does not suffice, or there is no memory. vgpu_free() releases
 * them.
 */
void *vgpu_alloc(struct intel_vgpu *vgpu, size_t size);

/** vgpu_free() - free the @size bytes that vgpu_alloc() gave at @p. NULL is allowed. */
void vgpu_free(struct intel_vgpu *vgpu, void *p, size_t size);

/* core/vgpu.c: bytes of a BAR; and whether a vGPU can be like @params. */
u64 vgpu_bar_size(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar);
bool vgpu_params_valid(const struct intel_vgpu_params *params);

/* core/device/bar.c */
void vgpu_bars_update(struct intel_vgpu *vgpu);
void vgpu_bars_off(struct intel_vgpu *vgpu);

#endif
