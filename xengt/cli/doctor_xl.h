/* SPDX-License-Identifier: MIT */
/* A guest's configuration, read by libxlutil as xl reads it. */
#ifndef XENGT_CLI_DOCTOR_XL_H
#define XENGT_CLI_DOCTOR_XL_H

#include <libxlutil.h>
#include <stdbool.h>
#include <stdio.h>

#include "xengt/qemu/slots.h"

struct xl_file {
	XLU_Config *cfg;
	FILE *report; /* what libxlutil says about it, into .said */
	char *said;
	size_t said_len;
};

/**
 * xl_file_read() - read the file at @path (xl.cfg(5), xl.conf(5)). Returns 0 with @out, released by
 * xl_file_free(); or a negative errno, with @why, a sentence that names file and line.
 */
int xl_file_read(const char *path, struct xl_file **out, char *why, size_t why_len);

/** xl_file_free() - NULL is allowed. */
void xl_file_free(struct xl_file *file);

/** xl_string() - the value of @name; NULL: it is not set, or is a list. @file may be NULL. */
const char *xl_string(const struct xl_file *file, const char *name);

/**
 * xl_number() - the value of @name as a number; @otherwise if it is not set or is no number: xl
 * then ignores the setting.
 */
long xl_number(const struct xl_file *file, const char *name, long otherwise);

/** xl_item() - item @at of the list called @name; NULL: there are not so many strings. */
const char *xl_item(const struct xl_file *file, const char *name, size_t at);

/**
 * xl_try() - have xl check the configuration at @path (xl -N create) without creating a guest.
 * Returns 0; -EINVAL: xl refuses it, with its last line in @why; or another negative errno: xl
 * cannot be run.
 */
int xl_try(const char *path, char *why, size_t why_len);

/**
 * xl_model_version() - the version of the QEMU at @path, which is run: 1000 is 10.0, 702 is 7.2. 0: it
 * does not say.
 */
u32 xl_model_version(const char *path);

/**
 * xl_slots() - the slots of PCI bus 0 that QEMU's devices have with this configuration: devices on
 * QEMU's command line, and those that libxl plugs in before the guest starts.
 */
void xl_slots(const struct xl_file *file, struct xengt_slots *slots);

#endif
