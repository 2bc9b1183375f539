/* SPDX-License-Identifier: Apache-2.0 */
/* The state root: a directory with one directory per container. */
#pragma once

#include "base/error.h"
#include "base/str.h"
#include "runtime/container.h"

/* FIELD rule: letters, digits, "_+-." and not starting with "."; at most 255 bytes. */
int store_check_id(const char *id, struct error *err);

/* Makes ROOT/ID (mode 0700) and opens and locks it; -EEXIST when the id is taken. */
int store_create(struct container *c, const char *root, const char *id, struct error *err);

/* Writes c->record to state.json. */
int store_save(struct container *c, struct error *err);

/* Removes the directory of C, which is open, with everything in it. */
int store_remove(const struct container *c, const char *root, struct error *err);

/* The ids below ROOT, sorted; a missing ROOT has none. */
int store_list(const char *root, struct strvec *ids, struct error *err);
