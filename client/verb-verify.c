/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verify: sends the request that failed again, from here to this host, and compares. What nginx
 * listens on is checked by connecting to it.
 */
#include <errno.h>
#include <time.h>

#include "client/diagnoses.h"
#include "client/http-request.h"
#include "client/local-http.h"
#include "client/output.h"
#include "client/verbs.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

typedef struct Verification {
    Session *session;
    const char *path; /* of the object on the bus */
    json_object *diagnosis;
    HttpRequest request;
    char *address; /* that took the connection; NULL if none */
    int status;    /* 0: none */
    char *server;  /* that answered, as it says; NULL if it does not */
    bool denied_again;
    char *command; /* what can be tried by hand; NULL for none */
    VerifyOutcome outcome;
    char *sentence;
} Verification;

static int conclude(Verification *verification, VerifyOutcome outcome, const char *sentence)
{
    verification->outcome = outcome;
    return string_replace(&verification->sentence, sentence);
}

/* --- what the monitor sees meanwhile ------------------------------------------------ */

static int64_t count_of(json_object *diagnosis)
{
    return json_object_get_int64(json_get(diagnosis, "count"));
}

/* Whether the same was denied once more since. */
static int look_for_recurrence(Verification *verification, uint64_t wait_usec)
{
    const struct timespec pause = {.tv_nsec = 250 * 1000 * 1000};
    int64_t before = count_of(verification->diagnosis);

    for (uint64_t waited = 0;; waited += 250 * USEC_PER_MSEC) {
        _cleanup_json_ json_object *now = NULL;
        int r = diagnoses_describe(verification->session, verification->path, &now);

        if (r < 0)
            return r;
        if (count_of(now) > before) {
            verification->denied_again = true;
            return conclude(verification, VERIFY_STILL_FAILING,
                            "It was refused once more, as the monitor has just seen.");
        }
        if (waited >= wait_usec)
            return 0;
        (void)nanosleep(&pause, NULL);
    }
}

/* --- the request -------------------------------------------------------------------- */

/* The server wants TLS, which this tool does not speak. */
static int suggest_curl(Verification *verification, uint16_t port)
{
    const HttpRequest *request = &verification->request;
    _cleanup_free_ char *url =
        format_string("https://%s:%u%s", request->host, port, request->target);
    _cleanup_free_ char *resolve = format_string("%s:%u:127.0.0.1", request->host, port);
    _cleanup_free_ char *quoted_url = url ? shell_quote(url) : NULL;
    _cleanup_free_ char *quoted_resolve = resolve ? shell_quote(resolve) : NULL;

    if (!quoted_url || !quoted_resolve)
        return -ENOMEM;
    free(verification->command);
    verification->command = format_string("curl -sk -o /dev/null -w '%%{http_code}\\n' --resolve "
                                          "%s %s",
                                          quoted_resolve, quoted_url);
    return verification->command
               ? conclude(verification, VERIFY_UNKNOWN,
                          "The server wants HTTPS there, which is not spoken here.")
               : -ENOMEM;
}

static bool leads_to_https(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *location = strcasestr(answer, "\r\nlocation: https://");

    return location && (!end || location < end);
}

static int judge_answer(Verification *verification, const char *answer, size_t length)
{
    const char *sentence = NULL;
    VerifyOutcome outcome;
    int status = http_parse_status(answer, length);

    if (status < 0 || strstr(answer, "plain HTTP request was sent to HTTPS port"))
        return suggest_curl(verification, verification->request.port);
    verification->status = status;
    verification->server = http_answer_server(answer);
    if (status >= 300 && status < 400 && leads_to_https(answer))
        return suggest_curl(verification, 443);
    outcome = http_judge(json_get_text(json_get(verification->diagnosis, "failure"), "operation"),
                         status, &sentence);
    if (outcome == VERIFY_FIXED && verification->server &&
        !http_server_is_nginx(verification->server)) {
        outcome = VERIFY_UNKNOWN;
        sentence = "What answers there is not nginx: --port tells where nginx listens.";
    }
    return conclude(verification, outcome, sentence);
}

static int send_request(Verification *verification)
{
    _cleanup_free_ char *text = http_request_to_text(&verification->request), *answer = NULL;
    _cleanup_close_ int fd = -1;
    size_t length = 0;
    int r;

    if (!text)
        return -ENOMEM;
    fd = local_connect(verification->request.port, &verification->address);
    if (fd < 0) {
        _cleanup_free_ char *sentence =
            format_string("Nothing on this host takes connections on port %u (%s). --port tells "
                          "where nginx listens.",
                          verification->request.port, strerror(-fd));

        return sentence ? conclude(verification, VERIFY_UNKNOWN, sentence) : -ENOMEM;
    }
    r = local_exchange(fd, text, &answer, &length);
    if (r < 0) {
        _cleanup_free_ char *sentence = format_string("No answer came: %s.", strerror(-r));

        return sentence ? conclude(verification, VERIFY_UNKNOWN, sentence) : -ENOMEM;
    }
    r = judge_answer(verification, answer, length);
    /* An error page may hide that it failed; a failure may be another one. */
    if (r >= 0)
        r = look_for_recurrence(verification, verification->outcome == VERIFY_FIXED
                                                  ? USEC_PER_SEC
                                                  : VERIFY_RECURRENCE_USEC);
    return r;
}

/* --- what was no request -------------------------------------------------------------- */

static bool is_bind(json_object *diagnosis)
{
    json_object *permissions = json_get(json_get(diagnosis, "access"), "permissions");

    for (size_t i = 0; i < json_length(permissions); i++)
        if (streq(json_item_text(permissions, i), "name_bind"))
            return true;
    return streq(json_get_text(json_get(diagnosis, "failure"), "operation"), "bind");
}

static int check_listening(Verification *verification)
{
    json_object *target = json_get(verification->diagnosis, "target");
    int64_t port = json_object_get_int64(json_get(target, "port"));
    int fd;

    if (port < 1 || port > UINT16_MAX || streq(json_get_text(target, "protocol"), "udp"))
        return conclude(verification, VERIFY_UNKNOWN,
                        "nginx could not listen there, and whether it does now cannot be seen "
                        "from here.");
    verification->request.port = (uint16_t)port;
    fd = local_connect((uint16_t)port, &verification->address);
    if (fd < 0)
        return conclude(verification, VERIFY_STILL_FAILING,
                        "Nothing listens on the port. nginx tries again when it is reloaded: "
                        "systemctl reload nginx.");
    (void)close(fd);
    return conclude(verification, VERIFY_FIXED, "The port takes connections.");
}

/* --- the whole ------------------------------------------------------------------------- */

static int run(Verification *verification)
{
    Session *session = verification->session;
    _cleanup_free_ char *reason = NULL;
    int r;

    if (is_bind(verification->diagnosis))
        return session->dry_run ? conclude(verification, VERIFY_UNKNOWN, "Nothing was sent.")
                                : check_listening(verification);
    r = http_request_from_log(json_get(verification->diagnosis, "nginx"), &verification->request,
                              &reason);
    if (r == -ENODATA)
        return conclude(verification, VERIFY_UNKNOWN, reason);
    if (r < 0)
        return r;
    if (session->port)
        verification->request.port = (uint16_t)session->port;
    if (session->dry_run)
        return conclude(verification, VERIFY_UNKNOWN, "Nothing was sent: this was a dry run.");
    return send_request(verification);
}

static int print_json(const Verification *verification)
{
    const HttpRequest *request = &verification->request;
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *sent = json_object_new_object();
    int r = object && sent ? 0 : -ENOMEM;

    if (r >= 0 && request->method) {
        r = json_add(sent, "method", json_object_new_string(request->method));
        if (r >= 0)
            r = json_add(sent, "target", json_object_new_string(request->target));
        if (r >= 0)
            r = json_add(sent, "host", json_object_new_string(request->host));
    }
    if (r >= 0 && request->port)
        r = json_add(sent, "port", json_object_new_int(request->port));
    if (r >= 0 && verification->address)
        r = json_add(sent, "address", json_object_new_string(verification->address));
    if (r < 0) {
        json_object_put(sent);
        return r;
    }
    if (json_add(object, "request", sent) < 0 ||
        json_add(object, "id",
                 json_object_new_string(json_get_text(verification->diagnosis, "id"))) < 0 ||
        json_add(object, "outcome",
                 json_object_new_string(verify_outcome_to_string(verification->outcome))) < 0 ||
        json_add(object, "message", json_object_new_string(strempty(verification->sentence))) < 0 ||
        (verification->status > 0 &&
         json_add(object, "status", json_object_new_int(verification->status)) < 0) ||
        (verification->server &&
         json_add(object, "server", json_object_new_string(verification->server)) < 0) ||
        json_add(object, "denied_again", json_object_new_boolean(verification->denied_again)) < 0 ||
        (verification->command &&
         json_add(object, "command", json_object_new_string(verification->command)) < 0))
        return -ENOMEM;
    return output_json(object);
}

static int print_text(const Verification *verification)
{
    static const char *const words[] = {"Fixed", "Still failing", "Cannot tell"};
    const HttpRequest *request = &verification->request;

    if (request->method)
        (void)printf("%s %s, Host: %s, port %u of this host%s%s\n", request->method,
                     request->target, request->host, request->port,
                     verification->address ? ", at " : "", strempty(verification->address));
    if (verification->status > 0)
        (void)printf("Answer: %d%s%s\n", verification->status,
                     verification->server ? ", from " : "", strempty(verification->server));
    (void)printf("%s. %s\n", words[verification->outcome], strempty(verification->sentence));
    if (verification->command)
        (void)printf("By hand: %s\n", verification->command);
    if (verification->outcome == VERIFY_STILL_FAILING)
        (void)puts("If a change was made for it, selguardctl history has its number, and "
                   "selguardctl revert takes it back.");
    return 0;
}

int verb_verify(Session *session, char **arguments)
{
    _cleanup_json_ json_object *diagnosis = NULL;
    _cleanup_free_ char *path = NULL;
    Verification verification = {.session = session};
    int r;

    if (session->host || session->machine) {
        (void)fputs("verify sends its request to the host that it runs on: run it there.\n",
                    stderr);
        return EXIT_UNKNOWN;
    }
    r = diagnoses_find(session, arguments[0], &path);
    if (r >= 0)
        r = diagnoses_describe(session, path, &diagnosis);
    if (r < 0)
        return r;
    verification.path = path;
    verification.diagnosis = diagnosis;
    r = run(&verification);
    if (r >= 0)
        r = session->json ? print_json(&verification) : print_text(&verification);
    http_request_clear(&verification.request);
    free(verification.address);
    free(verification.sentence);
    free(verification.command);
    free(verification.server);
    if (r < 0)
        return r;
    return verification.outcome == VERIFY_FIXED           ? 0
           : verification.outcome == VERIFY_STILL_FAILING ? EXIT_FINDING
                                                          : EXIT_UNKNOWN;
}
