/* SPDX-License-Identifier: MIT */
#include "xengt/ask/ask.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the kept file's sections ---- */

static const char *guest_amiss(const void *section)
{
	const struct xengt_kept *kept = section;

	if (kept->added_kib > XENGT_ADDED_KIB_MAX)
		return "it has more memory than is ever added";
	if (!memchr(kept->options.type, '\0', sizeof(kept->options.type)) ||
	    !memchr(kept->options.uuid, '\0', sizeof(kept->options.uuid)))
		return "it has a name without end";
	return NULL;
}

static const struct gvt_section guest_section = {
	.name = "guest",
	.version = 1,
	.size = sizeof(struct xengt_kept),
	.reserved = sizeof(struct xengt_kept),
	.fixed = offsetof(struct xengt_kept, weight),
	.amiss = guest_amiss,
};

static const char *pins_amiss(const void *section)
{
	const struct xengt_pins *pins = section;

	return pins->nr > XENGT_PINS_MAX ? "it has more pins than there can be" : NULL;
}

static const struct gvt_section pins_section = {
	.name = "pins",
	.version = 1,
	.size = sizeof(struct xengt_pins),
	.reserved = offsetof(struct xengt_pins, ops),
	.amiss = pins_amiss,
};

_Static_assert(sizeof(((struct xengt_pins *)NULL)->ops) % 4096 == 0, ".pin is at pages too");

static const char *aliases_amiss(const void *section)
{
	const struct xengt_aliases *aliases = section;

	return aliases->end > XENGT_ALIAS_MAX ? "it has more places than an aperture" : NULL;
}

static const struct gvt_section aliases_section = {
	.name = "aliases",
	.version = 1,
	.size = sizeof(struct xengt_aliases),
	.reserved = offsetof(struct xengt_aliases, mfn),
	.amiss = aliases_amiss,
};

const struct xengt_file_kind xengt_kept_kind = {
	.suffix = XENGT_KEPT_SUFFIX,
	.magic = "xengt-k",
	.nr = 3,
	.section = {
		[XENGT_KEPT_GUEST] = &guest_section,
		[XENGT_KEPT_PINS] = &pins_section,
		[XENGT_KEPT_ALIASES] = &aliases_section,
	},
};

/* ---- questions ---- */

/* What a question of each kind has besides its head: pins, pins and gfns, or text. */
enum body { NOTHING, PINS, PINS_AND_GFNS, TEXT };

static const u8 bodies[XENGT_ASK_OPS] = {
	[XENGT_ASK_PIN] = PINS_AND_GFNS, [XENGT_ASK_UNPIN] = PINS, [XENGT_ASK_OWN] = PINS,
	[XENGT_ASK_SHOW] = PINS,	 [XENGT_ASK_LOG] = TEXT,
};

size_t xengt_question_len(const struct xengt_question *question)
{
	static const size_t lens[] = {
		[NOTHING] = offsetof(struct xengt_question, pin),
		[PINS] = offsetof(struct xengt_question, gfn),
		[PINS_AND_GFNS] = offsetof(struct xengt_question, gfn) + sizeof(question->gfn),
		[TEXT] = offsetof(struct xengt_question, text) + sizeof(question->text),
	};
	u32 body;

	if (question->op >= XENGT_ASK_OPS)
		return 0;
	body = bodies[question->op];
	if ((body == PINS || body == PINS_AND_GFNS) && question->nr > XENGT_GRANT_BATCH)
		return 0;
	return lens[body];
}

size_t xengt_answer_len(u32 nr)
{
	return offsetof(struct xengt_answer, bus) + nr * sizeof(u64);
}

void xengt_ask_init(struct xengt_ask *ask, int fd)
{
	ask->fd = fd;
	pthread_mutex_init(&ask->lock, NULL);
}

void xengt_ask_close(struct xengt_ask *ask)
{
	if (ask->fd >= 0)
		close(ask->fd);
	ask->fd = -1;
	pthread_mutex_destroy(&ask->lock);
}

static ssize_t receive(int fd, void *to, size_t len)
{
	ssize_t got;

	do
		got = recv(fd, to, len, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Asks, and waits for the answer. @bus: receives the answer's @nr addresses; or NULL. */
static int ask_for(struct xengt_ask *ask, const struct xengt_question *question, u64 *bus, u32 nr)
{
	struct xengt_answer answer;
	ssize_t got = -1;

	pthread_mutex_lock(&ask->lock);
	if (send(ask->fd, question, xengt_question_len(question), MSG_NOSIGNAL) >= 0)
		got = receive(ask->fd, &answer, sizeof(answer));
	pthread_mutex_unlock(&ask->lock);
	if (got < (ssize_t)xengt_answer_len(0) || got != (ssize_t)xengt_answer_len(answer.nr))
		return -EPIPE;
	if (bus && !answer.err && answer.nr != nr)
		return -EPROTO;
	if (bus && !answer.err)
		memcpy(bus, answer.bus, nr * sizeof(*bus));
	return answer.err;
}

static int ask_number(struct xengt_ask *ask, enum xengt_ask_op op, u64 at, u32 nr)
{
	const struct xengt_question question = { .op = op, .nr = nr, .at = at };

	return ask_for(ask, &question, NULL, 0);
}

static int ask_pins(struct xengt_ask *ask, enum xengt_ask_op op, u64 at, const u32 *pins,
		    const u32 *gfns, u32 nr)
{
	struct xengt_question question = { .op = op, .nr = nr, .at = at };

	if (nr > XENGT_GRANT_BATCH)
		return -EINVAL;
	memcpy(question.pin, pins, nr * sizeof(*pins));
	if (gfns)
		memcpy(question.gfn, gfns, nr * sizeof(*gfns));
	return ask_for(ask, &question, NULL, 0);
}

int xengt_ask_limit(struct xengt_ask *ask, s64 kib)
{
	return ask_number(ask, XENGT_ASK_LIMIT, (u64)kib, 0);
}

int xengt_ask_populate(struct xengt_ask *ask, u64 gfn, u32 nr)
{
	return ask_number(ask, XENGT_ASK_POPULATE, gfn, nr);
}

int xengt_ask_give_back(struct xengt_ask *ask, u64 gfn, u32 nr)
{
	return ask_number(ask, XENGT_ASK_GIVE_BACK, gfn, nr);
}

int xengt_ask_pause(struct xengt_ask *ask, bool pause)
{
	return ask_number(ask, XENGT_ASK_PAUSE, pause, 0);
}

int xengt_ask_take_pins(struct xengt_ask *ask, u32 nr)
{
	return ask_number(ask, XENGT_ASK_TAKE_PINS, nr, 0);
}

int xengt_ask_pin(struct xengt_ask *ask, const u32 *pins, const u32 *gfns, u32 nr)
{
	return ask_pins(ask, XENGT_ASK_PIN, 0, pins, gfns, nr);
}

int xengt_ask_unpin(struct xengt_ask *ask, const u32 *pins, u32 nr)
{
	return ask_pins(ask, XENGT_ASK_UNPIN, 0, pins, NULL, nr);
}

int xengt_ask_own(struct xengt_ask *ask, const u32 *refs, u32 nr, u64 *bus)
{
	struct xengt_question question = { .op = XENGT_ASK_OWN, .nr = nr };

	if (nr > XENGT_GRANT_BATCH)
		return -EINVAL;
	memcpy(question.pin, refs, nr * sizeof(*refs));
	return ask_for(ask, &question, bus, nr);
}

int xengt_ask_place(struct xengt_ask *ask, u64 gfn)
{
	return ask_number(ask, XENGT_ASK_PLACE, gfn, 0);
}

int xengt_ask_show(struct xengt_ask *ask, u32 first, const u32 *pins, u32 nr)
{
	return ask_pins(ask, XENGT_ASK_SHOW, first, pins, NULL, nr);
}

int xengt_ask_hide(struct xengt_ask *ask, u32 first, u32 nr)
{
	return ask_number(ask, XENGT_ASK_HIDE, first, nr);
}

void xengt_ask_log(struct xengt_ask *ask, enum xengt_event event, enum xengt_level level,
		   const char *reason, const char *text)
{
	struct xengt_question question = { .op = XENGT_ASK_LOG, .event = event, .level = level };

	snprintf(question.reason, sizeof(question.reason), "%s", reason ? reason : "");
	snprintf(question.text, sizeof(question.text), "%s", text);
	ask_for(ask, &question, NULL, 0);
}
