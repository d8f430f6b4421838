"""A recorded graph becomes a NumPy program, one file a pass: record, fold, lift, layout, reverse, emit."""

from .program import Program, compile

__all__ = ["Program", "compile"]
