/* SPDX-License-Identifier: MIT */
#include "tests/unit/jail_attack.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The attack that a child makes; set before it starts. */
static struct jail_attack now;

long jail_raw(long nr, long a, long b, long c, long d, long e, long f)
{
	long got = syscall(nr, a, b, c, d, e, f);

	return got < 0 ? -errno : got;
}

static long make(const struct jail_world *w)
{
	const long *c = now.call;

	return now.act ? now.act(w) : jail_raw(c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
}

static void try(const struct jail_attack *attack, enum jail_way way, int expected)
{
	static const char *const ways[JAIL_WAYS] = { "", " in a container", " behind the filter" };
	int outcome;

	now = *attack;
	outcome = jail_run(way, make);
	ck_assert_msg(outcome == expected, "%s%s: %s, not: %s", attack->what, ways[way],
		      jail_outcome(outcome), jail_outcome(expected));
}

void jail_try(const struct jail_attack *attacks, size_t nr)
{
	bool full = jail_full();

	for (size_t i = 0; i < nr; i++) {
		try(&attacks[i], JAIL_ENTER, attacks[i].filter);
		try(&attacks[i], JAIL_CONTAINER, attacks[i].filter);
		if (full && attacks[i].behind)
			try(&attacks[i], JAIL_NO_FILTER, attacks[i].behind);
	}
}

int jail_try_call(long nr)
{
	now = (struct jail_attack){ .call = { nr } };
	return jail_run(JAIL_CONTAINER, make);
}
