"""The command-line programs. May import every other folder."""
