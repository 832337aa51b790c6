/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/monitor/logs.h"

#include <errno.h>
#include <libgen.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/host/nginx-instances.h"
#include "daemon/nginx/conf-intent.h"
#include "daemon/nginx/conf-read.h"

/* Compiled into nginx where error_log is not given: --error-log-path of Debian's, Fedora's and
 * nginx.org's packages. */
#define DEFAULT_ERROR_LOG     "/var/log/nginx/error.log"
#define DEFAULT_CONFIGURATION "/etc/nginx/nginx.conf"

#define LOOKS_PER_SEARCH 2u

struct LogFinder {
    char *configuration;
    char *prefix;
    char **instances; /* configurations of other nginx that run; NULL for none */
    unsigned looks;   /* since these were looked for */
    char **fixed;     /* from selguard.conf */
    Follower *follower;
    FollowerStart start;
    char **logs;    /* followed because of the last look */
    char **former;  /* because of an earlier one: nginx writes to them until it is reloaded */
    char **watched; /* files and directories whose change means a new look */
    NginxIntents *intents;
    uint64_t fingerprint;
    size_t n_refused; /* logs beyond NGINX_LOGS_MAX */
    bool looked;
};

/* What is followed already was found by an earlier look, maybe for another configuration. */
static int adopt_logs(LogFinder *finder)
{
    FollowerStatus status;

    for (size_t i = 0; i < follower_count(finder->follower); i++)
        if (follower_get_status(finder->follower, i, &status) >= 0 &&
            strv_append(&finder->logs, status.path) < 0)
            return -ENOMEM;
    return 0;
}

int log_finder_new(LogFinder **ret_finder, const Config *config, Follower *follower,
                   FollowerStart start)
{
    LogFinder *finder = calloc(1, sizeof(*finder));

    if (!finder)
        return -ENOMEM;
    finder->follower = follower;
    finder->start = start;
    if (string_replace(&finder->configuration, config->nginx_configuration
                                                   ? config->nginx_configuration
                                                   : DEFAULT_CONFIGURATION) < 0 ||
        string_replace(&finder->prefix, config->nginx_prefix) < 0 ||
        (config->error_logs && !(finder->fixed = strv_copy(config->error_logs))) ||
        adopt_logs(finder) < 0) {
        log_finder_free(finder);
        return -ENOMEM;
    }
    *ret_finder = finder;
    return 0;
}

LogFinder *log_finder_free(LogFinder *finder)
{
    if (!finder)
        return NULL;
    free(finder->configuration);
    free(finder->prefix);
    strv_free(finder->instances);
    strv_free(finder->fixed);
    strv_free(finder->logs);
    strv_free(finder->former);
    strv_free(finder->watched);
    nginx_intents_free(finder->intents);
    free(finder);
    return NULL;
}

static uint64_t fingerprint(char **paths)
{
    uint64_t hash = HASH_SEED;

    STRV_FOREACH (path, paths) {
        struct stat status = {};

        if (stat(*path, &status) == 0) {
            hash = hash_bytes(hash, &status.st_mtim, sizeof(status.st_mtim));
            hash = hash_bytes(hash, &status.st_size, sizeof(status.st_size));
            hash = hash_bytes(hash, &status.st_ino, sizeof(status.st_ino));
        }
        hash = hash_string(hash, *path);
    }
    return hash;
}

/* A new file in a directory that an include's pattern covers shows in the directory's time. */
static int add_once(char ***list, const char *text)
{
    return strv_contains(*list, text) ? 0 : strv_append(list, text);
}

static int add_directory_of(char ***list, const char *path)
{
    _cleanup_free_ char *copy = strdup(path);

    return copy ? add_once(list, dirname(copy)) : -ENOMEM;
}

/* An include's pattern may match nothing yet: the first file put there must be noticed. */
static int add_include_directories(const NginxConf *conf, char ***list)
{
    int r = 0;

    for (const NginxDirective *directive = conf->first; directive && r >= 0;
         directive = nginx_directive_next(directive)) {
        _cleanup_free_ char *path = NULL;
        char *pattern;

        if (!streq(directive->name, "include") || directive->n_args != 1)
            continue;
        path = directive->args[0][0] == '/'
                   ? strdup(directive->args[0])
                   : format_string("%s/%s", conf->conf_prefix, directive->args[0]);
        if (!path)
            return -ENOMEM;
        /* Up to the first component that is a pattern. */
        pattern = strpbrk(path, "*?[");
        if (pattern)
            pattern[1] = '\0';
        r = add_directory_of(list, path);
    }
    return r;
}

static int add_watched(char *const *files, const NginxConf *conf, char ***watched)
{
    int r = 0;

    for (; r >= 0 && files && *files; files++) {
        r = add_once(watched, *files);
        if (r >= 0)
            r = add_directory_of(watched, *files);
    }
    return r >= 0 && conf ? add_include_directories(conf, watched) : r;
}

static int watch_files(LogFinder *finder, char *const *files, const NginxConf *conf)
{
    _cleanup_strv_ char **watched = NULL;
    int r = add_watched(files, conf, &watched);

    if (r < 0)
        return r;
    strv_free(finder->watched);
    finder->watched = TAKE_POINTER(watched);
    return 0;
}

static int add_log(LogFinder *finder, const char *path, char ***found)
{
    int r = follower_add(finder->follower, path,
                         finder->looked ? FOLLOWER_START_AT_BEGIN : finder->start);

    if (r == -E2BIG) {
        finder->n_refused++;
        return 0;
    }
    if (r < 0 && r != -EEXIST)
        return r;
    return strv_contains(*found, path) ? 0 : strv_append(found, path);
}

static bool is_being_read(const Follower *follower, const char *path)
{
    FollowerStatus status;

    for (size_t i = 0; i < follower_count(follower); i++)
        if (follower_get_status(follower, i, &status) >= 0 && streq(status.path, path))
            return status.state == FOLLOWER_READING;
    return false;
}

/* A log that nginx no longer wants is no gap when it goes away. */
static int drop_former(LogFinder *finder)
{
    _cleanup_strv_ char **kept = NULL;

    STRV_FOREACH (path, finder->former) {
        if (strv_contains(finder->logs, *path))
            continue;
        if (!is_being_read(finder->follower, *path))
            (void)follower_remove(finder->follower, *path);
        else if (strv_append(&kept, *path) < 0)
            return -ENOMEM;
    }
    strv_free(finder->former);
    finder->former = TAKE_POINTER(kept);
    return 0;
}

static int replace_logs(LogFinder *finder, char ***found)
{
    STRV_FOREACH (path, finder->logs)
        if (!strv_contains(*found, *path) && !strv_contains(finder->former, *path) &&
            strv_append(&finder->former, *path) < 0)
            return -ENOMEM;
    strv_free(finder->logs);
    finder->logs = TAKE_POINTER(*found);
    return 0;
}

static char default_error_log[] = DEFAULT_ERROR_LOG;
static char *const default_error_logs[] = {default_error_log, NULL};

/* One that cannot be read is that nginx's own trouble: the rest counts all the same. */
static int add_instances(LogFinder *finder, NginxIntents *intents)
{
    STRV_FOREACH (path, finder->instances) {
        const NginxConfOptions options = {.conf_path = *path, .prefix = finder->prefix};
        _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
        int r = streq(*path, finder->configuration) ? -EEXIST : nginx_conf_read(&options, &conf);

        if (r >= 0)
            r = add_watched(conf->files, conf, &finder->watched);
        if (r >= 0)
            r = nginx_intents_add(intents, conf, default_error_logs);
        if (r == -ENOMEM)
            return r;
    }
    return 0;
}

static int read_intents(LogFinder *finder, const NginxConf *conf)
{
    _cleanup_(cleanup_nginx_intents) NginxIntents *intents = NULL;
    int r = nginx_intents_new(conf, default_error_logs, &intents);

    if (r >= 0)
        r = add_instances(finder, intents);
    if (r < 0)
        return r;
    nginx_intents_free(finder->intents);
    finder->intents = TAKE_POINTER(intents);
    return 0;
}

/* Other nginx come and go with their processes. Not at each look: it reads a file of each
 * process. */
static int update_instances(LogFinder *finder)
{
    _cleanup_strv_ char **found = NULL;
    size_t n;
    bool same;
    int r;

    if (finder->looked && ++finder->looks < LOOKS_PER_SEARCH)
        return 0;
    finder->looks = 0;
    r = nginx_instances_find(&found);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    n = found ? strv_length(found) : 0;
    same = n == (finder->instances ? strv_length(finder->instances) : 0);
    for (size_t i = 0; same && i < n; i++)
        same = streq(found[i], finder->instances[i]);
    if (same)
        return 0;
    strv_free(finder->instances);
    finder->instances = TAKE_POINTER(found);
    finder->fingerprint = 0;
    return 0;
}

static int add_logs(LogFinder *finder, char ***found)
{
    int r = 0;

    finder->n_refused = 0;
    STRV_FOREACH (path, finder->fixed) {
        r = add_log(finder, *path, found);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; r >= 0 && !finder->fixed && i < finder->intents->n_items; i++) {
        const NginxIntent *intent = &finder->intents->items[i];

        if (intent->kind == NGINX_INTENT_ERROR_LOG && intent->path && intent->known)
            r = add_log(finder, intent->path, found);
    }
    return r;
}

/* Without a configuration, what nginx uses without being told may be there all the same. */
static void fall_back(LogFinder *finder, char ***found)
{
    char *const configuration[] = {finder->configuration, NULL};

    finder->intents = nginx_intents_free(finder->intents);
    if (finder->fixed)
        (void)add_logs(finder, found);
    else
        (void)add_log(finder, DEFAULT_ERROR_LOG, found);
    (void)watch_files(finder, configuration, /* conf= */ NULL);
}

int log_finder_update(LogFinder *finder, char **ret_problem)
{
    const NginxConfOptions options = {
        .conf_path = finder->configuration,
        .prefix = finder->prefix,
    };
    _cleanup_(cleanup_nginx_conf) NginxConf *conf = NULL;
    _cleanup_strv_ char **found = NULL;
    uint64_t now = fingerprint(finder->watched);
    int r = update_instances(finder);

    if (r < 0)
        return r;
    if (finder->looked && now == finder->fingerprint)
        return drop_former(finder);
    r = nginx_conf_read(&options, &conf);
    if (r >= 0)
        r = watch_files(finder, conf->files, conf);
    if (r >= 0)
        r = read_intents(finder, conf);
    if (r >= 0) {
        r = add_logs(finder, &found);
        if (r >= 0)
            r = replace_logs(finder, &found);
        if (r >= 0)
            r = drop_former(finder);
    } else {
        *ret_problem = format_string("%s: %s", finder->configuration, strerror(-r));
        fall_back(finder, &finder->logs);
        /* What was followed before stays: the configuration may be in the making. */
    }
    /* What changed while it was read, or is watched from now on, is looked at once more. */
    finder->fingerprint = fingerprint(finder->watched) == now ? now : 0;
    finder->looked = true;
    return r < 0 ? r : 1;
}

size_t log_finder_count_refused(const LogFinder *finder)
{
    return finder->n_refused;
}

const NginxIntents *log_finder_intents(const LogFinder *finder)
{
    return finder->intents;
}
