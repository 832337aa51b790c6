/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* export: a fix, or all changes in force, in the form of other tools. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "client/diagnoses.h"
#include "client/output.h"
#include "client/verbs.h"
#include "daemon/bus/plan-bus.h"
#include "daemon/core/export.h"
#include "daemon/core/json.h"
#include "daemon/core/limits.h"
#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* --- of one diagnosis: the monitor writes it ------------------------------------ */

static int read_files(sd_bus_message *reply, Export *exported)
{
    const char *name, *content;
    int r = sd_bus_message_enter_container(reply, 'v', "a{ss}");

    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "{ss}");
    while (r >= 0 && (r = sd_bus_message_read(reply, "{ss}", &name, &content)) > 0) {
        r = strv_append(&exported->names, name);
        if (r >= 0)
            r = strv_append(&exported->contents, content);
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(reply);
    return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int read_list(sd_bus_message *reply, char ***ret_list)
{
    int r = sd_bus_message_enter_container(reply, 'v', "as");

    if (r >= 0)
        r = sd_bus_message_read_strv(reply, ret_list);
    return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int read_member(sd_bus_message *reply, Export *exported)
{
    const char *key, *text;
    int r = sd_bus_message_read(reply, "s", &key);

    if (r < 0)
        return r;
    if (streq(key, "Files"))
        return read_files(reply, exported);
    if (streq(key, "Before"))
        return read_list(reply, &exported->before);
    if (streq(key, "After"))
        return read_list(reply, &exported->after);
    if (!streq(key, "Text") && !streq(key, "FileName"))
        return sd_bus_message_skip(reply, "v");
    r = sd_bus_message_read(reply, "v", "s", &text);
    if (r < 0)
        return r;
    return string_replace(streq(key, "Text") ? &exported->text : &exported->file_name, text);
}

static int export_diagnosis(Session *session, const char *id, Export *exported)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    _cleanup_free_ char *path = NULL;
    int r = diagnoses_find(session, id, &path);

    if (r >= 0)
        r = sd_bus_message_new_method_call(session->bus, &call, NGINX1_NAME, path, NGINX1_DIAGNOSIS,
                                           "Export");
    if (r >= 0)
        r = sd_bus_message_append(call, "sa{sv}", session->format, 1, "Fix", "u",
                                  (uint32_t)session->fix);
    if (r >= 0)
        r = session_call(session, call, "export the fix", &reply);
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        r = read_member(reply, exported);
        if (r >= 0)
            r = sd_bus_message_exit_container(reply);
    }
    if (r >= 0 && (!exported->text || !exported->file_name))
        return -EBADMSG;
    return r;
}

/* --- of all changes: written here from what the remedy service has on record ------- */

typedef struct Changes {
    Plan *plans;
    size_t n_plans;
} Changes;

static void changes_clear(Changes *changes)
{
    for (size_t i = 0; i < changes->n_plans; i++)
        plan_clear(&changes->plans[i]);
    free(changes->plans);
}

static int read_plan(sd_bus_message *reply, Plan *plan)
{
    _cleanup_free_ char *problem = NULL;
    int r = sd_bus_message_enter_container(reply, 'v', "a(sa{sv})");

    if (r >= 0)
        r = plan_bus_read_actions(reply, plan, &problem);
    if (problem)
        (void)fprintf(stderr, "A recorded plan is malformed: %s\n", problem);
    return r < 0 ? r : sd_bus_message_exit_container(reply);
}

/* What was taken back is not in force, and what is on trial is not meant to stay. */
static int read_change(sd_bus_message *reply, Plan *plan, bool *ret_in_force)
{
    bool applied = false, trial = false;
    const char *key, *text;
    int r = sd_bus_message_enter_container(reply, 'a', "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        r = sd_bus_message_read(reply, "s", &key);
        if (r >= 0 && streq(key, "Plan")) {
            r = read_plan(reply, plan);
        } else if (r >= 0 && (streq(key, "State") || streq(key, "Trial"))) {
            r = sd_bus_message_read(reply, "v", "s", &text);
            if (r >= 0 && streq(key, "State"))
                applied = streq(text, "applied");
            else if (r >= 0)
                trial = streq(text, "running");
        } else if (r >= 0) {
            r = sd_bus_message_skip(reply, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(reply);
    }
    *ret_in_force = applied && !trial;
    return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int read_changes(sd_bus_message *reply, Changes *changes)
{
    int r = sd_bus_message_enter_container(reply, 'a', "a{sv}");

    while (r >= 0 && (r = sd_bus_message_at_end(reply, /* complete= */ false)) == 0) {
        Plan *grown = reallocarray(changes->plans, changes->n_plans + 1, sizeof(*grown));
        bool in_force;

        if (!grown)
            return -ENOMEM;
        changes->plans = grown;
        grown[changes->n_plans] = (Plan){};
        r = read_change(reply, &grown[changes->n_plans], &in_force);
        if (r < 0 || !in_force)
            plan_clear(&grown[changes->n_plans]);
        else
            changes->n_plans++;
    }
    return r;
}

static int export_applied(Session *session, ExportFormat format, Export *exported)
{
    _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
    _cleanup_(changes_clear) Changes changes = {};
    _cleanup_free_ const Action **actions = NULL;
    _cleanup_free_ char *problem = NULL;
    size_t n_actions = 0;
    int r = sd_bus_message_new_method_call(session->bus, &call, REMEDY1_NAME, REMEDY1_PATH,
                                           REMEDY1_MANAGER, "ListChanges");

    if (r >= 0)
        r = sd_bus_message_append(call, "a{sv}", 0);
    if (r >= 0)
        r = session_call(session, call, "list the changes", &reply);
    if (r >= 0)
        r = read_changes(reply, &changes);
    if (r >= 0)
        r = export_select(changes.plans, changes.n_plans, &actions, &n_actions);
    if (r < 0)
        return r;
    if (n_actions == 0) {
        (void)fputs("No change is in force (selguardctl history).\n", stderr);
        return -ENODATA;
    }
    r = export_write(format, actions, n_actions, "all changes in force", exported, &problem);
    if (problem)
        (void)fprintf(stderr, "Cannot export the changes: %s\n", problem);
    return r;
}

/* --- what becomes of it ----------------------------------------------------------- */

static json_object *list_to_json(char *const *list)
{
    json_object *array = json_object_new_array();

    for (; array && list && *list; list++)
        (void)json_append(array, json_object_new_string(*list));
    return array;
}

static int print_json(const Export *exported)
{
    _cleanup_json_ json_object *object = json_object_new_object();
    json_object *files = json_object_new_object();

    if (!object || !files)
        return -ENOMEM;
    for (size_t i = 0; exported->names && exported->names[i]; i++)
        (void)json_add(files, exported->names[i], json_object_new_string(exported->contents[i]));
    if (json_add(object, "file_name", json_object_new_string(exported->file_name)) < 0 ||
        json_add(object, "text", json_object_new_string(exported->text)) < 0 ||
        json_add(object, "files", files) < 0 ||
        json_add(object, "before", list_to_json(exported->before)) < 0 ||
        json_add(object, "after", list_to_json(exported->after)) < 0)
        return -ENOMEM;
    return output_json(object);
}

/* Names come from a service that is less trusted than the person's directories. */
static bool is_file_name(const char *name)
{
    return *name && *name != '.' && *name != '-' && !strchr(name, '/') &&
           strlen(name) <= EXPORT_NAME_MAX + 8;
}

/* What is there already is not written over. */
static int write_file(int directory, const char *name, const char *content)
{
    size_t length = strlen(content);
    _cleanup_close_ int fd = -1;
    int r = 0;

    if (!is_file_name(name))
        return -EBADMSG;
    fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        r = -errno;
    while (r >= 0 && length > 0) {
        ssize_t n = write(fd, content, length);

        if (n < 0) {
            r = -errno;
        } else {
            content += n;
            length -= (size_t)n;
        }
    }
    if (r < 0)
        (void)fprintf(stderr, "%s: %s\n", name, strerror(-r));
    else
        (void)printf("%s\n", name);
    return r;
}

static int write_files(const char *path, const Export *exported)
{
    _cleanup_close_ int directory = -1;
    int r;

    if (mkdir(path, 0777) < 0 && errno != EEXIST) {
        r = -errno;
        (void)fprintf(stderr, "%s: %s\n", path, strerror(-r));
        return r;
    }
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        r = -errno;
        (void)fprintf(stderr, "%s: %s\n", path, strerror(-r));
        return r;
    }
    r = write_file(directory, exported->file_name, exported->text);
    for (size_t i = 0; r >= 0 && exported->names && exported->names[i]; i++)
        r = write_file(directory, exported->names[i], exported->contents[i]);
    return r;
}

static void print_steps(const char *title, char *const *commands)
{
    if (!commands || !*commands)
        return;
    (void)fprintf(stderr, "%s\n", title);
    for (; *commands; commands++) {
        (void)fputs("    ", stderr);
        output_escaped(stderr, *commands);
        (void)fputc('\n', stderr);
    }
}

/* How to use it goes to standard error, so that the text can be redirected. */
static void print_use(const Session *session, ExportFormat format, const Export *exported)
{
    static const char *const uses[EXPORT_FORMAT_COUNT] = {
        [EXPORT_SHELL] = "sh selguard.sh",
        [EXPORT_SEMANAGE] = "semanage import -f selguard.semanage",
        [EXPORT_ANSIBLE] = "ansible-playbook -i INVENTORY selguard.yml",
        [EXPORT_CIL] = "semodule -i selguard.cil",
    };

    print_steps("First, as root:", exported->before);
    if (*exported->text)
        (void)fprintf(stderr, "To apply it: %s\n", uses[format]);
    print_steps("Then, as root:", exported->after);
    if (!session->output && exported->names && *exported->names)
        (void)fputs("Further files belong to it: --output DIRECTORY writes all of them.\n", stderr);
}

int verb_export(Session *session, char **arguments)
{
    _cleanup_(export_clear) Export exported = {};
    ExportFormat format;
    int r;

    if (!session->format || export_format_from_string(session->format, &format) < 0) {
        (void)fputs("export needs --format shell, semanage, ansible or cil.\n", stderr);
        return EXIT_USAGE;
    }
    if (session->applied && arguments[0]) {
        (void)fputs("Either an id or --applied.\n", stderr);
        return EXIT_USAGE;
    }
    r = session->applied ? export_applied(session, format, &exported)
                         : export_diagnosis(session, arguments[0], &exported);
    if (r < 0)
        return r;
    if (session->json)
        return print_json(&exported);
    if (session->output)
        r = write_files(session->output, &exported);
    else if (fputs(exported.text, stdout) == EOF)
        r = -EIO;
    if (r >= 0)
        print_use(session, format, &exported);
    return r;
}
