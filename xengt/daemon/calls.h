/* SPDX-License-Identifier: MIT */
/*
 * Questions that a guest's process has not answered yet, and how long they may take.
 * The length of an answer is bounded. An answer with control characters is refused.
 */
#ifndef XENGT_DAEMON_CALLS_H
#define XENGT_DAEMON_CALLS_H

#include <systemd/sd-event.h>

#include "xengt/link/link.h"

/* An answer. */
struct process_answer {
	int err; /* from the process; -EPIPE: it died; -ETIMEDOUT: it did not answer in time */
	u64 value;
	char *text; /* valid during the call; NULL after -EPIPE and -ETIMEDOUT */
};

typedef void process_done(void *arg, const struct process_answer *answer);

struct call;

struct calls {
	sd_event *loop;	    /* the owner's */
	struct call *first; /* the oldest */
	u32 last_id;
	sd_event_source *overdue; /* timer: the oldest question is overdue */
};

/**
 * calls_ask() - send a question over @link. @done is called once, with the answer or an error; if
 * the question cannot be sent, before this returns. @done: NULL when nobody waits for an answer.
 */
void calls_ask(struct calls *calls, int link, enum xengt_link_type type, u64 value,
	       const char *text, process_done *done, void *arg);

/** calls_forget() - do not call @done for questions that were asked with @arg. */
void calls_forget(struct calls *calls, const void *arg);

/** calls_take() - an answer came, or (XENGT_LINK_PART) a part of one. An answer that belongs to no
 * question is ignored. */
void calls_take(struct calls *calls, const struct xengt_link_message *m);

/** calls_fail() - end all questions with -EPIPE. */
void calls_fail(struct calls *calls);

/** calls_close() - end all questions with -EPIPE, and release the timer. */
void calls_close(struct calls *calls);

/** calls_plain() - whether @text is printable ASCII without \u escapes, as xengt-guest writes. */
bool calls_plain(const char *text);

#endif
