/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dabba-systemd: one request of the container runtime to systemd, over D-Bus.
 *
 *	dabba-systemd system|user start UNIT [NAME SIGNATURE VALUE...]...
 *	dabba-systemd system|user set UNIT [NAME SIGNATURE VALUE...]...
 *	dabba-systemd system|user attach UNIT SUBCGROUP PID
 *	dabba-systemd system|user stop UNIT
 *
 * start makes the transient unit and waits until it is active, set changes
 * properties of one and waits until they are in force, attach moves a process
 * to below its cgroup ("" is the cgroup itself), stop ends it and waits until
 * it is gone; a unit that is not there is stopped already.  A property is its
 * name, its D-Bus signature and its basic values one by one, an array beginning
 * with its length, as busctl(1) has it.  A name that ends in "@N" is left out
 * before systemd N.
 *
 * The answer goes to standard output as texts that each end with a '\0':
 *
 *	"ok" CGROUP			the unit's after start, or ""
 *	"error" METHOD NAME MESSAGE	NAME is that of the D-Bus error
 *
 * It is a program of its own because the runtime is linked statically and
 * libsystemd cannot be.  The manager's own socket is tried first: one hop less
 * than through the message bus, and there also where no bus is running.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "systemd/property.h"

#define MAX_PATH_LENGTH 256

/* Longer than a busy machine needs; a unit with a slow stop has its own limit of 90 s. */
enum { CALL_TIMEOUT_S = 60, JOB_TIMEOUT_S = 120 };

struct job {
	/* Object path. */
	char path[MAX_PATH_LENGTH];
	/* What JobRemoved gave; "" until then. */
	char result[32];
};

/* --- answers ------------------------------------------------------------------------- */

static int put(const char *text)
{
	return fwrite(text, 1, strlen(text) + 1, stdout) > 0 ? 0 : 1;
}

static int answer_ok(const char *cgroup)
{
	return put("ok") || put(cgroup);
}

static int answer_error(const char *method, const char *name, const char *message)
{
	(void)(put("error") || put(method) || put(name) || put(message));
	return 1;
}

static int answer_bus_error(const char *method, const sd_bus_error *error, int r)
{
	if (sd_bus_error_is_set(error))
		return answer_error(method, error->name, error->message ? error->message : "");
	return answer_error(method, "errno", strerror(-r));
}

/* --- connection ---------------------------------------------------------------------- */

/* The manager's socket; NULL when it cannot be had. */
static sd_bus *connect_directly(const char *path)
{
	sd_bus *bus = NULL;
	char *address = NULL;
	int r = asprintf(&address, "unix:path=%s", path);

	if (r < 0)
		return NULL;
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_start(bus);
	free(address);
	return r < 0 ? sd_bus_unref(bus) : bus;
}

/* Who we are outside of our user namespace: /run/user is named after that. */
static unsigned long outer_uid(void)
{
	unsigned long inside, outside, size, uid = geteuid();
	FILE *map = fopen("/proc/self/uid_map", "re");

	while (map && fscanf(map, "%lu %lu %lu", &inside, &outside, &size) == 3) {
		if (uid >= inside && uid - inside < size) {
			uid = outside + (uid - inside);
			break;
		}
	}
	if (map)
		(void)fclose(map);
	return uid;
}

static int connect_user(sd_bus **bus)
{
	char path[MAX_PATH_LENGTH];
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!dir || !*dir) {
		(void)snprintf(path, sizeof(path), "/run/user/%lu", outer_uid());
		(void)setenv("XDG_RUNTIME_DIR", path, 1);
		dir = getenv("XDG_RUNTIME_DIR");
	}
	(void)snprintf(path, sizeof(path), "%s/systemd/private", dir);
	*bus = connect_directly(path);
	return *bus ? 0 : sd_bus_open_user(bus);
}

static int connect_system(sd_bus **bus)
{
	*bus = connect_directly("/run/systemd/private");
	return *bus ? 0 : sd_bus_open_system(bus);
}

/* --- jobs ---------------------------------------------------------------------------- */

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t id;
	int r = sd_bus_message_read(m, "uoss", &id, &path, &unit, &result);

	(void)error;
	if (r < 0)
		return r;
	if (strcmp(path, job->path) == 0)
		(void)snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/*
 * Before the job exists, so that its end cannot be missed.  A signal that comes
 * before the answer to the call waits until then in the connection's queue.
 */
static int listen_for_jobs(sd_bus *bus, struct job *job)
{
	return sd_bus_match_signal(bus, NULL, DESTINATION, MANAGER_PATH, MANAGER, "JobRemoved",
				   on_job_removed, job);
}

static int read_job(sd_bus_message *reply, struct job *job)
{
	const char *path;
	int r = sd_bus_message_read(reply, "o", &path);

	if (r < 0)
		return r;
	(void)snprintf(job->path, sizeof(job->path), "%s", path);
	return 0;
}

static uint64_t now_usec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int wait_for_job(sd_bus *bus, struct job *job)
{
	uint64_t end = now_usec() + JOB_TIMEOUT_S * 1000000ULL;

	while (!*job->result) {
		uint64_t now = now_usec();
		int r = sd_bus_process(bus, NULL);

		if (r == 0)
			r = now < end ? sd_bus_wait(bus, end - now) : -ETIMEDOUT;
		if (r < 0 && r != -EINTR)
			return r;
	}
	return 0;
}

static int explain_job(const char *what, const struct job *job, int r)
{
	static const struct {
		const char *result, *meaning;
	} meanings[] = {
		{ "failed", "the job failed: \"journalctl -b\" of that systemd says why" },
		{ "timeout", "the job timed out" },
		{ "canceled", "the job was cancelled by another one" },
		{ "dependency", "a unit that it depends on, such as its slice, failed" },
	};

	if (r < 0)
		return answer_error(what, "errno", r == -ETIMEDOUT ? "the job did not end"
								     : strerror(-r));
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strcmp(job->result, meanings[i].result) == 0)
			return answer_error(what, job->result, meanings[i].meaning);
	return answer_error(what, job->result, "the job did not succeed");
}

/* --- verbs --------------------------------------------------------------------------- */

static int start_unit(sd_bus *bus, const char *unit, struct words words, sd_bus_error *error,
		      struct job *job)
{
	sd_bus_message *m = NULL, *reply = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, DESTINATION, MANAGER_PATH, MANAGER,
					       "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "fail");
	if (r >= 0)
		r = properties_append(bus, m, words);
	/* No auxiliary units. */
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, error, &reply);
	if (r >= 0)
		r = read_job(reply, job);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	return r;
}

/* What a container left behind that failed and that nobody has looked at since. */
static void reset_failed(sd_bus *bus, const char *unit)
{
	(void)sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, MANAGER, "ResetFailedUnit", NULL,
				 NULL, "s", unit);
}

static int answer_cgroup(sd_bus *bus, const char *unit)
{
	const char *type = strrchr(unit, '.');
	const char *interface = type && strcmp(type, ".slice") == 0
					? DESTINATION ".Slice" : DESTINATION ".Scope";
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *path = NULL, *cgroup = NULL;
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path);

	if (r >= 0)
		r = sd_bus_get_property_string(bus, DESTINATION, path, interface, "ControlGroup",
					       &error, &cgroup);
	if (r < 0)
		r = answer_bus_error("ControlGroup", &error, r);
	else if (!*cgroup)
		r = answer_error("ControlGroup", "errno", "the unit has no control group");
	else
		r = answer_ok(cgroup);
	free(path);
	free(cgroup);
	sd_bus_error_free(&error);
	return r;
}

static int verb_start(sd_bus *bus, const char *unit, struct words words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct job job = { 0 };
	int r = listen_for_jobs(bus, &job);

	if (r >= 0)
		r = start_unit(bus, unit, words, &error, &job);
	if (r < 0 && sd_bus_error_has_name(&error, DESTINATION ".UnitExists")) {
		sd_bus_error_free(&error);
		reset_failed(bus, unit);
		r = start_unit(bus, unit, words, &error, &job);
	}
	if (r < 0) {
		r = answer_bus_error("StartTransientUnit", &error, r);
		sd_bus_error_free(&error);
		return r;
	}
	r = wait_for_job(bus, &job);
	if (r < 0 || strcmp(job.result, "done") != 0)
		return explain_job("StartTransientUnit", &job, r);
	return answer_cgroup(bus, unit);
}

/* What has changed is applied before the manager looks at its next message. */
static int wait_for_manager(sd_bus *bus)
{
	return sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, "org.freedesktop.DBus.Peer",
				  "Ping", NULL, NULL, "");
}

static int verb_set(sd_bus *bus, const char *unit, struct words words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, DESTINATION, MANAGER_PATH, MANAGER,
					       "SetUnitProperties");

	/* true: for as long as the unit is there. */
	if (r >= 0)
		r = sd_bus_message_append(m, "sb", unit, true);
	if (r >= 0)
		r = properties_append(bus, m, words);
	if (r >= 0)
		r = sd_bus_call(bus, m, 0, &error, NULL);
	if (r >= 0)
		r = wait_for_manager(bus);
	r = r < 0 ? answer_bus_error("SetUnitProperties", &error, r) : answer_ok("");
	sd_bus_message_unref(m);
	sd_bus_error_free(&error);
	return r;
}

/* A process of ours that we may not move ourselves, coming from another user's cgroup. */
static int verb_attach(sd_bus *bus, const char *unit, struct words words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *below = words_next(&words), *pid = words_next(&words);
	int r = -EINVAL;

	if (pid)
		r = sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, MANAGER,
				       "AttachProcessesToUnit", &error, NULL, "ssau", unit, below,
				       1, (uint32_t)strtoul(pid, NULL, 10));
	r = r < 0 ? answer_bus_error("AttachProcessesToUnit", &error, r) : answer_ok("");
	sd_bus_error_free(&error);
	return r;
}

static int verb_stop(sd_bus *bus, const char *unit, struct words words)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	struct job job = { 0 };
	int r = listen_for_jobs(bus, &job);

	(void)words;
	if (r >= 0)
		r = sd_bus_call_method(bus, DESTINATION, MANAGER_PATH, MANAGER, "StopUnit", &error,
				       &reply, "ss", unit, "replace");
	if (r < 0 && sd_bus_error_has_name(&error, DESTINATION ".NoSuchUnit"))
		r = answer_ok("");
	else if (r < 0)
		r = answer_bus_error("StopUnit", &error, r);
	else if ((r = read_job(reply, &job)) < 0 || (r = wait_for_job(bus, &job)) < 0 ||
		 strcmp(job.result, "done") != 0)
		r = explain_job("StopUnit", &job, r);
	else
		r = answer_ok("");
	reset_failed(bus, unit);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}

static const struct verb {
	const char *name;
	int (*run)(sd_bus *bus, const char *unit, struct words words);
} verbs[] = {
	{ "start", verb_start },
	{ "set", verb_set },
	{ "attach", verb_attach },
	{ "stop", verb_stop },
};

static int run_verb(const struct verb *verb, bool user, const char *unit, struct words words)
{
	sd_bus *bus = NULL;
	int r = user ? connect_user(&bus) : connect_system(&bus);

	if (r < 0)
		return answer_error("connect", "errno", strerror(-r));
	(void)sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT_S * 1000000ULL);
	r = verb->run(bus, unit, words);
	sd_bus_flush_close_unref(bus);
	return r;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 4 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[2], verbs[i].name) == 0)
			return run_verb(&verbs[i], strcmp(argv[1], "user") == 0, argv[3],
					(struct words){ argv + 4 });
	(void)fputs("usage: dabba-systemd system|user start|set|attach|stop UNIT ARGUMENT...\n"
		    "It is called by dabba, with --cgroup-manager=systemd.\n", stderr);
	return 2;
}
