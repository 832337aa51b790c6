/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* explain and preflight: questions that the monitor answers in JSON. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json_tokener.h>

#include "client/output.h"
#include "client/verbs.h"
#include "daemon/core/diagnosis-text.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* Sends a question and reads its answer. `text` NULL: it takes options only. */
static int ask(Session *session, const char *method, const char *text, const char *what,
               json_object **ret_answer)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    const char *json;
    int r = sd_bus_message_new_method_call(session->bus, &call, NGINX1_NAME, NGINX1_PATH,
                                           NGINX1_MANAGER, method);

    if (r >= 0 && text)
        r = sd_bus_message_append(call, "s", text);
    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, what, &reply);
    if (r >= 0)
        r = sd_bus_message_read(reply, "s", &json);
    if (r < 0)
        return r;
    *ret_answer = json_tokener_parse(json);
    return *ret_answer ? 0 : -EBADMSG;
}

/* --- explain ------------------------------------------------------------------- */

/* Up to a byte more than is taken, to notice that it is too much. */
static int read_text(const char *path, char **ret_text)
{
    const bool from_stdin = !path || streq(path, "-");
    _cleanup_close_ int opened = -1;
    _cleanup_free_ char *text = malloc(EXPLAIN_TEXT_MAX + 2);
    size_t length = 0;
    ssize_t n = 1;

    if (!text)
        return -ENOMEM;
    if (from_stdin && isatty(STDIN_FILENO))
        (void)fputs("Paste audit records or lines of nginx's error log; end with Ctrl-D.\n",
                    stderr);
    if (!from_stdin) {
        opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (opened < 0) {
            n = -errno;
            (void)fprintf(stderr, "%s: %s\n", path, strerror((int)-n));
            return (int)n;
        }
    }
    while (n > 0 && length <= EXPLAIN_TEXT_MAX) {
        n = read(from_stdin ? STDIN_FILENO : opened, text + length, EXPLAIN_TEXT_MAX + 1 - length);
        if (n > 0)
            length += (size_t)n;
    }
    if (n < 0) {
        n = -errno;
        (void)fprintf(stderr, "%s: %s\n", from_stdin ? "standard input" : path, strerror((int)-n));
        return (int)n;
    }
    if (length > EXPLAIN_TEXT_MAX) {
        (void)fprintf(stderr,
                      "That is more than %u KiB. For whole logs: nginx-selguard analyze "
                      "--audit-log FILE\n",
                      EXPLAIN_TEXT_MAX / 1024);
        return -E2BIG;
    }
    text[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    *ret_text = TAKE_POINTER(text);
    return 0;
}

/* D-Bus carries UTF-8 only. What is none becomes question marks, byte by byte. */
static void make_utf8(char *text)
{
    while (*text && !utf8_is_valid(text)) {
        size_t low = 0, high = strlen(text);

        /* The longest valid start; a byte that ends it is replaced. */
        while (low < high) {
            size_t middle = low + (high - low + 1) / 2;
            char kept = text[middle];
            bool valid;

            text[middle] = '\0';
            valid = utf8_is_valid(text);
            text[middle] = kept;
            if (valid)
                low = middle;
            else
                high = middle - 1;
        }
        text += low;
        if (*text)
            *text++ = '?';
    }
}

static void print_input(json_object *input)
{
    (void)printf(
        "%s records, %s denials of nginx's domain, %s refused operations in nginx's lines\n",
        json_get_text(input, "records"), json_get_text(input, "denials"),
        json_get_text(input, "failures"));
    if (json_object_get_int64(json_get(input, "other_denials")) > 0)
        (void)printf("Left aside: %s denials of other domains\n",
                     json_get_text(input, "other_denials"));
    if (json_object_get_int64(json_get(input, "left_out")) > 0)
        (void)printf("There are more problems in it, not shown: %s\n",
                     json_get_text(input, "left_out"));
}

int verb_explain(Session *session, char **arguments)
{
    const TextStyle style = {.color = session->color, .details = session->verbose};
    _cleanup_json_ json_object *answer = NULL;
    _cleanup_free_ char *text = NULL;
    json_object *diagnoses;
    int r = read_text(arguments[0], &text);

    if (r < 0 || !text)
        return r < 0 ? r : -EIO;
    make_utf8(text);
    r = ask(session, "Explain", text, "have the text explained", &answer);
    if (r < 0)
        return r;
    if (session->json)
        return output_json(answer);
    print_input(json_get(answer, "input"));
    diagnoses = json_get(answer, "diagnoses");
    for (size_t i = 0; i < json_length(diagnoses); i++) {
        (void)putchar('\n');
        diagnosis_print(stdout, json_object_array_get_idx(diagnoses, i), &style);
    }
    if (json_length(diagnoses) == 0)
        (void)puts("Nothing in it is about nginx. A denial is a line with \"avc:  denied\"; give "
                   "it whole.");
    return 0;
}

/* --- preflight ------------------------------------------------------------------- */

static void print_ask(json_object *ask, const char *start)
{
    (void)fputs(start, stdout);
    output_escaped(stdout,
                   json_get_text(ask, *json_get_text(ask, "directive") ? "directive" : "kind"));
    (void)putchar(' ');
    output_escaped(stdout, json_get_text(ask, "value"));
    if (*json_get_text(ask, "path") &&
        !streq(json_get_text(ask, "path"), json_get_text(ask, "value"))) {
        (void)fputs(": ", stdout);
        output_escaped(stdout, json_get_text(ask, "path"));
    }
    (void)fputs("  (", stdout);
    if (*json_get_text(ask, "server")) {
        output_escaped(stdout, json_get_text(ask, "server"));
        (void)fputs(", ", stdout);
    }
    if (json_object_get_int64(json_get(ask, "line")) > 0) {
        output_escaped(stdout, json_get_text(ask, "file"));
        (void)printf(":%s)\n", json_get_text(ask, "line"));
    } else {
        (void)fputs("nginx's default)\n", stdout);
    }
}

#define ASKS_SHOWN 3u

static void print_denied(json_object *diagnosis, bool verbose)
{
    json_object *asked_by = json_get(diagnosis, "asked_by"), *fixes = json_get(diagnosis, "fixes");
    json_object *best = json_length(fixes) > 0 ? json_object_array_get_idx(fixes, 0) : NULL;
    size_t n = json_length(asked_by), shown = verbose || n < ASKS_SHOWN ? n : ASKS_SHOWN;

    (void)putchar('\n');
    output_escaped(stdout, json_get_text(diagnosis, "summary"));
    (void)putchar('\n');
    for (size_t i = 0; i < shown; i++)
        print_ask(json_object_array_get_idx(asked_by, i), "  asked for by  ");
    if (n > shown)
        (void)printf("                and %zu more (-v shows them)\n", n - shown);
    if (!best) {
        (void)puts("  no fix that could be proven");
        return;
    }
    (void)fputs("  would help    ", stdout);
    output_escaped(stdout, json_get_text(best, "summary"));
    if (json_length(fixes) > 1)
        (void)printf("  (the best of %zu)", json_length(fixes));
    (void)putchar('\n');
    for (size_t i = 0; i < json_length(json_get(best, "commands")); i++) {
        json_object *action = json_object_array_get_idx(json_get(best, "actions"), i);

        (void)fputs("                ", stdout);
        /* Its command carries the whole text of the module. */
        if (!verbose && streq(json_get_text(action, "kind"), "install-module")) {
            (void)fputs("semodule -i ", stdout);
            output_escaped(stdout, json_get_text(action, "name"));
            (void)fputs(".cil  (-v shows what is in it)", stdout);
        } else {
            output_escaped(stdout, json_item_text(json_get(best, "commands"), i));
        }
        (void)putchar('\n');
    }
}

static void print_list(json_object *list, const char *title, bool verbose)
{
    if (json_length(list) == 0)
        return;
    (void)printf("\n%s: %zu%s\n", title, json_length(list), verbose ? "" : " (-v shows them)");
    for (size_t i = 0; verbose && i < json_length(list); i++)
        print_ask(json_object_array_get_idx(list, i), "  ");
}

int verb_preflight(Session *session, char **arguments _unused_)
{
    _cleanup_json_ json_object *answer = NULL;
    json_object *denied;
    int r =
        ask(session, "Preflight", NULL, "check nginx's configuration against the policy", &answer);

    if (r < 0)
        return r;
    denied = json_get(answer, "denied");
    if (session->json) {
        r = output_json(answer);
    } else {
        (void)printf("Ports, sockets and files that nginx's configuration asks for: %s\n"
                     "Would be denied by the policy in force: %zu\n",
                     json_get_text(answer, "checked"), json_length(denied));
        for (size_t i = 0; i < json_length(denied); i++)
            print_denied(json_object_array_get_idx(denied, i), session->verbose);
        print_list(json_get(answer, "missing"), "Not there, so not checked", session->verbose);
        print_list(json_get(answer, "unknown"),
                   "Decided at run time, or not visible, so not checked", session->verbose);
        if (json_object_get_boolean(json_get(answer, "truncated")))
            (void)puts("\nThe configuration is too large to check all of it.");
        (void)puts("\nChecked is SELinux, not file modes. What is opened by a name in a variable "
                   "shows only when it is used.");
    }
    if (r < 0)
        return r;
    return json_length(denied) > 0 ? EXIT_FINDING : 0;
}
