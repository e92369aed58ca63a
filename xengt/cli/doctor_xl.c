/* SPDX-License-Identifier: MIT */
#include "xengt/cli/doctor_xl.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Reads all of the file at @path. NULL, with errno, on failure. */
static char *contents(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re"), *copy;
	char *text = NULL, block[4096];
	int err;
	size_t n;

	if (!file)
		return NULL;
	copy = open_memstream(&text, len);
	while (copy && (n = fread(block, 1, sizeof(block), file)))
		fwrite(block, 1, n, copy);
	err = !copy || ferror(file) ? errno : 0;
	if (copy && fclose(copy) && !err)
		err = errno;
	fclose(file);
	if (err) {
		free(text);
		errno = err;
		return NULL;
	}
	return text;
}

int xl_file_read(const char *path, struct xl_file **out, char *why, size_t why_len)
{
	struct xl_file *file = calloc(1, sizeof(*file));
	size_t len = 0;
	char *text;
	int err;

	*out = NULL;
	/* Read here, since libxlutil ends the process if it cannot read a file. */
	text = contents(path, &len);
	if (!text || !file) {
		err = -errno;
		snprintf(why, why_len, "%s: %s", path, strerror(errno));
		free(text);
		free(file);
		return err;
	}
	file->report = open_memstream(&file->said, &file->said_len);
	if (file->report)
		file->cfg = xlu_cfg_init(file->report, path);
	err = file->cfg ? -xlu_cfg_readdata(file->cfg, text, len) : -ENOMEM;
	if (err) {
		if (file->report)
			fflush(file->report);
		snprintf(why, why_len, "%s",
			 file->said && file->said[0] ? file->said : strerror(-err));
		why[strcspn(why, "\n")] = '\0';
		xl_file_free(file);
		file = NULL;
	}
	free(text);
	*out = file;
	return err;
}

void xl_file_free(struct xl_file *file)
{
	if (!file)
		return;
	if (file->cfg)
		xlu_cfg_destroy(file->cfg);
	if (file->report)
		fclose(file->report);
	free(file->said);
	free(file);
}

const char *xl_string(const struct xl_file *file, const char *name)
{
	const char *value;

	return file && !xlu_cfg_get_string(file->cfg, name, &value, 1) ? value : NULL;
}

long xl_number(const struct xl_file *file, const char *name, long otherwise)
{
	long value;

	return file && !xlu_cfg_get_long(file->cfg, name, &value, 1) ? value : otherwise;
}

const char *xl_item(const struct xl_file *file, const char *name, size_t at)
{
	XLU_ConfigList *list;

	if (!file || xlu_cfg_get_list(file->cfg, name, &list, NULL, 1))
		return NULL;
	return xlu_cfg_get_listitem(list, at);
}

/* The last line of @file that is not empty, without its newline. */
static void last_line(FILE *file, char *line, size_t len)
{
	char one[512];

	rewind(file);
	while (fgets(one, sizeof(one), file)) {
		one[strcspn(one, "\n")] = '\0';
		if (one[0])
			snprintf(line, len, "%s", one);
	}
}

/* Runs a program to its end. @out, @err: where what it prints goes. Returns its status, or a
 * negative errno: it could not be run. */
static int run(char *const *words, int out, int err)
{
	posix_spawn_file_actions_t files;
	int failed, status;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
	failed = posix_spawnp(&pid, words[0], &files, NULL, words, environ);
	posix_spawn_file_actions_destroy(&files);
	if (failed)
		return -failed;
	return waitpid(pid, &status, 0) == pid ? status : -errno;
}

int xl_try(const char *path, char *why, size_t why_len)
{
	char *const words[] = { "xl", "-N", "create", "-q", (char *)path, NULL };
	FILE *said = tmpfile(), *rest = fopen("/dev/null", "we");
	int status = -ENOMEM;

	if (said && rest)
		status = run(words, fileno(rest), fileno(said));
	if (status > 0) {
		snprintf(why, why_len, "it ends with status %#x", status);
		last_line(said, why, why_len);
		status = -EINVAL;
	}
	if (said)
		fclose(said);
	if (rest)
		fclose(rest);
	return status;
}

u32 xl_model_version(const char *path)
{
	char *const words[] = { (char *)path, "-version", NULL };
	FILE *said = tmpfile();
	unsigned int major, minor;
	char line[256] = "";
	u32 version = 0;

	if (said && !run(words, fileno(said), fileno(said))) {
		rewind(said);
		if (fgets(line, sizeof(line), said) &&
		    sscanf(line, "QEMU emulator version %3u.%2u", &major, &minor) == 2)
			version = major * 100 + minor;
	}
	if (said)
		fclose(said);
	return version;
}
