/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "daemon/core/text.h"
#include "tests/unit/test.h"

static void test_words(void **state _unused_)
{
    assert_true(words_overlap("open read", "getattr read"));
    assert_true(words_overlap(" read ", "read"));
    assert_false(words_overlap("read", "readdir re"));
    assert_false(words_overlap("", "read"));
    assert_false(words_overlap("read", ""));
    assert_true(starts_with("context=x", "context="));
    assert_true(starts_with("x", ""));
    assert_false(starts_with("con", "context="));
}

static void test_strv(void **state _unused_)
{
    _cleanup_strv_ char **list = strv_split("  one two   three ", " ");
    _cleanup_strv_ char **copy = strv_copy(list);
    _cleanup_free_ char *joined = strv_join(list, ", ");

    assert_int_equal(strv_length(list), 3);
    assert_string_equal(joined, "one, two, three");
    assert_true(strv_contains(copy, "two"));
    assert_false(strv_contains(copy, "tw"));
    strv_sort(copy);
    assert_string_equal(copy[0], "one");
    assert_string_equal(copy[1], "three");
    assert_int_equal(strv_length(NULL), 0);
    assert_null(strv_free(NULL));
}

static void test_parse_number(void **state _unused_)
{
    static const struct {
        const char *text;
        int result;
        uint64_t number;
    } rows[] = {
        {"0", 0, 0},           {"65535", 0, 65535},
        {"65536", -ERANGE, 0}, {"18446744073709551616", -ERANGE, 0},
        {"", -EINVAL, 0},      {"-1", -EINVAL, 0},
        {"1 ", -EINVAL, 0},    {"0x1", -EINVAL, 0},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        uint64_t number = 7;

        assert_int_equal(parse_number(rows[i].text, 0, 65535, &number), rows[i].result);
        assert_int_equal(number, rows[i].result == 0 ? rows[i].number : 7);
    }
}

static void test_escape_for_terminal(void **state _unused_)
{
    static const char *const rows[][2] = {
        {"plain /path", "plain /path"},
        {"\033[2J", "\\x1b[2J"},
        {"a\nb\tc", "a\\x0ab\\x09c"},
        {"gr\303\274n", "gr\303\274n"},          /* valid UTF-8 */
        {"\374", "\\xfc"},                       /* Latin-1 */
        {"\300\200", "\\xc0\\x80"},              /* overlong NUL */
        {"\355\240\200", "\\xed\\xa0\\x80"},     /* a surrogate */
        {"\302\233m", "\\xc2\\x9bm"},            /* C1 control sequence introducer */
        {"a\342\200\256b", "a\\xe2\\x80\\xaeb"}, /* right-to-left override */
        {"\342\202", "\\xe2\\x82"},              /* cut off */
        {"\177", "\\x7f"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *escaped = escape_for_terminal(rows[i][0]);

        assert_string_equal(escaped, rows[i][1]);
        assert_true(utf8_is_valid(escaped));
    }
}

static void test_shell_quote(void **state _unused_)
{
    static const char *const rows[][2] = {
        {"httpd_can_network_connect", "httpd_can_network_connect"},
        {"/srv/a b", "'/srv/a b'"},
        {"it's", "'it'\\''s'"},
        {"", "''"},
        {"/srv(/.*)?", "'/srv(/.*)?'"},
        {"$(reboot)", "'$(reboot)'"},
    };

    for (size_t i = 0; i < ELEMENTS_OF(rows); i++) {
        _cleanup_free_ char *quoted = shell_quote(rows[i][0]);

        assert_string_equal(quoted, rows[i][1]);
    }
}

static void test_hash(void **state _unused_)
{
    uint64_t a = hash_string(hash_string(HASH_SEED, "ab"), "c");
    uint64_t b = hash_string(hash_string(HASH_SEED, "a"), "bc");

    assert_true(a != b);
    assert_true(hash_string(HASH_SEED, NULL) == hash_string(HASH_SEED, ""));
    /* The reference vector of FNV-1a. */
    assert_true(hash_bytes(HASH_SEED, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
}

/* Every byte counts, wherever it stands, and so does the length; what is behind it does not. */
static void test_hash_text(void **state _unused_)
{
    char text[100] = {};
    uint64_t hashes[100];

    for (size_t length = 0; length < sizeof(text); length++) {
        hashes[length] = hash_text(text, length);
        for (size_t shorter = 0; shorter < length; shorter++)
            assert_true(hashes[shorter] != hashes[length]);
        text[length] = 1;
        assert_true(hash_text(text, length) == hashes[length]);
        text[length] = 0;
        for (size_t i = 0; i < length; i++) {
            text[i] = 1;
            assert_true(hash_text(text, length) != hashes[length]);
            text[i] = 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strv),         cmocka_unit_test(test_words),
        cmocka_unit_test(test_parse_number), cmocka_unit_test(test_escape_for_terminal),
        cmocka_unit_test(test_shell_quote),  cmocka_unit_test(test_hash),
        cmocka_unit_test(test_hash_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
