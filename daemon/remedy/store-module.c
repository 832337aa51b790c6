/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modules, at the priority that administrators' have. What a module of the same name and priority
 * said before is kept in an undo file: "LANGUAGE\n" and its text.
 */
#include <errno.h>
#include <inttypes.h>
#include <semanage/modules.h>
#include <sys/mman.h>

#include "daemon/core/text.h"
#include "daemon/remedy/store-internal.h"
#include "daemon/remedy/undo.h"

#define MODULE_PRIORITY 400 /* semodule's default */
#define LANGUAGE_CIL    "cil"

typedef struct Installed {
    void *data; /* mapped */
    size_t size;
    char language[32];
} Installed;

static void installed_clear(Installed *installed)
{
    if (installed->data)
        (void)munmap(installed->data, installed->size);
    *installed = (Installed){};
}

/* Tells modules apart, in states and records. FNV-1a, 64 bits: nobody gains by a collision, who
 * could make one could write the store. */
static void hash_module(const char *data, size_t size, char ret_hash[STATE_TEXT_MAX])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
    (void)snprintf(ret_hash, STATE_TEXT_MAX, "%016" PRIx64, hash);
}

static bool info_is(PolicyStore *store, semanage_module_info_t *info, const char *name)
{
    const char *found = NULL;
    uint16_t priority = 0;

    return semanage_module_info_get_name(store->handle, info, &found) >= 0 &&
           semanage_module_info_get_priority(store->handle, info, &priority) >= 0 &&
           streq(found, name) && priority == MODULE_PRIORITY;
}

/* 1 if there is a module of this name and priority, 0, or a negative errno. Asking for it
 * directly would be an error where there is none. */
static int module_exists(PolicyStore *store, const char *name)
{
    semanage_module_info_t *infos = NULL;
    bool found = false;
    int n = 0;

    if (semanage_module_list_all(store->handle, &infos, &n) < 0)
        return -EIO;
    for (int i = 0; i < n; i++) {
        semanage_module_info_t *info = semanage_module_list_nth(infos, i);

        found = found || info_is(store, info, name);
        (void)semanage_module_info_destroy(store->handle, info);
    }
    free(infos);
    return found;
}

static int create_key(PolicyStore *store, const char *name, semanage_module_key_t **ret_key)
{
    semanage_module_key_t *key = NULL;

    if (semanage_module_key_create(store->handle, &key) < 0)
        return -ENOMEM;
    if (semanage_module_key_set_name(store->handle, key, name) < 0 ||
        semanage_module_key_set_priority(store->handle, key, MODULE_PRIORITY) < 0) {
        (void)semanage_module_key_destroy(store->handle, key);
        free(key);
        return -EINVAL;
    }
    *ret_key = key;
    return 0;
}

static void key_free(PolicyStore *store, semanage_module_key_t *key)
{
    (void)semanage_module_key_destroy(store->handle, key);
    free(key);
}

/* As it was installed, in its own language. 0, -ENOENT, or another negative errno. */
static int module_read(PolicyStore *store, const char *name, Installed *ret_installed)
{
    semanage_module_key_t *key = NULL;
    semanage_module_info_t *info = NULL;
    Installed installed = {};
    const char *language = NULL;
    int r = module_exists(store, name);

    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    r = create_key(store, name, &key);
    if (r < 0)
        return r;
    if (semanage_module_extract(store->handle, key, /* extract_cil= */ 0, &installed.data,
                                &installed.size, &info) < 0)
        r = -EIO;
    else if (semanage_module_info_get_lang_ext(store->handle, info, &language) < 0 ||
             strlen(language) >= sizeof(installed.language))
        r = -EIO;
    else
        memcpy(installed.language, language, strlen(language) + 1);
    if (info) {
        (void)semanage_module_info_destroy(store->handle, info);
        free(info);
    }
    key_free(store, key);
    if (r < 0)
        installed_clear(&installed);
    else
        *ret_installed = installed;
    return r;
}

int store_module_read(PolicyStore *store, size_t index, ActionState *ret_state)
{
    const Action *action = &store->plan->actions[index];
    PolicyView *view = store_view(store, ret_state);
    Installed installed = {};
    int r = module_read(store, action->name, &installed);

    if (r < 0 && r != -ENOENT)
        return r;
    ret_state->known = true;
    if (r >= 0)
        hash_module(installed.data, installed.size, ret_state->record);
    installed_clear(&installed);
    hash_module(action->cil, strlen(action->cil), ret_state->wanted);
    r = view ? policy_view_check_module(view, store->plan, action, *ret_state->record,
                                        ret_state->obstacle)
             : 0;
    return r < 0 ? r : 0;
}

int store_module_keep(PolicyStore *store, size_t index, const char *path)
{
    const Action *action = &store->plan->actions[index];
    char hash[STATE_TEXT_MAX], wanted[STATE_TEXT_MAX];
    Installed installed = {};
    _cleanup_free_ char *text = NULL;
    size_t head;
    int r = module_read(store, action->name, &installed);

    if (r < 0)
        return r == -ENOENT ? 0 : r;
    hash_module(installed.data, installed.size, hash);
    hash_module(action->cil, strlen(action->cil), wanted);
    head = strlen(installed.language) + 1;
    /* Ours already: an interrupted run, whose file is there. */
    if (streq(hash, wanted))
        r = 0;
    else if (!(text = malloc(head + installed.size)))
        r = -ENOMEM;
    else {
        memcpy(text, installed.language, head - 1);
        text[head - 1] = '\n';
        memcpy(text + head, installed.data, installed.size);
        r = undo_write(path, text, head + installed.size);
    }
    installed_clear(&installed);
    return r;
}

static int install(PolicyStore *store, const char *name, char *text, size_t size,
                   const char *language)
{
    return semanage_module_install(store->handle, text, size, name, language) < 0 ? -EIO : 0;
}

static int remove_module(PolicyStore *store, const char *name)
{
    semanage_module_key_t *key = NULL;
    int r = module_exists(store, name);

    if (r > 0)
        r = create_key(store, name, &key);
    if (r < 0 || !key)
        return r;
    if (semanage_module_remove_key(store->handle, key) < 0)
        r = -EIO;
    key_free(store, key);
    return r;
}

/* What was kept, if it is what the record says. */
static int restore(PolicyStore *store, const char *name, const char *path, const char *wanted)
{
    _cleanup_free_ char *data = NULL;
    char hash[STATE_TEXT_MAX];
    size_t size = 0, head;
    int r = undo_read(path, &data, &size);

    if (r < 0)
        return r;
    head = strcspn(data, "\n");
    if (head >= size || head >= 32)
        return -EBADMSG;
    hash_module(data + head + 1, size - head - 1, hash);
    if (!streq(hash, wanted))
        return -EBADMSG;
    data[head] = '\0';
    return install(store, name, data + head + 1, size - head - 1, data);
}

int store_module_stage(PolicyStore *store, size_t index, const ActionState *target)
{
    const Action *action = &store->plan->actions[index];
    _cleanup_free_ char *path = NULL;
    char hash[STATE_TEXT_MAX];

    if (*target->record == '\0')
        return remove_module(store, action->name);
    hash_module(action->cil, strlen(action->cil), hash);
    if (streq(target->record, hash))
        return install(store, action->name, action->cil, strlen(action->cil), LANGUAGE_CIL);
    path = undo_path(store->options->undo_directory, store->change_id, index);
    return path ? restore(store, action->name, path, target->record) : -ENOMEM;
}
