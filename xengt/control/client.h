/* SPDX-License-Identifier: MIT */
/*
 * The daemon's control socket from outside: a line of JSON there, lines of JSON back.
 *
 * A request is {"cmd": NAME, ...}. The first line of the answer is {"ok": true, ...} or
 * {"ok": false, "error": SENTENCE, "errno": NUMBER}; "trace" and "watch" have more lines follow.
 */
#ifndef XENGT_CONTROL_CLIENT_H
#define XENGT_CONTROL_CLIENT_H

#include <json-c/json.h>

struct xengt_client;

/** xengt_client_open() - connect to @path, within seconds. Returns NULL with errno. */
struct xengt_client *xengt_client_open(const char *path);

/** xengt_client_close() - hang up; NULL is allowed. */
void xengt_client_close(struct xengt_client *client);

/** xengt_client_send() - send @request, which stays the caller's. Returns 0 or a negative errno. */
int xengt_client_send(struct xengt_client *client, struct json_object *request);

/**
 * xengt_client_receive() - the next line, owned by the caller.
 * @timeout_ms: how long to wait, until all of the line is there; -1: for ever. NULL with errno:
 * ETIMEDOUT, EPIPE (the daemon hung up), EPROTO (no JSON), EMSGSIZE (more than 64 MiB).
 */
struct json_object *xengt_client_receive(struct xengt_client *client, int timeout_ms);

/** xengt_client_now_ms() - the clock by which a caller with several lines to wait for can limit
 * all. */
long xengt_client_now_ms(void);

/**
 * xengt_client_ask() - send @request, which is released, and take the answer.
 * Returns the answer of a daemon that did what was asked, owned by the caller; else NULL with
 * @why, a sentence for the user, and errno: EPIPE when the daemon ended before it answered,
 * ETIMEDOUT, or the daemon's own.
 */
struct json_object *xengt_client_ask(struct xengt_client *client, struct json_object *request,
				     int timeout_ms, char *why, size_t why_len);

#endif
