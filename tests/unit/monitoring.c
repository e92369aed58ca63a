/* SPDX-License-Identifier: MIT */
/* The dashboard and the alerts that are shipped name only metrics and labels that exist. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon_rig.h"

/* The daemon's metrics while there is a vGPU. */
static char *all_metrics(struct rig *r)
{
	char *text;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	text = metrics_text(&r->daemon);
	ck_assert_ptr_nonnull(text);
	return text;
}

static bool has_metric(const char *metrics, const char *name)
{
	char sample[96];

	snprintf(sample, sizeof(sample), "\n%s{", name);
	return strstr(metrics, sample);
}

static bool has_label(const char *metrics, const char *name)
{
	char sample[2][96];

	snprintf(sample[0], sizeof(sample[0]), "{%s=\"", name);
	snprintf(sample[1], sizeof(sample[1]), ",%s=\"", name);
	return strstr(metrics, sample[0]) || strstr(metrics, sample[1]);
}

/* The next name in @at, which moves behind it. Quoted text holds no names. NULL: no more. */
static const char *next_name(const char **at, char name[64])
{
	size_t len = 0;

	while (**at && !islower((unsigned char)**at)) {
		if (**at == '"')
			*at += 1 + strcspn(*at + 1, "\"");
		*at += **at != '\0';
	}
	while (islower((unsigned char)(*at)[len]) || isdigit((unsigned char)(*at)[len]) ||
	       (*at)[len] == '_')
		len++;
	ck_assert_uint_lt(len, 64);
	memcpy(name, *at, len);
	name[len] = '\0';
	*at += len;
	return len ? name : NULL;
}

/* In an expression, labels are in parentheses after these words, or before an equals sign. */
static void check_labels(const char *metrics, const char *expr)
{
	static const char *const before[] = { " by (", " on (", "group_left (" };
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		for (const char *at = expr; (at = strstr(at, before[i]));) {
			char list[128];
			const char *rest = list;

			at += strlen(before[i]);
			snprintf(list, sizeof(list), "%.*s", (int)strcspn(at, ")"), at);
			while (next_name(&rest, name))
				ck_assert_msg(has_label(metrics, name), "label %s: %s", name, expr);
		}
	for (const char *at = expr; next_name(&at, name);)
		if (*at == '=' || !strncmp(at, "!=", 2) || !strncmp(at, "!~", 2))
			ck_assert_msg(has_label(metrics, name), "label %s: %s", name, expr);
}

/* Returns how many of our metrics the expression names. */
static unsigned int check_expr(const char *metrics, const char *expr)
{
	unsigned int nr = 0;
	char name[64];

	for (const char *at = expr; next_name(&at, name);) {
		if (strncmp(name, "xengt_", 6))
			continue;
		ck_assert_msg(has_metric(metrics, name), "metric %s: %s", name, expr);
		nr++;
	}
	check_labels(metrics, expr);
	return nr;
}

START_TEST(dashboard)
{
	struct json_object *all = json_object_from_file(TOP_SRCDIR "/monitoring/dashboard.json");
	struct json_object *panels, *targets, *value;
	struct rig *r = daemon_rig_new();
	char *metrics = all_metrics(r), name[64];

	ck_assert_ptr_nonnull(all);
	ck_assert(json_object_object_get_ex(all, "panels", &panels));
	ck_assert_uint_gt(json_object_array_length(panels), 5);
	for (size_t i = 0; i < json_object_array_length(panels); i++) {
		ck_assert(json_object_object_get_ex(json_object_array_get_idx(panels, i), "targets",
						    &targets));
		ck_assert_uint_gt(json_object_array_length(targets), 0);
		for (size_t t = 0; t < json_object_array_length(targets); t++) {
			struct json_object *target = json_object_array_get_idx(targets, t);
			const char *at;

			ck_assert(json_object_object_get_ex(target, "expr", &value));
			ck_assert_uint_gt(check_expr(metrics, json_object_get_string(value)), 0);
			ck_assert(json_object_object_get_ex(target, "legendFormat", &value));
			for (at = json_object_get_string(value); (at = strstr(at, "{{"));)
				ck_assert_msg(has_label(metrics, next_name(&at, name)), "%s", name);
		}
	}
	json_object_put(all);
	free(metrics);
	daemon_rig_free(r);
}
END_TEST

START_TEST(alerts)
{
	FILE *file = fopen(TOP_SRCDIR "/monitoring/alerts.yml", "r");
	struct rig *r = daemon_rig_new();
	char *metrics = all_metrics(r), line[512], name[64];
	unsigned int nr = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		const char *expr = strstr(line, "expr: "), *at = line;

		if (expr) {
			ck_assert_uint_gt(check_expr(metrics, expr + strlen("expr: ")), 0);
			nr++;
		}
		while ((at = strstr(at, "$labels."))) {
			at += strlen("$labels.");
			ck_assert_msg(has_label(metrics, next_name(&at, name)), "%s", line);
		}
	}
	ck_assert_uint_gt(nr, 3);
	fclose(file);
	free(metrics);
	daemon_rig_free(r);
}
END_TEST

/* The checks above do find mistakes. */
START_TEST(checks_find)
{
	const char metrics[] = "\nxengt_a{uuid=\"1\",kind=\"x\"} 1\nxengt_b{uuid=\"1\"} 2\n";
	const char *at = "  rate(xengt_a{kind=~\"no_name\"}[5m])";
	char name[64];

	ck_assert_uint_eq(check_expr(metrics, "sum by (kind) (xengt_a{uuid=\"z\"}) / xengt_b"), 2);
	ck_assert(!has_metric(metrics, "xengt_"));
	ck_assert(!has_metric(metrics, "xengt_c"));
	ck_assert(!has_label(metrics, "ind"));
	ck_assert_str_eq(next_name(&at, name), "rate");
	ck_assert_str_eq(next_name(&at, name), "xengt_a");
	ck_assert_str_eq(next_name(&at, name), "kind");
	ck_assert_str_eq(next_name(&at, name), "m");
	ck_assert_ptr_null(next_name(&at, name));
}
END_TEST

Suite *suite_monitoring(void)
{
	const TTest *const tests[] = { dashboard, alerts, checks_find };

	return unit_suite("monitoring", tests, ARRAY_SIZE(tests));
}
