"""A copy of a function in which every local variable passes through a tap, where it is read or changed.

`z = x @ w` becomes `z = x @ w; z = tap("z", z)`, and every `z` that is used `tap(z)`. The functions of the
same module that it calls are copied likewise. The caller's functions, module and file stay as they are.
"""

import ast
import inspect
import textwrap
from types import CellType, FunctionType

from gradcheck.errors import GradcheckError
from gradcheck.tracing.tap import Place, Tap

TAP, COPY = "_gradcheck_tap", "_gradcheck_copy"
NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)
SCOPES = (*NESTED, ast.ListComp, ast.SetComp, ast.DictComp)


def rewritten(function, role):
    """(the rewritten function, its Tap). Raises GradcheckError for one that cannot be read or rewritten."""
    tap = Tap()
    copy = _copy(getattr(function, "__func__", function), function, role, tap, {}, is_called=False)
    owner = getattr(function, "__self__", None)
    return (copy if owner is None else copy.__get__(owner)), tap


def _copy(plain, function, role, tap, helpers, is_called):
    """The copy of a function with taps. `helpers`: name -> the cell of the copy of a function it calls."""
    name = getattr(function, "__name__", type(function).__name__)
    node, start, lines = _read(plain, role, name)
    for called in plain.__code__.co_names:
        each = plain.__globals__.get(called)
        if isinstance(each, FunctionType) and each.__globals__ is plain.__globals__ and called not in helpers:
            helpers[called] = CellType(each)  # which may call itself
            try:
                helpers[called].cell_contents = _copy(each, each, role, tap, helpers, is_called=True)
            except GradcheckError:
                pass
    _strip(node)
    _Rewriter(tap, plain.__code__, start, lines, name if is_called else "", role).rewrite(node)
    cells = helpers | dict(zip(plain.__code__.co_freevars, plain.__closure__ or ())) | {TAP: CellType(tap)}
    outer = ast.parse(f"def outer({', '.join(cells)}):\n    return {node.name}")
    outer.body[0].body.insert(0, node)
    ast.fix_missing_locations(outer)
    ast.increment_lineno(outer, start - 1)
    namespace: dict = {}
    exec(compile(outer, plain.__code__.co_filename, "exec"), namespace)
    code = namespace["outer"](*cells).__code__
    closure = tuple(cells[each] for each in code.co_freevars)
    copy = FunctionType(code, plain.__globals__, plain.__name__, plain.__defaults__, closure)
    copy.__kwdefaults__ = plain.__kwdefaults__
    return copy


def _read(function, role, name):
    """(the ast of a function, the number of its first line, its lines)."""
    what = f"{role}: {name} cannot be read line by line"
    if not isinstance(function, FunctionType):
        kind = "a built-in or compiled function" if callable(function) else "no function"
        hint = "write it as a plain function of Python"
        raise GradcheckError(f"{what}: it is {kind} ({type(function).__name__}); {hint}")
    if function.__name__ == "<lambda>":
        raise GradcheckError(f"{what}: a lambda has no lines of its own; write it with def")
    if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
        raise GradcheckError(f"{what}: it is a generator or coroutine; return the values, in place of yield")
    try:
        lines, start = inspect.getsourcelines(function.__code__)
        node = ast.parse(textwrap.dedent("".join(lines))).body[0]
    except (OSError, TypeError, SyntaxError):
        hint = "define it in a file, or in a notebook"
        raise GradcheckError(f"{what}: its source is not to be found; {hint}") from None
    if not isinstance(node, ast.FunctionDef):
        raise GradcheckError(f"{what}: its source is no def on lines of its own; write it so")
    for each in ast.walk(node):
        hidden = (
            isinstance(each, ast.Attribute) and each.attr.startswith("__") and not each.attr.endswith("__")
        )
        if hidden or isinstance(each, (ast.Global, ast.Nonlocal)):
            said = each.attr if hidden else ", ".join(each.names)
            kind = (
                "a name private to its class" if hidden else "a variable of another scope, which it changes"
            )
            raise GradcheckError(
                f"{what}: line {start + each.lineno - 1} has {said}, {kind}; use plain locals"
            )
    return node, start, lines


def _strip(node):
    """Takes away what is evaluated where a function is defined, and its name, which hides the real one."""
    node.decorator_list, node.returns, node.name = [], None, COPY
    spec = node.args
    spec.defaults = [ast.Constant(None) for _ in spec.defaults]
    spec.kw_defaults = [None if each is None else ast.Constant(None) for each in spec.kw_defaults]
    others = (each for each in (spec.vararg, spec.kwarg) if each is not None)
    for each in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *others):
        each.annotation = None


class _Rewriter:
    """Puts taps into the body of a function, and notes their Places in the Tap.

    `called`: its name where it is called by the function that is traced, else "".
    """

    def __init__(self, tap, code, start, lines, called, role):
        self.tap, self.start, self.lines, self.called = tap, start, lines, called
        self.with_inner = role == "forward"
        self.locals = {*code.co_varnames, *code.co_cellvars}

    def rewrite(self, node):
        spec, kind = node.args, "passed" if self.called else "given"
        given = [each.arg for each in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs) if each.arg != "self"]
        first = [self._after(ast.Name(name, ast.Load()), name, node, kind) for name in given]
        body = node.body
        is_doc = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        node.body = [*body[:is_doc], *first, *self._block(body[is_doc:])]

    def _block(self, statements):
        found = []
        for statement in statements:
            found += self._statement(statement)
        return found or [ast.Pass()]

    def _statement(self, node):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            return [node]
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
            return self._assignment(node)
        if isinstance(node, ast.Return) and node.value is not None:
            read = _read_names(node.value)
            self._elements(node.value, node, "") or self._use(node, "value")
            if not isinstance(node.value, (ast.Tuple, ast.Dict)):
                name, kind = ("return", "made") if not self.called else (f"{self.called}()", "returned")
                node.value = self._tapped(node.value, name, node, kind, read)
            return [node]
        if isinstance(node, (ast.For, ast.While)):
            is_for = isinstance(node, ast.For)
            names, read = (_target_names(node.target), _read_names(node.iter)) if is_for else ([], ())
            noted = [self._after(ast.Name(each, ast.Load()), each, node, "turn", read) for each in names]
            self._use(node, "iter" if is_for else "test")
            turn = ", ".join(f"{name}={name}" for name in names)
            node.body = [*ast.parse(f"{TAP}.turn({turn})").body, *noted, *self._block(node.body)]
            node.orelse = self._block(node.orelse) if node.orelse else []
            enter = ast.parse(f"{TAP}.enter({self._place('loop', ', '.join(names), node)})").body
            leave = ast.parse(f"{TAP}.leave()").body
            if is_for:
                enter[0].value.args.append(node.iter)
                node.iter, enter = enter[0].value, []
            return [*enter, ast.Try([node], [], [], leave)]
        for field in ("body", "orelse", "finalbody"):
            if getattr(node, field, None):
                setattr(node, field, self._block(getattr(node, field)))
        for handler in getattr(node, "handlers", ()):
            handler.body = self._block(handler.body)
        changed = self._changed_in_place(node)
        read = _read_names(node.value) if changed else ()
        for field in ("test", "value"):
            if getattr(node, field, None) is not None:
                self._use(node, field)
        after = [self._after(ast.Name(name, ast.Load()), name, node, "changed", read) for name in changed]
        method = node.value.func.attr if after else ""
        if method == "append":
            after[0].value.args.append(ast.parse(f"len({changed[0]}) - 1").body[0].value)
        elif method == "insert" and isinstance(node.value.args[0], ast.Constant):
            after[0].value.args.append(_loaded(node.value.args[0]))
        return [node, *after]

    def _changed_in_place(self, node):
        """The local that a call such as `np.add.at(dx, i, d)` or `dx.fill(0)` changes, in a list.

        What it returns is thrown away: it changes its object or, of a module, what it gets first or as out.
        """
        call = node.value if isinstance(node, ast.Expr) else None
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            return []
        out = [each.value for each in call.keywords if each.arg == "out"]
        given = [_whole(each) for each in (*out, *call.args)[:1]]
        named = [each.id for each in (call.func.value, *given) if isinstance(each, ast.Name)]
        return [name for name in named if name in self.locals and name != "self"][:1]

    def _assignment(self, node):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        targets = [leaf for target in targets for leaf in _leaves(target)]
        is_changed = isinstance(node, ast.AugAssign)
        is_sum = is_changed and isinstance(node.op, (ast.Add, ast.Sub)) or _goes_on(node)
        read = _read_names(node.value)
        containers = [target.id for target in targets if isinstance(target, ast.Name)]
        if len(containers) == 1 and self._elements(node.value, node, containers[0]):
            return [node]
        self._use(node, "value")
        after = []
        for target in targets:
            name, is_part = _name_of(target)
            if name is None:
                continue
            there = _loaded(_whole(target) if is_part else target)
            also = (name,) if is_changed or is_part else ()
            kind = "changed" if is_part or is_sum else "assigned"
            has_key = is_part and _whole(target) is target.value and _is_plain_key(target.slice)
            kind = "stored" if has_key and not is_changed else kind
            after.append(self._after(there, name, node, kind, (*read, *also, *_read_names_of_target(target))))
            if has_key:
                after[-1].value.args.append(_loaded(target.slice))
        return [node, *after]

    def _elements(self, value, node, container):
        """Taps the elements of a tuple or dict where it stands; returns whether it is one."""
        if isinstance(value, ast.Dict) and all(isinstance(key, ast.Constant) for key in value.keys):
            names = [f"[{key.value!r}]" for key in value.keys]
            items = value.values
        elif isinstance(value, ast.Tuple) and container == "":
            names, items = [f"[{i}]" for i in range(len(value.elts))], value.elts
        else:
            return False
        before, kind = container, "made"
        if self.called and container == "":
            before, kind = f"{self.called}()", "returned"
        for i, (name, item) in enumerate(zip(names, items)):
            read = _read_names(item)
            items[i] = self._tapped(_Uses(self, item).visit(item), before + name, item, kind, read)
        return True

    def _use(self, node, field):
        expression = getattr(node, field)
        setattr(node, field, _Uses(self, expression).visit(expression))

    def _after(self, there, name, node, kind, read=()):
        """The statement `name = tap(name)`."""
        store = ast.parse(ast.unparse(there)).body[0].value
        store.ctx = ast.Store()
        return ast.copy_location(ast.Assign([store], self._tapped(there, name, node, kind, read)), node)

    def _place(self, kind, name, node, read=()):
        self.tap.places.append(Place(kind, name, *self._where(node), tuple(read), self.called))
        return len(self.tap.places) - 1

    def _tapped(self, expression, name, node, kind, read=()):
        number = ast.Constant(self._place(kind, name, node, read))
        return ast.copy_location(ast.Call(ast.Name(TAP, ast.Load()), [number, expression], []), node)

    def _where(self, node):
        line = node.lineno
        return self.start + line - 1, self.lines[line - 1].strip()


class _Uses(ast.NodeTransformer):
    """Taps every local that an expression reads, outside of functions and comprehensions within it."""

    def __init__(self, rewriter, expression):
        self._rewriter = rewriter

    def visit(self, node):
        return node if isinstance(node, SCOPES) else super().visit(node)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self._rewriter.locals and node.id != "self":
            return self._rewriter._tapped(node, node.id, node, "used")
        return node

    def visit_Call(self, node):
        texts = [ast.unparse(each) if isinstance(each, ast.BinOp) else None for each in node.args]
        if not isinstance(node.func, ast.Name):
            node.func = self.visit(node.func)
        node.args = [self.visit(each) for each in node.args]
        for i, text in enumerate(texts):
            if text is not None and self._rewriter.with_inner:
                node.args[i] = self._rewriter._tapped(node.args[i], text, node, "inner")
        for each in node.keywords:
            each.value = self.visit(each.value)
        return node


def _leaves(target):
    if isinstance(target, (ast.Tuple, ast.List)):
        return [leaf for each in target.elts for leaf in _leaves(each)]
    return [target.value if isinstance(target, ast.Starred) else target]


def _target_names(target):
    return [leaf.id for leaf in _leaves(target) if isinstance(leaf, ast.Name)]


def _name_of(target):
    """(the name of what is assigned, whether only a part of it is)."""
    if isinstance(target, ast.Name):
        return target.id, False
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return f"{target.value.id}.{target.attr}", False
    if isinstance(target, ast.Subscript):
        key, is_named = target.slice, isinstance(target.value, ast.Name)
        if is_named and isinstance(key, ast.Constant) and isinstance(key.value, str):
            return f"{target.value.id}[{key.value!r}]", False
        return _name_of(target.value)[0], True
    return None, False


def _whole(target):
    """The named thing of which a target is a part: dx of dx[i][:, 0]."""
    while isinstance(target, ast.Subscript) and _name_of(target)[1]:
        target = target.value
    return target


def _is_plain_key(key):
    """Whether a key, such as `"W" + str(i)`, can be read once more."""
    called = [node for node in ast.walk(key) if isinstance(node, ast.Call)]
    names = {node.func.id if isinstance(node.func, ast.Name) else "" for node in called}
    return not isinstance(key, (ast.Slice, ast.Tuple, ast.NamedExpr)) and names <= {"str"}


def _goes_on(node):
    """Whether an assignment adds to what it assigns, as x = x + y does."""
    sum_ = node.value
    is_one = isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
    if not (is_one and isinstance(sum_, ast.BinOp) and isinstance(sum_.op, (ast.Add, ast.Sub))):
        return False
    return isinstance(sum_.left, ast.Name) and sum_.left.id == node.targets[0].id


def _loaded(target):
    return ast.parse(ast.unparse(target)).body[0].value


def _read_names(expression):
    """The names that an expression reads, `grads['dW']` and `self.h` among them."""
    found, inside = [], set()
    for node in ast.walk(expression):
        named = isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.value, ast.Name)
        name, is_part = _name_of(node) if named else (None, True)
        if name is not None and not is_part:
            found.append(name)
            if isinstance(node, ast.Subscript) or node.value.id == "self":
                inside.add(id(node.value))
        if isinstance(node, ast.Name) and id(node) not in inside:
            found.append(node.id)
    return tuple(dict.fromkeys(found))


def _read_names_of_target(target):
    return _read_names(target.slice) if isinstance(target, ast.Subscript) else ()
