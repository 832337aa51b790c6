# What keeps nginx from starting or reloading: ports to listen on, keys, directories for logs
# and caches. The old workers go on; each obstacle shows when the one before is gone.
# needs: project
# timeout: 600
# takes: 100
# shellcheck shell=bash source=../guest/lib.sh
. "$SELGUARD_VM_LIB/lib.sh"

check "a monitor that knows nothing yet" monitor_forget
# site NAME <<conf: written, not yet loaded.
site() { cat >"$SITES/$1.conf" && keep /etc/nginx; }
# As the unit of nginx.org's package does. Debian's and RHEL's run `nginx -s reload`, which reads
# the configuration itself and has its say on stderr before the master hears of it.
reload() { systemctl kill --kill-who=main --signal=HUP nginx; }
answers() { curl -sk -o /dev/null --max-time 5 "$1"; }
# blocked STAGE URL: a reload does not help, and the reason is known.
blocked() {
    reload
    expect_table "$1"
    check_not "$1: nginx does not take it" answers "$2"
    expect_http 200 http://127.0.0.1/
}
# aside NAME: that site waits until its obstacle is gone.
aside() { mv "$SITES/$1.conf" "$SCENARIO_DIR/"; }
# works URL
works() {
    check "a reload" reload
    check "$1 answers" wait_until 20 answers "$1"
}
key() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$2" \
        -keyout "$1.key" -out "$1.pem" 2>/dev/null
    chmod 600 "$1.key"
}

# A key that was made in a home directory and moved.
check "a key" key /root/shop shop.example.com
chcon -t user_home_t /root/shop.key
mv /root/shop.key /root/shop.pem /etc/ssl/private/
restorecon /etc/ssl/private/shop.pem
site tls <<'CONF'
server {
    listen 8443 ssl;
    server_name shop.example.com;
    ssl_certificate /etc/ssl/private/shop.pem;
    ssl_certificate_key /etc/ssl/private/shop.key;
}
CONF
blocked key https://127.0.0.1:8443/
check "its label is restored" apply_first /etc/ssl/private/shop.key
works https://127.0.0.1:8443/

# Keys by name are read by the workers, which are not root.
mkdir -p /etc/ssl/sites
check "another key" key /etc/ssl/sites/www.example.com www.example.com
restorecon -R /etc/ssl/sites
site names <<'CONF'
server {
    listen 8448 ssl;
    server_name www.example.com;
    ssl_certificate /etc/ssl/sites/$ssl_server_name.pem;
    ssl_certificate_key /etc/ssl/sites/$ssl_server_name.key;
}
CONF
check "a reload" reload
www=(--connect-to www.example.com:8448:127.0.0.1:8448 https://www.example.com:8448/ -k)
sleep 1
check_not "no handshake" curl -s -o /dev/null --max-time 5 "${www[@]}"
expect_table key-by-mode
check "as advised" follow_advice /etc/ssl/sites/www.example.com.key
check "a handshake" curl -s -o /dev/null --max-time 5 "${www[@]}"

# Logs and a cache elsewhere, and ports: each alone keeps nginx from taking its configuration.
mkdir -p /srv/data/logs /opt/shop-cache
restorecon -R /srv/data /opt/shop-cache
site logs <<'CONF'
server {
    listen 488;
    server_name data.example.com;
    error_log /srv/data/logs/error.log;
    access_log /srv/data/logs/access.log;
}
CONF
blocked log http://127.0.0.1:488/
aside logs
site cache <<'CONF'
proxy_cache_path /opt/shop-cache/pages keys_zone=pages:1m;
server { listen 8009; server_name cache.example.com; }
CONF
blocked cache http://127.0.0.1:8009/
aside cache
site ports <<'CONF'
server { listen 8081; server_name admin.example.com; }
CONF
blocked 8081 http://127.0.0.1:8081/
aside ports
site low <<'CONF'
server { listen 82; server_name old.example.com; }
CONF
blocked 82 http://127.0.0.1:82/

# Their first fixes at once: a policy transaction takes most of a minute here. What a directory is
# for stands in the configuration.
for name in logs cache ports; do mv "$SCENARIO_DIR/$name.conf" "$SITES/"; done
expect_table log
mkdir -p "$SCENARIO_DIR/batch"
check "their first fixes" catalogue batch "$SCENARIO_DIR/batch" \
    /srv/data/logs/error.log /opt/shop-cache/pages tcp/8081 tcp/82
check "carried out" bash "$SCENARIO_DIR/batch/make"
check "nginx takes all of it" systemctl reload nginx
for port in 488 8009 8081 82; do
    check "port $port answers" wait_until 20 answers "http://127.0.0.1:$port/"
done

rm -f "$SITES"/*.conf
check "the first configuration again" nginx_reload
# The monitor may have the log open still: it is not to lose its label under it.
rm -f /srv/data/logs/*
check "taken back" bash "$SCENARIO_DIR/batch/undo"
