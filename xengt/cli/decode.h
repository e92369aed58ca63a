/* SPDX-License-Identifier: MIT */
/* xengt decode: prints the commands of a dumped ring or batch. */
#ifndef XENGT_CLI_DECODE_H
#define XENGT_CLI_DECODE_H

#include <stdio.h>

#include "core/base/types.h"

/**
 * decode_read() - read the dwords of a file.
 *
 * A file of printable characters is hexadecimal text: words of up to eight digits with or without
 * 0x, between spaces or commas. A word that ends in a colon is an offset, and ignored, as is the
 * rest of a line after #. Any other file is little-endian dwords; an incomplete last one is
 * ignored.
 *
 * Returns how many there are, at *@dw, to be freed; or -1 with the reason in @why.
 */
ssize_t decode_read(FILE *from, u32 **dw, char *why, size_t len);

/** decode_run() - print the file at @path ("-": standard input) for @engine. An exit status. */
int decode_run(const char *path, const char *engine);

#endif
