"""From nn to the tf dialect."""
