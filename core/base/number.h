/* SPDX-License-Identifier: MIT */
/*
 * Numbers in text: command lines, xengt.conf, a vGPU's options, the tree of files, xenstore, the
 * control socket. All of them are read here.
 *
 * A number is digits and nothing else: no sign, no blank, no unit. Forms that C's library takes as
 * well ("+21", " 21", "-5" as a large number, "021" as 17) are refused: they may be a guest's name,
 * or mean another number to the person who wrote them.
 */
#ifndef CORE_BASE_NUMBER_H
#define CORE_BASE_NUMBER_H

#include "core/base/types.h"

enum xengt_base {
	XENGT_DECIMAL, /* zeros may come first, as in xl's domain numbers: 007 is 7 */
	XENGT_HEX,     /* hexadecimal, with 0x before it or without */
	XENGT_EITHER,  /* hexadecimal after 0x, otherwise decimal; there no zero comes first */
};

/**
 * xengt_number_at() - read the number at the start of *@text, and move *@text behind its last
 * digit.
 * @max: the largest value allowed.
 *
 * Returns 0; -EINVAL when there is no number of this base; -ERANGE when it is more than @max. On
 * failure neither *@text nor *@val changes.
 */
int xengt_number_at(const char **text, enum xengt_base base, u64 max, u64 *val);

/**
 * xengt_number() - read all of @text as one number.
 * Returns 0; -EINVAL when @text is anything but a number; -ERANGE when the number is less than @min
 * or more than @max. On failure *@val does not change.
 */
int xengt_number(const char *text, enum xengt_base base, u64 min, u64 max, u64 *val);

#endif
