/* SPDX-License-Identifier: MIT */
#include "xengt/state/directory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/limits.h"
#include "xengt/state/crc.h"

#define FORMAT 1u

/* Files are at most so large: enough for any vGPU, and no offset overflows. */
#define SIZE_MAX_FILE (1ull << 32)

_Static_assert(sizeof(struct xengt_file_head) % 8 == 0, "the directory follows");
_Static_assert(sizeof(struct xengt_file_entry) % 8 == 0, "the first section follows");

static u64 directory_end(u32 nr)
{
	return sizeof(struct xengt_file_head) + nr * sizeof(struct xengt_file_entry);
}

static u32 crc_of(const struct xengt_directory *dir)
{
	u32 crc = xengt_crc32c(0, &dir->head, offsetof(struct xengt_file_head, crc));

	for (u32 i = 0; i < dir->head.nr; i++)
		crc = xengt_crc32c(crc, &dir->entry[i],
				   offsetof(struct xengt_file_entry, fixed_crc));
	return crc;
}

/* ---- a new file's ---- */

/* A section whose memory is allocated when it is used, but for its first bytes. */
static bool grows(const struct gvt_section *section)
{
	return section->size > section->reserved;
}

static u64 place(struct xengt_directory *dir, const struct gvt_section *section, u64 at)
{
	struct xengt_file_entry *entry = &dir->entry[dir->head.nr++];

	if (grows(section))
		at = ALIGN_UP(at + section->reserved, GVT_PAGE_SIZE) - section->reserved;
	*entry = (struct xengt_file_entry){
		.version = section->version,
		.fixed = section->fixed,
		.offset = at,
		.size = section->size,
	};
	strncpy(entry->name, section->name, sizeof(entry->name) - 1);
	return at + section->size;
}

void xengt_directory_make(const struct xengt_file_kind *kind, u32 domid,
			  struct xengt_directory *out)
{
	u64 at = directory_end(kind->nr);

	memset(out, 0, sizeof(*out));
	memcpy(out->head.magic, kind->magic, sizeof(out->head.magic));
	out->head.format = FORMAT;
	out->head.domid = domid;
	/* Small sections share pages, with the head of the first that grows. */
	for (u32 growing = 0; growing < 2; growing++)
		for (u32 i = 0; i < kind->nr; i++)
			if (grows(kind->section[i]) == growing)
				at = place(out, kind->section[i], at);
	out->head.size = ALIGN_UP(at, GVT_PAGE_SIZE);
	out->head.crc = crc_of(out);
}

/* ---- an existing file's ---- */

__attribute__((format(printf, 3, 4))) static int refuse(char *why, size_t len, const char *format,
							...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, len, format, args);
	va_end(args);
	return -EPROTO;
}

static bool name_valid(const char name[GVT_SECTION_NAME])
{
	size_t len = strnlen(name, GVT_SECTION_NAME);

	for (size_t i = 0; i < len; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') &&
		    name[i] != '-')
			return false;
	for (size_t i = len; i < GVT_SECTION_NAME; i++)
		if (name[i])
			return false;
	return len > 0 && len < GVT_SECTION_NAME;
}

static u32 find(const struct xengt_directory *dir, u32 nr, const char *name)
{
	for (u32 i = 0; i < nr; i++)
		if (!strcmp(dir->entry[i].name, name))
			return i;
	return XENGT_SECTION_NONE;
}

/* Sections follow one another, without overlapping, from the directory to the file's end. */
static int check_entries(const struct xengt_directory *dir, char *why, size_t len)
{
	u64 end = directory_end(dir->head.nr);

	for (u32 i = 0; i < dir->head.nr; i++) {
		const struct xengt_file_entry *entry = &dir->entry[i];

		if (!name_valid(entry->name))
			return refuse(why, len, "section %u of its directory has no valid name", i);
		if (find(dir, i, entry->name) != XENGT_SECTION_NONE)
			return refuse(why, len, "it has two sections %s", entry->name);
		if ((i ? entry->offset < end : entry->offset != end) || entry->offset % 8 ||
		    !entry->size || entry->size % 8 || entry->offset > dir->head.size ||
		    entry->size > dir->head.size - entry->offset || entry->fixed > entry->size)
			return refuse(why, len, "section %s is where none can be", entry->name);
		end = entry->offset + entry->size;
	}
	return 0;
}

int xengt_directory_read(int fd, const struct xengt_file_kind *kind, u32 domid,
			 struct xengt_directory *out, char *why, size_t why_len)
{
	struct xengt_file_head *head = &out->head;
	size_t len;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (fstat(fd, &st))
		return refuse(why, why_len, "%s", strerror(errno));
	if (pread(fd, head, sizeof(*head), 0) != sizeof(*head))
		return refuse(why, why_len, "it is cut off");
	if (memcmp(head->magic, kind->magic, sizeof(head->magic)))
		return refuse(why, why_len, "it is damaged: it does not begin as such a file does");
	if (head->format != FORMAT)
		return refuse(why, why_len,
			      "it is of format %u, which another version of xengt wrote; this one "
			      "knows %u",
			      head->format, FORMAT);
	if (!head->nr || head->nr > XENGT_SECTIONS_MAX)
		return refuse(why, why_len, "it has %u sections, which no version of xengt writes",
			      head->nr);
	len = head->nr * sizeof(out->entry[0]);
	if (pread(fd, out->entry, len, sizeof(*head)) != (ssize_t)len)
		return refuse(why, why_len, "it is cut off");
	if (head->crc != crc_of(out))
		return refuse(why, why_len,
			      "it is damaged: the checksum of its directory does not fit");
	if (head->size > SIZE_MAX_FILE || head->size % GVT_PAGE_SIZE)
		return refuse(why, why_len, "it has a size that no version of xengt writes");
	if (head->size != (u64)st.st_size)
		return refuse(why, why_len, "it is cut off");
	if (head->domid != domid)
		return refuse(why, why_len, "it is another domain's");
	return check_entries(out, why, why_len);
}

u64 xengt_directory_end(const struct xengt_directory *dir, u32 i)
{
	return i + 1 < dir->head.nr ? dir->entry[i + 1].offset : dir->head.size;
}

/* Checks that @entry can be @section. */
static int check_section(const struct xengt_file_entry *entry, const struct gvt_section *section,
			 char *why, size_t len)
{
	if (entry->version != section->version)
		return refuse(why, len, "section %s is of version %u, and this xengt knows %u",
			      entry->name, entry->version, section->version);
	if (entry->size != section->size || entry->fixed != section->fixed)
		return refuse(why, len, "section %s, version %u, has another size than there",
			      entry->name, entry->version);
	if (grows(section) && (entry->offset + section->reserved) % GVT_PAGE_SIZE)
		return refuse(why, len, "section %s is where none can be", entry->name);
	return 0;
}

int xengt_directory_match(const struct xengt_directory *dir, const struct xengt_file_kind *kind,
			  u32 entry[XENGT_SECTIONS_MAX], char *why, size_t why_len)
{
	u64 known = 0;
	int missing = 0;

	for (u32 i = 0; i < kind->nr; i++) {
		const struct gvt_section *section = kind->section[i];

		entry[i] = find(dir, dir->head.nr, section->name);
		if (entry[i] != XENGT_SECTION_NONE) {
			known |= 1ull << entry[i];
			if (check_section(&dir->entry[entry[i]], section, why, why_len))
				return -EPROTO;
			continue;
		}
		if (!section->may_lack)
			return refuse(why, why_len, "it has no section %s", section->name);
		missing++;
	}
	for (u32 i = 0; i < dir->head.nr; i++)
		if (!(known >> i & 1))
			return refuse(why, why_len,
				      "it has a section %s, version %u, which this xengt does not "
				      "know",
				      dir->entry[i].name, dir->entry[i].version);
	return missing;
}

u64 xengt_directory_used(int fd, const struct xengt_directory *dir, u32 i)
{
	u64 end = dir->entry[i].offset + dir->entry[i].size, used = 0;
	off_t at = (off_t)dir->entry[i].offset, hole;

	while ((at = lseek(fd, at, SEEK_DATA)) >= 0 && (u64)at < end) {
		hole = lseek(fd, at, SEEK_HOLE);
		if (hole <= at)
			break;
		used += ((u64)hole < end ? (u64)hole : end) - (u64)at;
		at = hole;
	}
	return used;
}
