/* SPDX-License-Identifier: MIT */
/*
 * The log of xengtd: lines on standard error or, if that is the journal, entries with fields
 * (systemd.journal-fields(7)): PRIORITY and, about one vGPU, XENGT_DOMID, XENGT_VM and XENGT_VGPU
 * (its UUID). Important events have a MESSAGE_ID (xengtd(8) lists them). Guests' processes have
 * xengtd log for them (xengt/ask).
 *
 * Never called for each of a guest's accesses: a guest could flood the log.
 */
#ifndef XENGT_SETTINGS_LOG_H
#define XENGT_SETTINGS_LOG_H

#include <stdarg.h>

/* The levels that syslog and the journal have. */
enum xengt_level { XENGT_ERR = 3, XENGT_WARN = 4, XENGT_INFO = 6, XENGT_DEBUG = 7 };

enum xengt_event {
	XENGT_OTHER,
	XENGT_ATTACHED,
	XENGT_DETACHED,
	XENGT_RESTARTED, /* a domain was soft reset, and its vGPU with it */
	XENGT_REFUSED,	 /* a domain gets no vGPU */
	XENGT_HANG,	 /* an engine hangs */
	XENGT_RESET,	 /* a hung engine was reset */
	XENGT_DIED,	 /* a guest's process ended unexpectedly */
	XENGT_EVENTS
};

/* The vGPU that a line is about; what is not known is NULL. */
struct xengt_subject {
	unsigned int domid;
	const char *name;   /* the guest's */
	const char *vgpu;   /* its vGPU's UUID */
	const char *reason; /* the event's cause, in a word: the field XENGT_REASON */
};

/** xengt_log() - log a line. */
void xengt_log(enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** xengt_log_of() - log a line about a vGPU, with its guest's name and number in front. */
void xengt_log_of(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

/** xengt_vlog_of() - xengt_log_of() with a va_list. */
void xengt_vlog_of(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		   const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/** xengt_log_level() - log only @level and more urgent ones from now on. */
void xengt_log_level(enum xengt_level level);

#endif
