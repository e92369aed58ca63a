/* SPDX-License-Identifier: MIT */
/*
 * Metrics in Prometheus' text format, version 0.0.4.
 *
 * Prometheus keeps each set of labels that it has ever seen. So a vGPU's label is its number, which
 * is used again, and not its UUID: each start of a guest may make a new one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"
#include "xengt/guest/tell/tell.h"

/* Writes a label's value. A guest's name may have quotes and backslashes in it. */
static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '"' || *text == '\\')
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

static void head(FILE *to, const char *name, const char *kind, const char *help)
{
	fprintf(to, "# HELP xengt_%s %s\n# TYPE xengt_%s %s\n", name, help, name, kind);
}

static void put_types(FILE *to, const struct daemon *daemon)
{
	const struct xengt_types *types = &daemon->config.types;

	head(to, "available", "gauge", "How many more vGPUs of a type there can be.");
	for (u32 i = 0; i < types->nr; i++)
		fprintf(to, "xengt_available{type=\"%s\"} %u\n", types->list[i].options.type,
			xengt_instances_available(&daemon->instances, &types->list[i]));
}

/* For each vGPU, 1 if it is in @state, else 0. A label with the state would make a series of
 * each. */
static void put_states(FILE *to, const struct daemon *daemon, const char *name, const char *help,
		       const char *state)
{
	head(to, name, "gauge", help);
	for (const struct xengt_instance *i = daemon->instances.first; i; i = i->next) {
		fprintf(to, "xengt_%s{id=\"%u\",type=\"%s\",domain=\"", name, i->options.id,
			i->options.type);
		put_escaped(to, i->guest ? xengt_keeper_name(i->guest->keeper) : "");
		fprintf(to, "\"} %d\n", !strcmp(describe_state(i), state));
	}
}

static void put_instances(FILE *to, const struct daemon *daemon)
{
	put_states(to, daemon, "vgpu", "A vGPU: 1 while a guest has it and is served.", "running");
	put_states(to, daemon, "vgpu_failed",
		   "1: a guest has the vGPU, and its process is not started again.", "failed");
	head(to, "vgpu_memory_quota_bytes", "gauge", "Graphics memory that a vGPU may have.");
	for (const struct xengt_instance *i = daemon->instances.first; i; i = i->next)
		fprintf(to, "xengt_vgpu_memory_quota_bytes{id=\"%u\"} %llu\n", i->options.id,
			(unsigned long long)MiB((u64)i->options.memory_mib));
}

static void put_memory(FILE *to, const struct daemon *daemon)
{
	head(to, "vgpu_memory_bytes", "gauge",
	     "Graphics memory that a vGPU has: mapped for the GPU, and read by it.");
	for (const struct guest *guest = daemon->guests; guest; guest = guest->next)
		fprintf(to, "xengt_vgpu_memory_bytes{id=\"%u\"} %llu\n",
			guest->instance->options.id,
			(unsigned long long)(process_figures(guest)->used_pages * GVT_PAGE_SIZE));
	head(to, "vgpu_heap_bytes", "gauge",
	     "Of a vGPU's memory, what no GPU reads: copies of tables, indices, counters.");
	for (const struct guest *guest = daemon->guests; guest; guest = guest->next)
		fprintf(to, "xengt_vgpu_heap_bytes{id=\"%u\"} %llu\n", guest->instance->options.id,
			(unsigned long long)process_figures(guest)->heap_bytes);
	head(to, "vgpu_areas", "gauge",
	     "Areas of its process' memory (vm.max_map_count) that a vGPU's mappings take.");
	for (const struct guest *guest = daemon->guests; guest; guest = guest->next)
		fprintf(to, "xengt_vgpu_areas{id=\"%u\"} %llu\n", guest->instance->options.id,
			(unsigned long long)process_figures(guest)->areas);
}

/* A metric's name. Prometheus has time in seconds. */
static const char *metric_of(const struct counter *counter)
{
	return counter->time ? "busy_seconds" : counter->name;
}

static void put_sample(FILE *to, const struct guest *guest, const struct counter *counter)
{
	fprintf(to, "xengt_vgpu_%s_total{id=\"%u\"", metric_of(counter),
		guest->instance->options.id);
	if (counter->of)
		fprintf(to, ",%s=\"%s\"", counter->label, counter->of);
	if (counter->time)
		fprintf(to, "} %llu.%06llu\n", (unsigned long long)(counter->value / 1000000),
			(unsigned long long)(counter->value % 1000000));
	else
		fprintf(to, "} %llu\n", (unsigned long long)counter->value);
}

/* The format wants all samples of a metric together, so counters are the outer loop. */
static void put_counters(FILE *to, const struct daemon *daemon)
{
	const char *last = "";
	struct counter counter;

	for (unsigned int at = 0; daemon->guests && counter_name(at, &counter); at++) {
		if (strcmp(counter.name, last))
			fprintf(to, "# TYPE xengt_vgpu_%s_total counter\n", metric_of(&counter));
		last = counter.name;
		for (const struct guest *guest = daemon->guests; guest; guest = guest->next) {
			counter.value = process_figures(guest)->counters[at];
			put_sample(to, guest, &counter);
		}
	}
}

char *metrics_text(struct daemon *daemon)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	process_count(daemon);
	put_types(to, daemon);
	put_instances(to, daemon);
	put_memory(to, daemon);
	put_counters(to, daemon);
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}
