/* SPDX-License-Identifier: MIT */
/*
 * The software GPU from inside: spaces, engines, and the functions that their files share. The
 * files from the ground up, each of which uses those before it alone:
 *
 *   own.c              an engine's own part: its time, its fault, and what is known of its context
 *   requests.c         what other threads ask of an engine, and the events by which it answers
 *   space.c            a vGPU's GGTT and registers
 *   mem.c              memory by graphics address
 *   mi_*.c, blt_*.c    commands (mi.h, softgpu.h)
 *   cs.c               the command streamer: fetches commands, and has their table
 *   context.c          restores a context, with its batches, and saves it
 *   port.c             the execlist port: an engine's thread
 *   device.c           the GPU
 *
 * Threads: each engine is a thread, and only it touches the engine's own part. Requests of other
 * threads (submit, flush, reset) are in the shared part, under the engine's lock. They set
 * .attention, which the engine looks at between commands. An engine rests while it waits, and while
 * it is in an event callback. It has no pointer into a space's memory then, so that a flush need
 * not wait for it, and callbacks may call the GPU.
 */
#ifndef CORE_GPU_SOFT_ENGINE_H
#define CORE_GPU_SOFT_ENGINE_H

#include <pthread.h>

#include "core/base/clock.h"
#include "core/gpu/soft/softgpu.h"
#include "core/hw/reg.h"
#include "core/hw/ring_regs.h"
#include "core/port/gpu.h"

/* ---- a space ---- */

#define SPACE_RUN_ENTRIES 512u
#define SPACE_RUNS	  2048u /* of entries: 4 GiB */

/* The entries of a run of a GGTT that are not all alike. */
struct softgpu_leaf {
	u64 entries[SPACE_RUN_ENTRIES];
	struct softgpu_leaf *next; /* in the list of retired leaves */
};

struct gvt_gpu_space {
	struct softgpu *gpu;
	struct gvt_gpu_space_config config;
	/* Engines read it at any time. .leaf NULL: all entries are .fill. */
	struct softgpu_ggtt_run {
		struct softgpu_leaf *leaf;
		u64 fill;
	} ggtt[SPACE_RUNS];
	struct softgpu_leaf *retired; /* freed by the next flush */
	u32 *regs[GVT_MMIO_PAGES];    /* pages of registers; NULL: zeroes */
};

/* ---- translation ---- */

#define TLB_PAGES 1024u
#define TLB_WALKS 64u

struct softgpu_tlb {
	u64 generation; /* part of the tags of valid entries */
	struct softgpu_tlb_page {
		u64 tag;
		u8 *page;
		bool ro;
	} pages[TLB_PAGES];
	/* The last table of walks of the PPGTT, each for 2 MiB of addresses. */
	struct softgpu_tlb_walk {
		u64 tag;
		const u64 *table; /* of enum gtt_kind .kind; NULL: a page of 2 MiB or more, */
		u64 bus;	  /* and where in it the 2 MiB begin */
		u8 kind;
		bool ro;
	} walks[TLB_WALKS];
};

/* A tag of a translation: the generation, the address space, and the page. */
#define TLB_GENERATION 37
#define TLB_GLOBAL     (1ull << 36)
#define TLB_PAGE_MASK  (TLB_GLOBAL - 1)

/** softgpu_tlb_slot() - a page's slot. The first pages of GGTT and PPGTT have different slots. */
static inline u32 softgpu_tlb_slot(u64 page)
{
	return (page ^ page >> 27) % TLB_PAGES;
}

/* ---- an engine ---- */

/* The longest command that is executed: MI_STORE_DATA_IMM has 10 bits of length. */
#define CS_COMMAND_MAX 1025u

#define CS_LEVELS 2u /* of batches */

/* The command streamer's position and state. */
struct softgpu_cs {
	u32 head, tail, start, size; /* the ring */
	u32 level;		     /* 0: in the ring; 1: in a batch; 2: in a second-level batch */
	struct softgpu_batch {
		u64 addr;
		bool ppgtt; /* true: in the PPGTT, without privilege; false: in the GGTT */
	} batch[CS_LEVELS];
	u64 end; /* while restoring: where the batch ends without a command; or 0 */
	bool restoring;
	bool arbitrate; /* MI_ARB_ON_OFF */
	u32 skip;	/* MI_SET_PREDICATE's condition */
	u32 progress;	/* of the running command, if it was preempted */
};

/* Why execution stops. */
enum softgpu_end {
	END_EMPTY,   /* the ring is empty */
	END_PREEMPT, /* another submission waits */
	END_RESET,   /* the engine is being reset */
	END_STUCK,   /* it cannot go on, as .fault says */
	END_LITE,    /* the context that runs was submitted again: its ring has a new tail */
};

struct softgpu_engine {
	struct softgpu *gpu;
	enum gvt_engine id;
	u32 base; /* of its registers */
	pthread_t thread;

	/* Shared. */
	pthread_mutex_t lock;
	pthread_cond_t work; /* to the engine */
	pthread_cond_t done; /* from it */
	u32 attention;	     /* atomic: set under the lock, read without */
	bool exit, reset, stuck;
	bool resting;
	u64 flush_wanted, flush_done;
	bool pending_valid;
	struct gvt_gpu_context pending[2];
	struct gvt_gpu_space *space; /* the space of port[0]; NULL: none */

	/* Its own. */
	bool aborted; /* it was reset from one of its own callbacks, and has to unwind */
	struct gvt_gpu_context port[2];
	u32 *regs;     /* the page of its registers in the space */
	u64 pdp[4];    /* roots of the PPGTT */
	bool four;     /* the PPGTT has four levels: pdp[0] is the root */
	u64 time;      /* its own time, in ns: softgpu_look(). Atomic; only the engine writes it */
	u64 looked_at; /* the last look at the clock, CLOCK_MONOTONIC */
	u32 worked;    /* work since then, in bytes moved */
	u32 time_base; /* CTX_TIMESTAMP = this + .time in ticks */
	u64 at;	       /* graphics address of the running command */
	enum gvt_cmd_op op;
	u32 polls;	/* of the semaphore that it waits for */
	u32 acthd_high; /* RING_ACTHD_UDW, as last shown */
	struct softgpu_cs cs;
	struct {
		const char *why;
		u64 addr; /* of the command */
		u32 cmd;
	} fault;
	struct softgpu_tlb tlb;
	bool sunk; /* a pointer to .sink was handed out */
	u8 sink[4096] __attribute__((aligned(64)));
	u32 setup[SOFTGPU_SETUP_DWORDS];
	u32 dw[CS_COMMAND_MAX];
};

struct softgpu {
	struct gvt_gpu gpu;
	u32 nr; /* engines started */
	struct softgpu_engine engines[GVT_NR_ENGINES];
	u8 kinds[GVT_MMIO_DWORDS];	  /* by register: enum gvt_reg_kind, or: */
#define SOFTGPU_LIVE 0xff		  /* the value is computed when it is read */
	u64 hidden[GVT_MMIO_DWORDS / 64]; /* bits by register: unprivileged batches read zero */
};

/* ---- own.c ---- */

/** softgpu_own() - register @reg of the engine, by distance from its base. */
static inline u32 softgpu_own(const struct softgpu_engine *e, u32 reg)
{
	return __atomic_load_n(&e->regs[reg / 4], __ATOMIC_RELAXED);
}

/** softgpu_set_own() - set register @reg of the engine. */
static inline void softgpu_set_own(struct softgpu_engine *e, u32 reg, u32 val)
{
	__atomic_store_n(&e->regs[reg / 4], val, __ATOMIC_RELAXED);
}

/** softgpu_cs_privileged() - true if the running command is privileged. */
static inline bool softgpu_cs_privileged(const struct softgpu_engine *e)
{
	return !e->cs.level || !e->cs.batch[e->cs.level - 1].ppgtt;
}

/* The engine looks at the clock after so much work; and what other work counts as, in bytes. */
#define SOFTGPU_LOOK_AFTER    KiB(256)
#define SOFTGPU_COMMAND_BYTES 256u
#define SOFTGPU_PAGE_BYTES    KiB(8) /* a look-up of a page, which may have to be mapped */
#define SOFTGPU_EVENT_BYTES   KiB(16)

/**
 * softgpu_look() - look at the clock: add the time since the last look to the engine's own time, up
 * to the longest time that the engine works without a look. If more passed, the host did not run
 * it.
 */
void softgpu_look(struct softgpu_engine *e);

/** softgpu_work() - count work, and look at the clock after some 100 us of it. */
static inline void softgpu_work(struct softgpu_engine *e, u32 bytes)
{
	e->worked += bytes;
	if (e->worked >= SOFTGPU_LOOK_AFTER)
		softgpu_look(e);
}

/** softgpu_begin() - the engine was idle until now. */
void softgpu_begin(struct softgpu_engine *e);

/** softgpu_time() - gvt_gpu_ops. */
u64 softgpu_time(struct gvt_gpu *gpu, enum gvt_engine engine);

/** softgpu_fail() - note why the engine cannot go on, unless a reason is noted. Returns -EINVAL. */
int softgpu_fail(struct softgpu_engine *e, const char *why);

/** softgpu_tlb_invalidate() - forget all translations. */
void softgpu_tlb_invalidate(struct softgpu_engine *e);

/** softgpu_context_time() - CTX_TIMESTAMP: the context's share of the engine's time, in ticks. */
u32 softgpu_context_time(struct softgpu_engine *e);

/** softgpu_context_roots() - take the roots of the PPGTT from the registers. */
void softgpu_context_roots(struct softgpu_engine *e);

/** softgpu_hwsp() - GGTT address of the engine's status page, or (@own) of the context's. */
u64 softgpu_hwsp(struct softgpu_engine *e, bool own);

/* ---- requests.c ---- */

/** softgpu_engine_start() - start its thread, which executes @main. 0 or a negative errno. */
int softgpu_engine_start(struct softgpu_engine *e, void *(*main)(void *e));

/** softgpu_engine_stop() - end its thread, whatever it executes. */
void softgpu_engine_stop(struct softgpu_engine *e);

/* gvt_gpu_ops of an engine. */
int softgpu_submit(struct gvt_gpu *gpu, enum gvt_engine engine,
		   const struct gvt_gpu_context ctx[2]);
void softgpu_reset(struct gvt_gpu *gpu, enum gvt_engine engine);

/**
 * softgpu_engine_flush() - have @e forget its translations of @space.
 * @wait: wait until it has. Otherwise it does so before its next command.
 */
void softgpu_engine_flush(struct softgpu_engine *e, struct gvt_gpu_space *space, bool wait);

/** softgpu_attend() - look at other threads' requests. Returns END_EMPTY: go on; or why to stop. */
enum softgpu_end softgpu_attend(struct softgpu_engine *e);

/** softgpu_attention() - true if there is something for softgpu_attend(). */
static inline bool softgpu_attention(struct softgpu_engine *e)
{
	return __atomic_load_n(&e->attention, __ATOMIC_ACQUIRE);
}

/** softgpu_event() - send @event to the owner of its .space; sets .engine. */
void softgpu_event(struct softgpu_engine *e, struct gvt_gpu_event *event);

/** softgpu_interrupt() - send a GVT_GPU_INTERRUPT for the running context. */
void softgpu_interrupt(struct softgpu_engine *e, u32 irq);

/** softgpu_pause() - sleep until attention, or a short time, which grows with .polls. */
void softgpu_pause(struct softgpu_engine *e);

/** softgpu_kick() - wake an engine that pauses. */
void softgpu_kick(struct softgpu_engine *e);

/* With the lock held: */

/** softgpu_rest() - wait until another thread calls, or @until (CLOCK_MONOTONIC) if not NULL. */
void softgpu_rest(struct softgpu_engine *e, const struct timespec *until);

/** softgpu_empty() - the port is empty, and takes submissions. */
void softgpu_empty(struct softgpu_engine *e);

/** softgpu_lite() - true if the submission that waits begins with the context that runs. */
bool softgpu_lite(const struct softgpu_engine *e);

/* ---- space.c ---- */

/* gvt_gpu_ops of a space. */
int softgpu_space_create(struct gvt_gpu *gpu, const struct gvt_gpu_space_config *config,
			 struct gvt_gpu_space **out);
void softgpu_space_destroy(struct gvt_gpu_space *space);
int softgpu_ggtt_set(struct gvt_gpu_space *space, u32 first, u32 nr, const u64 *entries, u64 fill);
void softgpu_flush(struct gvt_gpu_space *space);
u32 softgpu_reg_read(struct gvt_gpu_space *space, u32 offset);
void softgpu_reg_write(struct gvt_gpu_space *space, u32 offset, u32 val);
void softgpu_regs_clear(struct gvt_gpu_space *space);

/** softgpu_ggtt_entry() - entry @i (below 1 Mi), from any thread. */
u64 softgpu_ggtt_entry(const struct gvt_gpu_space *space, u32 i);

/** softgpu_regs_page() - the page of registers with @offset, made if needed; NULL: no memory. */
u32 *softgpu_regs_page(struct gvt_gpu_space *space, u32 offset);

/** softgpu_reg_put() - give a register this value, whatever its kind does with writes. */
void softgpu_reg_put(struct gvt_gpu_space *space, u32 offset, u32 val);

/** softgpu_timestamp() - RING_TIMESTAMP: 36 bits at 12 MHz. */
u64 softgpu_timestamp(void);

/* ---- mem.c ---- */

/** softgpu_mem_miss() - softgpu_mem() for a page that is not in .tlb, or is read-only there. */
void *softgpu_mem_miss(struct softgpu_engine *e, bool global, u64 addr, bool write);

/**
 * softgpu_mem() - the byte at @addr of the GGTT (@global) or the PPGTT; NULL: a fault, which is
 * recorded. With @write, for a read-only page: a page that nobody reads.
 */
static inline void *softgpu_mem(struct softgpu_engine *e, bool global, u64 addr, bool write)
{
	u64 page = (addr >> 12 & TLB_PAGE_MASK) | (global ? TLB_GLOBAL : 0);
	const struct softgpu_tlb_page *slot = &e->tlb.pages[softgpu_tlb_slot(page)];

	if (slot->tag == (e->tlb.generation | page) && !(write && slot->ro))
		return slot->page + addr % GVT_PAGE_SIZE;
	return softgpu_mem_miss(e, global, addr, write);
}

/** softgpu_load() - @nr dwords from @addr (dword aligned). Returns 0 or -EFAULT. */
int softgpu_load(struct softgpu_engine *e, bool global, u64 addr, u32 *dw, u32 nr);

/** softgpu_store() - the same, written; two dwords at an aligned address are written at once. */
int softgpu_store(struct softgpu_engine *e, bool global, u64 addr, const u32 *dw, u32 nr);

/* ---- cs.c ---- */

/** softgpu_cs_run() - execute the ring, or while restoring, the batch. */
enum softgpu_end softgpu_cs_run(struct softgpu_engine *e);

/** softgpu_cs_show() - show the running command and its address in the registers. */
void softgpu_cs_show(struct softgpu_engine *e, u64 addr, u32 header);

/* ---- context.c ---- */

/** softgpu_context_restore() - load port[0]'s context, and run its batches for restores. */
enum softgpu_end softgpu_context_restore(struct softgpu_engine *e);

/** softgpu_context_save() - save the context. False: its image cannot be reached. */
bool softgpu_context_save(struct softgpu_engine *e);

/** softgpu_context_tail() - take the ring's new tail from the image. False: there is none. */
bool softgpu_context_tail(struct softgpu_engine *e);

/* ---- port.c ---- */

/** softgpu_engine_main() - the thread of an engine, @e. */
void *softgpu_engine_main(void *e);

#endif
