/* SPDX-License-Identifier: MIT */
/* Log lines of xengtd about a guest's vGPU. */
#ifndef XENGT_KEEPER_LOG_H
#define XENGT_KEEPER_LOG_H

#include "xengt/settings/log.h"

struct xengt_keeper;

/** xengt_keeper_log_of() - log a line about the guest's vGPU. */
void xengt_keeper_log_of(const struct xengt_keeper *keeper, enum xengt_event event,
			 enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
