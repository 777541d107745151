"""The virtual environment with TA-Lib, which the rest of the tool runs in.

It lies outside the repository and is made once. This module must not know what is checked.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

PACKAGES = ["TA-Lib==0.8.2", "numpy==2.4.6"]


def folder():
    if target := os.environ.get("CARGO_TARGET_DIR"):
        return Path(target) / "indicators"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "cofferdam" / "indicators"


def fail(what, error):
    lines = str(error).strip().splitlines()
    sys.exit(f"indicators: {what}: {lines[-1] if lines else error}")


def prepare(place):
    """Makes the environment when it is missing or holds other versions."""
    python, mark = place / "bin" / "python", place / "packages"
    wanted = "\n".join(PACKAGES)
    if python.exists() and mark.exists() and mark.read_text() == wanted:
        return python
    print(f"Installing {', '.join(PACKAGES)} into {place} ...", file=sys.stderr)
    try:
        venv.create(place, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        fail(f"no virtual environment in {place} (Python's venv and ensurepip are needed)", error)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        fail(f"pip could not install {', '.join(PACKAGES)} (PyPI and Python 3.11 or newer are needed)", done.stderr)
    mark.write_text(wanted)
    return python


def enter():
    """Goes on inside the environment, with the same arguments."""
    place = folder()
    if Path(sys.prefix).resolve() == place.resolve():
        return
    python = prepare(place)
    os.execv(python, [str(python), "-B", *sys.argv])
