#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What polkitd makes of each shipped action: its defaults, one by one. And the proof that this
# test can fail: copies of the file with one fault each, which polkitd ignores without a word.
# (polkitd-test.sh asks on behalf of users.)
#
# Environment: SELGUARD_SOURCE_ROOT.
set -euo pipefail

skip() {
    echo "skipped: $1" >&2
    exit 77
}

[[ $EUID -eq 0 ]] || skip "only root can start a polkitd of its own"
[[ -x /usr/lib/polkit-1/polkitd ]] || skip "there is no polkitd"
for tool in dbus-daemon busctl pkaction unshare; do
    command -v "$tool" >/dev/null || skip "there is no $tool"
done
unshare --mount true 2>/dev/null || skip "no mount namespace can be made here"

source=$SELGUARD_SOURCE_ROOT
tree=$(mktemp -d)
chmod 755 "$tree" # polkitd is another user
pids=()
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    end_bus
    rm -rf "$tree"
}
end_bus() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
    wait 2>/dev/null || true
    pids=()
}
trap cleanup EXIT

# shellcheck source=tests/bus/private-bus.sh
. "$source/tests/bus/private-bus.sh"

# Every action with its defaults (anyone, an inactive session, an active one), as this project
# means them. A change is asked about each time; reading may be remembered.
expected() {
    local action
    for action in nginx1.dismiss nginx1.read remedy1.check remedy1.list-changes; do
        echo "org.selguard.$action auth_admin_keep auth_admin_keep auth_admin_keep"
    done
    for action in install-module relabel reload-nginx revert set-boolean set-file-context set-port; do
        echo "org.selguard.remedy1.$action auth_admin auth_admin auth_admin"
    done
}

# known SOURCE-ROOT: what polkitd says about org.selguard.*, in the same form.
known() {
    local directory
    directory=$(mktemp -d "$tree/XXXXXX")
    private_bus_start "$directory" "$1" >&2
    pkaction --verbose | awk '
        /^org\.selguard\..*:$/ { action = substr($1, 1, length($1) - 1) }
        /^[^ ]/ && !/^org\.selguard\./ { action = "" }
        /^ *implicit any:/ { any = $3 }
        /^ *implicit inactive:/ { inactive = $3 }
        /^ *implicit active:/ && action { print action, any, inactive, $3 }'
}

failures=0
fail() {
    echo "FAILED: $1" >&2
    failures=$((failures + 1))
}

known "$source" >"$tree/known"
end_bus
diff <(expected | sort) <(sort "$tree/known") >&2 || fail "polkitd sees other actions or defaults"

# broken NAME SED-SCRIPT: a copy with that fault is not mistaken for the whole.
broken() {
    mkdir -p "$tree/$1/dbus"
    sed "$2" "$source/dbus/org.selguard.policy" >"$tree/$1/dbus/org.selguard.policy"
    ! cmp -s "$source/dbus/org.selguard.policy" "$tree/$1/dbus/org.selguard.policy" ||
        fail "$1: the fault was not put in"
    known "$tree/$1" >"$tree/known-$1"
    end_bus
    ! diff <(expected | sort) <(sort "$tree/known-$1") >/dev/null ||
        fail "$1: nothing of the fault is seen"
}
broken truncated '60,$d'
broken not-well-formed '0,/<defaults>/s//<default>/'
broken wrong-word '0,/<allow_any>auth_admin_keep</s//<allow_any>auth_admin_kept</'
broken open-to-all '0,/<allow_any>auth_admin</s//<allow_any>yes</'
broken renamed 's/remedy1.set-port/remedy1.set_port/'

((failures == 0)) || exit 1
echo "$(wc -l <"$tree/known") actions are known with the intended defaults; 5 faults are seen"
