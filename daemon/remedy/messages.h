/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Message ids of the remedy service's journal entries; systemd/nginx-selguard-remedy.catalog
 * explains each. An id never changes its meaning.
 */
#pragma once

#define MESSAGE_CHANGE_APPLIED     "de84951d3ebe4068b1301da4b1a6dbe8"
#define MESSAGE_CHANGE_FAILED      "6aefa41dd022498d9aed0387152b35ba"
#define MESSAGE_CHANGE_REVERTED    "193a664773ee4aa7b7b67bee4d6d6352"
#define MESSAGE_CHANGE_INEFFECTIVE "b930fdcb9cf24be5b7250343ec825b70"
#define MESSAGE_CHANGE_RECOVERED   "e3e789b9f1c547a1bbf258442e526a0f"
#define MESSAGE_REFUSED            "db1069643d6a4771aec718f059b57da9"
#define MESSAGE_RECORD_SET_ASIDE   "821d37142f324081b4d1616bfb21b16e"
#define MESSAGE_TRIAL_BEGUN        "54b26dc94b6f4c47a7c01de8f2f5b7e3"
#define MESSAGE_AUDIT_FAILED       "0e3d5c5a1d0b4f5e9c1be5b3c2a6f9d8"
