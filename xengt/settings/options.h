/* SPDX-License-Identifier: MIT */
/* A vGPU's options, as in xl.cfg, on the command line and in a type's section. */
#ifndef XENGT_SETTINGS_OPTIONS_H
#define XENGT_SETTINGS_OPTIONS_H

#include "xengt/settings/table.h"

/** xengt_options_default() - the options of a vGPU for which none are given. */
struct xengt_options xengt_options_default(void);

/**
 * xengt_options_set() - set the option @key of @options, from text.
 * @why receives a sentence for the user on failure. Returns 0 or -EINVAL.
 */
int xengt_options_set(struct xengt_options *options, const char *key, const char *value, char *why,
		      size_t why_len);

/**
 * xengt_options_parse() - read "key=value,..." into @options, which holds the defaults.
 * @why receives a sentence for the user on failure. Returns 0 or -EINVAL.
 */
int xengt_options_parse(const char *text, struct xengt_options *options, char *why, size_t why_len);

/** xengt_options_print() - write them as xengt_options_parse() reads them, without unset ones. */
void xengt_options_print(const struct xengt_options *options, char *text, size_t len);

#endif
