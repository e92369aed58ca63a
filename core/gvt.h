/* SPDX-License-Identifier: MIT */
/*
 * The vGPU, as the layers around it see it: life cycle and entry points.
 *
 * A struct intel_gvt is what all vGPUs share, and does not change after start: the platform's
 * register table and the hypervisor back end. A struct intel_vgpu is one guest's GPU. One thread
 * owns it. Functions below that take a vGPU are called from that thread, or before it runs, unless
 * they say "from any thread".
 */
#ifndef CORE_GVT_H
#define CORE_GVT_H

#include "core/base/limits.h"
#include "core/base/types.h"
#include "core/port/mpt.h"

struct gvt_gpu;
struct gvt_share;
struct gvt_reg;
struct gvt_section;

/* What a vGPU is like. Fixed for its life, except for what intel_vgpu_schedule() sets. */
struct intel_vgpu_params {
	u32 id;		  /* 1 and up; told to the guest in PVINFO */
	u32 aperture_mib; /* BAR2: a power of two, 64 to 1024 */
	u32 fences;	  /* fence registers offered, 1 to 32 */
	u32 weight;	  /* share of the GPU's time against the others'; 0 counts as 1 */
	u32 cap;	  /* the most of an engine's time, in percent; 0: no bound */
	u32 audit_user;	  /* unprivileged batches are audited too */
	u32 heads;	  /* monitors that the guest sees, each with a pipe; 0 to GVT_HEADS_MAX */
};

/**
 * intel_gvt_init() - build what vGPUs share.
 * @mpt:   the hypervisor back end; not copied, outlives the result.
 * @gpu:   executes their work; not owned, outlives the result. NULL: nothing is executed.
 * @share: shares @gpu's engines among them; not owned, outlives the result. NULL without @gpu.
 * @priv:  for the back end, at gvt->priv.
 * @out:   receives the new object, released by intel_gvt_exit().
 *
 * Returns 0, -ENOMEM, -EINVAL when the register table contradicts itself, or host_init's errno.
 */
int intel_gvt_init(const struct intel_gvt_mpt *mpt, struct gvt_gpu *gpu, struct gvt_share *share,
		   void *priv, struct intel_gvt **out);

/** intel_gvt_exit() - release @gvt, after the last vGPU; NULL is allowed. */
void intel_gvt_exit(struct intel_gvt *gvt);

/* What a vGPU's state consists of. The caller has the memory for it (core/base/section.h). */
#define INTEL_GVT_SECTIONS 9u
extern const struct gvt_section *const intel_gvt_sections[INTEL_GVT_SECTIONS];

/**
 * intel_gvt_create_vgpu() - make a vGPU, tied to its domain, not yet active.
 * @gvt:    what it shares with others.
 * @params: what it is to be like; checked.
 * @state:  the memory of each of intel_gvt_sections, in their order: zeroes, or what an earlier
 *          process left of the same vGPU, which then goes on from there. The caller owns it; it is
 *          used until destroy.
 * @owner:  the hypervisor back end's object for it; at vgpu->owner from attach_vgpu on.
 * @out:    receives the vGPU.
 *
 * All of a vGPU that a guest can notice is in @state, and is written there before the guest sees
 * its effect. So if that memory outlives the process, another process can continue.
 *
 * Returns 0, -EINVAL (parameters), -EPROTO (a state that no vGPU has), -ENOMEM, or an errno of
 * attach_vgpu.
 */
int intel_gvt_create_vgpu(struct intel_gvt *gvt, const struct intel_vgpu_params *params,
			  void *const *state, void *owner, struct intel_vgpu **out);

/** intel_gvt_destroy_vgpu() - detach it from its domain and release it; NULL is allowed. */
void intel_gvt_destroy_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_gvt_activate_vgpu() - have it answer its guest, and place the BARs that the guest has
 * enabled. Returns 0 or a negative errno from the back end.
 */
int intel_gvt_activate_vgpu(struct intel_vgpu *vgpu);

/** intel_gvt_deactivate_vgpu() - reads give ones and writes do nothing until activated again. */
void intel_gvt_deactivate_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_gvt_reset_vgpu() - make engines, registers, graphics memory, BARs and the configuration
 * space what they are after power-on, except for what firmware wrote into the configuration space
 * for the driver. A function level reset does the same.
 */
void intel_gvt_reset_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_gvt_restart_vgpu() - the same for a guest that starts anew without firmware, as after
 * kexec: BARs keep their addresses, and the memory enable bit stays. The vGPU is inactive and its
 * BARs decode nothing until intel_gvt_activate_vgpu().
 */
void intel_gvt_restart_vgpu(struct intel_vgpu *vgpu);

/**
 * intel_vgpu_emulate_cfg_read() - the guest reads its configuration space.
 * @offset: byte offset; @bytes 1, 2 or 4; @buf receives them. Outside the 256 bytes: ones.
 * Returns 0, or -EINVAL for another width.
 */
int intel_vgpu_emulate_cfg_read(struct intel_vgpu *vgpu, unsigned int offset, void *buf,
				unsigned int bytes);

/** intel_vgpu_emulate_cfg_write() - the same for a write; read-only bits do not change. */
int intel_vgpu_emulate_cfg_write(struct intel_vgpu *vgpu, unsigned int offset, const void *buf,
				 unsigned int bytes);

/**
 * intel_vgpu_emulate_mmio_read() - the guest reads guest physical address @pa.
 * @bytes is 1, 2, 4 or 8; any alignment. Returns 0, -EINVAL for another width, or -ENXIO for an
 * address outside the BARs; @buf then holds ones.
 */
int intel_vgpu_emulate_mmio_read(struct intel_vgpu *vgpu, u64 pa, void *buf, unsigned int bytes);

/**
 * intel_vgpu_emulate_mmio_write() - the guest writes guest physical address @pa.
 * A write to a tracked page arrives here as well. Widths and errors as for reads.
 */
int intel_vgpu_emulate_mmio_write(struct intel_vgpu *vgpu, u64 pa, const void *buf,
				  unsigned int bytes);

/**
 * intel_vgpu_invalidate() - the guest gave frames up, or moved some. When this returns, no entry of
 * graphics memory leads to a frame that is not the guest's any more.
 */
void intel_vgpu_invalidate(struct intel_vgpu *vgpu);

/**
 * intel_vgpu_at_work() - true while its GPU runs something, or is going to without another access
 * of the guest's.
 */
bool intel_vgpu_at_work(struct intel_vgpu *vgpu);

/**
 * intel_vgpu_alarm() - the time has come that intel_gvt_hypervisor_alarm() set. In the vGPU's
 * thread.
 */
void intel_vgpu_alarm(struct intel_vgpu *vgpu);

/**
 * intel_vgpu_service() - do the work that the GPU's events have left for the vGPU's thread. The
 * back end calls it there after intel_gvt_hypervisor_wake().
 */
void intel_vgpu_service(struct intel_vgpu *vgpu);

/* The pages that firmware sets aside for an OpRegion: three in hvmloader. */
#define INTEL_GVT_OPREGION_SIZE 0x3000u

/** intel_vgpu_asls() - the OpRegion's guest physical address, as firmware set it; 0: none. */
u32 intel_vgpu_asls(const struct intel_vgpu *vgpu);

/** intel_vgpu_opregion() - its contents, INTEL_GVT_OPREGION_SIZE bytes, into @buf. */
void intel_vgpu_opregion(struct intel_vgpu *vgpu, u8 *buf);

/* The entry points as one table, for a layer that knows no more of the core. */
struct intel_gvt_ops {
	int (*emulate_cfg_read)(struct intel_vgpu *, unsigned int, void *, unsigned int);
	int (*emulate_cfg_write)(struct intel_vgpu *, unsigned int, const void *, unsigned int);
	int (*emulate_mmio_read)(struct intel_vgpu *, u64, void *, unsigned int);
	int (*emulate_mmio_write)(struct intel_vgpu *, u64, const void *, unsigned int);
	int (*vgpu_create)(struct intel_gvt *, const struct intel_vgpu_params *, void *const *,
			   void *, struct intel_vgpu **);
	void (*vgpu_destroy)(struct intel_vgpu *);
	void (*vgpu_reset)(struct intel_vgpu *);
	int (*vgpu_activate)(struct intel_vgpu *);
	void (*vgpu_deactivate)(struct intel_vgpu *);
};

extern const struct intel_gvt_ops intel_gvt_ops;

/* How often something happened to it. */
struct vgpu_counters {
	u64 cfg_read, cfg_write;
	u64 mmio_read, mmio_write;
	u64 ggtt_read, ggtt_write;
	u64 aperture_read, aperture_write;
	u64 tracked_write;
	u64 outside;	   /* accesses to no address of its own, or of no valid width */
	u64 ro_write;	   /* writes to read-only registers */
	u64 msi;	   /* interrupts sent as messages */
	u64 intx;	   /* interrupts sent by asserting the pin */
	u64 irq_raised;	   /* events of interrupt sources that were not masked */
	u64 irq_masked;	   /* events that were masked */
	u64 irq_coalesced; /* events raised without a message of their own */
	u64 bar_refused;   /* BARs that could not be placed where the guest wanted them */
};

/* Codes of PVINFO notifications (g2v) are below this; unknown ones are counted at it. */
#define VGT_G2V_MAX 8

/* What graphics memory costs now, and how often it was worked on. */
struct vgpu_gtt_counts {
	u64 dma_refs;	  /* references of DMA mappings held */
	u64 holes;	  /* present entries of the guest's that lead to no page */
	u64 aliases;	  /* pages of the aperture that do not trap */
	u64 roots;	  /* PPGTTs that the guest has */
	u64 tables;	  /* guest pages shadowed as tables */
	u64 tracked;	  /* shadowed guest pages whose writes trap */
	u64 shadows;	  /* shadow tables */
	u64 tracked_ggtt; /* pages of the guest's GGTT whose writes trap */
	u64 commits;	  /* commits of the GGTT */
	u64 ggtt_changes; /* entries of the GGTT found changed */
	u64 syncs;	  /* syncs of a PPGTT */
	u64 compared;	  /* tables read and compared */
	u64 changes;	  /* entries of PPGTTs found changed */
	u64 traps;	  /* writes to tracked tables */
	u64 reclaims;	  /* shadows of PPGTTs freed to make room for another's */
	u64 refused;	  /* notifications that could not be followed */
	u64 pushes;	  /* calls that gave entries of the GGTT to the GPU */
	u64 flushes;	  /* flushes of the GPU */
};

/* Why contexts were refused, by enum exec_refusal. */
#define GVT_EXEC_REFUSALS 8u

/** intel_gvt_refusal_name() - a word for vgpu_exec_counts.refused[@refusal], such as "ring". */
const char *intel_gvt_refusal_name(unsigned int refusal);

/* What was executed. */
struct vgpu_exec_counts {
	u64 submissions; /* complete submissions to a port */
	u64 contexts;	 /* contexts loaded for a run */
	u64 extended;	 /* submissions that only added to what ran (lite restores) */
	u64 preempted;	 /* submissions that replaced what ran */
	u64 completed;	 /* contexts that ran to their tail */
	u64 dwords;	 /* dwords of commands audited */
	u64 batches;	 /* privileged batches copied */
	u64 stuck;	 /* contexts that the GPU could not go on with */
	u64 hangs;	 /* times that the guest saw an engine stand still */
	u64 resets;	 /* resets of engines, by the guest or for it */
	u64 refused[GVT_EXEC_REFUSALS];
};

/* What the vGPU had of one engine. */
struct vgpu_engine_counts {
	u64 run_ns;	/* time that it had until now */
	u64 timesliced; /* runs that were cut short for another vGPU */
};

/* A PPGTT of the guest's, as the guest named it in a PVINFO notification. */
struct gvt_root {
	u64 pdp[4];
	unsigned int levels; /* 4: pdp[0] is the root; 3: each is a page directory */
};

#define GVT_ROOTS_MAX 1024u

/** intel_vgpu_root() - the @n-th (below GVT_ROOTS_MAX) PPGTT. False: there is none. */
bool intel_vgpu_root(const struct intel_vgpu *vgpu, unsigned int n, struct gvt_root *root);

/* The walk of one address through the guest's tables and through ours, side by side. */
struct gvt_walk {
	unsigned int nr;
	struct gvt_walk_level {
		const char *name; /* of the kind of table */
		u32 index;	  /* of the entry */
		bool has_guest, has_shadow;
		u64 guest_at, shadow_at; /* of the entry: guest physical, and bus address */
		u64 guest, shadow;	 /* the entries */
	} level[8];
	u64 gpa, gpa_size; /* where the guest's tables lead, and its page's size; 0: nowhere */
	u64 bus, bus_size; /* where ours lead */
	bool scratch;	   /* ours lead to the scratch page */
};

/**
 * intel_vgpu_translate() - walk address @addr of PPGTT @root, or (NULL) of the GGTT.
 * The shadow is not synced before. For a GGTT entry .guest_at is its offset in BAR0.
 * Returns 0, -ENOENT (no such root), -ERANGE (no such address), -ENOMEM.
 */
int intel_vgpu_translate(struct intel_vgpu *vgpu, const struct gvt_root *root, u64 addr,
			 struct gvt_walk *walk);

/* What a comparison of the guest's tables with ours looked at, and the first difference. */
struct gvt_verify {
	u64 tables, entries;
	unsigned int tries;
	const char *what; /* the difference: "leads elsewhere", ...; NULL: none */
	u64 addr;	  /* the address that the entry translates */
	u64 guest, shadow;
};

/**
 * intel_vgpu_verify() - sync, then compare PPGTT @root, or (NULL) the GGTT, entry by entry.
 * The guest may run meanwhile: a difference counts if it is still there, and the same, after
 * another sync. Returns 0 (no difference), -EILSEQ (@result has the first), -EAGAIN (the guest
 * changed tables faster than they could be compared), -ENOENT, -EOPNOTSUPP (no graphics memory), or
 * an errno of the sync.
 */
int intel_vgpu_verify(struct intel_vgpu *vgpu, const struct gvt_root *root,
		      struct gvt_verify *result);

/** intel_vgpu_gtt_counts() - the counters as they are now, valid while the vGPU lives. */
const struct vgpu_gtt_counts *intel_vgpu_gtt_counts(const struct intel_vgpu *vgpu);

/** intel_vgpu_gtt_bytes() - bytes of our memory that shadowing takes, with its host pages. */
u64 intel_vgpu_gtt_bytes(const struct intel_vgpu *vgpu);

/** intel_vgpu_exec_counts() - the counters, valid while the vGPU lives. */
const struct vgpu_exec_counts *intel_vgpu_exec_counts(const struct intel_vgpu *vgpu);

/** intel_vgpu_engine_counts() - the counts of @engine, an enum gvt_engine. From any thread. */
struct vgpu_engine_counts intel_vgpu_engine_counts(struct intel_vgpu *vgpu, unsigned int engine);

/**
 * intel_vgpu_schedule() - change its share of each engine's time, whether it runs or not.
 * @weight, @cap: as in struct intel_vgpu_params, where they replace the old ones. From any thread,
 * but only one at a time.
 */
void intel_vgpu_schedule(struct intel_vgpu *vgpu, u32 weight, u32 cap);

/**
 * intel_vgpu_stop_work() - take its work off the GPU. The guest sees the engines that were at work
 * stand still, as if their work were stuck, and has to reset them; idle engines stay as they are.
 * Returns the engines that were at work, bits by enum gvt_engine. From the vGPU's thread.
 */
u32 intel_vgpu_stop_work(struct intel_vgpu *vgpu);

/** intel_vgpu_counters() - the counters, valid while the vGPU lives. */
const struct vgpu_counters *intel_vgpu_counters(const struct intel_vgpu *vgpu);

/** intel_vgpu_notifications() - how often each PVINFO notification came, by code. */
const u64 *intel_vgpu_notifications(const struct intel_vgpu *vgpu);

/** intel_vgpu_access_count() - trapped reads and writes of the register at byte @offset. */
void intel_vgpu_access_count(const struct intel_vgpu *vgpu, u32 offset, u32 *reads, u32 *writes);

/** intel_vgpu_bar() - the address of BAR @bar (0 or 2), or INTEL_GVT_BAR_OFF; @size may be NULL. */
u64 intel_vgpu_bar(const struct intel_vgpu *vgpu, unsigned int bar, u64 *size);

/** intel_vgpu_reg() - the value of the register at byte @offset (dword aligned) of BAR0. */
u32 intel_vgpu_reg(const struct intel_vgpu *vgpu, u32 offset);

/** intel_vgpu_show_regs() - fill the pages that the guest reads without a trap. */
void intel_vgpu_show_regs(struct intel_vgpu *vgpu);

/* ---- the guest's GGTT: VGPU_GGTT_PAGES of entries, which the guest writes ---- */

/**
 * intel_vgpu_place_ggtt() - the entries are at @entries from now on, in guest memory that the back
 * end has mapped; NULL: in the state.
 */
void intel_vgpu_place_ggtt(struct intel_vgpu *vgpu, u64 *entries);

/** intel_vgpu_reserve_ggtt() - allocate the state's memory for all entries. Returns 0 or the back
 * end's errno. From attach_vgpu on, once it has set the handle. */
int intel_vgpu_reserve_ggtt(struct intel_vgpu *vgpu);

/** intel_vgpu_keep_ggtt() - reserve, and copy @entries to the state, but for pages with an error in
 * @errs. Returns as intel_vgpu_reserve_ggtt(). */
int intel_vgpu_keep_ggtt(struct intel_vgpu *vgpu, const u64 *entries, const int *errs);

/** intel_vgpu_flush() - have the GPU forget all translations; when this returns, it uses none. */
void intel_vgpu_flush(struct intel_vgpu *vgpu);

/** intel_vgpu_test_msi() - send its MSI. Returns 0, -ENOTCONN (not enabled) or the back end's
 * errno. */
int intel_vgpu_test_msi(struct intel_vgpu *vgpu);

/** intel_gvt_reg() - the table's row for byte @offset of BAR0, or NULL when it has none. */
const struct gvt_reg *intel_gvt_reg(const struct intel_gvt *gvt, u32 offset);

/** intel_gvt_reg_name() - gvt_regs_name() of the platform's table (core/hw/reg.h). */
const char *intel_gvt_reg_name(const struct intel_gvt *gvt, u32 offset, char *buf, size_t len);

/** intel_gvt_page_traps() - true when reads of register page @page (4 KiB each) must trap. */
bool intel_gvt_page_traps(const struct intel_gvt *gvt, unsigned int page);

#endif
