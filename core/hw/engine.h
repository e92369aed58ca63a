/* SPDX-License-Identifier: MIT */
/* The engines of a Gen9 GT2, and the formats of their execlist ports. */
#ifndef CORE_HW_ENGINE_H
#define CORE_HW_ENGINE_H

#include "core/base/types.h"

/* A register has the same distance from the base of each engine. */
enum gvt_engine { GVT_RCS0, GVT_BCS0, GVT_VCS0, GVT_VECS0, GVT_NR_ENGINES };

/* Bits of a context descriptor (Skylake PRM, volume 7, "Context Descriptor Format"). */
#define GVT_DESC_VALID	   (1ull << 0)
#define GVT_DESC_RESTORE   (1ull << 2) /* force restore: not a lite one */
#define GVT_DESC_MODE_4L   (3ull << 3) /* 64-bit PPGTT; legacy 32-bit: 1 << 3 */
#define GVT_DESC_PRIVILEGE (1ull << 8)
#define GVT_DESC_LRCA_MASK 0xfffff000ull /* GGTT address of the context's first page */
#define GVT_DESC_ID_SHIFT  32

/* Bits of a context status entry's low dword; the high dword is the context's ID. */
#define GVT_CSB_IDLE_ACTIVE    (1u << 0)
#define GVT_CSB_PREEMPTED      (1u << 1)
#define GVT_CSB_ELEMENT_SWITCH (1u << 2)
#define GVT_CSB_ACTIVE_IDLE    (1u << 3)
#define GVT_CSB_COMPLETE       (1u << 4)
#define GVT_CSB_LITE_RESTORE   (1u << 15)

/* The interrupts of an engine: bits of its half of a GT interrupt register. */
#define GVT_IRQ_USER	     (1u << 0)
#define GVT_IRQ_CS_ERROR     (1u << 3)
#define GVT_IRQ_PIPE_CONTROL (1u << 4)
#define GVT_IRQ_CONTEXT	     (1u << 8)

/** gvt_engine_base() - byte offset of an engine's registers in BAR0. */
u32 gvt_engine_base(enum gvt_engine engine);

/** gvt_engine_of() - the engine whose registers hold byte @offset of BAR0, or -1. */
int gvt_engine_of(u32 offset);

/** gvt_engine_class() - its class, in texts for people: "rcs", "bcs", "vcs" or "vecs". */
const char *gvt_engine_class(enum gvt_engine engine);

/** gvt_engine_by_class() - the engine of class @name; -1: there is none. */
int gvt_engine_by_class(const char *name);

/** gvt_engine_name() - its name in i915: "rcs0". */
const char *gvt_engine_name(enum gvt_engine engine);

/** gvt_engine_prefix() - what the names of its registers begin with: "RCS0". */
const char *gvt_engine_prefix(enum gvt_engine engine);

#endif
