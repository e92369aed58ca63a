/* SPDX-License-Identifier: MIT */
/*
 * The vGPU, as the layers around it see it: life cycle and entry points.
 *
 * A struct intel_gvt is what all vGPUs share and nothing changes after start: the platform's
 * register table and the hypervisor back end. A struct intel_vgpu is one guest's GPU. One thread
 * owns it: every function below that takes a vGPU is called from that thread, or before it runs.
 */
#ifndef CORE_GVT_H
#define CORE_GVT_H

#include "core/mpt.h"
#include "core/types.h"

struct gvt_reg;
struct vgpu_state;

/* What a vGPU is made as; fixed for its life. */
struct intel_vgpu_params {
	u32 id;		  /* 1 and up; told to the guest in PVINFO */
	u32 aperture_mib; /* BAR2: a power of two, 64 to 1024 */
	u32 fences;	  /* fence registers offered, 1 to 32 */
};

#define GVT_APERTURE_MIB_MIN 64u
#define GVT_APERTURE_MIB_MAX 1024u
#define GVT_FENCES_MAX	     32u

/**
 * intel_gvt_init() - build what vGPUs share.
 * @mpt:  the hypervisor back end; not copied, outlives the result.
 * @priv: the back end's own, at gvt->priv.
 * @out:  receives the new object, released by intel_gvt_exit().
 *
 * Returns 0, -ENOMEM, -EINVAL when the register table contradicts itself, or host_init's errno.
 */
int intel_gvt_init(const struct intel_gvt_mpt *mpt, void *priv, struct intel_gvt **out);

/** intel_gvt_exit() - release @gvt, after the last vGPU; NULL is allowed. */
void intel_gvt_exit(struct intel_gvt *gvt);

/** intel_gvt_state_size() - bytes of the state that a vGPU keeps in its caller's memory. */
size_t intel_gvt_state_size(void);

/**
 * intel_gvt_create_vgpu() - make a vGPU, tied to its domain, not yet active.
 * @gvt:    what it shares with others.
 * @params: what it is to be; checked.
 * @state:  intel_gvt_state_size() bytes of zeroes, or what an earlier process left of the same
 *          vGPU, which then goes on as it was. Owned by the caller, used until destroy.
 * @owner:  the hypervisor back end's object for it; at vgpu->owner from attach_vgpu on.
 * @out:    receives the vGPU.
 *
 * All of a vGPU that a guest can notice is in @state, written before the guest sees its effect, so
 * that memory which outlives the process lets another continue.
 *
 * Returns 0, -EINVAL (parameters), -EPROTO (a state of another layout), -ENOMEM, or attach_vgpu's.
 */
int intel_gvt_create_vgpu(struct intel_gvt *gvt, const struct intel_vgpu_params *params,
			  struct vgpu_state *state, void *owner, struct intel_vgpu **out);

/** intel_gvt_destroy_vgpu() - detach it from its domain and release it; NULL is allowed. */
void intel_gvt_destroy_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_gvt_activate_vgpu() - let it answer its guest, and place the BARs that the guest had
 * enabled. Returns 0 or a negative errno from the back end.
 */
int intel_gvt_activate_vgpu(struct intel_vgpu *vgpu);

/** intel_gvt_deactivate_vgpu() - reads give ones and writes do nothing until activated again. */
void intel_gvt_deactivate_vgpu(struct intel_vgpu *vgpu);

/** intel_gvt_reset_vgpu() - as after power-on: registers, configuration space, BARs. */
void intel_gvt_reset_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_vgpu_emulate_cfg_read() - the guest reads its configuration space.
 * @offset: byte offset; @bytes 1, 2 or 4; @buf receives them. Outside the 256 bytes: ones.
 * Returns 0, or -EINVAL for another width.
 */
int intel_vgpu_emulate_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
				unsigned int bytes);

/** intel_vgpu_emulate_cfg_write() - the guest writes it; read-only bits stay. Returns as above. */
int intel_vgpu_emulate_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const void *buf,
				 unsigned int bytes);

/**
 * intel_vgpu_emulate_mmio_read() - the guest reads guest physical address @pa.
 * @bytes is 1, 2, 4 or 8; any alignment. An address outside the BARs reads as ones. Returns 0,
 * -EINVAL for another width, -ENXIO for an address that is not the vGPU's (and @buf holds ones).
 */
int intel_vgpu_emulate_mmio_read(struct intel_vgpu *vgpu, u64 pa, void *buf, unsigned int bytes);

/**
 * intel_vgpu_emulate_mmio_write() - the guest writes guest physical address @pa.
 * Also how a write to a tracked page arrives. Widths and errors as for reads.
 */
int intel_vgpu_emulate_mmio_write(struct intel_vgpu *vgpu, u64 pa, const void *buf,
				  unsigned int bytes);

/* The pages that firmware leaves for an OpRegion (three in hvmloader). */
#define INTEL_GVT_OPREGION_SIZE 0x3000u

/** intel_vgpu_asls() - where firmware said that the OpRegion is, guest physical; 0: nowhere. */
u32 intel_vgpu_asls(const struct intel_vgpu *vgpu);

/** intel_vgpu_opregion() - what is in it, INTEL_GVT_OPREGION_SIZE bytes into @buf. */
void intel_vgpu_opregion(struct intel_vgpu *vgpu, u8 *buf);

/* The entry points as one table, for a layer that is to know no more of the core. */
struct intel_gvt_ops {
	int (*emulate_cfg_read)(struct intel_vgpu *, unsigned int, void *, unsigned int);
	int (*emulate_cfg_write)(struct intel_vgpu *, unsigned int, const void *, unsigned int);
	int (*emulate_mmio_read)(struct intel_vgpu *, u64, void *, unsigned int);
	int (*emulate_mmio_write)(struct intel_vgpu *, u64, const void *, unsigned int);
	int (*vgpu_create)(struct intel_gvt *, const struct intel_vgpu_params *,
			   struct vgpu_state *, void *, struct intel_vgpu **);
	void (*vgpu_destroy)(struct intel_vgpu *);
	void (*vgpu_reset)(struct intel_vgpu *);
	int (*vgpu_activate)(struct intel_vgpu *);
	void (*vgpu_deactivate)(struct intel_vgpu *);
};

extern const struct intel_gvt_ops intel_gvt_ops;

/* How often the guest came, by path. */
struct vgpu_counters {
	u64 cfg_read, cfg_write;
	u64 mmio_read, mmio_write;
	u64 ggtt_read, ggtt_write;
	u64 aperture_read, aperture_write;
	u64 tracked_write;
	u64 outside;	 /* an address that is none of its own, or a width that none has */
	u64 ro_write;	 /* writes that a read-only register dropped */
	u64 msi;	 /* interrupts sent */
	u64 bar_refused; /* BARs that could not be put where the guest wanted them */
};

/* What a PVINFO notification (g2v) may say; the last counts those that say nothing known. */
#define VGT_G2V_MAX 8

/** intel_vgpu_counters() - the counters, valid while the vGPU lives. */
const struct vgpu_counters *intel_vgpu_counters(const struct intel_vgpu *vgpu);

/** intel_vgpu_notifications() - how often each PVINFO notification came, by code. */
const u64 *intel_vgpu_notifications(const struct intel_vgpu *vgpu);

/**
 * intel_vgpu_access_count() - trapped reads and writes of the register at byte @offset.
 */
void intel_vgpu_access_count(const struct intel_vgpu *vgpu, u32 offset, u32 *reads, u32 *writes);

/** intel_vgpu_bar() - where BAR @bar (0 or 2) is, or INTEL_GVT_BAR_OFF; @size may be NULL. */
u64 intel_vgpu_bar(const struct intel_vgpu *vgpu, unsigned int bar, u64 *size);

/** intel_gvt_reg() - the table's row for byte @offset of BAR0, or NULL when it has none. */
const struct gvt_reg *intel_gvt_reg(const struct intel_gvt *gvt, u32 offset);

/** intel_gvt_reg_name() - the register's name into @buf, an engine's or element's name with it. */
const char *intel_gvt_reg_name(const struct intel_gvt *gvt, u32 offset, char *buf, size_t len);

/** intel_gvt_page_traps() - true when reads of register page @page (4 KiB each) must trap. */
bool intel_gvt_page_traps(const struct intel_gvt *gvt, unsigned int page);

#endif
