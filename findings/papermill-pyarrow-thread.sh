#!/usr/bin/env bash
# papermill 2.7.0: to import it is to start a thread, where pyarrow 26.0.1 is installed, whether or not anything is read
# from HDFS. A process that forks afterwards has it, and its children do not.
# pyarrow alone does it too, when it is imported; jemalloc's setting keeps the thread away. Linux, python3 with pip.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv env
env/bin/pip install --quiet papermill==2.7.0

cat > count.py <<'PY'
"""Import what is named; say how many threads the process has, and what the second one is called."""
import importlib
import os
import sys

importlib.import_module(sys.argv[1])
threads = os.listdir("/proc/self/task")
names = sorted(open(f"/proc/self/task/{thread}/comm").read().strip() for thread in threads[1:])
print(len(threads), *names, "pyarrow" in sys.modules)
PY
check() { # what is expected, then the command
    local expected="$1" found
    shift
    found="$("$@")"
    echo "$* -> $found"
    [ "$found" = "$expected" ] || { echo "it changed: expected $expected" >&2; exit 1; }
}

check "1 False" env/bin/python count.py papermill
env/bin/pip install --quiet pyarrow==26.0.1
env/bin/pip list 2>/dev/null | grep -E "^(papermill|pyarrow) "
check "2 jemalloc_bg_thd True" env/bin/python count.py pyarrow
check "2 jemalloc_bg_thd True" env/bin/python count.py papermill
check "1 True" env JE_ARROW_MALLOC_CONF=background_thread:false env/bin/python count.py papermill
