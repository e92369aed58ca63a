/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/clients.h"

#include <string.h>

void client_put(struct client *client, struct json_object *line)
{
	const char *text = json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN);

	conn_put(client->conn, text, strlen(text));
}
