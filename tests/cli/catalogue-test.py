#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scenarios of the virtual machine once more, from what they left: analyze must conclude from
recorded files what the monitor concluded on the running system. The tables are the same.

Usage: catalogue-test.py NGINX-SELGUARD SOURCE-ROOT [POLICY-DIRECTORY]

The recordings are of Debian's reference policy, so it takes that one: what its package puts into
/etc/selinux/default. Without it nothing is tested (status 77).
"""
import glob
import json
import os
import subprocess
import sys
import unittest

PROGRAM, ROOT = sys.argv[1:3]
POLICY_DIRECTORY = (sys.argv[3:] or ["/etc/selinux/default"])[0]
POLICY = (sorted(glob.glob(POLICY_DIRECTORY + "/policy/policy.*")) or [""])[-1]
CONTEXTS = POLICY_DIRECTORY + "/contexts/files/file_contexts"
sys.path.insert(0, os.path.join(ROOT, "tests/vm/guest"))
import catalogue  # noqa: E402

RECORDINGS = os.path.join(ROOT, "tests/data/catalogue")


def analyze(root):
    logs = os.path.join(root, "var/log/nginx")
    arguments = []
    for name in sorted(os.listdir(logs)):
        arguments += ["--error-log", os.path.join(logs, name)]
    for name in sorted(os.listdir(os.path.join(root, "etc"))):
        arguments += ["--nginx-conf", "/etc/%s/nginx.conf" % name]
    done = subprocess.run(
        [PROGRAM, "analyze", "--format", "json", "--policy", POLICY, "--file-contexts", CONTEXTS,
         "--utc-offset", "Z", "--root", root, *arguments],
        capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Catalogue(unittest.TestCase):
    def test_rows(self):
        names = sorted(os.listdir(RECORDINGS))
        self.assertTrue(names)
        for name in names:
            diagnoses = analyze(os.path.join(RECORDINGS, name))["diagnoses"]
            table = catalogue.read_table(os.path.join(ROOT, "tests/vm/catalogue", name))
            for stage, rows in table.items():
                for row in rows:
                    if row[6] == "live":
                        continue
                    with self.subTest(scenario=name, stage=stage, what=row[0]):
                        self.assertEqual(catalogue.hold(row, diagnoses), "")

    def test_every_recording_has_a_table(self):
        tables = set(os.listdir(os.path.join(ROOT, "tests/vm/catalogue")))
        self.assertEqual(set(os.listdir(RECORDINGS)) - tables, set())


if __name__ == "__main__":
    if not os.path.exists(POLICY):
        print("SKIPPED: no policy in", POLICY_DIRECTORY)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=1)
