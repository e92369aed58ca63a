/* SPDX-License-Identifier: MIT */
/* The device model's arguments, read as QEMU reads them. */
#ifndef XENGT_QEMU_MODEL_ARGS_H
#define XENGT_QEMU_MODEL_ARGS_H

#include <stddef.h>

/**
 * xengt_model_arg() - the first of @args, which end with NULL, as QEMU has it: an option, with its
 * value where it takes one, or a file (lookup_opt() in QEMU's softmmu/vl.c). What follows an option
 * as its value is no option, whatever it looks like: a guest may be called "-device".
 * @name: the option without its dashes; NULL for a file.
 * @value: its value; NULL where it takes none, or none is there.
 * Returns how many of @args that are, 1 or 2; 0 at their end.
 */
size_t xengt_model_arg(char *const *args, const char **name, const char **value);

#endif
