/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xengt/daemon/process.h"

struct work {
	const struct work_kind *kind;
	enum xengt_link_type type;
	u64 value;
	bool asked, answered, late, restarted;
	int err;		   /* the answer's */
	sd_event_source *step;	   /* something has happened: work_step() */
	sd_event_source *deadline; /* timer */
	guest_done *done;
	void *arg;
};

/* ---- what happens ---- */

static void poke(struct guest *guest)
{
	if (guest->work)
		sd_event_source_set_enabled(guest->work->step, SD_EVENT_ONESHOT);
}

static void on_answer(void *arg, const struct process_answer *answer)
{
	struct guest *guest = arg;

	guest->work->answered = true;
	guest->work->err = answer->err;
	poke(guest);
}

static int on_deadline(sd_event_source *source, u64 usec, void *userdata)
{
	struct guest *guest = userdata;

	(void)source;
	(void)usec;
	guest->work->late = true;
	poke(guest);
	return 0;
}

/* ---- its end ---- */

static void free_work(struct guest *guest)
{
	struct work *work = guest->work;

	process_forget(guest, guest);
	guest->work = NULL;
	guest->moved = NULL;
	sd_event_source_disable_unref(work->step);
	sd_event_source_disable_unref(work->deadline);
	free(work);
}

static void finish(struct guest *guest, int err, const char *said)
{
	const struct work work = *guest->work;
	char why[512];

	snprintf(why, sizeof(why), "%s", *said ? said : err ? strerror(-err) : "");
	free_work(guest);
	guest = work.kind->over(guest, &err, why, sizeof(why));
	if (work.done)
		work.done(work.arg, guest, err, why);
}

void work_stop(struct guest *guest, int err, const char *why)
{
	struct work work;

	if (!guest->work)
		return;
	work = *guest->work;
	free_work(guest);
	if (err == -ESRCH && work.kind->ends)
		err = 0;
	if (work.done)
		work.done(work.arg, NULL, err, why);
}

/* ---- its way ---- */

/* The process was given up: start it once more. */
static int start_again(struct guest *guest, char *why, size_t len)
{
	struct work *work = guest->work;

	if (!work->kind->asks || work->restarted)
		return process_failure(guest, why, len);
	work->restarted = true;
	process_end(guest);
	return process_start(guest, true, why, len);
}

/* Takes the next step. Returns 0: it goes on; 1: it is done; or an errno: it failed. */
static int advance(struct guest *guest, char *why, size_t len)
{
	struct work *work = guest->work;

	if (work->answered && work->err != -EPIPE)
		return work->err ? work->err : 1;
	/* It died with the question. */
	if (work->answered)
		work->asked = work->answered = false;
	if (work->late) {
		if (!work->kind->asks)
			snprintf(why, len, "its process does not begin to serve");
		return -ETIMEDOUT;
	}
	switch (process_state(guest)) {
	case PROCESS_STARTS:
		return 0;
	case PROCESS_FAILED:
		return start_again(guest, why, len);
	case PROCESS_SERVES:
		break;
	}
	if (!work->kind->asks)
		return 1;
	if (!work->asked) {
		work->asked = true;
		process_ask(guest, work->type, work->value, NULL, on_answer, guest);
	}
	return 0;
}

static int on_step(sd_event_source *source, void *userdata)
{
	struct guest *guest = userdata;
	char why[512] = "";
	int err = advance(guest, why, sizeof(why));

	(void)source;
	if (err)
		finish(guest, err < 0 ? err : 0, why);
	return 0;
}

int work_begin(struct guest *guest, const struct work_kind *kind, enum xengt_link_type type,
	       u64 value, guest_done *done, void *arg)
{
	struct work *work = calloc(1, sizeof(*work));
	sd_event *loop = guest->daemon->loop;
	int err;

	if (!work)
		return -ENOMEM;
	*work = (struct work){
		.kind = kind,
		.type = type,
		.value = value,
		.done = done,
		.arg = arg,
	};
	guest->work = work;
	guest->moved = poke;
	err = sd_event_add_defer(loop, &work->step, on_step, guest);
	if (err >= 0)
		err = sd_event_add_time_relative(loop, &work->deadline, CLOCK_MONOTONIC,
						 kind->patience * 1000000ull, 1000, on_deadline,
						 guest);
	if (err >= 0)
		return 0;
	free_work(guest);
	return err;
}

/* ---- who asks for it ---- */

bool work_is(const struct guest *guest, const struct work_kind *kind)
{
	return guest->work && guest->work->kind == kind;
}

bool work_join(struct guest *guest, const struct work_kind *kind, guest_done *done, void *arg)
{
	if (!work_is(guest, kind) || guest->work->done)
		return false;
	guest->work->done = done;
	guest->work->arg = arg;
	return true;
}

bool work_done(const struct guest *guest)
{
	return guest->work && guest->work->answered && !guest->work->err;
}

bool work_busy(const struct guest *guest, bool hidden, char *why, size_t why_len)
{
	if (!guest->work || (hidden && !guest->work->kind->hides))
		return false;
	snprintf(why, why_len, "the vGPU of domain %u is being %s; try again", guest->domid,
		 guest->work->kind->is);
	return true;
}
