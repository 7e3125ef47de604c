"""A built site is checked to its last link, allows its own scripts only, and carries nothing that nobody asks for."""

import base64
import hashlib
import shutil
from types import MappingProxyType

import pytest

from generator.engine.cache import StageCache
from generator.engine.memo import Memo
from generator.publish.postprocess import LinkError, check, finish
from generator.publish.postprocess import page as pages_of
from generator.publish.postprocess.markup import parse
from generator.publish.postprocess.policy import SITE, inline_scripts, with_policy
from generator.publish.postprocess.states import addressed
from generator.publish.postprocess.styles import pruned
from generator.publish.postprocess.terms import anchored, explained, linked

HEAD = '<!doctype html><html><head>\n<meta charset="utf-8">\n<title>t</title></head>'
FIGURE = """<figure class="chart" id="a" aria-label="Name"><p class="chart-title">Name</p>
<div class="chart-plot" role="img" aria-label="It falls."></div>
<p><a href="data/a.csv" download>CSV</a></p>
<table><tr><th>x</th></tr><tr><td>1</td></tr></table></figure>"""


@pytest.fixture
def site(tmp_path):
    """A small site without a fault, and a function that writes one more page into its body."""
    files = {
        "index.html": f'{HEAD}<body><h1 id="top">t</h1>{FIGURE}<a href="page/#there">x</a></body></html>',
        "page/index.html": f'{HEAD}<body id="there"><a href="../#top">x</a><img src="../a%20b.png"></body></html>',
        "404.html": f'{HEAD}<body><link href="/project/style.css"><a href="/project/">x</a></body></html>',
        "style.css": 'p { background: url("a b.png") }',
        "a b.png": "",
        "data/a.csv": "x\n1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_site_without_a_fault_passes(site):
    check(site)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="nowhere.html">x</a>', r"broken\.html, line 3: 'nowhere\.html': no such file"),
        ('<a href="page/#gone">x</a>', r"'page/#gone': no such anchor"),
        ('<a href="#gone">x</a>', r"'#gone': no such anchor"),
        ('<a href="data/b.csv">x</a>', r"'data/b\.csv': no such file"),
        ('<img src="missing.png">', r"'missing\.png': no such file"),
        ('<img srcset="a%20b.png 1x, big.png 2x">', r"'big\.png': no such file"),
        ('<script src="assets/gone.js"></script>', r"'assets/gone\.js': no such file"),
        ('<a href="../outside.html">x</a>', r"no such file"),
        ('<a href="/page/">x</a>', r"root of the host"),
        ('<a href="javascript:go()">x</a>', r"scheme 'javascript'"),
        ('<a href="//elsewhere.org/x">x</a>', r"scheme ''"),
        ('<p id="b"></p><p id="b"></p>', r"the id 'b' stands more than once"),
        ('<p onclick="go()"></p>', r"line 3: event handler 'onclick'"),
    ],
)
def test_a_dead_end_is_named_with_page_line_and_address(site, body, said):
    (site / "broken.html").write_text(f"{HEAD}{body}</html>")
    with pytest.raises(LinkError, match=said):
        check(site)


@pytest.mark.parametrize(
    ("part", "lacking"),
    [
        (' aria-label="Name"', "name"),
        (' aria-label="It falls."', "summary"),
        ("<tr><td>1</td></tr>", "data table"),
        (" download", "CSV"),
        (' id="a"', "id"),
    ],
)
def test_a_figure_that_is_not_whole_is_named(site, part, lacking):
    (site / "broken.html").write_text(f"{HEAD}{FIGURE.replace(part, '')}</html>")
    with pytest.raises(LinkError, match=f"has no {lacking}"):
        check(site)


def test_a_style_that_asks_for_what_is_not_there_is_named(site):
    (site / "style.css").write_text("p { background: url(gone.png) }")
    with pytest.raises(LinkError, match=r"style\.css: 'gone\.png': no such file"):
        check(site)


def test_all_problems_are_told_at_once(site):
    (site / "broken.html").write_text(f'{HEAD}<a href="one"></a><a href="two"></a></html>')
    with pytest.raises(LinkError, match=r"'one'.*\n.*'two'"):
        check(site)


def test_other_hosts_and_mail_are_left_alone(site):
    (site / "fine.html").write_text(
        f'{HEAD}<a href="https://elsewhere.org/"></a><a href="mailto:a@b.c"></a></html>'
    )
    check(site)


def test_the_policy_names_the_inline_scripts_by_their_hash_and_no_data():
    data, known = '<script type="application/json">{}</script>', '<script src="a.js"></script>'
    text = f"{HEAD}<script>go()</script>{data}{known}</html>"
    allowed = with_policy(text, SITE, inline_scripts(text))
    policy = allowed.split('content="')[1].split('"')[0]
    (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src")]
    wanted = base64.b64encode(hashlib.sha256(b"go()").digest()).decode()
    assert scripts == f"script-src 'self' 'sha256-{wanted}'"
    assert "unsafe-eval" not in policy
    assert allowed.index("Content-Security-Policy") < allowed.index("<script>")


def test_a_page_that_hides_its_encoding_has_no_policy():
    with pytest.raises(ValueError, match="charset"):
        with_policy("<html><script>go()</script></html>", SITE, ["go()"])


def test_finishing_drops_maps_and_languages_and_restricts_every_page(site):
    languages = site / "assets" / "javascripts" / "lunr"
    languages.mkdir(parents=True)
    (languages / "ja.js").write_text("")
    (site / "a.js").write_text("go();\n//# sourceMappingURL=a.js.map\n")
    (site / "a.js.map").write_text("{}")
    (site / "b.css").write_text("p{}\n/*# sourceMappingURL=b.css.map */")
    (site / "b.css.map").write_text("{}")
    finish(site)
    assert not languages.exists()
    assert not list(site.rglob("*.map"))
    assert (site / "a.js").read_text() == "go();\n"
    assert (site / "b.css").read_text() == "p{}\n"
    pages = list(site.rglob("*.html"))
    assert len(pages) == 3
    assert all(page.read_text().count("Content-Security-Policy") == 1 for page in pages)


def test_void_elements_and_nested_figures_do_not_confuse_the_reader():
    read = parse(f"<p><br><img src='a'><input></p>{FIGURE}<table><tr><td>2</td></tr></table>")
    (figure,) = read.figures
    assert (figure.title, figure.summary, figure.rows, figure.downloads) == (
        "Name",
        "It falls.",
        2,
        ["data/a.csv"],
    )


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a,.b{x:1}", ".a{x:1}"),
        (".a .b,.c:is(.a,.b){x:1}", ""),
        (".a:not(.b){x:1}", ".a:not(.b){x:1}"),
        ("@media print{.b{x:1}}p{x:2}", "p{x:2}"),
        ("@media print{.a{x:1}.b{x:1}}", "@media print{.a{x:1}}"),
        ("@keyframes k{0%{x:1}to{x:2}}", "@keyframes k{0%{x:1}to{x:2}}"),
        ('@charset "utf-8";.b{x:1}', '@charset "utf-8";'),
        ("[dir=rtl] .a{x:1}[dir=ltr] .a{x:1}", "[dir=ltr] .a{x:1}"),
        ('.a{content:"}.b{"}', '.a{content:"}.b{"}'),
        (".made--by-script{x:1}", ".made--by-script{x:1}"),
        ("[data-md-color-primary=red]{x:1}[data-md-color-primary=a]{x:1}", "[data-md-color-primary=a]{x:1}"),
    ],
)
def test_a_rule_stays_if_anything_on_the_site_can_match_it(css, kept):
    assert pruned(css, {"a", "made--"}) == kept


GLOSSARY = """<h2 id="what-do-the-words-mean">Words</h2><table><tbody>
<tr><td>ε (epsilon), budget</td><td>The most that any input may move, in <b>σ</b> &amp; not "more".</td></tr>
<tr>
<td>PGD</td>
<td>Many small steps.</td>
</tr></tbody></table>"""


def prose(text: str) -> str:
    """`text` in an article, with its terms linked."""
    return linked(f"<article>{text}</article>", anchored(GLOSSARY)[1], "../method/").removeprefix("<article>")


def test_the_glossary_gets_anchors_that_no_sign_of_another_alphabet_is_part_of():
    text, terms = anchored(GLOSSARY)
    assert [term.anchor for term in terms] == ["term-epsilon-budget", "term-pgd"]
    assert terms[0].names == ("ε", "epsilon", "budget")
    assert all(f'<td id="{term.anchor}">' in text for term in terms)
    assert parse(text).ids >= {"term-epsilon-budget", "term-pgd"}


def test_a_term_is_a_link_with_its_meaning_where_it_stands_first():
    said = prose("<p>Budgets and the Budget, then ε.</p><p>PGD.</p>")
    assert said.count("<a ") == 2
    assert 'the <a class="term" href="../method/#term-epsilon-budget" title="The most' in said
    assert "σ &amp; not &quot;more&quot;." in said
    assert ">Budget</a>, then ε." in said


@pytest.mark.parametrize(
    "text",
    [
        "<h2>PGD</h2>",
        "<p><a href='x'>PGD</a> <code>PGD</code></p>",
        "<table><tr><td><p>PGD</p></td></tr></table>",
        '<div class="provenance"><p>PGD</p></div>',
        "<figure><p>PGD</p></figure>",
        "<p>PGD-40 and XPGD</p>",
        '<p title="PGD"><img alt="PGD"></p>',
        "<div>PGD</div>",
    ],
)
def test_text_that_is_no_running_prose_is_left_alone(text):
    assert "term" not in prose(text)


def test_after_an_element_that_is_left_alone_terms_are_linked_again():
    assert 'class="term"' in prose("<figure><br><p>x</figure><p>PGD</p>")


def test_pages_link_to_the_glossary_wherever_they_lie():
    names = ("index.html", "deep/index.html", "404.html")
    found = explained(
        {name: "<article><p>PGD</p></article>" for name in names} | {"method/index.html": GLOSSARY}
    )
    pages = {name: linked(page.text, page.terms, page.target) for name, page in found.items()}
    assert 'href="method/#term-pgd"' in pages["index.html"]
    assert 'href="../method/#term-pgd"' in pages["deep/index.html"]
    assert "term-pgd" not in pages["404.html"]
    assert pages["method/index.html"].count('id="term-pgd"') == 1


STUDY = {
    "quick": False, "seed": 7, "seeds": 20, "folds": 5, "versions": {"torch": "2.0", "python": "3.11", "numpy": "2"},
    "study_key": "a" * 64, "data_sha256": "b" * 64,
}  # fmt: skip


def test_all_pages_share_one_style_sheet_in_their_order_and_scripts_wait_that_of_the_theme_for_a_reader(site):
    links = [f'<link rel="stylesheet" href="{{}}assets/{name}.css">\n' for name in ("a", "b", "only-there")]
    (site / "assets/stylesheets").mkdir(parents=True)
    for name in ("b", "a", "only-there"):
        (site / f"assets/{name}.css").write_text(f"p {{ color: {name} }}\n")
    (site / "assets/x.js").write_text("")
    for page, base, count in (("index.html", "", 2), ("page/index.html", "../", 3)):
        text = (site / page).read_text()
        named = "".join(link.format(base) for link in links[:count])
        script = f'<script src="{base}assets/x.js"></script></body>'
        (site / page).write_text(text.replace("</head>", named + "</head>").replace("</body>", script))
        text = (site / page).read_text()
        theme = f'<script src="{base}assets/javascripts/bundle.0a1b.min.js"></script></body>'
        (site / page).write_text(text.replace("</body>", theme))
    (site / "assets/javascripts").mkdir()
    (site / "assets/javascripts/bundle.0a1b.min.js").write_text("")
    finish(site)
    (sheet,) = (site / "assets").rglob("*.css")
    assert sheet.read_text().splitlines() == [
        "p { color: a }", "p { color: b }", "p { color: only-there }"
    ]  # fmt: skip
    for page, base in (("index.html", ""), ("page/index.html", "../")):
        text = (site / page).read_text()
        assert text.count('rel="stylesheet"') == 1
        assert f'href="{base}{sheet.relative_to(site)}"' in text
        assert f'<script defer src="{base}assets/x.js">' in text
        assert '<template data-wakes="javascripts/bundle.0a1b.min.js"></template>' in text
        assert text.count("bundle.") == 1


def test_tables_get_the_class_and_the_boxes_that_spare_the_page_a_second_layout(site):
    (site / "assets").mkdir(exist_ok=True)
    (site / "assets" / "a.css").write_text(".x table:not([class]) td>:first-child{x:1}")
    (site / "a.html").write_text(
        f"{HEAD}<table><tr><td>1</td></tr></table><table class='own'></table>"
        '<div class="table-scroll" tabindex="0">\n<table><tr><td>2</td></tr>\n<tr><td>3</td></tr></table></div>'
        "</html>"
    )
    finish(site)
    text = (site / "a.html").read_text()
    box, inner = (
        '<div class="md-typeset__scrollwrap"',
        '><div class="md-typeset__table"><table class="plain"><tr><td>',
    )
    assert f"{box}{inner}1</td></tr></table><i hidden></i></div></div>" in text
    assert f'<div class="table-scroll" tabindex="0">\n{box}{inner}2</td>' in text
    assert text.count(f"{box}{inner}") == 2
    assert "<table class='own'></table>" in text
    assert (site / "assets" / "a.css").read_text() == ".x table.plain td>:first-child{x:1}"


def test_comments_of_our_scripts_and_styles_go_and_licences_stay(site):
    (site / "assets").mkdir(exist_ok=True)
    written = '/* Why\n   so. */\nconst a = "/* no */"; /* here */\n  /* gone */\nb();\n'
    for name in ("own.js", "own.css", "plotly-x.js"):
        (site / "assets" / name).write_text(written)
    finish(site)
    for name in ("own.js", "own.css"):
        assert (site / "assets" / name).read_text() == 'const a = "/* no */"; /* here */\nb();\n'
    assert (site / "assets" / "plotly-x.js").read_text() == written


def test_indentation_goes_and_what_is_shown_as_written_stays(site):
    (site / "a.html").write_text(f"{HEAD}\n  <p>\n\n   x</p>\n<pre>  a\n    b</pre></html>")
    finish(site)
    text = (site / "a.html").read_text()
    assert "\n<p>\nx</p>\n" in text
    assert "<pre>  a\n    b</pre>" in text


def test_the_search_gets_a_name_a_script_for_its_index_and_what_its_worker_lacks(site):
    workers = site / "assets" / "javascripts" / "workers"
    workers.mkdir(parents=True)
    (workers / "search.1.min.js").write_text("lunr.TokenSet=0\n")
    (workers / "search.2.min.js").write_text("another=0\n")
    (site / "assets" / "search-worker.js").write_text("mended()\n")
    (site / "search").mkdir()
    (site / "search" / "search_index.json").write_text('{"docs":[]}')
    named = '<div class="md-search" role="dialog" aria-label="Search">'
    (site / "a.html").write_text(f'{HEAD}<div class="md-search" role="dialog"></div>{named}</div></html>')
    finish(site)
    assert (site / "a.html").read_text().count(named) == 2
    assert [path.name for path in (site / "search").iterdir()] == ["search_index.js"]
    assert (site / "search" / "search_index.js").read_text() == 'var __index = {"docs":[]};\n'
    assert (workers / "search.1.min.js").read_text() == "lunr.TokenSet=0\nmended()\n"
    assert (workers / "search.2.min.js").read_text() == "another=0\n"
    assert not (site / "assets" / "search-worker.js").exists()


@pytest.fixture
def built(site, tmp_path_factory):
    """What an engine left: a function from edits of its files, name --> (old, new), to a new copy of it."""
    (site / "assets/stylesheets").mkdir(parents=True)
    (site / "assets/stylesheets/theme.css").write_text(".a{x:1}.b{x:2}\n")
    (site / "assets/own.css").write_text(".own{x:1}\n")
    (site / "method").mkdir()
    link = '<link rel="stylesheet" href="{}assets/{}.css">\n</head>'
    for name, base in (("index.html", ""), ("page/index.html", "../")):
        text = (site / name).read_text().replace("</head>", link.format(base, "stylesheets/theme"))
        (site / name).write_text(text.replace("</body>", "<article><p class='a'>PGD</p></article></body>"))
    (site / "method/index.html").write_text(f"{HEAD}<body>{GLOSSARY}</body></html>")

    def copied(edits=MappingProxyType({})):
        folder = tmp_path_factory.mktemp("built") / "site"
        shutil.copytree(site, folder)
        for name, (old, new) in edits.items():
            text = (folder / name).read_text()
            assert old in text
            (folder / name).write_text(text.replace(old, new))
        return folder

    return copied


PAGES = {"404.html", "index.html", "method/index.html", "page/index.html"}
CHANGES = {
    "nothing": ({}, set()),
    "a page": ({"index.html": ("PGD", "PGD and ε")}, {"index.html"}),
    "a class that a style waits for": ({"page/index.html": ("class='a'", "class='b'")}, {"page/index.html"}),
    "a script that a page runs": (
        {"page/index.html": ("</body>", "<script>go()</script></body>")}, {"page/index.html"},
    ),
    "a meaning": ({"method/index.html": ("small steps", "steps")}, PAGES - {"404.html"}),
    "a style": ({"assets/stylesheets/theme.css": ("x:1", "x:3")}, set()),
    "a style that a page asks for too": (
        {"page/index.html": ("</head>", '<link rel="stylesheet" href="../assets/own.css">\n</head>')},
        {"page/index.html"},
    ),
}  # fmt: skip
"""What is edited --> the edits, and the pages that are finished anew."""


@pytest.fixture
def memo(tmp_path_factory):
    return Memo(StageCache(tmp_path_factory.mktemp("cache")))


def published(site) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()
    }


def test_whatever_changes_a_site_is_finished_as_if_nobody_had_seen_its_pages(built, memo, monkeypatch):
    finish(built(), memo=memo)
    made, wrong = [], {}
    make = pages_of._finished
    monkeypatch.setattr(pages_of, "_finished", lambda each: made.append(each) or make(each))
    for what, (edits, anew) in CHANGES.items():
        made.clear()
        finish(warm := built(edits), memo=memo)
        count = len(made)
        finish(cold := built(edits))
        if count != len(anew) or published(warm) != published(cold):
            wrong[what] = (count, published(warm).items() ^ published(cold).items())
    assert wrong == {}


def test_a_link_into_a_page_that_was_not_read_again_is_checked(built, memo):
    finish(built(), memo=memo)
    with pytest.raises(LinkError, match=r"index\.html, line \d+: 'page/#there': no such anchor"):
        finish(built({"page/index.html": ('id="there"', 'id="here"')}), memo=memo)
    gone = built()
    (gone / "data/a.csv").unlink()
    with pytest.raises(LinkError, match=r"'data/a\.csv': no such file"):
        finish(gone, memo=memo)


def test_a_damaged_page_in_the_cache_is_finished_anew(built, memo):
    finish(first := built(), memo=memo)
    for entry in memo.cache.folder.iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    finish(second := built(), memo=memo)
    assert published(first) == published(second)


@pytest.mark.parametrize(
    ("link", "published"),
    [
        ('<a data-state="a=1&amp;b=2" href="../tool/#tool">x</a>', '<a href="../tool/#tool&amp;a=1&amp;b=2">x</a>'),
        ('<a href="tool.html#tool" data-state="a=1">x</a>', '<a href="tool.html#tool&amp;a=1">x</a>'),
        ('<a href="../tool/#tool">x</a>', '<a href="../tool/#tool">x</a>'),
    ],
)  # fmt: skip
def test_the_state_of_a_tool_becomes_part_of_the_address_that_leads_to_it(link, published):
    assert addressed(f"<p>{link} and {link}</p>") == f"<p>{published} and {published}</p>"
