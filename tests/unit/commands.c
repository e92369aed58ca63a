/* SPDX-License-Identifier: MIT */
/* What the control socket answers, and that the tree of files says the same. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"
#include "xengt/daemon/clients.h"
#include "xengt/xen/state.h"

/*
 * Sends a command and expects errno @err (0: none), and @why if that is not NULL. The caller frees
 * the answer.
 */
static struct json_object *ask(struct rig *r, const char *line, int err, const char *why)
{
	struct json_object *answer = command_obey(&r->daemon, NULL, line), *value;

	ck_assert_msg(json_object_object_get_ex(answer, "ok", &value), "%s", line);
	ck_assert_msg(json_object_get_boolean(value) == !err, "%s", line);
	if (err) {
		ck_assert(json_object_object_get_ex(answer, "errno", &value));
		ck_assert_msg(json_object_get_int(value) == err, "%s: %d", line,
			      json_object_get_int(value));
		ck_assert(json_object_object_get_ex(answer, "error", &value));
		if (why)
			ck_assert_str_eq(json_object_get_string(value), why);
	}
	return answer;
}

static void told(struct rig *r, const char *line, int err, const char *why)
{
	json_object_put(ask(r, line, err, why));
}

/* Member @key of element @at of the array @field of an answer, as text; "-" for null. */
static const char *member(struct json_object *answer, const char *field, size_t at, const char *key)
{
	struct json_object *list, *value;

	ck_assert(json_object_object_get_ex(answer, field, &list));
	ck_assert_uint_lt(at, json_object_array_length(list));
	ck_assert(json_object_object_get_ex(json_object_array_get_idx(list, at), key, &value));
	return value ? json_object_get_string(value) : "-";
}

START_TEST(life)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer;

	r->daemon.config.max_vgpus = 9;
	told(r, "{\"cmd\":\"create\",\"type\":\"" V5_8 "\",\"uuid\":\"" UUID_A "\"}", 0, NULL);
	told(r, "{\"cmd\":\"attach\",\"domain\":\"22\",\"options\":\"type=" V5_1 "\"}", 0, NULL);

	answer = ask(r, "{\"cmd\":\"list\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "vgpus", 0, "uuid"), UUID_A);
	ck_assert_str_eq(member(answer, "vgpus", 0, "domid"), "-");
	ck_assert_str_eq(member(answer, "vgpus", 0, "state"), "free");
	ck_assert_str_eq(member(answer, "vgpus", 1, "domid"), "22");
	ck_assert_str_eq(member(answer, "vgpus", 1, "type"), V5_1);
	ck_assert_str_eq(daemon_rig_read(r, "vm22/vgpu_id"), "2\n");
	json_object_put(answer);

	/* A vGPU without a guest does nothing. */
	answer = ask(r, "{\"cmd\":\"load\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "vgpus", 0, "domid"), "22");
	ck_assert_str_eq(member(answer, "vgpus", 0, "requests"), "0");
	json_object_put(answer);

	answer = ask(r, "{\"cmd\":\"types\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "types", 3, "type"), V5_8);
	ck_assert_str_eq(member(answer, "types", 3, "available"), "7");
	ck_assert_str_eq(daemon_rig_read(r, "mdev_supported_types/" V5_8 "/available_instances"),
			 "7\n");
	json_object_put(answer);

	told(r, "{\"cmd\":\"attach\",\"domain\":\"21\",\"options\":\"uuid=" UUID_A "\"}", 0, NULL);
	told(r, "{\"cmd\":\"remove\",\"uuid\":\"" UUID_A "\"}", EBUSY, "a guest has vGPU " UUID_A);
	ck_assert_int_eq(daemon_rig_write(r, UUID_A "/remove", "1"), -EBUSY);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"21\"}", 0, NULL);
	told(r, "{\"cmd\":\"detach\",\"vgpu\":\"21\"}", 0, NULL);
	ck_assert_uint_eq(daemon_rig_ino(r, "vm21"), 0);
	/* Created by the socket, removed by the tree. */
	ck_assert_int_eq(daemon_rig_write(r, UUID_A "/remove", "1"), 0);
	told(r, "{\"cmd\":\"remove\",\"uuid\":\"" UUID_A "\"}", ENOENT,
	     "there is no vGPU '" UUID_A "'");
	daemon_rig_free(r);
}
END_TEST

static void rename_to(struct rig *r, const char *name)
{
	ck_assert(xs_write(xengt_store_handle(r->daemon.dom0.store), XBT_NULL,
			   "/local/domain/22/name", name, strlen(name)));
}

/* A guest goes by its present name, even if the daemon has not been told of it yet. */
/* The sections of both files. What a process writes into its file's directory is not shown. */
START_TEST(sections)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer, *list;
	char path[300];
	size_t nr;
	int fd;

	told(r, "{\"cmd\":\"attach\",\"domain\":\"21\"}", 0, NULL);
	answer = ask(r, "{\"cmd\":\"state\",\"vgpu\":\"21\"}", 0, NULL);
	ck_assert(json_object_object_get_ex(answer, "sections", &list));
	nr = json_object_array_length(list);
	ck_assert_uint_eq(nr, r->daemon.dom0.state_kind.nr + xengt_kept_kind.nr);
	ck_assert_str_eq(member(answer, "sections", 0, "section"), "device");
	ck_assert_str_eq(member(answer, "sections", 0, "file"), "vgpu");
	ck_assert_str_eq(member(answer, "sections", 0, "version"), "1");
	ck_assert_str_eq(member(answer, "sections", 0, "size"),
			 member(answer, "sections", 0, "used"));
	/* Nobody tracks pages: of their list there is its head alone. */
	ck_assert_str_eq(member(answer, "sections", nr - 4, "section"), "tracked");
	ck_assert_str_eq(member(answer, "sections", nr - 4, "used"), "8");
	ck_assert_str_eq(member(answer, "sections", nr - 1, "section"), "aliases");
	ck_assert_str_eq(member(answer, "sections", nr - 1, "file"), "kept");
	json_object_put(answer);

	snprintf(path, sizeof(path), "%s/21" XENGT_STATE_SUFFIX, r->daemon.config.state_dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "\033[2J", 5, sizeof(struct xengt_file_head)), 5);
	close(fd);
	told(r, "{\"cmd\":\"state\",\"vgpu\":\"21\"}", EPROTO,
	     "it is damaged: the checksum of its directory does not fit");
	told(r, "{\"cmd\":\"state\",\"vgpu\":\"99\"}", ENOENT, "no vGPU of a domain '99'");
	daemon_rig_free(r);
}
END_TEST

START_TEST(renamed)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer;

	rename_to(r, "one");
	told(r, "{\"cmd\":\"attach\",\"domain\":\"one\",\"options\":\"\"}", 0, NULL);
	rename_to(r, "two");
	daemon_on_xenstore(&r->daemon);
	answer = ask(r, "{\"cmd\":\"list\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "vgpus", 0, "name"), "two");
	json_object_put(answer);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"one\"}", ENOENT, "no vGPU of a domain 'one'");
	rename_to(r, "three");
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"three\"}", 0, NULL);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"two\"}", ENOENT, NULL);
	daemon_rig_free(r);
}
END_TEST

/* A request with one argument, which is JSON. */
static const char *with(const char *cmd, const char *key, const char *value)
{
	static char line[128];
	struct json_object *request = json_object_new_object();

	json_object_object_add(request, "cmd", json_object_new_string(cmd));
	json_object_object_add(request, key, json_object_new_string(value));
	snprintf(line, sizeof(line), "%s", json_object_to_json_string(request));
	json_object_put(request);
	return line;
}

/*
 * A name that is nearly a number is a name: domain 21 has a vGPU, and 22 is called so. xl treats
 * names in the same way (libxl_domain_qualifier_to_domid).
 */
START_TEST(named_like_numbers)
{
	static const char *const names[] = { "+21", " 21", "21 ", "-21",  "-5",	  "0x15",  "21.0",
					     "2 1", "1e1", "21x", "\n21", "21\n", "--json" };
	struct rig *r = daemon_rig_new();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
		told(r, with("show", "vgpu", names[i]), ENOENT, NULL);
		told(r, with("attach", "domain", names[i]), ESRCH, NULL);
		rename_to(r, names[i]);
		told(r, with("detach", "vgpu", names[i]), ENOENT, NULL);
		told(r, with("attach", "domain", names[i]), 0, NULL);
		ck_assert_ptr_nonnull(daemon_find_domid(&r->daemon, 22));
		told(r, with("show", "vgpu", names[i]), 0, NULL);
		told(r, with("detach", "vgpu", names[i]), 0, NULL);
		ck_assert_ptr_null(daemon_find_domid(&r->daemon, 22));
		ck_assert_ptr_nonnull(daemon_find_domid(&r->daemon, 21));
		told(r, with("detach", "vgpu", "21"), 0, NULL);
	}
	daemon_rig_free(r);
}
END_TEST

/* Digits alone are a domain's number, even if another domain has them as its name. */
START_TEST(named_by_digits)
{
	struct rig *r = daemon_rig_new();

	rename_to(r, "21");
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	told(r, with("detach", "vgpu", "21"), 0, NULL);
	ck_assert_ptr_nonnull(daemon_find_domid(&r->daemon, 22));
	told(r, with("detach", "vgpu", "21"), ENOENT, "no vGPU of a domain '21'");
	told(r, "{\"cmd\":\"show\",\"vgpu\":22}", 0, NULL);
	told(r, with("show", "vgpu", "00022"), 0, NULL);
	/* As a number of 16 bits, or of 64, it is the same as 22. */
	told(r, with("show", "vgpu", "65558"), ENOENT, NULL);
	told(r, with("show", "vgpu", "4294967318"), ENOENT, NULL);
	told(r, with("show", "vgpu", "18446744073709551638"), ENOENT, NULL);
	told(r, with("attach", "domain", "65557"), ESRCH, "there is no domain '65557'");
	/* An empty name does not mean a guest without a name. */
	rename_to(r, "");
	told(r, with("detach", "vgpu", ""), ENOENT, NULL);
	rename_to(r, "a");
	told(r, "{\"cmd\":\"detach\",\"vgpu\":\"a\\u0000b\"}", EINVAL,
	     "an argument contains a zero byte");
	told(r, with("detach", "vgpu", "a"), 0, NULL);
	daemon_rig_free(r);
}
END_TEST

/*
 * Two guests have exchanged their names. Each has its new name, though the daemon was not told yet.
 */
START_TEST(names_exchanged)
{
	struct rig *r = daemon_rig_new();
	struct xs_handle *xs = xengt_store_handle(r->daemon.dom0.store);

	ck_assert(xs_write(xs, XBT_NULL, "/local/domain/21/name", "one", 3));
	ck_assert(xs_write(xs, XBT_NULL, "/local/domain/22/name", "two", 3));
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	ck_assert(xs_write(xs, XBT_NULL, "/local/domain/21/name", "two", 3));
	ck_assert(xs_write(xs, XBT_NULL, "/local/domain/22/name", "one", 3));
	told(r, with("detach", "vgpu", "one"), 0, NULL);
	ck_assert_ptr_null(daemon_find_domid(&r->daemon, 22));
	told(r, with("show", "vgpu", "two"), 0, NULL);
	daemon_rig_free(r);
}
END_TEST

/* xenstored stands still: guests go by the names that they had, and nothing waits for it for long.
 */
START_TEST(store_stands_still)
{
	struct rig *r = daemon_rig_new();
	struct xs_handle *xs = xengt_store_handle(r->daemon.dom0.store);

	ck_assert(xs_write(xs, XBT_NULL, "/local/domain/21/name", "one", 3));
	told(r, "{\"cmd\":\"attach\",\"domain\":\"one\"}", 0, NULL);
	exen_store_stop(true);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"one\"}", 0, NULL);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"21\"}", 0, NULL);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"two\"}", ENOENT, "no vGPU of a domain 'two'");
	told(r, "{\"cmd\":\"attach\",\"domain\":\"22\"}", 0, NULL);
	told(r, "{\"cmd\":\"detach\",\"vgpu\":\"22\"}", 0, NULL);
	exen_store_stop(false);
	/* What is abandoned is over when the thread says so: a name is read again some time. */
	ck_assert(xs_write(xs, XBT_NULL, "/local/domain/21/name", "two", 3));
	while (strcmp(xengt_keeper_name(r->daemon.guests->keeper), "two"))
		xengt_keeper_follow(r->daemon.guests->keeper);
	told(r, "{\"cmd\":\"show\",\"vgpu\":\"two\"}", 0, NULL);
	daemon_rig_free(r);
}
END_TEST

/* As xl mem-set does: the limit, for the guest's memory alone, then what it is to have. */
static void set_memory(struct rig *r, u64 limit_kib, u64 target_kib)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)target_kib);
	ck_assert_int_eq(xc_domain_setmaxmem(r->daemon.dom0.xc, 22, limit_kib), 0);
	ck_assert(xs_write(xengt_store_handle(r->daemon.dom0.store), XBT_NULL,
			   "/local/domain/22/memory/target", text, strlen(text)));
	daemon_on_xenstore(&r->daemon);
}

static u64 limit_kib(struct rig *r)
{
	struct xengt_dominfo info;

	ck_assert_int_eq(xengt_dominfo(&r->daemon.dom0, 22, &info), 0);
	return info.max_kib;
}

/* A vGPU's memory is in addition to the guest's, whatever the guest's becomes. */
START_TEST(memory_set)
{
	struct rig *r = daemon_rig_new();
	u64 was = limit_kib(r), added;

	set_memory(r, was, was - 1024);
	told(r, "{\"cmd\":\"attach\",\"domain\":\"22\",\"options\":\"\"}", 0, NULL);
	added = limit_kib(r) - was;
	ck_assert_uint_gt(added, 0);
	set_memory(r, was - 512, was - 1536);
	ck_assert_uint_eq(limit_kib(r), was - 512 + added);
	set_memory(r, was, was - 1024);
	ck_assert_uint_eq(limit_kib(r), was + added);
	/* One that takes it into account, and one that sets what is set already. */
	set_memory(r, was + added - 256, was - 1280);
	ck_assert_uint_eq(limit_kib(r), was + added - 256);
	set_memory(r, was + added - 256, was - 1280);
	ck_assert_uint_eq(limit_kib(r), was + added - 256);
	told(r, "{\"cmd\":\"detach\",\"vgpu\":\"22\"}", 0, NULL);
	ck_assert_uint_eq(limit_kib(r), was - 256);
	daemon_rig_free(r);
}
END_TEST

START_TEST(misuse)
{
	static const struct {
		const char *line;
		int err;
		const char *why;
	} cases[] = {
		{ "", EOPNOTSUPP, "no such command" },
		{ "7", EOPNOTSUPP, "no such command" },
		{ "[\"cmd\"]", EOPNOTSUPP, "no such command" },
		{ "{\"cmd\":null}", EOPNOTSUPP, "no such command" },
		{ "{\"cmd\":\"fly\"}", EOPNOTSUPP, "no such command" },
		{ "{\"cmd\":\"attach\"}", ESRCH, "there is no domain ''" },
		{ "{\"cmd\":\"attach\",\"domain\":\"nobody\"}", ESRCH,
		  "there is no domain 'nobody'" },
		{ "{\"cmd\":\"attach\",\"domain\":\"0\"}", EINVAL, "domain 0 is no guest" },
		{ "{\"cmd\":\"attach\",\"domain\":\"21\",\"options\":\"type=x\"}", ENOENT,
		  "there is no type 'x'" },
		{ "{\"cmd\":\"create\"}", ENOENT, "there is no type ''" },
		{ "{\"cmd\":\"create\",\"type\":\"" V5_8 "\",\"uuid\":\"x\"}", EINVAL,
		  "'x' is no UUID" },
		{ "{\"cmd\":\"remove\"}", ENOENT, "there is no vGPU ''" },
		{ "{\"cmd\":\"remove\",\"uuid\":\"x\"}", ENOENT, "there is no vGPU 'x'" },
		{ "{\"cmd\":\"show\"}", ENOENT, "no vGPU of a domain ''" },
		{ "{\"cmd\":\"show\",\"vgpu\":\"21\"}", ENOENT, "no vGPU of a domain '21'" },
		{ "{\"cmd\":\"detach\",\"vgpu\":[21]}", ENOENT, NULL },
		{ "{\"cmd\":\"watch\",\"vgpu\":\"22\"}", EINVAL, "'' is no guest frame" },
		{ "{\"cmd\":\"watch\",\"vgpu\":\"22\",\"gfn\":\"0x5x\"}", EINVAL,
		  "'0x5x' is no guest frame" },
		{ "{\"cmd\":\"watch\",\"vgpu\":\"22\",\"gfn\":\"0x10000000000000\"}", ERANGE,
		  "'0x10000000000000' is no guest frame" },
		{ "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"-4096\"}", EINVAL,
		  "'-4096' is no address" },
		{ "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"\"}", EINVAL,
		  "'' is no address" },
		{ "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"0\",\"space\":\"ggtt\"}", EINVAL,
		  "'ggtt' is no number of a space" },
		{ "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"0\",\"space\":\"4294967296\"}",
		  ERANGE, "'4294967296' is no number of a space" },
		{ "{\"cmd\":\"schedule\",\"vgpu\":\"22\",\"weight\":\"+4\"}", EINVAL,
		  "weight=+4: it takes a number from 1 to 16" },
		{ "{\"cmd\":\"msi\",\"vgpu\":\"22\"}", ENOTCONN,
		  "the guest has not enabled the vGPU's MSI" },
	};
	struct rig *r = daemon_rig_new();

	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		told(r, cases[i].line, cases[i].err, cases[i].why);
	ck_assert_ptr_null(r->daemon.instances.first->next);
	daemon_rig_free(r);
}
END_TEST

START_TEST(idle_reset)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer, *engines;

	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	answer = ask(r, "{\"cmd\":\"reset\",\"vgpu\":\"22\"}", 0, NULL);
	ck_assert(json_object_object_get_ex(answer, "engines", &engines));
	ck_assert_uint_eq(json_object_array_length(engines), 0);
	json_object_put(answer);
	told(r, "{\"cmd\":\"reset\",\"vgpu\":\"23\"}", ENOENT, "no vGPU of a domain '23'");
	daemon_rig_free(r);
}
END_TEST

START_TEST(graphics_memory)
{
	struct rig *r = daemon_rig_new();
	struct json_object *answer;

	ck_assert_int_eq(daemon_rig_attach(r, 1, ""), 0);
	answer = ask(r, "{\"cmd\":\"gtt\",\"vgpu\":\"22\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "gtt", 0, "space"), "ggtt");
	json_object_put(answer);
	answer = ask(r, "{\"cmd\":\"verify\",\"vgpu\":\"22\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "spaces", 0, "entries"), "1032192");
	json_object_put(answer);

	/* An entry as a guest would write it, found by the check and shown in both tables. */
	daemon_rig_vgpu(r, 1)->vgpu->ggtt[2] = 0x5001;
	told(r, "{\"cmd\":\"verify\",\"vgpu\":\"22\"}", 0, NULL);
	answer = ask(r, "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"0x2010\"}", 0, NULL);
	ck_assert_str_eq(member(answer, "gtt", 0, "index"), "2");
	ck_assert_str_eq(member(answer, "gtt", 0, "guest"), "0x5001");
	ck_assert_str_eq(member(answer, "gtt", 1, "table"), "page");
	ck_assert_str_eq(member(answer, "gtt", 1, "guest"), "0x5010");
	/* For the software GPU a page is at the guest's own address. */
	ck_assert_str_eq(member(answer, "gtt", 1, "shadow"), "0x5010");
	json_object_put(answer);

	told(r, "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"0x100000000\"}", ERANGE,
	     "the space does not reach that far");
	told(r, "{\"cmd\":\"gtt\",\"vgpu\":\"22\",\"address\":\"0\",\"space\":\"1\"}", ENOENT,
	     "there is no such space: xengt gtt VGPU lists them");
	daemon_rig_free(r);
}
END_TEST

Suite *suite_commands(void)
{
	const TTest *const tests[] = {
		life,
		sections,
		renamed,
		named_like_numbers,
		named_by_digits,
		names_exchanged,
		memory_set,
		misuse,
		idle_reset,
		graphics_memory,
		store_stands_still,
	};

	return unit_suite("commands", tests, ARRAY_SIZE(tests));
}
