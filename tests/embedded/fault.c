// SPDX-License-Identifier: MIT
/* Library calls that a test wants to fail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define MAX_FAULTS 16

static struct {
	pthread_mutex_t lock;
	atomic_uint armed; /* so that a call without faults costs one load */
	struct fault {
		char call[64];
		unsigned int left;
		int err;
	} fault[MAX_FAULTS];
} faults = { .lock = PTHREAD_MUTEX_INITIALIZER };

int exen_fail(const char *call, unsigned int nth, int err)
{
	int rc = -ENOSPC;

	if (!nth || err <= 0 || strlen(call) >= sizeof(faults.fault[0].call))
		return -EINVAL;
	pthread_mutex_lock(&faults.lock);
	for (unsigned int i = 0; i < MAX_FAULTS; i++) {
		struct fault *f = &faults.fault[i];

		if (f->left)
			continue;
		strcpy(f->call, call);
		f->left = nth;
		f->err = err;
		atomic_fetch_add(&faults.armed, 1);
		rc = 0;
		break;
	}
	pthread_mutex_unlock(&faults.lock);
	return rc;
}

unsigned int exen_fail_left(bool forget)
{
	unsigned int n;

	pthread_mutex_lock(&faults.lock);
	n = atomic_load(&faults.armed);
	if (forget) {
		memset(faults.fault, 0, sizeof(faults.fault));
		atomic_store(&faults.armed, 0);
	}
	pthread_mutex_unlock(&faults.lock);
	return n;
}

/* One call that a test follows. */
static struct {
	const char *_Atomic call;
	void (*fn)(void *arg);
	void *arg;
} follow;

void exen_on_call(const char *call, void (*fn)(void *arg), void *arg)
{
	atomic_store(&follow.call, NULL);
	follow.fn = fn;
	follow.arg = arg;
	atomic_store(&follow.call, fn ? call : NULL);
}

int fault_check(const char *call)
{
	const char *followed = atomic_load_explicit(&follow.call, memory_order_acquire);
	int err = 0;

	if (followed && !strcmp(followed, call))
		follow.fn(follow.arg);

	if (!atomic_load_explicit(&faults.armed, memory_order_relaxed))
		return 0;
	pthread_mutex_lock(&faults.lock);
	for (unsigned int i = 0; i < MAX_FAULTS; i++) {
		struct fault *f = &faults.fault[i];

		if (!f->left || (strcmp(f->call, "*") && strcmp(f->call, call)))
			continue;
		if (--f->left == 0) {
			atomic_fetch_sub(&faults.armed, 1);
			if (!err)
				err = f->err;
		}
	}
	pthread_mutex_unlock(&faults.lock);
	return err;
}
