#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An export, brought to a clean system by the tools that it is for, gives the policy store that
# applying gave: the real remedy service and client on a private bus, scratch copies of this host's
# store, and semanage, semodule and setsebool over them in mount namespaces. Ansible reads its
# file as it reads its own.
#
# Environment: SELGUARD_SOURCE_ROOT, SELGUARD_REMEDY, SELGUARD_CLIENT, SELGUARD_MOCK_POLKIT.
set -euo pipefail

skip() {
    echo "skipped: $1" >&2
    exit 77
}
[[ $EUID -eq 0 ]] || skip "only root can do this"
for tool in dbus-daemon busctl unshare semanage semodule setsebool python3; do
    command -v "$tool" >/dev/null || skip "there is no $tool"
done
[[ -d /var/lib/selinux/default/active ]] || skip "there is no policy store here"
unshare --mount true 2>/dev/null || skip "no mount namespace can be made here"

failures=0
fail() {
    echo "FAILED: $1" >&2
    failures=$((failures + 1))
}

directory=$(mktemp -d /tmp/selguard-export-XXXXXX)
chmod 755 "$directory"
children=()
cleanup() {
    ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$directory"
}
trap cleanup EXIT

# copy_store NAME: each time the same.
copy_store() {
    [[ -d $directory/small ]] || "$SELGUARD_SOURCE_ROOT/tests/bus/small-store" "$directory/small"
    cp -a "$directory/small" "$directory/$1"
}
# in_store NAME COMMAND…: with that copy in place of this host's.
in_store() {
    local root=$directory/$1
    shift
    # SC2016: the inner shell expands it
    # shellcheck disable=SC2016
    unshare --mount sh -c 'mount --bind "$0/etc/selinux" /etc/selinux &&
        mount --bind "$0/var/lib/selinux" /var/lib/selinux && exec "$@"' "$root" "$@"
}
# What the policy is made of. (The image itself depends on the order of the commits, too.)
state_of() {
    local active=$directory/$1/var/lib/selinux/default/active
    in_store "$1" sh -c 'semanage export | sort; semodule -lfull | sort'
    (cd "$active" && cat ./*.local && sha256sum modules/400/*/*)
}

cat >"$directory/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$directory/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
END
dbus-daemon --config-file="$directory/bus.conf" --nofork --nopidfile --nosyslog &
children+=($!)
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$directory/bus
wait_for() {
    local _
    for _ in {1..100}; do
        busctl --system --quiet status "$1" >/dev/null 2>&1 && return
        sleep 0.1
    done
    echo "gave up waiting for $1" >&2
    return 1
}
copy_store applied
wait_for org.freedesktop.DBus
"$SELGUARD_MOCK_POLKIT" "$DBUS_SYSTEM_BUS_ADDRESS" &
children+=($!)
wait_for org.freedesktop.PolicyKit1
busctl call org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority \
    org.selguard.MockPolkit SetAnswer ss "" yes
: >"$directory/selguard.conf"
"$SELGUARD_REMEDY" --store-root="$directory/applied" --store-type=default \
    --changes-dir="$directory/changes" --config="$directory/selguard.conf" --idle-timeout=0 &
children+=($!)
wait_for org.selguard.Remedy1

# --- one plan with all kinds that the store holds

service=(org.selguard.Remedy1 /org/selguard/Remedy1 org.selguard.Remedy1.Manager)
cil='(type selguard_tcp_3000_port_t)
(roletype object_r selguard_tcp_3000_port_t)
(typeattributeset port_type (selguard_tcp_3000_port_t))
(allow httpd_t selguard_tcp_3000_port_t (tcp_socket (name_connect)))
'
job=$(busctl call --timeout=300 "${service[@]}" Apply 'a(sa{sv})a{sv}' 5 \
    install-module 2 name s selguard_tcp_3000 cil s "$cil" \
    set-boolean 2 name s httpd_graceful_shutdown value b true \
    set-port 4 protocol s tcp low q 3000 high q 3000 type s selguard_tcp_3000_port_t \
    set-file-context 3 regex s '/srv/my/site(/.*)?' file_type s all type s httpd_sys_content_t \
    set-file-context 3 regex s '/srv/shop/[^/]+/app\.sock' file_type s socket type s httpd_runtime_t \
    0)
job=${job#*\"}
job=${job%\"*}
for _ in {1..600}; do
    [[ $(busctl get-property "${service[0]}" "$job" org.selguard.Remedy1.Job State) == *finished* ]] && break
    sleep 0.2
done
state_of applied >"$directory/applied.state"
grep -q 'selguard_tcp_3000 cil' "$directory/applied.state" || fail "the plan was not applied"

# --- semanage and the shell

export_as() { "$SELGUARD_CLIENT" export --applied --format "$1" --output "$directory/$1" >/dev/null 2>"$directory/$1.notes"; }
copy_store clean
cp -a "$directory/clean" "$directory/semanage-store"
cp -a "$directory/clean" "$directory/shell-store"

export_as semanage
grep -q 'semodule -i selguard_tcp_3000.cil' "$directory/semanage.notes" ||
    fail "nothing says that the module comes first"
(
    cd "$directory/semanage"
    in_store semanage-store semodule -i selguard_tcp_3000.cil
    in_store semanage-store semanage import -f selguard.semanage
) || fail "semanage import"
state_of semanage-store >"$directory/semanage.state"
diff "$directory/applied.state" "$directory/semanage.state" || fail "semanage import gives another store"

export_as shell
sed -i '/^restorecon /d' "$directory/shell/selguard.sh"
in_store shell-store sh "$directory/shell/selguard.sh" >/dev/null || fail "the script"
state_of shell-store >"$directory/shell.state"
diff "$directory/applied.state" "$directory/shell.state" || fail "the script gives another store"

# --- CIL

export_as cil
grep -qF "$(tail -n 1 <<<"${cil%$'\n'}")" "$directory/cil/selguard.cil" || fail "the module is not in the CIL"

# --- Ansible: the structure that the role documents, read by ansible itself

export_as ansible
if ! command -v ansible-playbook >/dev/null; then
    echo "SKIPPED, and not tested: the Ansible file, for there is no ansible-playbook (package ansible-core)" >&2
else
    export HOME=$directory ANSIBLE_LOCALHOST_WARNING=false
    cd "$directory/ansible"
    ansible-playbook --syntax-check -i localhost, selguard.yml >"$directory/ansible.log" 2>&1 ||
        { cat "$directory/ansible.log" >&2; fail "ansible-playbook --syntax-check"; }
    # A role that holds the variables to the documented structure, in place of the real one.
    mkdir -p roles/stand-in/meta roles/stand-in/tasks
    cat >roles/stand-in/meta/argument_specs.yml <<'END'
argument_specs:
  main:
    options:
      selinux_booleans:
        type: list
        elements: dict
        options:
          name: {type: str, required: true}
          state: {type: bool, required: true}
          persistent: {type: bool}
      selinux_fcontexts:
        type: list
        elements: dict
        options:
          target: {type: str, required: true}
          setype: {type: str}
          ftype: {type: str, choices: [a, b, c, d, f, l, p, s]}
          state: {type: str, choices: [present, absent]}
      selinux_ports:
        type: list
        elements: dict
        options:
          ports: {type: list, elements: str, required: true}
          proto: {type: str, choices: [tcp, udp, dccp, sctp]}
          setype: {type: str, required: true}
          state: {type: str, choices: [present, absent]}
          local: {type: bool}
      selinux_restore_dirs: {type: list, elements: path}
      selinux_modules:
        type: list
        elements: dict
        options:
          path: {type: path}
          name: {type: str}
          priority: {type: int}
          state: {type: str, choices: [enabled, disabled, absent]}
END
    cat >roles/stand-in/tasks/main.yml <<'END'
- name: Show
  ansible.builtin.copy:
    dest: "{{ selguard_dump }}"
    mode: "0644"
    content: >-
      {{ {'booleans': selinux_booleans, 'ports': selinux_ports, 'fcontexts': selinux_fcontexts,
          'modules': selinux_modules, 'found': lookup('fileglob', selinux_modules[0].path)} | to_json }}
END
    ansible-playbook -i localhost, -c local -e selguard_role=stand-in -e ansible_become=false \
        -e "ansible_python_interpreter=$(command -v python3)" \
        -e selguard_dump="$directory/dump.json" selguard.yml >"$directory/ansible.log" 2>&1 ||
        { tail -n 40 "$directory/ansible.log" >&2; fail "the role's variables"; }
    python3 - "$directory/dump.json" <<'END' || fail "what Ansible read"
import json, os, sys
read = json.load(open(sys.argv[1]))
assert read["booleans"] == [{"name": "httpd_graceful_shutdown", "state": True, "persistent": True}], read
assert read["ports"] == [{"ports": "3000", "proto": "tcp", "setype": "selguard_tcp_3000_port_t", "state": "present"}], read
assert sorted((f["target"], f["ftype"], f["setype"]) for f in read["fcontexts"]) == [
    ("/srv/my/site(/.*)?", "a", "httpd_sys_content_t"),
    ("/srv/shop/[^/]+/app\\.sock", "s", "httpd_runtime_t")], read
assert os.path.exists(read["found"]), read
END
fi
((failures == 0))
