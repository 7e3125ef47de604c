#!/usr/bin/env bash
# Package: lunr 2.3.9 (npm), the search of Material for MkDocs. Needs Node.
#
# A good guess: a word that was added to the index is found, by itself and by how it begins.
#
# Seen, with 35 documents of one number each:
#     "7605": no document, though one consists of it
#     "7*":   TypeError, Cannot read properties of undefined (reading '_index')
# Cause: lunr keeps its words as a tree and makes equal parts of it one. It compares parts by a text: of every edge its
# label and the number of the part behind it, with nothing in between. Where labels are digits too, 1 to part 3 with
# 9 to part 55, and 1 to part 39 with 5 to part 5, both read "013955" (0: no word ends here). The two become one: words
# are lost, and others turn up that nobody wrote. The more numbers in an index, the likelier.
# Very likely what github.com/olivernn/lunr.js/issues/503 saw (open; its cause was not known).
#
# For us: pages full of figures lose searches. docs/assets/search-worker.js puts a comma behind each number of a part;
# the script tries that too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --loglevel=error --no-audit --no-fund --prefix "$folder" lunr@2.3.9 > /dev/null

cat > "$folder/search.js" <<'JAVASCRIPT'
const lunr = require("lunr");

const NUMBERS = [
  1015, 15808, 2192, 24616, 25276, 2963, 31452, 3424, 36724, 37001, 49129, 53616, 54115, 5497, 5665, 61513, 62000, 62342,
  70080, 715, 72398, 7291, 7449, 76011, 7605, 7657, 8017, 80384, 87654, 88928, 89861, 90459, 9168, 92894, 94064,
].map(String);

function answers() {
  const index = lunr(function () {
    this.ref("number");
    this.field("text");
    for (const number of NUMBERS) this.add({ number, text: number });
  });
  const found = (query) => index.search(query).map((each) => each.ref).sort().join(" ");
  const attempt = (query) => {
    try {
      return found(query);
    } catch (error) {
      return error.message;
    }
  };
  const invented = index.tokenSet.toArray().filter((word) => !NUMBERS.includes(word));
  return { 7605: attempt("7605"), "7*": attempt("7*"), invented: invented.join(" ") };
}

const asIs = answers();
lunr.TokenSet.prototype.toString = function () {
  if (this._str) return this._str;
  const edges = Object.keys(this.edges).sort().map((label) => `${label}${this.edges[label].id},`);
  return `${this.final ? 1 : 0}${edges.join("")}`;
};
const parted = answers();
console.log("as it is: ", JSON.stringify(asIs));
console.log("separated:", JSON.stringify(parted));
const expected = NUMBERS.filter((number) => number.startsWith("7")).sort().join(" ");
const stands = asIs[7605] === "" && asIs["7*"].includes("reading '_index'") && asIs.invented !== "";
const mended = parted[7605] === "7605" && parted["7*"] === expected && parted.invented === "";
console.log(stands && mended ? "stands" : "changed");
process.exit(stands && mended ? 0 : 1);
JAVASCRIPT

node "$folder/search.js"
