/* SPDX-License-Identifier: MIT */
#include "xengt/keeper/log.h"

#include "xengt/keeper/inside.h"

static struct xengt_subject subject(const struct xengt_keeper *k)
{
	return (struct xengt_subject){ k->domid, k->name, k->kept->options.uuid, NULL };
}

void xengt_keeper_log(const struct xengt_keeper *k, enum xengt_level level, const char *format, ...)
{
	const struct xengt_subject of = subject(k);
	va_list args;

	va_start(args, format);
	xengt_vlog_of(&of, XENGT_OTHER, level, format, args);
	va_end(args);
}

void xengt_keeper_log_of(const struct xengt_keeper *k, enum xengt_event event,
			 enum xengt_level level, const char *format, ...)
{
	const struct xengt_subject of = subject(k);
	va_list args;

	va_start(args, format);
	xengt_vlog_of(&of, event, level, format, args);
	va_end(args);
}
