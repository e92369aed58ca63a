/* SPDX-License-Identifier: MIT */
/*
 * xengt-dm: xl starts it as the device model (device_model_override). It has xengtd attach the
 * guest's vGPU while the guest is still paused, and then becomes the stock device model.
 *
 * xl waits for this process as for a device model: if the vGPU cannot be attached, it exits, and xl
 * does not create the guest. xl needs the device model in this process, with all inherited
 * descriptors: so this executes it, and never forks. Newer Xen first runs the device model without
 * a domain, to ask for its capabilities: then this only executes it.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/xen.h>

#include "core/base/number.h"
#include "core/base/types.h"
#include "xengt/control/client.h"
#include "xengt/qemu/model_args.h"
#include "xengt/qemu/slots.h"
#include "xengt/settings/config.h"

#define ATTACH_TIMEOUT_MS 30000

/* xl waits a minute for its device model. Within this time a dead xengtd is running again. */
#define DAEMON_TIMEOUT_MS 25000
#define LOOK_AGAIN_MS	  100

/*
 * Says why there is no guest, in the device model's log, and on the standard error of our parent,
 * xl: xl itself only says that its device model ended.
 */
static void complain(const char *format, ...)
{
	char path[64], why[640];
	va_list args;
	FILE *xl;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	fprintf(stderr, "xengt-dm: %s\n", why);
	snprintf(path, sizeof(path), "/proc/%d/fd/2", getppid());
	xl = fopen(path, "ae");
	if (!xl)
		return;
	fprintf(xl, "xengt-dm: %s\n", why);
	fclose(xl);
}

/* The arguments for xengt-dm. */
struct call {
	const char *domid, *options;
	u64 number; /* of the domain */
};

/* Takes -xengt and its value out of @argv. The rest is for the device model. */
static int sort_arguments(char **argv, struct call *call)
{
	const char *name, *value;
	char **kept = ++argv;
	size_t nr;

	for (; (nr = xengt_model_arg(argv, &name, &value)); argv += nr) {
		if (name && !strcmp(name, "xengt")) {
			if (!value)
				return -EINVAL;
			call->options = value;
			continue;
		}
		if (name && !strcmp(name, "xen-domid") && value)
			call->domid = value;
		memmove(kept, argv, nr * sizeof(*argv));
		kept += nr;
	}
	*kept = NULL;
	return 0;
}

/* Asks xengtd. Returns 0, -EAGAIN (xengtd does not run), or another negative errno, with @why. */
static int ask(const struct call *call, const char *socket, u32 slot, char *why, size_t why_len)
{
	struct xengt_client *client = xengt_client_open(socket);
	struct json_object *request, *answer;
	char *options;
	int err;

	if (!client) {
		snprintf(why, why_len,
			 "cannot reach xengtd at %s: %s (is it running? systemctl start xengtd)",
			 socket, strerror(errno));
		return -EAGAIN;
	}
	/* The options of the guest's configuration come last: they override slot. */
	if (asprintf(&options, "slot=%u,%s", slot, call->options ? call->options : "") < 0) {
		snprintf(why, why_len, "out of memory");
		xengt_client_close(client);
		return -ENOMEM;
	}
	request = json_object_new_object();
	json_object_object_add(request, "cmd", json_object_new_string("attach"));
	json_object_object_add(request, "domain", json_object_new_string(call->domid));
	json_object_object_add(request, "options", json_object_new_string(options));
	free(options);
	json_object_object_add(request, "model", json_object_new_boolean(true));
	answer = xengt_client_ask(client, request, ATTACH_TIMEOUT_MS, why, why_len);
	err = answer ? 0 : errno == EPIPE ? -EAGAIN : -EIO;
	json_object_put(answer);
	xengt_client_close(client);
	return err;
}

/* Whether the domain has a state file: it was soft reset, and xengtd will take its vGPU up. */
static bool has_state(const struct call *call, const struct xengt_config *config)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%u.vgpu", config->state_dir, (unsigned int)call->number);
	return !access(path, F_OK);
}

static int attach(const struct call *call, char **args, const struct xengt_config *config)
{
	char why[512];
	u32 slot;
	int err = xengt_slots_beside_model(args, call->options, &slot, why, sizeof(why));

	if (!err)
		err = ask(call, config->socket, slot, why, sizeof(why));
	for (int waited = 0; err == -EAGAIN && waited < DAEMON_TIMEOUT_MS;
	     waited += LOOK_AGAIN_MS) {
		if (!has_state(call, config))
			break;
		poll(NULL, 0, LOOK_AGAIN_MS);
		err = ask(call, config->socket, slot, why, sizeof(why));
	}
	if (err)
		complain("no vGPU for domain %s: %s", call->domid, why);
	return err;
}

/* The options that are given in each place of @where, and in none of @without. */
static void list_options(unsigned int where, unsigned int without)
{
	for (const struct xengt_setting *s = xengt_settings; s->name; s++) {
		char form[64], key[96];

		if ((s->where & where) != where || s->where & without)
			continue;
		xengt_setting_form(s, form, sizeof(form));
		snprintf(key, sizeof(key), "%s=%s", s->name, form);
		printf("  %-22s %s\n", key, s->help);
	}
}

static bool about(const char *arg)
{
	if (!strcmp(arg, "--version")) {
		puts("xengt-dm " PACKAGE_VERSION);
		return true;
	}
	if (strcmp(arg, "--help"))
		return false;
	puts("Usage: xl starts it, when a guest's configuration has\n"
	     "  device_model_override=\"" XENGT_DM_PATH "\"\n"
	     "  device_model_args=[\"-xengt\", \"KEY=VALUE,...\"]\n");
	list_options(XENGT_IN_VGPU, XENGT_IN_TYPE);
	puts("These replace what its type says:");
	list_options(XENGT_IN_VGPU | XENGT_IN_TYPE, 0);
	puts("\nAll other arguments are the stock device model's.");
	return true;
}

int main(int argc, char **argv)
{
	struct xengt_config config;
	struct call call = { 0 };
	const char *model;
	char why[512];

	if (argc == 2 && about(argv[1]))
		return 0;
	/* A mistake in the settings is reported, but does not keep the guest from starting. */
	if (xengt_config_load(NULL, &config, why, sizeof(why)))
		complain("%s", why);
	model = xengt_config_model(&config, "");
	if (!model) {
		complain("no stock device model found: install it (Debian: qemu-system-xen), or "
			 "set qemu in " XENGT_CONFIG_FILE);
		return 1;
	}
	if (sort_arguments(argv, &call)) {
		complain("-xengt takes an argument");
		return 1;
	}
	if (call.domid &&
	    xengt_number(call.domid, XENGT_DECIMAL, 1, DOMID_FIRST_RESERVED - 1, &call.number)) {
		complain("-xen-domid takes a guest's number, not '%s'", call.domid);
		return 1;
	}
	if (call.domid && attach(&call, argv + 1, &config))
		return 1;
	argv[0] = (char *)model;
	execv(model, argv);
	complain("%s: %s", model, strerror(errno));
	return 1;
}
