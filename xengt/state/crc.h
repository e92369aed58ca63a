/* SPDX-License-Identifier: MIT */
#ifndef XENGT_STATE_CRC_H
#define XENGT_STATE_CRC_H

#include <stddef.h>

#include "core/base/types.h"

/**
 * xengt_crc32c() - CRC32C (Castagnoli; RFC 3720, B.4) of @len bytes at @data. @crc: the CRC of the
 * bytes before them; 0 if there are none.
 */
u32 xengt_crc32c(u32 crc, const void *data, size_t len);

#endif
