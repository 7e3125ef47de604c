"""Hostile tables: what somebody may write into a file who hopes that a page, a spreadsheet or a terminal runs it."""

import csv
import io
from collections.abc import Iterator
from itertools import cycle

from hypothesis import strategies as st

from generator.datasets.canonical import canonical_text
from generator.datasets.kaggle import standin as kaggle_standin
from generator.datasets.kaggle.schema import COLUMNS, DATES, DECIMALS, NUMBERS, is_name

MARK = "zqxhacked"
"""What every payload would leave on `window`, and what a search for a payload can ask for."""
ROWS = tuple(
    csv.reader(io.StringIO(canonical_text(kaggle_standin.simulate().head(30), DECIMALS), newline=""))
)
"""Header and rows of a table without a fault, as small as the folds allow."""
FREE = ("TransactionID", "AccountID", "Location", "DeviceID", "IP Address", "MerchantID")
"""Columns of any text."""
CLOSED = ("TransactionType", "Channel", "CustomerOccupation")

SHOWN = (
    f"<script>{MARK}=1</script>",
    f"</script><script>{MARK}=1</script>",
    f"</ScRiPt ><img src=x onerror={MARK}=1>",
    f"<svg/onload={MARK}=1>",
    f'"><img src=x onerror="{MARK}=1">',
    f"' onmouseover='{MARK}=1' autofocus onfocus='{MARK}=1",
    f"</title></textarea></style><b onclick={MARK}=1>x</b>",
    f"<iframe srcdoc='<script>top.{MARK}=1</script>'>",
    f"<a href='javascript:{MARK}=1'>pay</a>",
    f"<a href=javascript:alert(1)>{MARK}</a><extra>{MARK}</extra>",
    "<b>bold</b><br><i>tags of Plotly</i>",
    "<!-- comment --> <![CDATA[x]]> <?php ?>",
    "&lt;script&gt; &amp; &#60;b&#62; &copy",
    f"[click](javascript:{MARK}=1)",
    f"x](javascript:{MARK}=1) [y",
    f"![alt](https://evil.example/{MARK}.png)",
    f"<https://evil.example/{MARK}> https://evil.example/",
    "[ref]: https://evil.example/",
    "*[FGSM]: an abbreviation of somebody else",
    "[^1] and [^1]: a footnote",
    f"{{: onclick={MARK}=1 .x #top }}",
    f"x {{ onclick={MARK}=1 id=top }}",
    '--8<-- "requirements.txt"',
    "```python",
    "~~~ {.mermaid}",
    "# heading",
    "| a | table | --- |",
    "*emphasis* **strong** `code` ~~gone~~ _low_",
    "- [x] a list",
    "> quoted",
    "!!! danger",
    '=== "Tab"',
    "---",
    "{{ 7*7 }}{{ config }}",
    "{% raw %}{% for x in y %}",
    "{# comment #}",
    "${7*7} #{7*7} %{x} %{customdata} {0} {later}",
    "$x^2$ \\(x\\)",
    "@fraud",
    "@accent/0.3",
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/","pay")',
    'x;=1+1;"=2+2"',
    "＝1+1",
    "'=1+1",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "../../../../etc/passwd",
    "..\\..\\windows\\system32",
    "CON",
    "%2e%2e%2f%00",
    "nul\\0 \\u0000 \\x1b[31m",
    "typed",
    ",standard,0,0,",
    "ﷺ ŉ ﬁ ß 𝒜 日本 עברית العربية ไทย",
)  # fmt: skip
"""Text that a name may be: it is shown as it stands."""
REFUSED = (
    "",
    "   ",
    "\u00a0\u2003",
    "\ue0000\ue00142\ue002",
    "\ue003999\ue001x\ue002",
    "a\u202egnp.exe",
    "a\u2066b\u2069c",
    "\u200b\u200d\ufeff",
    "pay\u200bpal",
    "\x1b[2J\x1b]0;owned\x07",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "a\x08\x08b",
    "a\x7fb\x9bc",
    "line\nline",
    "line\r\nline",
    "line\rline",
    "a\u2028b\u2029c",
    "a\x85b\x0bc\x0cd\x1ce",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "a" + "\u0301" * 80,
    "Z" + "\u0489\u0315\u0360" * 30,
    "\U000e0041\U000e0042",
    "\ufdd0\uffff",
    "x" * 101,
    "<b>" * 40_000,
    "9" * 120_000,
)
"""Text that no name is."""
NOT_NUMBERS = (
    "", "NaN", "nan", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e13", "-1", "-0.01", "0x1F", "1_000", "1,000",
    "1.000,00", "1 000", "１２", "١٢", "1e", "e5", ".", "--1", "+-1", "1.2.3", "1e5.5", "True", "None", "=1+1", "∞",
    "Ⅷ", "1" * 5000, "0" * 400 + "e",
)  # fmt: skip
NOT_DATES = (
    "", "0000-00-00 00:00", "2023-02-30 10:00", "2023-13-01 10:00", "2023-01-01 25:00", "9999-12-31 23:59",
    "0001-01-01 00:00", "1969-12-31 23:59", "2100-01-01 00:00", "20230101", "1681230554", "2023-04-11T16:29:14+02:00",
    "２０２３-04-11 16:29", "now", "2023-04-11 16:29:14.999999999999", "-2023-04-11 16:29", "31/31/2023 10:00", "NaT",
)  # fmt: skip


def changed(line: int, **cells: str) -> list[list[str]]:
    """The table with other cells in one row, by column (`IP_Address` for the one with a space)."""
    rows = [list(row) for row in ROWS]
    for column, cell in cells.items():
        rows[line][ROWS[0].index(column.replace("_", " "))] = cell
    return rows


def filled(**columns: list[str]) -> list[list[str]]:
    """The table with as many rows as the cells given, which are those of these columns."""
    size = max(map(len, columns.values()))
    rows = [list(row) for row, _ in zip(cycle(ROWS[1:]), range(size), strict=False)]
    for place, row in enumerate(rows):
        row[0] = f"TX{place:06d}"
    for column, cells in columns.items():
        for row, cell in zip(rows, cells, strict=False):
            row[ROWS[0].index(column.replace("_", " "))] = cell
    return [list(ROWS[0]), *rows]


def written(rows: list[list[str]], end: str = "\n") -> bytes:
    """The file, cells quoted where they have to be."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


PLAIN = written([list(row) for row in ROWS])


def fixed() -> Iterator[tuple[str, bytes]]:
    """(what it is, content) of every table that is written here."""
    yield from _cells()
    yield from _headers()
    yield from _files()


def _cells() -> Iterator[tuple[str, bytes]]:
    free, strict, numbers, dates = map(cycle, (FREE, (*CLOSED, *NUMBERS), NUMBERS, DATES))
    for text in (*SHOWN, *REFUSED):
        for column in DATES:
            yield from _one_cell(text, column)
    for text in SHOWN[::3]:
        yield from _one_cell(text, next(strict))
    for text in REFUSED:
        yield from _one_cell(text, next(free))
    for column in FREE:
        yield f"all names in {column}", written(filled(**{column: list(SHOWN)}))
    for text in NOT_NUMBERS:
        yield from _one_cell(text, next(numbers))
    for text in NOT_DATES:
        yield from _one_cell(text, next(dates))


def _one_cell(text: str, column: str) -> Iterator[tuple[str, bytes]]:
    yield f"{column}: {text[:40]!r}", written(changed(3, **{column: text}))


def _headers() -> Iterator[tuple[str, bytes]]:
    for text in (*SHOWN, *REFUSED):
        yield f"column called {text[:40]!r}", written([[*ROWS[0], text], *([*row, "x"] for row in ROWS[1:])])
        for column in ("Location", "LoginAttempts"):
            yield f"{column} called {text[:40]!r}", written(changed(0, **{column: text}))
    for name in COLUMNS:
        yield f"{name} twice", written([[*row, cell] for row, cell in zip(ROWS, _column(name), strict=True)])
        yield f"{name} gone", written([_without(row, name) for row in ROWS])
        yield f"only {name}", written([[cell] for cell in _column(name)])


def _column(name: str) -> list[str]:
    return [row[ROWS[0].index(name)] for row in ROWS]


def _without(row: tuple[str, ...], name: str) -> list[str]:
    at = ROWS[0].index(name)
    return [*row[:at], *row[at + 1 :]]


def _files() -> Iterator[tuple[str, bytes]]:
    lines = PLAIN.splitlines()
    yield "empty", b""
    yield "a mark of its encoding and nothing", b"\xef\xbb\xbf"
    yield "white", b" \n\t\r\n" * 1000
    yield "a header alone", lines[0]
    yield "rows without a header", b"\n".join(lines[1:])
    yield "NUL bytes", PLAIN.replace(b",", b"\0,", 3)
    yield "NUL bytes alone", b"\0" * 10_000
    yield "UTF-16", PLAIN.decode().encode("utf-16")
    yield "UTF-32", PLAIN.decode().encode("utf-32")
    yield "half a sign", PLAIN.rstrip() + b"\xe2\x82"
    yield "an overlong sign", PLAIN.replace(b"Debit", b"D\xc0\xafebit", 1)
    yield "half of a pair", PLAIN.replace(b"Debit", b"\xed\xa0\x80", 1)
    yield "a cell of 10 MB", written(changed(3, Location="A" * 10_000_000))
    yield "a number of 10 MB", written(changed(3, TransactionAmount="9" * 10_000_000))
    yield "a header of 10 MB", written(changed(0, Location="A" * 10_000_000))
    yield (
        "10,000 columns",
        written(
            [[*row, *(f"{i}Location" if not n else "x" for i in range(10_000))] for n, row in enumerate(ROWS)]
        ),
    )
    yield "10,000 commas", PLAIN.replace(b"\n", b"," * 10_000 + b"\n")
    yield "one column", b"x\n" + b"1\n" * 100
    yield "a quotation mark left open", PLAIN.replace(b",", b',"', 1)
    yield "a quotation mark left open in a row", b"\n".join([*lines[:5], b'"' + lines[5], *lines[6:]])
    yield "quotation marks alone", b'"' * 10_001
    yield (
        "line ends of every kind",
        b"\r".join((b"\r\n".join(lines[:9]), b"\n".join(lines[9:20]), *lines[20:])),
    )
    yield "line ends of old machines", PLAIN.replace(b"\n", b"\r")
    yield "line ends of other machines", PLAIN.replace(b"\n", b"\r\n")
    yield "every row twice", b"\n".join([*lines, *lines[1:]])
    yield "headers between rows", b"\n".join([*lines, *lines])
    yield "a short row", b"\n".join([*lines, lines[-1].rpartition(b",")[0]])
    yield "one row", b"\n".join(lines[:2])
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
    yield "an archive", b"PK\x03\x04" + bytes(range(256)) * 40
    yield "a packed file", b"\x1f\x8b\x08" + bytes(range(256)) * 40
    yield "a page", b"<!doctype html><html><script>alert(1)</script></html>" * 100
    yield "a program", b"__import__('os').system('id')\n" * 100
    yield "a pickle", b"cos\nsystem\n(S'id'\ntR."
    yield "no money at all", written(filled(TransactionAmount=["0"] * 30, AccountBalance=["0"] * 30))
    yield "all rows alike", written([list(ROWS[0]), *([f"TX{i}", *ROWS[1][1:]] for i in range(30))])
    yield (
        "the largest numbers",
        written(
            filled(
                TransactionAmount=["1e12"] * 30,
                AccountBalance=["1000000000000"] * 30,
                LoginAttempts=["1000"] * 30,
            )
        ),
    )
    yield (
        "one account and a century",
        written(
            filled(
                AccountID=["AC"] * 30,
                TransactionDate=[f"{1970 + 4 * i}-02-28 10:00" for i in range(30)],
                PreviousTransactionDate=[f"{2099 - 4 * i}-02-28 10:00" for i in range(30)],
            )
        ),
    )
    yield "a thousand cities", written(filled(Location=[f"City {i}" for i in range(1000)]))
    yield "a thousand numbers of attempts", written(filled(LoginAttempts=[str(i + 1) for i in range(1000)]))


# ---------------------------------------------------------------- by chance

_signs = st.characters(codec="utf-8")
MARKUP = "<>&\"'`{}[]()|=+-@#*_~:;,\\/!%$ \t\n\u202e"
texts = st.one_of(
    st.sampled_from((*SHOWN, *REFUSED[:-2], *NOT_NUMBERS[:-2], *NOT_DATES)),
    st.text(_signs, max_size=30),
    st.lists(st.sampled_from([*MARKUP, MARK]), max_size=30).map("".join),
)


@st.composite
def tables(draw) -> bytes:
    """A table with several cells, and perhaps names of columns, changed by chance."""
    rows = [list(row) for row in ROWS]
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.sampled_from([0, *range(1, len(rows))]))
        rows[row][draw(st.integers(0, len(rows[0]) - 1))] = draw(texts)
    return written(rows, draw(st.sampled_from(["\n", "\r\n", "\r"])))


@st.composite
def names(draw) -> bytes:
    """A table that loads: all its cities, accounts and identifiers are names by chance."""
    cities = draw(st.lists(texts.filter(is_name), min_size=30, max_size=30))
    ids = [f"{name[:90]} {place}" for place, name in enumerate(cities)]
    return written(filled(Location=cities, AccountID=cities[::-1], MerchantID=cities, TransactionID=ids))


STRUCTURE = (b'"', b",", b"\n", b"\0", b"\xff", b"\r", b'""', b";", b"\xef\xbb\xbf")


@st.composite
def damaged(draw) -> bytes:
    """A table with bytes put in, taken out or exchanged, most of them such as hold a table together."""
    content = bytearray(PLAIN)
    for _ in range(draw(st.integers(2, 8))):
        at = draw(st.integers(0, len(content) - 1))
        put = st.one_of(st.binary(max_size=6), *[st.sampled_from(STRUCTURE)] * 3)
        content[at : at + draw(st.integers(0, 40))] = draw(put)
    return bytes(content)
