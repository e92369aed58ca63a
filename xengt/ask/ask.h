/* SPDX-License-Identifier: MIT */
/*
 * What a guest's process asks of xengtd because it may not do it itself: to pin pages, to show them
 * in the aperture, to give the domain memory, to pause it, and to log.
 *
 * A question is a message on a socket of sequenced packets; the answer is the next message back. A
 * lock has the threads of a process ask one after the other. The process sees the results in struct
 * xengt_kept (kept.h), which it has mapped.
 */
#ifndef XENGT_ASK_ASK_H
#define XENGT_ASK_ASK_H

#include <pthread.h>

#include "core/base/types.h"
#include "xengt/ask/kept.h"
#include "xengt/settings/log.h"

/* What xengtd hands over to a guest's process. The process owns the descriptors. */
struct xengt_start {
	domid_t domid;
	bool take_up; /* take up the vGPU in the state file, and make no new one */
	u64 max_kib;  /* the domain's memory limit */
	int ask_fd;   /* a socket, for questions */
	int kept_fd;  /* the file of struct xengt_kept, read-only */
	int state_fd; /* the process' state file; empty for a new vGPU */
};

/* ---- the protocol ---- */

enum xengt_ask_op {
	XENGT_ASK_LIMIT,
	XENGT_ASK_POPULATE,
	XENGT_ASK_GIVE_BACK,
	XENGT_ASK_PAUSE,
	XENGT_ASK_TAKE_PINS,
	XENGT_ASK_PIN,
	XENGT_ASK_UNPIN,
	XENGT_ASK_OWN,
	XENGT_ASK_PLACE,
	XENGT_ASK_SHOW,
	XENGT_ASK_HIDE,
	XENGT_ASK_LOG,
	XENGT_ASK_OPS
};

#define XENGT_ASK_TEXT_MAX 512u

struct xengt_question {
	u32 op, nr;
	u64 at; /* a frame, a place or a number */
	union {
		struct {
			u32 pin[XENGT_GRANT_BATCH], gfn[XENGT_GRANT_BATCH];
		};
		struct {
			u32 event, level;
			char reason[32], text[XENGT_ASK_TEXT_MAX];
		};
	};
};

struct xengt_answer {
	s32 err;
	u32 nr; /* addresses in .bus */
	u64 bus[XENGT_GRANT_BATCH];
};

/** xengt_question_len() - bytes of a question that are sent, by .op and .nr; 0: it is invalid. */
size_t xengt_question_len(const struct xengt_question *question);

/** xengt_answer_len() - bytes of an answer with @nr addresses. */
size_t xengt_answer_len(u32 nr);

/* ---- the asking side ---- */

struct xengt_ask {
	int fd; /* the socket */
	pthread_mutex_t lock;
};

/** xengt_ask_init() - ask over @fd, which @ask owns from now on. */
void xengt_ask_init(struct xengt_ask *ask, int fd);

/** xengt_ask_close() - close the socket. Nothing may be asked afterwards. */
void xengt_ask_close(struct xengt_ask *ask);

/* The functions below return 0 or a negative errno; -EPIPE: xengtd does not answer any more. */

/** xengt_ask_limit() - raise the domain's memory limit by @kib, or lower it. -ERANGE: above
 * XENGT_ADDED_KIB_MAX in all, or lower than it was. */
int xengt_ask_limit(struct xengt_ask *ask, s64 kib);

/** xengt_ask_populate() - put memory at @nr frames from @gfn on, where none is. After an error,
 * part of it may be there. */
int xengt_ask_populate(struct xengt_ask *ask, u64 gfn, u32 nr);

/** xengt_ask_give_back() - take away the memory at @nr frames from @gfn on, where there is any. */
int xengt_ask_give_back(struct xengt_ask *ask, u64 gfn, u32 nr);

/** xengt_ask_pause() - pause the domain, or let it run again. A second pause changes nothing. */
int xengt_ask_pause(struct xengt_ask *ask, bool pause);

/**
 * xengt_ask_take_pins() - make the pins below @nr usable. -ENOSPC: the domain's grant table is too
 * small. -EOPNOTSUPP: the table is of version 2, or dom0 is PVH. xengtd has logged what to change.
 */
int xengt_ask_take_pins(struct xengt_ask *ask, u32 nr);

/**
 * xengt_ask_pin() - map the guest's pages @gfns by the free pins @pins, at most XENGT_GRANT_BATCH.
 * Afterwards each pin has its .bus, or 0 if the guest has no memory there. -ENOSPC: Xen had no room
 * for at least one, or all guests together have too many pins.
 */
int xengt_ask_pin(struct xengt_ask *ask, const u32 *pins, const u32 *gfns, u32 nr);

/**
 * xengt_ask_unpin() - unmap @pins; their .bus is 0 then. -EBUSY: one is shown in the aperture, and
 * none was unmapped. After another error, those whose .bus is not 0 are still mapped.
 */
int xengt_ask_unpin(struct xengt_ask *ask, const u32 *pins, u32 nr);

/**
 * xengt_ask_own() - bus addresses of pages that dom0 granted to itself as @refs, at most
 * XENGT_GRANT_BATCH. The pages stay at these addresses though the grants are unmapped again.
 * -EOPNOTSUPP: dom0 has no such addresses (PVH).
 */
int xengt_ask_own(struct xengt_ask *ask, const u32 *refs, u32 nr, u64 *bus);

/** xengt_ask_place() - BAR2 is at frame @gfn now; 0: nowhere. -EBUSY: pages are still shown. */
int xengt_ask_place(struct xengt_ask *ask, u64 gfn);

/**
 * xengt_ask_show() - show the frames of @pins at the empty places from @first on; at most
 * XENGT_GRANT_BATCH. After an error, places whose .mfn is not 0 may show their frames.
 */
int xengt_ask_show(struct xengt_ask *ask, u32 first, const u32 *pins, u32 nr);

/** xengt_ask_hide() - show nothing at @nr places from @first on. After an error, places whose .mfn
 * is not 0 still show their frames. */
int xengt_ask_hide(struct xengt_ask *ask, u32 first, u32 nr);

/** xengt_ask_log() - have xengtd log @text about this guest's vGPU. @reason may be NULL. */
void xengt_ask_log(struct xengt_ask *ask, enum xengt_event event, enum xengt_level level,
		   const char *reason, const char *text);

#endif
