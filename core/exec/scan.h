/* SPDX-License-Identifier: MIT */
/*
 * The audit of what a guest submits, before it runs: rings, privileged batches, and the batches
 * that run at a context's restore.
 *
 * The audit works on copies that the guest cannot reach, and corrects them in place. A start of a
 * batch in the GGTT becomes a start of the batch's copy. A write to a register that the guest may
 * not change becomes a write to one that nobody reads. What passes the audit may run with all
 * privileges.
 *
 * These are pure functions: no allocation, no lock, no log; any thread.
 */
#ifndef CORE_EXEC_SCAN_H
#define CORE_EXEC_SCAN_H

#include "core/hw/cmd.h"
#include "core/regs/rule.h"

struct intel_gvt;

#define GVT_SCAN_LEVELS	 3u	    /* batches nested in each other */
#define GVT_SCAN_CHAIN	 64u	    /* batches in a row, each started by the one before */
#define GVT_SCAN_BATCHES 1024u	    /* batches of one piece of a ring, in all */
#define GVT_SCAN_DWORDS	 (1u << 20) /* dwords of one piece of a ring and its batches, in all */
/*
 * With audit_user=on, GVT_SCAN_BATCHES and GVT_SCAN_DWORDS are multiplied by this. Each
 * unprivileged batch, with the batches that it jumps to, has a budget of GVT_SCAN_DWORDS of its
 * own.
 */
#define GVT_SCAN_USER 16u

/* The register that replaces one which the guest may not write: PVINFO, which hardware ignores. */
#define GVT_SCAN_SINK 0x78000u

/* The register that replaces one which the guest may not read: in PVINFO too, and always zero. */
#define GVT_SCAN_ZERO 0x78ffcu

/* Why something was refused. Each reason has a counter. */
enum gvt_scan_why {
	GVT_SCAN_UNKNOWN,  /* no command of this engine */
	GVT_SCAN_LENGTH,   /* a length that the command cannot have */
	GVT_SCAN_CUT,	   /* the buffer ends inside a command, or before its batch's end */
	GVT_SCAN_NEVER,	   /* a command that no guest may use, or not in this place */
	GVT_SCAN_REGISTER, /* a register that the guest may not touch */
	GVT_SCAN_ADDRESS,  /* an address outside the vGPU's own graphics memory */
	GVT_SCAN_NESTING,  /* too many batches, in depth or in number */
	GVT_SCAN_SIZE,	   /* more dwords than one submission may have */
	GVT_SCAN_BATCH,	   /* a batch that could not be read or copied */
	GVT_SCAN_NR_WHYS,
};

/** gvt_scan_why_name() - a text for people, such as "unknown command"; static. */
const char *gvt_scan_why_name(enum gvt_scan_why why);

/* What was wrong. */
struct gvt_scan_fault {
	enum gvt_scan_why kind;
	const char *why;  /* in words, static */
	const char *name; /* the command's, static; NULL when it is unknown */
	u32 cmd;	  /* its header */
	u32 offset;	  /* of the command, bytes from its buffer's start */
	u64 buffer;	  /* graphics address of the batch with the command; 0: the first buffer */
	u64 addr;	  /* the address or register offset in question */
	u32 first;	  /* offset, in the first buffer, of the command that led to it */
};

/* What was audited; the counts only grow. One owner. */
struct gvt_scan_counts {
	u64 runs, commands, dwords, batches, registers;
	u64 sunk; /* accesses of registers that were replaced or corrected */
	u64 refused[GVT_SCAN_NR_WHYS];
};

/* A copy of a batch: @nr dwords at @dw, which are at GGTT address @gma for the GPU. */
struct gvt_scan_copy {
	u32 *dw;
	u32 nr;
	u64 gma;
};

/**
 * struct gvt_scan - what an audit has to know of the submitter.
 * @gvt:      has the register table.
 * @engine:   the engine that the commands are for.
 * @limit:    the end of the guest's part of the GGTT: its addresses are below.
 * @user:     audit unprivileged batches too: that they consist of whole commands, and have an end
 * or jump back to a start. If false, only the hardware limits what they do.
 * @no_user:  refuse unprivileged batches: the context has no memory for them.
 * @counts:   are increased; may be NULL.
 * @priv:     the caller's.
 * @batch:    copy the privileged batch at GGTT address @gma (dword aligned, below @limit), at
 *            least up to its end (gvt_scan_end()), into memory of the hidden range, which the
 *            caller owns. NULL: batches in the GGTT are refused. Returns 0 or a negative errno,
 * which the audit returns.
 * @batch_user: copy the batch at PPGTT address @gma in the same way. The copy needs no GGTT
 * address, because it is only looked at. Used with @user.
 * @looked:   the audit does not need a copy of @batch_user's any more; may be NULL.
 * @special:  the guest writes @val to a register that is the mediator's: a page directory pointer.
 *            Returns 0, with @val corrected, or an errno that the audit returns. NULL: such writes
 *            are refused.
 */
struct gvt_scan {
	const struct intel_gvt *gvt;
	enum gvt_engine engine;
	u64 limit;
	bool user, no_user;
	struct gvt_scan_counts *counts;
	void *priv;
	int (*batch)(void *priv, u64 gma, struct gvt_scan_copy *copy);
	int (*batch_user)(void *priv, u64 gma, struct gvt_scan_copy *copy);
	void (*looked)(void *priv, struct gvt_scan_copy *copy);
	int (*special)(void *priv, u32 offset, u32 *val);
};

/**
 * gvt_scan_ring() - audit @nr dwords of a ring at @dw: whole commands, from head to tail.
 * @fault: receives what was wrong; may be NULL.
 * Returns 0, -EBADRQC (an unknown, cut or misplaced command), -EPERM (a register or command that
 * the guest may not use), -EFAULT (an address), -E2BIG (too much), or a callback's errno.
 */
int gvt_scan_ring(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/**
 * gvt_scan_batch() - audit @nr dwords of a privileged batch, or of its rest, which a ring started.
 * gvt_scan_second() - the same for a batch that such a batch started, and that returns to it.
 * Both return as above.
 */
int gvt_scan_batch(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);
int gvt_scan_second(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/**
 * gvt_scan_indirect() - audit an indirect-context batch: @nr dwords, which need no end and may
 * start no batches. Returns as above.
 */
int gvt_scan_indirect(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/** gvt_scan_per_ctx() - audit a per-context batch, which needs an end. Returns as above. */
int gvt_scan_per_ctx(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/**
 * gvt_scan_end() - find the end of a batch that is copied piece by piece.
 * @at: the dwords walked before; 0 at first. Receives the dwords of whole commands walked so far;
 * at the end, that is the batch's length.
 *
 * Returns 1: the batch ends at *@at; 0: it goes on beyond @nr dwords; -EBADRQC: there is no command
 * of @engine at *@at.
 */
int gvt_scan_end(enum gvt_engine engine, const u32 *dw, u32 nr, u32 *at);

#endif
