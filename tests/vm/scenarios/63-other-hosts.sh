# The same daemons on a host with dbus-broker in the place of dbus-daemon, and on one that was booted
# without SELinux. The last of a machine: what is made without SELinux has no label.
# needs: project
# timeout: 300
# takes: 60
# reboots: 2
# kernel-2: selinux=0
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

bus() { basename "$(readlink "/proc/$(pid_of dbus)/exe")"; }
# shown TEXT WORD: the diagnosis in whose line that text is says the word.
shown() {
    local id
    id=$(as_user reader selguardctl list | awk -v text="$1" 'index($0, text) {print $1; exit}')
    [[ -n $id ]] && as_user reader selguardctl show "$id" --json | grep -qE "\"verdict\": ?\"$2\""
}

if ((PHASE == 0)); then
    check_eq "the bus is dbus-daemon" dbus-daemon "$(bus)"
    check "the monitor runs" wait_until 15 no_problem
    check "dbus-broker for the next boot" systemctl enable dbus-broker
    # Without that the reference policy has no use for it.
    check "as this policy wants it" setsebool -P dbus_broker_system_bus on

elif ((PHASE == 1)); then
    check_eq "the bus is dbus-broker" dbus-broker-launch "$(bus)"
    check_eq "SELinux is in force" Enforcing "$(getenforce)"
    check "the monitor runs without a problem" wait_until 30 no_problem
    check_eq "in its domain" selguard_t "$(domain_of nginx-selguard)"
    check "a call starts the remedy service" wait_until 60 as_user operator selguardctl history
    check_eq "in its domain" selguard_remedy_t "$(domain_of nginx-selguard-remedy)"
    check "stopped" systemctl stop nginx-selguard
    check "a call starts the monitor" wait_until 30 no_problem

    check_not "a stranger is told nothing" as_user outsider selguardctl list
    check_not "and may not have the monitor's name" as_user outsider busctl --quiet call org.freedesktop.DBus \
        /org/freedesktop/DBus org.freedesktop.DBus RequestName su org.selguard.Nginx1 0
    check "a live backend" backend_start 3000
    check "a site for it" nginx_site broker <<'CONF'
server { listen 8008; location / { proxy_pass http://127.0.0.1:3000; } }
CONF
    since_mark
    expect_http 502 http://127.0.0.1:8008/
    check "a denial is diagnosed" wait_until 30 shown 3000 blocked-by-selinux
    id=$(as_user reader selguardctl list | awk 'index($0, "3000") {print $1; exit}')
    check "the remedy service checks the fix" as_user operator selguardctl apply "$id" --dry-run
    rm -f /etc/nginx/conf.d/broker.conf
    check "dbus-daemon for the next boot" systemctl disable dbus-broker

else
    check_eq "there is no SELinux" Disabled "$(getenforce)"
    check "the monitor runs" systemctl is-active nginx-selguard
    check "and says what that means" wait_until 15 has_problem 'SELinux is disabled on this host'
    check_eq "that alone" 1 "$(problems | wc -l)"
    check "the remedy service answers" wait_until 60 as_user operator selguardctl history
    check "a page that modes keep from nginx" bash -c 'mkdir -p /srv/closed && echo page >/srv/closed/page.html && chmod 700 /srv/closed'
    check "a site" nginx_site modes <<'CONF'
server { listen 8008; location / { root /srv; } }
CONF
    expect_http 403 http://127.0.0.1:8008/closed/page.html
    check "is diagnosed as such" wait_until 30 shown /srv/closed blocked-by-permissions
    if [[ -d $SELGUARD_VM_LIB/packages ]]; then
        check "the packages install" env DEBIAN_FRONTEND=noninteractive dpkg --install "$SELGUARD_VM_LIB"/packages/*.deb
        check "the monitor runs" systemctl is-active nginx-selguard
        check "the module is in the store, for a boot with SELinux" packaged_module_in_store
        check "nothing was labelled" python3 -c 'import os; exit("security.selinux" in os.listxattr("/usr/sbin/nginx-selguard"))'
    fi
fi
