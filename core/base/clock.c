/* SPDX-License-Identifier: MIT */
#include "core/base/clock.h"

#include <time.h>

u64 clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}
