/* SPDX-License-Identifier: MIT */
#include "xengt/control/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct conn {
	const struct conn_ops *ops;
	void *owner;
	int fd;
	sd_event_source *io, *timer;
	u64 patience_us;
	bool held; /* its owner still works on a request */
	bool patient;

	char in[CONN_LINE_MAX];
	size_t in_len;
	char *out;
	size_t out_len, out_size;

	u64 asking;   /* since when a request is incomplete; 0: none is */
	u64 silent;   /* since when .out, or a request's turn, waits for the socket; 0: none does */
	bool eof;     /* the peer sends nothing more */
	bool ending;  /* ends once .out is sent */
	bool refused; /* the peer cannot be served: ends at once */
};

static char *line_end(struct conn *conn)
{
	return memchr(conn->in, '\n', conn->in_len);
}

static u64 now_us(const struct conn *conn)
{
	u64 now = 0;

	sd_event_now(sd_event_source_get_event(conn->io), CLOCK_MONOTONIC, &now);
	return now;
}

/* ---- events and deadlines ---- */

/* Sets *@since to now when the state begins, and to 0 when it ends. */
static void note(u64 *since, bool goes_on, const struct conn *conn)
{
	if (!goes_on)
		*since = 0;
	else if (!*since)
		*since = now_us(conn);
}

/*
 * Chooses the events and the deadline to wait for. A whole request waits for its turn until the
 * socket is writable: a peer that does not read is not served.
 */
static void wait_for(struct conn *conn)
{
	bool whole = line_end(conn), room = conn->out_len <= CONN_QUEUE_MAX && !conn->held;
	u64 due = ~0ull;
	u32 events = 0;

	if (conn->out_len || (whole && room))
		events |= EPOLLOUT;
	if (room && !whole && !conn->eof && !conn->ending)
		events |= EPOLLIN;
	sd_event_source_set_io_events(conn->io, events);

	note(&conn->asking, conn->in_len && !whole && !conn->held, conn);
	note(&conn->silent, conn->out_len || (whole && !conn->held), conn);
	if (conn->asking)
		due = conn->asking + conn->patience_us;
	if (conn->silent && !conn->patient && conn->silent + conn->patience_us < due)
		due = conn->silent + conn->patience_us;
	if (conn->refused || (conn->ending && !conn->out_len && !conn->held))
		due = 0;
	sd_event_source_set_time(conn->timer, due);
	sd_event_source_set_enabled(conn->timer, due < ~0ull ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

/* ---- in and out ---- */

static void receive(struct conn *conn)
{
	ssize_t n = recv(conn->fd, conn->in + conn->in_len, sizeof(conn->in) - conn->in_len,
			 MSG_DONTWAIT);

	if (n > 0) {
		conn->in_len += n;
	} else if (!n) {
		conn->eof = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		conn->refused = true;
	}
}

/* Serves the first complete request. */
static void serve(struct conn *conn)
{
	char *end = line_end(conn);
	size_t used = end ? (size_t)(end + 1 - conn->in) : 0;

	if (end) {
		*end = '\0';
		/* A zero byte within would hide what follows it. */
		conn->ops->line(conn->owner, strlen(conn->in) == used - 1 ? conn->in : "");
		memmove(conn->in, conn->in + used, conn->in_len - used);
		conn->in_len -= used;
		conn->asking = conn->silent = 0;
	} else if (conn->in_len == sizeof(conn->in)) {
		conn->ops->line(conn->owner, NULL);
		conn_end(conn);
	}
}

static void flush(struct conn *conn)
{
	size_t sent = 0;

	while (sent < conn->out_len) {
		ssize_t n = send(conn->fd, conn->out + sent, conn->out_len - sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			conn->refused |= errno != EAGAIN;
			break;
		}
		sent += n;
	}
	conn->out_len -= sent;
	if (!conn->out_len) {
		free(conn->out);
		conn->out = NULL;
		conn->out_size = 0;
	} else if (sent) {
		memmove(conn->out, conn->out + sent, conn->out_len);
	}
	if (sent)
		conn->silent = 0;
}

/* ---- handlers: only they free the connection, besides conn_free() ---- */

static void gone(struct conn *conn)
{
	conn->ops->gone(conn->owner);
	conn_free(conn);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct conn *conn = userdata;
	bool over;

	(void)source;
	(void)fd;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !conn->ending && !line_end(conn) &&
	    conn->out_len <= CONN_QUEUE_MAX)
		receive(conn);
	/* The peer is gone while its request is being worked on. */
	if (conn->held && events & (EPOLLHUP | EPOLLERR))
		conn->refused = true;
	if (!conn->ending && !conn->refused && !conn->held && conn->out_len <= CONN_QUEUE_MAX)
		serve(conn);
	flush(conn);
	over = !conn->held && (conn->ending || (conn->eof && !line_end(conn)));
	if (conn->refused || (over && !conn->out_len)) {
		gone(conn);
		return 0;
	}
	wait_for(conn);
	return 0;
}

static int on_deadline(sd_event_source *source, u64 usec, void *userdata)
{
	(void)source;
	(void)usec;
	gone(userdata);
	return 0;
}

/* ---- for the owner ---- */

struct conn *conn_new(sd_event *loop, int fd, u64 patience_us, const struct conn_ops *ops,
		      void *owner)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->ops = ops;
	conn->owner = owner;
	conn->fd = fd;
	conn->patience_us = patience_us;
	if (sd_event_add_io(loop, &conn->io, fd, EPOLLIN, on_io, conn) < 0 ||
	    sd_event_add_time(loop, &conn->timer, CLOCK_MONOTONIC, 0, 1000, on_deadline, conn) <
		    0 ||
	    sd_event_source_set_enabled(conn->timer, SD_EVENT_OFF) < 0) {
		sd_event_source_unref(conn->io);
		sd_event_source_unref(conn->timer);
		free(conn);
		return NULL;
	}
	return conn;
}

void conn_put(struct conn *conn, const char *text, size_t len)
{
	if (conn->out_size - conn->out_len < len + 1) {
		size_t size = (conn->out_len + len + 1) * 2;
		char *wider = realloc(conn->out, size);

		if (!wider) {
			conn->refused = true;
			wait_for(conn);
			return;
		}
		conn->out = wider;
		conn->out_size = size;
	}
	memcpy(conn->out + conn->out_len, text, len);
	conn->out[conn->out_len + len] = '\n';
	conn->out_len += len + 1;
	wait_for(conn);
}

size_t conn_queued(const struct conn *conn)
{
	return conn->out_len;
}

void conn_patient(struct conn *conn, bool patient)
{
	conn->patient = patient;
	conn->silent = 0;
	wait_for(conn);
}

void conn_hold(struct conn *conn, bool hold)
{
	conn->held = hold;
	wait_for(conn);
}

bool conn_idle(const struct conn *conn)
{
	return !conn->in_len && !conn->out_len && !conn->held;
}

void conn_end(struct conn *conn)
{
	conn->ending = true;
	wait_for(conn);
}

void conn_free(struct conn *conn)
{
	if (!conn->refused)
		flush(conn);
	sd_event_source_unref(conn->io);
	sd_event_source_unref(conn->timer);
	close(conn->fd);
	free(conn->out);
	free(conn);
}
