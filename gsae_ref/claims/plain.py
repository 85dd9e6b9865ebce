"""Sentences as the papers' formulas in plain text: ``norm(A[v].T @ y)`` is ``||A_v^T y||``.

Groups, columns and atoms are counted from 1, as the papers count them.
"""

from __future__ import annotations

import ast

from .latex import ATOM, POWER, PROBABILITIES, PRODUCT, SUM, Formula
from .sentences import Sentence

TEMPLATES = {
    "norm": "||{0}||",
    "norm2": "||{0}||^2",
    "spectral": "||{0}||_2",
    "abs": "|{0}|",
    "sqrt": "sqrt({0})",
    "inner": "<{0}, {1}>",
    "eye": "I",
}
OVER = {"total": "sum", "largest": "max", "least": "min"}


class PlainFormula(Formula):
    """Plain text of the expressions of one model.

    >>> formula = PlainFormula({"S": "A^*", "active": r"\\mathcal S", "mu": r"\\mu_B"})
    >>> print(formula.sentence(Sentence("norm(S[g].T @ x[g]) <= 2 * (mu + d) for g in active")))
    ||A*_g^T x_g|| <= 2 (mu_B + d) for g in S
    """

    def sentence(self, sentence: Sentence) -> str:
        """A comparison with its range."""
        return ", ".join(self.link(sentence, k) for k in range(len(sentence.links)))

    def link(self, sentence: Sentence, k: int) -> str:
        """One comparison of a sentence with its range."""
        left, sign, right = sentence.links[k]
        ranges = ", ".join(map(self._range, sentence.generators))
        text = f"{self.tree(left)} {sign.replace('==', '=')} {self.tree(right)}"
        return f"{text} for {ranges}" if ranges else text

    def tree(self, node: ast.expr, tightness: int = SUM) -> str:
        """An expression, in parentheses where it binds less tightly than asked for."""
        text, own = self._set(node)
        return f"({text})" if own < tightness else text

    def symbol(self, name: str) -> str:
        """A name as the papers write it."""
        text = name if name == "lam" else super().symbol(name)
        for mark in (r"\mathcal ", r"\mathrm", "\\", "{", "}"):
            text = text.replace(mark, "")
        return text.replace("^*", "*")

    def _range(self, generator: ast.comprehension) -> str:
        text = f"{self.tree(generator.target)} in {self.tree(generator.iter)}"
        text = text.replace("in S^c", "not in S")
        return ", ".join([text, *map(self._condition, generator.ifs)])

    def _condition(self, node: ast.expr) -> str:
        assert isinstance(node, ast.Compare)
        signs = {ast.NotEq: "!=", ast.Eq: "=", ast.Lt: "<", ast.Gt: ">"}
        right = self.tree(node.comparators[0])
        return f"{self.tree(node.left)} {signs[type(node.ops[0])]} {right}"

    def _set(self, node: ast.expr) -> tuple[str, int]:
        """The text of a tree and how tightly it binds."""
        if isinstance(node, ast.Subscript):
            return self._item(node), ATOM
        if isinstance(node, ast.Attribute):
            return f"{self.tree(node.value, ATOM)}^T", POWER
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            ranges = ", ".join(map(self._range, node.generators))
            return f"{self.tree(node.elt)} for {ranges}", ATOM
        return super()._set(node)

    def _item(self, node: ast.Subscript) -> str:
        name = self.tree(node.value, ATOM)
        index = node.slice
        if not (isinstance(index, ast.Constant) and isinstance(index.value, int)):
            return f"{name}_{self.tree(index)}"
        own = PROBABILITIES[str(index.value)] if name == "p" else index.value + 1
        return f"{name}_{own}"

    def _operation(self, node: ast.BinOp) -> tuple[str, int]:
        left = node.left
        right = node.right
        if isinstance(node.op, ast.Div):
            return f"{self.tree(left, PRODUCT)}/{self.tree(right, POWER)}", PRODUCT
        if isinstance(node.op, ast.Pow):
            return f"{self.tree(left, ATOM)}^{self.tree(right, ATOM)}", POWER
        if isinstance(node.op, ast.Mult | ast.MatMult):
            return f"{self.tree(left, PRODUCT)} {self.tree(right, PRODUCT)}", PRODUCT
        return super()._operation(node)

    def _call(self, node: ast.Call) -> tuple[str, int]:
        assert isinstance(node.func, ast.Name)
        word = node.func.id
        inside = [self.tree(argument) for argument in node.args]
        if word in OVER:
            return f"{OVER[word]}({inside[0]})", ATOM
        if word in TEMPLATES:
            return TEMPLATES[word].format(*inside), ATOM
        if word == "range":
            first = inside[0] if len(inside) > 1 else "1"
            return f"{first}..{inside[-1]}", ATOM
        return f"{word}({', '.join(inside)})", ATOM
