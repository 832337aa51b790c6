/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/conf-lexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/limits.h"

void conf_lexer_init(ConfLexer *lexer, const char *text, size_t length)
{
    *lexer = (ConfLexer){.text = text, .length = length, .line = 1};
}

void conf_lexer_clear(ConfLexer *lexer)
{
    free(lexer->buffer);
    free(lexer->offsets);
    free(lexer->words);
    *lexer = (ConfLexer){0};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int make_room(ConfLexer *lexer, size_t length)
{
    if (lexer->n_words + 1 >= lexer->words_size) {
        size_t size = lexer->words_size ? lexer->words_size * 2 : 16;
        char **words = realloc(lexer->words, size * sizeof(*words));
        size_t *offsets;

        if (!words)
            return -ENOMEM;
        lexer->words = words;
        offsets = realloc(lexer->offsets, size * sizeof(*offsets));
        if (!offsets)
            return -ENOMEM;
        lexer->offsets = offsets;
        lexer->words_size = size;
    }
    if (lexer->buffer_used + length + 1 > lexer->buffer_size) {
        size_t size = (lexer->buffer_used + length + 1) * 2;
        char *buffer = realloc(lexer->buffer, size);

        if (!buffer)
            return -ENOMEM;
        lexer->buffer = buffer;
        lexer->buffer_size = size;
    }
    return 0;
}

/* Adds the word from begin to end, its escapes resolved: \" \' \\ \t \r \n; the backslash of any
 * other stays. Returns 1 if it was cut, 0, or -ENOMEM. */
static int add_word(ConfLexer *lexer, size_t begin, size_t end)
{
    bool cut = end - begin > NGINX_CONF_TOKEN_MAX;
    char *to;
    int r;

    if (cut)
        end = begin + NGINX_CONF_TOKEN_MAX;
    r = make_room(lexer, end - begin);
    if (r < 0)
        return r;
    lexer->offsets[lexer->n_words++] = lexer->buffer_used;
    to = lexer->buffer + lexer->buffer_used;
    for (size_t at = begin; at < end;) {
        char c = lexer->text[at++];

        if (c == '\\' && at < end) {
            static const char escapes[] = "\"'\\trn", values[] = "\"'\\\t\r\n";
            const char *escape = memchr(escapes, lexer->text[at], sizeof(escapes) - 1);

            if (escape) {
                c = values[escape - escapes];
                at++;
            }
        }
        *to++ = c;
    }
    *to++ = '\0';
    lexer->buffer_used = (size_t)(to - lexer->buffer);
    return cut ? 1 : 0;
}

static void note_problem(ConfStatement *statement, const char *problem, unsigned line)
{
    if (statement->problem)
        return;
    statement->problem = problem;
    statement->problem_line = line;
}

/* Passes over white space and comments. */
static void skip_space(ConfLexer *lexer)
{
    bool comment = false;

    for (; lexer->position < lexer->length; lexer->position++) {
        char c = lexer->text[lexer->position];

        if (c == '\n') {
            lexer->line++;
            comment = false;
        } else if (c == '#') {
            comment = true;
        } else if (!comment && !is_space(c)) {
            return;
        }
    }
}

/* Reads one word; the position is on its first character and is then behind its last, or its
 * closing quote. Returns 0 or -ENOMEM. */
static int read_word(ConfLexer *lexer, ConfStatement *statement)
{
    const char *text = lexer->text;
    size_t begin = lexer->position, at = begin;
    char quote = text[at] == '"' || text[at] == '\'' ? text[at] : '\0';
    bool variable = false;
    unsigned line = lexer->line;
    int r;

    if (quote)
        begin = ++at;
    for (; at < lexer->length; at++) {
        char c = text[at];

        /* ngx_conf_read_token() lets "${" pass, and any number of '{' after it */
        if (c == '{' && variable)
            continue;
        variable = false;
        if (c == '\\') {
            at++;
            if (at < lexer->length && text[at] == '\n')
                line++;
        } else if (c == '$') {
            variable = true;
        } else if (quote ? c == quote : is_space(c) || c == ';' || c == '{') {
            break;
        } else if (c == '\n') {
            line++;
        }
    }
    if (at >= lexer->length) {
        at = lexer->length;
        lexer->position = at;
        lexer->line = line;
        r = add_word(lexer, begin, at);
        return r < 0 ? r : 0;
    }
    lexer->position = quote ? at + 1 : at;
    r = add_word(lexer, begin, at);
    if (r > 0)
        note_problem(statement, "a parameter is too long, probably a quote is missing", line);
    lexer->line = line;
    if (r >= 0 && quote && lexer->position < lexer->length) {
        char c = text[lexer->position];

        if (!is_space(c) && c != ';' && c != '{' && c != ')')
            note_problem(statement, "something follows a closing quote without a space", line);
    }
    return r < 0 ? r : 0;
}

static void finish(ConfLexer *lexer, ConfStatement *statement, ConfStatementEnd end)
{
    for (size_t i = 0; i < lexer->n_words; i++)
        lexer->words[i] = lexer->buffer + lexer->offsets[i];
    statement->end = end;
    statement->words = lexer->words;
    statement->n_words = lexer->n_words;
}

int conf_lexer_next(ConfLexer *lexer, ConfStatement *ret_statement)
{
    ConfStatement statement = {0};

    lexer->n_words = 0;
    lexer->buffer_used = 0;
    if (lexer->block_done) {
        lexer->block_done = false;
        statement.line = lexer->line;
        finish(lexer, &statement, CONF_END_BLOCK_DONE);
        *ret_statement = statement;
        return 0;
    }
    for (;;) {
        char c;
        int r;

        skip_space(lexer);
        if (lexer->n_words == 0)
            statement.line = lexer->line;
        if (lexer->position >= lexer->length) {
            if (lexer->n_words > 0)
                note_problem(&statement, "unexpected end of file, expecting \";\" or \"}\"",
                             lexer->line);
            finish(lexer, &statement, lexer->n_words > 0 ? CONF_END_SIMPLE : CONF_END_FILE);
            break;
        }
        c = lexer->text[lexer->position];
        if (c == ';' && lexer->n_words == 0) {
            lexer->position++;
            note_problem(&statement, "unexpected \";\"", lexer->line);
            continue;
        }
        if (c == ';') {
            lexer->position++;
            finish(lexer, &statement, CONF_END_SIMPLE);
            break;
        }
        if (c == '{') {
            lexer->position++;
            if (lexer->n_words == 0)
                note_problem(&statement, "unexpected \"{\"", lexer->line);
            finish(lexer, &statement, CONF_END_BLOCK_START);
            break;
        }
        if (c == '}') {
            lexer->position++;
            if (lexer->n_words == 0) {
                finish(lexer, &statement, CONF_END_BLOCK_DONE);
                break;
            }
            note_problem(&statement, "unexpected \"}\", a \";\" is missing", lexer->line);
            lexer->block_done = true;
            finish(lexer, &statement, CONF_END_SIMPLE);
            break;
        }
        r = read_word(lexer, &statement);
        if (r < 0)
            return r;
    }
    *ret_statement = statement;
    return 0;
}

/* "[[", "[=[", …: the length of the opening bracket, 0 if it is none. */
static size_t long_bracket(const ConfLexer *lexer, size_t at)
{
    size_t end = at + 1;

    if (at >= lexer->length || lexer->text[at] != '[')
        return 0;
    while (end < lexer->length && lexer->text[end] == '=')
        end++;
    return end < lexer->length && lexer->text[end] == '[' ? end + 1 - at : 0;
}

static size_t skip_long_bracket(const ConfLexer *lexer, size_t at, size_t opening)
{
    for (at += opening; at < lexer->length; at++) {
        size_t end = at + 1;

        if (lexer->text[at] != ']')
            continue;
        while (end < lexer->length && lexer->text[end] == '=')
            end++;
        if (end < lexer->length && lexer->text[end] == ']' && end + 1 - at == opening)
            return end + 1;
        at = end - 1; /* the bracket at `end`, if any, may close */
    }
    return lexer->length;
}

static size_t skip_lua_string(const ConfLexer *lexer, size_t at)
{
    char quote = lexer->text[at];

    for (at++; at < lexer->length && lexer->text[at] != quote && lexer->text[at] != '\n'; at++)
        if (lexer->text[at] == '\\')
            at++;
    return at < lexer->length ? at + 1 : lexer->length;
}

/* One element of Lua that is not a brace. */
static size_t skip_lua_element(const ConfLexer *lexer, size_t at)
{
    const char *text = lexer->text;
    bool comment = text[at] == '-' && at + 1 < lexer->length && text[at + 1] == '-';
    size_t opening = long_bracket(lexer, comment ? at + 2 : at);

    if (opening > 0)
        return skip_long_bracket(lexer, comment ? at + 2 : at, opening);
    if (comment) {
        const char *newline = memchr(text + at, '\n', lexer->length - at);

        return newline ? (size_t)(newline - text) : lexer->length;
    }
    if (text[at] == '"' || text[at] == '\'')
        return skip_lua_string(lexer, at);
    return at + 1;
}

const char *conf_lexer_skip_lua(ConfLexer *lexer)
{
    size_t begin = lexer->position, depth = 1, at = begin;

    while (at < lexer->length && depth > 0) {
        if (lexer->text[at] == '{')
            depth++;
        else if (lexer->text[at] == '}')
            depth--;
        at =
            lexer->text[at] == '{' || lexer->text[at] == '}' ? at + 1 : skip_lua_element(lexer, at);
    }
    for (size_t i = begin; i < at; i++)
        if (lexer->text[i] == '\n')
            lexer->line++;
    lexer->position = at;
    return depth > 0 ? "unexpected end of file within a block of Lua" : NULL;
}
