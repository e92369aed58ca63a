/* SPDX-License-Identifier: MIT */
/*
 * The tree of files as a file system, by libfuse3's low-level interface, in the loop of xengtd.
 *
 * The kernel caches nothing, so the tree and the command xengt agree at every moment. Each access
 * is work for the main thread, for which attaching guests wait. So the mount is for root alone (no
 * allow_other): the kernel refuses others without asking xengtd.
 *
 * xengtd may run in a mount namespace of its own, where nobody else would see its mount. So a child
 * enters the mount namespace of the system's first process, and mounts there.
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xengt/daemon/tree/tree.h"
#include "xengt/settings/log.h"

#define HOST_MOUNTS "/proc/1/ns/mnt"

/* Requests that are answered before other work has its turn. */
#define TURN 64

struct mount {
	struct fuse_session *session;
	sd_event_source *source;
	struct fuse_buf buf;
};

/* An open file, with its content as of the last read from offset 0. */
struct open_file {
	int len; /* -1: not read yet */
	char text[TREE_VALUE_MAX];
};

static struct daemon *daemon_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static struct open_file *file_of(const struct fuse_file_info *fi)
{
	return (struct open_file *)(uintptr_t)fi->fh;
}

/* ---- operations; the kernel checks permissions by the modes that tree_attr() gives ---- */

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { 0 };
	u64 ino;
	int err = tree_lookup(daemon_of(req), parent, name, &ino);

	if (!err)
		err = tree_attr(daemon_of(req), ino, &entry.attr);
	entry.ino = ino;
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat attr = { 0 };
	int err = tree_attr(daemon_of(req), ino, &attr);

	(void)fi;
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_attr(req, &attr, 0);
}

/* Truncating a file before writing it changes nothing, and is allowed; other changes are
 * refused. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	(void)attr;
	if (to_set & ~(FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW |
		       FUSE_SET_ATTR_CTIME))
		fuse_reply_err(req, EPERM);
	else
		op_getattr(req, ino, fi);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	char text[TREE_VALUE_MAX];
	int len = tree_read(daemon_of(req), ino, text);

	if (len < 0)
		fuse_reply_err(req, -len);
	else
		fuse_reply_readlink(req, text);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat attr = { 0 };
	struct open_file *file;
	int err = tree_attr(daemon_of(req), ino, &attr);

	if (err) {
		fuse_reply_err(req, -err);
		return;
	}
	file = calloc(1, sizeof(*file));
	if (!file) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	file->len = -1;
	fi->fh = (uintptr_t)file;
	fi->direct_io = 1;
	if (fuse_reply_open(req, fi))
		free(file);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	free(file_of(fi));
	fuse_reply_err(req, 0);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct open_file *file = file_of(fi);

	if (!off || file->len < 0) {
		file->len = tree_read(daemon_of(req), ino, file->text);
		if (file->len < 0) {
			fuse_reply_err(req, -file->len);
			return;
		}
	}
	if (off >= file->len)
		size = 0;
	else if (size > (size_t)(file->len - off))
		size = file->len - off;
	fuse_reply_buf(req, size ? file->text + off : NULL, size);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	int err = tree_write(daemon_of(req), ino, buf, size);

	(void)off;
	(void)fi;
	if (err)
		fuse_reply_err(req, -err);
	else
		fuse_reply_write(req, size);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	char buf[4096], name[NAME_MAX + 1];
	size_t used = 0, need;
	int err;

	(void)fi;
	if (size > sizeof(buf))
		size = sizeof(buf);
	for (;; off++, used += need) {
		struct stat attr = { .st_ino = ino, .st_mode = S_IFDIR };
		u64 entry;

		if (off < 2) {
			snprintf(name, sizeof(name), "%s", off ? ".." : ".");
		} else {
			err = tree_list(daemon_of(req), ino, off - 2, name, &entry);
			if (err == -ENOENT)
				break;
			if (err) {
				fuse_reply_err(req, -err);
				return;
			}
			tree_attr(daemon_of(req), entry, &attr);
		}
		need = fuse_add_direntry(req, buf + used, size - used, name, &attr, off + 1);
		if (need > size - used)
			break;
	}
	fuse_reply_buf(req, used ? buf : NULL, used);
}

static const struct fuse_lowlevel_ops operations = {
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.readlink = op_readlink,
	.open = op_open,
	.release = op_release,
	.read = op_read,
	.write = op_write,
	.readdir = op_readdir,
};

/* ---- in the loop ---- */

static int on_request(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;
	struct mount *mount = daemon->mount;

	(void)fd;
	(void)events;
	for (int i = 0; i < TURN; i++) {
		int got = fuse_session_receive_buf(mount->session, &mount->buf);

		if (got == -EAGAIN || got == -EINTR)
			return 0;
		if (got <= 0) {
			xengt_log(XENGT_WARN, "%s is no longer mounted", daemon->config.tree);
			sd_event_source_set_enabled(source, SD_EVENT_OFF);
			return 0;
		}
		fuse_session_process_buf(mount->session, &mount->buf);
	}
	return 0;
}

/* ---- mounting ---- */

/* Makes only calls that are safe after a fork of a process with threads. Returns an errno. */
static int in_child(const char *path, int fd, const char *options)
{
	int host = open(HOST_MOUNTS, O_RDONLY | O_CLOEXEC);

	/* If the namespace cannot be opened, as in some containers, mount in our own. */
	if (host >= 0 && setns(host, CLONE_NEWNS))
		return errno;
	/* A xengtd that was killed has left its mount, which nobody answers. */
	while (!umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
		;
	if (fd < 0)
		return 0;
	if (mkdir(path, 0755) && errno != EEXIST)
		return errno;
	return mount("xengt", path, "fuse.xengt", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) ? errno
											     : 0;
}

/* Mounts the file system of @fd (/dev/fuse); or, if @fd is -1, unmounts what is there. */
static int in_host(const char *path, int fd)
{
	char options[128];
	int status;
	pid_t pid;

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions", fd);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(in_child(path, fd, options));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static int open_session(struct daemon *daemon, struct mount *mount)
{
	char name[] = "xengtd", *argv[] = { name, NULL }, at[32];
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	int fd, err;

	mount->session = fuse_session_new(&args, &operations, sizeof(operations), daemon);
	fuse_opt_free_args(&args);
	if (!mount->session)
		return -ENOMEM;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = in_host(daemon->config.tree, fd);
	if (err) {
		close(fd);
		return err;
	}
	/* The session owns the descriptor from now on. */
	snprintf(at, sizeof(at), "/dev/fd/%d", fd);
	if (fuse_session_mount(mount->session, at)) {
		close(fd);
		return -EIO;
	}
	return sd_event_add_io(daemon->loop, &mount->source, fuse_session_fd(mount->session),
			       EPOLLIN, on_request, daemon);
}

void mount_open(struct daemon *daemon)
{
	int err;

	if (!daemon->config.tree[0])
		return;
	daemon->mount = calloc(1, sizeof(*daemon->mount));
	err = daemon->mount ? open_session(daemon, daemon->mount) : -ENOMEM;
	if (err >= 0)
		return;
	xengt_log(XENGT_WARN, "no tree of files at %s: %s", daemon->config.tree, strerror(-err));
	mount_close(daemon);
}

void mount_close(struct daemon *daemon)
{
	struct mount *mount = daemon->mount;

	if (!mount)
		return;
	in_host(daemon->config.tree, -1);
	sd_event_source_unref(mount->source);
	if (mount->session)
		fuse_session_destroy(mount->session);
	free(mount->buf.mem);
	free(mount);
	daemon->mount = NULL;
}
