/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

#define ANSWER_MAX (16u << 20) /* bytes of an answer */
#define ANSWER_US  30000000u   /* time that a process has for an answer */

struct call {
	u32 id;
	u64 due_us;
	process_done *done;
	void *arg;
	char *text; /* the answer's beginning */
	size_t len;
	struct call *next;
};

static struct call **find(struct calls *calls, u32 id)
{
	struct call **link = &calls->first;

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

/* Ends the question *@link. */
static void finish(struct call **link, int err, u64 value)
{
	struct call *call = *link;
	const struct process_answer answer = {
		.err = err,
		.value = value,
		.text = err == -EPIPE || err == -ETIMEDOUT ? NULL : call->text,
	};

	*link = call->next;
	if (call->done)
		call->done(call->arg, &answer);
	free(call->text);
	free(call);
}

/* ---- overdue questions ---- */

static int on_overdue(sd_event_source *source, u64 usec, void *userdata);

static void watch(struct calls *calls)
{
	if (!calls->first)
		return;
	if (!calls->overdue &&
	    sd_event_add_time(calls->loop, &calls->overdue, CLOCK_MONOTONIC, calls->first->due_us,
			      10000, on_overdue, calls) < 0)
		return;
	sd_event_source_set_time(calls->overdue, calls->first->due_us);
	sd_event_source_set_enabled(calls->overdue, SD_EVENT_ONESHOT);
}

static int on_overdue(sd_event_source *source, u64 usec, void *userdata)
{
	struct calls *calls = userdata;

	(void)source;
	(void)usec;
	while (calls->first && calls->first->due_us <= clock_now_ns() / 1000)
		finish(&calls->first, -ETIMEDOUT, 0);
	watch(calls);
	return 0;
}

/* ---- questions and answers ---- */

static void refuse(int err, process_done *done, void *arg)
{
	const struct process_answer answer = { .err = err == -EAGAIN ? -ETIMEDOUT : err };

	if (done)
		done(arg, &answer);
}

void calls_ask(struct calls *calls, int link, enum xengt_link_type type, u64 value,
	       const char *text, process_done *done, void *arg)
{
	struct xengt_link_message head = { .type = type, .value = value };
	struct call *call = calloc(1, sizeof(*call)), **end;
	int err;

	if (!call) {
		refuse(-ENOMEM, done, arg);
		return;
	}
	/* Number 0 is not used: the process sends it when it could not start. */
	head.id = call->id = ++calls->last_id ? calls->last_id : ++calls->last_id;
	err = xengt_link_send(link, &head, text ? text : "", text ? strlen(text) : 0);
	if (err) {
		free(call);
		refuse(err, done, arg);
		return;
	}
	call->due_us = clock_now_ns() / 1000 + ANSWER_US;
	call->done = done;
	call->arg = arg;
	for (end = &calls->first; *end; end = &(*end)->next)
		;
	*end = call;
	watch(calls);
}

void calls_forget(struct calls *calls, const void *arg)
{
	for (struct call *call = calls->first; call; call = call->next)
		if (call->arg == arg)
			call->done = NULL;
}

bool calls_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~' || (*text == '\\' && text[1] == 'u'))
			return false;
	return true;
}

/* Adds to an answer. False: it would exceed ANSWER_MAX, or memory ran out. */
static bool add_text(struct call *call, const struct xengt_link_message *m)
{
	char *text;

	if (call->len + m->len > ANSWER_MAX)
		return false;
	text = realloc(call->text, call->len + m->len + 1);
	if (!text)
		return false;
	memcpy(text + call->len, m->text, m->len + 1);
	call->text = text;
	call->len += m->len;
	return true;
}

void calls_take(struct calls *calls, const struct xengt_link_message *m)
{
	struct call **link = find(calls, m->id), *call = *link;

	if (!call)
		return;
	if (!add_text(call, m))
		finish(link, -EPROTO, 0);
	else if (m->type != XENGT_LINK_PART)
		finish(link,
		       m->err > 0 || strlen(call->text) != call->len || !calls_plain(call->text)
			       ? -EPROTO
			       : m->err,
		       m->value);
}

void calls_fail(struct calls *calls)
{
	while (calls->first)
		finish(&calls->first, -EPIPE, 0);
}

void calls_close(struct calls *calls)
{
	calls_fail(calls);
	calls->overdue = sd_event_source_unref(calls->overdue);
}
