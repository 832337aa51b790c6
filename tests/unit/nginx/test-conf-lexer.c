/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/nginx/conf-lexer.h"

#define NGINX "/usr/sbin/nginx"

/* Statements as "3:[word][word];" with '{', '}' and '!' for a problem. */
static void show(const char *text, char *ret_shown, size_t size)
{
    ConfLexer lexer;
    ConfStatement statement;
    size_t used = 0;

    conf_lexer_init(&lexer, text, strlen(text));
    ret_shown[0] = '\0';
    do {
        assert_int_equal(conf_lexer_next(&lexer, &statement), 0);
        if (statement.problem)
            used += (size_t)snprintf(ret_shown + used, size - used, "!%u", statement.problem_line);
        if (statement.end == CONF_END_FILE)
            break;
        used += (size_t)snprintf(ret_shown + used, size - used, "%u:", statement.line);
        for (size_t i = 0; i < statement.n_words; i++)
            used += (size_t)snprintf(ret_shown + used, size - used, "[%s]", statement.words[i]);
        used += (size_t)snprintf(ret_shown + used, size - used, "%c", ";{}"[statement.end]);
    } while (used < size);
    conf_lexer_clear(&lexer);
}

static const struct {
    const char *text;
    const char *shown;
} cases[] = {
    {"", ""},
    {" \t\r\n", ""},
    {"a;", "1:[a];"},
    {"a b\tc\r\nd;e;", "1:[a][b][c][d];2:[e];"},
    {"a{b;}c;", "1:[a]{1:[b];1:}1:[c];"},
    {"# x;\na # y\n b;", "2:[a][b];"},
    {"a b#c;", "1:[a][b#c];"},
    {"a \"b c\" 'd;e' ;", "1:[a][b c][d;e];"},
    {"a \"b\nc\";\nd;", "1:[a][b\nc];3:[d];"},
    {"a \"it's\" 'a \"b\"';", "1:[a][it's][a \"b\"];"},
    {"a b\"c d\";", "1:[a][b\"c][d\"];"},
    {"a \"\" '';", "1:[a][][];"},
    {"a \\\"b\\\" c\\ d \"e\\\"f\" \\\\ \\t\\r\\n \\x \\;;",
     "1:[a][\"b\"][c\\ d][e\"f][\\][\t\r\n][\\x][\\;];"},
    {"a ${b}c $d{e;}", "1:[a][${b}c][$d]{1:[e];1:}"},
    {"a \"${b}\" '$c{';", "1:[a][${b}][$c{];"},
    {"a b}c;", "1:[a][b}c];"},
    {"a ~ \\.(a|b)$ { }", "1:[a][~][\\.(a|b)$]{1:}"},
    {"when ($a = \"b\") { c; }", "1:[when][($a][=][b][)]{1:[c];1:}"},
    /* repaired */
    {"a \"b\"c;", "!11:[a][b][c];"},
    {";a;", "!11:[a];"},
    {"{a;}", "!11:{1:[a];1:}"},
    {"x { a b }\nc;", "1:[x]{!11:[a][b];1:}2:[c];"},
    {"a b", "!11:[a][b];"},
    {"a \"b\n", "!21:[a][b\n];"},
    {"a", "!11:[a];"},
    {"a \\", "!11:[a][\\];"},
    {"}", "1:}"},
};

static void test_statements(void **state)
{
    char shown[1024];

    for (size_t i = 0; i < ELEMENTS_OF(cases); i++) {
        show(cases[i].text, shown, sizeof(shown));
        if (!streq(shown, cases[i].shown))
            fail_msg("<%s> is %s, not %s", cases[i].text, shown, cases[i].shown);
    }
}

static void test_lua(void **state)
{
    static const struct {
        const char *text;
        const char *rest; /* NULL: it does not end */
        unsigned line;
    } table[] = {
        {" } x", " x", 1},
        {"a = {1,{2}}\n}x", "x", 2},
        {"s = \"}\" t = '}' u = '\\'}' }x", "x", 1},
        {"-- }\n}x", "x", 2},
        {"--[[ } \n]] }x", "x", 2},
        {"--[==[ ]] } ]=] ]==] }x", "x", 1},
        {"s = [[ } ]] .. [=[ ]] } ]=] }x", "x", 1},
        {"a[b[1]] = 2 }x", "x", 1},
        {"s = [=[ ]]=] }x", "x", 1},
        {"{ }", NULL, 1},
        {"[[ }", NULL, 1},
        {"'\\", NULL, 1},
        {"--", NULL, 1},
        {"", NULL, 1},
    };

    for (size_t i = 0; i < ELEMENTS_OF(table); i++) {
        ConfLexer lexer;
        const char *problem;

        conf_lexer_init(&lexer, table[i].text, strlen(table[i].text));
        problem = conf_lexer_skip_lua(&lexer);
        if (!table[i].rest != (problem != NULL))
            fail_msg("%s: %s", table[i].text, strempty(problem));
        if (table[i].rest &&
            (!streq(table[i].text + lexer.position, table[i].rest) || lexer.line != table[i].line))
            fail_msg("%s: rest <%s> line %u", table[i].text, table[i].text + lexer.position,
                     lexer.line);
        conf_lexer_clear(&lexer);
    }
}

static void test_long_word(void **state)
{
    size_t length = NGINX_CONF_TOKEN_MAX * 3;
    char *text = malloc(length + 8);
    ConfLexer lexer;
    ConfStatement statement;

    assert_non_null(text);
    memset(text, 'x', length);
    memcpy(text + length, " b; c;", 7);
    conf_lexer_init(&lexer, text, length + 6);
    assert_int_equal(conf_lexer_next(&lexer, &statement), 0);
    assert_non_null(statement.problem);
    assert_int_equal(statement.n_words, 2);
    assert_int_equal(strlen(statement.words[0]), NGINX_CONF_TOKEN_MAX);
    assert_string_equal(statement.words[1], "b");
    assert_int_equal(conf_lexer_next(&lexer, &statement), 0);
    assert_string_equal(statement.words[0], "c");
    conf_lexer_clear(&lexer);
    free(text);
}

/* What nginx itself says of a text: the word that it takes for an unknown directive, or that
 * the syntax is wrong. */
static void ask_nginx(const char *directory, const char *text, char *ret_answer, size_t size)
{
    static char output[65536];
    char path[128], command[512], *word, *end;
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "%s/t.conf", directory);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof(command),
             NGINX " -t -p %s -c %s -g 'pid %s/pid; error_log %s/log;' 2>&1", directory, path,
             directory, directory);
    file = popen(command, "r");
    assert_non_null(file);
    length = fread(output, 1, sizeof(output) - 1, file);
    output[length] = '\0';
    pclose(file);

    word = strstr(output, "unknown directive \"");
    end = strstr(output, path);
    if (word && end > word) {
        word += strlen("unknown directive \"");
        snprintf(ret_answer, size, "%.*s", (int)(end - word) - (int)strlen("\" in "), word);
    } else if (strstr(output, " unexpected ")) {
        snprintf(ret_answer, size, "syntax");
    } else if (strstr(output, "no \"events\" section")) {
        snprintf(ret_answer, size, "empty");
    } else {
        fail_msg("nginx said of <%s>: %s", text, output);
    }
}

static void ask_lexer(const char *text, char *ret_answer, size_t size)
{
    ConfLexer lexer;
    ConfStatement statement;

    conf_lexer_init(&lexer, text, strlen(text));
    assert_int_equal(conf_lexer_next(&lexer, &statement), 0);
    if (statement.problem || statement.end == CONF_END_BLOCK_DONE)
        snprintf(ret_answer, size, "syntax");
    else if (statement.end == CONF_END_FILE)
        snprintf(ret_answer, size, "empty");
    else
        snprintf(ret_answer, size, "%s", statement.words[0]);
    conf_lexer_clear(&lexer);
}

static void compare_with_nginx(const char *directory, const char *text)
{
    char theirs[1024], ours[1024];

    ask_nginx(directory, text, theirs, sizeof(theirs));
    ask_lexer(text, ours, sizeof(ours));
    if (!streq(theirs, ours))
        fail_msg("<%s>: nginx says <%s>, we <%s>", text, theirs, ours);
}

static void test_against_nginx(void **state)
{
    static const char alphabet[] = "xyx  \n\t;{}\"'\\\\$#(){}tr";
    char directory[] = "/tmp/conf-lexer-XXXXXX", text[64];
    uint32_t random = 20261122;
    static const char *const left[] = {"t.conf", "log", "pid"};

    if (access(NGINX, X_OK) < 0)
        skip();
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < ELEMENTS_OF(cases); i++)
        compare_with_nginx(directory, cases[i].text);
    for (unsigned round = 0; round < 250; round++) {
        size_t length = 1 + round % 14;

        for (size_t i = 0; i < length; i++) {
            random = random * 1664525 + 1013904223;
            text[i] = alphabet[(random >> 16) % (sizeof(alphabet) - 1)];
        }
        text[length] = '\0';
        compare_with_nginx(directory, text);
    }
    for (size_t i = 0; i < ELEMENTS_OF(left); i++) {
        snprintf(text, sizeof(text), "%s/%s", directory, left[i]);
        (void)unlink(text);
    }
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_lua),
        cmocka_unit_test(test_long_word),
        cmocka_unit_test(test_against_nginx),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
