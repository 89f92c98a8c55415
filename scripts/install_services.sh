#!/usr/bin/env bash
# Install the servers that tests start for themselves. Installs only what is missing, starts nothing.
set -euo pipefail
wanted=()
command -v nginx > /dev/null || [ -x /usr/sbin/nginx ] || wanted+=(nginx-light)
command -v redis-server > /dev/null || wanted+=(redis-server)
command -v postgres > /dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null || wanted+=(postgresql)
command -v node > /dev/null || wanted+=(nodejs)
if [ ${#wanted[@]} -eq 0 ]; then
    echo "nginx, Redis, PostgreSQL and Node are there"
    exit 0
fi
command -v apt-get > /dev/null || { echo "Without apt-get, install these by hand: ${wanted[*]}" >&2; exit 1; }
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "Installing ${wanted[*]}"
# The packages must not start daemons of their own: tests start theirs on free ports.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
    "${as_root[@]}" chmod +x "$policy"
    made_policy=yes
fi
export DEBIAN_FRONTEND=noninteractive
status=0
{ "${as_root[@]}" apt-get -qq update && "${as_root[@]}" apt-get -qq install -y --no-install-recommends "${wanted[@]}"; } \
    > /dev/null || status=$?
[ "$made_policy" = no ] || "${as_root[@]}" rm -f "$policy"
exit "$status"
