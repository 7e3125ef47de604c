"""Tells the build backend what an installed `security-study` needs: the packages of the lock, at their versions."""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Locked(MetadataHookInterface):
    """The dependencies of the wheel."""

    def update(self, metadata: dict):
        """Set them: every line of requirements.txt but for the packages that `without` names."""
        lock = Path(self.root, "requirements.txt").read_text(encoding="utf-8")
        pinned = re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)
        without = set(self.config["without"])
        metadata["dependencies"] = [f"{name}=={version}" for name, version in pinned if name not in without]
