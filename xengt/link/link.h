/* SPDX-License-Identifier: MIT */
/*
 * The link between xengtd and a guest's process: messages on a socket of sequenced packets. xengtd
 * commands, the process answers; and it says what it traces.
 *
 * What the process says is not trusted: messages are checked for their form here, and what an
 * answer may cost is bounded.
 */
#ifndef XENGT_LINK_LINK_H
#define XENGT_LINK_LINK_H

#include <sys/types.h>

#include "core/base/types.h"

enum xengt_link_type {
	/* To the process. All but the first are answered by XENGT_LINK_DONE. */
	XENGT_LINK_START, /* .text: struct xengt_link_start */
	XENGT_LINK_QUERY, /* .text: a line of JSON, as on the control socket; the answer is one too
			   */
	XENGT_LINK_MSI,	  /* send the guest its interrupt */
	XENGT_LINK_RESET, /* stop the guest's work; the answer's .value has a bit for each engine */
	XENGT_LINK_RESTART, /* its domain was soft reset */
	XENGT_LINK_SUSPEND, /* its domain is suspended, to be saved */
	XENGT_LINK_SHARE,   /* weight and cap have changed, in what is kept */
	XENGT_LINK_TRACE, /* .value: 1, tell events; 0, no more. The answer's: events lost so far */
	XENGT_LINK_WATCH, /* .value: a guest frame, writes to which are told as well. Likewise */
	XENGT_LINK_UNWATCH, /* .value: the same frame, no more */
	XENGT_LINK_COUNT,   /* fill in the figures */
	XENGT_LINK_DETACH,  /* .value: enum xengt_detach; the process ends after its answer */
	/* From the process. */
	XENGT_LINK_READY, /* it serves; .value: its ioreq server's number, .id: enum xengt_wall,
			   * those that this kernel has not for it */
	XENGT_LINK_PART,  /* .text: of the answer to come, which is longer than a message */
	XENGT_LINK_DONE, /* .err, .value and .text: the (rest of the) answer to what had this .id */
	XENGT_LINK_EVENT, /* .text: what was traced, as a line of JSON; .id: events lost so far;
			   * .value: the frame of a watched page, plus one */
	XENGT_LINK_TYPES
};

/* How a vGPU is let go. */
enum xengt_detach {
	XENGT_GIVE_UP,	    /* take the vGPU from its domain */
	XENGT_LEAVE_MEMORY, /* the same of a domain that is over, and preserved: the memory behind
			     * BAR0 and that of the OpRegion stay as they are */
	XENGT_KEEP, /* only stop serving: the guest's next access waits for who takes it up */
};

#define XENGT_LINK_TEXT_MAX 16384u

struct xengt_link_message {
	u32 type, id;
	s32 err; /* 0 or a negative errno */
	u32 len; /* bytes of .text */
	u64 value;
	char text[XENGT_LINK_TEXT_MAX + 1]; /* as received: with a zero byte behind */
};

/* What a process is to be, besides what struct xengt_start says. */
struct xengt_link_start {
	u32 domid, take_up;
	u64 max_kib;
	u32 poll_max;
	u32 software; /* a GPU of software executes the guest's work; else nothing does */
	u32 uid;      /* and gid, without rights; 0: it keeps those that it has */
	u32 parent;   /* xengtd's process, with which it ends */
};

/** xengt_link_send() - send a message without its .text, and @len bytes of @text. Returns 0,
 * -EAGAIN (the other end reads nothing) or another negative errno. */
int xengt_link_send(int fd, const struct xengt_link_message *head, const void *text, size_t len);

/** xengt_link_answer() - send @text, of any length, as the answer to what had @id. */
int xengt_link_answer(int fd, u32 id, int err, u64 value, const char *text);

/**
 * xengt_link_receive() - receive a message. Returns 0; -EAGAIN, there is none; -EPIPE, the other
 * end is gone; -EPROTO, it is no message; or another negative errno.
 */
int xengt_link_receive(int fd, struct xengt_link_message *message);

/* ---- figures: what xengtd reads of a process without asking it ---- */

#define XENGT_FIGURES_MAX 160u

/* Memory that both have mapped. The process writes, xengtd trusts no value. */
struct xengt_figures {
	u32 asked, told; /* how often xengtd asked for them; the same when they were filled in */
	u64 used_pages;	 /* of its quota */
	u64 heap_bytes;
	u64 areas;
	u64 bar_at[2];			 /* where BAR0 and BAR2 are, or INTEL_GVT_BAR_OFF */
	u64 counters[XENGT_FIGURES_MAX]; /* by counter_name()'s index */
};

/** xengt_figures_create() - new ones, in a file of memory alone. Returns them mapped, with a
 * descriptor of the caller's for the process; NULL, with errno. */
struct xengt_figures *xengt_figures_create(int *fd);

/** xengt_figures_map() - those behind @fd, which is closed. NULL, with errno. */
struct xengt_figures *xengt_figures_map(int fd);

/** xengt_figures_unmap() - let go of them; NULL is allowed. */
void xengt_figures_unmap(struct xengt_figures *figures);

/** xengt_figures_wait() - wait until the figures asked for are told, @us at the most. */
void xengt_figures_wait(struct xengt_figures *figures, u64 us);

/** xengt_figures_tell() - they are filled in, as asked for @asked times. */
void xengt_figures_tell(struct xengt_figures *figures, u32 asked);

#endif
