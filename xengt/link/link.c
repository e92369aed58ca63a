/* SPDX-License-Identifier: MIT */
#include "xengt/link/link.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

int xengt_link_send(int fd, const struct xengt_link_message *head, const void *text, size_t len)
{
	struct xengt_link_message copy;
	struct iovec parts[] = {
		{ &copy, offsetof(struct xengt_link_message, text) },
		{ (void *)text, len },
	};
	const struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t sent;

	if (len > XENGT_LINK_TEXT_MAX)
		return -EMSGSIZE;
	memcpy(&copy, head, parts[0].iov_len);
	copy.len = len;
	do
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

int xengt_link_answer(int fd, u32 id, int err, u64 value, const char *text)
{
	struct xengt_link_message head = { .type = XENGT_LINK_PART, .id = id };
	size_t len = strlen(text);
	int failed = 0;

	while (!failed && len > XENGT_LINK_TEXT_MAX) {
		failed = xengt_link_send(fd, &head, text, XENGT_LINK_TEXT_MAX);
		text += XENGT_LINK_TEXT_MAX;
		len -= XENGT_LINK_TEXT_MAX;
	}
	head.type = XENGT_LINK_DONE;
	head.err = err;
	head.value = value;
	return failed ? failed : xengt_link_send(fd, &head, text, len);
}

/* Linux' greatest error number (include/linux/err.h): what is negated or printed is one. */
#define ERRNO_MAX 4095

int xengt_link_receive(int fd, struct xengt_link_message *message)
{
	ssize_t got;

	do
		got = recv(fd, message, sizeof(*message) - 1, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (!got)
		return -EPIPE;
	if (got < (ssize_t)offsetof(struct xengt_link_message, text) ||
	    (size_t)got != offsetof(struct xengt_link_message, text) + message->len ||
	    message->type >= XENGT_LINK_TYPES || message->err > 0 || message->err < -ERRNO_MAX)
		return -EPROTO;
	message->text[message->len] = '\0';
	return 0;
}
