/* SPDX-License-Identifier: MIT */
/* Checks the descriptors that a process takes inside: none may give access to other objects. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xengt/jail/internal.h"

/*
 * A socket reaches its peer alone when it is connected and of a kind that ignores addresses
 * (unix(7)). It belongs to the network namespace that it was made in, so that a datagram socket
 * would reach the host's abstract names from inside.
 */
static bool reaches_peer_alone(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int type;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) || peer.ss_family != AF_UNIX)
		return false;
	len = sizeof(type);
	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) &&
	       (type == SOCK_STREAM || type == SOCK_SEQPACKET);
}

/* Why this descriptor may not be taken inside; NULL where it may. */
static const char *leads_out(int fd, mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISSOCK(mode) && !reaches_peer_alone(fd))
		return "a socket that is no connected stream of AF_UNIX";
	return NULL;
}

int jail_descriptors(struct jail_entry *entry)
{
	const char *what;
	struct stat st;

	if (close_range(entry->jail->files, ~0u, 0))
		return -errno;
	for (int fd = 0; fd < (int)entry->jail->files; fd++) {
		if (fstat(fd, &st))
			continue;
		what = leads_out(fd, st.st_mode);
		if (!what)
			continue;
		snprintf(entry->why, entry->why_len, "descriptor %d is %s", fd, what);
		return -EINVAL;
	}
	return 0;
}
