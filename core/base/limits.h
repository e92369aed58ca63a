/* SPDX-License-Identifier: MIT */
/* The sizes that a vGPU may have. */
#ifndef CORE_BASE_LIMITS_H
#define CORE_BASE_LIMITS_H

#define GVT_APERTURE_MIB_MIN 64u
#define GVT_APERTURE_MIB_MAX 1024u
#define GVT_FENCES_MAX	     32u
#define GVT_HEADS_MAX	     3u
#define GVT_BAR0_SIZE	     MiB(16)

#endif
