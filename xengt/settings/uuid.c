/* SPDX-License-Identifier: MIT */
#include "xengt/settings/uuid.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-id128.h>

int xengt_uuid_parse(const char *text, char uuid[XENGT_UUID_MAX])
{
	sd_id128_t id;

	/* sd_id128_from_string() takes 32 digits without dashes too: that may be a guest's name. */
	if (strlen(text) != XENGT_UUID_MAX - 1 || sd_id128_from_string(text, &id) < 0)
		return -EINVAL;
	sd_id128_to_uuid_string(id, uuid);
	return 0;
}

int xengt_uuid_make(char uuid[XENGT_UUID_MAX])
{
	sd_id128_t id;
	int err = sd_id128_randomize(&id);

	if (err >= 0)
		sd_id128_to_uuid_string(id, uuid);
	return err < 0 ? err : 0;
}
