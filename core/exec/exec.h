/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a guest's submissions: from the four writes to an execlist submit port to the
 * entries of the context status buffer.
 *
 * A submission names contexts by address. Each gets a shadow (shadow_ctx.c): its ring (ring.c) and
 * the page of its image that holds registers (image.c) are copied, checked, and entered into the
 * hidden range, the top of the GGTT where the guest's own entries count for nothing (hidden.c).
 * Shadows are what the scheduler (core/gpu/sched) has the GPU run. What came of a run is brought to
 * the guest by the vGPU's thread: the saved registers to its image, then an entry of the status
 * buffer, then an interrupt (execlist.c).
 *
 * All of this is the vGPU's thread's, but for what struct sched_client guards.
 */
#ifndef CORE_EXEC_EXEC_H
#define CORE_EXEC_EXEC_H

#include "core/exec/scan.h"
#include "core/gtt/ggtt.h"
#include "core/gvt.h"
#include "core/port/share.h"

struct intel_vgpu;
struct vgpu_mm;

/* MI_BATCH_BUFFER_END, the whole command: ends batches and lists of registers. */
#define EXEC_BATCH_END (0x0au << 23)

/* ---- the hidden range: hidden.c ---- */

/* Graphics memory of ours: a run of addresses, with host pages behind some or all of them. */
struct hidden {
	u32 gma, pages; /* .pages 0: none */
	u8 *va;		/* of the host pages */
	u32 backed;
};

/**
 * hidden_alloc() - @pages addresses, and @backed host pages, zeroed, not yet entered.
 * Returns 0 or -ENOMEM.
 */
int hidden_alloc(struct intel_vgpu *vgpu, u32 pages, u32 backed, struct hidden *h);

/** hidden_enter() - host pages [first, first + nr) appear at address page @at of @h. 0 or -ENOMEM.
 */
int hidden_enter(struct intel_vgpu *vgpu, const struct hidden *h, u32 at, u32 first, u32 nr);

/** hidden_free() - the GPU does not reach it any more when this returns; {0} is fine. */
void hidden_free(struct intel_vgpu *vgpu, struct hidden *h);

/* ---- shadow contexts: shadow_ctx.c ---- */

#define CTX_PAGES_MAX  22u /* of the render engine's image: GEN9_LR_CONTEXT_RENDER_SIZE of i915 */
#define CTX_DWORDS     1024u
#define CTX_CACHED_MAX 64u /* shadows kept, for each engine */

/*
 * Above this many pages of copied batches a context is loaded anew instead of having its ring added
 * to: loading frees the copies that its head has passed. 512 pages for each of 8 places in ports
 * are a quarter of the hidden range.
 */
#define CTX_BATCH_PAGES 512u

/* Why something cannot be run. Each has its counter. */
enum exec_refusal {
	EXEC_BAD_DESC,	  /* a descriptor that no context has */
	EXEC_BAD_IMAGE,	  /* registers that are missing, doubled or not to be had */
	EXEC_BAD_RING,	  /* a ring that is none, or lies outside the guest's memory */
	EXEC_BAD_PPGTT,	  /* tables that cannot be followed */
	EXEC_BAD_COMMAND, /* a command that may not run */
	EXEC_NO_MEMORY,
	EXEC_STUCK, /* the GPU, not we */
	EXEC_ASKED, /* nothing was wrong: a person had it stopped */
	EXEC_REFUSALS = GVT_EXEC_REFUSALS,
};

/* What to tell of it. */
struct exec_fault {
	enum exec_refusal refusal;
	const char *why;
	const char *name; /* the command's, or NULL */
	u32 cmd;	  /* the command, or 0 */
	u64 addr;	  /* of what was refused, graphics address */
	u32 passed; /* EXEC_BAD_COMMAND in a ring: bytes that stand before, of whole commands */
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
	u32 from; /* where the guest has it */
	struct shadow_batch *next;
};

/** vgpu_image_pages() - pages of an image. */
static inline u32 vgpu_image_pages(enum gvt_engine engine)
{
	return engine == GVT_RCS0 ? CTX_PAGES_MAX : 2;
}

struct shadow_ctx {
	struct sched_ctx run; /* first: reports lead back here */
	struct intel_vgpu *vgpu;
	enum gvt_engine engine;
	u64 guest_desc;
	u32 lrca;	/* of the guest's image, which is what it is found by */
	u32 ring_size;	/* bytes; 0: nothing was loaded yet */
	u32 ring_start; /* the guest's */
	u32 appended;	/* bytes of the ring filled since its head was known */
	bool loaded;	/* the image is ours, and newer than the guest's if it ran */
	bool blind;	/* its page tables cannot be had, for .fault: it has such as lead nowhere */
	bool stops;	/* at its tail the engine stands still, for .fault, */
	bool moves;	/* or goes on behind a load of .move's page tables */
	struct {
		u64 pdp[4];
		u32 head; /* behind that command */
	} move;
	struct exec_fault fault;
	struct hidden mem; /* the image, then the ring */
	u32 *regs;	   /* page 1 of the image, as the GPU has it */
	u32 *ring;
	u32 image[CTX_DWORDS];	    /* page 1 as it was loaded */
	u8 ours[CTX_DWORDS / 8];    /* bits: dwords that are not the guest's to see or to set */
	u64 entries[CTX_PAGES_MAX]; /* of its other pages, as the GPU has them; 0: none */
	u64 pdp[4];
	u32 levels;
	struct shadow_batch *batches;
	u32 batch_pages;		/* of them all */
	struct shadow_ctx *next, *prev; /* by last use */
};

/**
 * vgpu_context_load() - the shadow of the context of @desc, loaded from the guest's image: ready to
 * run from its head to its tail, or (.stops) to a command in its ring that may not run, or
 * (.moves) that loads other page tables. It must not be on the GPU. Returns NULL with @fault.
 */
struct shadow_ctx *vgpu_context_load(struct intel_vgpu *vgpu, enum gvt_engine engine, u64 desc,
				     struct exec_fault *fault);

/**
 * vgpu_context_grow() - take what the guest added to the ring of @ctx, which may run.
 * Returns 0 with @tail, -EAGAIN (it must be loaded anew), or another errno with @fault.
 */
int vgpu_context_grow(struct shadow_ctx *ctx, u32 *tail, struct exec_fault *fault);

/** vgpu_context_store() - bring what the GPU saved to the guest's image. It is off the GPU. */
void vgpu_context_store(struct shadow_ctx *ctx);

/**
 * vgpu_context_move() - @ctx, which was stored, stands before a command that loads page tables
 * (.moves): the guest's image gets these, and a head behind that command. Returns 0 or a
 * negative errno: the image cannot be written.
 */
int vgpu_context_move(struct shadow_ctx *ctx);

/** vgpu_context_mm() - its page tables, while it is loaded; or NULL. */
struct vgpu_mm *vgpu_context_mm(const struct shadow_ctx *ctx);

/** vgpu_context_uses() - true when page tables @mm are those of @ctx, which is loaded. */
bool vgpu_context_uses(const struct shadow_ctx *ctx, const struct vgpu_mm *mm);

/**
 * vgpu_contexts_follow() - graphics pages [first, first + nr) lead elsewhere, or nowhere: so do
 * those of images, before what they led to is given back.
 */
void vgpu_contexts_follow(struct intel_vgpu *vgpu, u32 first, u32 nr);

/** vgpu_contexts_drop() - release all shadows of an engine; none is on the GPU. */
void vgpu_contexts_drop(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** vgpu_gma_to_gpa() - where in the guest's memory graphics address @gma is, or ~0. */
u64 vgpu_gma_to_gpa(const struct intel_vgpu *vgpu, u64 gma);

/**
 * vgpu_gma_read() - copy @len bytes at graphics address @gma, page by page.
 * @mm: the PPGTT that it is an address of; NULL: the GGTT.
 * Returns 0 or -EFAULT.
 */
int vgpu_gma_read(struct intel_vgpu *vgpu, const struct vgpu_mm *mm, u64 gma, void *buf,
		  size_t len);

/* ---- their rings: ring.c ---- */

#define RING_TAIL_OFFSET 0x1ffff8u

/**
 * vgpu_ring_load() - the shadow ring of @ctx, whose image was taken: memory for both, and what is
 * from head to tail, or to a command that may not run. False with @fault.
 */
bool vgpu_ring_load(struct shadow_ctx *ctx, struct exec_fault *fault);

/** vgpu_ring_take() - the same for what the guest has added, from the tail that runs up to @to. */
bool vgpu_ring_take(struct shadow_ctx *ctx, u32 to, struct exec_fault *fault);

/* ---- what commands may do: audit.c ---- */

/**
 * vgpu_audit_ring() - audit @nr dwords of commands for a ring, in place. Batches that they start
 * with privilege are copied, audited, and started where the copies are.
 * Returns 0 or a negative errno with @fault.
 */
int vgpu_audit_ring(struct shadow_ctx *ctx, u32 *dw, u32 nr, struct exec_fault *fault);

/**
 * vgpu_audit_batch() - an audited copy of the rest, from @gma on, of a privileged batch that @level
 * others return from; @at is its address.
 */
int vgpu_audit_batch(struct shadow_ctx *ctx, u64 gma, u32 level, u32 *at, struct exec_fault *fault);

/** vgpu_audit_per_ctx() - an audited copy of the per-context batch at @gma; @at is its address. */
int vgpu_audit_per_ctx(struct shadow_ctx *ctx, u32 gma, u32 *at, struct exec_fault *fault);

/** vgpu_audit_indirect() - the same for an indirect-context batch, which has @bytes. */
int vgpu_audit_indirect(struct shadow_ctx *ctx, u32 gma, u32 bytes, u32 *at,
			struct exec_fault *fault);

/* ---- the vGPU's part: execlist.c, exec.c ---- */

struct vgpu_engine {
	struct intel_vgpu *vgpu;
	struct sched_client client;
	struct shadow_ctx *ctx[2]; /* loaded for the port's two, or NULL */
	struct shadow_ctx *cached; /* the one used last first */
	u32 nr_cached;
	struct exec_fault fault; /* of the port's second context, which could not be loaded */
};

struct vgpu_exec {
	struct vgpu_engine engine[GVT_NR_ENGINES];
	struct hidden idle; /* contexts that end at once, one for each engine */
	u64 hidden_used[HIDDEN_PAGES / 64];
	u32 hidden_at; /* where to look for free ones next */
	u32 *scratch;  /* a copy of what is being audited, .scratch_size bytes */
	size_t scratch_size;
	struct vgpu_exec_counts counts;
	struct gvt_scan_counts scan;
	u32 told;  /* bits by enum exec_refusal, then by engine: what a person was told of */
	u32 dirty; /* bits by enum gvt_engine: there are reports */
};

/**
 * vgpu_exec_ready() - true when contexts can be run: the GPU and the hypervisor give what they are
 * made of.
 */
bool vgpu_exec_ready(struct intel_vgpu *vgpu);

/** vgpu_exec_init() - a space on the GPU, where there is one, and a place in its queues. */
int vgpu_exec_init(struct intel_vgpu *vgpu);

/** vgpu_exec_exit() - off the GPU; what ran is saved to the guest's images. Before gtt goes. */
void vgpu_exec_exit(struct intel_vgpu *vgpu);

/** vgpu_exec_resume() - go on with what an earlier process left running. */
void vgpu_exec_resume(struct intel_vgpu *vgpu);

#define EXEC_ALL_ENGINES ((1u << GVT_NR_ENGINES) - 1)

/**
 * vgpu_exec_reset() - engines of @mask (bits by enum gvt_engine) as after power-on, but for their
 * registers: nothing runs, nothing is known of contexts.
 */
void vgpu_exec_reset(struct intel_vgpu *vgpu, u32 mask);

/** vgpu_exec_elsp() - the guest wrote @val to @engine's submit port. */
void vgpu_exec_elsp(struct intel_vgpu *vgpu, enum gvt_engine engine, u32 val);

/** vgpu_exec_service() - take what the GPU reported, on all engines. */
void vgpu_exec_service(struct intel_vgpu *vgpu);

/** vgpu_exec_service_engine() - the same for one engine. */
void vgpu_exec_service_engine(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** vgpu_exec_service_last() - the same, and nothing is started: what waits goes on waiting. */
void vgpu_exec_service_last(struct intel_vgpu *vgpu, enum gvt_engine engine);

/** vgpu_exec_forget() - the guest takes PPGTT @mm away: what runs with it cannot go on. */
void vgpu_exec_forget(struct intel_vgpu *vgpu, const struct vgpu_mm *mm);

/** vgpu_exec_hang() - @engine stands still, in the guest's sight, until the guest resets it. */
void vgpu_exec_hang(struct intel_vgpu *vgpu, enum gvt_engine engine,
		    const struct exec_fault *fault);

/** vgpu_exec_ring_start() - where the ring of what runs is, as the guest has it. */
u32 vgpu_exec_ring_start(struct intel_vgpu *vgpu, enum gvt_engine engine);

#endif
