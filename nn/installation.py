"""The engine that nn needs: the PyPI package ``autograd``, of the group HIPS, has its import name, and is not it."""

import autograd

if not hasattr(autograd, "Value"):
    raise ImportError(
        f"nn needs valuegrad's autograd, and {getattr(autograd, '__file__', 'the one found')} is another package: the "
        f"PyPI package autograd (HIPS) has the same import name. Run: pip uninstall autograd; "
        f"then install valuegrad once more, with pip's --force-reinstall"
    )
