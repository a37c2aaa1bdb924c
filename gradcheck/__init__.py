"""gradcheck: is this gradient right? Each public name is loaded when it is first used (PEP 562)."""

from importlib import import_module

_HOME = {
    "check": "checking",
    "check_hessian": "checking",
    "hunt": "hunting",
    "HuntReport": "hunting",
    "Report": "report.report",
    "derivative": "numeric.derivatives",
    "gradient": "numeric.derivatives",
    "Estimate": "numeric.derivatives",
    "Dual": "numeric.dual",
    "Twin": "twin",
    "Point": "inputs.point",
    "GradcheckError": "errors",
    "GradcheckWarning": "errors",
    "check_network": "networks",
    "NetworkReport": "networks",
    "known_mistakes": "why.known_mistakes",
    "causes": "why.causes",
    "assert_gradients": "testing",
    "check_grad": "testing",
    "check_layer": "doors",
    "check_model": "doors.check_model",
    "check_torch": "doors.check_torch",
    "trace_backward": "tracing",
    "TraceReport": "tracing",
}
__all__ = list(_HOME)


def __getattr__(name):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
