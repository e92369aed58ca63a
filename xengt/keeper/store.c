/* SPDX-License-Identifier: MIT */
#include "xengt/keeper/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xengt/settings/log.h"

enum op { NOTHING, READ, LIST, WRITE, REMOVE, WATCH, UNWATCH };

struct request {
	enum op op;
	char path[256], value[64];
	void *result; /* of READ and LIST */
	unsigned int nr;
	int err;
};

struct xengt_store {
	struct xs_handle *xs;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the fields below */
	pthread_cond_t asked, done;
	struct request request;
	bool under_way; /* the thread has .request to carry out */
	bool abandoned; /* nobody waits for it any more */
	bool ends;
};

/* Called without the lock: xenstored may take any time to answer. */
static void carry_out(struct xs_handle *xs, struct request *r)
{
	bool ok = true;

	errno = 0;
	switch (r->op) {
	case READ:
		r->result = xs_read(xs, XBT_NULL, r->path, NULL);
		break;
	case LIST:
		r->result = xs_directory(xs, XBT_NULL, r->path, &r->nr);
		break;
	case WRITE:
		ok = xs_write(xs, XBT_NULL, r->path, r->value, strlen(r->value));
		break;
	case REMOVE:
		ok = xs_rm(xs, XBT_NULL, r->path);
		break;
	case WATCH:
		ok = xs_watch(xs, r->path, r->path);
		break;
	case UNWATCH:
		ok = xs_unwatch(xs, r->path, r->path);
		break;
	case NOTHING:
		break;
	}
	r->err = ok ? 0 : errno ? -errno : -EIO;
}

static void *serve(void *arg)
{
	struct xengt_store *store = arg;
	struct request request;

	pthread_mutex_lock(&store->lock);
	for (;;) {
		while (!store->under_way && !store->ends)
			pthread_cond_wait(&store->asked, &store->lock);
		if (!store->under_way)
			break;
		request = store->request;
		pthread_mutex_unlock(&store->lock);
		carry_out(store->xs, &request);
		pthread_mutex_lock(&store->lock);
		if (store->abandoned) {
			free(request.result);
			xengt_log(XENGT_INFO, "xenstored answers again");
		} else {
			store->request = request;
		}
		store->under_way = store->abandoned = false;
		pthread_cond_signal(&store->done);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

/* Has the thread carry out @r, and waits for it. */
static int ask(struct xengt_store *store, struct request *r)
{
	struct timespec end;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += XENGT_STORE_US / 1000000;
	pthread_mutex_lock(&store->lock);
	/* Wait for another thread's request, unless that was abandoned. */
	while (!err && store->under_way && !store->abandoned)
		err = pthread_cond_clockwait(&store->done, &store->lock, CLOCK_MONOTONIC, &end);
	if (store->under_way) {
		pthread_mutex_unlock(&store->lock);
		return -ETIMEDOUT;
	}
	store->request = *r;
	store->under_way = true;
	pthread_cond_signal(&store->asked);
	for (err = 0; !err && store->under_way;)
		err = pthread_cond_clockwait(&store->done, &store->lock, CLOCK_MONOTONIC, &end);
	if (store->under_way) {
		store->abandoned = true;
		xengt_log(XENGT_WARN, "xenstored does not answer; xengtd goes on without it");
		err = -ETIMEDOUT;
	} else {
		*r = store->request;
		err = r->err;
	}
	pthread_mutex_unlock(&store->lock);
	return err;
}

int xengt_store_open(struct xengt_store **out)
{
	struct xengt_store *store = calloc(1, sizeof(*store));
	int err;

	if (!store)
		return -ENOMEM;
	store->xs = xs_open(0);
	if (!store->xs) {
		err = -errno;
		free(store);
		return err;
	}
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->asked, NULL);
	pthread_cond_init(&store->done, NULL);
	err = -pthread_create(&store->thread, NULL, serve, store);
	if (err) {
		xs_close(store->xs);
		free(store);
		return err;
	}
	pthread_setname_np(store->thread, "xenstore");
	*out = store;
	return 0;
}

void xengt_store_close(struct xengt_store *store)
{
	bool stuck;

	if (!store)
		return;
	pthread_mutex_lock(&store->lock);
	store->ends = true;
	stuck = store->under_way;
	pthread_cond_signal(&store->asked);
	pthread_mutex_unlock(&store->lock);
	/* The thread waits for xenstored and still uses @store: it ends with this process. */
	if (stuck) {
		pthread_detach(store->thread);
		return;
	}
	pthread_join(store->thread, NULL);
	xs_close(store->xs);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->asked);
	pthread_cond_destroy(&store->done);
	free(store);
}

struct xs_handle *xengt_store_handle(struct xengt_store *store)
{
	return store->xs;
}

int xengt_store_fd(struct xengt_store *store)
{
	return xs_fileno(store->xs);
}

char *xengt_store_fired(struct xengt_store *store)
{
	char **fired = xs_check_watch(store->xs), *path = NULL;

	if (fired)
		path = strdup(fired[XS_WATCH_PATH]);
	free(fired);
	return path;
}

static struct request about(enum op op, const char *path, const char *value)
{
	struct request r = { .op = op };

	snprintf(r.path, sizeof(r.path), "%s", path);
	snprintf(r.value, sizeof(r.value), "%s", value);
	return r;
}

char *xengt_store_read(struct xengt_store *store, const char *path)
{
	struct request r = about(READ, path, "");

	return ask(store, &r) ? NULL : r.result;
}

char **xengt_store_list(struct xengt_store *store, const char *path, unsigned int *nr)
{
	struct request r = about(LIST, path, "");
	int err = ask(store, &r);

	*nr = r.nr;
	return err ? NULL : r.result;
}

int xengt_store_write(struct xengt_store *store, const char *path, const char *value)
{
	struct request r = about(WRITE, path, value);

	return ask(store, &r);
}

int xengt_store_remove(struct xengt_store *store, const char *path)
{
	struct request r = about(REMOVE, path, "");

	return ask(store, &r);
}

int xengt_store_watch(struct xengt_store *store, const char *path)
{
	struct request r = about(WATCH, path, "");

	return ask(store, &r);
}

int xengt_store_unwatch(struct xengt_store *store, const char *path)
{
	struct request r = about(UNWATCH, path, "");

	return ask(store, &r);
}
