/* SPDX-License-Identifier: MIT */
/*
 * The tree of files as a file system, by libfuse3's low-level interface, in the loop of xengtd.
 *
 * The kernel caches nothing, so the tree and the command xengt agree at every moment. Each access
 * is work for the main thread, for which attaching guests wait. So the mount is for root alone (no
 * allow_other): the kernel refuses others without asking xengtd.
 *
 * xengtd has no right to mount: xengt-mount does that, and hands over the descriptor (handed.h).
 */
#define FUSE_USE_VERSION 35
#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "xengt/daemon/tree/handed.h"
#include "xengt/daemon/tree/tree.h"
#include "xengt/settings/log.h"

/* Requests that are answered before other work has its turn. */
#define TURN 64

struct mount {
	bool own; /* xengtd had it mounted, and has it unmounted */
	struct fuse_session *session;
	sd_event_source *source;
	struct fuse_buf buf;
	struct writer *writers; /* that wait */
};

/* A write that takes time. */
struct writer {
	struct mount *mount; /* NULL: it has gone, and the request with it */
	fuse_req_t req;
	size_t size;
	struct writer *next;
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

static void on_written(void *arg, int err)
{
	struct writer *writer = arg, **link;

	if (writer->mount) {
		for (link = &writer->mount->writers; *link != writer; link = &(*link)->next)
			;
		*link = writer->next;
		if (err)
			fuse_reply_err(writer->req, -err);
		else
			fuse_reply_write(writer->req, writer->size);
	}
	free(writer);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct mount *mount = daemon_of(req)->mount;
	struct writer *writer = calloc(1, sizeof(*writer));
	int err = -ENOMEM;

	(void)off;
	(void)fi;
	if (writer) {
		*writer = (struct writer){ mount, req, size, mount->writers };
		err = tree_write(daemon_of(req), ino, buf, size, on_written, writer);
	}
	if (err == -EINPROGRESS) {
		mount->writers = writer;
		return;
	}
	free(writer);
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

/* Serves the tree by @fd, which is the session's from now on. */
static int open_session(struct daemon *daemon, struct mount *mount, int fd)
{
	char name[] = "xengtd", *argv[] = { name, NULL }, at[32];
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);

	mount->session = fuse_session_new(&args, &operations, sizeof(operations), daemon);
	fuse_opt_free_args(&args);
	snprintf(at, sizeof(at), "/dev/fd/%d", fd);
	if (!mount->session || fuse_session_mount(mount->session, at)) {
		close(fd);
		return mount->session ? -EIO : -ENOMEM;
	}
	return sd_event_add_io(daemon->loop, &mount->source, fuse_session_fd(mount->session),
			       EPOLLIN, on_request, daemon);
}

/* Takes the descriptor of the mounted tree. Without one, *@why says why. */
static int take(struct daemon *daemon, struct mount *mount, const char **why)
{
	int fd = tree_handed();

	if (fd >= 0)
		return fd;
	if (!tree_may_mount()) {
		*why = "xengt-mount has not handed it over, and xengtd may not mount";
		return -EPERM;
	}
	fd = tree_mount(daemon->mounter, daemon->config.tree);
	mount->own = fd >= 0;
	return fd;
}

void mount_open(struct daemon *daemon)
{
	const char *why = NULL;
	int err = -ENOMEM;

	if (!daemon->config.tree[0])
		return;
	daemon->mount = calloc(1, sizeof(*daemon->mount));
	if (daemon->mount)
		err = take(daemon, daemon->mount, &why);
	if (err >= 0)
		err = open_session(daemon, daemon->mount, err);
	if (err >= 0)
		return;
	xengt_log(XENGT_WARN, "no tree of files at %s: %s", daemon->config.tree,
		  why ? why : strerror(-err));
	mount_close(daemon);
}

void mount_close(struct daemon *daemon)
{
	struct mount *mount = daemon->mount;

	if (!mount)
		return;
	/* Else the unit has it unmounted. */
	if (mount->own)
		tree_unmount(daemon->mounter, daemon->config.tree);
	for (struct writer *writer = mount->writers; writer; writer = writer->next) {
		fuse_reply_err(writer->req, EIO);
		writer->mount = NULL;
	}
	sd_event_source_unref(mount->source);
	if (mount->session)
		fuse_session_destroy(mount->session);
	free(mount->buf.mem);
	free(mount);
	daemon->mount = NULL;
}
