/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The errno in messages of libraries, which nginx passes on as text. For error-message.c.
 */
#pragma once

#include "daemon/nginx/slice.h"

/* "(SSL: error:8000000D:…", the first error of OpenSSL's queue. Its packed code, if of a system
 * call: since 3.0 the top bit and the errno (ERR_SYSTEM_FLAG in openssl/err.h); before, library
 * 2 (ERR_LIB_SYS) in the top byte and the errno in the low 12 bits. 0 if it is another
 * library's. */
int error_code_of_openssl(Slice text);

/* dlerror() ends with strerror()'s text; nginx never calls setlocale(). 0 if unknown. */
int error_code_of_loader(Slice text);
