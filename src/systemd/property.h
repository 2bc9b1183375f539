/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of a unit, from the command line into a message. */
#pragma once

#include <systemd/sd-bus.h>

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"

/* What is left of the command line: ends with NULL. */
struct words {
	char **v;
};

/* Takes the first one; NULL when there is none. */
const char *words_next(struct words *words);

/*
 * Appends all WORDS as an array of properties, "a(sv)", which main.c describes.
 * A property for a newer manager than that of BUS is left out.
 */
int properties_append(sd_bus *bus, sd_bus_message *m, struct words words);
