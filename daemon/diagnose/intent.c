/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/intent.h"

#include <errno.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"
#include "daemon/diagnose/program.h"
#include "daemon/selinux/type-traits.h"

#define PORT_OF_DNS 53

/* --- what no directive of nginx asks for ----------------------------------- */

/* What a directive can make nginx do after all; bits. */
enum {
    UNLESS_TRANSPARENT = 1 << 0, /* proxy_bind … transparent */
    UNLESS_QUIC_BPF = 1 << 1,
    UNLESS_PHP = 1 << 2, /* php-fpm traces its own workers to log what they are slow at */
};

/* Classes and permissions as the kernel names them (security/selinux/include/classmap.h). An entry
 * without a permission is the whole class. */
static const struct {
    const char *class;
    const char *permission;
    unsigned unless;
    const char *what;
} never[] = {
    {"process", "ptrace", UNLESS_PHP, "looks into or controls another process"},
    {"process", "setcurrent", 0, "changes its own SELinux domain"},
    {"process", "dyntransition", 0, "changes its own SELinux domain"},
    {"process", "setexec", 0, "chooses the SELinux domain of what it starts"},
    {"process", "setfscreate", 0, "chooses the label of files that it makes"},
    {"process", "setsockcreate", 0, "chooses the label of sockets that it makes"},
    {"process", "setkeycreate", 0, "chooses the label of keys that it makes"},
    {"capability", "sys_ptrace", UNLESS_PHP, "looks into or controls other processes"},
    {"capability", "sys_admin", UNLESS_QUIC_BPF, "administers the system"},
    {"capability", "sys_module", 0, "loads kernel modules"},
    {"capability", "sys_rawio", 0, "reaches hardware directly"},
    {"capability", "sys_chroot", 0, "changes its root directory"},
    {"capability", "sys_boot", 0, "reboots the host"},
    {"capability", "sys_time", 0, "sets the clock"},
    {"capability", "sys_pacct", 0, "administers accounting"},
    {"capability", "mknod", 0, "makes device files"},
    {"capability", "setpcap", 0, "hands capabilities on"},
    {"capability", "setfcap", 0, "gives files capabilities"},
    {"capability", "linux_immutable", 0, "changes immutable files"},
    {"capability", "audit_control", 0, "controls auditing"},
    {"capability", "audit_write", 0, "writes audit records"},
    {"capability", "net_raw", UNLESS_TRANSPARENT, "makes raw packets"},
    {"capability", "net_admin", UNLESS_TRANSPARENT | UNLESS_QUIC_BPF, "administers the network"},
    {"capability2", "mac_override", 0, "goes past SELinux"},
    {"capability2", "mac_admin", 0, "administers SELinux"},
    {"capability2", "syslog", 0, "reads or clears the kernel's log"},
    {"capability2", "audit_read", 0, "reads audit records"},
    {"capability2", "bpf", UNLESS_QUIC_BPF, "loads programs into the kernel"},
    {"capability2", "perfmon", 0, "watches the whole host"},
    {"cap_userns", NULL, 0, "uses capabilities in a user namespace"},
    {"cap2_userns", NULL, 0, "uses capabilities in a user namespace"},
    {"user_namespace", NULL, 0, "makes a user namespace"},
    {"rawip_socket", NULL, UNLESS_TRANSPARENT, "makes raw packets"},
    {"packet_socket", NULL, 0, "reads or makes raw packets"},
    {"key_socket", NULL, 0, "reaches IPsec keys"},
    {"tun_socket", NULL, 0, "makes a tunnel device"},
    {"netlink_audit_socket", NULL, 0, "reaches the audit system"},
    {"netlink_netfilter_socket", NULL, 0, "reaches the firewall"},
    {"netlink_xfrm_socket", NULL, 0, "reaches IPsec"},
    {"netlink_kobject_uevent_socket", NULL, 0, "listens for devices"},
    {"system", NULL, 0, "asks something of the kernel itself"},
    {"security", NULL, 0, "asks SELinux to change"},
    {"kernel_service", NULL, 0, "asks something of the kernel itself"},
    {"bpf", NULL, UNLESS_QUIC_BPF, "loads programs into the kernel"},
    {"perf_event", NULL, 0, "watches the whole host"},
    {"memprotect", NULL, 0, "maps low memory"},
};

static bool has_permission(const Diagnosis *diagnosis, const char *permission)
{
    size_t length = strlen(permission);
    const char *all = diagnosis->access.permissions;

    for (const char *p = all; (p = strstr(p, permission)); p += length)
        if ((p == all || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0'))
            return true;
    return false;
}

/* What of the table it is; NULL if nothing. */
static const char *find_never(const Diagnosis *diagnosis, const NginxIntents *intents,
                              ProgramKind program)
{
    unsigned given = program == PROGRAM_PHP ? UNLESS_PHP : 0;

    if (intents && intents->transparent)
        given |= UNLESS_TRANSPARENT;
    if (intents && intents->quic_bpf)
        given |= UNLESS_QUIC_BPF;
    for (size_t i = 0; i < ELEMENTS_OF(never); i++)
        if (streq(never[i].class, diagnosis->access.target_class) && !(never[i].unless & given) &&
            (!never[i].permission || has_permission(diagnosis, never[i].permission)))
            return never[i].what;
    return NULL;
}

static bool holds_secrets(const Diagnosis *diagnosis, const Hypothesis *hypothesis)
{
    char type[256];
    TypeTraits traits;

    return context_type_copy(diagnosis->access.target_context, type, sizeof(type)) >= 0 &&
           type_traits_read(hypothesis, type, &traits) >= 0 && traits.is_file_type &&
           traits.holds_secrets;
}

/* nginx starts nothing but itself, for an upgrade; its modules are mapped, not started. */
static bool is_start_of_program(const Diagnosis *diagnosis)
{
    if (!streq(diagnosis->access.target_class, "file"))
        return false;
    if (has_permission(diagnosis, "execute_no_trans") || has_permission(diagnosis, "entrypoint"))
        return true;
    return has_permission(diagnosis, "execute") && diagnosis->path &&
           !strstr(diagnosis->path, ".so");
}

/* --- ports and paths ------------------------------------------------------- */

/* What nginx may connect to that its configuration decides. */
static const NginxIntentKind connecting[] = {
    NGINX_INTENT_PASS,
    NGINX_INTENT_RESOLVER,
    NGINX_INTENT_SYSLOG,
};

static const NginxIntent *find_unknown(const NginxIntents *intents, bool binding)
{
    const NginxIntent *intent = NULL;

    if (binding)
        return nginx_intent_find_unknown(intents, NGINX_INTENT_LISTEN);
    for (size_t i = 0; i < ELEMENTS_OF(connecting) && !intent; i++)
        intent = nginx_intent_find_unknown(intents, connecting[i]);
    return intent;
}

static IntentMatch match_port(const Diagnosis *diagnosis, const NginxIntents *intents,
                              char **ret_reason)
{
    const bool binding = has_permission(diagnosis, "name_bind");
    const NginxIntent *unknown;

    if (nginx_intent_find_port(intents, diagnosis->port, binding, NULL))
        return INTENT_ASKED;
    unknown = find_unknown(intents, binding);
    if (unknown) {
        *ret_reason = format_string(
            "Whether nginx's configuration asks for this is not known: \"%s %s\" in %s:%u is "
            "decided at run time, and nothing else names port %d.",
            unknown->directive, unknown->value, unknown->file, unknown->line, diagnosis->port);
        return INTENT_NOT_KNOWN;
    }
    /* at start-up the C library looks names up, and may do so over TCP */
    if (!binding && diagnosis->port == PORT_OF_DNS && intents->has_names)
        return INTENT_ASKED;
    if (!binding && intents->runs_code) {
        *ret_reason =
            strdup("Whether this is meant to be is not known: nginx runs scripts (Lua, Perl "
                   "or JavaScript), which may connect to anything.");
        return INTENT_NOT_KNOWN;
    }
    *ret_reason = format_string("Nothing in nginx's configuration %s port %d.",
                                binding ? "listens on" : "connects to", diagnosis->port);
    return INTENT_NOT_ASKED;
}

/* Paths are compared as written, and links may lead anywhere: only where the object holds
 * secrets is a path that nobody configured held against the process. */
static IntentMatch match_path(const Diagnosis *diagnosis, const NginxIntents *intents,
                              const Hypothesis *hypothesis, char **ret_reason)
{
    if (intents && diagnosis->path && diagnosis->path[0] == '/' &&
        nginx_intent_find_path(intents, diagnosis->path, NULL))
        return INTENT_ASKED;
    if (is_start_of_program(diagnosis) && !(intents && intents->runs_code) &&
        program_of_name(diagnosis->path) != PROGRAM_NGINX) {
        *ret_reason = format_string("nginx does not start programs, and this is the start of %s.",
                                    diagnosis->path ? diagnosis->path : "one");
        return INTENT_NOT_ASKED;
    }
    if (holds_secrets(diagnosis, hypothesis)) {
        *ret_reason =
            format_string("%s holds secrets, and nothing in nginx's configuration names it.",
                          diagnosis->path ? diagnosis->path : "The file");
        return INTENT_NOT_ASKED;
    }
    return INTENT_NOT_KNOWN;
}

static bool is_usable(const NginxIntents *intents)
{
    return intents && !intents->truncated && intents->n_items > 0;
}

static IntentMatch match_nginx(const Diagnosis *diagnosis, const NginxIntents *intents,
                               const Hypothesis *hypothesis, char **ret_reason)
{
    switch (diagnosis->target_kind) {
    case TARGET_PORT:
        return is_usable(intents) ? match_port(diagnosis, intents, ret_reason) : INTENT_NOT_KNOWN;
    case TARGET_PATH:
        return match_path(diagnosis, is_usable(intents) ? intents : NULL, hypothesis, ret_reason);
    case TARGET_SOCKET:
    case TARGET_PROCESS:
    case TARGET_OTHER:
    case TARGET_KIND_COUNT:
        break;
    }
    return INTENT_NOT_KNOWN;
}

IntentMatch intent_match(const Diagnosis *diagnosis, const NginxIntents *intents,
                         const Hypothesis *hypothesis, char **ret_reason)
{
    ProgramKind program = program_of_diagnosis(diagnosis);
    const char *what;

    *ret_reason = NULL;
    if (!diagnosis->denied || program == PROGRAM_UNKNOWN)
        return INTENT_NOT_KNOWN;
    if (program == PROGRAM_SHELL) {
        *ret_reason = format_string("%s runs in nginx's domain. nginx starts no such program; an "
                                    "application may, and so does "
                                    "an intruder.",
                                    program_name(diagnosis));
        return INTENT_NOT_ASKED;
    }
    what = find_never(diagnosis, intents, program);
    if (what) {
        *ret_reason = format_string("No web server %s.", what);
        return INTENT_NOT_ASKED;
    }
    if (program == PROGRAM_NGINX)
        return match_nginx(diagnosis, intents, hypothesis, ret_reason);
    /* php-fpm and Apache run in the same domain and have configurations of their own. */
    if (diagnosis->target_kind == TARGET_PATH && holds_secrets(diagnosis, hypothesis)) {
        *ret_reason =
            format_string("%s holds secrets.", diagnosis->path ? diagnosis->path : "The file");
        return INTENT_NOT_ASKED;
    }
    return INTENT_NOT_KNOWN;
}
