#!/bin/sh
# Build forkd's native addon; where the tools for that are missing, say which Debian packages bring them.
set -eu
cd "$(dirname "$0")"

need() {
  command -v "$1" >/dev/null 2>&1 && return
  echo "forkd: building the native addon needs '$1', which is not installed; on Debian: apt-get install $2" >&2
  exit 111
}
need "$(set -- ${CC:-cc}; echo "$1")" "gcc libc6-dev"
need make make
if ! echo '#include <stdio.h>' | ${CC:-cc} -E - >/dev/null 2>&1; then
  echo "forkd: building the native addon needs the C library's headers; on Debian: apt-get install libc6-dev" >&2
  exit 111
fi
exec make --no-print-directory --silent
