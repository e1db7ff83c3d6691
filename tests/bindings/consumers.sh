#!/bin/bash
# consumers.sh BUILD: programs in C and C++, built outside the tree with
# pkg-config against what `meson install` puts down, probe a real Prosody.
set -euo pipefail

build=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
lab=$here/../lab
export scratch
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

echo 1..4
number=0
failed=0
check() { # NAME CMD...
    local name=$1 word=ok
    shift
    number=$((number + 1))
    "$@" > "$scratch/said" 2>&1 || { word='not ok'; failed=1; }
    echo "$word $number - $name"
    sed 's/^/# /' "$scratch/said"
}

meson install -C "$build" --no-rebuild --quiet --destdir "$scratch/to" >&2
pc=$(find "$scratch/to" -name s2sprobe.pc)
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$scratch/to
read -ra cflags <<< "$(pkg-config --cflags s2sprobe)"
read -ra libs <<< "$(pkg-config --libs s2sprobe)"
libdir=$(find "$scratch/to" -name libs2sprobe.so.0 -printf %h)
cp "$here"/consumer.c{,pp} "$scratch"
cd "$scratch"

check 'the C consumer builds, without a warning' \
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror "${cflags[@]}" \
    consumer.c -o consumer-c "${libs[@]}"
check 'the C++98 consumer builds, without a warning' \
    c++ -std=c++98 -Wall -Wextra -Werror "${cflags[@]}" \
    consumer.cpp -o consumer-cpp "${libs[@]}"

# probe PROGRAM LINE...: its output has these lines.
probe() {
    local program=$1 line
    shift
    "$lab/in-namespace" "$lab/servers.py" --only prosody bash -c \
        '"$0" prosody.test 127.0.0.11 "$S2S_LAB_CA"' "$program" > out
    cat out
    for line; do grep -qxF "$line" out; done
}

export LD_LIBRARY_PATH=$libdir
check 'the C consumer pings Prosody' probe "$scratch/consumer-c" \
    'verdict: ok' 'feature: STARTTLS' 'feature: DIALBACK' 'feature: BIDI'
check 'the C++ consumer probes Prosody twice at once' probe "$scratch/consumer-cpp" \
    'auto: ok STARTTLS DIALBACK BIDI' 'clear: ok STARTTLS DIALBACK'
exit $failed
