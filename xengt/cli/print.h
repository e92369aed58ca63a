/* SPDX-License-Identifier: MIT */
/* xengtd's answers as text: tables, or lines. Each function prints one kind to standard output. */
#ifndef XENGT_CLI_PRINT_H
#define XENGT_CLI_PRINT_H

#include <json-c/json.h>

/** print_list() - a table of vGPUs. */
void print_list(struct json_object *vgpus);

/** print_types() - a table of types of vGPU. */
void print_types(struct json_object *types);

/** print_spaces() - a line for each address space, with what a comparison counted, if any. */
void print_spaces(struct json_object *spaces);

/** print_gtt() - address spaces or, if the rows name tables, the translation of an address. */
void print_gtt(struct json_object *rows);

/** print_uuid() - a vGPU's UUID. */
void print_uuid(struct json_object *vgpu);

/** print_schedule() - a vGPU's weight and cap. */
void print_schedule(struct json_object *vgpu);

/** print_engines() - the names of engines, one a line. */
void print_engines(struct json_object *engines);

/** print_text() - a text as it is. */
void print_text(struct json_object *text);

/** print_show() - a vGPU: what it is, its BARs, and counters that are not zero. */
void print_show(struct json_object *vgpu);

/** print_regs() - a table of registers. */
void print_regs(struct json_object *regs);

/** print_sections() - a table of the sections of a vGPU's state files. */
void print_sections(struct json_object *sections);

/** print_pages() - runs of register pages, and whether reading them traps. */
void print_pages(struct json_object *runs);

/** print_event() - a request that was followed; flushed, for it may be the last for long. */
void print_event(struct json_object *event);

#endif
