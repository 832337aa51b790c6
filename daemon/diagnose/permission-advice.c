/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/permission-advice.h"

#include <errno.h>
#include <sys/stat.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/permission-change.h"
#include "daemon/diagnose/permission-words.h"

typedef struct Advice {
    const HostFacts *facts;
    char *user, *group; /* as commands take them */
    bool socket;        /* the path leads to one */
} Advice;

/* A name if there is one that a shell need not quote, else the number. */
static char *name_or_number(const char *name, uint32_t id)
{
    return name && *name &&
                   name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_.-")] == '\0'
               ? strdup(name)
               : format_string("%u", id);
}

/* --- one change ----------------------------------------------------------- */

static char *command_of_change(const Advice *advice, const ModeChange *change, const char *path)
{
    char bits[4], mask[4];

    words_of_bits(change->bits, bits);
    words_of_bits(change->mask, mask);
    switch (change->kind) {
    case CHANGE_ACL:
        return change->mask
                   ? format_string("setfacl -m u:%s:%s,m::%s %s", advice->user, bits, mask, path)
                   : format_string("setfacl -m u:%s:%s %s", advice->user, bits, path);
    case CHANGE_OWNER:
        return format_string("chmod u+%s %s", bits, path);
    case CHANGE_GROUP:
        return format_string("chmod g+%s %s", bits, path);
    case CHANGE_OTHERS:
        return format_string("chmod o+%s %s", bits, path);
    case CHANGE_CHOWN:
        return format_string("chown %s %s", advice->user, path);
    }
    return NULL;
}

/* "nginx alone gets x on /root" */
static char *words_of_change(const Advice *advice, const ModeChange *change, const char *path)
{
    char bits[4];

    words_of_bits(change->bits, bits);
    switch (change->kind) {
    case CHANGE_ACL:
        return format_string("give the user %s, and nobody else, %s on %s", advice->user, bits,
                             path);
    case CHANGE_OWNER:
        return format_string("give the owner of %s %s on it", path, bits);
    case CHANGE_GROUP:
        return change->change_group ? format_string("give %s to the group %s, with %s for it", path,
                                                    advice->group, bits)
                                    : format_string("give the group of %s %s on it", path, bits);
    case CHANGE_OTHERS:
        return format_string("give everybody %s on %s", bits, path);
    case CHANGE_CHOWN:
        return format_string("make the user %s the owner of %s", advice->user, path);
    }
    return NULL;
}

static int add_change(const Advice *advice, const ModeChange *change, Action *action,
                      char ***sentences)
{
    const PathComponent *component = &advice->facts->path.components[change->component];
    _cleanup_free_ char *quoted = shell_quote(component->path);
    _cleanup_free_ char *shown = escape_for_terminal(component->path);
    _cleanup_free_ char *command = NULL, *words = NULL;

    if (!quoted || !shown)
        return -ENOMEM;
    words = words_of_change(advice, change, shown);
    if (!words || strv_append(sentences, words) < 0)
        return -ENOMEM;
    if (!streq(shown, component->path)) /* not one to be typed */
        return 0;
    if (change->kind == CHANGE_GROUP && change->change_group) {
        _cleanup_free_ char *chgrp = format_string("chgrp %s %s", advice->group, quoted);

        if (!chgrp || strv_append(&action->commands, chgrp) < 0)
            return -ENOMEM;
    }
    command = command_of_change(advice, change, quoted);
    return command ? strv_append(&action->commands, command) : -ENOMEM;
}

/* --- a remedy as a fix ---------------------------------------------------- */

static int add_joining(const Advice *advice, const PermissionRemedy *remedy, Action *action,
                       char ***sentences)
{
    _cleanup_free_ char *group = name_or_number(
        accounts_group_name(advice->facts->view->accounts, remedy->gid), remedy->gid);
    _cleanup_free_ char *command =
        group ? format_string("usermod -aG %s %s", group, advice->user) : NULL;
    _cleanup_free_ char *words =
        group ? format_string("make the user %s a member of the group %s, which may, and "
                              "restart nginx",
                              advice->user, group)
              : NULL;

    if (!command || !words || strv_append(sentences, words) < 0 ||
        strv_append(&action->commands, command) < 0)
        return -ENOMEM;
    return strv_append(&action->commands, "systemctl restart nginx");
}

/* What else has to be known before it is done. */
static char *find_caveat(const Advice *advice, const PermissionRemedy *remedy)
{
    const PathFacts *path = &advice->facts->path;
    const char *home = accounts_home(advice->facts->view->accounts, 0);

    if (remedy->join_group) {
        _cleanup_free_ char *group = words_of_group(advice->facts->view, remedy->gid);

        return group ? format_string("nginx may then do all that the group %s may, not only this.",
                                     group)
                     : NULL;
    }
    for (size_t i = 0; i < remedy->n_changes; i++) {
        const char *changed = path->components[remedy->changes[i].component].path;

        if (home && streq(changed, home))
            return strdup("This is root's home directory: it is better to move what nginx serves "
                          "to a place that is meant for it, such as /srv or /var/www.");
        if (strncmp(changed, "/run/", strlen("/run/")) == 0)
            return strdup("What is below /run is made anew when its service or the host starts: "
                          "that service has to be told, too.");
    }
    return strdup("Evaluated on owners, modes and lists as they are now; whatever makes the files "
                  "anew may set them otherwise.");
}

/* The other side of a socket: who makes it decides its modes each time. */
static int add_backend_side(const Advice *advice, Plan *plan)
{
    Action action = {.kind = ACTION_ADVISE};
    int r;

    action.text = format_string(
        "For good, on the backend's side: have it make the socket for nginx's group %s with mode "
        "0660 (systemd socket unit: SocketGroup=%s and SocketMode=0660; php-fpm: listen.acl_users "
        "= %s, or listen.group = %s and listen.mode = 0660; the directory, where a unit makes it: "
        "RuntimeDirectoryMode=0755).",
        advice->group, advice->group, advice->user, advice->group);
    r = action.text ? plan_add_action(plan, &action) : -ENOMEM;
    action_clear(&action);
    return r;
}

static int add_fix(Diagnosis *diagnosis, const Advice *advice, const PermissionRemedy *remedy)
{
    _cleanup_strv_ char **sentences = NULL;
    Action action = {.kind = ACTION_ADVISE};
    Fix fix = {.proven = true};
    int r = 0;

    if (remedy->join_group)
        r = add_joining(advice, remedy, &action, &sentences);
    for (size_t i = 0; r >= 0 && i < remedy->n_changes; i++)
        r = add_change(advice, &remedy->changes[i], &action, &sentences);
    if (r >= 0) {
        fix.summary = strv_join(sentences, ", and ");
        action.text = fix.summary ? strdup(fix.summary) : NULL;
        fix.caveat = find_caveat(advice, remedy);
        r = action.text && fix.caveat ? plan_add_action(&fix.plan, &action) : -ENOMEM;
    }
    if (r >= 0 && advice->socket && !remedy->join_group)
        r = add_backend_side(advice, &fix.plan);
    if (r >= 0)
        r = diagnosis_add_fix(diagnosis, &fix);
    action_clear(&action);
    fix_clear(&fix);
    return r == -E2BIG ? 0 : r;
}

/* --- what no mode helps against ------------------------------------------- */

static const char *other_advice(RefusalRule rule)
{
    switch (rule) {
    case REFUSAL_STICKY:
    case REFUSAL_NOT_OWNER:
        return "let nginx make the file itself, or give it to the user that nginx runs as";
    case REFUSAL_IMMUTABLE:
        return "somebody made it unchangeable on purpose: see lsattr, and take the attribute away "
               "with chattr if that is outdated";
    case REFUSAL_LINK:
        return "make the link anew as the owner of the directory, or point nginx to what it leads "
               "to";
    case REFUSAL_NO_EXEC:
        return "keep the file on a file system that is mounted without noexec";
    case REFUSAL_NO_DEVICE:
        return "a device file on a file system mounted nodev cannot be used";
    case REFUSAL_READ_ONLY:
        return "nginx sees the file system read-only: have it write elsewhere, or see the mount "
               "options and ReadWritePaths= of nginx's unit";
    default:
        return NULL;
    }
}

static int add_other(Diagnosis *diagnosis, const HostFacts *facts, const PermissionRefusal *refusal)
{
    const char *words = other_advice(refusal->rule);
    _cleanup_free_ char *path =
        escape_for_terminal(facts->path.components[refusal->component].path);
    Action action = {.kind = ACTION_ADVISE};
    Fix fix = {};
    int r;

    if (!words)
        return 0;
    fix.summary = path ? format_string("%s: %s", path, words) : NULL;
    action.text = fix.summary ? strdup(fix.summary) : NULL;
    fix.caveat = strdup("It is advice: its effect was not evaluated.");
    r = action.text && fix.caveat ? plan_add_action(&fix.plan, &action) : -ENOMEM;
    if (r >= 0)
        r = diagnosis_add_fix(diagnosis, &fix);
    action_clear(&action);
    fix_clear(&fix);
    return r == -E2BIG ? 0 : r;
}

/* --- all ------------------------------------------------------------------ */

static RemedyQuestion make_question(const Diagnosis *diagnosis, const HostFacts *facts,
                                    PathNeed need, const NginxIntents *intents)
{
    RemedyQuestion question = {
        .facts = facts,
        .need = need,
        /* a temporary file */
        .own = need == PATH_NEED_CREATE && streq(strempty(diagnosis->operation), "open"),
        .secret = diagnosis->operation && streq(diagnosis->operation, "certificate-key"),
    };
    const NginxIntent *intent = NULL;

    while (intents && (intent = nginx_intent_find_path(intents, diagnosis->path, intent))) {
        question.own = question.own || intent->kind == NGINX_INTENT_CACHE_PATH ||
                       intent->kind == NGINX_INTENT_TEMP_PATH || intent->kind == NGINX_INTENT_STORE;
        question.secret = question.secret || intent->kind == NGINX_INTENT_CERTIFICATE_KEY;
    }
    return question;
}

int permission_advice_add(Diagnosis *diagnosis, const HostFacts *facts, PathNeed need,
                          const PermissionResult *result, const NginxIntents *intents)
{
    const RemedyQuestion question = make_question(diagnosis, facts, need, intents);
    const Accounts *accounts = facts->view->accounts;
    const PathFacts *path = &facts->path;
    _cleanup_free_ char *user =
        name_or_number(accounts_user_name(accounts, facts->subject.uid), facts->subject.uid);
    _cleanup_free_ char *group =
        name_or_number(accounts_group_name(accounts, facts->subject.gid), facts->subject.gid);
    const Advice advice = {
        .facts = facts,
        .user = user,
        .group = group,
        .socket = path->object >= 0 && S_ISSOCK(path->components[path->object].mode),
    };
    PermissionRemedy remedies[PERMISSION_REMEDIES_MAX];
    int n, r = 0;

    if (!user || !group)
        return -ENOMEM;
    n = permission_remedies_find(&question, remedies);
    for (int i = 0; i < n && r >= 0; i++)
        r = add_fix(diagnosis, &advice, &remedies[i]);
    for (size_t i = 0; n == 0 && i < result->n_refusals && r >= 0; i++)
        r = add_other(diagnosis, facts, &result->refusals[i]);
    return n < 0 ? n : r;
}
