/* SPDX-License-Identifier: MIT */
#include "xengt/mount/handover.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/types.h"

/* The message is an errno as s32; without an error it carries the descriptor (SCM_RIGHTS). */
union control {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int xengt_handover_give(int to, int fd)
{
	union control control = { .room = { 0 } };
	s32 err = fd < 0 ? fd : 0;
	struct iovec part = { &err, sizeof(err) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *head;

	if (!err) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) == sizeof(err) ? 0 : -errno;
}

int xengt_handover_take(int from)
{
	union control control;
	s32 err = 0;
	struct iovec part = { &err, sizeof(err) };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t got = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head;
	int fd;

	if (got < 0)
		return -errno;
	if (got != sizeof(err))
		return -EPIPE;
	if (err)
		return err < 0 ? err : -EPROTO;
	head = CMSG_FIRSTHDR(&msg);
	if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}
