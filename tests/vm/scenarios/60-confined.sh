# The daemons run in their own domains, and what somebody inside one of them would try next is
# refused by the kernel: as root with every capability, so that nothing but SELinux refuses.
# needs: project
# timeout: 400
# takes: 30
# attacks: yes
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

readonly ATTACK=/usr/libexec/nginx-selguard-tests/attack KEY=/etc/ssl/private/attack.key

check "the monitor runs" systemctl is-active nginx-selguard
check_eq "in its domain" selguard_t "$(domain_of nginx-selguard)"
check "the remedy service starts" wait_until 60 as_user operator selguardctl history
check_eq "in its domain" selguard_remedy_t "$(domain_of nginx-selguard-remedy)"
check_eq "its records have their type" selguard_remedy_var_lib_t "$(type_of /var/lib/nginx-selguard-remedy)"
check_eq "the units have theirs" selguard_unit_t "$(type_of /usr/lib/systemd/system/nginx-selguard.service)"
check_eq "nginx's has one that the remedy service may start" selguard_nginx_unit_t "$(type_of /usr/lib/systemd/system/nginx.service)"
check_eq "nothing of ours has a wrong label" "" \
    "$(restorecon -Rnv /usr/sbin/nginx-selguard /usr/libexec/nginx-selguard /var/lib/nginx-selguard* /usr/lib/systemd/system/nginx-selguard* 2>&1)"

echo secret >"$KEY"
install -d -o reader /home/reader
echo private >/home/reader/attack
restorecon "$KEY" /home/reader/attack
# Somebody else's process.
systemd-run --quiet --collect --unit=selguard-victim sleep 600
victim=$(systemctl show -P MainPID selguard-victim)

# attack TYPE ATTEMPT…: the program with that label, its words by way of the journal; as a user of the
# array `as`, if there is one.
as=()
attack() {
    local unit=selguard-attack-$RANDOM
    chcon -t "$1" "$ATTACK"
    systemd-run --quiet --wait --unit="$unit" "${as[@]}" "$ATTACK" "$victim" "$KEY" "${@:2}" || true
    journalctl --sync
    journalctl -q -o cat -u "$unit" | grep -E '^(context|[a-z0-9-]+ (done|refused|failed))'
}
# not_refused OUTPUT, refused OUTPUT: the attempts of that end.
not_refused() { grep -v '^context' <<<"$1" | grep -v ' refused$' | tr '\n' ' '; }
refused() { grep ' refused$' <<<"$1" | cut -d' ' -f1 | tr '\n' ' '; }

everything=(write-log write-audit-log write-nginx-conf write-passwd write-unit write-program write-site write-tmp
    write-var write-remedy-state read-remedy-state write-monitor-state write-store write-selinux-config read-shadow read-key read-home read-site
    run-shell run-program run-nginx run-load-policy open-inet open-inet6 open-packet open-route open-audit signal-process
    trace-process read-memory relabel-shadow relabel-program set-enforcing set-boolean load-policy load-module
    mount call-remedy stop-unit start-unit start-transient reload-manager)

output=$(attack bin_t "${everything[@]}")
note "$(grep context <<<"$output")"
check_eq "without the label each attempt succeeds" "" "$(grep -v -e '^context' -e ' done$' <<<"$output" | tr '\n' ' ')"
check_eq "all of them" "${#everything[@]}" "$(grep -c ' done$' <<<"$output")"
check_eq "enforcing still" Enforcing "$(getenforce)"

# Its own state is the monitor's.
outside=()
for attempt in "${everything[@]}"; do
    [[ $attempt == write-monitor-state ]] || outside+=("$attempt")
done
since_mark
output=$(attack selguard_exec_t "${outside[@]}")
check_match "inside the monitor" ':selguard_t:' "$output"
check_eq "each is refused" "" "$(not_refused "$output")"
check_eq "all of them" "${#outside[@]}" "$(wc -w <<<"$(refused "$output")")"
check "and by SELinux: its records name the domain" denials_since 'scontext=[^ ]*:selguard_t:.*'
as=(--property=User=nginx-selguard)
check_eq "what is its work is not" "write-monitor-state done" "$(attack selguard_exec_t write-monitor-state | grep -v context)"
as=()

# What the remedy service is for is left out: the store, booleans, load_policy, its own records.
outside=()
for attempt in "${everything[@]}"; do
    case $attempt in
    write-remedy-state | read-remedy-state | write-store | write-selinux-config | set-boolean | run-load-policy) ;;
    run-program) ;; # sefcontext_compile has no type of its own
    open-route) ;;  # refused as well, but the socket filter of the unit is not part of this test
    open-audit) ;;  # a record of each change
    call-remedy) ;;
    *) outside+=("$attempt") ;;
    esac
done
since_mark
output=$(attack selguard_remedy_exec_t "${outside[@]}")
check_match "inside the remedy service" ':selguard_remedy_t:' "$output"
check_eq "what is not its work is refused" "" "$(not_refused "$output")"
check_eq "all of it" "${#outside[@]}" "$(wc -w <<<"$(refused "$output")")"
check "and by SELinux: its records name the domain" denials_since 'scontext=[^ ]*:selguard_remedy_t:.*'
output=$(attack selguard_remedy_exec_t write-remedy-state set-boolean)
check_eq "what is its work is not" "write-remedy-state done set-boolean done " "$(grep -v context <<<"$output" | tr '\n' ' ')"

systemctl stop selguard-victim
rm -f "$KEY" /home/reader/attack
restorecon "$ATTACK"
