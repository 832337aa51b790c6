# A selguard.conf that is not understood is one sentence in the status, and the rest goes on.
# needs: project
# timeout: 120
# takes: 10
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a broken selguard.conf" bash -c 'mkdir -p /etc/nginx-selguard && echo nonsense >/etc/nginx-selguard/selguard.conf'
check "does not stop the monitor" systemctl restart nginx-selguard
check "and is said" wait_until 15 has_problem 'selguard.conf is not understood'
check_match "with the line" 'line 1' "$(problems)"
rm -r /etc/nginx-selguard
check "mended" systemctl restart nginx-selguard
check "no problem is left" wait_until 15 no_problem
