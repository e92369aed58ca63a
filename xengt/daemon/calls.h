/* SPDX-License-Identifier: MIT */
/*
 * Questions that a guest's process was asked and has not answered yet, and how long they may take.
 * An answer is bounded, and plain: text that a terminal would obey is none.
 */
#ifndef XENGT_DAEMON_CALLS_H
#define XENGT_DAEMON_CALLS_H

#include <systemd/sd-event.h>

#include "xengt/link/link.h"

/* An answer. */
struct process_answer {
	int err; /* the process'; -EPIPE: it died; -ETIMEDOUT: it did not answer in time */
	u64 value;
	char *text; /* the callee's; NULL after -EPIPE and -ETIMEDOUT */
};

typedef void process_done(void *arg, const struct process_answer *answer);

struct call;

struct calls {
	sd_event *loop;	    /* the owner's */
	struct call *first; /* the oldest */
	u32 last_id;
	sd_event_source *overdue; /* when the oldest is */
};

/**
 * calls_ask() - send a question over @link; @done is called once, with the answer or an error, and
 * before this returns when it cannot be sent. @done: NULL when nobody waits for an answer.
 */
void calls_ask(struct calls *calls, int link, enum xengt_link_type type, u64 value,
	       const char *text, process_done *done, void *arg);

/** calls_forget() - whoever asked with @arg is gone: @done is not called. */
void calls_forget(struct calls *calls, const void *arg);

/** calls_take() - an answer came, or (XENGT_LINK_PART) a part of one. One to nothing is passed
 * over. */
void calls_take(struct calls *calls, const struct xengt_link_message *m);

/** calls_fail() - nobody will answer any more: -EPIPE for all. */
void calls_fail(struct calls *calls);

/** calls_close() - the same, and release what is held. */
void calls_close(struct calls *calls);

/** calls_plain() - whether @text is such as our own processes write: JSON or a sentence in ASCII.
 */
bool calls_plain(const char *text);

#endif
