/* SPDX-License-Identifier: MIT */
/*
 * A guest's process that was taken over, for libFuzzer: an input is a sequence of questions to its
 * keeper. Whatever is asked, no frame is shown that is not pinned, the domain's memory keeps its
 * bound, and nothing is left when the process is gone.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bare_guest.h"
#include "tests/embedded/embedded_xen.h"
#include "xengt/keeper/inside.h"
#include "xengt/settings/log.h"
#include "xengt/xen/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the input has of a question. */
struct op {
	u8 op, pins, first, stride; /* .pins of them, .stride apart, from .first on */
	u32 nr;
	u64 at;
};

#define OPS_MAX 64u

static struct bare_guest guest;
static struct xengt_keeper *keeper;

static void start(void)
{
	struct xengt_options options = xengt_options_default();
	char why[256];

	strcpy(guest.dir, "/dev/shm/xengt-asks-XXXXXX");
	xengt_log_level(0);
	MUST(!exen_init());
	MUST(mkdtemp(guest.dir));
	guest.dom0.state_dir = guest.dir;
	guest.dom0.state_kind = xengt_state_kind();
	MUST(!xengt_dom0_open(&guest.dom0));
	guest.d = exen_domain_create(BARE_DOMID, 1, BARE_PAGES, 0);
	MUST(guest.d);
	MUST(!xengt_keeper_open(&guest.dom0, BARE_DOMID, &options, &keeper, why, sizeof(why)));
}

static void ask(const struct op *op)
{
	struct xengt_question question = { .op = op->op % XENGT_ASK_OPS,
					   .nr = op->nr,
					   .at = op->at };
	struct xengt_answer answer;

	/* As the thread that takes questions off the socket. */
	if (!xengt_question_len(&question))
		return;
	if (question.op != XENGT_ASK_LOG)
		for (u32 i = 0; i < XENGT_GRANT_BATCH; i++) {
			question.pin[i] = op->first + i * op->stride;
			question.gfn[i] = (u32)op->at + i;
		}
	/* A small domain: what takes long for no reason but its size says nothing. */
	if (question.op == XENGT_ASK_TAKE_PINS)
		question.at %= 2048;
	xengt_keeper_answer(keeper, &question, &answer);
	MUST(answer.err <= 0 && answer.nr <= XENGT_GRANT_BATCH);
}

static void check(void)
{
	const struct xengt_kept *kept = xengt_keeper_kept(keeper);
	const struct xengt_aliases *aliases = keeper->aliases;
	struct exen_domain_stats is;
	u32 shown = 0;

	exen_domain_stats(guest.d, &is);
	for (u32 i = 0; i < aliases->end; i++) {
		if (!aliases->mfn[i])
			continue;
		shown++;
		MUST(keeper->pins->pin[aliases->pin[i]].bus >> GVT_PAGE_SHIFT == aliases->mfn[i]);
	}
	MUST(shown == aliases->nr && is.aliases <= shown);
	MUST(kept->added_kib <= XENGT_ADDED_KIB_MAX);
	MUST(!exen_domain_crashed(guest.d));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exen_domain_stats is;
	struct op op;

	if (!keeper)
		start();
	for (u32 n = 0; n < OPS_MAX && size >= sizeof(op);
	     n++, size -= sizeof(op), data += sizeof(op)) {
		memcpy(&op, data, sizeof(op));
		ask(&op);
	}
	check();
	MUST(!xengt_keeper_recover(keeper));
	xengt_memory_pause(keeper, false);
	xengt_memory_limit(keeper, -(s64)xengt_keeper_kept(keeper)->added_kib);
	exen_domain_stats(guest.d, &is);
	MUST(!is.pinned_pages && !is.aliases && !guest.dom0.pins);
	return 0;
}
