/* SPDX-License-Identifier: MIT */
/*
 * The audit of what a guest submits, before it runs: rings, privileged batches, and the batches
 * that run at a context's restore; and the rules of which registers commands and contexts may
 * touch.
 *
 * It works on copies that the guest cannot reach any more, and corrects them in place: batches in
 * the GGTT are led to copies of their own, and a write to a register that the guest has no say in
 * is led to one that nobody reads. What passes may run with every privilege.
 *
 * Pure functions of what they are given: no allocation, no lock, no log; any thread.
 */
#ifndef CORE_EXEC_SCAN_H
#define CORE_EXEC_SCAN_H

#include "core/hw/cmd.h"
#include "core/regs/rule.h"

struct intel_gvt;

#define GVT_SCAN_LEVELS	 3u	    /* batches that may stand inside each other */
#define GVT_SCAN_CHAIN	 64u	    /* batches that one in the ring may lead to, one by another */
#define GVT_SCAN_BATCHES 1024u	    /* batches, in a ring's piece all told */
#define GVT_SCAN_DWORDS	 (1u << 20) /* dwords, in a ring's piece and its batches all told */
/*
 * With audit_user=on, GVT_SCAN_BATCHES and GVT_SCAN_DWORDS are multiplied by this. Each
 * unprivileged batch, with the batches that it jumps to, has a budget of GVT_SCAN_DWORDS of its
 * own.
 */
#define GVT_SCAN_USER 16u

/* Where a write to a register that is not the guest's goes: PVINFO, which hardware ignores. */
#define GVT_SCAN_SINK 0x78000u

/* Where a read of one comes from that the guest is not to see: the same, and it reads as zero. */
#define GVT_SCAN_ZERO 0x78ffcu

/* Why something was refused; what counters are kept for. */
enum gvt_scan_why {
	GVT_SCAN_UNKNOWN,  /* no command of this engine */
	GVT_SCAN_LENGTH,   /* a length that the command cannot have */
	GVT_SCAN_CUT,	   /* the buffer ends inside a command, or before its batch's end */
	GVT_SCAN_NEVER,	   /* a command that no guest may give, or not there */
	GVT_SCAN_REGISTER, /* a register that is not the guest's */
	GVT_SCAN_ADDRESS,  /* outside the vGPU's own graphics memory */
	GVT_SCAN_NESTING,  /* too many batches, in depth or in number */
	GVT_SCAN_SIZE,	   /* more dwords than one submission may have */
	GVT_SCAN_BATCH,	   /* a batch that could not be read or copied */
	GVT_SCAN_NR_WHYS,
};

/** gvt_scan_why_name() - for people, "unknown command" and the like; static. */
const char *gvt_scan_why_name(enum gvt_scan_why why);

/* What was wrong. */
struct gvt_scan_fault {
	enum gvt_scan_why kind;
	const char *why;  /* in words, static */
	const char *name; /* the command's, static; NULL when it is unknown */
	u32 cmd;	  /* its header */
	u32 offset;	  /* of the command, bytes from its buffer's start */
	u64 buffer;	  /* graphics address of the batch it stands in; 0: the first buffer */
	u64 addr;	  /* the address or register offset in question */
	u32 first; /* of the command in the first buffer that led to it, bytes from its start */
};

/* What was done, ever growing; one owner. */
struct gvt_scan_counts {
	u64 runs, commands, dwords, batches, registers;
	u64 sunk; /* register writes led astray */
	u64 refused[GVT_SCAN_NR_WHYS];
};

/* A copy of a batch: @nr dwords at @dw, which the GPU will find at GGTT address @gma. */
struct gvt_scan_copy {
	u32 *dw;
	u32 nr;
	u64 gma;
};

/**
 * struct gvt_scan - what an audit has to know of who submits.
 * @gvt:      whose register table counts.
 * @engine:   whose commands these are.
 * @limit:    end of the guest's part of the GGTT: addresses are below it.
 * @user:     audit unprivileged batches too: that they are commands, whole, with an end, or go
 *            round in a circle. Without it all is left to the hardware's limits.
 * @no_user:  refuse unprivileged batches: there is no memory that they could be in.
 * @counts:   grow; may be NULL.
 * @priv:     the caller's.
 * @batch:    copy the privileged batch at GGTT address @gma (dword aligned, below @limit), at
 *            least up to its end (gvt_scan_end()) into memory of the hidden range, owned by the
 *            caller. NULL: batches in the GGTT are refused. Returns 0 or a negative errno, which
 *            becomes the verdict.
 * @batch_user: copy the batch at PPGTT address @gma likewise; needs no place of its own in the
 *            GGTT, for the copy is only looked at. Used with @user.
 * @looked:   a copy of @batch_user's was looked at, and is not used any more; may be NULL.
 * @special:  the guest writes @val to a register whose meaning is the mediator's: a page directory
 *            pointer. Returns 0, @val as it is to be, or an errno that becomes the verdict. NULL:
 *            refused.
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
 * gvt_scan_ring() - audit @nr dwords of a ring at @dw, whole commands from head to tail in a row.
 * @fault: receives what was wrong; may be NULL.
 * Returns 0, -EBADRQC (an unknown, cut or misplaced command), -EPERM (a register or command that is
 * not the guest's), -EFAULT (an address), -E2BIG (too much), or a callback's errno.
 */
int gvt_scan_ring(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/**
 * gvt_scan_batch() - audit @nr dwords of a privileged batch, or of its rest, that a ring started.
 * gvt_scan_second() - of one that such a batch started, and that returns to it. Both as above.
 */
int gvt_scan_batch(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);
int gvt_scan_second(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/**
 * gvt_scan_indirect() - audit an indirect-context batch: @nr dwords, which need no end. Returns as
 * above. It starts no batches.
 */
int gvt_scan_indirect(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/** gvt_scan_per_ctx() - audit a per-context batch, which ends by a command. Returns as above. */
int gvt_scan_per_ctx(const struct gvt_scan *scan, u32 *dw, u32 nr, struct gvt_scan_fault *fault);

/**
 * gvt_scan_end() - how far a batch goes, for whoever copies it in pieces.
 * @at: dwords already walked; 0 at first. Receives those of whole commands walked, which with the
 *      end's command is the batch's length.
 *
 * Returns 1: the batch ends at *@at; 0: it goes on beyond @nr dwords; -EBADRQC: no command of
 * @engine stands at *@at.
 */
int gvt_scan_end(enum gvt_engine engine, const u32 *dw, u32 nr, u32 *at);

#endif
