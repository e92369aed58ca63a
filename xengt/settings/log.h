/* SPDX-License-Identifier: MIT */
/*
 * What the daemon tells: lines on standard error, or, where that is the journal, entries of it with
 * fields (systemd.journal-fields(7)): PRIORITY, and of what is about one vGPU XENGT_DOMID, XENGT_VM
 * and XENGT_VGPU, its UUID. Events that people look for have a MESSAGE_ID (xengtd(8) lists them).
 *
 * Never called on the path of a guest's access: a guest must not set the log's pace.
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
	XENGT_HANG,	 /* an engine stands still */
	XENGT_RESET,	 /* one that did was reset */
	XENGT_DIED,	 /* a guest's process ended, and not because it was to */
	XENGT_EVENTS
};

/* Whom a line is about; what is not known is NULL. */
struct xengt_subject {
	unsigned int domid;
	const char *name;   /* the guest's */
	const char *vgpu;   /* its vGPU's UUID */
	const char *reason; /* of an event, in a word: XENGT_REASON */
};

/** xengt_log() - one line. */
void xengt_log(enum xengt_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** xengt_log_of() - the same of one vGPU, whose guest's name and number stand before it. */
void xengt_log_of(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

/** xengt_vlog_of() - the same. */
void xengt_vlog_of(const struct xengt_subject *of, enum xengt_event event, enum xengt_level level,
		   const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/** xengt_log_level() - the least urgent level to be printed from now on. */
void xengt_log_level(enum xengt_level level);

#endif
