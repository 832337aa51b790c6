/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every form of nginx's messages in tests/data/nginx-messages, each in every surrounding that
 * nginx, syslog and the journal give it; and the forms in the nginx that is installed, as an oracle
 * for whether that list has them all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/macro.h"
#include "daemon/nginx/error-line.h"

#define FORMS_MAX   1024u
#define COLUMNS     8u
#define LINE_SIZE   4096u
#define NOT_A_ERROR "-"

typedef struct Form {
    char *columns[COLUMNS];
} Form;

enum { SEEN, FORMAT, EXAMPLE, OPERATION, ERRNO, KIND, TARGET, PORT };

static char *data;
static Form forms[FORMS_MAX];
static size_t n_forms;
static NginxLineParser parser;

static char *read_file(const char *path, size_t *ret_length)
{
    FILE *stream = fopen(path, "re");
    char *text = NULL;
    size_t length = 0, size = 0;

    if (!stream)
        return NULL;
    do {
        size += 65536;
        text = realloc(text, size + 1);
        assert_non_null(text);
        length += fread(text + length, 1, size - length, stream);
    } while (length == size);
    (void)fclose(stream);
    text[length] = '\0';
    *ret_length = length;
    return text;
}

static int load(void **state)
{
    size_t length;
    char *next;

    data = read_file(TEST_MESSAGES, &length);
    assert_non_null(data);
    for (char *line = data; *line; line = next) {
        Form *form = &forms[n_forms];

        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (*line == '#' || !*line)
            continue;
        assert_true(n_forms < FORMS_MAX);
        n_forms++;
        for (size_t i = 0; i < COLUMNS; i++)
            form->columns[i] = strsep(&line, "\t");
        if (!form->columns[PORT] || line)
            fail_msg("not %u columns: %s", COLUMNS, form->columns[0]);
    }
    return 0;
}

static int unload(void **state)
{
    free(data);
    return 0;
}

/* --- each form in each surrounding ---------------------------------------- */

#define T "2026/11/22 20:35:54 "

static const struct {
    const char *text;
    bool time, pid;
} beginnings[] = {
    {T "[crit] 352#352: *1 ", true, true},
    {T "[emerg] 352#352: ", true, true},
    {"<187>Nov 22 20:35:54 host nginx: " T "[error] 352#353: *1 ", true, true},
    {"Nov 22 20:35:54 host nginx[352]: " T "[alert] 352#352: ", true, true},
    {"nginx: [emerg] ", false, false},
    {"Nov 22 20:35:54 host nginx[352]: nginx: [emerg] ", false, false},
};

static const struct {
    const char *text;
    const char *client, *server, *request, *upstream, *host;
    const char *address; /* of the upstream */
    int port;
} endings[] = {
    {"", NULL, NULL, NULL, NULL, NULL, NULL, -1},
    {", client: 10.0.0.1, server: a.example.com, request: \"GET /a HTTP/1.1\", host: \"a\"",
     "10.0.0.1", "a.example.com", "GET /a HTTP/1.1", NULL, "a", NULL, -1},
    {", client: 10.0.0.1, server: , request: \"GET /a HTTP/2.0\", upstream: "
     "\"http://127.0.0.1:3000/a\", host: \"a\"",
     "10.0.0.1", NULL, "GET /a HTTP/2.0", "http://127.0.0.1:3000/a", "a", "127.0.0.1", 3000},
    {", client: 10.0.0.1, server: 0.0.0.0:9000, upstream: \"127.0.0.1:5432\", bytes from/to "
     "client:0/0, bytes from/to upstream:0/0",
     "10.0.0.1", "0.0.0.0:9000", NULL, "127.0.0.1:5432", NULL, "127.0.0.1", 5432},
    {", client: 10.0.0.1 using starttls, server: 0.0.0.0:143, login: \"x\", upstream: "
     "127.0.0.1:144",
     "10.0.0.1", "0.0.0.0:143", NULL, "127.0.0.1:144", NULL, "127.0.0.1", 144},
    {", client: 10.0.0.1, server: 0.0.0.0:143, login: \"x\"", "10.0.0.1", "0.0.0.0:143", NULL, NULL,
     NULL, NULL, -1},
};

static FailureTargetKind kind_of(const char *word)
{
    static const struct {
        const char *word;
        FailureTargetKind kind;
    } kinds[] = {
        {"none", FAILURE_TARGET_NONE},       {"other", FAILURE_TARGET_NONE},
        {"address", FAILURE_TARGET_ADDRESS}, {"socket", FAILURE_TARGET_SOCKET},
        {"path", FAILURE_TARGET_PATH},
    };

    for (size_t i = 0; i < ELEMENTS_OF(kinds); i++)
        if (streq(kinds[i].word, word))
            return kinds[i].kind;
    fail_msg("no kind: %s", word);
    return FAILURE_TARGET_NONE;
}

static bool is_same(const char *got, const char *wanted)
{
    return streq_ptr(got, wanted);
}

/* NULL, or what is wrong. */
static const char *check_context(const Failure *failure, size_t ending)
{
    if (!is_same(failure->client, endings[ending].client))
        return "client";
    if (!is_same(failure->server, endings[ending].server))
        return "server";
    if (!is_same(failure->request, endings[ending].request))
        return "request";
    if (!is_same(failure->upstream, endings[ending].upstream))
        return "upstream";
    return is_same(failure->host, endings[ending].host) ? NULL : "host";
}

static const char *check_target(const Form *form, const Failure *failure, size_t ending)
{
    FailureTargetKind kind = kind_of(form->columns[KIND]);
    int port = *form->columns[PORT] ? atoi(form->columns[PORT]) : -1, error = failure->error;

    if (streq(form->columns[KIND], "none") && endings[ending].address && error != 13 &&
        error != 1) {
        if (failure->target_kind != FAILURE_TARGET_ADDRESS ||
            !streq_ptr(failure->address, endings[ending].address) ||
            failure->port != endings[ending].port)
            return "the upstream's address";
        return NULL;
    }
    if (failure->target_kind != kind)
        return "kind of target";
    if (*form->columns[TARGET] && !streq_ptr(failure->target, form->columns[TARGET]))
        return "target";
    return failure->port == port ? NULL : "port";
}

static const char *check(const Form *form, const char *line, size_t beginning, size_t ending)
{
    Failure failure;
    const char *wrong;
    bool contradicted;

    nginx_line_parser_init(&parser, NGINX_ZONE_FIXED, 0);
    switch (nginx_line_parse(&parser, "/l", line, strlen(line), &failure)) {
    case NGINX_LINE_FOREIGN:
        return "foreign";
    case NGINX_LINE_OTHER:
        return streq(form->columns[OPERATION], NOT_A_ERROR) ? NULL : "not recognised";
    case NGINX_LINE_FAILURE:
        break;
    }
    if (!streq(failure.operation, form->columns[OPERATION]))
        return "operation";
    if (failure.error != atoi(form->columns[ERRNO]))
        return "errno";
    wrong = check_target(form, &failure, ending);
    if (wrong)
        return wrong;
    if (beginnings[beginning].time && (!failure.time_known || failure.pid != 352))
        return "time or pid";
    /* these endings name other upstreams than the examples do */
    contradicted =
        streq(failure.operation, "connect") && *form->columns[TARGET] && endings[ending].upstream;
    if (failure.contradicted != contradicted)
        return "contradicted";
    return failure.ambiguous != contradicted ? "ambiguous" : check_context(&failure, ending);
}

/* nginx writes the place in the configuration, or what a request was about, not both. */
static bool fits(const char *example, size_t ending)
{
    return ending == 0 || (!strstr(example, " in /etc/") && !strstr(example, "(undefined"));
}

static void test_forms(void **state)
{
    size_t lines = 0, wrong = 0, failures = 0, distinct = 0;

    for (size_t i = 0; i < n_forms; i++) {
        const Form *form = &forms[i];

        distinct += i == 0 || !streq(form->columns[FORMAT], forms[i - 1].columns[FORMAT]);
        failures += !streq(form->columns[OPERATION], NOT_A_ERROR);
        for (size_t j = 0; j < ELEMENTS_OF(beginnings); j++) {
            for (size_t k = 0; k < ELEMENTS_OF(endings); k++) {
                char line[LINE_SIZE];
                const char *what;

                if (!fits(form->columns[EXAMPLE], k))
                    continue;
                (void)snprintf(line, sizeof(line), "%s%s%s", beginnings[j].text,
                               form->columns[EXAMPLE], endings[k].text);
                lines++;
                what = check(form, line, j, k);
                if (!what)
                    continue;
                wrong++;
                (void)fprintf(stderr, "%s: %s\n", what, line);
            }
        }
    }
    (void)printf("nginx's messages: %zu forms, of them %zu examples of failed operations in %zu, "
                 "in %zu lines: %zu wrong\n",
                 distinct, failures, n_forms, lines, wrong);
    assert_true(failures > 200);
    assert_int_equal(wrong, 0);
}

/* --- the nginx that is installed ------------------------------------------ */

static bool is_of_the_families(const char *text)
{
    static const char *const anywhere[] = {" failed", "cannot load", "prematurely closed",
                                           "existence failed"};
    static const char *const at_end[] = {"is forbidden", "is not found", "timed out",
                                         "could not be created"};
    size_t length = strlen(text);

    for (size_t i = 0; i < ELEMENTS_OF(anywhere); i++)
        if (strstr(text, anywhere[i]))
            return true;
    for (size_t i = 0; i < ELEMENTS_OF(at_end); i++)
        if (length >= strlen(at_end[i]) && streq(text + length - strlen(at_end[i]), at_end[i]))
            return true;
    return false;
}

static bool is_listed(const char *text)
{
    if (strncmp(text, "[alert] ", strlen("[alert] ")) == 0)
        text += strlen("[alert] ");
    for (size_t i = 0; i < n_forms; i++)
        if (streq(forms[i].columns[FORMAT], text))
            return true;
    return false;
}

/* Printable text that a NUL ends, as strings(1) finds it. */
static void look_for_forms(const char *image, size_t length, size_t *seen, size_t *unknown)
{
    size_t start = 0;

    for (size_t i = 0; i < length; i++) {
        if (image[i] >= ' ' && image[i] < 0x7f)
            continue;
        if (image[i] == '\0' && i - start >= 5 && is_of_the_families(image + start)) {
            (*seen)++;
            if (!is_listed(image + start)) {
                (*unknown)++;
                (void)fprintf(stderr, "not in the list: %s\n", image + start);
            }
        }
        start = i + 1;
    }
}

static void test_installed(void **state)
{
    static const char *const files[] = {
        "/usr/sbin/nginx",
        "/usr/lib/nginx/modules/ngx_stream_module.so",
        "/usr/lib/nginx/modules/ngx_mail_module.so",
    };
    size_t seen = 0, unknown = 0;
    bool same_version = false;

    for (size_t i = 0; i < ELEMENTS_OF(files); i++) {
        size_t length;
        char *image = read_file(files[i], &length);

        if (!image)
            continue;
        if (i == 0)
            same_version = memmem(image, length, "nginx/1.22.", strlen("nginx/1.22.")) != NULL;
        look_for_forms(image, length, &seen, &unknown);
        free(image);
    }
    if (seen == 0) {
        (void)fprintf(stderr, "nginx is not installed: nothing to compare with\n");
        skip();
    }
    (void)printf("the installed nginx: %zu forms, %zu of them not in the list\n", seen, unknown);
    /* another version may have learnt to say more */
    if (same_version)
        assert_int_equal(unknown, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_installed),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
