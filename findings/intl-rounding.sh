#!/usr/bin/env bash
# Package: node 20.20.2 (npm package `node`; V8 and ICU as in browsers), against Python 3.11.
#
# A good guess: Intl.NumberFormat, toFixed and Python's format write the same number with the same decimals, but for halves;
# and roundingMode "halfEven" mends those.
#
# Seen:
#                               0.15, one   8.345, two   1.005, two   0.25, one
#     Intl.NumberFormat            0.2         8.35         1.01         0.3
#     Intl, halfEven               0.2         8.34         1.00         0.2
#     toFixed                      0.1         8.35         1.00         0.3
#     Python                       0.1         8.35         1.00         0.2
# Cause: 0.15 is stored as 0.1499999999999999944..., 8.345 as 8.3450000000000006394... Python and toFixed round that; Intl
# rounds the shortest decimal that reads back as it, where halves are common that are none. Only 0.25 is a half, which
# toFixed rounds up and Python to even. No row equals the last. Discussed in github.com/tc39/ecma402/issues/128 (closed).
#
# For us: a number that a script writes would differ from the same one on the page. docs/assets/study.js takes toFixed and
# mends true halves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --loglevel=error --no-audit --no-fund --prefix "$folder" node@20.20.2 > /dev/null

cat > "$folder/round.js" <<'JAVASCRIPT'
const NUMBERS = [[0.15, 1], [8.345, 2], [1.005, 2], [0.25, 1]];

const intl = (options) => ([value, decimals]) => {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return new Intl.NumberFormat("en", { ...digits, ...options }).format(value);
};
const line = (write) => NUMBERS.map(write).join(" ");
console.log(process.version);
console.log(line(intl({})));
console.log(line(intl({ roundingMode: "halfEven" })));
console.log(line(([value, decimals]) => value.toFixed(decimals)));
JAVASCRIPT

said=$("$folder/node_modules/node/bin/node" "$folder/round.js")
said+=$'\n'$(python3.11 -c 'print(f"{0.15:.1f} {8.345:.2f} {1.005:.2f} {0.25:.1f}")')
echo "$said"
expected="v20.20.2
0.2 8.35 1.01 0.3
0.2 8.34 1.00 0.2
0.1 8.35 1.00 0.3
0.1 8.35 1.00 0.2"
[[ "$said" == "$expected" ]] || { echo "changed"; exit 1; }
echo "stands"
