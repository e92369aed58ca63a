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

/* The BARs a vGPU has, by index into what follows. */
enum vgpu_bar_index { VGPU_BAR_GTTMM, VGPU_BAR_APERTURE, VGPU_NR_BARS };

/* A root as the guest made it known; in vgpu_state. .levels 0: free. */
struct vgpu_root {
	u64 pdp[4];
	u32 levels; /* 4: pdp[0] is a PML4; 3: each is a page directory */
	u32 refs;
};

/* What a process leaves to the next of an engine's port; in vgpu_state. */
struct vgpu_port {
	u32 elsp[4];
	u32 nr_elsp;
	u32 hung;	/* it waits for the guest to reset it */
	u64 desc[2];	/* what the guest was told that runs, front first; 0: nothing */
	u64 pending[2]; /* submitted meanwhile, not yet in place */
};

#define VGPU_IRQ_GROUPS 11u /* enum vgpu_irq_group (irq.h) */

/*
 * What the guest can notice, and so what must outlive a process. The GGTT's entries stand in
 * guest memory where the back end gives it; .ggtt serves where it does not, and costs nothing
 * until written.
 */
struct vgpu_state {
	u32 layout; /* VGPU_STATE_LAYOUT, and 0 in memory never used */
	u32 active;
	struct intel_vgpu_params params;
	u64 bar_at[VGPU_NR_BARS]; /* as placed, or INTEL_GVT_BAR_OFF */
	u64 notifications[VGT_G2V_MAX + 1];
	struct vgpu_counters counters;
	u32 irq_second[VGPU_IRQ_GROUPS]; /* bits: sources with another event behind the latched
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
	VGPU_PIN_UNKNOWN, /* nothing yet: an earlier process, or a saved domain, may have left it on
			   */
	VGPU_PIN_OFF,
	VGPU_PIN_ON,
};

struct intel_vgpu {
	struct intel_gvt *gvt;
	void *owner;	      /* the back end's object */
	unsigned long handle; /* the back end's word for it, valid from attach to detach */
	struct vgpu_state *state;
	u32 *mirror[GVT_MMIO_PAGES]; /* what the guest reads without a trap; the back end's */
	u64 *ggtt;		     /* the guest's GGTT entries, in guest memory or in .state */
	/* By page of registers; NULL: none of it was accessed yet. */
	struct vgpu_access {
		u32 reads, writes;
	} * access[GVT_MMIO_PAGES];
	u64 heap;      /* bytes of vgpu_alloc() */
	bool taken_up; /* its guest has a GGTT already */
	bool pristine; /* as after power-on, but for what stays through a reset */
	bool irq_sent; /* something is pending, and its message was sent */
	enum vgpu_pin pin;
	u64 oa_time; /* up to which reports of its performance counters are written */
	struct page_track_table *tracked; /* this and the next two: their rooms', behind this one */
	struct gvt_gpu_space *space;	  /* of it on the GPU; NULL: none */
	struct vgpu_gtt *gtt;
	struct vgpu_exec *exec;
};

struct intel_gvt {
	const struct intel_gvt_mpt *mpt;
	struct gvt_gpu *gpu;	 /* NULL: nothing executes what guests submit */
	struct gvt_share *share; /* who has its engines; NULL likewise */
	void *priv;
	struct gvt_scan_rules *rules; /* of the audit, by engine */
	const struct gtt_format *gtt_format;
	struct gvt_regs regs;
};

/* core/port/heap.c */

/**
 * vgpu_alloc() - @size bytes of zeroes that the guest has us take; they count against its quota.
 * In the vGPU's thread. NULL: more than the quota, or no memory. vgpu_free() releases them.
 */
void *vgpu_alloc(struct intel_vgpu *vgpu, size_t size);

/** vgpu_free() - give back @size bytes, all that vgpu_alloc() gave at @p. NULL is allowed. */
void vgpu_free(struct intel_vgpu *vgpu, void *p, size_t size);

/* core/pci/cfg_space.c; @keep_places: addresses of BARs stay, and whether memory is enabled. */
void vgpu_cfg_reset(struct intel_vgpu *vgpu, bool keep_places);
/* Takes a write of @bytes that fit into the space. Returns what it does besides: */
enum vgpu_cfg_effects {
	VGPU_CFG_RESETS = 1 << 0,   /* the function; nothing was written */
	VGPU_CFG_OPREGION = 1 << 1, /* firmware may have said where the OpRegion is */
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
