"""The manual and what a program gets from `import scheduled` agree."""

import inspect
import re

import scheduled
from scheduled.handler import Kind
from tests.builders import manual

HANDLERS = manual.page("how-to/handlers")


def test_every_function_of_the_api_is_documented_with_its_arguments() -> None:
    table = manual.rows(manual.page("how-to/python").text)
    calls = [manual.code(row[0])[0] for row in table]
    documented = {call.partition("(")[0]: call for call in calls}

    public = [getattr(scheduled, name) for name in scheduled.__all__]
    functions = {value.__name__: value for value in public if inspect.isfunction(value)}

    assert documented.keys() == functions.keys()
    for name, call in documented.items():
        known = inspect.signature(functions[name]).parameters
        assert set(re.findall(r"(\w+)=", call)) <= {*known}, call


def test_every_kind_of_param_is_documented() -> None:
    (sentence,) = re.findall(r"The kinds are (.*)\.", HANDLERS.text)

    assert manual.code(sentence) == [kind.name for kind in Kind]
