#!/usr/bin/env bash
# tifffile 2026.3.3 cannot list the pages of an ImageStream file: where the first mask begins, SamplesPerPixel is
# stored as two bytes, and a comparison of bytes with a number raises TypeError. The first two pages can be read.
# The file is a real one, tests/data/amnis/example.cif (BSD-3-Clause, its licence beside it). Needs python3 with pip.
set -euo pipefail
real="$(cd "$(dirname "$0")/.." && pwd)/tests/data/amnis/example.cif"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv env
env/bin/pip install --quiet tifffile==2026.3.3 numpy==2.4.6
cat > pages.py <<'PY'
import logging
import sys

import tifffile

logging.disable()
print("tifffile", tifffile.__version__)
with tifffile.TiffFile(sys.argv[1]) as file:
    for number in range(3):
        try:
            page = file.pages[number]
            print("page", number, page.shape, int(page.tags[259].value))
        except Exception as error:
            print("page", number, type(error).__name__, error)
PY
env/bin/python pages.py "$real" | tee seen

# As written: 223 pages, page 2 is the mask of the first object, 43 rows by 276 columns, compression 30818.
diff - seen <<'SEEN' || { echo "This has changed."; exit 1; }
tifffile 2026.3.3
page 0 (1, 1) 1
page 1 (43, 276) 30817
page 2 TypeError '>' not supported between instances of 'bytes' and 'int'
SEEN
