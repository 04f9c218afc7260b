"""Named pipelines in YAML, and the code that loads, checks and composes them. May import `ir` and registries."""
