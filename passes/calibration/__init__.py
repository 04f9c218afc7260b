"""Ranges of values from samples, in constant memory: what observes them and how a range is chosen."""

from .observers import METHODS, RangeObserver, make_observer

__all__ = ["METHODS", "RangeObserver", "make_observer"]
