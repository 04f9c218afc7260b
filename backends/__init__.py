"""Emitters: target dialect -> file, one folder a format. May import `ir` only."""
