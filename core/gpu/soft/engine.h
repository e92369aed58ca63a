/* SPDX-License-Identifier: MIT */
/*
 * The software GPU from inside: spaces, engines, and what their files give each other.
 *
 * Threads. Each engine is a thread, which alone touches the engine's own part. What others ask of
 * it (submit, flush, reset) is in the shared part, under the engine's lock; .attention tells the
 * engine, which looks at it between commands, that something is there. An engine rests while it
 * waits or is in an event callback: it holds no pointer into a space's memory then, so a flush need
 * not wait for it, and callbacks may call back.
 */
#ifndef CORE_GPU_SOFT_ENGINE_H
#define CORE_GPU_SOFT_ENGINE_H

#include <pthread.h>

#include "core/base/clock.h"
#include "core/gpu/soft/softgpu.h"
#include "core/hw/reg.h"
#include "core/port/gpu.h"

/* ---- registers, by distance from an engine's base (Linux' intel_engine_regs.h) ---- */

#define RING_TAIL	     0x30
#define RING_HEAD	     0x34
#define RING_START	     0x38
#define RING_CTL	     0x3c
#define RING_ACTHD_UDW	     0x5c
#define RING_IPEHR	     0x68
#define RING_INSTDONE	     0x6c
#define RING_ACTHD	     0x74
#define RING_HWS_PGA	     0x80
#define RING_NOPID	     0x94
#define RING_EIR	     0xb0
#define RING_BBSTATE	     0x110
#define RING_SBBADDR	     0x114
#define RING_SBBSTATE	     0x118
#define RING_SBBADDR_UDW     0x11c
#define RING_BBADDR	     0x140
#define RING_BB_OFFSET	     0x158
#define RING_BBADDR_UDW	     0x168
#define RING_CCID	     0x180
#define RING_PER_CTX	     0x1c0
#define RING_INDIRECT	     0x1c4
#define RING_INDIRECT_AT     0x1c8 /* INDIRECT_CTX_OFFSET */
#define RING_EXECLIST_STATUS 0x234
#define RING_CONTEXT_CONTROL 0x244
#define RING_PDP	     0x270
#define RING_TIMESTAMP	     0x358
#define RING_CTX_TIMESTAMP   0x3a8
#define RING_PREDICATE_SRC0  0x400
#define RING_PREDICATE_SRC1  0x408
#define RING_PREDICATE_DATA  0x410
#define RING_PREDICATE	     0x418 /* MI_PREDICATE_RESULT */
#define RING_PREDICATE_1     0x41c /* MI_PREDICATE_RESULT_1 */
#define RING_PREDICATE_2     0x3bc /* MI_PREDICATE_RESULT_2 */
#define RING_NONPRIV	     0x4d0
#define RING_NONPRIV_SLOTS   12
#define RING_GPR	     0x600
#define RING_GPRS	     16

/* ---- a space ---- */

#define SPACE_RUN_ENTRIES 512u
#define SPACE_RUNS	  2048u /* of entries: 4 GiB */

/* Entries that a GGTT does not share with their neighbours. */
struct softgpu_leaf {
	u64 entries[SPACE_RUN_ENTRIES];
	struct softgpu_leaf *next; /* when retired */
};

struct gvt_gpu_space {
	struct softgpu *gpu;
	struct gvt_gpu_space_config config;
	/* Read by engines at any time: .leaf, or where that is NULL, .fill for all entries. */
	struct softgpu_ggtt_run {
		struct softgpu_leaf *leaf;
		u64 fill;
	} ggtt[SPACE_RUNS];
	struct softgpu_leaf *retired; /* freed by the next flush */
	u32 *regs[GVT_MMIO_PAGES];    /* pages of registers; NULL: zeroes */
};

/** softgpu_space_create() and so on: gvt_gpu_ops, space.c. */
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

/** softgpu_regs_page() - the page of registers of @offset, made where needed; NULL: no memory. */
u32 *softgpu_regs_page(struct gvt_gpu_space *space, u32 offset);

/** softgpu_reg_put() - give a register this value, whatever it does with writes. */
void softgpu_reg_put(struct gvt_gpu_space *space, u32 offset, u32 val);

/** softgpu_timestamp() - RING_TIMESTAMP: 36 bits at 12 MHz. */
u64 softgpu_timestamp(void);

/* ---- translation ---- */

#define TLB_PAGES 1024u
#define TLB_WALKS 64u

struct softgpu_tlb {
	u64 generation; /* what entries of now are tagged with; see mem.c */
	struct softgpu_tlb_page {
		u64 tag;
		u8 *page;
		bool ro;
	} pages[TLB_PAGES];
	/* The last table of a walk of the PPGTT, for 2 MiB of addresses each. */
	struct softgpu_tlb_walk {
		u64 tag;
		const u64 *table; /* of enum gtt_kind .kind; NULL: one page of 2 MiB or more */
		u64 bus;	  /* where then the 2 MiB begin */
		u8 kind;
		bool ro;
	} walks[TLB_WALKS];
};

/** softgpu_tlb_slot() - where a page is, if it is; the GGTT's and the PPGTT's first are apart. */
static inline u32 softgpu_tlb_slot(u64 page)
{
	return (page ^ page >> 27) % TLB_PAGES;
}

/* ---- an engine ---- */

/* The longest command that is more than passed over: MI_STORE_DATA_IMM's 10 bits of length. */
#define CS_COMMAND_MAX 1025u

#define CS_LEVELS 2u /* of batches */

/* Where the command streamer is. */
struct softgpu_cs {
	u32 head, tail, start, size; /* the ring */
	u32 level;		     /* 0: in the ring; 1, 2: in a batch, one in a batch */
	struct softgpu_batch {
		u64 addr;
		bool ppgtt; /* in the PPGTT, and so not privileged; else in the GGTT */
	} batch[CS_LEVELS];
	u64 end; /* restoring: where the batch ends without saying so, or 0 */
	bool restoring;
	bool arbitrate; /* MI_ARB_ON_OFF */
	u32 skip;	/* MI_SET_PREDICATE's condition */
	u32 progress;	/* of the command at hand, if it gave way */
};

/* How a stretch of execution ends. */
enum softgpu_end {
	END_EMPTY,   /* the ring is empty */
	END_PREEMPT, /* another submission waits */
	END_RESET,   /* forget everything */
	END_STUCK,   /* what it met is in .fault */
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
	struct gvt_gpu_space *space; /* whose context it has; NULL: none */

	/* Its own. */
	bool aborted; /* reset from one of its own callbacks: unwind */
	struct gvt_gpu_context port[2];
	u32 *regs;     /* the page of its registers in the space */
	u64 pdp[4];    /* roots of the PPGTT */
	bool four;     /* of four levels: pdp[0] */
	u64 time;      /* its own, in ns: see softgpu_look(); atomic, written by the engine alone */
	u64 looked_at; /* CLOCK_MONOTONIC */
	u32 worked;    /* since then, as if bytes had been moved */
	u32 time_base; /* CTX_TIMESTAMP = this + .time in ticks */
	u64 at;	       /* graphics address of the command at hand */
	enum gvt_cmd_op op;
	u32 polls;	/* of the semaphore at hand */
	u32 acthd_high; /* as last shown */
	struct softgpu_cs cs;
	struct {
		const char *why;
		u64 addr; /* of the command */
		u32 cmd;
	} fault;
	struct softgpu_tlb tlb;
	bool sunk; /* .sink was given out */
	u8 sink[4096] __attribute__((aligned(64)));
	u32 setup[SOFTGPU_SETUP_DWORDS];
	u32 dw[CS_COMMAND_MAX];
};

struct softgpu {
	struct gvt_gpu gpu;
	u32 nr; /* engines that were started */
	struct softgpu_engine engines[GVT_NR_ENGINES];
	u8 kinds[GVT_MMIO_DWORDS];	  /* of registers: enum gvt_reg_kind, or: */
#define SOFTGPU_LIVE 0xff		  /* computed when it is read */
	u64 hidden[GVT_MMIO_DWORDS / 64]; /* bits: unprivileged batches read zero */
};

/* engine.c */

/* Work after which an engine looks at the clock, and what else is like moving so many bytes. */
#define SOFTGPU_LOOK_AFTER    KiB(256)
#define SOFTGPU_COMMAND_BYTES 256u
#define SOFTGPU_PAGE_BYTES    KiB(8) /* looked up; it may have to be mapped */
#define SOFTGPU_EVENT_BYTES   KiB(16)

/**
 * softgpu_look() - what passed since the last look was the engine's own time, as far as it can have
 * been at work all the while: of a longer time it was kept from working by others.
 */
void softgpu_look(struct softgpu_engine *e);

/** softgpu_work() - have it look after so much work that it takes some 100 us. */
static inline void softgpu_work(struct softgpu_engine *e, u32 bytes)
{
	e->worked += bytes;
	if (e->worked >= SOFTGPU_LOOK_AFTER)
		softgpu_look(e);
}

/** softgpu_time() - gvt_gpu_ops. */
u64 softgpu_time(struct gvt_gpu *gpu, enum gvt_engine engine);

/** softgpu_engine_start() - make its thread. Returns 0 or a negative errno. */
int softgpu_engine_start(struct softgpu_engine *e);

/** softgpu_engine_stop() - end it, whatever it does. */
void softgpu_engine_stop(struct softgpu_engine *e);

/** gvt_gpu_ops of an engine. */
int softgpu_submit(struct gvt_gpu *gpu, enum gvt_engine engine,
		   const struct gvt_gpu_context ctx[2]);
void softgpu_reset(struct gvt_gpu *gpu, enum gvt_engine engine);

/**
 * softgpu_engine_flush() - have @e forget its translations of @space.
 * @wait: return when it has; otherwise it will before its next command.
 */
void softgpu_engine_flush(struct softgpu_engine *e, struct gvt_gpu_space *space, bool wait);

/** softgpu_attend() - see what others want. Returns END_EMPTY to go on, or why not to. */
enum softgpu_end softgpu_attend(struct softgpu_engine *e);

/** softgpu_attention() - true: softgpu_attend() has something to do. */
static inline bool softgpu_attention(struct softgpu_engine *e)
{
	return __atomic_load_n(&e->attention, __ATOMIC_ACQUIRE);
}

/** softgpu_event() - tell the owner of the context at hand; .kind and what belongs to it given. */
void softgpu_event(struct softgpu_engine *e, struct gvt_gpu_event *event);

/** softgpu_interrupt() - the same for GVT_GPU_INTERRUPT. */
void softgpu_interrupt(struct softgpu_engine *e, u32 irq);

/** softgpu_pause() - sleep a little, longer each time in a row (.polls), or until attention. */
void softgpu_pause(struct softgpu_engine *e);

/** softgpu_kick() - wake an engine that pauses. */
void softgpu_kick(struct softgpu_engine *e);

/* context.c */

/** softgpu_context_restore() - load port[0]'s context, and run what it asks to run at that. */
enum softgpu_end softgpu_context_restore(struct softgpu_engine *e);

/** softgpu_context_save() - the reverse. False: its image is not there any more. */
bool softgpu_context_save(struct softgpu_engine *e);

/** softgpu_context_tail() - take the ring's new tail from the image. False as above. */
bool softgpu_context_tail(struct softgpu_engine *e);

/** softgpu_context_time() - CTX_TIMESTAMP: the engine's time that the context had, in ticks. */
u32 softgpu_context_time(struct softgpu_engine *e);

/** softgpu_context_roots() - take the roots of the PPGTT from the registers. */
void softgpu_context_roots(struct softgpu_engine *e);

/** softgpu_hwsp() - GGTT address of the status page: the engine's, or (@own) the context's. */
u64 softgpu_hwsp(struct softgpu_engine *e, bool own);

/* mem.c */

/** softgpu_tlb_invalidate() - no translation of before is used again. */
void softgpu_tlb_invalidate(struct softgpu_engine *e);

/* A tag of what is translated: the generation, which address space, and the page. */
#define TLB_GENERATION 37
#define TLB_GLOBAL     (1ull << 36)
#define TLB_PAGE_MASK  (TLB_GLOBAL - 1)

/** softgpu_mem_miss() - softgpu_mem() for what is not in .tlb, or cannot be had as it is. */
void *softgpu_mem_miss(struct softgpu_engine *e, bool global, u64 addr, bool write);

/**
 * softgpu_mem() - the byte at @addr of the GGTT (@global) or the PPGTT; NULL: fault, recorded.
 * For a read-only page and @write: a page that nobody reads.
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

/** softgpu_store() - the reverse; two dwords at an aligned address are written at once. */
int softgpu_store(struct softgpu_engine *e, bool global, u64 addr, const u32 *dw, u32 nr);

/* cs.c */

/** softgpu_cs_run() - execute: the ring, or while restoring the batch. */
enum softgpu_end softgpu_cs_run(struct softgpu_engine *e);

/** softgpu_cs_privileged() - the running command may do as it likes. */
static inline bool softgpu_cs_privileged(const struct softgpu_engine *e)
{
	return !e->cs.level || !e->cs.batch[e->cs.level - 1].ppgtt;
}

/** softgpu_cs_show() - let the registers say where execution is. */
void softgpu_cs_show(struct softgpu_engine *e, u64 addr, u32 header);

/** softgpu_fail() - note why the engine cannot go on; the first reason counts. Returns -EINVAL. */
int softgpu_fail(struct softgpu_engine *e, const char *why);

/** softgpu_own() - register @reg of the engine, by distance from its base. */
static inline u32 softgpu_own(const struct softgpu_engine *e, u32 reg)
{
	return __atomic_load_n(&e->regs[reg / 4], __ATOMIC_RELAXED);
}

/** softgpu_set_own() - give it a value. */
static inline void softgpu_set_own(struct softgpu_engine *e, u32 reg, u32 val)
{
	__atomic_store_n(&e->regs[reg / 4], val, __ATOMIC_RELAXED);
}

/* mi.c */

/**
 * struct softgpu_op - how a command is executed.
 * @run: with @dw, its @nr dwords (a length that its row allows, at most CS_COMMAND_MAX; those
 *       that a short one leaves out are zero), the streamer standing behind it already. Returns 0,
 * -EAGAIN (try the same command again), or -EINTR, -EFAULT, -EINVAL to end.
 * @always: MI_SET_PREDICATE does not make it a no-op.
 */
struct softgpu_op {
	int (*run)(struct softgpu_engine *e, const u32 *dw, u32 nr);
	bool always;
};

/* By op; .run NULL: nothing is to be done. */
extern const struct softgpu_op softgpu_ops[GVT_NR_OPS];

/** softgpu_skips() - MI_SET_PREDICATE's condition, .cs.skip, makes no-ops of commands now. */
bool softgpu_skips(struct softgpu_engine *e);

/** softgpu_nonpriv() - unprivileged batches may write register @offset. */
bool softgpu_nonpriv(struct softgpu_engine *e, u32 offset);

#endif
