#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds diagnoses against a table of what they must be, and carries out what they advise.

    catalogue.py check TABLE STAGE SECONDS   every row of a stage, one line of result each
    catalogue.py id TARGET [ACCESS]          the id of the one diagnosis
    catalogue.py commands TARGET [ACCESS]    the first fix by hand: shell commands
    catalogue.py batch DIR TARGET…           several first fixes in as few transactions as can be:
                                             writes DIR/make and DIR/undo, shell scripts
    catalogue.py print                       everything, as rows of a table

It asks selguardctl. A table has one row a line:

    what | target | access | verdict | cause | first fix [| where]

`target` is PROTOCOL/PORT, a path, or the kind of what is neither. `access` is a permission that was
denied, or OPERATION:ERRNO of nginx's line. `first fix` is a list of actions as fix_words() writes
them, or `none`; it or the cause may be `any`. `where` is `live` or `files` for a row that holds on
the running system or in recorded files only. A line `== NAME` begins a stage.
"""
import json
import shlex
import subprocess
import sys
import time


def target_of(diagnosis):
    target = diagnosis["target"]
    if "port" in target:
        return "%s/%d" % (target.get("protocol", "tcp"), target["port"])
    return target.get("path", target["kind"])


def accesses_of(diagnosis):
    names = set(diagnosis.get("access", {}).get("permissions", []))
    failure = diagnosis.get("failure")
    if failure:
        names.add("%s:%d" % (failure["operation"], failure["errno"]))
    return names


def action_words(action):
    kind = action["kind"]
    if kind == "set-boolean":
        return "%s=%s" % (action["name"], "on" if action["value"] else "off")
    if kind == "set-port":
        return "%s/%d:%s" % (action["protocol"], action["low"], action["type"])
    if kind == "set-file-context":
        return "label %s %s" % (action["regex"], action["type"])
    if kind == "relabel":
        return "relabel " + action["path"]
    if kind == "install-module":
        return "module " + action["name"]
    if kind == "advise":
        return "advise: " + "; ".join(action["commands"])
    return kind


def fix_words(diagnosis):
    fixes = diagnosis["fixes"]
    return " + ".join(action_words(a) for a in fixes[0]["actions"]) if fixes else "none"


def read_table(path):
    """{stage: [row…]}"""
    stages, rows = {}, None
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            line = line.strip()
            if line.startswith("=="):
                rows = stages.setdefault(line[2:].strip(), [])
            elif line and not line.startswith("#"):
                cells = [cell.strip() for cell in line.split(" | ")]
                if len(cells) not in (6, 7) or rows is None:
                    sys.exit("%s:%d: not a row" % (path, number))
                rows.append(cells + [""] * (7 - len(cells)))
    return stages


def matching(diagnoses, target, access):
    return [d for d in diagnoses
            if target_of(d) == target and (access == "-" or access in accesses_of(d))]


def hold(row, diagnoses):
    """"" if the diagnoses are as the row says, otherwise what is wrong."""
    _, target, access, verdict, cause, fix, _ = row
    found = matching(diagnoses, target, access)
    if verdict == "nothing":
        return "" if not found else "a diagnosis: " + found[0]["summary"]
    if len(found) != 1:
        return "%d diagnoses of %s (%s)" % (len(found), target, access)
    expected = [verdict, cause, fix]
    got = [found[0]["verdict"], found[0]["cause"], fix_words(found[0])]
    if all(want in ("any", have) for want, have in zip(expected, got)):
        return ""
    return "expected %s; got %s" % (", ".join(expected), ", ".join(got))


# --- the running system


def ctl(*arguments):
    done = subprocess.run(["runuser", "-u", "reader", "--", "runcon",
                           "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023",
                           "selguardctl", *arguments], capture_output=True, check=False)
    return done.stdout.decode()


def listed():
    try:
        return json.loads(ctl("list", "--json"))
    except ValueError:
        return []


def target_listed(entry):
    return "tcp/%d" % entry["port"] if "port" in entry else entry.get("target", "other")


def live(targets=None):
    """The diagnoses, or those of some targets: each takes a process of its own to show."""
    found = []
    for entry in listed():
        if targets is None or target_listed(entry) in targets:
            try:
                found.append(json.loads(ctl("show", entry["id"], "--json")))
            except ValueError:
                pass
    return found


def the_one(target, access="-"):
    found = matching(live({target}), target, access)
    if len(found) != 1:
        sys.exit("%d diagnoses of %s (%s)" % (len(found), target, access))
    return found[0]


def check(table, stage, seconds):
    rows = [row for row in read_table(table)[stage] if row[6] != "files"]
    targets = {row[1] for row in rows}
    end = time.monotonic() + float(seconds)
    while True:
        diagnoses = live(targets)
        wrong = [hold(row, diagnoses) for row in rows]
        if not any(wrong) and all(d["analyzed"] for d in diagnoses) or time.monotonic() > end:
            break
        time.sleep(1)
    for row, why in zip(rows, wrong):
        print("not ok\t%s\t%s" % (row[0], why) if why else "ok\t%s\t" % row[0])
    for row in rows:
        for diagnosis in matching(diagnoses, row[1], row[2]):
            print("note\t  " + as_row(diagnosis))
    for entry in listed():
        if target_listed(entry) not in targets:
            print("note\talso: %s | %s | %s" % (entry["summary"], entry["verdict"], entry["cause"]))


def as_row(diagnosis):
    return " | ".join([diagnosis["summary"], target_of(diagnosis), ",".join(sorted(accesses_of(diagnosis))),
                       diagnosis["verdict"], diagnosis["cause"], fix_words(diagnosis)])


def commands(diagnosis):
    if not diagnosis["fixes"]:
        sys.exit("no fix: " + as_row(diagnosis))
    lines = []
    for action, command in zip(diagnosis["fixes"][0]["actions"], diagnosis["fixes"][0]["commands"]):
        lines += action["commands"] if action["kind"] == "advise" else [command]
    return "\n".join(lines)


def exact_ports():
    """What has a record of its own: for that port semanage wants -m, for others -a."""
    done = subprocess.run(["semanage", "port", "-l", "-n"], capture_output=True, check=False)
    found = set()
    for line in done.stdout.decode().splitlines():
        words = line.replace(",", "").split()
        found.update("%s/%s" % (words[1], port) for port in words[2:])
    return found


def batch(directory, targets):
    """One semodule for all modules, one semanage for all the rest, which wants to know their types,
    then the labels. Back it takes one transaction."""
    modules, make, undo, labels = [], [], [], []
    exact = exact_ports()
    diagnoses = live({name.partition("@")[0] for name in targets})
    for name in targets:
        target, _, access = name.partition("@")
        found = matching(diagnoses, target, access or "-")
        if len(found) != 1 or not found[0]["fixes"]:
            sys.exit("no one fix of " + name)
        for action in found[0]["fixes"][0]["actions"]:
            kind = action["kind"]
            if kind == "install-module":
                with open("%s/%s.cil" % (directory, action["name"]), "w", encoding="utf-8") as stream:
                    stream.write(action["cil"])
                modules.append(action["name"])
            elif kind == "set-port":
                where = "-p %s %d" % (action["protocol"], action["low"])
                verb = "-m" if "%s/%d" % (action["protocol"], action["low"]) in exact else "-a"
                make.append("port %s -t %s %s" % (verb, action["type"], where))
                undo.append("port -d " + where)
            elif kind == "set-boolean":
                line = "boolean -m -%d " + action["name"]
                make.append(line % action["value"])
                undo.append(line % (not action["value"]))
            elif kind == "set-file-context":
                regex = shlex.quote(action["regex"])
                make.append("fcontext -a -f a -t %s %s" % (action["type"], regex))
                undo.append("fcontext -d " + regex)
            elif kind == "relabel":
                labels.append("restorecon -R -F " + shlex.quote(action["path"]))
            elif kind != "reload-nginx":  # the scenario reloads, once
                sys.exit("not for a batch: " + kind)
    # The same boolean may be the fix of several.
    quoted = lambda lines: "semanage import <<'END'\n%s\nEND" % "\n".join(dict.fromkeys(lines))
    with open(directory + "/make", "w", encoding="utf-8") as stream:
        stream.write("set -e\n")
        if modules:
            stream.write("semodule -i %s\n" % " ".join("%s/%s.cil" % (directory, m) for m in modules))
        if make:
            stream.write(quoted(make) + "\n")
        stream.write("\n".join(labels) + "\n")
    with open(directory + "/undo", "w", encoding="utf-8") as stream:
        stream.write("set -e\n")
        if modules:
            undo.append("module -r " + " ".join(modules))
        if undo:
            stream.write(quoted(undo) + "\n")
        stream.write("\n".join(labels) + "\n")


def main(verb, *arguments):
    if verb == "check":
        check(*arguments)
    elif verb == "id":
        print(the_one(*arguments)["id"])
    elif verb == "commands":
        print(commands(the_one(*arguments)))
    elif verb == "batch":
        batch(arguments[0], arguments[1:])
    elif verb == "print":
        for diagnosis in live():
            print(as_row(diagnosis))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["help"]))
