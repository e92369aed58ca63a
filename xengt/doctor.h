/* SPDX-License-Identifier: MIT */
/* Whether this host can give guests vGPUs, and what to change where it cannot. */
#ifndef XENGT_DOCTOR_H
#define XENGT_DOCTOR_H

#include <stdio.h>

#include "xengt/config.h"

/**
 * doctor_look() - print a line for each thing looked at, with advice below what is amiss.
 * @root: before the paths of the system's files; "" for this system.
 * Returns how much is amiss.
 */
unsigned int doctor_look(const struct xengt_config *config, const char *root, FILE *to);

#endif
