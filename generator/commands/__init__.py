"""What each word of the command line does: a few lines each; study and report are imported where needed."""

import argparse

from generator.commands import building, comparing, preview, studying, validating
from generator.commands.common import InputError
from generator.commands.exclusion import alone

__all__ = ["COMMANDS", "InputError", "run"]


def run(options: argparse.Namespace) -> int:
    """Carry out one command, alone in the folders it writes.

    Raises:
        InputError: It cannot be done, or another run is at work there.
    """
    with alone(options):
        return COMMANDS[options.command](options)


COMMANDS = {
    "new": validating.new,
    "check": validating.check,
    "study": studying.study,
    "pages": building.pages,
    "site": building.site,
    "offline": building.offline,
    "single": building.single,
    "pdf": building.pdf,
    "pictures": building.pictures,
    "serve": preview.serve,
    "diff": comparing.diff,
    "verify-claims": comparing.verify_claims,
    "audit-privacy": comparing.audit_privacy,
    "study-key": studying.study_key,
    "previous": comparing.fetch_previous,
    "all": building.everything,
}
