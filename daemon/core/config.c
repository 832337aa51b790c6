/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/core/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <sys/stat.h>

#include "daemon/core/config-remedy.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

typedef struct Reader {
    Config config;
    char *problem; /* of the first bad line */
    int error;
} Reader;

void config_clear(Config *config)
{
    free(config->nginx_configuration);
    free(config->nginx_prefix);
    free(config->audit_log);
    strv_free(config->error_logs);
    strv_free(config->domains);
    strv_free(config->nginx_units);
    config_remedy_clear(config);
    *config = (Config){};
}

static int set_defaults(Config *config)
{
    /* nginx, Apache and php-fpm run in this domain in Fedora's, RHEL's and the reference
     * policy alike. */
    int r = config->domains ? 0 : strv_append(&config->domains, "httpd_t");

    if (r >= 0 && !config->nginx_units)
        r = strv_append(&config->nginx_units, "nginx.service");
    return r;
}

int config_init(Config *ret_config)
{
    Config config = {};
    int r = set_defaults(&config);

    if (r >= 0)
        *ret_config = config;
    return r;
}

static int add_words(char ***list, const char *value)
{
    _cleanup_strv_ char **words = strv_split(value, " \t");

    if (!words)
        return -ENOMEM;
    STRV_FOREACH (word, words) {
        int r;

        if (strv_length(*list) >= CONFIG_LIST_MAX)
            return -E2BIG;
        r = strv_append(list, *word);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Names as systemd has them. */
static int add_units(char ***list, const char *value)
{
    _cleanup_strv_ char **words = strv_split(value, " \t");

    STRV_FOREACH (word, words) {
        size_t length = strlen(*word), ending = strlen(".service");

        if (length <= ending || !streq(*word + length - ending, ".service") || strchr(*word, '/'))
            return -EINVAL;
    }
    return add_words(list, value);
}

static int set_path(char **target, const char *value)
{
    return value[0] == '/' ? string_replace(target, value) : -EINVAL;
}

static int set_key(Config *config, const char *section, const char *key, const char *value)
{
    if (streq(section, "nginx") && streq(key, "Configuration"))
        return set_path(&config->nginx_configuration, value);
    if (streq(section, "nginx") && streq(key, "Prefix"))
        return set_path(&config->nginx_prefix, value);
    if (streq(section, "audit") && streq(key, "Log"))
        return set_path(&config->audit_log, value);
    if (streq(section, "nginx") && streq(key, "ErrorLog"))
        return value[0] == '/' ? add_words(&config->error_logs, value) : -EINVAL;
    if (streq(section, "nginx") && streq(key, "Domains"))
        return add_words(&config->domains, value);
    if (streq(section, "nginx") && streq(key, "Units"))
        return add_units(&config->nginx_units, value);
    return streq(section, "remedy") ? config_remedy_set(config, key, value) : -ENOENT;
}

/* inih wants nonzero for success; the first error is kept, and its line number is what
 * ini_parse_file() returns. */
static int take_line(void *userdata, const char *section, const char *key, const char *value)
{
    Reader *reader = userdata;
    const char *reason;
    int r;

    if (reader->error < 0)
        return 0;
    if (!value)
        r = -EINVAL;
    else
        r = set_key(&reader->config, section, key, value);
    if (r >= 0)
        return 1;
    reader->error = r;
    reason = r == -ENOENT   ? "is not known"
             : r == -E2BIG  ? "has too many values"
             : r == -EINVAL ? "has a value that does not fit"
                            : strerror(-r);
    {
        _cleanup_free_ char *text = format_string("[%s] %s %s", section, key, reason);

        reader->problem = text ? escape_for_terminal(text) : NULL;
    }
    return 0;
}

static int open_config(const char *path, FILE **ret_stream)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    if (status.st_size > CONFIG_FILE_SIZE_MAX)
        return -EFBIG;
    *ret_stream = fdopen(fd, "re");
    if (!*ret_stream)
        return -errno;
    (void)take_fd(&fd);
    return 0;
}

int config_load(const char *path, Config *ret_config, char **ret_problem)
{
    _cleanup_fclose_ FILE *stream = NULL;
    Reader reader = {};
    int r = open_config(path, &stream), line;

    if (r == -ENOENT)
        return config_init(ret_config);
    if (r < 0) {
        *ret_problem = format_string("%s cannot be read: %s", path, strerror(-r));
        return r;
    }
    line = ini_parse_file(stream, take_line, &reader);
    if (line == 0) {
        r = set_defaults(&reader.config);
        if (r >= 0) {
            *ret_config = reader.config;
            return 0;
        }
    } else if (line < 0 || reader.error == -ENOMEM) {
        r = -ENOMEM;
    } else {
        r = -EBADMSG;
        *ret_problem =
            format_string("%s, line %d: %s", path, line,
                          reader.problem ? reader.problem : "neither a [section] nor Key=value");
    }
    free(reader.problem);
    config_clear(&reader.config);
    return r;
}
