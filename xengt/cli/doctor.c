/* SPDX-License-Identifier: MIT */
#include "xengt/cli/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/control/client.h"
#include "xengt/control/json.h"

struct patient {
	const struct xengt_config *config;
	const char *root;
};

/* The first line of a system file, without its newline; "" if there is none. */
static const char *line_of(const char *root, const char *path, char *line, size_t len)
{
	char full[512];
	FILE *file;

	line[0] = '\0';
	snprintf(full, sizeof(full), "%s%s", root, path);
	file = fopen(full, "re");
	if (!file)
		return line;
	if (!fgets(line, len, file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static bool can_use(const struct patient *p, const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", p->root, path);
	return !access(full, R_OK | W_OK);
}

static bool is_dom0(const struct patient *p)
{
	char line[256];

	return strstr(line_of(p->root, "/proc/xen/capabilities", line, sizeof(line)), "control_d");
}

/* The number in a system file; 0: there is none. */
static u32 number_in(const char *root, const char *path)
{
	char line[64];
	u64 number = 0;

	xengt_number(line_of(root, path, line, sizeof(line)), XENGT_DECIMAL, 0, UINT32_MAX,
		     &number);
	return number;
}

bool doctor_xen_since(const char *root, u32 major, u32 minor)
{
	u32 is_major = number_in(root, "/sys/hypervisor/version/major");
	u32 is_minor = number_in(root, "/sys/hypervisor/version/minor");

	return is_major > major || (is_major == major && is_minor >= minor);
}

/* Xen 4.17 is the first with the interfaces as xengt uses them. */
static bool is_new_enough(const struct patient *p)
{
	return doctor_xen_since(p->root, 4, 17);
}

static bool runs_hvm(const struct patient *p)
{
	char line[512];

	return strstr(line_of(p->root, "/sys/hypervisor/properties/capabilities", line,
			      sizeof(line)),
		      "hvm-3.0-x86_64");
}

static bool has_interfaces(const struct patient *p)
{
	return can_use(p, "/dev/xen/privcmd") && can_use(p, "/dev/xen/evtchn");
}

static bool has_fuse(const struct patient *p)
{
	return !p->config->tree[0] || can_use(p, "/dev/fuse");
}

static bool has_model(const struct patient *p)
{
	return xengt_config_model(p->config, p->root) != NULL;
}

static bool has_daemon(const struct patient *p)
{
	struct xengt_client *client = xengt_client_open(p->config->socket);

	xengt_client_close(client);
	return client != NULL;
}

static const struct {
	const char *what, *advice;
	bool (*is)(const struct patient *p);
} checks[] = {
	{ "this is Xen's dom0",
	  "boot this host on Xen (Debian: apt install xen-system-amd64), and use dom0", is_dom0 },
	{ "Xen is 4.17 or newer", "install a newer Xen; 4.17 is the oldest that was tried",
	  is_new_enough },
	{ "it runs HVM guests",
	  "turn the processor's virtualisation (VT-x, AMD-V) on in the firmware", runs_hvm },
	{ "Xen's interfaces can be used",
	  "be root, and have /dev/xen/privcmd and /dev/xen/evtchn: modprobe xen-privcmd xen-evtchn",
	  has_interfaces },
	{ "there is a device model",
	  "install it (Debian: apt install qemu-system-xen), or set qemu", has_model },
	{ "the tree of files can be mounted",
	  "modprobe fuse, or do without: an empty tree = in the settings", has_fuse },
	{ "xengtd answers", "systemctl start xengtd, and see journalctl -u xengtd", has_daemon },
};

void doctor_found(struct json_object *all, const char *what, const char *state, const char *advice)
{
	struct json_object *one = json_object_new_object();

	put_str(one, "what", what);
	put_str(one, "state", state);
	if (advice)
		put_str(one, "advice", advice);
	json_object_array_add(all, one);
}

/* Reports the walls and cgroups that guests' processes lack, as xengtd says. They work without. */
static void look_at_processes(const struct xengt_config *config, struct json_object *all)
{
	static const struct {
		const char *what, *key;
	} looks[] = {
		{ "the kernel can limit guests' use of processors and memory", "missing_cgroups" },
		{ "the kernel can confine guests' processes", "missing_walls" },
	};
	struct xengt_client *client = xengt_client_open(config->socket);
	struct json_object *request, *answer, *value;
	char why[256];

	if (!client)
		return;
	request = json_object_new_object();
	put_str(request, "cmd", "version");
	answer = xengt_client_ask(client, request, 2000, why, sizeof(why));
	for (size_t i = 0; answer && i < ARRAY_SIZE(looks); i++) {
		const char *missing;

		if (!json_object_object_get_ex(answer, looks[i].key, &value))
			continue;
		missing = json_object_get_string(value);
		doctor_found(all, looks[i].what, *missing ? "note" : "ok",
			     *missing ? missing : NULL);
	}
	json_object_put(answer);
	xengt_client_close(client);
}

struct json_object *doctor_host(const struct xengt_config *config, const char *root)
{
	const struct patient patient = { config, root };
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		bool is = checks[i].is(&patient);

		doctor_found(all, checks[i].what, is ? "ok" : "wrong",
			     is ? NULL : checks[i].advice);
	}
	look_at_processes(config, all);
	return all;
}

static const char *member(struct json_object *of, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(of, key, &value) ? json_object_get_string(value) : NULL;
}

static bool is_wrong(struct json_object *one)
{
	return !strcmp(member(one, "state"), "wrong");
}

void doctor_print(struct json_object *found, FILE *to)
{
	for (size_t i = 0; i < json_object_array_length(found); i++) {
		struct json_object *one = json_object_array_get_idx(found, i);
		const char *advice = member(one, "advice");

		fprintf(to, "%-6s  %s\n", is_wrong(one) ? "NOT SO" : member(one, "state"),
			member(one, "what"));
		if (advice)
			fprintf(to, "        %s\n", advice);
	}
}

unsigned int doctor_amiss(struct json_object *found)
{
	unsigned int amiss = 0;

	for (size_t i = 0; i < json_object_array_length(found); i++)
		amiss += is_wrong(json_object_array_get_idx(found, i));
	return amiss;
}
