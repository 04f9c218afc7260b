"""What `channel-last` is made of: stating the choice of layouts, solving it, and rewriting a function accordingly.

``plan`` states and solves, with the ``rules`` of operations, ``reshapes`` and the ``solver``; ``rewriting`` carries the
plan out, with ``absorb`` for orders that weights can take up.
"""
