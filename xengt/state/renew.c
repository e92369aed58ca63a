/* SPDX-License-Identifier: MIT */
#include "xengt/state/renew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/limits.h"

/* A process that was killed has its file locked until it is gone, which takes an instant. */
#define LOCK_TRIES  100
#define LOCK_TRY_NS 10000000

/* Locks the file, as the process that has it does. Returns 0; -EBUSY: another process has it; or
 * another negative errno. */
static int lock(int fd)
{
	const struct timespec moment = { .tv_nsec = LOCK_TRY_NS };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	for (int i = 0; fcntl(fd, F_SETLK, &lock); i++) {
		if (errno != EACCES && errno != EAGAIN)
			return -errno;
		if (i == LOCK_TRIES)
			return -EBUSY;
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* Copies @len bytes at @from of @fd to @to of the new file, whose memory it allocates. */
static int copy_piece(const struct xengt_file *new, void *to, int fd, u64 from, u64 len)
{
	u8 piece[GVT_PAGE_SIZE];
	int err;

	for (u64 done = 0; done < len; done += sizeof(piece)) {
		size_t n = len - done < sizeof(piece) ? len - done : sizeof(piece);

		if (pread(fd, piece, n, (off_t)(from + done)) != (ssize_t)n)
			return -EPROTO;
		err = xengt_file_reserve(new, (u8 *)to + done, n);
		if (err)
			return err;
		memcpy((u8 *)to + done, piece, n);
	}
	return 0;
}

/* Copies what is allocated of a section. */
static int copy_section(const struct xengt_file *new, u8 *to, int fd,
			const struct xengt_file_entry *entry)
{
	u64 end = entry->offset + entry->size;
	off_t at = (off_t)entry->offset, hole;
	int err = 0;

	while (!err && (at = lseek(fd, at, SEEK_DATA)) >= 0 && (u64)at < end) {
		hole = lseek(fd, at, SEEK_HOLE);
		if (hole <= at)
			return -EPROTO;
		if ((u64)hole > end)
			hole = (off_t)end;
		err = copy_piece(new, to + ((u64)at - entry->offset), fd, (u64)at,
				 (u64)(hole - at));
		at = hole;
	}
	return err;
}

/* Makes @new, whose sections are those of the file @fd, with its checksums. */
static int copy(struct xengt_file *new, int fd, const struct xengt_directory *dir,
		const u32 entry[])
{
	struct xengt_file_entry *to = (struct xengt_file_entry *)(new->head + 1);
	int err = 0;

	/* Sections that are made anew get checksums of zeroes here. */
	xengt_file_ready(new);
	new->head->ready = dir->head.ready;
	new->head->sealed = dir->head.sealed;
	for (u32 i = 0; !err && i < new->kind->nr; i++) {
		const struct xengt_file_entry *from = &dir->entry[entry[i]];

		if (entry[i] == XENGT_SECTION_NONE)
			continue;
		to[new->entry[i]].fixed_crc = from->fixed_crc;
		to[new->entry[i]].crc = from->crc;
		err = copy_section(new, new->section[i], fd, from);
	}
	return err;
}

/* Replaces the file @fd at @path. Returns the new one's descriptor, or an errno with @why. */
static int replace(const char *path, int fd, const struct xengt_file_kind *kind,
		   const struct xengt_directory *dir, const u32 entry[], char *why, size_t why_len)
{
	struct xengt_file new;
	char beside[264];
	int err, new_fd;

	snprintf(beside, sizeof(beside), "%s" XENGT_FILE_NEW, path);
	/* Left by a supervisor that ended before it had renamed it. */
	unlink(beside);
	new_fd = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (new_fd < 0) {
		snprintf(why, why_len, "cannot be replaced: %s", strerror(errno));
		return -errno;
	}
	err = xengt_file_begin(&new, kind, new_fd, dir->head.domid);
	if (!err)
		err = copy(&new, fd, dir, entry);
	if (err)
		snprintf(why, why_len, "cannot be copied: %s",
			 err == -EPROTO ? "it is cut off" : strerror(-err));
	else
		err = xengt_file_check(&new, why, why_len);
	if (!err && rename(beside, path)) {
		err = -errno;
		snprintf(why, why_len, "cannot be replaced: %s", strerror(-err));
	}
	new_fd = err ? -1 : fcntl(new.fd, F_DUPFD_CLOEXEC, 0);
	xengt_file_close(&new);
	if (err)
		unlink(beside);
	return err ? err : new_fd < 0 ? -EMFILE : new_fd;
}

/* Replaces the file @fd if it lacks sections. Returns a descriptor, which may be @fd. */
static int renew(const char *path, int fd, u32 domid, const struct xengt_file_kind *kind, char *why,
		 size_t why_len)
{
	struct xengt_directory dir;
	u32 entry[XENGT_SECTIONS_MAX];
	int err = xengt_directory_read(fd, kind, domid, &dir, why, why_len);

	if (!err)
		err = xengt_directory_match(&dir, kind, entry, why, why_len);
	if (err <= 0)
		return err ? err : fd;
	err = lock(fd);
	if (err) {
		snprintf(why, why_len, "another process has it: %s", strerror(-err));
		return err;
	}
	/* The lock ends as the file is closed. */
	return replace(path, fd, kind, &dir, entry, why, why_len);
}

int xengt_file_renew(const char *dir, u32 domid, const struct xengt_file_kind *kind, char *why,
		     size_t why_len)
{
	int fd = xengt_file_open(dir, domid, kind->suffix, false, why, why_len), new_fd;
	char path[256], wrong[192];

	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "%s/%u%s", dir, domid, kind->suffix);
	new_fd = renew(path, fd, domid, kind, wrong, sizeof(wrong));
	if (new_fd < 0)
		snprintf(why, why_len, "%s: %s", path, wrong);
	if (new_fd != fd)
		close(fd);
	return new_fd;
}
