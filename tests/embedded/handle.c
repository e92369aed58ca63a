// SPDX-License-Identifier: MIT
/* What all library handles share, and xentoolcore's one call. */
#include <errno.h>
#include <stdlib.h>

#include <xentoolcore.h>

#include "internal.h"

static struct {
	pthread_mutex_t lock;
	struct handle *first;
} handles = { .lock = PTHREAD_MUTEX_INITIALIZER };

int lib_return(int rc)
{
	if (rc >= 0)
		return rc;
	errno = -rc;
	return -1;
}

void *handle_open(enum handle_kind kind, size_t size, const char *call)
{
	struct handle *h;
	int err = fault_check(call);

	if (err || !instance_up()) {
		errno = err ? err : ENOENT;
		return NULL;
	}
	h = calloc(1, size);
	if (!h)
		return NULL;
	h->kind = kind;
	atomic_store(&h->restricted, NO_DOMID);
	pthread_mutex_lock(&handles.lock);
	h->next = handles.first;
	handles.first = h;
	pthread_mutex_unlock(&handles.lock);
	return h;
}

void handle_close(struct handle *h)
{
	pthread_mutex_lock(&handles.lock);
	for (struct handle **p = &handles.first; *p; p = &(*p)->next) {
		if (*p == h) {
			*p = h->next;
			break;
		}
	}
	pthread_mutex_unlock(&handles.lock);
}

void handle_each(enum handle_kind kind, void (*fn)(struct handle *h, void *arg), void *arg)
{
	pthread_mutex_lock(&handles.lock);
	for (struct handle *h = handles.first; h; h = h->next) {
		if (h->kind == kind && !atomic_load(&h->dead))
			fn(h, arg);
	}
	pthread_mutex_unlock(&handles.lock);
}

bool handle_ok(struct handle *h, const char *call)
{
	int err = fault_check(call);

	if (!err && atomic_load(&h->dead))
		err = EBADF;
	/* A nulled descriptor is /dev/null: ioctls fail with ENOTTY, xenstore reads end. */
	if (!err && atomic_load(&h->nulled))
		err = h->kind == HANDLE_STORE ? EBADF : ENOTTY;
	if (err)
		errno = err;
	return !err;
}

struct exen_domain *handle_domain(struct handle *h, uint32_t domid, int denied, const char *call)
{
	unsigned int only;

	if (!handle_ok(h, call))
		return NULL;
	only = atomic_load(&h->restricted);
	if (only != NO_DOMID && only != domid) {
		errno = denied;
		return NULL;
	}
	return domain_find(domid);
}

bool handle_restrict(struct handle *h, domid_t domid, int again)
{
	unsigned int open = NO_DOMID;

	if (atomic_compare_exchange_strong(&h->restricted, &open, domid) || open == domid)
		return true;
	errno = again;
	return false;
}

unsigned int handle_count(void)
{
	unsigned int n = 0;

	pthread_mutex_lock(&handles.lock);
	for (struct handle *h = handles.first; h; h = h->next)
		n += !atomic_load(&h->dead);
	pthread_mutex_unlock(&handles.lock);
	return n;
}

void handle_kill_all(void)
{
	pthread_mutex_lock(&handles.lock);
	for (struct handle *h = handles.first; h; h = h->next) {
		if (atomic_exchange(&h->dead, true))
			continue;
		if (h->kind == HANDLE_EVTCHN)
			evtchn_handle_die(h);
		if (h->kind == HANDLE_STORE)
			store_handle_die(h);
	}
	pthread_mutex_unlock(&handles.lock);
}

void handle_reset(void)
{
	/* Not freed: their owners may still close them, and a leak checker finds the rest. */
	pthread_mutex_lock(&handles.lock);
	handles.first = NULL;
	pthread_mutex_unlock(&handles.lock);
}

int xentoolcore_restrict_all(domid_t domid)
{
	int err = fault_check(__func__);

	if (!err && (!domid || domid >= DOMID_FIRST_RESERVED))
		err = EINVAL;
	pthread_mutex_lock(&handles.lock);
	for (struct handle *h = handles.first; h && !err; h = h->next) {
		if (h->kind == HANDLE_CONTROL || h->kind == HANDLE_STORE)
			atomic_store(&h->nulled, true);
		else if (!handle_restrict(h, domid, EINVAL))
			err = errno;
	}
	pthread_mutex_unlock(&handles.lock);
	return err ? lib_return(-err) : 0;
}
