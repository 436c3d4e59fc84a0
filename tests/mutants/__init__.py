"""Mutants: each takes one protection out of a copy of the product, and the tests must notice."""
