/* SPDX-License-Identifier: MIT */
/* The device model's arguments, read as QEMU reads them. */
#ifndef XENGT_QEMU_MODEL_ARGS_H
#define XENGT_QEMU_MODEL_ARGS_H

#include <stddef.h>

/**
 * xengt_model_arg() - read the first of @args, which end with NULL, as QEMU does (lookup_opt() in
 * QEMU's softmmu/vl.c): an option, with its value if it takes one, or a file. An option's value may
 * look like an option: a guest may be called "-device".
 * @name: the option without its dashes; NULL for a file.
 * @value: its value; NULL if it takes none, or none is there.
 * Returns how many of @args it takes, 1 or 2; 0 at their end.
 */
size_t xengt_model_arg(char *const *args, const char **name, const char **value);

#endif
