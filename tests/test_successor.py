"""What the theme's successor would lose is named: pages, anchors, titles, entries; what only the theme needs is not."""

import pytest

from tests import successor


@pytest.fixture
def sites(tmp_path):
    """The same two pages twice."""
    for name in ("site", "other"):
        for page in ("index.html", "proof/index.html"):
            path = tmp_path / name / page
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('<input id="__search"><h1 id="answer">An answer</h1>')
    return tmp_path / "site", tmp_path / "other"


def test_nothing_is_lost_where_the_theme_alone_differs(sites):
    site, other = sites
    (other / "index.html").write_text('<h1 id="answer">An answer</h1><h2 id="more">More</h2>')
    assert list(successor.lost(site, other)) == []


def test_a_lost_page_and_a_lost_anchor_are_named(sites):
    site, other = sites
    (other / "proof/index.html").unlink()
    (other / "index.html").write_text('<h1 id="an-answer">An answer</h1>')
    assert list(successor.lost(site, other)) == [
        "index.html: no anchor 'answer'",
        "proof/index.html: no such page",
    ]


def test_another_title_and_an_empty_list_are_named(sites):
    site, other = sites
    for folder, title, entry in ((site, "A study", "Data"), (other, "Summary - A study", "")):
        page = f'<title>{title}</title><article><ul><li><a href="/data/">{entry}</a></li></ul></article>'
        (folder / "404.html").write_text(page)
    assert list(successor.lost(site, other)) == [
        "404.html: another title: <title>Summary - A study</title>",
        "404.html: does not say Data",
    ]


def test_without_a_site_it_says_what_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(successor, "ROOT", tmp_path)
    assert successor.main(tmp_path / "zensical") == 2
    assert "run `make site` first" in capsys.readouterr().err
