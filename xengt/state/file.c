/* SPDX-License-Identifier: MIT */
#include "xengt/state/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/limits.h"
#include "xengt/state/crc.h"

#define SEALED 0x5ea1ed01u

static void path_of(const char *dir, u32 domid, const char *suffix, char *path, size_t len)
{
	snprintf(path, len, "%s/%u%s", dir, domid, suffix);
}

int xengt_file_open(const char *dir, u32 domid, const char *suffix, bool create, char *why,
		    size_t why_len)
{
	char path[256];
	int fd;

	path_of(dir, domid, suffix, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT | O_EXCL : 0), 0600);
	if (fd >= 0)
		return fd;
	fd = -errno;
	snprintf(why, why_len, "%s: %s", path, strerror(-fd));
	return fd;
}

int xengt_file_reserve(const struct xengt_file *file, const void *from, size_t len)
{
	return -posix_fallocate(file->fd, (const u8 *)from - (const u8 *)file->head, len);
}

static int map(struct xengt_file *file, bool write)
{
	void *va = mmap(NULL, file->kind->size, write ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_SHARED, file->fd, 0);

	if (va == MAP_FAILED)
		return -errno;
	file->head = va;
	return 0;
}

int xengt_file_begin(struct xengt_file *file, const struct xengt_file_kind *kind, int fd, u32 domid)
{
	int err;

	*file = (struct xengt_file){ .kind = kind, .fd = fd };
	err = ftruncate(fd, (off_t)kind->size) ? -errno : -posix_fallocate(fd, 0, GVT_PAGE_SIZE);
	if (!err)
		err = map(file, true);
	if (err) {
		xengt_file_close(file);
		return err;
	}
	memcpy(file->head->magic, kind->magic, sizeof(file->head->magic));
	file->head->layout = kind->layout;
	file->head->size = kind->size;
	file->head->domid = domid;
	return 0;
}

/* Checks the head's fields that all versions have, and the size. Returns what is wrong, or NULL. */
static const char *amiss(int fd, const struct xengt_file_kind *kind)
{
	struct xengt_file_head head;
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		return "it is cut off";
	if (memcmp(head.magic, kind->magic, sizeof(head.magic)))
		return "it is damaged: it does not begin as a vGPU's state";
	if (head.layout != kind->layout || head.size != kind->size)
		return "another version of xengt wrote it";
	return (size_t)st.st_size == kind->size ? NULL : "it is cut off";
}

const char *xengt_file_take(struct xengt_file *file, const struct xengt_file_kind *kind, int fd,
			    bool write)
{
	const char *wrong;
	int err;

	*file = (struct xengt_file){ .kind = kind, .fd = fd };
	wrong = amiss(fd, kind);
	if (!wrong) {
		err = map(file, write);
		wrong = err ? strerror(-err) : NULL;
	}
	if (wrong)
		xengt_file_close(file);
	return wrong;
}

/* ---- checksums ---- */

static u32 head_crc(const struct xengt_file *file)
{
	u32 crc = xengt_crc32c(0, file->head, offsetof(struct xengt_file_head, ready));

	return xengt_crc32c(crc, (const u8 *)file->head + file->kind->fixed, file->kind->fixed_len);
}

/* Continues @crc with the page at offset @at. A page of zeroes does not count, as a hole does
 * not. */
static u32 page_crc(u32 crc, u64 at, const u8 *page)
{
	static const u8 empty[GVT_PAGE_SIZE];

	if (!memcmp(page, empty, sizeof(empty)))
		return crc;
	crc = xengt_crc32c(crc, &at, sizeof(at));
	return xengt_crc32c(crc, page, GVT_PAGE_SIZE);
}

/* The checksum of the whole file. Skips holes: reading them by the mapping would allocate pages. */
static u32 whole_crc(const struct xengt_file *file)
{
	off_t at = 0, end;
	u32 crc = 0;

	while ((at = lseek(file->fd, at, SEEK_DATA)) >= 0) {
		end = lseek(file->fd, at, SEEK_HOLE);
		for (; at < end; at += GVT_PAGE_SIZE) {
			u8 page[GVT_PAGE_SIZE];

			memcpy(page, (const u8 *)file->head + at, sizeof(page));
			if (!at)
				memset(page + offsetof(struct xengt_file_head, sealed), 0,
				       sizeof(file->head->sealed) + sizeof(file->head->crc));
			crc = page_crc(crc, at, page);
		}
	}
	return crc;
}

const char *xengt_file_check(struct xengt_file *file, u32 domid)
{
	struct xengt_file_head *head = file->head;
	/* Another process may still write the file: read once what is used twice. */
	u32 sealed = __atomic_load_n(&head->sealed, __ATOMIC_RELAXED);

	if (!head->ready)
		return "it was never complete";
	if (head->head_crc != head_crc(file) ||
	    (sealed && (sealed != SEALED || head->crc != whole_crc(file))))
		return "it is damaged: its checksum does not fit";
	if (head->domid != domid)
		return "it is another domain's";
	head->sealed = 0;
	return NULL;
}

void xengt_file_ready(struct xengt_file *file)
{
	file->head->head_crc = head_crc(file);
	__atomic_store_n(&file->head->ready, true, __ATOMIC_RELEASE);
}

void xengt_file_seal(struct xengt_file *file)
{
	file->head->crc = whole_crc(file);
	__atomic_store_n(&file->head->sealed, SEALED, __ATOMIC_RELEASE);
}

void xengt_file_close(struct xengt_file *file)
{
	if (file->head)
		munmap(file->head, file->kind->size);
	if (file->fd >= 0)
		close(file->fd);
	file->head = NULL;
	file->fd = -1;
}

void xengt_file_remove(const char *dir, u32 domid, const char *suffix)
{
	char path[256];

	path_of(dir, domid, suffix, path, sizeof(path));
	unlink(path);
}
