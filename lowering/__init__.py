"""Lowerings: nn dialect -> target dialect, one folder a target. May import `ir` only."""
