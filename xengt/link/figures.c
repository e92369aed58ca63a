/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "xengt/link/link.h"

static struct xengt_figures *map(int fd)
{
	void *va =
		mmap(NULL, sizeof(struct xengt_figures), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return va == MAP_FAILED ? NULL : va;
}

struct xengt_figures *xengt_figures_create(int *fd)
{
	struct xengt_figures *figures = NULL;

	/* Sealed: if the process could truncate it, xengtd would fault reading beyond its end. */
	*fd = memfd_create("xengt-figures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return NULL;
	if (!ftruncate(*fd, sizeof(*figures)) &&
	    !fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		figures = map(*fd);
	if (!figures) {
		close(*fd);
		*fd = -1;
	}
	return figures;
}

struct xengt_figures *xengt_figures_map(int fd)
{
	struct xengt_figures *figures = map(fd);

	close(fd);
	return figures;
}

void xengt_figures_unmap(struct xengt_figures *figures)
{
	if (figures)
		munmap(figures, sizeof(*figures));
}

void xengt_figures_wait(struct xengt_figures *figures, u64 us)
{
	u64 end = clock_now_ns() + us * 1000, now;
	u32 told;

	while ((told = __atomic_load_n(&figures->told, __ATOMIC_ACQUIRE)) !=
		       __atomic_load_n(&figures->asked, __ATOMIC_RELAXED) &&
	       (now = clock_now_ns()) < end) {
		const struct timespec left = {
			.tv_sec = (end - now) / 1000000000,
			.tv_nsec = (end - now) % 1000000000,
		};

		syscall(SYS_futex, &figures->told, FUTEX_WAIT, told, &left, NULL, 0);
	}
}

void xengt_figures_tell(struct xengt_figures *figures, u32 asked)
{
	__atomic_store_n(&figures->told, asked, __ATOMIC_RELEASE);
	syscall(SYS_futex, &figures->told, FUTEX_WAKE, 1, NULL, NULL, 0);
}
