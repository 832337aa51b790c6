/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libFuzzer's main() is where there is no libFuzzer: runs a target over the files of its
 * corpus, over each of them cut short, and over nothing at all.
 *
 *   fuzz-NAME FILE-OR-DIRECTORY…
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* A parser must live with every cut; for a large file some of them will do. */
#define CUTS_MAX 256u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_inputs;

static void die(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* To its exact length, so that a read past the end shows. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + !size);

    if (!copy)
        die("malloc");
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    n_inputs++;
}

static void run_file(const char *path, int fd)
{
    _cleanup_free_ uint8_t *data = NULL;
    struct stat status;
    size_t size, step;

    if (fstat(fd, &status) < 0)
        die(path);
    size = (size_t)status.st_size;
    data = malloc(size + 1);
    if (!data || read(fd, data, size) != (ssize_t)size)
        die(path);
    step = size / CUTS_MAX + 1;
    for (size_t cut = 0; cut < size; cut += step)
        run(data, cut);
    run(data, size);
}

static void run_path(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    DIR *directory;

    if (fd < 0 || fstat(fd, &status) < 0)
        die(path);
    if (!S_ISDIR(status.st_mode)) {
        run_file(path, fd);
        return;
    }
    directory = opendir(path);
    if (!directory)
        die(path);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        _cleanup_free_ char *name = format_string("%s/%s", path, entry->d_name);

        if (!name)
            die("malloc");
        if (entry->d_name[0] != '.')
            run_path(name);
    }
    (void)closedir(directory);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FILE-OR-DIRECTORY…\n", argv[0]);
        return 2;
    }
    run(NULL, 0);
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    /* An empty or misplaced corpus would be a test that cannot fail. */
    if (n_inputs < 2) {
        (void)fprintf(stderr, "the corpus is empty\n");
        return EXIT_FAILURE;
    }
    (void)printf("%zu inputs\n", n_inputs);
    return EXIT_SUCCESS;
}
