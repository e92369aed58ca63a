/* SPDX-License-Identifier: MIT */
/* A connection alone: what it serves, how long it waits, and how much it keeps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/unit.h"
#include "xengt/control/conn.h"

#define PATIENCE_US 50000u
#define NO_HURRY_US (UNIT_WAIT_MS * 1000ull) /* for tests that are not about patience */

struct fixture {
	sd_event *loop;
	struct conn *conn; /* NULL: it has ended */
	int peer;
	unsigned int lines;
	bool too_long, end_it;
	size_t answer; /* bytes of each answer */
	char last[CONN_LINE_MAX];
};

static void on_line(void *owner, const char *line)
{
	struct fixture *f = owner;
	char *answer = malloc(f->answer);

	f->lines++;
	f->too_long = !line;
	snprintf(f->last, sizeof(f->last), "%s", line ? line : "");
	memset(answer, 'a', f->answer);
	conn_put(f->conn, answer, f->answer);
	free(answer);
	if (f->end_it)
		conn_end(f->conn);
}

static void on_gone(void *owner)
{
	struct fixture *f = owner;

	f->conn = NULL;
}

static const struct conn_ops ops = { .line = on_line, .gone = on_gone };

static struct fixture *fixture_patient(u64 patience_us)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	ck_assert_int_ge(sd_event_new(&f->loop), 0);
	f->answer = 1;
	f->peer = ends[1];
	f->conn = conn_new(f->loop, ends[0], patience_us, &ops, f);
	ck_assert_ptr_nonnull(f->conn);
	return f;
}

static struct fixture *fixture_new(void)
{
	return fixture_patient(NO_HURRY_US);
}

static void fixture_free(struct fixture *f)
{
	if (f->conn)
		conn_free(f->conn);
	sd_event_unref(f->loop);
	close(f->peer);
	free(f);
}

/* Runs the loop until it has nothing to do now. Returns how often it had. */
static unsigned int turn(struct fixture *f)
{
	unsigned int nr = 0;

	while (sd_event_run(f->loop, 0) > 0)
		ck_assert_uint_lt(++nr, 100000);
	return nr;
}

static void say(struct fixture *f, const char *text, size_t len)
{
	ck_assert_int_eq(send(f->peer, text, len, MSG_NOSIGNAL), len);
}

/* Reads all that it has sent. */
static size_t hear(struct fixture *f)
{
	static char buf[1 << 16];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(f->peer, buf, sizeof(buf), 0)) > 0)
		len += n;
	return len;
}

static u64 now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

/* Waits for its end, which comes when its patience is over. */
static void check_cut_off(struct fixture *f, u64 since)
{
	while (f->conn)
		ck_assert_int_ge(sd_event_run(f->loop, ~0ull), 0);
	ck_assert_uint_ge(now_us(), since + PATIENCE_US);
}

START_TEST(in_pieces)
{
	struct fixture *f = fixture_new();

	say(f, "one", 3);
	turn(f);
	ck_assert_uint_eq(f->lines, 0);
	say(f, " and\ntwo\nthr", 12);
	turn(f);
	ck_assert_uint_eq(f->lines, 2);
	ck_assert_str_eq(f->last, "two");
	ck_assert_uint_eq(hear(f), 4);
	say(f, "ee\n", 3);
	turn(f);
	ck_assert_str_eq(f->last, "three");
	ck_assert(conn_idle(f->conn) || hear(f));
	/* A zero byte would hide what follows it. */
	say(f, "fo\0ur\n", 6);
	turn(f);
	ck_assert_str_eq(f->last, "");
	ck_assert_uint_eq(f->lines, 4);
	fixture_free(f);
}
END_TEST

START_TEST(one_in_a_turn)
{
	struct fixture *f = fixture_new();

	say(f, "1\n2\n3\n", 6);
	for (unsigned int i = 1; i <= 3; i++) {
		ck_assert_int_gt(sd_event_run(f->loop, 0), 0);
		ck_assert_uint_eq(f->lines, i);
	}
	ck_assert_uint_eq(turn(f), 0);
	fixture_free(f);
}
END_TEST

START_TEST(too_long)
{
	struct fixture *f = fixture_new();
	char line[CONN_LINE_MAX + 16];

	memset(line, ' ', sizeof(line));
	line[CONN_LINE_MAX - 1] = '\n';
	say(f, line, CONN_LINE_MAX);
	turn(f);
	ck_assert_uint_eq(f->lines, 1);
	ck_assert(!f->too_long);
	line[CONN_LINE_MAX - 1] = ' ';
	say(f, line, sizeof(line));
	turn(f);
	ck_assert(f->too_long);
	ck_assert_ptr_null(f->conn);
	ck_assert_uint_eq(hear(f), 4);
	fixture_free(f);
}
END_TEST

/* A request that is never complete. A byte now and then does not renew the patience. */
START_TEST(never_asks)
{
	struct fixture *f = fixture_patient(10 * PATIENCE_US);
	unsigned int said = 0;
	u64 since = now_us();

	do {
		ck_assert_uint_lt(said++, 1000);
		say(f, "a", 1);
		turn(f);
		unit_sleep(PATIENCE_US / 1000 / 10);
		turn(f);
	} while (f->conn);
	ck_assert_uint_ge(now_us(), since + 10 * PATIENCE_US);
	ck_assert_uint_eq(f->lines, 0);
	fixture_free(f);
}
END_TEST

/* A client that asks for more than it reads is not served further, and is cut off. */
START_TEST(never_reads)
{
	struct fixture *f = fixture_patient(PATIENCE_US);
	u64 since = now_us();
	unsigned int asked = 0;

	f->answer = 10000;
	while (f->conn && send(f->peer, "more\n", 5, MSG_NOSIGNAL) == 5) {
		asked++;
		ck_assert_uint_le(conn_queued(f->conn), CONN_QUEUE_MAX + f->answer + 1);
		turn(f);
	}
	ck_assert_uint_lt(f->lines, asked);
	check_cut_off(f, since);
	fixture_free(f);
}
END_TEST

/* A client that reads late gets everything; a patient connection waits as long as it likes. */
START_TEST(reads_late)
{
	struct fixture *f = fixture_patient(PATIENCE_US);
	const unsigned int asked = 200;
	size_t had = 0;

	f->answer = 10000;
	conn_patient(f->conn, true);
	for (unsigned int i = 0; i < asked; i++)
		say(f, "more\n", 5);
	turn(f);
	ck_assert_uint_lt(f->lines, asked);
	unit_sleep(2 * PATIENCE_US / 1000);
	turn(f);
	ck_assert_ptr_nonnull(f->conn);
	while (turn(f) | (had += hear(f), f->lines < asked))
		;
	had += hear(f);
	ck_assert_uint_eq(had, asked * (f->answer + 1));
	/* When it is told to end, its patience is as that of others. */
	for (unsigned int i = 0; i < asked; i++)
		say(f, "more\n", 5);
	turn(f);
	conn_patient(f->conn, false);
	conn_end(f->conn);
	check_cut_off(f, 0);
	fixture_free(f);
}
END_TEST

/* A client that has nothing more to ask is answered before the connection ends. */
START_TEST(asks_and_leaves)
{
	struct fixture *f = fixture_new();

	say(f, "1\n2\n3\nwithout an end", 20);
	ck_assert_int_eq(shutdown(f->peer, SHUT_WR), 0);
	turn(f);
	ck_assert_uint_eq(f->lines, 3);
	ck_assert_uint_eq(hear(f), 6);
	ck_assert_ptr_null(f->conn);
	fixture_free(f);

	f = fixture_new();
	say(f, "1\n2\n", 4);
	close(f->peer);
	turn(f);
	ck_assert_ptr_null(f->conn);
	ck_assert_uint_ge(f->lines, 1);
	f->peer = -1;
	fixture_free(f);
}
END_TEST

/* The answer that ends the connection is sent, and nothing is served after it. */
START_TEST(ended_while_served)
{
	struct fixture *f = fixture_new();

	f->end_it = true;
	say(f, "1\n2\n", 4);
	turn(f);
	ck_assert_uint_eq(f->lines, 1);
	ck_assert_uint_eq(hear(f), 2);
	ck_assert_ptr_null(f->conn);
	fixture_free(f);
}
END_TEST

/* A connection that is idle or full, or whose peer is gone, costs the loop nothing. */
START_TEST(no_spinning)
{
	struct fixture *f = fixture_new();

	ck_assert_uint_eq(turn(f), 0);
	f->answer = 1 << 20;
	say(f, "1\n2\n3\n", 6);
	turn(f);
	ck_assert_uint_eq(turn(f), 0);
	ck_assert_uint_eq(f->lines, 1);
	close(f->peer);
	ck_assert_uint_le(turn(f), 2);
	ck_assert_ptr_null(f->conn);
	f->peer = -1;
	fixture_free(f);
}
END_TEST

Suite *suite_conn(void)
{
	const TTest *const tests[] = { in_pieces,   one_in_a_turn,   too_long,
				       never_asks,  never_reads,     reads_late,
				       no_spinning, asks_and_leaves, ended_while_served };

	return unit_suite("conn", tests, ARRAY_SIZE(tests));
}
