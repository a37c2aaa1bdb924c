"""Formulas for tests, written in Python: `dL/dW1` is a derivative, `%` is ⊙, `//` the · of mathematics."""

import ast
import re

from neuronnet.derivation.model import Model
from neuronnet.description.values import Literal
from neuronnet.formulas.array_expressions import ArrayOf, Compare, Entry, Transpose
from neuronnet.formulas.expressions import Name, Negative, Number, Power, Product, Sum
from neuronnet.formulas.functions import Call, call

_OPERATORS = {ast.Mult: "*", ast.MatMult: "@", ast.Mod: "⊙", ast.FloorDiv: "·", ast.Div: "/"}
_COMPARED = {ast.Lt: "<", ast.Gt: ">", ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "=="}


def formula(text):
    """The Expression of a text, with columns from 1."""
    prepared = re.sub(r"\bd(\w+)/d(\w+)", r"d\1_d\2", text)
    derivatives = set(re.findall(r"\bd\w+_d\w+", prepared)) - set(re.findall(r"\bd\w+_d\w+", text))
    return _made(ast.parse(prepared, mode="eval").body, derivatives)


def model(given, **formulas):
    """A Model of given values and definitions as texts, in order."""
    made = Model(given)
    for name, text in formulas.items():
        made.define(name, formula(text))
    return made


def _made(node, derivatives):
    found = _node(node, lambda part: _made(part, derivatives), derivatives)
    if not isinstance(found, (Sum, Product)):
        found.column = node.col_offset + 1
    return found


def _node(node, made, derivatives):
    match node:
        case ast.Constant(value=value):
            return Number(value if isinstance(value, int) else Literal(repr(value)))
        case ast.Name(id=name):
            return Name(name.replace("_d", "/d") if name in derivatives else name)
        case ast.UnaryOp(operand=inner):
            return Negative(made(inner))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            if isinstance(right, ast.Constant) and isinstance(right.value, int):
                return Power(made(left), right.value)
            return Call("power", [made(left), made(right)])
        case ast.BinOp(left=left, op=(ast.Add() | ast.Sub()) as operator, right=right):
            first = made(left)
            terms = first.terms if isinstance(first, Sum) else [(1, first)]
            return Sum([*terms, (1 if isinstance(operator, ast.Add) else -1, made(right))])
        case ast.BinOp(left=left, op=operator, right=right):
            first = made(left)
            factors = first.factors if isinstance(first, Product) else [("*", first)]
            return Product([*factors, (_OPERATORS[type(operator)], made(right))])
        case ast.Attribute(value=value):
            return Transpose(made(value))
        case ast.Compare(left=left, ops=[sign], comparators=[right]):
            return Compare(made(left), _COMPARED[type(sign)], made(right))
        case ast.List(elts=rows):
            nested = isinstance(rows[0], ast.List)
            return ArrayOf([[made(each) for each in row.elts] if nested else made(row) for row in rows])
        case ast.Subscript(value=value, slice=index):
            return Entry(made(value), _indices(index))
        case ast.Call(func=function, args=arguments, keywords=options):
            given = {each.arg: ast.literal_eval(each.value) for each in options}
            return call(function.id, [made(each) for each in arguments], given)
    raise ValueError(ast.dump(node))


def _indices(index):
    found = index.elts if isinstance(index, ast.Tuple) else [index]
    return [None if isinstance(each, ast.Slice) else ast.literal_eval(each) for each in found]
