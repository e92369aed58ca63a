/* SPDX-License-Identifier: MIT */
/*
 * A guest's submissions, from the four writes to an execlist submit port to the entries of the
 * context status buffer.
 *
 * A submission names contexts by address. Each context gets a shadow: its ring and the page of its
 * image that holds registers are copied, checked, and entered into the hidden range, the top of the
 * GGTT where the guest's own entries have no effect. The scheduler (core/gpu/sched) has the GPU run
 * the shadows. The vGPU's thread brings the result of a run to the guest: the saved registers to
 * the guest's image, then an entry of the status buffer, then an interrupt.
 *
 * The files from the ground up, each of which uses those before it alone:
 *
 *   scan_rules.c, scan.c    the audit, of commands in memory (scan.h)
 *   hidden.c                the hidden range
 *   image.c                 the page of an image that holds registers (image.h)
 *   context_tables.c        a context's page tables
 *   audit.c                 its commands are copied, and audited there
 *   batches.c               the batches that its image names
 *   ring.c                  its ring
 *   shadow_ctx.c            its shadow, which is loaded, stored and kept
 *   hang.c                  an engine that stands still
 *   idle.c                  contexts that end at once
 *   execlist.c              the port
 *   on_gpu.c                a vGPU on the GPU: its beginning and end, and resets
 *
 * All of this belongs to the vGPU's thread, except for what struct sched_client guards.
 */
#ifndef CORE_EXEC_EXEC_H
#define CORE_EXEC_EXEC_H

#include "core/base/section.h"
#include "core/exec/scan.h"
#include "core/gtt/ggtt.h"
#include "core/gvt.h"
#include "core/port/share.h"

struct intel_vgpu;
struct vgpu_mm;

/* The command MI_BATCH_BUFFER_END, which ends batches and lists of registers. */
#define EXEC_BATCH_END (0x0au << 23)

/* What the next process has to know of an engine's port. */
struct vgpu_port {
	u32 elsp[4];
	u32 nr_elsp;
	u32 hung;	/* the engine waits for the guest to reset it */
	u64 desc[2];	/* the contexts that run, as the guest was told; 0: none */
	u64 pending[2]; /* a submission that is to replace them */
};

/* The state's section. */
struct vgpu_ports {
	struct vgpu_port engine[GVT_NR_ENGINES];
};

extern const struct gvt_section vgpu_ports_section;

/* ---- the hidden range: hidden.c ---- */

/* Graphics memory of ours: consecutive addresses, with host pages behind some or all of them. */
struct hidden {
	u32 gma, pages; /* .pages 0: none */
	u8 *va;		/* of the host pages */
	u32 backed;
};

/**
 * hidden_alloc() - allocate @pages addresses, and @backed zeroed host pages, which are not entered
 * yet. Returns 0 or -ENOMEM.
 */
int hidden_alloc(struct intel_vgpu *vgpu, u32 pages, u32 backed, struct hidden *h);

/** hidden_enter() - map host pages [first, first + nr) at address page @at of @h. 0 or -ENOMEM. */
int hidden_enter(struct intel_vgpu *vgpu, const struct hidden *h, u32 at, u32 first, u32 nr);

/** hidden_free() - free it. The GPU does not reach it when this returns. {0} is fine. */
void hidden_free(struct intel_vgpu *vgpu, struct hidden *h);

/* ---- shadow contexts ---- */

#define CTX_PAGES_MAX  22u /* the render engine's image: GEN9_LR_CONTEXT_RENDER_SIZE of i915 */
#define CTX_DWORDS     1024u
#define CTX_CACHED_MAX 64u /* shadows kept, for each engine */

/*
 * With this many pages of copied batches a context is loaded anew when more commands come, instead
 * of adding to its ring: loading frees the copies that its head has passed. 512 pages for each of
 * the 8 places in ports are a quarter of the hidden range.
 */
#define CTX_BATCH_PAGES 512u

/* Why something cannot run. Each reason has a counter. */
enum exec_refusal {
	EXEC_BAD_DESC,	  /* a descriptor that no context has */
	EXEC_BAD_IMAGE,	  /* registers that are missing, doubled or misplaced */
	EXEC_BAD_RING,	  /* an invalid ring, or one outside the guest's memory */
	EXEC_BAD_PPGTT,	  /* page tables that cannot be shadowed */
	EXEC_BAD_COMMAND, /* a command that may not run */
	EXEC_NO_MEMORY,
	EXEC_STUCK, /* the GPU could not go on */
	EXEC_ASKED, /* nothing was wrong: a person stopped it */
	EXEC_REFUSALS = GVT_EXEC_REFUSALS,
};

/* What is told of a refusal. */
struct exec_fault {
	enum exec_refusal refusal;
	const char *why;
	const char *name; /* the command's, or NULL */
	u32 cmd;	  /* the command, or 0 */
	u64 addr;	  /* graphics address of what was refused */
	u32 passed;	  /* EXEC_BAD_COMMAND in a ring: bytes of the commands before it */
};

/** vgpu_refuse() - fill @fault in. Returns false. */
static inline bool vgpu_refuse(struct exec_fault *fault, enum exec_refusal refusal, const char *why,
			       u64 addr)
{
	*fault = (struct exec_fault){ .refusal = refusal, .why = why, .addr = addr };
	return false;
}

/* A copy of a privileged batch. */
struct shadow_batch {
	struct hidden mem;
	u32 from; /* graphics address of the guest's batch */
	struct shadow_batch *next;
};

/** vgpu_image_pages() - pages of an image. */
static inline u32 vgpu_image_pages(enum gvt_engine engine)
{
	return engine == GVT_RCS0 ? CTX_PAGES_MAX : 2;
}

struct shadow_ctx {
	struct sched_ctx run; /* first: a report's context is this one */
	struct intel_vgpu *vgpu;
	enum gvt_engine engine;
	u64 guest_desc;
	u32 lrca;	/* address of the guest's image: the key of the shadow */
	u32 ring_size;	/* bytes; 0: it was never loaded */
	u32 ring_start; /* of the guest's ring */
	u32 appended;	/* bytes added to the ring since its head was last known */
	bool loaded;	/* our image counts: it is newer than the guest's if it ran */
	bool blind;	/* its page tables cannot be shadowed (.fault): it has scratch ones */
	bool stops;	/* at its tail the engine stands still because of .fault, */
	bool moves;	/* or, if this is set too, goes on with .move's page tables */
	struct {
		u64 pdp[4];
		u32 head; /* behind the command that loads them */
	} move;
	struct exec_fault fault;
	struct hidden mem; /* the image, then the ring */
	u32 *regs;	   /* page 1 of the image: the GPU's */
	u32 *ring;
	u32 image[CTX_DWORDS];	    /* page 1 as it was loaded */
	u8 ours[CTX_DWORDS / 8];    /* bits: dwords of the mediator's: image_own() */
	u64 entries[CTX_PAGES_MAX]; /* the GPU's GGTT entries of its other pages; 0: none */
	u64 pdp[4];
	u32 levels;
	struct shadow_batch *batches;
	u32 batch_pages;		/* pages of all batches */
	struct shadow_ctx *next, *prev; /* by last use */
};

/* ---- their page tables: context_tables.c ---- */

/** vgpu_context_mm() - its page tables, while it is loaded; or NULL. */
struct vgpu_mm *vgpu_context_mm(const struct shadow_ctx *ctx);

/**
 * vgpu_tables_set() - pin and sync the page tables that its image names, announcing them if the
 * guest has not, and have the image name their shadow; scratch ones if it is .blind. False with
 * @fault.
 */
bool vgpu_tables_set(struct shadow_ctx *ctx, struct exec_fault *fault);

/** vgpu_tables_sync() - sync them again. False with @fault. */
bool vgpu_tables_sync(struct shadow_ctx *ctx, struct exec_fault *fault);

/** vgpu_tables_unpin() - the context is not loaded any more. */
void vgpu_tables_unpin(struct shadow_ctx *ctx);

/* ---- what commands may do: audit.c ---- */

/**
 * vgpu_audit_ring() - audit @nr dwords of commands for a ring, in place. Privileged batches that
 * they start are copied and audited, and the commands start the copies. Returns 0 or a negative
 * errno with @fault.
 */
int vgpu_audit_ring(struct shadow_ctx *ctx, u32 *dw, u32 nr, struct exec_fault *fault);

/**
 * vgpu_audit_batch() - make an audited copy of the rest, from @gma on, of a privileged batch, which
 * the ring (@level 0) or another batch (1) started. @at receives the copy's address.
 */
int vgpu_audit_batch(struct shadow_ctx *ctx, u64 gma, u32 level, u32 *at, struct exec_fault *fault);

/** vgpu_audit_per_ctx() - the same for the per-context batch at @gma. */
int vgpu_audit_per_ctx(struct shadow_ctx *ctx, u32 gma, u32 *at, struct exec_fault *fault);

/** vgpu_audit_indirect() - the same for an indirect-context batch of @bytes. */
int vgpu_audit_indirect(struct shadow_ctx *ctx, u32 gma, u32 bytes, u32 *at,
			struct exec_fault *fault);

/* ---- their images' batches: batches.c ---- */

/** vgpu_batches_set() - have the image name audited copies of its batches. False with @fault. */
bool vgpu_batches_set(struct shadow_ctx *ctx, struct exec_fault *fault);

/** vgpu_batches_lead_home() - in @image, lead positions in copies back to the guest's batches. */
void vgpu_batches_lead_home(const struct shadow_ctx *ctx, u32 *image);

/** vgpu_batches_free() - free all copies. */
void vgpu_batches_free(struct shadow_ctx *ctx);

/* ---- their rings: ring.c ---- */

/**
 * vgpu_ring_load() - fill the shadow ring of @ctx, whose image was taken: from head to tail, or to
 * a command that may not run. Allocates the memory of image and ring. False with @fault.
 */
bool vgpu_ring_load(struct shadow_ctx *ctx, struct exec_fault *fault);

/** vgpu_ring_take() - the same for added commands, from the present tail to @to. */
bool vgpu_ring_take(struct shadow_ctx *ctx, u32 to, struct exec_fault *fault);

/**
 * vgpu_context_move() - have @ctx, which was stored, go on behind a command that loads page tables
 * (.moves): write these page tables, and the head behind the command, to the guest's image. Returns
 * 0 or a negative errno when the image cannot be written.
 */
int vgpu_context_move(struct shadow_ctx *ctx);

/* ---- they are loaded, stored and kept: shadow_ctx.c ---- */

/**
 * vgpu_context_load() - load the shadow of the context of @desc from the guest's image. It can then
 * run from its head to its tail, or to a command in its ring that may not run (.stops) or that
 * loads other page tables (.moves). The context must not be on the GPU. Returns NULL with @fault.
 */
struct shadow_ctx *vgpu_context_load(struct intel_vgpu *vgpu, enum gvt_engine engine, u64 desc,
				     struct exec_fault *fault);

/**
 * vgpu_context_grow() - take the commands that the guest added to the ring of @ctx, which may be
 * running. Returns 0 with the new @tail, -EAGAIN (it must be loaded anew), or another errno with
 * @fault.
 */
int vgpu_context_grow(struct shadow_ctx *ctx, u32 *tail, struct exec_fault *fault);

/** vgpu_context_store() - write what the GPU saved to the guest's image. It is off the GPU. */
void vgpu_context_store(struct shadow_ctx *ctx);

/**
 * vgpu_contexts_follow() - update pages of shadow images from graphics pages [first, first + nr),
 * which lead elsewhere, or nowhere, now. Called before the old pages are given back.
 */
void vgpu_contexts_follow(struct intel_vgpu *vgpu, u32 first, u32 nr);

/** vgpu_contexts_drop() - free all shadows of an engine; none is on the GPU. */
void vgpu_contexts_drop(struct intel_vgpu *vgpu, enum gvt_engine engine);

/* ---- the vGPU's part ---- */

struct vgpu_engine {
	struct intel_vgpu *vgpu;
	struct sched_client client;
	struct shadow_ctx *ctx[2]; /* the shadows loaded for the port's two contexts, or NULL */
	struct shadow_ctx *cached; /* all shadows, the last used one first */
	u32 nr_cached;
	struct exec_fault fault; /* why the port's second context could not be loaded */
};

struct vgpu_exec {
	struct vgpu_engine engine[GVT_NR_ENGINES];
	struct hidden idle; /* contexts that end at once, one for each engine */
	u64 hidden_used[HIDDEN_PAGES / 64];
	u32 hidden_at; /* where to look for free pages next */
	u32 *scratch;  /* for the copy that is being audited: .scratch_size bytes */
	size_t scratch_size;
	struct vgpu_exec_counts counts;
	struct gvt_scan_counts scan;
	u32 told;  /* bits by enum exec_refusal, then by engine: what was reported to a person */
	u32 dirty; /* bits by enum gvt_engine: there are reports */
};

/* ---- an engine that stands still: hang.c ---- */

/** vgpu_exec_hang() - show the guest that @engine stands still, until the guest resets it. */
void vgpu_exec_hang(struct intel_vgpu *vgpu, enum gvt_engine engine,
		    const struct exec_fault *fault);

/** vgpu_hang_reset() - @engine is being reset: if it stood still, a person is told. */
void vgpu_hang_reset(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** vgpu_hang_clear_fault() - show the guest no failed translation any more. */
void vgpu_hang_clear_fault(struct intel_vgpu *vgpu);

/* ---- contexts that end at once: idle.c ---- */

/**
 * vgpu_exec_ready() - true when contexts can run: the vGPU has a space on the GPU, and what the
 * hypervisor must supply for shadows. Makes the contexts that end at once.
 */
bool vgpu_exec_ready(struct intel_vgpu *vgpu);

/** vgpu_exec_drop_idle() - free them. */
void vgpu_exec_drop_idle(struct intel_vgpu *vgpu);

/* ---- the port: execlist.c ---- */

/** vgpu_exec_elsp() - the guest wrote @val to @engine's submit port. */
void vgpu_exec_elsp(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 val);

/** vgpu_exec_service() - take the scheduler's reports, of all engines. */
void vgpu_exec_service(struct intel_vgpu *vgpu);

/** vgpu_exec_service_last() - take those of @engine, but start nothing: what pends stays so. */
void vgpu_exec_service_last(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** vgpu_exec_resume() - go on with what an earlier process left running. */
void vgpu_exec_resume(struct intel_vgpu *vgpu);

/* ---- a vGPU on the GPU: on_gpu.c ---- */

/** vgpu_exec_init() - if there is a GPU, make a space on it and join the scheduler. */
int vgpu_exec_init(struct intel_vgpu *vgpu);

/** vgpu_exec_exit() - leave the GPU; what ran is saved to the guest's images. Before gtt's exit. */
void vgpu_exec_exit(struct intel_vgpu *vgpu);

#define EXEC_ALL_ENGINES ((1u << GVT_NR_ENGINES) - 1)

/**
 * vgpu_exec_reset() - reset the engines of @mask (bits by enum gvt_engine), but not the registers
 * that the guest sees: nothing runs, and no context is known.
 */
void vgpu_exec_reset(struct intel_vgpu *vgpu, u32 mask);

/** vgpu_exec_ring_start() - address of the guest's ring of the context that runs. */
u32 vgpu_exec_ring_start(struct intel_vgpu *vgpu, enum gvt_engine engine);

#endif
