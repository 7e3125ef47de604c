"""The pages of a site of validations keep the promises that those of studies keep, at either width."""

import pytest
from offenders import all_hold
from server import Server, serving
from test_budgets import DESK, PHONE, assert_drawn_in_both, assert_light, assert_narrow, first_view
from validation_fixture import tiny_validation, validated_site

ADDRESSES = ("", "claims/", "claims-calculator/", "loans/", "own/", "404.html")


@pytest.fixture(scope="module")
def validated(tmp_path_factory) -> Server:
    """A site of two validations, one with every part and one with none."""
    bare = tiny_validation(
        "loans", title="Card default", deployed=(), amount=False, time=False, groups=False, prior=None
    )
    with serving(validated_site(tmp_path_factory.mktemp("validated"), [tiny_validation(), bare])) as running:
        yield running


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_every_page_of_validations_is_light_accessible_and_drawn(browser, validated, width, scheme):
    def keeps_its_promises(address: str):
        asked = first_view(browser, validated, address, width=width, scheme=scheme)
        assert_light(browser, validated, address, asked)
        assert_drawn_in_both(browser, validated, asked, scheme, live=width == PHONE)
        if width == PHONE:
            assert_narrow(browser)
        assert browser.run("return window.refused") == []
        assert browser.errors() == []

    browser.cdp("Network.setCacheDisabled", cacheDisabled=True)
    try:
        all_hold(keeps_its_promises, ADDRESSES)
    finally:
        browser.cdp("Network.setCacheDisabled", cacheDisabled=False)


def test_a_table_that_goes_on_beyond_the_edge_of_a_phone_shows_it_and_what_is_proved_first(
    browser, validated
):
    """The shade stays where the region is, and its cover, in front of it, goes along with the table; a table that had a
    colour of its own would hide both."""
    browser.open(validated.base + "claims/", width=PHONE)
    browser.unfold()
    regions = browser.run(
        "return [...document.querySelectorAll('.table-scroll:has(table)')].filter((e) => e.scrollWidth > e.clientWidth)"
        ".map((e) => [getComputedStyle(e).backgroundAttachment, ...[...e.querySelectorAll('table, tr, td')]"
        ".map((part) => getComputedStyle(part).backgroundColor)])"
    )
    assert len(regions) > 3
    for attachment, *colours in regions:
        assert attachment == "local, local, scroll, scroll"
        assert set(colours) == {"rgba(0, 0, 0, 0)"}
    seen = browser.run(
        "const region = document.querySelector('#models ~ .table-scroll');"
        "return region.getBoundingClientRect().right"
        " - region.querySelector('tbody tr td:nth-child(3)').getBoundingClientRect().right"
    )
    assert seen >= 0


def test_a_mark_that_another_one_lies_on_shows_around_it(browser, validated):
    """Where nobody evades and what is proved are equal, which they are for monotone trees."""
    browser.open(validated.base + "claims/", width=PHONE)
    browser.draw_all()
    circles, squares = browser.run(
        "return ['clean', 'exact'].map((token) => "
        "[...document.querySelectorAll(`#claims-validation .panel .c-${token} use`)]"
        ".map((e) => e.getBBox()).map((box) => [box.x + box.width / 2, box.y + box.height / 2, box.width]))"
    )
    over = [
        (circle[2], square[2])
        for circle in circles
        for square in squares
        if abs(circle[0] - square[0]) < 0.5 and abs(circle[1] - square[1]) < 0.5
    ]
    assert len(over) == 2
    for outer, inner in over:
        # the corners of the square lie within the circle
        assert outer >= inner * 2**0.5
    # a stroke of the page's colour below a label keeps the dashed line off its letters
    assert browser.run(
        "return [...document.querySelectorAll('#claims-validation .panel text.over')]"
        ".every((e) => getComputedStyle(e).paintOrder.startsWith('stroke'))"
    )


def test_the_first_screen_holds_question_answer_and_three_numbers(browser, validated):
    for width, height in ((DESK, 900), (PHONE, 844)):
        for address in ("", "claims/"):
            browser.open(validated.base + address, width=width)
            last = browser.run(
                "return Math.max(...[...document.querySelectorAll('.kpi-value')].slice(0, 3).map("
                "(e) => e.getBoundingClientRect().bottom))"
            )
            assert last <= height, (width, address, last)
