#!/usr/bin/env bash
# Package: pandas 3.1.1, pyarrow 26.0.1, Python 3.11.
#
# A good guess: a table of two rows, filtered out of a large one and written to Parquet, tells of two rows.
#
# Seen: a column of categories keeps the names of all rows that were filtered out. They are in the bytes of the file, and
# whoever reads it gets them back as `cat.categories`:
#     rows written: 2, names in the file: 1000
# `remove_unused_categories` before writing leaves the two; so does a column of texts instead of categories.
#
# For us: names that few rows have are not published, and no file of a table of one's own is. What is published of one
# (`publish_rows`) is CSV, written from texts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1

cat > "$folder/filter.py" <<'PYTHON'
import sys
from pathlib import Path

import pandas as pd

names = [f"customer-{i:04}" for i in range(1000)]
table = pd.DataFrame({"name": pd.Categorical(names), "amount": range(1000)})
path = Path(sys.argv[1], "two.parquet")


def told(two):
    two.to_parquet(path, compression=None)
    held, read = path.read_bytes(), pd.read_parquet(path)
    return len(read), len(read["name"].cat.categories), sum(each.encode() in held for each in names)


two = table[table["amount"] < 2]
print("rows, names read back, names in the bytes:", *told(two))
print("without unused ones:", *told(two.assign(name=two["name"].cat.remove_unused_categories())))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/filter.py" "$folder")
wanted="rows, names read back, names in the bytes: 2 1000 1000
without unused ones: 2 2 2"
echo "$seen"
[ "$seen" = "$wanted" ] || { echo "pandas or pyarrow does something else now"; exit 1; }
