/* SPDX-License-Identifier: MIT */
/*
 * Clients of the control socket that follow a vGPU: its requests, or the writes to one page. The
 * vGPU's process traces once for all of them. Events beyond BACKLOG_MAX unread bytes of a client
 * are dropped and counted as lost.
 */
#include <string.h>

#include "xengt/daemon/clients.h"
#include "xengt/daemon/process.h"

#define BACKLOG_MAX (256u << 10) /* bytes of unread events, beyond which more are lost */

bool client_may_follow(const struct client *client)
{
	unsigned int nr = 0;

	for (struct client *other = client->daemon->clients; other; other = other->next)
		nr += other->follows && other != client;
	return nr < FOLLOWERS_MAX;
}

void client_follow(struct client *client, struct guest *guest, u64 watched, u32 lost)
{
	client->follows = guest;
	client->watched = watched;
	client->lost = 0;
	client->lost_before = client->lost_now = lost;
	conn_patient(client->conn, true);
}

/* Whether a client follows @guest; with @watched, whether one watches that page. */
static bool followed(const struct guest *guest, u64 watched)
{
	for (struct client *client = guest->daemon->clients; client; client = client->next)
		if (client->follows == guest && (!watched || client->watched == watched))
			return true;
	return false;
}

void follow_unwatch(struct guest *guest, u64 watched)
{
	if (watched && !followed(guest, watched))
		process_ask(guest, XENGT_LINK_UNWATCH, watched - 1, NULL, NULL, NULL);
	if (!followed(guest, 0))
		process_ask(guest, XENGT_LINK_TRACE, false, NULL, NULL, NULL);
}

void client_unfollow(struct client *client)
{
	struct guest *guest = client->follows;

	if (!guest)
		return;
	client->follows = NULL;
	conn_patient(client->conn, false);
	follow_unwatch(guest, client->watched);
	client->watched = 0;
}

static void serves(struct guest *guest)
{
	for (struct client *client = guest->daemon->clients; client; client = client->next) {
		if (client->follows != guest)
			continue;
		/* The new process counts its lost events from 0. */
		client->lost += client->lost_now - client->lost_before;
		client->lost_before = client->lost_now = 0;
		if (client->watched)
			process_ask(guest, XENGT_LINK_WATCH, client->watched - 1, NULL, NULL, NULL);
	}
	if (followed(guest, 0))
		process_ask(guest, XENGT_LINK_TRACE, true, NULL, NULL, NULL);
}

static void event(struct guest *guest, u64 watched, u32 lost, const char *text)
{
	struct json_object *line = NULL;

	for (struct client *client = guest->daemon->clients; client; client = client->next) {
		if (client->follows != guest || client->watched != watched)
			continue;
		client->lost_now = lost;
		if (conn_queued(client->conn) > BACKLOG_MAX) {
			client->lost++;
			continue;
		}
		if (!line)
			line = json_tokener_parse(text);
		if (!json_object_is_type(line, json_type_object))
			break;
		json_object_object_add(
			line, "lost",
			json_object_new_uint64(client->lost + (u32)(lost - client->lost_before)));
		client_put(client, line);
	}
	json_object_put(line);
}

const struct process_listener follow_listener = { .event = event, .serves = serves };

void control_forget(struct guest *guest)
{
	for (struct client *client = guest->daemon->clients; client; client = client->next) {
		if (client->follows != guest)
			continue;
		client_unfollow(client);
		conn_end(client->conn);
	}
}
