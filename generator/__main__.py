"""The command line: `study` writes records, `pages` renders them, `site` builds them, `all` does the three.

Each command parses, calls one function, and says where the result went. Heavy libraries
are imported inside, so that `--help` and a rebuild of the pages stay fast.
"""

import argparse
import logging
import multiprocessing
import os
import signal
import sys
from pathlib import Path

from generator.records.base import RecordError

FOR_READERS = 0o022
"""Files 644 and folders 755, whatever a shell keeps to itself: what is written is handed over or published, by servers
and archives that take the modes along."""
STOPPED = 130
"""Exit code of what the user, or the system, asked to stop."""


def main(arguments: list[str] | None = None, called: str = "python -m generator") -> int:
    """Run one command in the folder of its project, which becomes the current one.

    0: done; 2: it cannot be done, and the message says why and what to do; 130: it was stopped. 1 is for `diff` alone:
    a change asks for a new sign-off.
    """
    parser = _parser(called)
    options = parser.parse_args(arguments)
    options.called = called
    if not options.project.is_dir():
        parser.error(f"--project {options.project}: there is no such folder; make it first")
    os.chdir(options.project)
    os.umask(FOR_READERS)
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING, format="%(message)s")
    try:
        from generator import commands

        try:
            return commands.run(options)
        except (RecordError, commands.InputError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
    except KeyboardInterrupt:
        print(
            f"stopped; finished stages are kept in {options.records / 'cache'}, "
            "run the same command to go on",
            file=sys.stderr,
        )
        return STOPPED


def _end(code: int):
    """Leave the process. Once stopped, at once and with its workers: a task in progress may take minutes."""
    if code != STOPPED:
        sys.exit(code)
    for worker in multiprocessing.active_children():
        worker.terminate()
    sys.stdout.flush()
    os._exit(code)


def _parser(called: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=called,
        description="Measure what fraud models lose under attack, and build the site that shows it.",
    )
    parser.add_argument(
        "--project", type=_path, default=Path(), metavar="FOLDER",
        help="the folder that data/, docs/, site/ and build/ lie in, and studies/ if you have your own "
        "(default: the current one)",
    )  # fmt: skip
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-v", "--verbose", action="store_true", help="say what is read from disk and why")
    common.add_argument(
        "--records", type=_path, default=Path("data", "results"), metavar="DIR",
        help="where records are written and read (default: data/results)",
    )  # fmt: skip
    study = argparse.ArgumentParser(add_help=False)
    study.add_argument(
        "--kaggle-csv", type=_path, default=os.environ.get("KAGGLE_CSV") or None, metavar="FILE",
        help="the Kaggle file; without it: data/raw, then a download, then a labelled stand-in (env KAGGLE_CSV)",
    )  # fmt: skip
    study.add_argument(
        "studies",
        type=_path,
        nargs="*",
        metavar="STUDY",
        help="study files of your own tables; without any, the studies of the project",
    )
    study.add_argument("--datasets", nargs="+", metavar="NAME", help="study only these (default: all)")
    study.add_argument("--seeds", type=int, metavar="N", help="independent repetitions (default: 10)")
    study.add_argument(
        "--quick", action="store_true", default=_flag("QUICK"),
        help="a small study for authors; every page says that it is not for decisions (env QUICK=1)",
    )  # fmt: skip
    study.add_argument(
        "--offline", action="store_true", default=_flag("OFFLINE"), help="never download (env OFFLINE=1)"
    )
    study.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    study.add_argument(
        "--engine", default=os.environ.get("ENGINE") or "local", metavar="WHERE",
        help="`local`, or `dask://host:port` for the workers of a Dask cluster (env ENGINE; default: local)",
    )  # fmt: skip
    study.add_argument(
        "--cluster-wait", type=int, default=os.environ.get("CLUSTER_WAIT") or None, metavar="SECONDS",
        help="how long a cluster may take to start its first worker (env CLUSTER_WAIT; default: 120)",
    )  # fmt: skip
    study.add_argument("--fresh", action="store_true", help="compute everything again")
    study.add_argument(
        "--cache-limit", type=float, default=4.0, metavar="GB",
        help="stage results of earlier runs are removed beyond this, longest unused first (default: 4)",
    )  # fmt: skip
    study.add_argument(
        "--timings", type=_path, metavar="FILE",
        help="write down here, as JSON, on what machine the studies ran and how long each stage took",
    )  # fmt: skip
    site = argparse.ArgumentParser(add_help=False)
    site.add_argument(
        "--output",
        type=_path,
        default=Path("site"),
        metavar="DIR",
        help="where the site goes (default: site)",
    )

    preview = argparse.ArgumentParser(add_help=False)
    preview.add_argument(
        "--address",
        default="127.0.0.1:8000",
        metavar="HOST:PORT",
        help="where to listen (default: %(default)s)",
    )
    runs = argparse.ArgumentParser(add_help=False)
    runs.add_argument(
        "before", type=_path, nargs="?", metavar="A", help="earlier record, or folder (default: DIR/previous)"
    )
    runs.add_argument(
        "after", type=_path, nargs="?", metavar="B", help="later record, or folder of records (default: DIR)"
    )
    published = argparse.ArgumentParser(add_help=False)
    published.add_argument("site", metavar="URL", help="where the last run was published")

    checked = argparse.ArgumentParser(add_help=False)
    checked.add_argument(
        "--site", type=_path, metavar="DIR",
        help="check this published site, hashes and all (default: the records alone)",
    )  # fmt: skip
    checked.add_argument(
        "--export", metavar="ID",
        help="instead, write what was asked about this row as ONNX and VNN-LIB, into build/questions/; needs onnx",
    )  # fmt: skip

    download = argparse.ArgumentParser(add_help=False)
    download.add_argument(
        "--download",
        action="store_true",
        help="fetch a table that is not there from the address in its study file",
    )
    proposed = argparse.ArgumentParser(add_help=False)
    proposed.add_argument("table", type=_path, metavar="TABLE", help="a table, CSV or Parquet")
    proposed.add_argument(
        "--label",
        required=True,
        metavar="COLUMN=VALUE",
        help="which column says what was found, and what a fraud has there",
    )
    proposed.add_argument(
        "--model", type=_path, metavar="FILE", help="a model in use, in a format that has a reader"
    )
    proposed.add_argument(
        "--write",
        type=_path,
        metavar="FILE",
        help="the study file to write (default: beside the table, by its name)",
    )
    sound = argparse.ArgumentParser(add_help=False)
    sound.add_argument(
        "studies", type=_path, nargs="+", metavar="STUDY", help="study files of your own tables"
    )
    sound.add_argument(
        "--offline", action="store_true", default=_flag("OFFLINE"), help="never download (env OFFLINE=1)"
    )
    sound.add_argument("--quick", action="store_true", default=_flag("QUICK"), help=argparse.SUPPRESS)
    disclosed = argparse.ArgumentParser(add_help=False)
    disclosed.add_argument(
        "--site", type=_path, metavar="DIR", help="the built site to look through (default: site)"
    )
    disclosed.add_argument(
        "--texts", type=_path, metavar="FILE",
        help="texts, one a line, that no file of the site may hold: ids, rare categories, amounts",
    )  # fmt: skip

    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, parents, words in (
        ("new", (common, proposed), "propose a study file for a table of your own"),
        (
            "check",
            (common, sound, download),
            "read the tables and models of study files, and say what was understood",
        ),
        ("study", (common, study, download), "run the study and write its records"),
        ("pages", (common,), "render the pages in docs/ from the records"),
        ("site", (common, site), "render the pages and build the site from the records"),
        ("offline", (common, site), "build copies that open from disk: a zip, and one HTML file"),
        ("single", (common, site), "build the whole site as one HTML file"),
        ("pdf", (common, site), "print the summary and the brief; needs a Chromium"),
        ("pictures", (common, site), "take the pictures of README and social card; needs a Chromium"),
        (
            "serve",
            (common, preview),
            "preview the site on localhost and follow changes of templates and charts",
        ),
        ("diff", (common, runs), "compare two runs; exits with one if a change asks for a new sign-off"),
        ("previous", (common, published), "take the records published last as those before this run"),
        ("verify-claims", (common, checked), "check hashes, examples and figures of what is published"),
        ("audit-privacy", (common, disclosed), "list what a site discloses of tables of one's own"),
        ("study-key", (common, study, download), "print one hash of everything the numbers depend on"),
        ("all", (common, study, site, download), "study, pages and site"),
    ):
        commands.add_parser(name, parents=parents, help=words, description=f"{words[0].upper()}{words[1:]}.")
    return parser


def _path(text: str) -> Path:
    """As the user's own folder has it, not that of the project."""
    return Path(text).absolute()


def _flag(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def command():
    """The installed command, `security-study`."""
    _run("security-study")


def _run(called: str):
    # joblib's helpers clean up after a run that was stopped; that they had to is no news
    os.environ.setdefault(
        "PYTHONWARNINGS", "ignore::UserWarning:joblib.externals.loky.backend.resource_tracker"
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _end(main(called=called))


if __name__ == "__main__":
    _run("python -m generator")
