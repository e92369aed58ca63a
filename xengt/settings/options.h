/* SPDX-License-Identifier: MIT */
/* A vGPU's options, as in xl.cfg, on the command line and in a type's section. */
#ifndef XENGT_SETTINGS_OPTIONS_H
#define XENGT_SETTINGS_OPTIONS_H

#include "core/base/types.h"
#include "xengt/settings/uuid.h"

#define XENGT_NAME_MAX 32u /* of a type, with the zero byte */

#define XENGT_WEIGHT_MAX 16u /* weights are 1 to this */
#define XENGT_CAP_MAX	 100u

struct xengt_options {
	u32 aperture_mib;
	u32 fences;
	u32 slot;	  /* PCI device number on bus 0; 0: a free one */
	u32 read_through; /* the guest reads registers without a trap, where possible */
	u32 memory_mib;	  /* quota of graphics memory */
	u32 weight;	  /* its share of the GPU's time, relative to other vGPUs' */
	u32 cap;	  /* the most of the GPU's time, in percent; 0: no limit */
	u32 audit_user;	  /* unprivileged batches are audited too */
	u32 id;		  /* its number, from 1, which xengtd chooses; 0: none yet */
	char type[XENGT_NAME_MAX];
	char uuid[XENGT_UUID_MAX];
};

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
