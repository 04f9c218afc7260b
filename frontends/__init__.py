"""Importers: file -> source dialect -> nn dialect, one folder a format. May import `ir` only."""
