/* SPDX-License-Identifier: MIT */
/*
 * A keeper whose process has been taken over by its guest, played by the test: it asks for what it
 * may not have, in every order. Whatever it asks, it gets frames that are pinned for it, and memory
 * up to the bound.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/xengt_rig.h"
#include "xengt/settings/log.h"

#define NR 8u
#define AT 0x80000u /* frame of BAR2 */

/* What a process has of its keeper. */
struct prey {
	struct guest *g;
	struct xengt_keeper *keeper;
	struct xengt_start start;
	struct xengt_ask ask;
	const struct xengt_kept *kept;
	u32 pins[NR], gfns[NR];
};

static struct prey begin(void)
{
	struct prey p = { .g = guest_new(1, 0) };
	struct xengt_options options = xengt_options_default();
	struct guest *g = p.g;

	exen_stats(&g->before.xen);
	g->before.domain = guest_stats(g);
	ck_assert_msg(!xengt_keeper_open(&g->dom0, GUEST_DOMID, &options, &p.keeper, g->why,
					 sizeof(g->why)),
		      "%s", g->why);
	ck_assert_int_eq(xengt_keeper_serve(p.keeper, &p.start), 0);
	xengt_ask_init(&p.ask, p.start.ask_fd);
	p.kept = xengt_keeper_kept(p.keeper);
	for (u32 i = 0; i < NR; i++) {
		p.pins[i] = i;
		p.gfns[i] = 0x100 + i;
	}
	return p;
}

/* Whatever it left is taken away. */
static void end(struct prey *p)
{
	xengt_ask_close(&p->ask);
	close(p->start.kept_fd);
	close(p->start.state_fd);
	ck_assert(xengt_keeper_close(p->keeper, false));
	guest_check_before(p->g);
	guest_free(p->g);
}

static void pin_all(struct prey *p)
{
	ck_assert_int_eq(xengt_ask_take_pins(&p->ask, NR), 0);
	ck_assert_int_eq(xengt_ask_pin(&p->ask, p->pins, p->gfns, NR), 0);
	ck_assert_uint_eq(guest_stats(p->g).pinned_pages, NR);
}

/* Only frames that are pinned are shown; only what is not shown is unpinned. */
START_TEST(pinned_and_shown)
{
	struct prey p = begin();
	const u32 none = NR, far = XENGT_PINS_MAX, twice[] = { 3, 3 }, gfns[] = { 1, 2 };

	/* Before anything is pinned, and before BAR2 is anywhere. */
	ck_assert_int_eq(xengt_ask_show(&p.ask, 0, p.pins, 1), -EINVAL);
	ck_assert_int_eq(xengt_ask_place(&p.ask, AT), 0);
	ck_assert_int_eq(xengt_ask_show(&p.ask, 0, p.pins, 1), -ENXIO);
	ck_assert_int_eq(xengt_ask_pin(&p.ask, p.pins, p.gfns, 1), -EINVAL);
	ck_assert_int_eq(xengt_ask_unpin(&p.ask, p.pins, 1), -EINVAL);
	ck_assert_int_eq(xengt_ask_take_pins(&p.ask, ~0u), -ENOSPC);
	pin_all(&p);
	ck_assert_int_eq(xengt_ask_pin(&p.ask, &far, gfns, 1), -EINVAL);
	ck_assert_int_eq(xengt_ask_pin(&p.ask, p.pins, p.gfns, 1), -EINVAL);
	ck_assert_int_eq(xengt_ask_pin(&p.ask, (u32[]){ NR, NR }, gfns, 2), -EINVAL);
	ck_assert_int_eq(xengt_ask_show(&p.ask, 0, &none, 1), -ENXIO);
	ck_assert_int_eq(xengt_ask_show(&p.ask, 0, &far, 1), -ENXIO);
	ck_assert_int_eq(xengt_ask_show(&p.ask, XENGT_ALIAS_MAX - 1, p.pins, 2), -EINVAL);
	ck_assert_uint_eq(guest_stats(p.g).aliases, 0);

	ck_assert_int_eq(xengt_ask_show(&p.ask, 5, p.pins, NR), 0);
	ck_assert_int_eq(xengt_ask_show(&p.ask, 5, p.pins, 1), -EBUSY);
	ck_assert_int_eq(xengt_ask_show(&p.ask, 20, twice, 2), 0);
	ck_assert_int_eq(xengt_ask_place(&p.ask, AT + 1), -EBUSY);
	/* Pin 3 is shown at three places. */
	ck_assert_int_eq(xengt_ask_hide(&p.ask, 5, NR), 0);
	ck_assert_int_eq(xengt_ask_unpin(&p.ask, p.pins, NR), -EBUSY);
	ck_assert_uint_eq(guest_stats(p.g).pinned_pages, NR);
	ck_assert_int_eq(xengt_ask_hide(&p.ask, 20, 1), 0);
	ck_assert_int_eq(xengt_ask_unpin(&p.ask, &p.pins[3], 1), -EBUSY);
	ck_assert_int_eq(xengt_ask_hide(&p.ask, 0, ~0u), 0);
	ck_assert_int_eq(xengt_ask_unpin(&p.ask, twice, 2), -EINVAL);
	ck_assert_int_eq(xengt_ask_unpin(&p.ask, p.pins, NR), 0);
	ck_assert_uint_eq(guest_stats(p.g).pinned_pages, 0);
	end(&p);
}
END_TEST

/* It dies with all that in place. */
START_TEST(dies)
{
	struct prey p = begin();

	pin_all(&p);
	ck_assert_int_eq(xengt_ask_place(&p.ask, AT), 0);
	ck_assert_int_eq(xengt_ask_show(&p.ask, 0, p.pins, NR), 0);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, 40), 0);
	ck_assert_int_eq(xengt_ask_populate(&p.ask, 0xfd000, 10), 0);
	ck_assert_int_eq(xengt_ask_give_back(&p.ask, 0xfd000, 10), 0);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, -40), 0);
	ck_assert_int_eq(xengt_ask_pause(&p.ask, true), 0);
	ck_assert_int_eq(xengt_ask_pause(&p.ask, true), 0);
	end(&p);
}
END_TEST

/* The domain's memory grows by the bound, and is not taken below what it was. */
START_TEST(memory)
{
	struct prey p = begin();
	u64 before = guest_stats(p.g).max_pages;
	const s64 max = XENGT_ADDED_KIB_MAX;

	ck_assert_int_eq(xengt_ask_limit(&p.ask, -4), -ERANGE);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, max + 1), -ERANGE);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, INT64_MAX), -ERANGE);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, INT64_MIN), -ERANGE);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, max), 0);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, 4), -ERANGE);
	ck_assert_uint_eq(guest_stats(p.g).max_pages - before, max / 4);
	ck_assert_int_eq(xengt_ask_populate(&p.ask, ~0ull, 1), -EINVAL);
	ck_assert_int_eq(xengt_ask_populate(&p.ask, 0xfd000, ~0u), -EINVAL);
	ck_assert_int_eq(xengt_ask_give_back(&p.ask, ~0ull - 3, 4), -EINVAL);
	ck_assert_int_eq(xengt_ask_limit(&p.ask, -max), 0);
	ck_assert_uint_eq(guest_stats(p.g).max_pages, before);
	end(&p);
}
END_TEST

/* What is no question ends the connection; the keeper goes on for the next process. */
START_TEST(no_questions)
{
	static const struct {
		u32 op, nr;
		size_t len; /* 0: as long as it has to be */
	} bad[] = {
		{ XENGT_ASK_OPS, 0, 16 },     { ~0u, 0, 16 },
		{ XENGT_ASK_LIMIT, 0, 8 },    { XENGT_ASK_LIMIT, 0, 17 },
		{ XENGT_ASK_PIN, 513, 4112 }, { XENGT_ASK_PIN, ~0u, 4112 },
		{ XENGT_ASK_SHOW, 1, 20 },    { XENGT_ASK_LOG, 0, 100 },
	};
	struct prey p = begin();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct xengt_question q = { .op = bad[i].op, .nr = bad[i].nr };
		u8 byte;

		ck_assert_int_eq(send(p.start.ask_fd, &q, bad[i].len, MSG_NOSIGNAL),
				 (ssize_t)bad[i].len);
		ck_assert_int_eq(recv(p.start.ask_fd, &byte, 1, 0), 0);
		ck_assert_int_eq(xengt_ask_pause(&p.ask, true), -EPIPE);
		xengt_keeper_stop(p.keeper);
		xengt_ask_close(&p.ask);
		close(p.start.kept_fd);
		close(p.start.state_fd);
		ck_assert_int_eq(xengt_keeper_serve(p.keeper, &p.start), 0);
		xengt_ask_init(&p.ask, p.start.ask_fd);
		ck_assert_int_eq(xengt_ask_take_pins(&p.ask, 1), 0);
	}
	end(&p);
}
END_TEST

/* What is kept can be read by its process, and not written. */
START_TEST(kept_for_reading)
{
	struct prey p = begin();

	ck_assert_ptr_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, p.start.kept_fd, 0),
			 MAP_FAILED);
	ck_assert_int_lt(write(p.start.kept_fd, "x", 1), 0);
	ck_assert_int_lt(ftruncate(p.start.kept_fd, 0), 0);
	end(&p);
}
END_TEST

/* It logs as its guest alone, what a terminal may show, and not without end. */
START_TEST(log_lines)
{
	struct prey p = begin();
	char text[65536];
	FILE *file = tmpfile();
	int was = dup(2);
	size_t len, lines = 0;

	xengt_log_level(XENGT_DEBUG);
	fflush(stderr);
	dup2(fileno(file), 2);
	xengt_ask_log(&p.ask, XENGT_OTHER, XENGT_ERR, NULL, "one\n\033[2Jtwo (domain 1): three");
	xengt_ask_log(&p.ask, 77, XENGT_ERR, NULL, "no such event");
	xengt_ask_log(&p.ask, XENGT_OTHER, 0, NULL, "an emergency");
	for (u32 i = 0; i < 500; i++)
		xengt_ask_log(&p.ask, XENGT_HANG, XENGT_WARN, "why", "again");
	fflush(stderr);
	dup2(was, 2);
	close(was);
	xengt_log_level(0);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "(domain 9): one??[2Jtwo (domain 1): three\n"));
	ck_assert_ptr_null(strstr(text, "no such event"));
	ck_assert_ptr_null(strstr(text, "an emergency"));
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	/* The clock may have begun another second or two. */
	ck_assert_uint_lt(lines, 3 * 64 + 1);
	fclose(file);
	end(&p);
}
END_TEST

/* ---- a process that asks without end ---- */

#define MS 1000000ull

/* Time as the test has it: each look at what the thread has spent finds 30 ms more. */
static struct {
	u64 now, spent, waited;
	unsigned int waits;
} fake;

static u64 fake_now(void)
{
	return fake.now;
}

static u64 fake_spent(void)
{
	fake.spent += 30 * MS;
	fake.now += 30 * MS;
	return fake.spent;
}

static bool fake_wait(int fd, u64 ns)
{
	(void)fd;
	fake.now += ns;
	fake.waited += ns;
	fake.waits++;
	return true;
}

/* It has some seconds at once, and a quarter of the time from then on. */
START_TEST(asks_without_end)
{
	static const struct xengt_keeper_clock clock = { fake_now, fake_spent, fake_wait };
	struct prey p = begin();

	xengt_keeper_stop(p.keeper);
	xengt_ask_close(&p.ask);
	close(p.start.kept_fd);
	close(p.start.state_fd);
	memset(&fake, 0, sizeof(fake));
	fake.now = 1;
	xengt_keeper_charge_by(p.keeper, &clock);
	ck_assert_int_eq(xengt_keeper_serve(p.keeper, &p.start), 0);
	xengt_ask_init(&p.ask, p.start.ask_fd);
	for (u32 i = 0; i < 130; i++)
		ck_assert_int_eq(xengt_ask_pause(&p.ask, true), 0);
	ck_assert_uint_eq(fake.waits, 0);
	for (u32 i = 0; i < 1000; i++)
		ck_assert_int_eq(xengt_ask_pause(&p.ask, true), 0);
	xengt_keeper_stop(p.keeper);
	ck_assert_uint_gt(fake.waits, 900);
	/* What it spent beyond these is a quarter of all the time that went by. */
	ck_assert_uint_ge(fake.spent, fake.now / 4);
	ck_assert_uint_le(fake.spent, fake.now / 4 + XENGT_BUDGET_NS + 30 * MS);
	end(&p);
}
END_TEST

/* What a thread would have spent in days. */
static u64 days(void)
{
	return 3600000000000ull * 48;
}

static sem_t waited;

static bool wait_for_long(int fd, u64 ns)
{
	bool over = xengt_keeper_clock.wait(fd, ns);

	sem_post(&waited);
	return over;
}

/* A wait of days ends with the process, and with xengtd. */
static void wait_ends(bool process)
{
	static const struct xengt_keeper_clock clock = { fake_now, days, wait_for_long };
	struct prey p = begin();

	sem_init(&waited, 0, 0);
	xengt_keeper_stop(p.keeper);
	xengt_ask_close(&p.ask);
	close(p.start.kept_fd);
	close(p.start.state_fd);
	xengt_keeper_charge_by(p.keeper, &clock);
	ck_assert_int_eq(xengt_keeper_serve(p.keeper, &p.start), 0);
	xengt_ask_init(&p.ask, p.start.ask_fd);
	if (process)
		shutdown(p.start.ask_fd, SHUT_RDWR);
	else
		xengt_keeper_stop(p.keeper);
	while (sem_wait(&waited))
		;
	end(&p);
}

START_TEST(stopped_in_a_wait)
{
	wait_ends(false);
}
END_TEST

START_TEST(process_ends_in_a_wait)
{
	wait_ends(true);
}
END_TEST

Suite *suite_xengt_keeper(void)
{
	const TTest *const tests[] = {
		pinned_and_shown,	dies,	   memory,	     no_questions,
		kept_for_reading,	log_lines, asks_without_end, stopped_in_a_wait,
		process_ends_in_a_wait,
	};

	return unit_suite("xengt_keeper", tests, ARRAY_SIZE(tests));
}
