#!/usr/bin/env bash
# Checks for the tools that the build needs beside Rust: a C compiler (SQLite and ring are compiled from source), make,
# and Python with venv (cfn-lint). With the argument `databases` also for the programs of a PostgreSQL and a MariaDB server,
# which the tests start. Installs missing ones if it runs as root on Debian, and names them otherwise. With
# `databases-optional` it installs only the programs of the servers, and never fails: `make run` works without them.
set -euo pipefail

has_postgresql() {
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1
}

has_mariadb() {
    local program
    for program in mariadbd mariadb-install-db mariadb; do
        PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$program" >/dev/null || return 1
    done
}

# The programs without the service that the package `mariadb-server` would start.
mariadb=(mariadb-server-core mariadb-client-core)

may_install() {
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null
}

install() {
    echo "installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$@" >/dev/null
}

if [ "${1:-}" = databases-optional ]; then
    has_postgresql || ! may_install || install postgresql || echo "PostgreSQL could not be installed" >&2
    has_mariadb || ! may_install || install "${mariadb[@]}" || echo "MariaDB could not be installed" >&2
    exit 0
fi

missing=()
command -v cc >/dev/null || missing+=(gcc libc6-dev)
command -v make >/dev/null || missing+=(make)
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
if [ "${1:-}" = databases ]; then
    has_postgresql || missing+=(postgresql)
    has_mariadb || missing+=("${mariadb[@]}")
fi

if ! command -v cargo >/dev/null; then
    echo "cargo not found: install Rust (the version is in rust-toolchain.toml)" >&2
    exit 1
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if may_install; then
    install "${missing[@]}"
else
    echo "missing packages: ${missing[*]}. Install them first, on Debian: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
