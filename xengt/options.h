/* SPDX-License-Identifier: MIT */
/* What a guest's vGPU is to be, as xl.cfg and the command line say it. */
#ifndef XENGT_OPTIONS_H
#define XENGT_OPTIONS_H

#include "core/types.h"

struct xengt_options {
	u32 aperture_mib;
	u32 fences;
	u32 slot;	  /* PCI device number on bus 0; 0: one that is free */
	u32 read_through; /* registers are read without a trap where they can be */
};

/** xengt_options_default() - what a guest gets that asks for nothing in particular. */
struct xengt_options xengt_options_default(void);

/**
 * xengt_options_parse() - read "key=value,..." into @options, which holds the defaults.
 * @why receives a sentence for the user on failure. Returns 0 or -EINVAL.
 */
int xengt_options_parse(const char *text, struct xengt_options *options, char *why, size_t why_len);

#endif
