/* SPDX-License-Identifier: MIT */
/*
 * A client of xengtd's control socket: sends a line of JSON, and receives lines of JSON.
 *
 * A request is {"cmd": NAME, ...}. The first line of the answer is {"ok": true, ...} or
 * {"ok": false, "error": SENTENCE, "errno": NUMBER}; "trace" and "watch" have more lines follow.
 */
#ifndef XENGT_CONTROL_CLIENT_H
#define XENGT_CONTROL_CLIENT_H

#include <json-c/json.h>

struct xengt_client;

/** xengt_client_open() - connect to @path, within seconds. NULL, with errno, on failure. */
struct xengt_client *xengt_client_open(const char *path);

/** xengt_client_close() - hang up; NULL is allowed. */
void xengt_client_close(struct xengt_client *client);

/** xengt_client_send() - send @request, which stays the caller's. Returns 0 or a negative errno. */
int xengt_client_send(struct xengt_client *client, struct json_object *request);

/**
 * xengt_client_receive() - receive the next line; the caller owns it.
 * @timeout_ms: how long to wait for the whole line; -1: for ever. NULL with errno: ETIMEDOUT, EPIPE
 * (the peer hung up), EPROTO (no JSON), EMSGSIZE (more than 64 MiB).
 */
struct json_object *xengt_client_receive(struct xengt_client *client, int timeout_ms);

/** xengt_client_now_ms() - a clock in ms, for a caller that waits for several lines in all. */
long xengt_client_now_ms(void);

/**
 * xengt_client_ask() - send @request, which is released, and receive the answer.
 * Returns the answer if xengtd did what was asked; the caller owns it. Else NULL with @why, a
 * sentence for the user, and errno: EPIPE (xengtd hung up before it answered), ETIMEDOUT, or the
 * answer's errno.
 */
struct json_object *xengt_client_ask(struct xengt_client *client, struct json_object *request,
				     int timeout_ms, char *why, size_t why_len);

#endif
