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
struct vgpu_exec;
struct vgpu_gtt;

#define VGPU_CFG_SIZE	 256u
#define VGPU_GGTT_PAGES	 2048u /* 8 MiB of entries: 4 GiB of graphics memory */
#define VGPU_GGTT_OFFSET MiB(8)

/* The BARs of a vGPU, as indices into arrays. */
enum vgpu_bar_index { VGPU_BAR_GTTMM, VGPU_BAR_APERTURE, VGPU_NR_BARS };

/* A root of a PPGTT that the guest has announced; in vgpu_state. .levels 0: a free slot. */
struct vgpu_root {
	u64 pdp[4];
	u32 levels; /* 4: pdp[0] is a PML4; 3: each is a page directory */
	u32 refs;
};

/* What the next process has to know of an engine's port; in vgpu_state. */
struct vgpu_port {
	u32 elsp[4];
	u32 nr_elsp;
	u32 hung;	/* the engine waits for the guest to reset it */
	u64 desc[2];	/* the contexts that run, as the guest was told; 0: none */
	u64 pending[2]; /* a submission that is to replace them */
};

#define VGPU_IRQ_GROUPS 11u /* enum vgpu_irq_group (irq.h) */

/*
 * All that the guest can notice of a vGPU, which must outlive the process. The GGTT's entries are
 * in guest memory if the back end supplies it. Otherwise they are in .ggtt, which costs nothing
 * until it is written.
 */
struct vgpu_state {
	u32 layout; /* VGPU_STATE_LAYOUT; 0 in memory that was never used */
	u32 active;
	struct intel_vgpu_params params;
	u64 bar_at[VGPU_NR_BARS]; /* where they are, or INTEL_GVT_BAR_OFF */
	u64 notifications[VGT_G2V_MAX + 1];
	struct vgpu_counters counters;
	u32 irq_second[VGPU_IRQ_GROUPS]; /* bits: sources with a second event, besides the latched
					  */
	u8 cfg[VGPU_CFG_SIZE] __attribute__((aligned(8)));
	struct vgpu_root roots[GVT_ROOTS_MAX];
	struct vgpu_port ports[GVT_NR_ENGINES];
	u64 ggtt_written[VGPU_GGTT_PAGES / 64]; /* bits: pages of .ggtt that were ever written */
	u64 vreg_used[GVT_MMIO_PAGES / 64]; /* bits: pages of .vreg that hold more than zeroes */
	u32 vreg[GVT_MMIO_DWORDS] __attribute__((aligned(4096)));
	u64 ggtt[VGPU_GGTT_PAGES * 512] __attribute__((aligned(4096)));
};

#define VGPU_STATE_LAYOUT 8u

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
	struct vgpu_state *state;
	u32 *mirror[GVT_MMIO_PAGES]; /* pages that the guest reads without a trap; the back end's */
	u64 *ggtt;		     /* the guest's GGTT entries, in guest memory or in .state */
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

/* core/pci/cfg_space.c; @keep_places: the addresses of BARs and the memory enable bit stay. */
void vgpu_cfg_reset(struct intel_vgpu *vgpu, bool keep_places);
/* Does a write of @bytes, which lie within the space. Returns what else the write causes: */
enum vgpu_cfg_effects {
	VGPU_CFG_RESETS = 1 << 0,   /* a reset of the function; nothing was written */
	VGPU_CFG_OPREGION = 1 << 1, /* firmware may have set the OpRegion's address */
};
unsigned int vgpu_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const u8 *val,
			    unsigned int bytes);
bool vgpu_cfg_msi(const struct intel_vgpu *vgpu, u32 *addr, u16 *data);
bool vgpu_cfg_intx(struct intel_vgpu *vgpu, bool pending);
u64 vgpu_cfg_bar_address(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar);

/* core/vgpu.c: bytes of a BAR. */
u64 vgpu_bar_size(const struct intel_vgpu *vgpu, enum vgpu_bar_index bar);

/* core/device/bar.c */
void vgpu_bars_update(struct intel_vgpu *vgpu);
void vgpu_bars_off(struct intel_vgpu *vgpu);

#endif
