"""How statements are set: the house notation of the ledger as text, LaTeX and MathML.

The ledger is written for terminals: ``||A_g^T A*_g|| <= 1``. house_notation.py finds the formulas
in such a sentence and writes them as LaTeX, mathml.py sets LaTeX as MathML, markup.py makes HTML
elements, and account.py is a statement in full, written as text or as HTML. Imports nothing of the
package.
"""
