/* SPDX-License-Identifier: MIT */
/*
 * The physical GPU: the other lower port of the vGPU. The core drives silicon and the software GPU
 * (core/gpu/soft) by the same calls, at register level: entries of a GGTT, registers, two contexts
 * at a time for an engine's execlist port, and events back.
 *
 * What one vGPU owns of the GPU is a space: a GGTT, and a set of registers. Contexts of different
 * spaces may run at the same time on different engines. A space knows nothing of guest frame
 * numbers: all that is in it is bus addresses.
 *
 * Threads: calls about one space are made from its vGPU's thread, submit and reset from anywhere.
 * Events come from the GPU's own threads.
 */
#ifndef CORE_PORT_GPU_H
#define CORE_PORT_GPU_H

#include "core/base/types.h"
#include "core/hw/engine.h"

struct gvt_gpu;
struct gvt_gpu_space;

/* A context for an execlist port: its descriptor as ELSP takes it, and whose GGTT it means. */
struct gvt_gpu_context {
	struct gvt_gpu_space *space; /* NULL: none */
	u64 desc;
};

enum gvt_gpu_event_kind {
	GVT_GPU_STATUS,	   /* a context status entry was written */
	GVT_GPU_INTERRUPT, /* a command asked for an interrupt */
	GVT_GPU_STUCK,	   /* the engine met what it cannot execute, and waits for a reset */
};

struct gvt_gpu_event {
	enum gvt_gpu_event_kind kind;
	enum gvt_engine engine;
	struct gvt_gpu_space *space;
	u64 desc;	 /* of the context */
	u32 status;	 /* GVT_GPU_STATUS: GVT_CSB_ bits */
	u32 irq;	 /* GVT_GPU_INTERRUPT: GVT_IRQ_ bits */
	u32 head;	 /* STATUS and STUCK: where in its ring the context is */
	u64 addr;	 /* STUCK: of the command */
	u32 cmd;	 /* STUCK: the command */
	const char *why; /* STUCK: in words, static */
};

/* What a GPU of software needs of whoever owns a space; a silicon one has an IOMMU. */
struct gvt_gpu_space_config {
	void *priv;
	/*
	 * The 4 KiB page at bus address @bus (page aligned), mapped for DMA of this space, or NULL.
	 * Called from any of the GPU's threads; the page stays where it is until the next flush().
	 */
	void *(*page)(void *priv, u64 bus);
	/* Something happened to a context of this space. From a thread of the GPU's: no blocking.
	 */
	void (*event)(void *priv, const struct gvt_gpu_event *event);
	/*
	 * The GPU takes @bytes of memory for the space or, negative, gives them back. From any
	 * thread. Non-zero: it may not have them. NULL: it may have all that it needs.
	 */
	int (*charge)(void *priv, s64 bytes);
};

struct gvt_gpu_ops {
	const char *name;

	void (*destroy)(struct gvt_gpu *gpu);

	/*
	 * An empty space: no entry of its GGTT is present, all registers are zero. Returns 0 or
	 * -ENOMEM. Destroyed after the last of its contexts has left the engines.
	 */
	int (*space_create)(struct gvt_gpu *gpu, const struct gvt_gpu_space_config *config,
			    struct gvt_gpu_space **space);
	void (*space_destroy)(struct gvt_gpu_space *space);

	/*
	 * Entries [first, first + nr) of its GGTT; @entries NULL: all are @fill. 0 or -ENOMEM:
	 * some are as before. To fill whole runs of 512 needs no memory.
	 */
	int (*ggtt_set)(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries,
			u64 fill);

	/*
	 * No translation that was made before is used when this returns: what they led to may be
	 * given back. Waits for what the engines are in the middle of, never for an event(): so
	 * it may be called with a lock that event() takes.
	 */
	void (*flush)(struct gvt_gpu_space *space);

	/* A register of the space, by byte offset in BAR0. */
	u32 (*reg_read)(struct gvt_gpu_space *space, u32 offset);
	void (*reg_write)(struct gvt_gpu_space *space, u32 offset, u32 val);

	/* All of them are zero, as in a new space. Nothing of the space is on an engine. */
	void (*regs_clear)(struct gvt_gpu_space *space);

	/*
	 * ELSP: run ctx[0], then ctx[1]. In place of what the port holds, as the hardware does: the
	 * same context in front goes on with its new tail, another preempts. GVT_GPU_STATUS
	 * events say what came of it. Returns 0, or -EBUSY while an earlier submission has not been
	 * acknowledged by an event, or the engine is stuck.
	 */
	int (*submit)(struct gvt_gpu *gpu, enum gvt_engine engine,
		      const struct gvt_gpu_context ctx[2]);

	/*
	 * The engine's own time, in nanoseconds: what passes while it has something to run and can
	 * run it. Waits count (MI_SEMAPHORE_WAIT), for nobody else has the engine then. An engine
	 * that is idle, or stuck, has none; nor has one whose host does not run it: a process that
	 * was stopped, a thread that waits for a processor. It never goes back, nor faster than
	 * CLOCK_MONOTONIC. All of a run is in it when the STATUS event comes that ends the run.
	 * Called from anywhere, with any lock.
	 */
	u64 (*time)(struct gvt_gpu *gpu, enum gvt_engine engine);

	/*
	 * Stop the engine where it is and empty its ports, without saving anything. When it returns
	 * no event of what ran will come any more: it waits for an event() in progress, so no lock
	 * that event() takes may be held. From within event() it does not wait.
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
