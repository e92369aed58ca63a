/* SPDX-License-Identifier: MIT */
/*
 * Each question that a guest's process may ask: a function, and a row of a table. A guest may have
 * taken its process over. So each function limits a question to the process' own domain, to frames
 * that are pinned for it, and to bounded memory.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "xengt/keeper/inside.h"

static int limit(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return xengt_memory_limit(k, (s64)q->at);
}

/* The most frames of one question: all of BAR0. */
#define FRAMES_MAX 4096u

static bool in_domain(const struct xengt_question *q)
{
	return q->nr <= FRAMES_MAX && q->at <= (~0ull >> GVT_PAGE_SHIFT) - q->nr;
}

static int populate(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return in_domain(q) ? xengt_memory_populate(k, q->at, q->nr) : -EINVAL;
}

static int give_back(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return in_domain(q) ? xengt_memory_give_back(k, q->at, q->nr) : -EINVAL;
}

static int pause_domain(struct xengt_keeper *k, const struct xengt_question *q,
			struct xengt_answer *a)
{
	(void)a;
	return xengt_memory_pause(k, q->at);
}

static int take_pins(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return q->at <= XENGT_PINS_MAX ? xengt_grants_take(k, q->at) : -ENOSPC;
}

/* Takes @nr of the pages that all guests together may have pinned. */
static int take_share(struct xengt_keeper *k, u32 nr)
{
	u32 all = __atomic_add_fetch(&k->dom0->pins, nr, __ATOMIC_RELAXED);

	if (all <= XENGT_PINS_HOST)
		return 0;
	__atomic_sub_fetch(&k->dom0->pins, nr, __ATOMIC_RELAXED);
	return -ENOSPC;
}

/* How many of @pins are mapped. */
static u32 mapped(const struct xengt_keeper *k, const u32 *pins, u32 nr)
{
	u32 all = 0;

	for (u32 i = 0; i < nr; i++)
		all += k->pins->pin[pins[i]].bus != 0;
	return all;
}

/* Whether a pin occurs twice. It would be mapped twice, and the first handle lost. */
static bool repeats(const struct xengt_question *q)
{
	for (u32 i = 0; i < q->nr; i++)
		for (u32 n = 0; n < i; n++)
			if (q->pin[n] == q->pin[i])
				return true;
	return false;
}

static int pin(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	u32 got;
	int err;

	(void)a;
	for (u32 i = 0; i < q->nr; i++) {
		if (q->pin[i] / (GVT_PAGE_SIZE / sizeof(grant_entry_v1_t)) >= k->grants.frames ||
		    k->pins->pin[q->pin[i]].bus)
			return -EINVAL;
	}
	if (repeats(q))
		return -EINVAL;
	err = take_share(k, q->nr);
	if (err)
		return err;
	err = xengt_grants_map(k, q->pin, q->gfn, q->nr);
	got = mapped(k, q->pin, q->nr);
	k->pinned += got;
	__atomic_sub_fetch(&k->dom0->pins, q->nr - got, __ATOMIC_RELAXED);
	return err;
}

static int unpin(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	u32 left;
	int err;

	(void)a;
	if (repeats(q))
		return -EINVAL;
	for (u32 i = 0; i < q->nr; i++) {
		if (q->pin[i] >= k->pins->nr || !k->pins->pin[q->pin[i]].bus)
			return -EINVAL;
		if (k->shown && k->shown[q->pin[i]])
			return -EBUSY;
	}
	err = xengt_grants_unmap(k, q->pin, q->nr);
	left = mapped(k, q->pin, q->nr);
	k->pinned -= q->nr - left;
	__atomic_sub_fetch(&k->dom0->pins, q->nr - left, __ATOMIC_RELAXED);
	return err;
}

static int own(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	int err = xengt_grants_own(k, q->pin, q->nr, a->bus);

	if (!err)
		a->nr = q->nr;
	return err;
}

static int place(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return xengt_alias_place(k, q->at);
}

static int show(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return xengt_alias_show(k, q->at, q->pin, q->nr);
}

static int hide(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	(void)a;
	return xengt_alias_hide(k, q->at, q->nr);
}

/* Lines that a process may have logged in each second. */
#define LINES_MAX 64u

static bool may_log(struct xengt_keeper *k)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if ((u64)now.tv_sec != k->line_time) {
		k->line_time = now.tv_sec;
		k->lines = 0;
	}
	return k->lines++ < LINES_MAX;
}

/* Replaces control characters, which a terminal would obey, in text of the process. */
static void make_plain(char *text, size_t len)
{
	text[len - 1] = '\0';
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static int log_line(struct xengt_keeper *k, const struct xengt_question *q, struct xengt_answer *a)
{
	struct xengt_question line = *q;
	const struct xengt_subject of = {
		k->domid,
		k->name,
		k->kept->options.uuid,
		line.reason[0] ? line.reason : NULL,
	};

	(void)a;
	if (line.event >= XENGT_EVENTS || line.level > XENGT_DEBUG || line.level < XENGT_ERR)
		return -EINVAL;
	if (!may_log(k))
		return -EAGAIN;
	make_plain(line.reason, sizeof(line.reason));
	make_plain(line.text, sizeof(line.text));
	xengt_log_of(&of, line.event, line.level, "%s", line.text);
	return 0;
}

static int (*const answers[XENGT_ASK_OPS])(struct xengt_keeper *k, const struct xengt_question *q,
					   struct xengt_answer *a) = {
	[XENGT_ASK_LIMIT] = limit,	   [XENGT_ASK_POPULATE] = populate,
	[XENGT_ASK_GIVE_BACK] = give_back, [XENGT_ASK_PAUSE] = pause_domain,
	[XENGT_ASK_TAKE_PINS] = take_pins, [XENGT_ASK_PIN] = pin,
	[XENGT_ASK_UNPIN] = unpin,	   [XENGT_ASK_OWN] = own,
	[XENGT_ASK_PLACE] = place,	   [XENGT_ASK_SHOW] = show,
	[XENGT_ASK_HIDE] = hide,	   [XENGT_ASK_LOG] = log_line,
};

void xengt_keeper_answer(struct xengt_keeper *k, const struct xengt_question *question,
			 struct xengt_answer *answer)
{
	answer->nr = 0;
	answer->err = answers[question->op](k, question, answer);
}
