/* SPDX-License-Identifier: MIT */
#include "xengt/control/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/clock.h"

/* How long a peer may keep us from connecting or sending, in seconds. */
#define STALLED_S 5

/* The longest line that a peer may send. */
#define LINE_MAX_BYTES (64u << 20)

struct xengt_client {
	int fd;
	char *buf;
	size_t len, size;
};

struct xengt_client *xengt_client_open(const char *path)
{
	const struct timeval stalled = { .tv_sec = STALLED_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct xengt_client *client = calloc(1, sizeof(*client));
	int err;

	if (!client)
		return NULL;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd >= 0)
		setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &stalled, sizeof(stalled));
	if (client->fd >= 0 && !connect(client->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return client;
	err = errno;
	xengt_client_close(client);
	errno = err;
	return NULL;
}

void xengt_client_close(struct xengt_client *client)
{
	if (!client)
		return;
	if (client->fd >= 0)
		close(client->fd);
	free(client->buf);
	free(client);
}

int xengt_client_send(struct xengt_client *client, struct json_object *request)
{
	const char *text = json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN);
	size_t len = strlen(text), sent = 0;

	/* Sends a newline after the text: plain JSON has none within. */
	while (sent <= len) {
		struct iovec part[] = { { (void *)(text + sent), len - sent }, { "\n", 1 } };
		struct msghdr msg = { .msg_iov = part, .msg_iovlen = 2 };
		ssize_t n = sendmsg(client->fd, &msg, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		sent += n > 0 ? n : 0;
	}
	return 0;
}

static struct json_object *take_line(struct xengt_client *client)
{
	char *end = client->len ? memchr(client->buf, '\n', client->len) : NULL;
	struct json_object *line;
	size_t used;

	if (!end)
		return NULL;
	*end = '\0';
	used = end + 1 - client->buf;
	line = json_tokener_parse(client->buf);
	memmove(client->buf, client->buf + used, client->len - used);
	client->len -= used;
	errno = line ? 0 : EPROTO;
	return line;
}

long xengt_client_now_ms(void)
{
	return (long)(clock_now_ns() / 1000000);
}

struct json_object *xengt_client_receive(struct xengt_client *client, int timeout_ms)
{
	const long end = xengt_client_now_ms() + timeout_ms;

	for (;;) {
		struct pollfd waiting = { .fd = client->fd, .events = POLLIN };
		struct json_object *line;
		ssize_t n;
		int ready;

		errno = EAGAIN;
		line = take_line(client);
		if (line || errno != EAGAIN)
			return line;
		/* The timeout is for the whole line, also from a peer that sends single bytes. */
		if (timeout_ms >= 0)
			timeout_ms = end > xengt_client_now_ms() ? end - xengt_client_now_ms() : 0;
		ready = poll(&waiting, 1, timeout_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			errno = ready ? errno : ETIMEDOUT;
			return NULL;
		}
		if (client->len >= LINE_MAX_BYTES) {
			errno = EMSGSIZE;
			return NULL;
		}
		if (client->size - client->len < 4096) {
			char *wider = realloc(client->buf, client->size + 65536);

			if (!wider)
				return NULL;
			client->buf = wider;
			client->size += 65536;
		}
		n = read(client->fd, client->buf + client->len, client->size - client->len);
		if (n <= 0) {
			errno = n ? errno : EPIPE;
			return NULL;
		}
		client->len += n;
	}
}

struct json_object *xengt_client_ask(struct xengt_client *client, struct json_object *request,
				     int timeout_ms, char *why, size_t why_len)
{
	struct json_object *answer = NULL, *value = NULL;
	int err = xengt_client_send(client, request);

	json_object_put(request);
	/* xengtd may have said why before it hung up. */
	if (!err || err == -EPIPE || err == -ECONNRESET) {
		answer = xengt_client_receive(client, timeout_ms);
		err = answer ? 0 : err ? err : -errno;
	}
	if (err) {
		snprintf(why, why_len, "no answer from xengtd: %s", strerror(-err));
		errno = err == -ECONNRESET ? EPIPE : -err;
		return NULL;
	}
	if (json_object_object_get_ex(answer, "ok", &value) && json_object_get_boolean(value))
		return answer;
	json_object_object_get_ex(answer, "error", &value);
	snprintf(why, why_len, "%s", json_object_get_string(value));
	json_object_object_get_ex(answer, "errno", &value);
	err = json_object_get_int(value);
	json_object_put(answer);
	errno = err;
	return NULL;
}
