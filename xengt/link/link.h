/* SPDX-License-Identifier: MIT */
/*
 * The link between xengtd and a guest's process: messages on a socket of sequenced packets. xengtd
 * sends commands; the process sends answers, and traced events.
 *
 * xengtd does not trust the process: xengt_link_receive() checks the form of messages, and
 * xengtd bounds the length of answers (xengt/daemon/calls.c).
 */
#ifndef XENGT_LINK_LINK_H
#define XENGT_LINK_LINK_H

#include <sys/types.h>

#include "core/base/types.h"

enum xengt_link_type {
	/* To the process. All but the first are answered by XENGT_LINK_DONE. */
	XENGT_LINK_START, /* .text: struct xengt_link_start */
	XENGT_LINK_QUERY, /* .text: a request in JSON, as on the control socket; so is the answer */
	XENGT_LINK_MSI,	  /* send the guest its interrupt */
	XENGT_LINK_RESET, /* stop the guest's work; the answer's .value has a bit for each engine */
	XENGT_LINK_RESTART, /* the domain was soft reset */
	XENGT_LINK_SUSPEND, /* the domain is suspended, to be saved */
	XENGT_LINK_SHARE,   /* weight and cap have changed in struct xengt_kept */
	XENGT_LINK_TRACE,   /* .value: 1, send events; 0, stop. The answer's: events lost so far */
	XENGT_LINK_WATCH,   /* .value: guest frame whose writes to trace. The answer's: as above */
	XENGT_LINK_UNWATCH, /* .value: a watched frame; stop watching it */
	XENGT_LINK_COUNT,   /* fill in the figures */
	XENGT_LINK_DETACH,  /* .value: enum xengt_detach; the process ends after its answer */
	/* From the process. */
	XENGT_LINK_READY, /* it serves; .value: its ioreq server's number; .id: walls that the
			   * kernel refused (bits of enum xengt_wall) */
	XENGT_LINK_PART,  /* .text: a part of an answer that is longer than a message */
	XENGT_LINK_DONE,  /* the answer to the command with this .id, or the last part of its .text;
			   * .id 0: the process could not start */
	XENGT_LINK_EVENT, /* .text: a traced event, as a line of JSON; .id: events lost so far;
			   * .value: the watched frame plus one, or 0 */
	XENGT_LINK_TYPES
};

/* How a vGPU is detached. */
enum xengt_detach {
	XENGT_GIVE_UP,	    /* take the vGPU out of its domain */
	XENGT_LEAVE_MEMORY, /* the same for a domain that has shut down and is preserved: the memory
			     * behind BAR0 and the OpRegion's stay as they are */
	XENGT_KEEP, /* only stop serving: the guest waits until another process takes the vGPU up */
};

#define XENGT_LINK_TEXT_MAX 16384u

struct xengt_link_message {
	u32 type, id;
	s32 err; /* 0 or a negative errno */
	u32 len; /* bytes of .text */
	u64 value;
	char text[XENGT_LINK_TEXT_MAX + 1]; /* xengt_link_receive() adds a zero byte */
};

/* XENGT_LINK_START's content. The process makes a struct xengt_start of it and its descriptors. */
struct xengt_link_start {
	u32 domid, take_up;
	u64 max_kib;
	u32 poll_max;
	u32 software; /* the software GPU executes the guest's work; 0: nothing does */
	u32 uid;      /* user and group to change to; 0: it keeps its rights */
	u32 parent;   /* xengtd's process number: the process dies with it */
};

/** xengt_link_send() - send a message: @head without its .text, and @len bytes of @text. Returns 0,
 * -EAGAIN (the other end does not read) or another negative errno. */
int xengt_link_send(int fd, const struct xengt_link_message *head, const void *text, size_t len);

/** xengt_link_answer() - answer command @id; @text may be of any length. Returns as
 * xengt_link_send(). */
int xengt_link_answer(int fd, u32 id, int err, u64 value, const char *text);

/**
 * xengt_link_receive() - receive a message. Returns 0; -EAGAIN: there is none; -EPIPE: the other
 * end is gone; -EPROTO: it is malformed; or another negative errno.
 */
int xengt_link_receive(int fd, struct xengt_link_message *message);

/* ---- figures: a process' counters, in memory that xengtd reads ---- */

#define XENGT_FIGURES_MAX 160u

/* xengtd and the process both have it mapped. The process writes it; xengtd trusts no value. */
struct xengt_figures {
	u32 asked, told; /* how often xengtd asked; the value of .asked when last filled in */
	u64 used_pages;	 /* of its quota */
	u64 heap_bytes;
	u64 areas;
	u64 bar_at[2];			 /* where BAR0 and BAR2 are, or INTEL_GVT_BAR_OFF */
	u64 counters[XENGT_FIGURES_MAX]; /* by counter_name()'s index */
};

/** xengt_figures_create() - make figures in a memfd, and map them. @fd receives the descriptor, for
 * the process; the caller owns it. NULL, with errno, on failure. */
struct xengt_figures *xengt_figures_create(int *fd);

/** xengt_figures_map() - map the figures of @fd, and close it. NULL, with errno, on failure. */
struct xengt_figures *xengt_figures_map(int fd);

/** xengt_figures_unmap() - unmap them; NULL is allowed. */
void xengt_figures_unmap(struct xengt_figures *figures);

/** xengt_figures_wait() - wait until the process has filled them in, @us at the most. */
void xengt_figures_wait(struct xengt_figures *figures, u64 us);

/** xengt_figures_tell() - they are filled in: set .told to @asked, and wake xengtd. */
void xengt_figures_tell(struct xengt_figures *figures, u32 asked);

#endif
