/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which modules may be installed: a few rules of a web server's domain on sockets, ports and
 * files, and a port type of its own, which others who may use the port today may go on using. Read
 * by cil.h, which takes nothing else.
 */
#include <errno.h>

#include "daemon/core/limits.h"
#include "daemon/core/text.h"
#include "daemon/remedy/cil.h"
#include "daemon/remedy/plan-check-internal.h"

#define OWN_PREFIX "selguard_"

/* Classes and what may be allowed on them. What is missing is missing on purpose: "execute" and
 * "entrypoint" run code, "relabelfrom" and "relabelto" change the policy's own data, "mounton" and
 * "execmod" get around others; classes of processes, capabilities and the system as a whole are
 * no business of a web server's fix. */
#define SOCKET_PERMISSIONS                                                                         \
    "connectto sendto read write getattr create connect bind listen accept getopt setopt "         \
    "shutdown ioctl append lock map"
#define NETWORK_PERMISSIONS SOCKET_PERMISSIONS " name_connect name_bind node_bind"
#define FILE_PERMISSIONS                                                                           \
    "read open getattr map lock ioctl write append create unlink rename setattr link watch"

static const struct {
    const char *name;
    const char *permissions;
} classes[] = {
    {"tcp_socket", NETWORK_PERMISSIONS},
    {"udp_socket", NETWORK_PERMISSIONS},
    {"sctp_socket", NETWORK_PERMISSIONS},
    {"dccp_socket", NETWORK_PERMISSIONS},
    {"unix_stream_socket", SOCKET_PERMISSIONS},
    {"unix_dgram_socket", SOCKET_PERMISSIONS},
    {"file", FILE_PERMISSIONS},
    {"lnk_file", FILE_PERMISSIONS},
    {"sock_file", FILE_PERMISSIONS},
    {"fifo_file", FILE_PERMISSIONS},
    {"dir", "search read open getattr lock ioctl write add_name remove_name create rmdir rename "
            "reparent setattr watch"},
};

static const char *find_class(const char *name)
{
    for (size_t i = 0; i < ELEMENTS_OF(classes); i++)
        if (streq(classes[i].name, name))
            return classes[i].permissions;
    return NULL;
}

static bool is_web_domain(const char *name, const Config *config)
{
    return config && config->domains ? strv_contains(config->domains, name)
                                     : streq(name, "httpd_t");
}

/* Types whose files decide what the system runs and how: who writes them is no longer a web
 * server. By name, since the store's policy is not at hand here; that the type holds no secrets
 * is checked with it later (policy-view.h). */
static bool is_system_type(const char *name)
{
    static const char *const names[] = {"bin_t", "boot_t", "etc_t",   "lib_t",           "root_t",
                                        "src_t", "usr_t",  "ld_so_t", "modules_object_t"};
    static const char *const endings[] = {"_exec_t", "_unit_t",       "_unit_file_t",
                                          "_etc_t",  "_cron_spool_t", "_lib_t"};
    size_t length = strlen(name);

    for (size_t i = 0; i < ELEMENTS_OF(names); i++)
        if (streq(names[i], name))
            return true;
    for (size_t i = 0; i < ELEMENTS_OF(endings); i++) {
        size_t ending = strlen(endings[i]);

        if (length > ending && streq(name + length - ending, endings[i]))
            return true;
    }
    return false;
}

static bool changes_files(const char *permission)
{
    static const char *const changing[] = {"write",  "append",      "create",  "unlink",
                                           "rename", "setattr",     "link",    "add_name",
                                           "rmdir",  "remove_name", "reparent"};

    for (size_t i = 0; i < ELEMENTS_OF(changing); i++)
        if (streq(changing[i], permission))
            return true;
    return false;
}

/* A port that gets a type of its own stays usable for those who use it today. That they do is
 * checked with the store's policy later (policy-view.h). */
static bool keeps_port(const CilModule *module, const CilRule *rule)
{
    if (rule == module->rules || !module->type || !streq(rule->target, module->type))
        return false;
    STRV_FOREACH (permission, rule->permissions)
        if (!streq(*permission, "name_bind") && !streq(*permission, "name_connect"))
            return false;
    return true;
}

static int check_rule(const CilModule *module, const CilRule *rule, const Config *config,
                      char **ret_refusal)
{
    const char *permitted = find_class(rule->target_class);
    _cleanup_strv_ char **words = NULL;

    if (!is_web_domain(rule->source, config) && !keeps_port(module, rule))
        return refuse(ret_refusal, -EPERM,
                      format_string("a module may only allow something to the web server's "
                                    "domains ([nginx] Domains=), not to %s.",
                                    rule->source));
    if (streq(rule->target, "self"))
        return refuse(ret_refusal, -EPERM,
                      strdup("a module may not change what a domain may do to itself."));
    if (!permitted)
        return refuse(ret_refusal, -EPERM,
                      format_string("a module may only be about sockets and files, not about %s.",
                                    rule->target_class));
    words = strv_split(permitted, " ");
    if (!words)
        return -ENOMEM;
    STRV_FOREACH (permission, rule->permissions)
        if (!strv_contains(words, *permission))
            return refuse(ret_refusal, -EPERM,
                          format_string("%s of %s is nothing that this service allows.",
                                        *permission, rule->target_class));
    if (!is_system_type(rule->target))
        return 0;
    STRV_FOREACH (permission, rule->permissions)
        if (changes_files(*permission))
            return refuse(ret_refusal, -EPERM,
                          format_string("%s is the system's own; a web server may not change it.",
                                        rule->target));
    return 0;
}

static bool is_own_name(const char *name)
{
    return strncmp(name, OWN_PREFIX, strlen(OWN_PREFIX)) == 0 &&
           strlen(name) <= REMEDY_BOOLEAN_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static int check_module(const CilModule *module, const Config *config, char **ret_refusal)
{
    if (module->type && !is_own_name(module->type))
        return refuse(ret_refusal, -EPERM,
                      format_string("a type that a module declares must be named " OWN_PREFIX
                                    "…, not %s.",
                                    module->type));
    for (size_t i = 0; i < module->n_rules; i++)
        if (plan_check_type_denied(module->rules[i].target, config))
            return refuse(ret_refusal, -EPERM,
                          format_string("the site does not permit %s (DeniedTypes=).",
                                        module->rules[i].target));
    for (size_t i = 0; i < module->n_rules; i++) {
        int r = check_rule(module, &module->rules[i], config, ret_refusal);

        if (r < 0)
            return r;
    }
    return 0;
}

int module_check_request(const Action *action, const Config *config, char **ret_refusal)
{
    _cleanup_free_ char *problem = NULL;
    CilModule module = {};
    int r;

    if (!action->name || !is_own_name(action->name))
        return refuse(ret_refusal, -EPERM,
                      strdup("a module must be named " OWN_PREFIX "…, of a-z, 0-9 and _."));
    r = cil_read(strempty(action->cil), &module, &problem);
    if (r < 0)
        return problem ? refuse(ret_refusal, -EPERM,
                                format_string("the module is not of the kind that this service "
                                              "installs: %s.",
                                              problem))
                       : r;
    r = check_module(&module, config, ret_refusal);
    cil_module_clear(&module);
    return r;
}
