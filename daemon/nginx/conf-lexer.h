/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens of nginx's configuration language, as ngx_conf_read_token() in nginx's
 * src/core/ngx_conf_file.c takes them: words end at white space, ';' or '{'; a word that
 * begins with a quote ends at the next one like it; a backslash protects one character;
 * "${" opens no block; '#' begins a comment where a word could begin.
 *
 * Pure: a buffer goes in, statements come out. After a syntax error, where nginx stops,
 * reading goes on in the most likely way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum ConfStatementEnd {
    CONF_END_SIMPLE,      /* words and ';' */
    CONF_END_BLOCK_START, /* words and '{' */
    CONF_END_BLOCK_DONE,  /* '}', no words */
    CONF_END_FILE,        /* no words */
} ConfStatementEnd;

/* problem, if not NULL, is constant text; the statement is then a repaired one. */
typedef struct ConfStatement {
    ConfStatementEnd end;
    char **words; /* unescaped, owned by the lexer, valid until the next call; a NUL byte in
                   * a word ends it */
    size_t n_words;
    unsigned line; /* of the first word */
    const char *problem;
    unsigned problem_line;
} ConfStatement;

/* Caller-owned; conf_lexer_clear() frees what it holds. Private. */
typedef struct ConfLexer {
    const char *text;
    size_t length;
    size_t position;
    unsigned line;
    char *buffer; /* the words, each with a NUL */
    size_t buffer_size;
    size_t buffer_used;
    size_t *offsets; /* of the words in the buffer */
    char **words;
    size_t n_words;
    size_t words_size;
    bool block_done; /* a '}' was met where ';' was due: it is the next statement */
} ConfLexer;

/* The text is borrowed. */
void conf_lexer_init(ConfLexer *lexer, const char *text, size_t length);
void conf_lexer_clear(ConfLexer *lexer);

/* Reads the next statement. Returns 0, or -ENOMEM. A word longer than
 * NGINX_CONF_TOKEN_MAX is cut, with a problem. */
int conf_lexer_next(ConfLexer *lexer, ConfStatement *ret_statement);

/* After a CONF_END_BLOCK_START: passes over a block of Lua up to its '}', minding Lua's
 * strings, long brackets and comments. Returns NULL, or what is wrong, as constant text. */
const char *conf_lexer_skip_lua(ConfLexer *lexer);
