#!/usr/bin/env bash
# Package: Markdown 3.11.3 (Python-Markdown), extension md_in_html, Python 3.11.
#
# A good guess: between two boxes of HTML a blank is a blank, also inside a block with markdown="1".
#
# Seen, for a section of three boxes inside such a block:
#     without blanks: <section> <div>a</div> <div>b</div> <div>c</div> </section>
#     with blanks:    <section> <div>a</div> <div>b</section> </div> <div>c</div> <p></section></div></p>
# The section ends inside the second box, the third is outside of it, and two closing tags are left over.
# Cause: a tag opens a box at the start of a line, or where no text came before it in the box around it. Elsewhere it is
# taken for text of a paragraph, as of a <span>, while its closing tag still closes a box: one too many. The blank is
# such text; so is a line end before the first of several boxes on one line. Outside markdown="1" all is as written.
# Akin to github.com/Python-Markdown/markdown/issues/1074 (boxes in boxes on one line; closed).
#
# For us: the blank that the search needs between words goes inside the boxes (GLUED in generator/pages/rendering.py);
# between boxes it nested the cards of a page in each other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check Markdown==3.11.3

cat > "$folder/boxes.py" <<'PYTHON'
import sys
from html.parser import HTMLParser

import markdown


class Nesting(HTMLParser):
    """The tags that close no open one, or not the last, in `wrong`."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(tag)


def wrong(between, attribute=' markdown="1"'):
    boxes = between.join(f"<div>{word}</div>" for word in "abc")
    source = f"<div{attribute}><section>{boxes}</section></div>"
    made = markdown.markdown(source, extensions=["md_in_html"])
    nesting = Nesting(made)
    assert not Nesting(source).wrong
    print(f"{source}\n    {' '.join(made.split())}")
    return nesting.wrong + nesting.open


fine = [wrong(""), wrong("\n"), wrong(" ", attribute="")]
blank = wrong(" ")
stands = not any(fine) and bool(blank)
print("stands" if stands else "changed")
sys.exit(not stands)
PYTHON
"$folder/venv/bin/python" "$folder/boxes.py"
