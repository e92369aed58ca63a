/* SPDX-License-Identifier: MIT */
#include "xengt/cli/top.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/types.h"

/* The columns: each shows the sum of some counters, as a rate or so far. */
static const struct {
	const char *title;
	enum { PER_SECOND, PERCENT, SO_FAR, MIB } what;
	int width;
	const char *counters[2];
} columns[] = {
	{ "rcs0%", PERCENT, 5, { "run_us_rcs0" } },
	{ "bcs0%", PERCENT, 5, { "run_us_bcs0" } },
	{ "vcs0%", PERCENT, 5, { "run_us_vcs0" } },
	{ "vecs0%", PERCENT, 6, { "run_us_vecs0" } },
	{ "submits", PER_SECOND, 7, { "submissions" } },
	{ "requests", PER_SECOND, 8, { "requests" } },
	{ "reads", PER_SECOND, 6, { "mmio_read", "cfg_read" } },
	{ "writes", PER_SECOND, 6, { "mmio_write", "cfg_write" } },
	{ "ggtt", PER_SECOND, 6, { "ggtt_read", "ggtt_write" } },
	{ "tracked", PER_SECOND, 7, { "tracked_write" } },
	{ "msi", PER_SECOND, 6, { "msi" } },
	{ "hangs", SO_FAR, 5, { "hangs" } },
	{ "resets", SO_FAR, 6, { "resets" } },
	{ "MiB", MIB, 5, { "used_kib" } },
};

static const char *text_of(struct json_object *from, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(from, key, &value) && value ? json_object_get_string(value)
								     : "-";
}

static u64 sum(struct json_object *vgpu, size_t column)
{
	u64 all = 0;

	for (size_t i = 0; i < 2 && columns[column].counters[i]; i++) {
		struct json_object *value;

		if (json_object_object_get_ex(vgpu, columns[column].counters[i], &value))
			all += json_object_get_uint64(value);
	}
	return all;
}

/* Finds the vGPU in the previous answer; NULL: it is new. */
static struct json_object *before(struct json_object *vgpus, const char *uuid)
{
	for (size_t i = 0; vgpus && i < json_object_array_length(vgpus); i++) {
		struct json_object *vgpu = json_object_array_get_idx(vgpus, i);

		if (!strcmp(text_of(vgpu, "uuid"), uuid))
			return vgpu;
	}
	return NULL;
}

/* @old: the vGPU @seconds before. Counters are lower than before if its process was restarted. */
static double value_of(struct json_object *vgpu, struct json_object *old, size_t column,
		       double seconds)
{
	u64 is = sum(vgpu, column), was = old ? sum(old, column) : 0;

	if (columns[column].what == SO_FAR)
		return (double)is;
	if (columns[column].what == MIB)
		return (double)is / 1024;
	if (!old || is < was)
		return 0;
	return (double)(is - was) / seconds / (columns[column].what == PERCENT ? 10000 : 1);
}

void top_print(struct json_object *vgpus, struct json_object *was, double seconds, FILE *to)
{
	fprintf(to, "%5s  %-16s  %-16s  %-7s", "domid", "name", "type", "state");
	for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
		fprintf(to, "  %*s", columns[c].width, columns[c].title);
	fputc('\n', to);
	for (size_t i = 0; i < json_object_array_length(vgpus); i++) {
		struct json_object *vgpu = json_object_array_get_idx(vgpus, i);
		struct json_object *old = before(was, text_of(vgpu, "uuid"));

		fprintf(to, "%5s  %-16s  %-16s  %-7s", text_of(vgpu, "domid"),
			text_of(vgpu, "name"), text_of(vgpu, "type"), text_of(vgpu, "state"));
		for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
			fprintf(to, "  %*.0f", columns[c].width, value_of(vgpu, old, c, seconds));
		fputc('\n', to);
	}
	fflush(to);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int top_run(struct xengt_client *client)
{
	struct json_object *was = NULL, *answer, *vgpus;
	double at, last = 0;
	char why[512];

	for (;;) {
		struct json_object *request = json_object_new_object();

		json_object_object_add(request, "cmd", json_object_new_string("load"));
		answer = xengt_client_ask(client, request, 60000, why, sizeof(why));
		if (!answer || !json_object_object_get_ex(answer, "vgpus", &vgpus))
			break;
		at = now();
		/* On a terminal each second takes the place of the one before. */
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
		top_print(vgpus, was, at - last, stdout);
		last = at;
		json_object_put(was);
		was = json_object_get(vgpus);
		json_object_put(answer);
		sleep(1);
	}
	fprintf(stderr, "xengt: %s\n", answer ? "xengtd is of another version" : why);
	json_object_put(answer);
	json_object_put(was);
	return 1;
}
