/* SPDX-License-Identifier: MIT */
/*
 * What a guest's process asks of xengtd, which alone may do it: to pin pages, to show them in the
 * aperture, to give the domain memory, to pause it, and to log.
 *
 * A question is a message on a socket of sequenced packets; the answer is the next message back. The
 * one who asks waits, so the questions of all threads of a process go one after the other. What an
 * answer changes is seen in the memory of kept.h.
 */
#ifndef XENGT_ASK_ASK_H
#define XENGT_ASK_ASK_H

#include <pthread.h>

#include "core/base/types.h"
#include "xengt/ask/kept.h"
#include "xengt/settings/log.h"

/* What xengtd hands over to a guest's process, which owns the descriptors from then on. */
struct xengt_start {
	domid_t domid;
	bool take_up; /* the vGPU that the state file has, in place of a new one */
	u64 max_kib;  /* the domain's limit of memory */
	int ask_fd;   /* a socket, to ask over */
	int kept_fd;  /* what is kept, for reading alone */
	int state_fd; /* its own state; empty for a new vGPU */
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
	u32 nr; /* of .bus */
	u64 bus[XENGT_GRANT_BATCH];
};

/** xengt_question_len() - bytes of a question that are sent, by its op and .nr; 0: there is none. */
size_t xengt_question_len(const struct xengt_question *question);

/** xengt_answer_len() - bytes of an answer with .nr addresses. */
size_t xengt_answer_len(u32 nr);

/* ---- who asks ---- */

struct xengt_ask {
	int fd; /* the socket; the owner's of this */
	pthread_mutex_t lock;
};

/** xengt_ask_init() - ask over @fd, which @ask owns from now on. */
void xengt_ask_init(struct xengt_ask *ask, int fd);

/** xengt_ask_close() - the end of it; what is asked afterwards fails with -EPIPE. */
void xengt_ask_close(struct xengt_ask *ask);

/* All that follow return 0 or a negative errno; -EPIPE: xengtd does not answer any more. */

/** xengt_ask_limit() - raise the domain's memory limit by @kib, or lower it. -ERANGE: too far. */
int xengt_ask_limit(struct xengt_ask *ask, s64 kib);

/** xengt_ask_populate() - put memory at @nr frames from @gfn on, where none is. An error leaves some
 * of it there. */
int xengt_ask_populate(struct xengt_ask *ask, u64 gfn, u32 nr);

/** xengt_ask_give_back() - take the memory at @nr frames from @gfn on away, as far as it is there. */
int xengt_ask_give_back(struct xengt_ask *ask, u64 gfn, u32 nr);

/** xengt_ask_pause() - pause the domain, or let it run again; it is never paused twice. */
int xengt_ask_pause(struct xengt_ask *ask, bool pause);

/**
 * xengt_ask_take_pins() - make the pins below @nr usable. -ENOSPC, the domain's grant table being too
 * small, and -EOPNOTSUPP, a table of version 2, were logged with what to change.
 */
int xengt_ask_take_pins(struct xengt_ask *ask, u32 nr);

/**
 * xengt_ask_pin() - map the guest's pages @gfns by the free pins @pins, at most XENGT_GRANT_BATCH.
 * Afterwards each has its .bus, or 0 when no memory of the guest's is there. -ENOSPC: there was no
 * room for at least one, in Xen or among all guests'.
 */
int xengt_ask_pin(struct xengt_ask *ask, const u32 *pins, const u32 *gfns, u32 nr);

/**
 * xengt_ask_unpin() - unmap them; their .bus is 0 then. -EBUSY: one is shown in the aperture, and none
 * was unmapped. After another error, those whose .bus is not 0 are still mapped.
 */
int xengt_ask_unpin(struct xengt_ask *ask, const u32 *pins, u32 nr);

/**
 * xengt_ask_own() - bus addresses of pages that this domain granted to itself as @refs, at most
 * XENGT_GRANT_BATCH. They stay where they are without being kept mapped. -EOPNOTSUPP: the domain's
 * kind has no such addresses (PVH).
 */
int xengt_ask_own(struct xengt_ask *ask, const u32 *refs, u32 nr, u64 *bus);

/** xengt_ask_place() - BAR2 is at frame @gfn now, or nowhere: 0. -EBUSY: something is shown. */
int xengt_ask_place(struct xengt_ask *ask, u64 gfn);

/**
 * xengt_ask_show() - show the frames of @pins at places @first and on, which are empty; at most
 * XENGT_GRANT_BATCH. After an error, those whose .mfn is not 0 may be shown.
 */
int xengt_ask_show(struct xengt_ask *ask, u32 first, const u32 *pins, u32 nr);

/** xengt_ask_hide() - show nothing at places @first and on. An error: some still show something, as
 * .mfn says. */
int xengt_ask_hide(struct xengt_ask *ask, u32 first, u32 nr);

/** xengt_ask_log() - have it logged, as of this guest's vGPU. @reason may be NULL. */
void xengt_ask_log(struct xengt_ask *ask, enum xengt_event event, enum xengt_level level,
		   const char *reason, const char *text);

#endif
