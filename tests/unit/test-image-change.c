/* SPDX-License-Identifier: Apache-2.0 */
/* The change instructions of a commit, each result written as the JSON it becomes. */
#include "tests/unit/tap.h"

#include "base/mem.h"
#include "base/str.h"
#include "image/change.h"
#include "image/document.h"
#include "image/words.h"

static const char base_text[] =
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},"
	"\"config\":{\"User\":\"www\",\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"PATH=/bin\",\"A=1\"],"
	"\"Entrypoint\":[\"/init\"],\"Cmd\":[\"serve\"],\"Volumes\":{\"/data\":{}},"
	"\"WorkingDir\":\"/srv\",\"Labels\":{\"a\":\"1\"},\"X-Unknown\":[1,2]}}";

/* The member "config" after CHANGE (or NULL) and the merge; or NULL and the error. */
static char *change_config(const char *const *changes, struct error *err)
{
	struct oci_arena arena = OCI_ARENA_INIT;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct oci_image_run_config config = { 0 };
	struct oci_image_config base;
	char *json = NULL, *start;
	size_t len;
	int r;

	strbuf_adds(&text, base_text);
	r = document_read(&arena, &oci_image_config_object, &text, "base", &base, err);
	for (; r == 0 && *changes; changes++)
		r = change_apply(*changes, base.config, &arena, &config, err);
	if (r == 0) {
		change_merge(base.config, &arena, &config);
		base.config = &config;
		r = document_write(&oci_image_config_object, &base, 0, &json, &len, err);
	}
	oci_arena_release(&arena);
	if (r < 0)
		return NULL;
	start = strstr(json, "\"config\":") + strlen("\"config\":");
	memmove(json, start, strlen(start) + 1);
	start = strstr(json, ",\"rootfs\"");
	*start = '\0';
	return json;
}

static const struct {
	const char *change[4];
	/* A piece of the result. */
	const char *has;
} good[] = {
	{ { NULL }, "\"Entrypoint\":[\"/init\"],\"Cmd\":[\"serve\"]" },
	{ { NULL }, "\"X-Unknown\":[1,2]" },
	{ { "CMD node app.js" }, "\"Cmd\":[\"/bin/sh\",\"-c\",\"node app.js\"]" },
	{ { "CMD node app.js" }, "\"Entrypoint\":[\"/init\"]" },
	{ { "cmd [\"node\", \"app.js\"]" }, "\"Cmd\":[\"node\",\"app.js\"]" },
	{ { "CMD [not json" }, "\"Cmd\":[\"/bin/sh\",\"-c\",\"[not json\"]" },
	{ { "CMD echo \"a  b\" $X" }, "\"Cmd\":[\"/bin/sh\",\"-c\",\"echo \\\"a  b\\\" $X\"]" },
	{ { "ENTRYPOINT [\"/x\"]" }, "\"Entrypoint\":[\"/x\"],\"Volumes\"" },
	{ { "ENTRYPOINT [\"/x\"]", "CMD y" },
	  "\"Entrypoint\":[\"/x\"],\"Cmd\":[\"/bin/sh\",\"-c\",\"y\"]" },
	{ { "ENV A=2 B=\"b c\" C='$A'" },
	  "\"Env\":[\"PATH=/bin\",\"A=2\",\"B=b c\",\"C=$A\"]" },
	{ { "ENV PATH=$PATH:/opt/bin" }, "\"Env\":[\"PATH=/bin:/opt/bin\",\"A=1\"]" },
	{ { "ENV X=${NO:-d}${A:+yes}${A}\\$A" }, "\"X=dyes1$A\"" },
	{ { "ENV B some  words" }, "\"B=some  words\"" },
	{ { "ENV B=a\\ b" }, "\"B=a b\"" },
	{ { "LABEL a=b c=\"d e\"" }, "\"Labels\":{\"a\":\"b\",\"c\":\"d e\"}" },
	{ { "LABEL \"x y\"=z" }, "\"x y\":\"z\"" },
	{ { "EXPOSE 8080 53/udp 9000-9001" },
	  "\"ExposedPorts\":{\"80/tcp\":{},\"8080/tcp\":{},\"53/udp\":{},\"9000/tcp\":{},"
	  "\"9001/tcp\":{}}" },
	{ { "USER 1000:1000" }, "\"User\":\"1000:1000\"" },
	{ { "VOLUME /a /data" }, "\"Volumes\":{\"/data\":{},\"/a\":{}}" },
	{ { "VOLUME [\"/b c\"]" }, "\"/b c\":{}" },
	{ { "WORKDIR app/../lib" }, "\"WorkingDir\":\"/srv/lib\"" },
	{ { "WORKDIR /a", "WORKDIR b" }, "\"WorkingDir\":\"/a/b\"" },
	{ { "WORKDIR /../.." }, "\"WorkingDir\":\"/\"" },
	{ { "STOPSIGNAL SIGTERM" }, "\"StopSignal\":\"SIGTERM\"" },
	{ { "STOPSIGNAL 9" }, "\"StopSignal\":\"9\"" },
	{ { "ONBUILD RUN make", "ONBUILD COPY . /" }, "\"OnBuild\":[\"RUN make\",\"COPY . /\"]" },
	{ { "HEALTHCHECK NONE" }, "\"Healthcheck\":{\"Test\":[\"NONE\"]}" },
	{ { "HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f x" },
	  "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"curl -f x\"],\"Interval\":90000000000,"
	  "\"Retries\":3}" },
	{ { "HEALTHCHECK --timeout=1.5s CMD [\"x\"]" },
	  "\"Test\":[\"CMD\",\"x\"],\"Timeout\":1500000000" },
};

static const struct {
	const char *change, *error;
} bad[] = {
	{ "RUN make", "\"RUN\" is not an instruction" },
	{ "", "is not an instruction" },
	{ "CMD", "nothing stands behind CMD" },
	{ "CMD=x", "nothing stands behind CMD" },
	{ "ENV A", "\"A\" has no value" },
	{ "ENV A=1 B", "\"B\" has no \"=\"" },
	{ "ENV A=\"1", "a quote is not closed" },
	{ "ENV =1", "a name is empty" },
	{ "ENV A=${B", "is not a variable" },
	{ "ENV A=${B%x}", "is not a variable" },
	{ "EXPOSE 0", "\"0\" is no port" },
	{ "EXPOSE 80/x", "\"x\" is no protocol" },
	{ "EXPOSE 70000", "is no port" },
	{ "STOPSIGNAL TERM", "\"TERM\" is no signal" },
	{ "ONBUILD FROM x", "FROM cannot be a trigger" },
	{ "HEALTHCHECK curl", "neither NONE nor CMD" },
	{ "HEALTHCHECK --interval=5 CMD x", "a duration is like" },
	{ "HEALTHCHECK --x=5 CMD x", "is not known" },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct error err = ERROR_INIT;
		cleanup_free char *json = change_config(good[i].change, &err);

		ok_named(json && strstr(json, good[i].has), "%s: %s",
			 good[i].change[0] ? good[i].change[0] : "nothing", json ? json : err.msg);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *const changes[] = { bad[i].change, NULL };
		struct error err = ERROR_INIT;
		cleanup_free char *json = change_config(changes, &err);

		ok_named(!json && strstr(err.msg, bad[i].error), "%s: %s", bad[i].change,
			 json ? json : err.msg);
	}
	return tap_done();
}
