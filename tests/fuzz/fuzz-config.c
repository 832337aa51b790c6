/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* selguard.conf. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "daemon/core/config.h"
#include "daemon/core/limits.h"
#include "daemon/core/text.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_list(char **list)
{
    require(strv_length(list) <= CONFIG_LIST_MAX);
    STRV_FOREACH (word, list)
        require((*word)[0] != '\0' && !strpbrk(*word, " \t\n"));
}

static void check_config(const Config *config)
{
    require(!config->nginx_configuration || config->nginx_configuration[0] == '/');
    require(!config->nginx_prefix || config->nginx_prefix[0] == '/');
    require(config->domains && config->domains[0]);
    check_list(config->domains);
    check_list(config->error_logs);
    check_list(config->denied_booleans);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Config config = {};
    char *problem = NULL;
    char path[64];
    int fd = memfd_create("selguard.conf", MFD_CLOEXEC);
    int r;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    r = config_load(path, &config, &problem);
    if (r == 0) {
        require(!problem);
        check_config(&config);
    } else {
        /* Nothing half read, and a sentence that a terminal can show. */
        require(r == (size > CONFIG_FILE_SIZE_MAX ? -EFBIG : -EBADMSG));
        require(!config.domains && !config.error_logs && !config.nginx_configuration);
        require(problem && utf8_is_valid(problem));
        for (const char *at = problem; *at; at++)
            require((unsigned char)*at >= ' ');
    }
    config_clear(&config);
    free(problem);
    (void)close(fd);
    return 0;
}
