/* SPDX-License-Identifier: MIT */
/*
 * A connection in an event loop that receives and sends lines, with bounds on memory and time. It
 * knows neither JSON nor vGPUs.
 *
 * Bounds: a request has CONN_LINE_MAX bytes and must be complete within the patience; one request
 * is served in a turn of the loop, so that many connections take turns; while more than
 * CONN_QUEUE_MAX bytes wait for the peer to read them, none is served and nothing is read from it;
 * a peer that reads nothing for as long as the patience is cut off.
 *
 * Lifetime: a connection is freed by its own handlers, after .gone, or by conn_free(). No other
 * function frees it, so that whatever runs for a request may end any connection, its own included.
 */
#ifndef XENGT_CONTROL_CONN_H
#define XENGT_CONTROL_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "core/base/types.h"

#define CONN_LINE_MAX	 8192u	     /* bytes of a request, with its newline */
#define CONN_QUEUE_MAX	 (64u << 10) /* bytes unread by the peer beyond which it is not served */
#define CONN_PATIENCE_US (10u * 1000000u)

struct conn;

struct conn_ops {
	/** line() - the peer's request @line, without its newline; NULL: it is too long. */
	void (*line)(void *owner, const char *line);
	/** gone() - the connection has ended, and is freed after this. */
	void (*gone)(void *owner);
};

/**
 * conn_new() - serve the connected, non-blocking socket @fd, which is the connection's from now on.
 * @patience_us: how long the peer may keep a request, or its reading, waiting.
 * Returns NULL, with @fd still the caller's: no memory, or no more room in the loop.
 */
struct conn *conn_new(sd_event *loop, int fd, u64 patience_us, const struct conn_ops *ops,
		      void *owner);

/** conn_put() - queue @len bytes of @text and a newline. Without memory the connection ends. */
void conn_put(struct conn *conn, const char *text, size_t len);

/** conn_queued() - how many bytes wait for the peer to read them. */
size_t conn_queued(const struct conn *conn);

/** conn_patient() - whether the peer may take any time to read what is queued. */
void conn_patient(struct conn *conn, bool patient);

/** conn_hold() - @hold: the owner still works on a request. Meanwhile no other request is served,
 * and the peer has no deadline to send one. */
void conn_hold(struct conn *conn, bool hold);

/** conn_idle() - whether no request has begun, and no answer is queued or being worked on. */
bool conn_idle(const struct conn *conn);

/** conn_end() - have its handlers end it once all that is queued has been sent, and the answer that
 * it is held for. */
void conn_end(struct conn *conn);

/** conn_free() - send what can be sent at once, and end it now; .gone is not called. */
void conn_free(struct conn *conn);

#endif
