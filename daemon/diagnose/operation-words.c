/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/diagnose/operation-words.h"

#include <stddef.h>

#include "daemon/core/macro.h"
#include "daemon/core/text.h"

/* Each reads well with an object behind it, and most without. */
static const struct {
    const char *operation, *words;
    const char *alone; /* without an object, where that is other */
} operations[] = {
    {"open", "open", "open a file"},
    {"openat", "open", "open a file"},
    {"read", "read", "read a file"},
    {"pread", "read", "read a file"},
    {"readv", "read", "read a file"},
    {"write", "write to", "write to a file"},
    {"writev", "write to", "write to a file"},
    {"pwrite", "write to", "write to a file"},
    {"pwritev", "write to", "write to a file"},
    {"stat", "look at", "look at a file"},
    {"lstat", "look at", "look at a file"},
    {"fstat", "look at", "look at a file"},
    {"fstatat", "look at", "look at a file"},
    {"access", "look at", "look at a file"},
    {"realpath", "find out where links lead in", "find out where links lead"},
    {"opendir", "list the directory", "list a directory"},
    {"readdir", "list the directory", "list a directory"},
    {"directory-index", "list the directory", "list a directory"},
    {"glob", "look for", "look for files"},
    {"chdir", "change to the directory", "change to a directory"},
    {"mkdir", "make the directory", "make a directory"},
    {"rmdir", "remove the directory", "remove a directory"},
    {"unlink", "remove", "remove a file"},
    {"rename", "rename", "rename a file"},
    {"link", "link", "link a file"},
    {"symlink", "make the link", "make a link"},
    {"copy", "copy", "copy a file"},
    {"chmod", "change the mode of", "change the mode of a file"},
    {"chown", "change the owner of", "change the owner of a file"},
    {"utimes", "set the times of", "set the times of a file"},
    {"ftruncate", "cut", "cut a file"},
    {"mmap", "map", "map memory"},
    {"execve", "run", "run a program"},
    {"dlopen", "load the module", "load a module"},
    {"certificate", "load the certificate", NULL},
    {"certificate-key", "load the certificate key", NULL},
    {"crl", "load the revocation list", NULL},
    {"BIO_new_file", "load", "load a file"},
    {"SSL_CTX_load_verify_locations", "load the trusted certificates", NULL},
    {"SSL_load_client_CA_file", "load the client certificates", NULL},
    {"SSL_CTX_use_certificate", "load the certificate", NULL},
    {"SSL_CTX_use_PrivateKey_file", "load the certificate key", NULL},
    {"X509_LOOKUP_load_file", "load the trusted certificates", NULL},
    {"bind", "listen on", "take an address to listen on"},
    {"listen", "listen on", "listen"},
    {"connect", "connect to", "connect"},
    {"accept", "accept a connection on", "accept a connection"},
    {"accept4", "accept a connection on", "accept a connection"},
    {"send", "send to", "send"},
    {"sendto", "send to", "send"},
    {"sendmsg", "send to", "send"},
    {"sendfile", "send", "send a file"},
    {"recv", "read from", "read an answer"},
    {"recvmsg", "read from", "read an answer"},
    {"socket", "make a socket for", "make a socket"},
    {"timeout", "get an answer in time from", "get an answer in time"},
    {"upstream-closed", "get a whole answer from", "get a whole answer from the backend"},
    {"backend-stderr", "have its backend use", "have its backend do the work"},
    {"setuid", "become the user", "become another user"},
    {"setgid", "take the group", "take another group"},
    {"initgroups", "take the groups of", "take its user's groups"},
};

char *operation_to_words(const char *operation, const char *object)
{
    const bool has_object = object && *object;

    for (size_t i = 0; i < ELEMENTS_OF(operations); i++) {
        if (!streq(operations[i].operation, operation))
            continue;
        if (has_object)
            return format_string("%s %s", operations[i].words, object);
        return strdup(operations[i].alone ? operations[i].alone : operations[i].words);
    }
    if (!*operation)
        return has_object ? format_string("use %s", object) : strdup("do what it tried");
    return has_object ? format_string("complete %s() on %s", operation, object)
                      : format_string("complete %s()", operation);
}
