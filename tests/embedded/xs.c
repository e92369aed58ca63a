// SPDX-License-Identifier: MIT
/*
 * libxenstore. A transaction is only a number here: writes in it are seen at once and cannot be
 * undone, but its end can be made to fail with exen_fail().
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <xenstore.h>

#include "store.h"

#define HOME "/local/domain/0/"

struct event {
	struct event *next;
	char **vec; /* as handed to the caller: two pointers and the strings, one block */
};

struct xs_handle {
	struct handle h;
	int fd; /* readable while there are events or the handle is dead */
	bool filter;
	struct event *first, **last;
};

static bool check(int rc)
{
	if (rc)
		errno = -rc;
	return !rc;
}

/* The absolute path of @path, which may begin with '/' or '@', or be relative. NULL: no memory. */
static char *absolute(const char *path)
{
	char *abs = NULL;

	if (path[0] == '/' || path[0] == '@')
		return strdup(path);
	return asprintf(&abs, HOME "%s", path) < 0 ? NULL : abs;
}

/* Starts a call on @path: NULL with errno, or the absolute path with the store locked. */
static char *begin(struct xs_handle *h, const char *path, const char *call)
{
	char *abs;

	if (!handle_ok(&h->h, call))
		return NULL;
	abs = absolute(path);
	if (abs)
		store_lock();
	return abs;
}

static int end(char *abs, int rc)
{
	store_unlock();
	free(abs);
	return rc;
}

struct xs_handle *xs_open(unsigned long flags)
{
	struct xs_handle *h = handle_open(HANDLE_STORE, sizeof(*h), __func__);

	if (!h)
		return NULL;
	h->filter = flags & XS_UNWATCH_FILTER;
	h->last = &h->first;
	h->fd = eventfd(0, EFD_CLOEXEC);
	if (h->fd < 0) {
		handle_close(&h->h);
		free(h);
		return NULL;
	}
	return h;
}

struct xs_handle *xs_daemon_open(void)
{
	return xs_open(0);
}

static void drop_watches(struct xs_handle *h)
{
	struct watch **p = store_watch_list();

	while (*p) {
		struct watch *w = *p;

		if (w->owner != h) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		free(w->path);
		free(w->token);
		free(w);
	}
}

/* Takes the first event off; the descriptor is readable only while there are more. */
static char **pop_event(struct xs_handle *h)
{
	struct event *e = h->first;
	uint64_t count;
	char **vec;

	if (!e)
		return NULL;
	h->first = e->next;
	if (!h->first) {
		h->last = &h->first;
		while (read(h->fd, &count, sizeof(count)) < 0 && errno == EINTR)
			;
	}
	vec = e->vec;
	free(e);
	return vec;
}

void xs_close(struct xs_handle *h)
{
	char **vec;

	if (!h)
		return;
	handle_close(&h->h);
	store_lock();
	drop_watches(h);
	while ((vec = pop_event(h)))
		free(vec);
	store_unlock();
	close(h->fd);
	free(h);
}

void xs_daemon_close(struct xs_handle *h)
{
	xs_close(h);
}

static void wake(struct xs_handle *h)
{
	uint64_t one = 1;

	while (write(h->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void store_handle_die(struct handle *h)
{
	struct xs_handle *xsh = (struct xs_handle *)h;

	store_lock();
	drop_watches(xsh);
	wake(xsh);
	store_unlock();
}

void store_event(struct watch *w, const char *path)
{
	struct xs_handle *h = w->owner;
	size_t skip = strlen(path) >= w->relative ? w->relative : 0;
	size_t plen = strlen(path + skip) + 1, tlen = strlen(w->token) + 1;
	struct event *e = calloc(1, sizeof(*e));

	if (!e)
		return;
	e->vec = malloc(2 * sizeof(char *) + plen + tlen);
	if (!e->vec) {
		free(e);
		return;
	}
	e->vec[XS_WATCH_PATH] = (char *)(e->vec + 2);
	e->vec[XS_WATCH_TOKEN] = e->vec[XS_WATCH_PATH] + plen;
	memcpy(e->vec[XS_WATCH_PATH], path + skip, plen);
	memcpy(e->vec[XS_WATCH_TOKEN], w->token, tlen);
	if (!h->first)
		wake(h);
	*h->last = e;
	h->last = &e->next;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	char *abs = begin(h, path, __func__);
	unsigned int size;
	char *value = NULL;

	(void)t;
	if (!abs || !check(end(abs, store_read(abs, &value, &size))))
		return NULL;
	if (len)
		*len = size;
	return value;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	char *abs = begin(h, path, __func__);

	(void)t;
	return abs && check(end(abs, store_write(abs, data, len)));
}

bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	char *abs = begin(h, path, __func__);

	(void)t;
	return abs && check(end(abs, store_mkdir(abs)));
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	char *abs = begin(h, path, __func__);

	(void)t;
	return abs && check(end(abs, store_rm(abs)));
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	char *abs = begin(h, path, __func__);
	char **names = NULL;

	(void)t;
	if (!abs || !check(end(abs, store_list(abs, &names, num))))
		return NULL;
	return names;
}

static int add_watch(struct xs_handle *h, const char *abs, const char *path, const char *token)
{
	struct watch *w;

	for (w = *store_watch_list(); w; w = w->next) {
		if (w->owner == h && !strcmp(w->path, abs) && !strcmp(w->token, token))
			return -EEXIST;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->owner = h;
	w->path = strdup(abs);
	w->token = strdup(token);
	w->relative = strlen(abs) - strlen(path);
	w->next = *store_watch_list();
	*store_watch_list() = w;
	/* A new watch fires once, so that nothing that is already there is missed. */
	store_event(w, abs);
	return 0;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	char *abs = begin(h, path, __func__);

	return abs && check(end(abs, add_watch(h, abs, path, token)));
}

static void filter_events(struct xs_handle *h, const char *token)
{
	struct event *keep = NULL, **end_of = &keep;
	char **vec;

	while ((vec = pop_event(h))) {
		struct event *e = strcmp(vec[XS_WATCH_TOKEN], token) ? calloc(1, sizeof(*e)) : NULL;

		if (!e) {
			free(vec);
			continue;
		}
		e->vec = vec;
		*end_of = e;
		end_of = &e->next;
	}
	if (!keep)
		return;
	h->first = keep;
	h->last = end_of;
	wake(h);
}

static int remove_watch(struct xs_handle *h, const char *abs, const char *token)
{
	for (struct watch **p = store_watch_list(); *p; p = &(*p)->next) {
		struct watch *w = *p;

		if (w->owner != h || strcmp(w->path, abs) || strcmp(w->token, token))
			continue;
		*p = w->next;
		free(w->path);
		free(w->token);
		free(w);
		if (h->filter)
			filter_events(h, token);
		return 0;
	}
	return -ENOENT;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	char *abs = begin(h, path, __func__);

	return abs && check(end(abs, remove_watch(h, abs, token)));
}

int xs_fileno(struct xs_handle *h)
{
	return h->fd;
}

static char **next_event(struct xs_handle *h)
{
	char **vec;

	store_lock();
	vec = pop_event(h);
	store_unlock();
	return vec;
}

char **xs_check_watch(struct xs_handle *h)
{
	char **vec;

	if (!handle_ok(&h->h, __func__))
		return NULL;
	vec = next_event(h);
	if (!vec)
		errno = EAGAIN;
	return vec;
}

char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
	struct pollfd pfd = { .fd = h->fd, .events = POLLIN };
	char **vec;

	for (;;) {
		if (!handle_ok(&h->h, __func__))
			return NULL;
		vec = next_event(h);
		if (vec) {
			*num = 2;
			return vec;
		}
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			return NULL;
	}
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	return handle_ok(&h->h, __func__) ? 1 : XBT_NULL;
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon)
{
	(void)t;
	(void)abandon;
	return handle_ok(&h->h, __func__);
}

char *xs_get_domain_path(struct xs_handle *h, unsigned int domid)
{
	char *path = NULL;

	if (!handle_ok(&h->h, __func__))
		return NULL;
	return asprintf(&path, "/local/domain/%u", domid) < 0 ? NULL : path;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	bool known;

	if (!handle_ok(&h->h, __func__))
		return false;
	store_lock();
	known = store_introduced(domid);
	store_unlock();
	return known;
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
	size_t len = strlen(parent);

	return !strncmp(parent, child, len) && (!child[len] || child[len] == '/');
}
