"""Another package of the same import name: the PyPI package ``autograd``, of the group HIPS, is not this one."""

import sys
import warnings
from os.path import isfile
from pathlib import Path

THEIRS = Path("autograd", "extend.py")  # a file that it has in every version, and this package never


def warn_of_namesake() -> None:
    """Warn if both are installed: pip lets them write into one folder, and uninstalling one breaks the other."""
    for entry in sys.path:
        if isinstance(entry, str) and isfile(Path(entry) / THEIRS):  # as import does: what cannot be read is not there
            warnings.warn(
                f"the PyPI package autograd (HIPS) is installed too, in {Path(entry, 'autograd')}: it has the same "
                f"import name as valuegrad's, and installing or uninstalling one can break the other. Keep them in two "
                f"environments; to mend this one: pip uninstall autograd; then install valuegrad once more, with pip's "
                f"--force-reinstall",
                RuntimeWarning,
                stacklevel=3,
            )
            return
