/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "xengt/xen/xengt.h"

void xengt_vgpu_log(struct xengt_vgpu *v, enum xengt_level level, const char *format, ...)
{
	char text[XENGT_ASK_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	xengt_ask_log(&v->ask, XENGT_OTHER, level, NULL, text);
}
