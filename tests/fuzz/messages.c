/* SPDX-License-Identifier: MIT */
/*
 * Messages as they arrive: lines of a client on the control socket, in pieces of any size; packets
 * of a guest's process on its link. Whatever comes, what is handed on has the form that is
 * promised.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/check.h"
#include "xengt/control/conn.h"
#include "xengt/link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct client {
	struct conn *conn; /* NULL: it has ended */
	u32 lines;
	bool ends, holds;
};

static void on_line(void *owner, const char *line)
{
	struct client *c = owner;

	c->lines++;
	ck_assert(!line || (strlen(line) < CONN_LINE_MAX && !strchr(line, '\n')));
	conn_put(c->conn, "{}", 2);
	if (c->ends && c->lines == 3)
		conn_end(c->conn);
	if (c->holds && c->lines == 2)
		conn_hold(c->conn, true);
}

static void on_gone(void *owner)
{
	((struct client *)owner)->conn = NULL;
}

static void turns(sd_event *loop)
{
	for (u32 i = 0; i < 1000 && sd_event_run(loop, 0) > 0; i++)
		;
}

/* Byte 0: how it behaves; then the pieces, each after its length. */
static void lines(const u8 *data, size_t size)
{
	static const struct conn_ops ops = { .line = on_line, .gone = on_gone };
	struct client c = { .ends = data[0] & 1, .holds = data[0] & 2 };
	char got[4096];
	sd_event *loop;
	int ends[2];

	ck_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	ck_assert(sd_event_new(&loop) >= 0);
	c.conn = conn_new(loop, ends[0], 1000000000ull, &ops, &c);
	ck_assert(c.conn);
	for (size_t at = 1; at < size && c.conn;) {
		size_t len = (size_t)data[at] * 40;

		at++;
		len = len < size - at ? len : size - at;
		if (len && send(ends[1], data + at, len, MSG_NOSIGNAL) < 0)
			break;
		at += len;
		turns(loop);
		while (data[0] & 4 && recv(ends[1], got, sizeof(got), 0) > 0)
			;
		if (c.conn && data[0] & 8)
			conn_hold(c.conn, false);
	}
	close(ends[1]);
	turns(loop);
	if (c.conn)
		conn_free(c.conn);
	sd_event_unref(loop);
}

/* The packets, each after its length. */
static void packets(const u8 *data, size_t size)
{
	static struct xengt_link_message message;
	int ends[2], err = 0;

	ck_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	for (size_t at = 0; at < size && !err;) {
		size_t len = (size_t)data[at] * 80;

		at++;
		len = len < size - at ? len : size - at;
		ck_assert(send(ends[1], data + at, len, 0) == (ssize_t)len);
		at += len;
		err = xengt_link_receive(ends[0], &message);
		ck_assert(!err || err == -EPROTO || err == -EPIPE);
		ck_assert(err ||
			  (message.len <= XENGT_LINK_TEXT_MAX && !message.text[message.len] &&
			   message.type < XENGT_LINK_TYPES && message.err <= 0));
	}
	close(ends[1]);
	close(ends[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 0x80)
		packets(data + 1, size - 1);
	else
		lines(data, size);
	return 0;
}
