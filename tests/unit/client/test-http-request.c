/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "client/http-request.h"
#include "daemon/core/json.h"
#include "daemon/core/text.h"
#include "tests/unit/test.h"

static json_object *make_log(const char *request, const char *host)
{
    json_object *object = json_object_new_object();

    if (request)
        assert_int_equal(json_add(object, "request", json_object_new_string(request)), 0);
    if (host)
        assert_int_equal(json_add(object, "host", json_object_new_string(host)), 0);
    return object;
}

static void test_accepted(void **state _unused_)
{
    static const struct {
        const char *request, *host;
        const char *text;
    } rows[] = {
        {"GET /orders/6 HTTP/1.1", "shop.example.com",
         "GET /orders/6 HTTP/1.1\r\nHost: shop.example.com\r\n"},
        {"HEAD / HTTP/1.0", NULL, "HEAD / HTTP/1.1\r\nHost: localhost\r\n"},
        {"GET /a?b=c&d=%2f HTTP/2.0", "10.0.0.1:8080",
         "GET /a?b=c&d=%2f HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n"},
        {"GET /x HTTP/1.1", "[::1]:81", "GET /x HTTP/1.1\r\nHost: [::1]:81\r\n"},
        {"GET /x HTTP/1.1", "[::1]", "GET /x HTTP/1.1\r\nHost: [::1]\r\n"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_json_ json_object *log = make_log(rows[i].request, rows[i].host);
        _cleanup_free_ char *text = NULL, *reason = NULL;
        HttpRequest request = {};

        assert_int_equal(http_request_from_log(log, &request, &reason), 0);
        text = http_request_to_text(&request);
        assert_int_equal(strncmp(text, rows[i].text, strlen(rows[i].text)), 0);
        assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");
        assert_null(strstr(text, "\r\n\r\n") + 4 < text + strlen(text) ? "more" : NULL);
        http_request_clear(&request);
    }
}

/* What a client of nginx could have put there. */
static void test_refused(void **state _unused_)
{
    static const struct {
        const char *request, *host;
    } rows[] = {
        {NULL, "a"},
        {"", "a"},
        {"POST /pay HTTP/1.1", "a"},
        {"DELETE / HTTP/1.1", "a"},
        {"get / HTTP/1.1", "a"},
        {"GET http://169.254.169.254/ HTTP/1.1", "a"},
        {"GET //x/ GET / HTTP/1.1", "a"},
        {"GET *", "a"},
        {"GET / FTP/1.1", "a"},
        {"GET /\\x0d\\x0aHost: b HTTP/1.1", "a"},
        {"GET /\\x0d\\x0aX:y HTTP/1.1", "a"},
        {"GET /a\tb HTTP/1.1", "a"},
        {"GET /\r\nX:y HTTP/1.1", "a"},
        {"GET /gr\303\274n HTTP/1.1", "a"},
        {"GET /#x HTTP/1.1", "a"},
        {"GET / HTTP/1.1", "a b"},
        {"GET / HTTP/1.1", "a\r\nX: y"},
        {"GET / HTTP/1.1", "a\\x0d\\x0aX"},
        {"GET / HTTP/1.1", "a:0"},
        {"GET / HTTP/1.1", "a:99999"},
        {"GET / HTTP/1.1", "a@b"},
        {"GET / HTTP/1.1", ":80"},
        {"GET / HTTP/1.1", "a/b"},
        {"GET / HTTP/1.1", "[::1"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_json_ json_object *log = make_log(rows[i].request, rows[i].host);
        _cleanup_free_ char *reason = NULL;
        HttpRequest request = {};

        if (http_request_from_log(log, &request, &reason) != -ENODATA)
            fail_msg("accepted: %s, %s", rows[i].request, rows[i].host);
        assert_non_null(reason);
        assert_null(request.method);
        assert_null(request.target);
        assert_null(request.host);
    }
}

static void test_long_target(void **state _unused_)
{
    char line[4096];
    _cleanup_json_ json_object *log = NULL;
    _cleanup_free_ char *reason = NULL;
    HttpRequest request = {};

    memset(line, 'a', sizeof(line));
    memcpy(line, "GET /", 5);
    strcpy(line + sizeof(line) - 10, " HTTP/1.1");
    log = make_log(line, "a");
    assert_int_equal(http_request_from_log(log, &request, &reason), -ENODATA);
}

static void test_status(void **state _unused_)
{
    static const struct {
        const char *answer;
        int status;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\n", 200},
        {"HTTP/1.0 502 Bad Gateway\r\n", 502},
        {"HTTP/1.1 999 x\r\n", -EBADMSG},
        {"HTTP/1.1 2x0 x\r\n", -EBADMSG},
        {"HTTP/1.1 20", -EBADMSG},
        {"\025\003\003\000\002\002\050", -EBADMSG},
        {"", -EBADMSG},
        {"SSH-2.0-OpenSSH_9\r\n", -EBADMSG},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++)
        assert_int_equal(http_parse_status(rows[i].answer, strlen(rows[i].answer)), rows[i].status);
}

static void test_judge(void **state _unused_)
{
    static const struct {
        const char *operation;
        int status;
        VerifyOutcome outcome;
    } rows[] = {
        {"connect", 200, VERIFY_FIXED},   {"connect", 502, VERIFY_STILL_FAILING},
        {"connect", 504, VERIFY_UNKNOWN}, {"connect", 404, VERIFY_FIXED},
        {"connect", 403, VERIFY_UNKNOWN}, {"connect", 500, VERIFY_UNKNOWN},
        {"open", 200, VERIFY_FIXED},      {"open", 403, VERIFY_STILL_FAILING},
        {"open", 404, VERIFY_UNKNOWN},    {"open", 500, VERIFY_STILL_FAILING},
        {"open", 304, VERIFY_FIXED},      {NULL, 200, VERIFY_FIXED},
        {NULL, 418, VERIFY_UNKNOWN},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        const char *sentence = NULL;

        assert_int_equal(http_judge(rows[i].operation, rows[i].status, &sentence), rows[i].outcome);
        assert_non_null(sentence);
    }
}

static void test_server(void **state _unused_)
{
    _cleanup_free_ char *nginx =
        http_answer_server("HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n");
    _cleanup_free_ char *hostile =
        http_answer_server("HTTP/1.1 200 OK\r\nDate: x\r\nSERVER:\tx\033[2J\r\n\r\n");

    assert_string_equal(nginx, "nginx/1.22.1");
    assert_true(http_server_is_nginx(nginx));
    assert_string_equal(hostile, "x\\x1b[2J");
    assert_false(http_server_is_nginx(hostile));
    assert_null(http_answer_server("HTTP/1.1 200 OK\r\nDate: x\r\n\r\n\r\nServer: nginx\r\n"));
    assert_null(http_answer_server(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_target), cmocka_unit_test(test_status),
        cmocka_unit_test(test_judge),       cmocka_unit_test(test_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
