/* SPDX-License-Identifier: MIT */
/* What a guest's vGPU is to be, as xl.cfg, the command line and a type's section say it. */
#ifndef XENGT_SETTINGS_OPTIONS_H
#define XENGT_SETTINGS_OPTIONS_H

#include "core/base/types.h"

#define XENGT_NAME_MAX 32u /* of a type, with its end */
#define XENGT_UUID_MAX 37u /* 8-4-4-4-12 digits, with its end */

#define XENGT_WEIGHT_MAX 16u /* weights are 1 to this */
#define XENGT_CAP_MAX	 100u

struct xengt_options {
	u32 aperture_mib;
	u32 fences;
	u32 slot;	  /* PCI device number on bus 0; 0: one that is free */
	u32 read_through; /* registers are read without a trap where they can be */
	u32 memory_mib;	  /* the most graphics memory that it may have mapped */
	u32 weight;	  /* its share of the GPU's time, against the others' */
	u32 cap;	  /* the most of the GPU's time, in percent; 0: all that is free */
	u32 audit_user;	  /* unprivileged batches are audited too */
	u32 id;		  /* its number, from 1; never from a user. 0: none yet */
	char type[XENGT_NAME_MAX];
	char uuid[XENGT_UUID_MAX];
};

/** xengt_options_default() - what a guest gets that asks for nothing in particular. */
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

/** xengt_options_print() - as text that xengt_options_parse() reads; what is unset is left out. */
void xengt_options_print(const struct xengt_options *options, char *text, size_t len);

/**
 * xengt_uuid_parse() - a UUID in its usual form (RFC 9562), in lower case into @uuid.
 * Returns 0 or -EINVAL.
 */
int xengt_uuid_parse(const char *text, char uuid[XENGT_UUID_MAX]);

/** xengt_uuid_make() - a random one (version 4). Returns 0 or a negative errno. */
int xengt_uuid_make(char uuid[XENGT_UUID_MAX]);

#endif
