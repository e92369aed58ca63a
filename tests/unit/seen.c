/* SPDX-License-Identifier: MIT */
/* Execution as seen from outside, and shares of the GPU that change while a guest runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/cli/top.h"
#include "xengt/control/json.h"
#include "xengt/daemon/clients.h"
#include "xengt/daemon/process.h"
#include "xengt/settings/log.h"

#define ELSP(base) ((base) + 0x230u)
#define BCS_BASE   0x22000u
#define VCS_BASE   0x12000u

static struct json_object *ask(struct rig *r, const char *line)
{
	struct json_object *answer = command_obey(&r->daemon, NULL, line), *ok;

	ck_assert(json_object_object_get_ex(answer, "ok", &ok));
	ck_assert_msg(json_object_get_boolean(ok), "%s", line);
	return answer;
}

/* A submission that no driver makes: two empty descriptors. */
static void submit_nothing(struct rig *r, unsigned int at, u32 base)
{
	for (int i = 0; i < 4; i++)
		daemon_rig_write_reg(r, at, ELSP(base), 0);
}

/* Submissions of a guest are refused. Files, metrics and commands agree on that. */
START_TEST(refused)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer, *vgpu, *execution, *of, *value;
	char *text;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	daemon_rig_place(r, 0);
	submit_nothing(r, 0, BCS_BASE);
	submit_nothing(r, 0, BCS_BASE);
	submit_nothing(r, 0, VCS_BASE);

	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/submissions"), "3\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/refused_descriptor"), "3\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/refused_ring"), "0\n");
	/* The second submission to the same engine found it hung already. */
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/hangs"), "2\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/run_us_bcs0"), "0\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm22/counters/submissions"), "0\n");

	text = metrics_text(&r->daemon);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "\",reason=\"descriptor\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n# TYPE xengt_vgpu_hangs_total counter\n"));
	/* The samples of a metric follow each other after one head. */
	ck_assert_ptr_null(strstr(strstr(text, "# TYPE xengt_vgpu_refused_total counter") + 1,
				  "# TYPE xengt_vgpu_refused_total"));
	free(text);

	answer = ask(r, "{\"cmd\":\"show\",\"vgpu\":\"21\"}");
	ck_assert(json_object_object_get_ex(answer, "vgpu", &vgpu));
	ck_assert(json_object_object_get_ex(vgpu, "execution", &execution));
	ck_assert(json_object_object_get_ex(execution, "refused", &of));
	ck_assert(json_object_object_get_ex(of, "descriptor", &value));
	ck_assert_int_eq(json_object_get_int(value), 3);
	ck_assert(json_object_object_get_ex(execution, "run_us", &of));
	ck_assert(json_object_object_get_ex(of, "vecs0", &value));
	json_object_put(answer);
	daemon_rig_free(r);
}
END_TEST

/* The log names the guest, and only once. */
START_TEST(logged)
{
	struct rig *r = daemon_rig_new();
	FILE *file = tmpfile();
	char text[1024], *at;
	size_t len;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_place(r, 0);
	unsetenv("JOURNAL_STREAM");
	ck_assert_int_eq(dup2(fileno(file), 2), 2);
	xengt_log_level(XENGT_INFO);
	submit_nothing(r, 0, BCS_BASE);
	submit_nothing(r, 0, BCS_BASE);
	submit_nothing(r, 0, VCS_BASE);
	xengt_log_level(0);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	at = strstr(text, " (domain 21): bcs0 stands still (a bad descriptor): ");
	ck_assert_msg(at != NULL, "%s", text);
	ck_assert_str_eq(strchr(at, '\n'), "\n");
	fclose(file);
	daemon_rig_free(r);
}
END_TEST

/* Time on an engine: in microseconds in a file, in seconds for Prometheus. */
START_TEST(busy)
{
	struct rig *r = daemon_rig_new();
	char *text;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_vgpu(r, 0)->vgpu->exec->engine[GVT_VCS0].client.run_ns = 12000345678;
	daemon_rig_vgpu(r, 0)->vgpu->exec->engine[GVT_BCS0].client.timesliced = 7;
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/run_us_vcs0"), "12000345\n");
	ck_assert_str_eq(daemon_rig_read(r, "vm21/counters/timesliced_bcs0"), "7\n");
	text = metrics_text(&r->daemon);
	ck_assert_ptr_nonnull(strstr(text, "\n# TYPE xengt_vgpu_busy_seconds_total counter\n"));
	ck_assert_ptr_nonnull(strstr(text, ",engine=\"vcs0\"} 12.000345\n"));
	ck_assert_ptr_nonnull(strstr(text, ",engine=\"bcs0\"} 7\n"));
	free(text);
	daemon_rig_free(r);
}
END_TEST

/* The metrics with their labels and without values. The caller frees the text. */
static char *labels(struct rig *r)
{
	char *text = metrics_text(&r->daemon), *to = text;

	for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
		const char *end = strchr(line, '}');

		if (*line == '#')
			continue;
		memmove(to, line, end + 1 - line);
		to += end + 1 - line;
		*to++ = '\n';
	}
	*to = '\0';
	return text;
}

/* Whether each line of @these is in @those. */
static bool within(const char *these, const char *those)
{
	for (const char *next; *these; these = next) {
		char line[256];

		next = these + strcspn(these, "\n") + 1;
		snprintf(line, sizeof(line), "%.*s", (int)(next - these), these);
		if (!strstr(those, line))
			return false;
	}
	return true;
}

/* Neither starting a guest again nor the state of its vGPU makes new sets of labels. */
START_TEST(same_labels)
{
	struct rig *r = daemon_rig_new();
	char *first, *next;

	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	first = labels(r);
	for (unsigned int i = 0; i < 4; i++) {
		if (i < 3) {
			daemon_rig_detach(r, daemon_find_domid(&r->daemon, FIRST_DOMID + i % 2));
			ck_assert_int_eq(daemon_rig_attach(r, i % 2, ""), 0);
		} else {
			process_end(daemon_find_domid(&r->daemon, FIRST_DOMID));
		}
		next = labels(r);
		ck_assert_uint_eq(strlen(next), strlen(first));
		ck_assert(within(next, first));
		free(next);
	}
	next = metrics_text(&r->daemon);
	ck_assert_ptr_nonnull(strstr(next, "\nxengt_vgpu_failed{id=\"1\","));
	ck_assert_ptr_nonnull(strstr(next, "domain=\"?\"} 1\n"));
	free(next);
	free(first);
	daemon_rig_free(r);
}
END_TEST

static struct json_object *load(const char *uuid, u64 run_us, u64 submissions, u64 hangs)
{
	struct json_object *all = json_object_new_array(), *one = json_object_new_object();

	put_u64(one, "domid", 21);
	put_str(one, "name", "guest");
	put_str(one, "type", V5_8);
	put_str(one, "state", "running");
	put_str(one, "uuid", uuid);
	put_u64(one, "run_us_bcs0", run_us);
	put_u64(one, "submissions", submissions);
	put_u64(one, "mmio_write", 2 * submissions);
	put_u64(one, "hangs", hangs);
	put_u64(one, "used_kib", 3000);
	json_object_array_add(all, one);
	return all;
}

/* Lines of top, with each run of blanks made one. */
static const char *top(struct json_object *is, struct json_object *was)
{
	static char text[1024];
	size_t len = 0;
	FILE *to = fmemopen(text, sizeof(text), "w");

	top_print(is, was, 2, to);
	fclose(to);
	for (size_t i = 0; text[i]; i++)
		if (text[i] != ' ' || (len && text[len - 1] != ' '))
			text[len++] = text[i];
	text[len] = '\0';
	return strchr(text, '\n') + 1;
}

START_TEST(on_top)
{
	struct json_object *first = load(UUID_A, 5000000, 100, 1);
	struct json_object *second = load(UUID_A, 6500000, 180, 3), *other = load(UUID_B, 9, 9, 0);

	/* 1.5 s of 2 s, 80 submissions in 2 s. */
	ck_assert_str_eq(top(second, first),
			 " 21 guest " V5_8 " running 0 75 0 0 40 0 0 80 0 0 0 3 0 3\n");
	ck_assert_str_eq(top(first, NULL),
			 " 21 guest " V5_8 " running 0 0 0 0 0 0 0 0 0 0 0 1 0 3\n");
	/* Another vGPU, and counters that a new daemon started again from zero. */
	ck_assert_str_eq(top(other, first),
			 " 21 guest " V5_8 " running 0 0 0 0 0 0 0 0 0 0 0 0 0 3\n");
	ck_assert_str_eq(top(first, second),
			 " 21 guest " V5_8 " running 0 0 0 0 0 0 0 0 0 0 0 1 0 3\n");
	json_object_put(first);
	json_object_put(second);
	json_object_put(other);
}
END_TEST

/* ---- shares ---- */

/* The share that the scheduler uses on each engine. */
static void check_share(struct rig *r, unsigned int at, u32 weight, u32 cap)
{
	struct guest *guest = daemon_find_domid(&r->daemon, FIRST_DOMID + at);

	daemon_rig_settle(r, at);
	for (int i = 0; i < GVT_NR_ENGINES; i++) {
		ck_assert_uint_eq(daemon_rig_vgpu(r, at)->vgpu->exec->engine[i].client.weight,
				  weight);
		ck_assert_uint_eq(daemon_rig_vgpu(r, at)->vgpu->exec->engine[i].client.cap, cap);
	}
	ck_assert_uint_eq(guest->instance->options.weight, weight);
	ck_assert_uint_eq(guest->instance->options.cap, cap);
}

START_TEST(share_at_once)
{
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(daemon_rig_attach(r, 0, "type=" V5_8), 0);
	check_share(r, 0, 2, 0);
	ck_assert_int_eq(daemon_rig_write(r, "vm21/schedule/weight", "11\n"), 0);
	check_share(r, 0, 11, 0);
	ck_assert_int_eq(daemon_rig_write(r, "vm21/schedule/cap", "40"), 0);
	check_share(r, 0, 11, 40);
	json_object_put(ask(r, "{\"cmd\":\"schedule\",\"vgpu\":\"21\",\"weight\":\"5\"}"));
	check_share(r, 0, 5, 40);
	ck_assert_str_eq(daemon_rig_read(r, "vm21/schedule/weight"), "5\n");
	/* The vGPU keeps it with another daemon. */
	daemon_rig_restart(r);
	check_share(r, 0, 5, 40);
	daemon_rig_free(r);
}
END_TEST

START_TEST(schedule_command)
{
	static const struct {
		const char *line;
		int err;
		u32 weight, cap;
	} cases[] = {
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"" UUID_A "\"}", 0, 2, 0 },
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"" UUID_A "\",\"weight\":\"16\"}", 0, 16, 0 },
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"" UUID_A "\",\"weight\":\"1\",\"cap\":\"100\"}",
		  0, 1, 100 },
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"" UUID_A "\",\"weight\":\"17\"}", EINVAL, 1,
		  100 },
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"" UUID_A "\",\"weight\":\"3\",\"cap\":\"-1\"}",
		  EINVAL, 1, 100 },
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"" UUID_B "\"}", ENOENT, 1, 100 },
		{ "{\"cmd\":\"schedule\"}", ENOENT, 1, 100 },
	};
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(daemon_rig_write(r, "mdev_supported_types/" V5_8 "/create", UUID_A), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_object *answer = command_obey(&r->daemon, NULL, cases[i].line), *err;
		int is = json_object_object_get_ex(answer, "errno", &err) ? json_object_get_int(err)
									  : 0;

		ck_assert_msg(is == cases[i].err, "%s: %d", cases[i].line, is);
		ck_assert_uint_eq(r->daemon.instances.first->options.weight, cases[i].weight);
		ck_assert_uint_eq(r->daemon.instances.first->options.cap, cases[i].cap);
		json_object_put(answer);
	}
	/* The vGPU's next guest gets it. */
	ck_assert_int_eq(daemon_rig_attach(r, 2, "uuid=" UUID_A), 0);
	check_share(r, 2, 1, 100);
	daemon_rig_free(r);
}
END_TEST

/* Settings are read again: a vGPU follows its type's share, unless it has a share of its own. */
START_TEST(share_of_type)
{
	struct rig *r = daemon_rig_new();
	char path[64];
	FILE *file;

	ck_assert_int_eq(daemon_rig_attach(r, 0, "type=" V5_8), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, "type=" V5_8 ",weight=9"), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 2, "type=" V5_1), 0);
	snprintf(path, sizeof(path), "%s/conf", r->dir);
	file = fopen(path, "w");
	fputs("[type " V5_8 "]\nweight = 4\ncap = 30\n", file);
	fclose(file);
	r->daemon.config_file = path;
	ck_assert_int_eq(daemon_reload(&r->daemon, r->why, sizeof(r->why)), 0);
	check_share(r, 0, 4, 30);
	check_share(r, 1, 9, 30);
	check_share(r, 2, 16, 0);
	/* Settings with a mistake change nothing. Without any, the built-in share is back. */
	file = fopen(path, "w");
	fputs("[type " V5_8 "]\nweight = 5\n[type " V5_1 "]\nweight = 99\n", file);
	fclose(file);
	ck_assert_int_eq(daemon_reload(&r->daemon, r->why, sizeof(r->why)), -EINVAL);
	check_share(r, 0, 4, 30);
	ck_assert_int_eq(unlink(path), 0);
	r->daemon.config_file = "/dev/null";
	ck_assert_int_eq(daemon_reload(&r->daemon, r->why, sizeof(r->why)), 0);
	check_share(r, 0, 2, 0);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_seen(void)
{
	const TTest *const tests[] = { refused,		 logged,       busy,
				       on_top,		 same_labels,  share_at_once,
				       schedule_command, share_of_type };

	return unit_suite("seen", tests, ARRAY_SIZE(tests));
}
