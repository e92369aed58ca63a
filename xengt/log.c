/* SPDX-License-Identifier: MIT */
#include "xengt/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum xengt_level threshold = XENGT_INFO;

void xengt_log_level(enum xengt_level level)
{
	threshold = level;
}

void xengt_log(enum xengt_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (level > threshold)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* The journal takes a level in this form, and says so in the environment. */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "xengtd: %s\n", line);
}
