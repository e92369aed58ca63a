/* SPDX-License-Identifier: MIT */
#include "xengt/top.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/types.h"

/* A column: the counters that it sums, and its title. */
static const struct {
	const char *title, *counters[2];
} columns[] = {
	{ "requests", { "requests" } },
	{ "reads", { "mmio_read", "cfg_read" } },
	{ "writes", { "mmio_write", "cfg_write" } },
	{ "ggtt", { "ggtt_read", "ggtt_write" } },
	{ "tracked", { "tracked_write" } },
	{ "msi", { "msi" } },
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

/* The same vGPU a moment ago; NULL: it is new. */
static struct json_object *before(struct json_object *vgpus, const char *uuid)
{
	for (size_t i = 0; vgpus && i < json_object_array_length(vgpus); i++) {
		struct json_object *vgpu = json_object_array_get_idx(vgpus, i);

		if (!strcmp(text_of(vgpu, "uuid"), uuid))
			return vgpu;
	}
	return NULL;
}

static void print(struct json_object *vgpus, struct json_object *was, double seconds)
{
	/* On a terminal each second takes the place of the one before. */
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[J", stdout);
	printf("%5s  %-20s  %-16s  %-7s", "domid", "name", "type", "state");
	for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
		printf("  %8s", columns[c].title);
	putchar('\n');
	for (size_t i = 0; i < json_object_array_length(vgpus); i++) {
		struct json_object *vgpu = json_object_array_get_idx(vgpus, i);
		struct json_object *old = before(was, text_of(vgpu, "uuid"));

		printf("%5s  %-20s  %-16s  %-7s", text_of(vgpu, "domid"), text_of(vgpu, "name"),
		       text_of(vgpu, "type"), text_of(vgpu, "state"));
		for (size_t c = 0; c < ARRAY_SIZE(columns); c++)
			printf("  %8.0f", old ? (double)(sum(vgpu, c) - sum(old, c)) / seconds : 0);
		putchar('\n');
	}
	fflush(stdout);
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
		print(vgpus, was, at - last);
		last = at;
		json_object_put(was);
		was = json_object_get(vgpus);
		json_object_put(answer);
		sleep(1);
	}
	fprintf(stderr, "xengt: %s\n", answer ? "the daemon is of another version" : why);
	json_object_put(answer);
	json_object_put(was);
	return 1;
}
