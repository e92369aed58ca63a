/* SPDX-License-Identifier: MIT */
#ifndef XENGT_LOG_H
#define XENGT_LOG_H

/* The levels that syslog and the journal have. */
enum xengt_level { XENGT_ERR = 3, XENGT_WARN = 4, XENGT_INFO = 6, XENGT_DEBUG = 7 };

/**
 * xengt_log() - one line to standard error, marked with its level where the journal reads it.
 * Never called on the path of a guest's access: a guest must not set the log's pace.
 */
void xengt_log(enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** xengt_log_level() - the least urgent level to be printed from now on. */
void xengt_log_level(enum xengt_level level);

#endif
