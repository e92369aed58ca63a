/* SPDX-License-Identifier: MIT */
/*
 * The physical GPU: the second lower port of the vGPU. The core drives silicon and the software GPU
 * (core/gpu/soft) by the same calls, at register level: entries of a GGTT, registers, and two
 * contexts at a time for an engine's execlist port. The GPU answers by events.
 *
 * A vGPU owns a space of the GPU: a GGTT, and a set of registers. Contexts of different spaces may
 * run at the same time on different engines. A space knows no guest frame numbers: all addresses in
 * it are bus addresses.
 *
 * Threads: the vGPU's thread makes the calls about its space. Any thread calls submit, time and
 * reset. Events come from the GPU's own threads.
 */
#ifndef CORE_PORT_GPU_H
#define CORE_PORT_GPU_H

#include "core/base/types.h"
#include "core/hw/engine.h"

struct gvt_gpu;
struct gvt_gpu_space;

/* A context for an execlist port: its descriptor as ELSP takes it, and the space that it is of. */
struct gvt_gpu_context {
	struct gvt_gpu_space *space; /* NULL: none */
	u64 desc;
};

enum gvt_gpu_event_kind {
	GVT_GPU_STATUS,	   /* a context status entry was written */
	GVT_GPU_INTERRUPT, /* a command asked for an interrupt */
	GVT_GPU_STUCK,	   /* the engine cannot execute a command, and waits for a reset */
};

struct gvt_gpu_event {
	enum gvt_gpu_event_kind kind;
	enum gvt_engine engine;
	struct gvt_gpu_space *space;
	u64 desc;	 /* of the context */
	u32 status;	 /* GVT_GPU_STATUS: GVT_CSB_ bits */
	u32 irq;	 /* GVT_GPU_INTERRUPT: GVT_IRQ_ bits */
	u32 head;	 /* STATUS and STUCK: the context's position in its ring */
	u64 addr;	 /* STUCK: of the command */
	u32 cmd;	 /* STUCK: the command */
	const char *why; /* STUCK: the reason in words, static */
};

/* What the software GPU needs of a space's owner; silicon has an IOMMU instead. */
struct gvt_gpu_space_config {
	void *priv;
	/*
	 * The 4 KiB page at bus address @bus (page aligned), which is mapped for DMA of this space,
	 * or NULL. Called from any of the GPU's threads. The page stays there until the next
	 * flush().
	 */
	void *(*page)(void *priv, u64 bus);
	/* Something happened to a context. A thread of the GPU's calls this: it must not block. */
	void (*event)(void *priv, const struct gvt_gpu_event *event);
	/*
	 * The GPU takes @bytes of memory for the space; negative: it gives them back. From any
	 * thread. Returns non-zero when the GPU may not have them. NULL: there is no bound.
	 */
	int (*charge)(void *priv, s64 bytes);
};

struct gvt_gpu_ops {
	const char *name;

	void (*destroy)(struct gvt_gpu *gpu);

	/*
	 * Make an empty space: no entry of its GGTT is present, all registers are zero. Returns 0
	 * or -ENOMEM. It is destroyed after its last context has left the engines.
	 */
	int (*space_create)(struct gvt_gpu *gpu, const struct gvt_gpu_space_config *config,
			    struct gvt_gpu_space **space);
	void (*space_destroy)(struct gvt_gpu_space *space);

	/*
	 * Set entries [first, first + nr) of its GGTT; @entries NULL: all to @fill. Returns 0, or
	 * -ENOMEM with some entries unchanged. Filling whole runs of 512 needs no memory.
	 */
	int (*ggtt_set)(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries,
			u64 fill);

	/*
	 * Forget all translations made so far: when this returns none is used any more, and the
	 * pages that they led to may be given back. It waits for the command that an engine is
	 * executing, but never for an event(): the caller may hold a lock that event() takes.
	 */
	void (*flush)(struct gvt_gpu_space *space);

	/* A register of the space, by byte offset in BAR0. */
	u32 (*reg_read)(struct gvt_gpu_space *space, u32 offset);
	void (*reg_write)(struct gvt_gpu_space *space, u32 offset, u32 val);

	/* Set all registers to zero, as in a new space. None of its contexts is on an engine. */
	void (*regs_clear)(struct gvt_gpu_space *space);

	/*
	 * ELSP: run ctx[0], then ctx[1], in place of what the port holds. As on hardware, the same
	 * context in front goes on with its new tail, and another one preempts. GVT_GPU_STATUS
	 * events tell of the result. Returns 0, or -EBUSY while no event has acknowledged an
	 * earlier submission, or while the engine is stuck.
	 */
	int (*submit)(struct gvt_gpu *gpu, enum gvt_engine engine,
		      const struct gvt_gpu_context ctx[2]);

	/*
	 * The engine's own time, in nanoseconds: the time in which it has something to run and can
	 * run it. A wait (MI_SEMAPHORE_WAIT) counts, because nobody else has the engine then. The
	 * time stands still while the engine is idle or stuck, and while the host does not run it:
	 * a process that is stopped, a thread that waits for a processor. It never goes back, and
	 * never runs faster than CLOCK_MONOTONIC. When the STATUS event comes that ends a run, all
	 * of the run is counted. From any thread, with any lock held.
	 */
	u64 (*time)(struct gvt_gpu *gpu, enum gvt_engine engine);

	/*
	 * Stop the engine where it is and empty its port, without saving anything. No event about
	 * what ran comes after this returns: it waits for an event() in progress, so the caller may
	 * hold no lock that event() takes. Called from within event() it does not wait.
	 */
	void (*reset)(struct gvt_gpu *gpu, enum gvt_engine engine);
};

/* What every GPU begins with. */
struct gvt_gpu {
	const struct gvt_gpu_ops *ops;
};

/**
 * softgpu_create() - a Gen9 GPU of software: a thread for each engine.
 * Destroyed by its ops->destroy(), after the last space. Returns 0 or a negative errno.
 */
int softgpu_create(struct gvt_gpu **gpu);

#endif
