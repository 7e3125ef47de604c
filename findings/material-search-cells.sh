#!/usr/bin/env bash
# Package: mkdocs-material 9.8.1 (its search plugin), with mkdocs 1.6.1 and Markdown 3.11.3.
#
# A good guess: words that a page shows in two cells, options or lines are two words to its search.
#
# Seen, for a table and a list of options in raw HTML, and a line break:
#     theme mkdocs, plugin of MkDocs:     "never 8.77 low high one two"
#     theme material, plugin of Material: "never8.77 <p>lowhigh</p> <p>onetwo</p>"
# Cause: both are called `search`, but the theme brings its own. It keeps the tags of paragraphs, lists and code, drops all
# others, and joins what is left with nothing in between; MkDocs joins with blanks. Tables in Markdown syntax have
# line ends between their cells and are spared. Nobody finds the 8.77 of this page, as words are looked up from their start.
#
# For us: raw HTML needs a blank inside its boxes, before the closing tag (GLUED in generator/pages/rendering.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  mkdocs==1.6.1 mkdocs-material==9.8.1 Markdown==3.11.3

mkdir "$folder/docs"
cat > "$folder/docs/index.md" <<'MARKDOWN'
# Prices

<table><tr><td>never</td><td>8.77</td></tr></table>

<select><option>low</option><option>high</option></select>

one<br>two
MARKDOWN

indexed() {
  printf 'site_name: Prices\ntheme: {name: %s}\nplugins: [search]\n' "$1" > "$folder/mkdocs.yml"
  (cd "$folder" && venv/bin/mkdocs build --quiet --clean 2> log) || { cat "$folder/log" >&2; return 1; }
  "$folder/venv/bin/python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["docs"][-1]["text"])' \
    "$folder/site/search/search_index.json"
}
of_mkdocs=$(indexed mkdocs)
of_material=$(indexed material)
echo "theme mkdocs:   $of_mkdocs"
echo "theme material: $of_material"
[[ "$of_mkdocs" == "never 8.77 low high one two" ]] || { echo "changed: MkDocs"; exit 1; }
[[ "$of_material" == *never8.77*lowhigh*onetwo* ]] || { echo "changed: Material"; exit 1; }
echo "stands"
