"""What is wrong with a bundle, told in one sentence that names the file and the field."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

SHOWN_CHARACTERS = 60
NOTHING = object()


class BundleError(Exception):
    """A bundle is not what the contract (models/bundle.schema.json) says."""


@dataclass(frozen=True)
class ManifestProblem:
    """Which field, what it must be, what it is (NOTHING: it is not there)."""

    field: str
    requirement: str
    received: object

    def sentence(self, bundle: str) -> str:
        return f"Bundle '{bundle}': bundle.json, {self.field} must {self.requirement}, received {_show(self.received)}"


def field_path(*keys: str | int) -> str:
    """A field's path as it would be written in code: encoders[0].size, files['map.onnx'].sha256."""
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", key):
            path += f".{key}" if path else key
        else:
            path += f"['{re.sub(r'[^ -~]', '?', key)[:SHOWN_CHARACTERS]}']"
    return path or "the whole"


def _show(value: object) -> str:
    if value is NOTHING:
        return "nothing"
    text = json.dumps(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
