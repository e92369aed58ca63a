/* SPDX-License-Identifier: MIT */
#ifndef CORE_BASE_CLOCK_H
#define CORE_BASE_CLOCK_H

#include "core/base/types.h"

/** clock_now_ns() - CLOCK_MONOTONIC in nanoseconds. All time in core/ is measured by this clock. */
u64 clock_now_ns(void);

/** clock_ticks() - @ns in ticks of the GT's timestamp: 12 MHz, as CTC_MODE says. */
static inline u64 clock_ticks(u64 ns)
{
	return ns / 1000000000 * 12000000 + ns % 1000000000 * 12 / 1000;
}

#endif
