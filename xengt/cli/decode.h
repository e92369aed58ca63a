/* SPDX-License-Identifier: MIT */
/* xengt decode: what a dumped ring or batch says. */
#ifndef XENGT_CLI_DECODE_H
#define XENGT_CLI_DECODE_H

#include <stdio.h>

#include "core/base/types.h"

/**
 * decode_read() - the dwords of a file, up to its end.
 *
 * A file of printable characters is hexadecimal text: words of up to eight digits with or without
 * 0x, between spaces or commas; one that ends in a colon is an offset and left out, and so is what
 * stands behind # in a line. Any other is little-endian dwords; a last piece of one is left out.
 *
 * Returns how many there are, at *@dw, to be freed; or -1 with the reason in @why.
 */
ssize_t decode_read(FILE *from, u32 **dw, char *why, size_t len);

/** decode_run() - print the file at @path ("-": standard input) for @engine. An exit status. */
int decode_run(const char *path, const char *engine);

#endif
