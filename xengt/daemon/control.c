/* SPDX-License-Identifier: MIT */
/*
 * The control socket and its clients: a line of JSON in, lines of JSON out (client.h has the form).
 * All of it runs in the main thread.
 *
 * There are CLIENTS_MAX clients at most. One more takes the place of the client that has been idle
 * for longest. If none is idle, the new one gets an error and is hung up on.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "xengt/daemon/clients.h"
#include "xengt/settings/log.h"

#define SECOND_US 1000000ull
#define IDLE_US	  SECOND_US /* a client idle for this long may be dropped for a new one */
#define REST_US	  SECOND_US /* pause in accepting after accept4() ran out of resources */

struct control {
	int fd;
	sd_event_source *source;
	sd_event_source *rest; /* timer: accept connections again */
	bool resting;
};

/* ---- clients ---- */

static u64 now_us(const struct daemon *daemon)
{
	u64 now = 0;

	sd_event_now(daemon->loop, CLOCK_MONOTONIC, &now);
	return now;
}

static void on_line(void *owner, const char *line)
{
	struct client *client = owner;
	struct json_object *answer;

	client->heard_us = now_us(client->daemon);
	answer = line ? command_obey(client->daemon, client, line)
		      : command_refused(-E2BIG, "a request is too long");
	if (!answer)
		return;
	client_put(client, answer);
	json_object_put(answer);
}

/* The client's connection has ended. */
static void on_gone(void *owner)
{
	struct client *client = owner, **link = &client->daemon->clients;

	command_forget(client);
	client_unfollow(client);
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	free(client);
}

static const struct conn_ops client_ops = { .line = on_line, .gone = on_gone };

static void drop(struct client *client)
{
	struct conn *conn = client->conn;

	on_gone(client);
	conn_free(conn);
}

static int add(struct daemon *daemon, int fd)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client)
		client->conn = conn_new(daemon->loop, fd, CONN_PATIENCE_US, &client_ops, client);
	if (!client || !client->conn) {
		free(client);
		return -ENOMEM;
	}
	client->daemon = daemon;
	client->heard_us = now_us(daemon);
	client->next = daemon->clients;
	daemon->clients = client;
	return 0;
}

/* Makes room for one more client. */
static bool make_room(struct daemon *daemon)
{
	struct client *idlest = NULL;
	unsigned int nr = 0;

	for (struct client *client = daemon->clients; client; client = client->next) {
		nr++;
		if (!client->follows && conn_idle(client->conn) &&
		    (!idlest || client->heard_us < idlest->heard_us))
			idlest = client;
	}
	if (nr < CLIENTS_MAX)
		return true;
	if (!idlest || idlest->heard_us + IDLE_US > now_us(daemon))
		return false;
	drop(idlest);
	return true;
}

/* ---- connections ---- */

/* A connection that cannot be accepted would wake the loop again and again: pause for REST_US. */
static void rest(struct daemon *daemon, int err)
{
	struct control *control = daemon->control;

	if (!control->resting)
		xengt_log(XENGT_WARN, "connections to %s have to wait: %s", daemon->config.socket,
			  strerror(err));
	control->resting = true;
	sd_event_source_set_enabled(control->source, SD_EVENT_OFF);
	sd_event_source_set_time(control->rest, now_us(daemon) + REST_US);
	sd_event_source_set_enabled(control->rest, SD_EVENT_ONESHOT);
}

static int on_rested(sd_event_source *source, u64 usec, void *userdata)
{
	struct control *control = userdata;

	(void)source;
	(void)usec;
	return sd_event_source_set_enabled(control->source, SD_EVENT_ON);
}

static void refuse(int fd, int err, const char *why)
{
	struct json_object *answer = command_refused(err, why);
	const char *text = json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN);
	struct iovec part[] = { { (void *)text, strlen(text) }, { (void *)"\n", 1 } };
	struct msghdr msg = { .msg_iov = part, .msg_iovlen = 2 };

	/* The send buffer of a new connection has room for the answer. */
	sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	json_object_put(answer);
	close(fd);
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (accepted < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			rest(daemon, errno);
		return 0;
	}
	daemon->control->resting = false;
	if (!make_room(daemon))
		refuse(accepted, -EUSERS, "xengtd has too many clients; try again");
	else if (add(daemon, accepted))
		refuse(accepted, -ENOMEM, "out of memory");
	return 0;
}

/* ---- listening ---- */

/*
 * Binds, so that the socket's file has the group from the beginning: xengtd, which is root, has the
 * right to be of another group, and not that of giving a file to one (CAP_CHOWN).
 */
static int bind_for(const struct group *group, int fd, const struct sockaddr_un *addr)
{
	/* A change of group makes a process one that leaves no core dump (prctl(2)). */
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), err;
	mode_t mask = umask(0177);
	gid_t own = getegid();
	bool changed = group && group->gr_gid != own && !setegid(group->gr_gid);

	err = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno : 0;
	umask(mask);
	if (!changed)
		return err;
	if (setegid(own) && !err)
		err = -errno;
	if (dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return err;
}

static int listen_at(const char *path, const char *group_name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct group *group = getgrnam(group_name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	strcpy(addr.sun_path, path);
	/* xengtd holds the state directory's lock, so a socket here is left of a dead xengtd. */
	unlink(path);
	err = bind_for(group, fd, &addr);
	/* Changes nothing for root; of a group that another user is in, it makes the file. A user
	 * who is not in the group, and only tests, keeps the socket to its own. */
	if (!err && group && chown(path, -1, group->gr_gid) && (errno != EPERM || !geteuid()))
		err = -errno;
	if (!err && (chmod(path, 0660) || listen(fd, 64)))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int control_open(struct daemon *daemon)
{
	struct control *control = calloc(1, sizeof(*control));
	int err = control ? listen_at(daemon->config.socket, daemon->config.group) : -ENOMEM;

	if (err >= 0) {
		daemon->control = control;
		control->fd = err;
		err = sd_event_add_io(daemon->loop, &control->source, control->fd, EPOLLIN,
				      on_connection, daemon);
	}
	if (err >= 0)
		err = sd_event_add_time(daemon->loop, &control->rest, CLOCK_MONOTONIC, 0, 0,
					on_rested, control);
	if (err >= 0)
		err = sd_event_source_set_enabled(control->rest, SD_EVENT_OFF);
	if (err >= 0)
		return 0;
	xengt_log(XENGT_ERR, "cannot listen at %s: %s", daemon->config.socket, strerror(-err));
	if (daemon->control)
		control_close(daemon);
	else
		free(control);
	return err;
}

void control_close(struct daemon *daemon)
{
	struct control *control = daemon->control;

	if (!control)
		return;
	while (daemon->clients)
		drop(daemon->clients);
	sd_event_source_unref(control->source);
	sd_event_source_unref(control->rest);
	close(control->fd);
	unlink(daemon->config.socket);
	free(control);
	daemon->control = NULL;
}
