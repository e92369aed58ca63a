/* SPDX-License-Identifier: MIT */
/* A file that lacks sections, which an earlier build of xengt did not have. */
#ifndef XENGT_STATE_RENEW_H
#define XENGT_STATE_RENEW_H

#include "xengt/state/file.h"

/**
 * xengt_file_renew() - open domain @domid's file of @kind in @dir, which an earlier process left.
 * If it lacks sections that it may lack, it is replaced by one of this build's layout, in which
 * they hold zeroes: a file is made beside it, checked, and renamed, so that at any instant one of
 * the two is there whole. A file that is refused stays as it is.
 *
 * The file is never mapped before it is a copy: who has it open may cut it off. In the supervisor.
 * Returns a descriptor, which the caller owns, or a negative errno with @why, a sentence: -EPROTO,
 * the file is damaged or of another version; -EBUSY, another process has it.
 */
int xengt_file_renew(const char *dir, u32 domid, const struct xengt_file_kind *kind, char *why,
		     size_t why_len);

#endif
