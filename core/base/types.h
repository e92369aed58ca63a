/* SPDX-License-Identifier: MIT */
/*
 * Linux' names of integers (u8 to u64), in which the interfaces that core/ keeps were first
 * written, and the few helpers that every part of core/ needs.
 */
#ifndef CORE_BASE_TYPES_H
#define CORE_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* A bus address, as a device sees it. */
typedef u64 dma_addr_t;

#define GVT_PAGE_SHIFT 12
#define GVT_PAGE_SIZE  (1ul << GVT_PAGE_SHIFT)

#define KiB(n) ((u64)(n) << 10)
#define MiB(n) ((u64)(n) << 20)
#define GiB(n) ((u64)(n) << 30)

#define BIT32(n)	 (1u << (n))
#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(v, a) ((v) & ~((__typeof__(v))(a)-1))
#define ALIGN_UP(v, a)	 ALIGN_DOWN((v) + (a)-1, a)

#endif
