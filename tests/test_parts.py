"""Parts of a built page: folded below the heading that marks them, and boxed where they are about one dataset."""

import re

import pytest

from generator.publish.postprocess.parts import SUMMARY, parted

ARTICLE = '<body><h2 class="analyst">Outside</h2><article class="md-content__inner">{}</article></body>'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<h2>A</h2><p>a</p>", "<h2>A</h2><p>a</p>"),
        (
            '<h2 class="analyst">A</h2><p>a</p><h2>B</h2><p>b</p>',
            f'<h2 class="analyst">A</h2><details class="part analyst">{SUMMARY}<p>a</p></details><h2>B</h2><p>b</p>',
        ),
        (
            '<h2 class="analyst">A</h2><h3 class="engineer">a</h3><p>1</p><h3>b</h3><p>2</p><hr><p>3</p>',
            f'<h2 class="analyst">A</h2><details class="part analyst">{SUMMARY}<h3 class="engineer">a</h3>'
            f'<details class="part engineer">{SUMMARY}<p>1</p></details><h3>b</h3><p>2</p></details><hr><p>3</p>',
        ),
        (
            '<h2 data-of="one">A</h2><p>a</p><h2 class="engineer" data-of="two">B</h2><br><p>b</p>',
            '<div data-of="one"><h2 data-of="one">A</h2><p>a</p></div><div data-of="two" data-other>'
            '<h2 class="engineer" data-of="two">B</h2>'
            f'<details class="part engineer">{SUMMARY}<br><p>b</p></details></div>',
        ),
        (
            '<p data-of="one">a</p><p data-of="two">b</p><div><h3 class="analyst">C</h3><p>c</p></div><p>d</p>',
            '<p data-of="one">a</p><p data-other data-of="two">b</p><div><h3 class="analyst">C</h3>'
            f'<details class="part analyst">{SUMMARY}<p>c</p></details></div><p>d</p>',
        ),
        (
            '<h2 class="analyst">A</h2>\n<p>é &amp; ü</p>\n<div class="provenance">P</div>',
            f'<h2 class="analyst">A</h2><details class="part analyst">{SUMMARY}\n<p>é &amp; ü</p>\n</details>'
            '<div class="provenance">P</div>',
        ),
    ],
)  # fmt: skip
def test_a_part_ends_where_the_next_of_its_rank_begins(before, after):
    assert parted(ARTICLE.format(before)) == ARTICLE.format(after)


def test_the_table_of_contents_says_what_each_entry_is_about():
    contents = "".join(
        f'<li class="md-nav__item">\n<a href="#{name}" class="md-nav__link">' for name in ("a", "b", "c")
    )
    article = '<h2 id="a" data-of="one">A</h2><h2 id="b" data-of="two">B</h2><h3 id="c">C</h3>'
    found = parted(contents + ARTICLE.format(article))
    assert re.findall(r"<li class=\"md-nav__item\"([^>]*)>", found) == [
        ' data-of="one"', ' data-of="two" data-other', ' data-of="two" data-other',
    ]  # fmt: skip
