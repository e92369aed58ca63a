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

#include "xengt/guest/xengt.h"

#define STATE_MAGIC  "xengt-v"
#define STATE_LAYOUT 3u

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

struct xengt_state *xengt_state_create(const struct xengt_host *host, domid_t domid)
{
	size_t core = ALIGN_UP(sizeof(struct xengt_state), GVT_PAGE_SIZE);
	struct xengt_state *state = NULL;
	char path[256];
	int fd, err;

	state_path(host, domid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return NULL;
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
		errno = -err;
		return NULL;
	}
	memcpy(state->magic, STATE_MAGIC, sizeof(state->magic));
	state->layout = STATE_LAYOUT;
	state->size = state_size();
	state->domid = domid;
	return state;
}

static bool usable(const struct xengt_state *state, domid_t domid)
{
	const struct xengt_options *options = &state->options;

	return !memcmp(state->magic, STATE_MAGIC, sizeof(state->magic)) &&
	       state->layout == STATE_LAYOUT && state->size == state_size() &&
	       state->domid == domid && state->ready && state->nr_tracked <= XENGT_TRACK_MAX &&
	       state->pins.nr <= XENGT_PINS_MAX && state->aliases.end <= XENGT_ALIAS_MAX &&
	       memchr(options->type, '\0', sizeof(options->type)) &&
	       memchr(options->uuid, '\0', sizeof(options->uuid));
}

struct xengt_state *xengt_state_open(const struct xengt_host *host, domid_t domid)
{
	struct xengt_state *state = NULL;
	struct stat st;
	char path[256];
	int fd, err = 0;

	state_path(host, domid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st))
		err = errno;
	else if ((size_t)st.st_size != state_size())
		err = EPROTO;
	else if (!(state = map_state(fd)))
		err = errno;
	close(fd);
	if (state && !usable(state, domid)) {
		munmap(state, state_size());
		err = EPROTO;
	}
	if (err) {
		errno = err;
		return NULL;
	}
	return state;
}

void xengt_state_close(const struct xengt_host *host, struct xengt_state *state, bool remove)
{
	char path[256];

	if (!state)
		return;
	state_path(host, state->domid, path, sizeof(path));
	if (remove)
		unlink(path);
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
