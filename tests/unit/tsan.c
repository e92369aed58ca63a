/* SPDX-License-Identifier: MIT */
/*
 * For tests/threads, which has the linker send calls of sem_clockwait() here: what the thread that
 * posted a semaphore did before is ordered before what the waiting thread does next.
 */
#include <semaphore.h>
#include <time.h>

void __tsan_acquire(void *addr);
int __real_sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until);
int __wrap_sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until);

int __wrap_sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until)
{
	int err = __real_sem_clockwait(sem, clock, until);

	if (!err)
		__tsan_acquire(sem);
	return err;
}
