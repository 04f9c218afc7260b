"""Networks of nnabla-c-runtime in fixed point: what users ask for (``settings``), what numbers there are (``ranges``),
where points stand (``positions``), what kernels need of them (``demands``), and the change itself (``apply``).
"""
