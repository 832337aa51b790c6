/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/nginx/conf-read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/nginx/conf-file.h"
#include "daemon/nginx/conf-lexer.h"
#include "daemon/nginx/conf-root.h"

/* Twice the files, so that the table of their names stays sparse. A power of two. */
#define FILE_TABLE_SIZE 8192u
_Static_assert(FILE_TABLE_SIZE >= 2 * NGINX_CONF_FILES_MAX, "the table of files is too small");

typedef struct OpenFile {
    dev_t device;
    ino_t inode;
} OpenFile;

typedef struct OpenBlock {
    NginxDirective *block; /* NULL at the top level */
    NginxDirective *last;  /* of its directives */
} OpenBlock;

typedef struct Reader {
    NginxConf *conf;
    int root_fd; /* -1: text in memory, nothing is included */
    OpenFile files[NGINX_CONF_DEPTH_MAX];
    size_t n_files;
    OpenBlock blocks[NGINX_CONF_DEPTH_MAX + 1];
    size_t depth;
    const char *names[FILE_TABLE_SIZE];
    size_t names_size; /* of conf->files */
    size_t includes;
    size_t total_size;
    size_t problems_size;
    bool stop; /* a limit on the whole was met */
} Reader;

_printf_(4, 5) static int add_problem(Reader *reader, const char *file, unsigned line,
                                      const char *format, ...)
{
    NginxConf *conf = reader->conf;
    char text[1024];
    const char *copy;
    va_list args;

    conf->problems_total++;
    if (conf->n_problems == NGINX_CONF_PROBLEMS_MAX)
        return 0;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    copy = arena_copy(&conf->memory, text, strlen(text));
    if (!copy)
        return -ENOMEM;
    if (conf->n_problems == reader->problems_size) {
        size_t size = reader->problems_size ? reader->problems_size * 2 : 8;
        NginxConfProblem *problems = realloc(conf->problems, size * sizeof(*problems));

        if (!problems)
            return -ENOMEM;
        conf->problems = problems;
        reader->problems_size = size;
    }
    conf->problems[conf->n_problems++] = (NginxConfProblem){file, line, copy};
    return 0;
}

/* As add_problem(), where what is missing is due to a limit. */
static int add_limit(Reader *reader, const char *file, unsigned line, const char *text)
{
    reader->conf->truncated = true;
    return add_problem(reader, file, line, "%s", text);
}

/* The one copy of a file's name. Returns 0, -ENOMEM, or -E2BIG past NGINX_CONF_FILES_MAX. */
static int intern_file(Reader *reader, const char *path, const char **ret_name)
{
    NginxConf *conf = reader->conf;
    size_t slot = hash_string(HASH_SEED, path) % FILE_TABLE_SIZE;

    for (; reader->names[slot]; slot = (slot + 1) % FILE_TABLE_SIZE) {
        if (streq(reader->names[slot], path)) {
            *ret_name = reader->names[slot];
            return 0;
        }
    }
    if (conf->n_files == NGINX_CONF_FILES_MAX)
        return -E2BIG;
    if (conf->n_files + 1 >= reader->names_size) {
        size_t size = reader->names_size ? reader->names_size * 2 : 64;
        char **files = realloc(conf->files, size * sizeof(*files));

        if (!files)
            return -ENOMEM;
        conf->files = files;
        reader->names_size = size;
    }
    conf->files[conf->n_files] = arena_copy(&conf->memory, path, strlen(path));
    if (!conf->files[conf->n_files])
        return -ENOMEM;
    *ret_name = reader->names[slot] = conf->files[conf->n_files];
    conf->files[++conf->n_files] = NULL;
    return 0;
}

static int add_directive(Reader *reader, const char *file, const ConfStatement *statement,
                         NginxDirective **ret_directive)
{
    NginxConf *conf = reader->conf;
    OpenBlock *open = &reader->blocks[reader->depth];
    NginxDirective *directive = arena_alloc(&conf->memory, sizeof(*directive));
    size_t n_args = statement->n_words > 0 ? statement->n_words - 1 : 0;

    if (!directive)
        return -ENOMEM;
    directive->file = file;
    directive->line = statement->line;
    directive->block = statement->end == CONF_END_BLOCK_START;
    directive->parent = open->block;
    directive->n_args = n_args;
    directive->args = arena_alloc(&conf->memory, (n_args + 1) * sizeof(*directive->args));
    directive->name = "";
    if (!directive->args)
        return -ENOMEM;
    for (size_t i = 0; i < statement->n_words; i++) {
        char *word = arena_copy(&conf->memory, statement->words[i], strlen(statement->words[i]));

        if (!word)
            return -ENOMEM;
        if (i == 0)
            directive->name = word;
        else
            directive->args[i - 1] = word;
    }
    if (open->last)
        open->last->next = directive;
    else if (open->block)
        open->block->first = directive;
    else
        conf->first = directive;
    open->last = directive;
    conf->n_directives++;
    *ret_directive = directive;
    return 0;
}

static int read_include(Reader *reader, const NginxDirective *include);

static bool is_lua_block(const char *name)
{
    static const char ending[] = "_by_lua_block";
    size_t length = strlen(name);

    return length >= sizeof(ending) && streq(name + length - (sizeof(ending) - 1), ending);
}

static int take_statement(Reader *reader, const char *file, ConfLexer *lexer,
                          const ConfStatement *statement, size_t *unkept_depth)
{
    NginxDirective *directive;
    int r;

    if (reader->conf->n_directives == NGINX_CONF_DIRECTIVES_MAX) {
        reader->stop = true;
        return add_limit(reader, file, statement->line, "there are too many directives");
    }
    r = add_directive(reader, file, statement, &directive);
    if (r < 0)
        return r;
    if (!directive->block)
        return streq(directive->name, "include") ? read_include(reader, directive) : 0;
    if (is_lua_block(directive->name)) {
        const char *problem = conf_lexer_skip_lua(lexer);

        return problem ? add_problem(reader, file, directive->line, "%s", problem) : 0;
    }
    if (reader->depth == NGINX_CONF_DEPTH_MAX) {
        *unkept_depth = 1;
        return add_limit(reader, file, directive->line, "blocks are nested too deeply");
    }
    reader->blocks[++reader->depth] = (OpenBlock){directive, NULL};
    return 0;
}

static int read_statements(Reader *reader, const char *file, ConfLexer *lexer)
{
    size_t base = reader->depth, unkept_depth = 0;
    int r = 0;

    while (r == 0 && !reader->stop) {
        ConfStatement statement;

        r = conf_lexer_next(lexer, &statement);
        if (r < 0)
            break;
        if (statement.problem)
            r = add_problem(reader, file, statement.problem_line, "%s", statement.problem);
        if (r < 0)
            break;
        if (statement.end == CONF_END_FILE) {
            if (reader->depth > base || unkept_depth > 0)
                r = add_problem(reader, file, lexer->line,
                                "unexpected end of file, expecting \"}\"");
            break;
        }
        if (unkept_depth > 0) {
            if (statement.end == CONF_END_BLOCK_START)
                unkept_depth++;
            else if (statement.end == CONF_END_BLOCK_DONE)
                unkept_depth--;
        } else if (statement.end != CONF_END_BLOCK_DONE) {
            r = take_statement(reader, file, lexer, &statement, &unkept_depth);
        } else if (reader->depth == base) {
            r = add_problem(reader, file, lexer->line, "unexpected \"}\"");
        } else {
            reader->depth--;
        }
    }
    reader->depth = base;
    return r;
}

static int read_text(Reader *reader, const char *file, const char *text, size_t length)
{
    ConfLexer lexer;
    int r;

    conf_lexer_init(&lexer, text, length);
    r = read_statements(reader, file, &lexer);
    conf_lexer_clear(&lexer);
    return r;
}

static bool is_being_read(const Reader *reader, const struct stat *st)
{
    for (size_t i = 0; i < reader->n_files; i++)
        if (reader->files[i].device == st->st_dev && reader->files[i].inode == st->st_ino)
            return true;
    return false;
}

/* Returns 0, -ENOMEM, or, of the first file only, the errno of opening it. `include` is where it
 * is named, NULL for the first. */
static int read_file(Reader *reader, const char *path, const NginxDirective *include)
{
    const char *file = include ? include->file : NULL, *name;
    unsigned line = include ? include->line : 0;
    _cleanup_close_ int fd = -1;
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    struct stat st;
    int r = 0;

    if (reader->n_files == NGINX_CONF_DEPTH_MAX)
        return add_limit(reader, file, line, "includes are nested too deeply");
    if (reader->includes++ == NGINX_CONF_INCLUDES_MAX) {
        reader->stop = true;
        return add_limit(reader, file, line, "there are too many includes");
    }
    r = conf_file_open(reader->root_fd, path, &fd, &st);
    if (r == 0 && is_being_read(reader, &st))
        return add_problem(reader, file, line, "%s includes itself", path);
    if (r == 0)
        r = conf_file_read(fd, (size_t)st.st_size, &text, &length);
    if (r < 0 && (!include || r == -ENOMEM))
        return r;
    if (r < 0) {
        reader->conf->truncated |= r == -EFBIG;
        return add_problem(reader, file, line, "%s cannot be read: %s", path,
                           conf_file_describe(r));
    }
    if (length > NGINX_CONF_TOTAL_SIZE_MAX - reader->total_size) {
        reader->stop = true;
        return add_limit(reader, file, line, "the configuration is too large");
    }
    reader->total_size += length;
    r = intern_file(reader, path, &name);
    if (r == -E2BIG) {
        reader->stop = true;
        return add_limit(reader, file, line, "there are too many files");
    }
    if (r < 0)
        return r;
    reader->files[reader->n_files++] = (OpenFile){st.st_dev, st.st_ino};
    r = read_text(reader, name, text, length);
    reader->n_files--;
    return r;
}

static int read_include(Reader *reader, const NginxDirective *include)
{
    _cleanup_strv_ char **paths = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    if (include->n_args != 1 || !*include->args[0])
        return add_problem(reader, include->file, include->line,
                           "invalid number of arguments in \"include\" directive");
    if (reader->root_fd < 0)
        return add_problem(reader, include->file, include->line, "%s is not included",
                           include->args[0]);
    path = include->args[0][0] == '/'
               ? strdup(include->args[0])
               : format_string("%s/%s", reader->conf->conf_prefix, include->args[0]);
    if (!path)
        return -ENOMEM;
    if (!strpbrk(path, "*?["))
        return read_file(reader, path, include);
    r = conf_root_glob(reader->root_fd, path, NGINX_CONF_FILES_MAX, &paths);
    if (r == -ENOMEM)
        return r;
    if (r == -E2BIG)
        r = add_limit(reader, include->file, include->line, "a pattern matches too many files");
    else if (r < 0)
        r = add_problem(reader, include->file, include->line, "%s cannot be searched: %s", path,
                        conf_file_describe(r));
    for (char **match = paths; r == 0 && match && *match && !reader->stop; match++)
        r = read_file(reader, *match, include);
    return r;
}

/* --- interface ----------------------------------------------------------- */

/* A directory without its trailing slashes. */
static char *copy_directory(NginxConf *conf, const char *path, size_t length)
{
    while (length > 1 && path[length - 1] == '/')
        length--;
    return arena_copy(&conf->memory, path, length);
}

static int prepare(Reader *reader, const NginxConfOptions *options, const char **ret_conf_path)
{
    const char *prefix = options && options->prefix ? options->prefix : "/usr/share/nginx";
    const char *path = options && options->conf_path ? options->conf_path : "/etc/nginx/nginx.conf";
    NginxConf *conf = reader->conf;

    if (prefix[0] != '/' || path[0] != '/')
        return -EINVAL;
    conf->prefix = copy_directory(conf, prefix, strlen(prefix));
    conf->conf_prefix = copy_directory(conf, path, (size_t)(strrchr(path, '/') - path) + 1);
    if (!conf->prefix || !conf->conf_prefix)
        return -ENOMEM;
    *ret_conf_path = path;
    return 0;
}

static Reader *reader_free(Reader *reader)
{
    if (!reader)
        return NULL;
    if (reader->root_fd >= 0)
        (void)close(reader->root_fd);
    nginx_conf_free(reader->conf);
    free(reader);
    return NULL;
}
DEFINE_POINTER_CLEANUP(Reader, reader_free, cleanup_reader);

static Reader *reader_new(void)
{
    Reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return NULL;
    reader->root_fd = -1;
    reader->conf = calloc(1, sizeof(*reader->conf));
    return reader->conf ? reader : reader_free(reader);
}

int nginx_conf_read(const NginxConfOptions *options, NginxConf **ret_conf)
{
    _cleanup_(cleanup_reader) Reader *reader = reader_new();
    const char *path;
    int r;

    if (!reader)
        return -ENOMEM;
    r = prepare(reader, options, &path);
    if (r < 0)
        return r;
    reader->root_fd =
        open(options && options->root ? options->root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (reader->root_fd < 0)
        return -errno;
    r = read_file(reader, path, NULL);
    if (r < 0)
        return r;
    *ret_conf = TAKE_POINTER(reader->conf);
    return 0;
}

int nginx_conf_parse(const char *name, const char *text, size_t length,
                     const NginxConfOptions *options, NginxConf **ret_conf)
{
    _cleanup_(cleanup_reader) Reader *reader = reader_new();
    const char *path, *file;
    int r;

    if (!reader)
        return -ENOMEM;
    r = prepare(reader, options, &path);
    if (r < 0)
        return r;
    r = intern_file(reader, name, &file);
    if (r < 0)
        return r;
    if (length > NGINX_CONF_FILE_SIZE_MAX) {
        length = NGINX_CONF_FILE_SIZE_MAX;
        r = add_limit(reader, file, 0, "the configuration is too large");
        if (r < 0)
            return r;
    }
    r = read_text(reader, file, text, length);
    if (r < 0)
        return r;
    *ret_conf = TAKE_POINTER(reader->conf);
    return 0;
}

NginxConf *nginx_conf_free(NginxConf *conf)
{
    if (!conf)
        return NULL;
    arena_clear(&conf->memory);
    free(conf->problems);
    free(conf->files);
    free(conf);
    return NULL;
}

const NginxDirective *nginx_directive_next(const NginxDirective *directive)
{
    if (directive->first)
        return directive->first;
    while (directive && !directive->next)
        directive = directive->parent;
    return directive ? directive->next : NULL;
}
