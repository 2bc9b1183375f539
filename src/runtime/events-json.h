/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a container as text, in the shape that runc gave them. */
#pragma once

#include "base/str.h"

struct cgroup_stats;

/* {"type":"stats","id":ID,"data":{...}} and a newline. */
void events_json_stats(const char *id, const struct cgroup_stats *stats, struct strbuf *out);

/* {"type":TYPE,"id":ID} and a newline. */
void events_json_plain(const char *type, const char *id, struct strbuf *out);
