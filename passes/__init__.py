"""Passes over the nn dialect and over single source dialects; they know no file format. May import `ir` only."""
