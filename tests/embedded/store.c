// SPDX-License-Identifier: MIT
/* The tree of xenstore, and which watches a change fires. The library calls are in xs.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

struct node {
	char *name;
	char *value;
	unsigned int len;
	struct node *child, *next;
};

static struct {
	pthread_mutex_t lock;
	struct node root;
	struct watch *watches;
	bool introduced[DOMID_FIRST_RESERVED];
} xs = { .lock = PTHREAD_MUTEX_INITIALIZER };

void store_lock(void)
{
	pthread_mutex_lock(&xs.lock);
}

void store_unlock(void)
{
	pthread_mutex_unlock(&xs.lock);
}

void exen_store_stop(bool stop)
{
	if (stop)
		store_lock();
	else
		store_unlock();
}

struct watch **store_watch_list(void)
{
	return &xs.watches;
}

static void free_nodes(struct node *n)
{
	while (n) {
		struct node *next = n->next;

		free_nodes(n->child);
		free(n->name);
		free(n->value);
		free(n);
		n = next;
	}
}

static bool valid_path(const char *path)
{
	size_t len = strlen(path);

	/* It begins with a slash, has no empty component, and ends with a slash only if it is the
	 * root. */
	if (path[0] != '/' || len > STORE_PATH_MAX || strstr(path, "//"))
		return false;
	return len == 1 || path[len - 1] != '/';
}

/* The child of @at whose name is the @len bytes at @name; with @make, it is made if missing. */
static struct node *child_of(struct node *at, const char *name, size_t len, bool make)
{
	struct node *n, **end = &at->child;

	for (; (n = *end); end = &n->next) {
		if (strlen(n->name) == len && !memcmp(n->name, name, len))
			return n;
	}
	if (!make)
		return NULL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->name = strndup(name, len);
	n->value = strdup("");
	*end = n;
	return n;
}

static struct node *find(const char *path, bool make)
{
	struct node *n = &xs.root;

	for (const char *at = path + 1; n && *at;) {
		size_t len = strcspn(at, "/");

		n = child_of(n, at, len, make);
		at += len + (at[len] == '/');
	}
	return n;
}

/* Whether @path is @base or lies below it. */
static bool below(const char *base, const char *path)
{
	size_t len = strlen(base);

	if (len == 1 && base[0] == '/')
		return path[0] == '/';
	return !strncmp(base, path, len) && (!path[len] || path[len] == '/');
}

static void fire(const char *path, bool removed)
{
	for (struct watch *w = xs.watches; w; w = w->next) {
		if (below(w->path, path))
			store_event(w, path);
		/* A node that is removed with its parent fires its watches too. */
		else if (removed && below(path, w->path) && find(w->path, false))
			store_event(w, w->path);
	}
}

int store_read(const char *path, char **value, unsigned int *len)
{
	struct node *n;

	if (!valid_path(path))
		return -EINVAL;
	n = find(path, false);
	if (!n)
		return -ENOENT;
	*value = malloc(n->len + 1);
	if (!*value)
		return -ENOMEM;
	memcpy(*value, n->value ? n->value : "", n->len);
	(*value)[n->len] = '\0';
	*len = n->len;
	return 0;
}

int store_write(const char *path, const void *data, unsigned int len)
{
	struct node *n;
	char *copy;

	if (!valid_path(path) || !path[1])
		return -EINVAL;
	n = find(path, true);
	copy = malloc(len + 1);
	if (!n || !copy) {
		free(copy);
		return -ENOMEM;
	}
	memcpy(copy, data, len);
	copy[len] = '\0';
	free(n->value);
	n->value = copy;
	n->len = len;
	fire(path, false);
	return 0;
}

int store_mkdir(const char *path)
{
	if (!valid_path(path))
		return -EINVAL;
	if (find(path, false))
		return 0;
	return store_write(path, "", 0);
}

int store_rm(const char *path)
{
	struct node *n, *parent, **p;
	char up[STORE_PATH_MAX + 1];

	if (!valid_path(path) || !path[1])
		return -EINVAL;
	strcpy(up, path);
	*strrchr(up, '/') = '\0';
	parent = find(*up ? up : "/", false);
	if (!parent)
		return -ENOENT;
	n = find(path, false);
	if (!n)
		return 0;
	fire(path, true);
	for (p = &parent->child; *p != n; p = &(*p)->next)
		;
	*p = n->next;
	n->next = NULL;
	free_nodes(n);
	return 0;
}

int store_list(const char *path, char ***names, unsigned int *num)
{
	size_t bytes = 0;
	struct node *n;
	char *text;

	if (!valid_path(path))
		return -EINVAL;
	n = find(path, false);
	if (!n)
		return -ENOENT;
	*num = 0;
	for (struct node *c = n->child; c; c = c->next, ++*num)
		bytes += strlen(c->name) + 1;
	/* One block, as from the library: the pointers, then the names. */
	*names = malloc(*num * sizeof(char *) + bytes + 1);
	if (!*names)
		return -ENOMEM;
	text = (char *)(*names + *num);
	*num = 0;
	for (struct node *c = n->child; c; c = c->next) {
		(*names)[(*num)++] = text;
		text = stpcpy(text, c->name) + 1;
	}
	return 0;
}

bool store_introduced(unsigned int domid)
{
	/* xenstored takes part itself, as domain 0. */
	return !domid || (domid < DOMID_FIRST_RESERVED && xs.introduced[domid]);
}

void store_init(void)
{
	store_lock();
	memset(xs.introduced, 0, sizeof(xs.introduced));
	xs.watches = NULL;
	store_write("/tool/xenstored", "", 0);
	store_write("/local/domain/0", "", 0);
	store_unlock();
}

void store_fini(void)
{
	store_lock();
	/* Watches belong to their handles, which may still be closed. */
	xs.watches = NULL;
	free_nodes(xs.root.child);
	xs.root.child = NULL;
	store_unlock();
}

void store_put(const char *path, const char *value)
{
	store_lock();
	store_write(path, value, (unsigned int)strlen(value));
	store_unlock();
}

char *store_get(const char *path)
{
	unsigned int len;
	char *value;
	int rc;

	store_lock();
	rc = store_read(path, &value, &len);
	store_unlock();
	return rc ? NULL : value;
}

void store_remove(const char *path)
{
	store_lock();
	store_rm(path);
	store_unlock();
}

void store_special(const char *name)
{
	store_lock();
	for (struct watch *w = xs.watches; w; w = w->next) {
		if (!strcmp(w->path, name))
			store_event(w, name);
	}
	store_unlock();
}

void store_introduce(domid_t domid, bool on)
{
	store_lock();
	xs.introduced[domid] = on;
	store_unlock();
}

unsigned int store_watches(void)
{
	unsigned int n = 0;

	store_lock();
	for (struct watch *w = xs.watches; w; w = w->next)
		n++;
	store_unlock();
	return n;
}
