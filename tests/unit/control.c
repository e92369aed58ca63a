/* SPDX-License-Identifier: MIT */
/*
 * The control socket with clients: how they end, how they wait for each other, and what is bounded.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/daemon/clients.h"
#include "xengt/guest/trace.h"

#define PAGE_GFN 0x20u
#define PAGE_GPA ((u64)PAGE_GFN << GVT_PAGE_SHIFT)
#define TRAPPED	 0x2030u

static struct rig *opened(void)
{
	struct rig *r = daemon_rig_new();

	snprintf(r->daemon.config.socket, sizeof(r->daemon.config.socket), "%s/sock", r->dir);
	ck_assert_int_eq(control_open(&r->daemon), 0);
	return r;
}

static void closed(struct rig *r)
{
	control_close(&r->daemon);
	daemon_rig_free(r);
}

static int dial(struct rig *r)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(at.sun_path, r->daemon.config.socket);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Runs the loop until it has nothing to do now, or @most times. */
static unsigned int turn(struct rig *r, unsigned int most)
{
	unsigned int nr = 0;

	while (nr < most && sd_event_run(r->daemon.loop, 0) > 0)
		nr++;
	return nr;
}

/* The next line, for which the loop runs; "" if the daemon has hung up. */
static const char *hear(struct rig *r, int fd)
{
	static char line[1 << 16];
	size_t len = 0;

	for (unsigned int idle = 0; idle < 1000;) {
		ssize_t n = recv(fd, line + len, 512, MSG_PEEK);
		char *end = n > 0 ? memchr(line + len, '\n', n) : NULL;

		if (n > 0) {
			n = end ? end + 1 - (line + len) : n;
			ck_assert_int_eq(recv(fd, line + len, n, 0), n);
			len += n;
			ck_assert_uint_lt(len + 512, sizeof(line));
			if (end)
				break;
		} else if (!n || errno != EAGAIN) {
			break;
		} else {
			idle += sd_event_run(r->daemon.loop, 10000) == 0;
		}
	}
	line[len] = '\0';
	return line;
}

#define OK "\"ok\":true"

#define CK_HEAR(r, fd, text)                                             \
	do {                                                             \
		const char *heard = hear(r, fd);                         \
		ck_assert_msg(strstr(heard, text) != NULL, "%s", heard); \
	} while (0)

static void follow(struct rig *r, int fd, const char *who)
{
	char line[64];

	snprintf(line, sizeof(line), "{\"cmd\":\"trace\",\"vgpu\":\"%s\"}\n", who);
	say(fd, line);
	CK_HEAR(r, fd, OK);
}

#define CK_HUNG_UP(r, fd)                          \
	do {                                       \
		ck_assert_str_eq(hear(r, fd), ""); \
		close(fd);                         \
	} while (0)

/* ---- ends of clients and of what they follow ---- */

/* A client follows a vGPU and ends it by a request of its own. */
START_TEST(follows_what_it_ends)
{
	struct rig *r = opened();
	int fd = dial(r), other = dial(r), third = dial(r);

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	follow(r, fd, "21");
	follow(r, other, "21");
	say(fd, "{\"cmd\":\"detach\",\"vgpu\":\"21\"}\n{\"cmd\":\"version\"}\n");
	CK_HEAR(r, fd, OK);
	CK_HUNG_UP(r, fd);
	CK_HUNG_UP(r, other);
	say(third, "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, third, PACKAGE_VERSION);
	close(third);
	closed(r);
}
END_TEST

/* All requests at once: the answers come in their order, up to the end. */
START_TEST(all_at_one_go)
{
	struct rig *r = opened();
	int fd = dial(r);

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	say(fd, "{\"cmd\":\"trace\",\"vgpu\":21}\n{\"cmd\":\"detach\",\"vgpu\":21}\n"
		"{\"cmd\":\"trace\",\"vgpu\":21}\n");
	CK_HEAR(r, fd, OK);
	CK_HEAR(r, fd, OK);
	CK_HUNG_UP(r, fd);
	closed(r);
}
END_TEST

/* The guest that a client follows has died, and the daemon finds that when the same client asks. */
START_TEST(follows_a_dead_one)
{
	static const char *const asks[] = {
		"{\"cmd\":\"attach\",\"domain\":\"22\",\"options\":\"\"}\n",
		"{\"cmd\":\"attach\",\"domain\":\"22\",\"options\":\"\",\"model\":true}\n",
		"{\"cmd\":\"attach\",\"domain\":\"21\",\"options\":\"\"}\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
		struct rig *r = opened();
		int fd = dial(r);

		ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
		daemon_rig_place(r, 0);
		follow(r, fd, "21");
		daemon_rig_write_reg(r, 0, TRAPPED, 0);
		daemon_rig_settle(r, 0);
		exen_domain_destroy(r->d[0]);
		say(fd, asks[i]);
		CK_HEAR(r, fd, "\"kind\"");
		while (!strstr(hear(r, fd), "\"ok\":"))
			;
		CK_HUNG_UP(r, fd);
		closed(r);
	}
}
END_TEST

/* A client may end at any moment. What it followed or watched goes on. */
START_TEST(client_goes)
{
	struct rig *r = opened();

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_place(r, 0);
	for (unsigned int i = 0; i < 30; i++) {
		int fd = dial(r), one = dial(r);

		follow(r, one, "21");
		say(fd, i % 2 ? "{\"cmd\":\"watch\",\"vgpu\":21,\"gfn\":32}\n"
			      : "{\"cmd\":\"trace\",\"vgpu\":21}\n");
		turn(r, i % 5);
		ck_assert_int_eq(exen_guest_write(r->d[0], 0, PAGE_GPA, 4, i), 0);
		daemon_rig_write_reg(r, 0, TRAPPED, 0);
		turn(r, i % 3);
		close(fd);
		turn(r, i % 7);
		daemon_rig_write_reg(r, 0, TRAPPED, 0);
		turn(r, ~0u);
		CK_HEAR(r, one, "\"kind\"");
		close(one);
		turn(r, ~0u);
		daemon_rig_settle(r, 0);
		turn(r, ~0u);
		daemon_rig_settle(r, 0);
		ck_assert_ptr_null(r->daemon.clients);
		ck_assert_int_eq(exen_mem_type(r->d[0], PAGE_GFN), HVMMEM_ram_rw);
		ck_assert(!daemon_rig_vgpu(r, 0)->trace.on);
	}
	closed(r);
}
END_TEST

static void reset_function(struct rig *r)
{
	u32 cap = 0, next = 0;

	ck_assert_int_eq(exen_guest_pci_read(r->d[0], 0, 0x80, 0x34, 1, &next), 0);
	while (next) {
		ck_assert_int_eq(exen_guest_pci_read(r->d[0], 0, 0x80, next, 2, &cap), 0);
		if ((cap & 0xff) == 0x10)
			break;
		next = cap >> 8;
	}
	ck_assert_uint_ne(next, 0);
	ck_assert_int_eq(exen_guest_pci_write(r->d[0], 0, 0x80, next + 8, 2, 0x8000), 0);
}

/*
 * A reset of the vGPU ends a watch. The first client cannot end another's watch of the same page.
 */
START_TEST(watch_after_reset)
{
	struct rig *r = opened();
	int one = dial(r), two = dial(r);

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_place(r, 0);
	say(one, "{\"cmd\":\"watch\",\"vgpu\":21,\"gfn\":32}\n");
	CK_HEAR(r, one, OK);
	say(two, "{\"cmd\":\"watch\",\"vgpu\":21,\"gfn\":32}\n");
	CK_HEAR(r, two, "tracked already");
	reset_function(r);
	say(two, "{\"cmd\":\"watch\",\"vgpu\":21,\"gfn\":32}\n");
	CK_HEAR(r, two, OK);
	close(one);
	turn(r, ~0u);
	ck_assert_int_eq(exen_guest_write(r->d[0], 0, PAGE_GPA, 4, 0x1234), 0);
	CK_HEAR(r, two, "0x1234");
	close(two);
	closed(r);
}
END_TEST

/* ---- what is bounded ---- */

/* The most clients, and one more: it is refused, and later gets the place of an idle one. */
START_TEST(many_clients)
{
	struct rig *r = opened();
	int fd[CLIENTS_MAX], more, follower;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		fd[i] = dial(r);
		turn(r, ~0u);
	}
	follower = fd[0];
	follow(r, follower, "21");
	more = dial(r);
	CK_HEAR(r, more, "too many clients; try again");
	CK_HUNG_UP(r, more);

	unit_sleep(1100);
	/* Clients that have asked for something lately stay. */
	say(fd[1], "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, fd[1], OK);
	more = dial(r);
	say(more, "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, more, OK);
	CK_HUNG_UP(r, fd[2]);
	say(fd[1], "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, fd[1], OK);
	daemon_rig_place(r, 0);
	CK_HEAR(r, follower, "\"kind\"");
	for (unsigned int i = 0; i < CLIENTS_MAX; i++)
		if (i != 2)
			close(fd[i]);
	close(more);
	closed(r);
}
END_TEST

START_TEST(many_followers)
{
	struct rig *r = opened();
	int fd[FOLLOWERS_MAX], more = dial(r);

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	for (unsigned int i = 0; i < FOLLOWERS_MAX; i++) {
		fd[i] = dial(r);
		follow(r, fd[i], "21");
	}
	say(more, "{\"cmd\":\"trace\",\"vgpu\":21}\n");
	CK_HEAR(r, more, "too many clients follow vGPUs already");
	say(more, "{\"cmd\":\"watch\",\"vgpu\":21,\"gfn\":32}\n");
	CK_HEAR(r, more, "too many clients follow vGPUs already");
	/* A client that follows may follow something else. */
	say(fd[0], "{\"cmd\":\"watch\",\"vgpu\":21,\"gfn\":32}\n");
	CK_HEAR(r, fd[0], OK);
	close(fd[1]);
	turn(r, ~0u);
	follow(r, more, "21");
	for (unsigned int i = 0; i < FOLLOWERS_MAX; i++)
		if (i != 1)
			close(fd[i]);
	close(more);
	closed(r);
}
END_TEST

/*
 * Without free descriptors the daemon sleeps. It serves the clients it has, and the others later.
 */
START_TEST(no_descriptors)
{
	struct rig *r = opened();
	struct rlimit was, none;
	int first = dial(r), second;

	say(first, "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, first, OK);
	second = dial(r);
	say(second, "{\"cmd\":\"version\"}\n");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_uint_le(turn(r, 1000), 3);
	ck_assert_uint_eq(turn(r, 1000), 0);
	say(first, "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, first, OK);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	CK_HEAR(r, second, OK);
	close(first);
	close(second);
	closed(r);
}
END_TEST

/*
 * Answers that nobody reads: the daemon keeps a bounded amount, and then does not serve the client.
 */
START_TEST(unread_answers)
{
	static const char ask[] = "{\"cmd\":\"types\"}\n";
	struct rig *r = opened();
	int fd = dial(r), other = dial(r);
	unsigned int asked = 0, answered = 0;
	size_t most = 0;

	while (send(fd, ask, strlen(ask), MSG_NOSIGNAL) > 0 && asked < 9000) {
		asked++;
		turn(r, ~0u);
		for (struct client *c = r->daemon.clients; c; c = c->next)
			most = conn_queued(c->conn) > most ? conn_queued(c->conn) : most;
	}
	ck_assert_uint_gt(asked, 500);
	ck_assert_uint_lt(most, CONN_QUEUE_MAX + 4096);
	/* Other clients are served, and this one gets its answers when it reads. */
	say(other, "{\"cmd\":\"version\"}\n");
	CK_HEAR(r, other, OK);
	while (answered < asked) {
		CK_HEAR(r, fd, OK);
		answered++;
	}
	close(fd);
	close(other);
	closed(r);
}
END_TEST

/* A client that asks for much waits as long as one that asks for little. */
START_TEST(one_among_greedy)
{
	struct rig *r = opened();
	char much[8000];
	int greedy[4], fd = dial(r);
	size_t len = 0;
	unsigned int turns = 0;

	while (len + 20 < sizeof(much))
		len += sprintf(much + len, "{\"cmd\":\"version\"}\n");
	for (unsigned int i = 0; i < 4; i++)
		greedy[i] = dial(r);
	turn(r, ~0u);
	for (unsigned int i = 0; i < 4; i++)
		say(greedy[i], much);
	turn(r, 40);
	say(fd, "{\"cmd\":\"version\"}\n");
	while (recv(fd, much, sizeof(much), 0) < 0) {
		ck_assert_uint_lt(++turns, 15);
		turn(r, 1);
	}
	for (unsigned int i = 0; i < 4; i++)
		close(greedy[i]);
	close(fd);
	closed(r);
}
END_TEST

static void push(struct rig *r, unsigned int nr)
{
	struct ioreq_event event = { .type = IOREQ_TYPE_COPY, .addr = 0xf4000000, .size = 4 };

	while (nr--)
		xengt_trace_push(&daemon_rig_vgpu(r, 0)->trace, &event);
}

/* All that was pushed has come to the daemon. */
static void drain(struct rig *r)
{
	struct xengt_trace *trace = &daemon_rig_vgpu(r, 0)->trace;

	while (__atomic_load_n(&trace->tail, __ATOMIC_ACQUIRE) != trace->head)
		turn(r, ~0u);
	daemon_rig_settle(r, 0);
	turn(r, ~0u);
}

static u64 lost_of(const char *line)
{
	const char *at = strstr(line, "\"lost\":");

	ck_assert_msg(at != NULL, "%s", line);
	return strtoull(at + strlen("\"lost\":"), NULL, 10);
}

/* There is always an event to send, and still other clients are served. */
START_TEST(endless_trace)
{
	struct rig *r = opened();
	int fd = dial(r), other = dial(r);
	unsigned int turns = 0;
	char buf[512];

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	follow(r, fd, "21");
	push(r, XENGT_TRACE_SLOTS);
	say(other, "{\"cmd\":\"version\"}\n");
	while (recv(other, buf, sizeof(buf), 0) < 0) {
		ck_assert_uint_lt(++turns, 10);
		turn(r, 1);
		push(r, XENGT_TRACE_SLOTS);
	}
	close(fd);
	close(other);
	closed(r);
}
END_TEST

/* Events that nobody reads are counted and not kept. A later client's count starts at zero. */
START_TEST(unread_trace)
{
	const unsigned int rounds = 10, each = 1000;
	struct rig *r = opened();
	int fd = dial(r), other;
	unsigned int told = 0;
	u64 lost = 0;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	follow(r, fd, "21");
	for (unsigned int i = 0; i < rounds; i++) {
		push(r, each);
		drain(r);
		ck_assert_uint_lt(conn_queued(r->daemon.clients->conn), 300 << 10);
	}
	while (told + lost < rounds * each) {
		const char *line;

		/* The next tells how many are not. */
		if (recv(fd, (char[1]){ 0 }, 1, MSG_PEEK) < 0 && !turn(r, ~0u)) {
			push(r, told + lost < rounds * each);
			drain(r);
		}
		line = hear(r, fd);
		told++;
		lost = lost_of(line);
		if (lost)
			break;
	}
	ck_assert_uint_gt(told, 1000);
	ck_assert_uint_gt(lost, 1000);
	ck_assert_uint_eq(told - 1 + lost, rounds * each);

	other = dial(r);
	follow(r, other, "21");
	push(r, 1);
	ck_assert_uint_eq(lost_of(hear(r, other)), 0);
	close(fd);
	close(other);
	closed(r);
}
END_TEST

/* A request that is too long is answered with an error, and ends the connection. */
START_TEST(long_request)
{
	struct rig *r = opened();
	char much[CONN_LINE_MAX + 1];
	int fd = dial(r);

	memset(much, '[', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	say(fd, much);
	CK_HEAR(r, fd, "too long");
	CK_HUNG_UP(r, fd);
	/* JSON as deep as a line can be. */
	fd = dial(r);
	much[CONN_LINE_MAX - 1] = '\n';
	say(fd, much);
	CK_HEAR(r, fd, "no such command");
	close(fd);
	closed(r);
}
END_TEST

/* The daemon ends while there are clients in all states. */
START_TEST(daemon_ends)
{
	struct rig *r = opened();
	int fd = dial(r), other = dial(r), third = dial(r);

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	follow(r, fd, "21");
	say(other, "{\"cmd\":\"version\"}\n{\"cmd\":");
	turn(r, ~0u);
	say(third, "{\"cmd\":\"version\"}\n");
	push(r, 10);
	daemon_rig_restart(r);
	control_close(&r->daemon);
	ck_assert_ptr_null(r->daemon.clients);
	CK_HEAR(r, other, PACKAGE_VERSION);
	CK_HUNG_UP(r, other);
	/* What was told before. */
	while (*hear(r, fd) || *hear(r, third))
		;
	close(fd);
	close(third);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_control(void)
{
	const TTest *const tests[] = {
		follows_what_it_ends, all_at_one_go,	follows_a_dead_one, client_goes,
		watch_after_reset,    many_clients,	many_followers,	    no_descriptors,
		unread_answers,	      one_among_greedy, endless_trace,	    unread_trace,
		long_request,	      daemon_ends,
	};

	return unit_suite("control", tests, ARRAY_SIZE(tests));
}
