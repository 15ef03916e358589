"""How fast the package is, always as a ratio against peers that run in the same process and rounds.

``python -m benchmarks first`` prints the table; ``README.md`` tells how to read it.
"""
