/* SPDX-License-Identifier: MIT */
#include "xengt/state/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/limits.h"
#include "xengt/state/crc.h"

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

static struct xengt_file_entry *directory(const struct xengt_file *file)
{
	return (struct xengt_file_entry *)(file->head + 1);
}

/* ---- made, and taken up ---- */

/* Maps the file of @dir. */
static int map(struct xengt_file *file, const struct xengt_directory *dir, bool write)
{
	void *va = mmap(NULL, dir->head.size, write ? PROT_READ | PROT_WRITE : PROT_READ,
			MAP_SHARED, file->fd, 0);

	if (va == MAP_FAILED)
		return -errno;
	file->head = va;
	file->size = dir->head.size;
	for (u32 i = 0; i < file->kind->nr; i++)
		file->section[i] = (u8 *)va + dir->entry[file->entry[i]].offset;
	return 0;
}

/* Allocates the memory that a new file has at once. */
static int reserve(int fd, const struct xengt_file_kind *kind, const struct xengt_directory *dir,
		   const u32 entry[])
{
	int err = -posix_fallocate(fd, 0, (off_t)dir->entry[0].offset);

	for (u32 i = 0; !err && i < kind->nr; i++)
		if (kind->section[i]->reserved)
			err = -posix_fallocate(fd, (off_t)dir->entry[entry[i]].offset,
					       kind->section[i]->reserved);
	return err;
}

int xengt_file_begin(struct xengt_file *file, const struct xengt_file_kind *kind, int fd, u32 domid)
{
	struct xengt_directory dir;
	char why[128];
	int err;

	*file = (struct xengt_file){ .kind = kind, .fd = fd };
	xengt_directory_make(kind, domid, &dir);
	err = xengt_directory_match(&dir, kind, file->entry, why, sizeof(why));
	if (!err)
		err = ftruncate(fd, (off_t)dir.head.size) ? -errno
							  : reserve(fd, kind, &dir, file->entry);
	if (!err)
		err = map(file, &dir, true);
	if (err) {
		xengt_file_close(file);
		return err;
	}
	memcpy(file->head, &dir, dir.entry[0].offset);
	return 0;
}

int xengt_file_take(struct xengt_file *file, const struct xengt_file_kind *kind, int fd, u32 domid,
		    bool write, char *why, size_t why_len)
{
	struct xengt_directory dir;
	int err;

	*file = (struct xengt_file){ .kind = kind, .fd = fd };
	err = xengt_directory_read(fd, kind, domid, &dir, why, why_len);
	if (!err)
		err = xengt_directory_match(&dir, kind, file->entry, why, why_len);
	if (err > 0) {
		snprintf(why, why_len, "it has not all sections, and was not renewed");
		err = -EPROTO;
	}
	if (!err) {
		err = map(file, &dir, write);
		if (err)
			snprintf(why, why_len, "%s", strerror(-err));
	}
	if (err)
		xengt_file_close(file);
	return err;
}

/* ---- checksums ---- */

static u32 fixed_crc(const struct xengt_file *file, u32 i)
{
	return xengt_crc32c(0, file->section[i], file->kind->section[i]->fixed);
}

/* Continues @crc by words of the mapping from @at to @end that are not 0, each with its place in
 * the section, which begins at @base: so it does not matter where the section is, nor how much of
 * it is allocated. */
static u32 words_crc(u32 crc, const struct xengt_file *file, u64 base, u64 at, u64 end)
{
	for (; at < end; at += sizeof(u64)) {
		u64 word[2] = { at - base };

		memcpy(&word[1], (const u8 *)file->head + at, sizeof(word[1]));
		if (word[1])
			crc = xengt_crc32c(crc, word, sizeof(word));
	}
	return crc;
}

/* The checksum of the bytes from @base to @end. Skips holes: reading them by the mapping would
 * allocate pages. */
static u32 whole_crc(const struct xengt_file *file, u64 base, u64 end)
{
	off_t at = (off_t)base, hole;
	u32 crc = 0;

	while ((at = lseek(file->fd, at, SEEK_DATA)) >= 0 && (u64)at < end) {
		hole = lseek(file->fd, at, SEEK_HOLE);
		if (hole < 0)
			break;
		crc = words_crc(crc, file, base, (u64)at, (u64)hole < end ? (u64)hole : end);
		at = hole;
	}
	return crc;
}

/* What entry @i's checksum would be. The directory is read from the file again: offsets that do not
 * fit what was checked, which nobody can have put there, count as damage. */
static bool sealed_crc(const struct xengt_file *file, u32 i, u32 *crc)
{
	const struct xengt_file_entry *entry = directory(file);
	u64 at = entry[i].offset;
	u64 end = i + 1 < file->kind->nr ? entry[i + 1].offset : file->size;

	if (at > end || end > file->size || at % sizeof(u64) || end % sizeof(u64))
		return false;
	*crc = whole_crc(file, at, end);
	return true;
}

/* Returns what is wrong with the kind's section @i, or NULL. */
static const char *amiss(const struct xengt_file *file, u32 i, bool sealed)
{
	const struct gvt_section *section = file->kind->section[i];
	const struct xengt_file_entry *entry = &directory(file)[file->entry[i]];
	u32 crc;

	if (entry->fixed_crc != fixed_crc(file, i) ||
	    (sealed && (!sealed_crc(file, file->entry[i], &crc) || entry->crc != crc)))
		return "its checksum does not fit";
	return section->amiss ? section->amiss(file->section[i]) : NULL;
}

int xengt_file_check(const struct xengt_file *file, char *why, size_t why_len)
{
	u32 sealed = file->head->sealed;
	const char *wrong;

	if (file->head->ready != XENGT_FILE_READY) {
		snprintf(why, why_len, "it was never complete");
		return -EPROTO;
	}
	if (sealed && sealed != XENGT_FILE_SEALED) {
		snprintf(why, why_len, "it is damaged: its seal is neither there nor not");
		return -EPROTO;
	}
	for (u32 i = 0; i < file->kind->nr; i++) {
		wrong = amiss(file, i, sealed);
		if (!wrong)
			continue;
		snprintf(why, why_len, "section %s, version %u, is damaged: %s",
			 file->kind->section[i]->name, file->kind->section[i]->version, wrong);
		return -EPROTO;
	}
	return 0;
}

bool xengt_file_is_ready(const struct xengt_file *file)
{
	return __atomic_load_n(&file->head->ready, __ATOMIC_ACQUIRE) == XENGT_FILE_READY;
}

void xengt_file_ready(struct xengt_file *file)
{
	for (u32 i = 0; i < file->kind->nr; i++)
		directory(file)[file->entry[i]].fixed_crc = fixed_crc(file, i);
	__atomic_store_n(&file->head->ready, XENGT_FILE_READY, __ATOMIC_RELEASE);
}

void xengt_file_seal(struct xengt_file *file)
{
	for (u32 i = 0; i < file->kind->nr; i++)
		if (!sealed_crc(file, i, &directory(file)[i].crc))
			return;
	__atomic_store_n(&file->head->sealed, XENGT_FILE_SEALED, __ATOMIC_RELEASE);
}

void xengt_file_unseal(struct xengt_file *file)
{
	__atomic_store_n(&file->head->sealed, 0, __ATOMIC_RELEASE);
}

/* ---- gone ---- */

void xengt_file_close(struct xengt_file *file)
{
	if (file->head)
		munmap(file->head, file->size);
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
	strncat(path, XENGT_FILE_NEW, sizeof(path) - strlen(path) - 1);
	unlink(path);
}

/* ---- what it costs ---- */

u64 xengt_file_cost(const struct xengt_file_kind *kind)
{
	struct xengt_directory dir;
	u32 entry[XENGT_SECTIONS_MAX];
	u64 cost = 0, counted = 0;
	char why[128];

	xengt_directory_make(kind, 0, &dir);
	xengt_directory_match(&dir, kind, entry, why, sizeof(why));
	/* Sections that grow follow those that do not, in the kind's order. */
	for (u32 n = 0; n < dir.head.nr; n++)
		for (u32 i = 0; i < kind->nr; i++) {
			u64 from = ALIGN_DOWN(dir.entry[n].offset, GVT_PAGE_SIZE);
			u64 to = ALIGN_UP(dir.entry[n].offset + kind->section[i]->reserved,
					  GVT_PAGE_SIZE);

			if (entry[i] != n || !kind->section[i]->reserved || to <= counted)
				continue;
			cost += to - (from > counted ? from : counted);
			counted = to;
		}
	return cost;
}
