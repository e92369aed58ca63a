/* SPDX-License-Identifier: MIT */
#include "xengt/cli/print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/types.h"

#define COLUMNS_MAX 16u
#define CELL_MAX    256u

static const char *str(struct json_object *from, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(from, key, &value) || !value)
		return "-";
	return json_object_get_string(value);
}

/* A column of a table: a field of each row. */
struct column {
	const char *title, *key;
	const char *unit; /* behind the value, or "" */
	bool right;	  /* aligned to the right */
};

/* The text of a cell; row 0 is the titles. Returns its length. */
static int cell(char *text, const struct column *column, struct json_object *rows, size_t row)
{
	if (!row)
		return snprintf(text, CELL_MAX, "%s", column->title);
	return snprintf(text, CELL_MAX, "%s%s",
			str(json_object_array_get_idx(rows, row - 1), column->key), column->unit);
}

/* Prints a line of titles, then the rows. A column is as wide as its widest cell. */
static void print_table(struct json_object *rows, const struct column *columns, size_t nr)
{
	size_t lines = json_object_array_length(rows) + 1;
	int width[COLUMNS_MAX] = { 0 };
	char text[CELL_MAX];

	for (size_t i = 0; i < lines; i++)
		for (size_t c = 0; c < nr; c++) {
			int len = cell(text, &columns[c], rows, i);

			width[c] = len > width[c] ? len : width[c];
		}
	for (size_t i = 0; i < lines; i++)
		for (size_t c = 0; c < nr; c++) {
			bool last = c == nr - 1;
			int pad = columns[c].right ? width[c] : last ? 0 : -width[c];

			cell(text, &columns[c], rows, i);
			printf("%*s%s", pad, text, last ? "\n" : "  ");
		}
}

void print_list(struct json_object *vgpus)
{
	static const struct column columns[] = {
		{ "domid", "domid", "", true },	  { "name", "name", "", false },
		{ "slot", "slot", "", false },	  { "aperture", "aperture_mb", " MiB", true },
		{ "fences", "fences", "", true }, { "state", "state", "", false },
		{ "id", "id", "", false },	  { "type", "type", "", false },
		{ "uuid", "uuid", "", false },
	};

	print_table(vgpus, columns, ARRAY_SIZE(columns));
}

void print_types(struct json_object *types)
{
	static const struct column columns[] = {
		{ "type", "type", "", false },
		{ "available", "available", "", true },
		{ "aperture", "aperture_mb", " MiB", true },
		{ "memory", "memory_mb", " MiB", true },
		{ "fences", "fences", "", true },
		{ "weight", "weight", "", true },
		{ "cap", "cap", "", true },
		{ "resolution", "resolution", "", false },
	};

	print_table(types, columns, ARRAY_SIZE(columns));
}

void print_regs(struct json_object *regs)
{
	static const struct column columns[] = {
		{ "offset", "offset", "", false }, { "name", "name", "", false },
		{ "value", "value", "", false },   { "reads", "reads", "", true },
		{ "writes", "writes", "", true },
	};

	print_table(regs, columns, ARRAY_SIZE(columns));
}

void print_sections(struct json_object *sections)
{
	static const struct column columns[] = {
		{ "section", "section", "", false }, { "file", "file", "", false },
		{ "version", "version", "", true },  { "size", "size", "", true },
		{ "in use", "used", "", true },
	};

	print_table(sections, columns, ARRAY_SIZE(columns));
}

static void print_walk(struct json_object *walk)
{
	static const struct column columns[] = {
		{ "table", "table", "", false },	  { "index", "index", "", true },
		{ "guest's entry", "guest", "", false },  { "at", "guest_at", "", false },
		{ "xengt's entry", "shadow", "", false }, { "at", "shadow_at", "", false },
	};

	print_table(walk, columns, ARRAY_SIZE(columns));
}

void print_spaces(struct json_object *spaces)
{
	for (size_t i = 0; i < json_object_array_length(spaces); i++) {
		struct json_object *one = json_object_array_get_idx(spaces, i), *entries;

		printf("%-10s", str(one, "space"));
		if (json_object_object_get_ex(one, "root", &entries))
			printf(" root %s, %s levels", json_object_get_string(entries),
			       str(one, "levels"));
		if (json_object_object_get_ex(one, "entries", &entries))
			printf("%s%s entries in %s tables, as they should be",
			       strcmp(str(one, "number"), "0") ? ": " : " ",
			       json_object_get_string(entries), str(one, "tables"));
		putchar('\n');
	}
}

/* Prints address spaces or, if the rows name tables, an address's translation. */
void print_gtt(struct json_object *rows)
{
	if (json_object_object_get_ex(json_object_array_get_idx(rows, 0), "table", NULL))
		print_walk(rows);
	else
		print_spaces(rows);
}

void print_uuid(struct json_object *v)
{
	puts(str(v, "uuid"));
}

void print_schedule(struct json_object *v)
{
	printf("weight %s, cap %s\n", str(v, "weight"), str(v, "cap"));
}

void print_engines(struct json_object *engines)
{
	for (size_t i = 0; i < json_object_array_length(engines); i++)
		puts(json_object_get_string(json_object_array_get_idx(engines, i)));
}

void print_text(struct json_object *text)
{
	fputs(json_object_get_string(text), stdout);
}

/* Prints counters that are not zero, and those of groups within, with the group's name in front. */
static bool print_counters(struct json_object *group, const char *within)
{
	bool any = false;

	json_object_object_foreach(group, name, value)
	{
		if (json_object_is_type(value, json_type_object)) {
			any |= print_counters(value, name);
		} else if (json_object_get_uint64(value)) {
			printf(" %s%s%s %s", within, *within ? "." : "", name,
			       json_object_get_string(value));
			any = true;
		}
	}
	return any;
}

static void print_group(struct json_object *from, const char *key)
{
	struct json_object *group;

	if (!json_object_object_get_ex(from, key, &group))
		return;
	printf("%s:", key);
	puts(print_counters(group, "") ? "" : " none");
}

void print_show(struct json_object *v)
{
	struct json_object *bars;

	printf("%s (domain %s): vGPU at 00:%s, %s\n", str(v, "name"), str(v, "domid"),
	       str(v, "slot") + 3, str(v, "state"));
	printf("type %s, id %s, uuid %s, weight %s, cap %s\n", str(v, "type"), str(v, "id"),
	       str(v, "uuid"), str(v, "weight"), str(v, "cap"));
	printf("vCPUs %s, ioreq server %s, aperture %s MiB, fences %s\n", str(v, "vcpus"),
	       str(v, "ioreq_server"), str(v, "aperture_mb"), str(v, "fences"));
	if (json_object_object_get_ex(v, "bars", &bars)) {
		for (size_t i = 0; i < json_object_array_length(bars); i++) {
			struct json_object *bar = json_object_array_get_idx(bars, i);
			bool on = !strcmp(str(bar, "decoded"), "true");

			printf("BAR%s: %s%s, %s bytes, %s\n", str(bar, "bar"), on ? "at " : "",
			       on ? str(bar, "address") : "not decoded", str(bar, "size"),
			       str(bar, "path"));
		}
	}
	print_group(v, "traps");
	print_group(v, "requests");
	print_group(v, "execution");
	print_group(v, "tables");
	print_group(v, "notifications");
	print_group(v, "memory");
}

void print_pages(struct json_object *runs)
{
	for (size_t i = 0; i < json_object_array_length(runs); i++) {
		struct json_object *run = json_object_array_get_idx(runs, i);

		printf("%-8s to %-8s  reads %s\n", str(run, "from"), str(run, "to"),
		       !strcmp(str(run, "reads"), "trap") ? "trap" : "go to memory");
	}
}

void print_event(struct json_object *event)
{
	struct json_object *name;

	printf("vcpu %s %-6s %-5s %s bytes %s", str(event, "vcpu"), str(event, "kind"),
	       str(event, "dir"), str(event, "size"), str(event, "addr"));
	if (json_object_object_get_ex(event, "register", &name))
		printf(" %s", json_object_get_string(name));
	printf(" = %s", str(event, "data"));
	if (json_object_object_get_ex(event, "count", &name))
		printf(" x%s", json_object_get_string(name));
	if (json_object_object_get_ex(event, "indirect", &name))
		printf(" (guest memory)");
	if (strcmp(str(event, "lost"), "0"))
		printf(" [%s lost so far]", str(event, "lost"));
	putchar('\n');
	fflush(stdout);
}
