# Both services as systemd has them: in time at boot, started by whoever needs them, back after
# a crash and a hang, gone when told to, and without the other's part where that is missing.
# needs: project
# timeout: 600
# takes: 90
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

another_pid() { [[ $(pid_of "$1") != 0 && $(pid_of "$1") != "$2" ]] && systemctl is-active --quiet "$1"; }
restarts() { systemctl show -P NRestarts nginx-selguard; }
since_boot() { systemctl show -P "$2TimestampMonotonic" "$1"; }
answers() { busctl --quiet call org.selguard.Nginx1 /org/selguard/Nginx1 org.freedesktop.DBus.Peer Ping; }

# --- at boot
# first_said UNIT MESSAGE-ID: when PID 1 first said so of the unit in this boot, in µs of the monotonic
# clock. Scenarios before may have restarted either.
first_said() {
    journalctl --boot --quiet --output=json "UNIT=$1.service" "MESSAGE_ID=$2" |
        python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["__MONOTONIC_TIMESTAMP"])'
}
readonly STARTING=7d4958e842da4a758f6c1cdc7b36dcc5 STARTED=39f53479d3a045ac8e11786248231fbf # sd-messages.h
check "the monitor was ready before nginx was started" \
    test "$(first_said nginx-selguard "$STARTED")" -lt "$(first_said nginx "$STARTING")"
check_eq "nothing failed on the way" 0 "$(restarts)"
check "the socket was there before it" \
    test "$(since_boot nginx-selguard-audit.socket ActiveEnter)" -lt "$(since_boot nginx-selguard ExecMainStart)"

# --- what it runs with
monitor=$(pid_of nginx-selguard)
check_eq "one capability, and none to gain" "0000000000000004 0000000000000004" \
    "$(awk '/^Cap(Eff|Bnd)/ { printf "%s%s", sep, $2; sep = " " }' "/proc/$monitor/status")"
check_eq "no new privileges, filtered system calls" "1 2" \
    "$(awk '/^NoNewPrivs|^Seccomp:/ { printf "%s%s", sep, $2; sep = " " }' "/proc/$monitor/status")"
check_not "no network but its own" cmp -s <(readlink /proc/1/ns/net) <(readlink "/proc/$monitor/ns/net")
check "the remedy service starts" wait_until 60 as_user operator selguardctl history
remedy=$(pid_of nginx-selguard-remedy)
check_eq "its capabilities: fowner, dac_read_search, audit_write" "000000002000000c" \
    "$(awk '/^CapBnd/ { print $2 }' "/proc/$remedy/status")"
check_eq "no new privileges, filtered system calls" "1 2" \
    "$(awk '/^NoNewPrivs|^Seccomp:/ { printf "%s%s", sep, $2; sep = " " }' "/proc/$remedy/status")"

# --- stop, and start by whoever needs it
check "the monitor stops" timeout 40 systemctl stop nginx-selguard
check_eq "cleanly" success "$(systemctl show -P Result nginx-selguard)"
check "a call on the bus starts it" wait_until 20 answers
check "and it runs" systemctl is-active nginx-selguard
check "with its socket" wait_until 15 no_problem
check "stopped once more" timeout 40 systemctl stop nginx-selguard
# The monitor's filter is on the socket still: a record that matters to it, and no other, starts it.
value=$(cut -c1 /sys/fs/selinux/booleans/httpd_enable_homedirs)
setsebool httpd_enable_homedirs "$((1 - value))"
setsebool httpd_enable_homedirs "$value"
check "a message of the kernel starts it" wait_until 20 systemctl is-active --quiet nginx-selguard
check "the remedy service stops" timeout 40 systemctl stop nginx-selguard-remedy
check_eq "cleanly" success "$(systemctl show -P Result nginx-selguard-remedy)"
check "and a call starts it" wait_until 60 as_user operator selguardctl history

# --- crash and hang
monitor=$(pid_of nginx-selguard)
check "the monitor is killed" kill -SEGV "$monitor"
check "and is back" wait_until 30 another_pid nginx-selguard "$monitor"
check "with its socket" wait_until 15 no_problem
# The real time to wait is a minute.
install -d /run/systemd/system/nginx-selguard.service.d
printf '[Service]\nWatchdogSec=4\nTimeoutAbortSec=5\n' >/run/systemd/system/nginx-selguard.service.d/scenario.conf
systemctl daemon-reload
check "with a shorter watchdog" systemctl restart nginx-selguard
monitor=$(pid_of nginx-selguard)
sleep 6
check_eq "it is left alone while it works" "$monitor" "$(pid_of nginx-selguard)"
check "it hangs" kill -STOP "$monitor"
check "and the watchdog brings it back" wait_until 60 another_pid nginx-selguard "$monitor"
check "which the journal has" bash -c 'journalctl --sync; journalctl -q -u nginx-selguard -n 50 -o cat | grep -qi watchdog'
rm -r /run/systemd/system/nginx-selguard.service.d
systemctl daemon-reload
systemctl restart nginx-selguard
check "all is as before" wait_until 15 no_problem

# --- a state directory of somebody else, as after a restored backup or a changed user id
check "stopped" systemctl stop nginx-selguard
chown -R root:root /var/lib/nginx-selguard
chcon -R -t var_lib_t /var/lib/nginx-selguard
restorecon -R /var/lib/nginx-selguard
check "a state directory of root's" systemctl start nginx-selguard
check_eq "is the monitor's again" nginx-selguard "$(stat -c %U /var/lib/nginx-selguard)"
check "and is no problem" wait_until 15 no_problem

# --- and what is in it, by a later version
readonly STATE=/var/lib/nginx-selguard/state
check "stopped" systemctl stop nginx-selguard
check "a state of a newer version" bash -c 'sed "1s/[0-9]*\$/99/" "$0" >"$1/state" && cat "$1/state" >"$0" && head -n 1 "$0" | grep 99' "$STATE" "$SCENARIO_DIR"
check "the monitor starts" systemctl start nginx-selguard
check "sets it aside" wait_until 10 test -e "$STATE.bad"
check "and says so" bash -c 'journalctl --sync; journalctl -q -u nginx-selguard -n 20 -o cat | grep -E "newer version|damaged"'
check "but has no problem" wait_until 15 no_problem
rm -f "$STATE.bad"

# --- a user who exists already, as after a reinstallation
check "sysusers once more" systemd-sysusers /usr/lib/sysusers.d/nginx-selguard.conf
check_eq "leaves one user" 1 "$(grep -c '^nginx-selguard:' /etc/passwd)"

# --- without the label that leads into the domain, as without the module
check "the label taken away" chcon -t bin_t /usr/sbin/nginx-selguard
check "the monitor starts" systemctl restart nginx-selguard
# It is in initrc_t then, which the reference policy keeps from answering people.
check "and says that it is not confined" wait_until 15 bash -c 'selguardctl status | grep "SELinux does not confine"'
check "as does the remedy service" bash -c '
    chcon -t bin_t /usr/libexec/nginx-selguard/nginx-selguard-remedy
    systemctl restart nginx-selguard-remedy || exit
    journalctl --sync
    journalctl -q -u nginx-selguard-remedy -n 20 -o cat | grep "does not confine"'
check "the labels back" restorecon /usr/sbin/nginx-selguard /usr/libexec/nginx-selguard/nginx-selguard-remedy
check "both started" systemctl restart nginx-selguard nginx-selguard-remedy
check "and no problem is left" wait_until 15 no_problem

# --- a module of another version: its types are what the daemons look at, and here others have the
# place of the last one. The same policy otherwise; loaded once, not stored.
policy=$(find /etc/selinux/default/policy -name 'policy.*' | sort -V | tail -n 1)
load_with() { # load_with OLD-NAME NEW-NAME, of the same length
    cp -a "$policy" "$SCENARIO_DIR/policy"
    sed "s/$1/$2/" "$SCENARIO_DIR/policy" | cat >"$policy"
    load_policy
    cat "$SCENARIO_DIR/policy" >"$policy"
}
module_problem() { as_user reader selguardctl status --json | grep -q "the module that is loaded is $1"; }
remedy_says() {
    systemctl restart nginx-selguard-remedy || return
    journalctl --sync
    journalctl -q -u nginx-selguard-remedy -n 20 -o cat | grep "the module that is loaded is $1"
}
check "an older module is loaded" load_with selguard_revision_1_t selguard_revision_9_t
check "the monitor says so by itself" wait_until 20 module_problem older
check "as does the remedy service" remedy_says older
check "and both work: the monitor" as_user operator selguardctl list
check "the remedy service" as_user operator selguardctl history
check "a newer one" load_with selguard_revision_0_t selguard_revision_2_t
check "the monitor says so" wait_until 20 module_problem newer
check "as does the remedy service" remedy_says newer
check "and it works" as_user operator selguardctl history
check "theirs again" load_policy
check "and no problem is left" wait_until 20 no_problem

# --- a policy without a web server's domain: the type has another name in it. (Its name alone, which
# its length and three numbers precede.)
check "nginx stopped" systemctl stop nginx
cp -a "$policy" "$SCENARIO_DIR/policy"
perl -0777 -pe 's/(\x07\x00\x00\x00.{12})httpd_t/${1}httpd_x/s' "$SCENARIO_DIR/policy" | cat >"$policy"
check "a policy without httpd_t" load_policy
cat "$SCENARIO_DIR/policy" >"$policy"
check "the monitor says so by itself" wait_until 20 has_problem 'none of the domains that are watched'
check "theirs again" load_policy
check "and no problem is left" wait_until 20 no_problem
check "nginx started" systemctl start nginx

# --- nginx is not installed
check "nginx gone" bash -c 'systemctl stop nginx && mv /etc/nginx /etc/nginx.gone && mv /usr/sbin/nginx /usr/sbin/nginx.gone'
check "the monitor starts" systemctl restart nginx-selguard
check "and says so" wait_until 15 has_problem 'is nginx installed'
check "nginx back" bash -c 'mv /etc/nginx.gone /etc/nginx && mv /usr/sbin/nginx.gone /usr/sbin/nginx && systemctl start nginx'
check "is no problem" wait_until 20 no_problem
