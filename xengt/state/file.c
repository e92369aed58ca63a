/* SPDX-License-Identifier: MIT */
/*
 * A vGPU's state as a mapped file, under /run: what is stored there is there, at whatever instant
 * the process ends, without a word written out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xengt/state/crc.h"
#include "xengt/xen/xengt.h"

#define STATE_MAGIC  "xengt-v"
#define STATE_LAYOUT 4u
#define STATE_SEALED 0x5ea1ed01u

static size_t state_size(void)
{
	return ALIGN_UP(sizeof(struct xengt_state), GVT_PAGE_SIZE) + intel_gvt_state_size();
}

struct vgpu_state *xengt_state_core(struct xengt_state *state)
{
	return (void *)((u8 *)state + ALIGN_UP(sizeof(struct xengt_state), GVT_PAGE_SIZE));
}

static void state_path(const struct xengt_host *host, domid_t domid, char *path, size_t len)
{
	snprintf(path, len, "%s/%u.vgpu", host->state_dir, domid);
}

static struct xengt_state *map_state(int fd)
{
	void *va = mmap(NULL, state_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return va == MAP_FAILED ? NULL : va;
}

/* What is written without asking must have its memory now, or a full file system is a fault later.
 */
static int reserve(int fd, size_t from, size_t len)
{
	return -posix_fallocate(fd, from, len);
}

size_t xengt_state_cost(void)
{
	return ALIGN_UP(offsetof(struct xengt_state, tracked), GVT_PAGE_SIZE) +
	       ALIGN_UP(offsetof(struct vgpu_state, ggtt), GVT_PAGE_SIZE);
}

struct xengt_state *xengt_state_create(const struct xengt_host *host, domid_t domid, char *why,
				       size_t why_len)
{
	size_t core = ALIGN_UP(sizeof(struct xengt_state), GVT_PAGE_SIZE);
	struct xengt_state *state = NULL;
	char path[256];
	int fd, err;

	state_path(host, domid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		snprintf(why, why_len, "%s: %s", path, strerror(errno));
		return NULL;
	}
	err = ftruncate(fd, state_size()) ? -errno : 0;
	if (!err)
		err = reserve(fd, 0, offsetof(struct xengt_state, tracked));
	if (!err)
		err = reserve(fd, offsetof(struct xengt_state, pins), GVT_PAGE_SIZE);
	if (!err)
		err = reserve(fd, offsetof(struct xengt_state, aliases), GVT_PAGE_SIZE);
	if (!err)
		err = reserve(fd, core, offsetof(struct vgpu_state, vreg));
	if (!err) {
		state = map_state(fd);
		err = state ? 0 : -errno;
	}
	close(fd);
	if (err) {
		unlink(path);
		snprintf(why, why_len, "%s: %s", path, strerror(-err));
		errno = -err;
		return NULL;
	}
	memcpy(state->magic, STATE_MAGIC, sizeof(state->magic));
	state->layout = STATE_LAYOUT;
	state->size = state_size();
	state->domid = domid;
	return state;
}

/* ---- checksums ---- */

static u32 head_crc(const struct xengt_state *state)
{
	u32 crc = xengt_crc32c(0, state, offsetof(struct xengt_state, ready));
	struct xengt_options options;

	/* With what is between its members. A share may be set at any time. */
	memcpy(&options, &state->options, sizeof(options));
	options.weight = options.cap = 0;
	crc = xengt_crc32c(crc, state->uuid, sizeof(state->uuid));
	return xengt_crc32c(crc, &options, sizeof(options));
}

/* Continues @crc with page @at, unless that is empty: then it may as well not be there. */
static u32 page_crc(u32 crc, u64 at, const u8 *page)
{
	static const u8 empty[GVT_PAGE_SIZE];

	if (!memcmp(page, empty, sizeof(empty)))
		return crc;
	crc = xengt_crc32c(crc, &at, sizeof(at));
	return xengt_crc32c(crc, page, GVT_PAGE_SIZE);
}

/* Of all of it. Looks at no page that is not there: that would take memory for it. */
static u32 whole_crc(int fd, const struct xengt_state *state)
{
	off_t at = 0, end;
	u32 crc = 0;

	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		for (; at < end; at += GVT_PAGE_SIZE) {
			u8 page[GVT_PAGE_SIZE];

			memcpy(page, (const u8 *)state + at, sizeof(page));
			if (!at)
				memset(page + offsetof(struct xengt_state, sealed), 0,
				       sizeof(state->sealed) + sizeof(state->crc));
			crc = page_crc(crc, at, page);
		}
	}
	return crc;
}

void xengt_state_ready(struct xengt_state *state)
{
	state->head_crc = head_crc(state);
	__atomic_store_n(&state->ready, true, __ATOMIC_RELEASE);
}

/* ---- what an earlier process left ---- */

/* What is wrong with it, or NULL. */
static const char *amiss(int fd, const struct xengt_state *state, domid_t domid)
{
	const struct xengt_options *options = &state->options;

	if (!state->ready)
		return "it was never complete";
	if (state->head_crc != head_crc(state) ||
	    (state->sealed &&
	     (state->sealed != STATE_SEALED || state->crc != whole_crc(fd, state))))
		return "it is damaged: its checksum does not fit";
	if (state->domid != domid)
		return "it is another domain's";
	if (state->nr_tracked > XENGT_TRACK_MAX || state->pins.nr > XENGT_PINS_MAX ||
	    state->aliases.end > XENGT_ALIAS_MAX ||
	    !memchr(options->type, '\0', sizeof(options->type)) ||
	    !memchr(options->uuid, '\0', sizeof(options->uuid)))
		return "it is damaged: it has impossible values";
	return NULL;
}

/* The same by what all versions have in common, and by its size. */
static const char *amiss_outside(int fd)
{
	struct {
		char magic[8];
		u32 layout, size;
	} head;
	struct stat st;

	if (fstat(fd, &st))
		return strerror(errno);
	if (pread(fd, &head, sizeof(head), 0) != sizeof(head))
		return "it is cut off";
	if (memcmp(head.magic, STATE_MAGIC, sizeof(head.magic)))
		return "it is damaged: it does not begin as a vGPU's state";
	if (head.layout != STATE_LAYOUT || head.size != state_size())
		return "another version of xengt wrote it";
	return (size_t)st.st_size == state_size() ? NULL : "it is cut off";
}

struct xengt_state *xengt_state_open(const struct xengt_host *host, domid_t domid, char *why,
				     size_t why_len)
{
	struct xengt_state *state = NULL;
	const char *wrong;
	char path[256];
	int fd, err = EPROTO;

	state_path(host, domid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(why, why_len, "%s: %s", path, strerror(errno));
		return NULL;
	}
	wrong = amiss_outside(fd);
	if (!wrong) {
		state = map_state(fd);
		err = state ? EPROTO : errno;
		wrong = state ? amiss(fd, state, domid) : strerror(errno);
	}
	close(fd);
	if (!wrong) {
		state->sealed = 0;
		return state;
	}
	if (state)
		munmap(state, state_size());
	snprintf(why, why_len, "%s: %s", path, wrong);
	errno = err;
	return NULL;
}

static void seal(const char *path, struct xengt_state *state)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	state->crc = whole_crc(fd, state);
	__atomic_store_n(&state->sealed, STATE_SEALED, __ATOMIC_RELEASE);
	close(fd);
}

void xengt_state_close(const struct xengt_host *host, struct xengt_state *state, bool remove)
{
	char path[256];

	if (!state)
		return;
	state_path(host, state->domid, path, sizeof(path));
	if (remove)
		unlink(path);
	else
		seal(path, state);
	munmap(state, state_size());
}

int xengt_state_reserve(const struct xengt_host *host, struct xengt_state *state, const void *from,
			size_t len)
{
	char path[256];
	int fd, err;

	state_path(host, state->domid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = reserve(fd, (const u8 *)from - (const u8 *)state, len);
	close(fd);
	return err;
}
