r"""Sentences and counterexamples as LaTeX, from the syntax tree: nothing is parsed from prose.

``norm`` is set as ``\|...\|``, the Frobenius norm; ``spectral`` as ``\|...\|_2``.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ..notation.account import Formula as Set
from .proof import Fact, Proof
from .rational import Interval, Matrix
from .sentences import Sentence

GREEK = {
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda"),
    *("mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
    *("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega"),
}
RELATIONS = {"<=": r"\le", "<": "<", "==": "=", ">": ">"}
PROBABILITIES = {"1": "g", "2": "gh", "3": "ghv"}  # that 1, 2, 3 given groups are active
SUM, PRODUCT, POWER, ATOM = range(4)  # how tightly a formula binds


class Formula:
    """LaTeX of the expressions of one model.

    Parameters
    ----------
    symbols : dict
        LaTeX of names, where it is not the name.
    first : int, default 0
        What the first group is counted as: 0 as in Python, or 1 as in the papers.

    Examples
    --------
    >>> print(Formula({"S": "A^*"}).sentence(Sentence("norm(S[g]) <= sqrt(gamma) / 2")))
    \\|A^*_{g}\\| \\le \\frac{\\sqrt{\\gamma}}{2}
    """

    def __init__(self, symbols: Mapping[str, str], first: int = 0) -> None:
        self.symbols = symbols
        self.first = first

    def sentence(self, sentence: Sentence) -> str:
        """A comparison with its range."""
        links = (self._compared(sentence, k) for k in range(len(sentence.links)))
        return r" ,\; ".join(links) + self._tail(sentence)

    def link(self, sentence: Sentence, k: int) -> str:
        """One comparison of a sentence with its range."""
        return self._compared(sentence, k) + self._tail(sentence)

    def _compared(self, sentence: Sentence, k: int) -> str:
        left, sign, right = sentence.links[k]
        return f"{self.tree(left)} {RELATIONS[sign]} {self.tree(right)}"

    def _tail(self, sentence: Sentence) -> str:
        ranges = ", ".join(map(self._range, sentence.generators))
        return rf" \quad \text{{for }} {ranges}" if ranges else ""

    def tree(self, node: ast.expr, tightness: int = SUM) -> str:
        """An expression, in parentheses where it binds less tightly than asked for."""
        text, own = self._set(node)
        return rf"\left({text}\right)" if own < tightness else text

    def _range(self, generator: ast.comprehension) -> str:
        text = rf"{self.tree(generator.target)} \in {self.tree(generator.iter)}"
        conditions = [self._condition(each) for each in generator.ifs]
        return ",\\ ".join([text, *conditions])

    def _condition(self, node: ast.expr) -> str:
        assert isinstance(node, ast.Compare)
        signs = {ast.NotEq: r"\ne", ast.Eq: "=", ast.Lt: "<", ast.Gt: ">"}
        right = self._counted(node.comparators[0])
        return f"{self.tree(node.left)} {signs[type(node.ops[0])]} {right}"

    def _set(self, node: ast.expr) -> tuple[str, int]:
        """The text of a tree and how tightly it binds."""
        if isinstance(node, ast.Constant):
            return str(node.value), ATOM
        if isinstance(node, ast.Name):
            return self.symbol(node.id), ATOM
        if isinstance(node, ast.Subscript):
            return f"{_base(self.tree(node.value, ATOM), '_')}_{{{self._index(node)}}}", ATOM
        if isinstance(node, ast.Attribute):
            return rf"{_base(self.tree(node.value, POWER), '^')}^\top", POWER
        if isinstance(node, ast.UnaryOp):
            return f"-{self.tree(node.operand, PRODUCT)}", SUM
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, (ast.List, ast.Tuple)):
            return ", ".join(map(self.tree, node.elts)), ATOM
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            ranges = ", ".join(map(self._range, node.generators))
            return rf"{self.tree(node.elt)} \;:\; {ranges}", ATOM
        return rf"\texttt{{{ast.unparse(node)}}}", ATOM

    def _index(self, node: ast.Subscript) -> str:
        if self.first and ast.unparse(node.value) == "p":
            return PROBABILITIES.get(ast.unparse(node.slice), self.tree(node.slice))
        return self._counted(node.slice)

    def _counted(self, node: ast.expr) -> str:
        """An index, or a number of an index."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return str(node.value + self.first)
        return self.tree(node)

    def symbol(self, name: str) -> str:
        """A name as a symbol."""
        if name in self.symbols:
            return self.symbols[name]
        if name == "lam":
            return r"\lambda"
        if name in GREEK:
            return rf"\{name}"
        if len(name) == 1:
            return name
        head, _, index = name.partition("_")
        if index:
            return f"{self.symbol(head)}_{{{self.symbol(index)}}}"
        return rf"\mathrm{{{name}}}"

    def _operation(self, node: ast.BinOp) -> tuple[str, int]:
        left = node.left
        right = node.right
        if isinstance(node.op, ast.Div):
            return rf"\frac{{{self.tree(left)}}}{{{self.tree(right)}}}", POWER
        if isinstance(node.op, ast.Pow):
            return f"{_base(self.tree(left, ATOM), '^')}^{{{self.tree(right)}}}", POWER
        if isinstance(node.op, (ast.Mult, ast.MatMult)):
            dot = r" \cdot " if isinstance(right, ast.Constant) else r" \, "
            return f"{self.tree(left, PRODUCT)}{dot}{self.tree(right, PRODUCT)}", PRODUCT
        if isinstance(node.op, ast.Add):
            return f"{self.tree(left)} + {self.tree(right)}", SUM
        return f"{self.tree(left)} - {self.tree(right, PRODUCT)}", SUM

    def _call(self, node: ast.Call) -> tuple[str, int]:
        assert isinstance(node.func, ast.Name)
        word = node.func.id
        over = {"total": r"\sum", "prod": r"\prod", "largest": r"\max", "least": r"\min"}
        if word in over:
            return self._over(over[word], node.args[0])
        inside = [self.tree(argument) for argument in node.args]
        if word in TEMPLATES:
            return TEMPLATES[word].format(*inside), ATOM
        if word in POSTFIX:
            indices = map(self._counted, node.args[1:])
            return self.tree(node.args[0], ATOM) + POSTFIX[word].format(*indices), POWER
        if word == "range":
            return self._integers(inside), ATOM
        return rf"\operatorname{{{word}}}\left({', '.join(inside)}\right)", ATOM

    def _integers(self, ends: list[str]) -> str:
        """``range``, shifted where the first is counted as 1."""
        begin = ends[0] if len(ends) > 1 else "0"
        if self.first:
            return rf"\{{{'1' if begin == '0' else f'{begin} + 1'}, \dots, {ends[-1]}\}}"
        return rf"\{{{begin}, \dots, {ends[-1]} - 1\}}"

    def _over(self, sign: str, argument: ast.expr) -> tuple[str, int]:
        if isinstance(argument, (ast.GeneratorExp, ast.ListComp)):
            ranges = r" \\ ".join(map(self._range, argument.generators))
            below = ranges
            if r"\\" in ranges:
                below = rf"\begin{{smallmatrix}}{ranges}\end{{smallmatrix}}"
            return f"{sign}_{{{below}}} {self.tree(argument.elt, PRODUCT)}", PRODUCT
        return rf"{sign}\left\{{{self.tree(argument)}\right\}}", ATOM


TEMPLATES = {
    "norm": r"\|{0}\|",
    "norm2": r"\|{0}\|^2",
    "spectral": r"\|{0}\|_2",
    "nuclear": r"\|{0}\|_*",
    "abs": r"|{0}|",
    "sqrt": r"\sqrt{{{0}}}",
    "inner": r"\langle {0}, {1} \rangle",
    "log": r"\log\left({0}\right)",
    "trace": r"\operatorname{{tr}}\left({0}\right)",
    "det": r"\det\left({0}\right)",
    "least_singular": r"\sigma_{{\min}}\left({0}\right)",
    "eye": r"I_{{{0}}}",
    "beside": r"\left[{0}\right]",
}
POSTFIX = {"inv": "^{{-1}}", "entry": "_{{{0},{1}}}", "col": " e_{{{0}}}"}


def _base(text: str, mark: str) -> str:
    """What an index or a power is set at: in braces where it has one, for LaTeX takes one."""
    return f"{{{text}}}" if mark in text and not text.startswith(r"\left(") else text


def number(value: Any) -> str:
    """An exact number."""
    if isinstance(value, Interval):
        return rf"[{number(value.lo)}, {number(value.hi)}]"
    q = Fraction(value)
    sign = "-" if q < 0 else ""
    whole = q.denominator == 1
    return str(q) if whole else rf"{sign}\tfrac{{{abs(q.numerator)}}}{{{q.denominator}}}"


def matrix(M: Matrix) -> str:
    """A matrix."""
    rows = r" \\ ".join(" & ".join(map(number, row)) for row in M)
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


def write_latex(proof: Proof) -> str:
    """A counterexample, to be set with amsmath: the instance, every hypothesis, both sides."""
    formula = Formula(proof.problem.model.symbols)
    sentence = proof.problem.conclusion
    assert sentence is not None
    given = [f"{formula.symbol(name)} = {value}" for name, value in proof.problem.sizes.items()]
    for name, value in proof.data.items():
        given += _equations(formula, name, value)
    sign = r"\ne" if sentence.relation == "==" else ">"
    left = formula.tree(sentence.links[0][0])
    right = formula.tree(sentence.links[0][2])
    return "\n".join(
        [
            rf"The claim \[ {formula.sentence(sentence)} \] is false. Take",
            *_aligned(given),
            "Every hypothesis holds:",
            *_aligned([_fact(formula, fact) for facts in proof.facts for fact in facts]),
            rf"but \[ {left} = {number(proof.left)} {sign} {number(proof.right)} = {right} . \]",
            *(
                [r"Here $[a, b]$ stands for a number between $a$ and $b$."]
                if Interval in map(type, (proof.left, proof.right))
                else []
            ),
        ]
    )


def _equations(formula: Formula, name: str, value: Any) -> list[str]:
    """``name = value``, of a list one equation for each item."""
    symbol = formula.symbol(name)
    if isinstance(value, list):
        pairs = enumerate(value)
        return [f"{symbol}_{{{k}}} = {_exact(item)}" for k, item in pairs]
    return [f"{symbol} = {_exact(value)}"]


def _exact(value: Any) -> str:
    return matrix(value) if isinstance(value, Matrix) else number(value)


def set_sentence(symbols: Mapping[str, str], text: str) -> Set:
    """A sentence as a formula of an account."""
    return Set(text, Formula(symbols).sentence(Sentence.parse(text)))


def set_fact(formula: Formula, fact: Fact) -> Set:
    """A hypothesis as a formula of an account."""
    return Set(str(fact), _fact(formula, fact))


def _fact(formula: Formula, fact: Fact) -> str:
    """A hypothesis with the sides of the case that comes closest to failing."""
    text = formula.sentence(Sentence.parse(fact.text))
    if isinstance(fact.left, Matrix):
        return text
    sides = f"{number(fact.left)} {RELATIONS[fact.relation]} {number(fact.right)}"
    return rf"{text} \qquad ({sides})"


def _aligned(equations: list[str]) -> list[str]:
    body = ",\\\\\n".join(f"  & {equation}" for equation in equations)
    return [r"\begin{align*}", body, r"\end{align*}"]
