/* SPDX-License-Identifier: MIT */
/* xengt: the command line. Each command is a row of a table, a request, and a way to print. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/types.h"
#include "xengt/cli/decode.h"
#include "xengt/cli/doctor.h"
#include "xengt/cli/print.h"
#include "xengt/cli/top.h"
#include "xengt/control/client.h"
#include "xengt/settings/config.h"

struct cli {
	struct xengt_client *client;
	bool json;
	bool unknown, pages;
};

/* A command: its request, the field of the answer that it prints, and how. */
static const struct command {
	const char *name, *args[3]; /* the request's keys for the arguments, in order */
	int optional;		    /* how many of them may be left out */
	const char *field;
	void (*print)(struct json_object *);
	bool follows;
	const char *help;
} commands[] = {
	{ "list", { 0 }, 0, "vgpus", print_list, false, "the vGPUs there are" },
	{ "types",
	  { 0 },
	  0,
	  "types",
	  print_types,
	  false,
	  "the types of vGPU, and how many more of each there can be" },
	{ "create",
	  { "type", "uuid" },
	  1,
	  "vgpu",
	  print_uuid,
	  false,
	  "make a vGPU that a guest may have later; prints its UUID" },
	{ "remove", { "uuid" }, 0, NULL, NULL, false, "end a vGPU that no guest has" },
	{ "attach",
	  { "domain", "options" },
	  1,
	  "vgpu",
	  NULL,
	  false,
	  "give a (paused) domain a vGPU" },
	{ "detach", { "vgpu" }, 0, NULL, NULL, false, "take a domain's vGPU away" },
	{ "schedule",
	  { "vgpu", "weight", "cap" },
	  2,
	  "vgpu",
	  print_schedule,
	  false,
	  "its share of the GPU's time (weight 1 to 16; cap in percent, 0: none),\n"
	  "                          set from now on where it is given; also by UUID" },
	{ "show", { "vgpu" }, 0, "vgpu", print_show, false, "its state, its BARs, and counters" },
	{ "regs",
	  { "vgpu" },
	  0,
	  "registers",
	  print_regs,
	  false,
	  "registers whose accesses trapped; --unknown: those in no table;\n"
	  "                          --pages: which register pages are read without a trap" },
	{ "state",
	  { "vgpu" },
	  0,
	  "sections",
	  print_sections,
	  false,
	  "what outlives its process: sections of files, with their versions and bytes" },
	{ "trace", { "vgpu" }, 0, NULL, print_event, true, "follow the guest's requests" },
	{ "watch",
	  { "vgpu", "gfn" },
	  0,
	  NULL,
	  print_event,
	  true,
	  "track a page of the guest, and follow the writes to it" },
	{ "gtt",
	  { "vgpu", "address", "space" },
	  2,
	  "gtt",
	  print_gtt,
	  false,
	  "its address spaces, or how the guest's tables and xengt's translate an\n"
	  "                          address (space 0: the GGTT; others as listed)" },
	{ "verify",
	  { "vgpu" },
	  0,
	  "spaces",
	  print_spaces,
	  false,
	  "compare each entry of the guest's tables with xengt's; fails if one differs" },
	{ "reset",
	  { "vgpu" },
	  0,
	  "engines",
	  print_engines,
	  false,
	  "end what it has on the GPU: its driver sees engines that hang, and\n"
	  "                          resets them" },
	{ "msi", { "vgpu" }, 0, NULL, NULL, false, "send the guest its interrupt, as a test" },
	{ "metrics",
	  { 0 },
	  0,
	  "metrics",
	  print_text,
	  false,
	  "all counters, in Prometheus's text format" },
	{ "top", { 0 }, 0, NULL, NULL, false, "what each vGPU does, each second" },
	{ "doctor",
	  { "guest.cfg" },
	  1,
	  NULL,
	  NULL,
	  false,
	  "check that this host can give guests vGPUs, or that a guest with this\n"
	  "                          configuration can have one; say what to change" },
	{ "decode",
	  { "file" },
	  0,
	  NULL,
	  NULL,
	  false,
	  "print a dumped ring or batch as commands; --engine=ENGINE: of bcs, vcs\n"
	  "                          or vecs, not of rcs" },
	{ "version", { 0 }, 0, "version", NULL, false, "xengtd's version" },
};

static void usage(FILE *to)
{
	fputs("Usage: xengt [OPTION]... COMMAND [ARGUMENT]...\n"
	      "Look after the virtual GPUs of this host's Xen guests.\n\n"
	      "A VGPU is named by its domain's number or name, as for xl: digits alone are a\n"
	      "number. A name that begins with '-' must follow '--'.\n\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];
		char text[64];
		int at = snprintf(text, sizeof(text), "%s", command->name);
		int nr = 0;

		while (nr < 3 && command->args[nr])
			nr++;
		for (int a = 0; a < nr; a++)
			at += snprintf(text + at, sizeof(text) - at,
				       a < nr - command->optional ? " %s" : " [%s]",
				       command->args[a]);
		fprintf(to, "  %-22s  %s\n", text, command->help);
	}
	fputs("\n  -j, --json              print the answer as JSON\n"
	      "  -s, --socket=PATH       xengtd's control socket\n"
	      "  -c, --config=FILE       settings (default " XENGT_CONFIG_FILE ")\n"
	      "  -h, --help              print this and exit\n"
	      "  -V, --version           print the version and exit\n",
	      to);
}

static int follow(struct cli *cli, const struct command *command)
{
	struct json_object *line;

	while ((line = xengt_client_receive(cli->client, -1))) {
		if (cli->json) {
			puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
			fflush(stdout);
		} else {
			command->print(line);
		}
		json_object_put(line);
	}
	/* EPIPE: the vGPU, or xengtd, has gone. */
	return errno == EPIPE ? 0 : 1;
}

static int run(struct cli *cli, const struct command *command, char **args, int nr)
{
	struct json_object *request = json_object_new_object(), *answer, *data;
	const char *field = cli->pages ? "pages" : command->field;
	char why[512];
	int status = 0;

	json_object_object_add(request, "cmd", json_object_new_string(command->name));
	for (int i = 0; i < nr; i++)
		json_object_object_add(request, command->args[i], json_object_new_string(args[i]));
	if (cli->unknown || cli->pages)
		json_object_object_add(request, "which",
				       json_object_new_string(cli->pages ? "pages" : "unknown"));
	answer = xengt_client_ask(cli->client, request, 60000, why, sizeof(why));
	if (!answer) {
		fprintf(stderr, "xengt: %s\n", why);
		return 1;
	}
	if (command->follows) {
		status = follow(cli, command);
	} else if (field && json_object_object_get_ex(answer, field, &data)) {
		void (*const print)(struct json_object *) =
			cli->pages ? print_pages : command->print;

		if (cli->json || !print)
			puts(json_object_to_json_string_ext(data,
							    cli->json ? JSON_C_TO_STRING_PRETTY
								      : JSON_C_TO_STRING_PLAIN));
		else
			print(data);
	}
	json_object_put(answer);
	return status;
}

/* Asks xengtd for a list; NULL: it could not be asked. */
static struct json_object *listed(const char *socket, const char *cmd, const char *field)
{
	struct xengt_client *client = xengt_client_open(socket);
	struct json_object *request, *answer, *data = NULL;
	char why[512];

	if (!client)
		return NULL;
	request = json_object_new_object();
	json_object_object_add(request, "cmd", json_object_new_string(cmd));
	answer = xengt_client_ask(client, request, 60000, why, sizeof(why));
	if (answer && json_object_object_get_ex(answer, field, &data))
		json_object_get(data);
	json_object_put(answer);
	xengt_client_close(client);
	return data;
}

static int doctor(const struct xengt_config *config, const char *cfg, bool json)
{
	struct json_object *types = cfg ? listed(config->socket, "types", "types") : NULL;
	struct json_object *vgpus = cfg ? listed(config->socket, "list", "vgpus") : NULL, *found;
	struct doctor_xen xen;
	unsigned int amiss;
	char why[512];

	doctor_xen_ask(&xen);
	found = cfg ? doctor_guest(config, "", cfg, &xen, types, vgpus, why, sizeof(why))
		    : doctor_host(config, "");
	json_object_put(types);
	json_object_put(vgpus);
	if (!found) {
		fprintf(stderr, "xengt: %s\n", why);
		return 2;
	}
	amiss = doctor_amiss(found);
	if (json)
		puts(json_object_to_json_string_ext(found, JSON_C_TO_STRING_PRETTY));
	else
		doctor_print(found, stdout);
	json_object_put(found);
	return amiss != 0;
}

static const struct command *command_of(const char *name, int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		int most = 0;

		if (strcmp(commands[i].name, name))
			continue;
		while (most < 3 && commands[i].args[most])
			most++;
		if (nr <= most && nr >= most - commands[i].optional)
			return &commands[i];
		fprintf(stderr, "xengt: '%s' does not take that many arguments; see xengt --help\n",
			name);
		return NULL;
	}
	fprintf(stderr, "xengt: there is no command '%s'; see xengt --help\n", name);
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "config", required_argument, NULL, 'c' },
		{ "unknown", no_argument, NULL, 'u' },
		{ "pages", no_argument, NULL, 'p' },
		{ "engine", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *file = NULL, *socket = NULL, *engine = NULL;
	const struct command *command;
	struct xengt_config config;
	struct cli cli = { 0 };
	char why[512];
	int opt, status;

	while ((opt = getopt_long(argc, argv, "js:c:hV", options, NULL)) >= 0) {
		switch (opt) {
		case 'j':
			cli.json = true;
			break;
		case 's':
			socket = optarg;
			break;
		case 'c':
			file = optarg;
			break;
		case 'u':
			cli.unknown = true;
			break;
		case 'p':
			cli.pages = true;
			break;
		case 'e':
			engine = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("xengt " PACKAGE_VERSION);
			return 0;
		default:
			if (optopt)
				fputs("xengt: a name that begins with '-' must follow '--'\n",
				      stderr);
			return 2;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	command = command_of(argv[optind], argc - optind - 1);
	if (!command)
		return 2;
	if ((cli.unknown || cli.pages) && command->print != print_regs) {
		fputs("xengt: --unknown and --pages are options of regs\n", stderr);
		return 2;
	}
	if (!strcmp(command->name, "decode"))
		return decode_run(argv[optind + 1], engine ? engine : "rcs");
	if (engine) {
		fputs("xengt: --engine is an option of decode\n", stderr);
		return 2;
	}
	/* xengtd may still run, with the settings from before the mistake. */
	if (xengt_config_load(file, &config, why, sizeof(why))) {
		fprintf(stderr, "xengt: %s\n", why);
		if (file)
			return 2;
	}
	if (!strcmp(command->name, "doctor")) {
		if (socket)
			snprintf(config.socket, sizeof(config.socket), "%s", socket);
		return doctor(&config, argv[optind + 1], cli.json);
	}
	cli.client = xengt_client_open(socket ? socket : config.socket);
	if (!cli.client) {
		fprintf(stderr, "xengt: cannot reach xengtd at %s: %s%s\n",
			socket ? socket : config.socket, strerror(errno),
			errno == EACCES ? " (only root and members of its group may connect)"
					: " (is it running? systemctl start xengtd)");
		return 1;
	}
	if (!strcmp(command->name, "top"))
		status = top_run(cli.client);
	else
		status = run(&cli, command, argv + optind + 1, argc - optind - 1);
	xengt_client_close(cli.client);
	return status;
}
