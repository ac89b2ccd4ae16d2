"""`trigger --param --env`: what a person gives a run by hand, checked as if it were configured."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scheduled.cli import job_options
from scheduled.cli.context import Session
from scheduled.errors import UsageError, did_you_mean
from scheduled.handler import loader
from scheduled.handler import params as declared
from scheduled.jobs.model import NAME, Job
from scheduled.jobs.permissions import CONFINED
from scheduled.quick_classes import replace
from scheduled.runs import handler_params
from scheduled.system.masking import STARS, Mask, is_secret
from scheduled.system.text import excerpt

LARGEST = 64 * 1024
"""Characters, of all that one run is given."""
OURS = "SCHEDULED_"
_LOADERS = ("LD_", "PYTHON", "BASH_", "PERL", "RUBY", "NODE_", "GCONV_", "GLIBC_")
_OF_A_SHELL = frozenset(("ENV", "HOME", "IFS", "PATH", "PS4", "SHELLOPTS", "TMPDIR"))


def params(texts: Sequence[str], jobs: Iterable[Job], session: Session) -> dict[str, Any]:
    """Return the params that were typed, each of the kind that YAML would have.

    Raise UsageError for what a job does not take: the handler's own declaration decides, and for
    a command the params that it has.
    """
    pairs = _pairs("--param", texts)
    values = {
        name: job_options.value(text, f"--param {excerpt(name)}") for name, text in pairs.items()
    }
    for job in jobs if values else ():
        sentences = [*_problems(job, values, session)]
        if sentences:
            raise UsageError(f"{job.id}: {'; '.join(sentences)}")
    return values


def env(texts: Sequence[str], jobs: Sequence[Job]) -> dict[str, str]:
    """Return the variables that were typed. Raise UsageError for those that a run cannot have."""
    variables = _pairs("--env", texts)
    for name in variables:
        if not re.fullmatch(NAME, name):
            raise UsageError(
                f'--env {excerpt(name)}: the name of a variable has letters, digits and "_", and'
                " does not begin with a digit"
            )
        if name.startswith(OURS):
            raise UsageError(f"--env {name}: the variables {OURS}* are set for each run")
        confined = next((job for job in jobs if job.level in CONFINED), None)
        if confined is not None and (name.startswith(_LOADERS) or name in _OF_A_SHELL):
            raise UsageError(
                f"--env {name}: {confined.id} is {confined.level}, and may not be given what"
                " changes which code is run"
            )
    return variables


def on_record(
    values: Mapping[str, Any], variables: Mapping[str, str], *, is_detached: bool
) -> dict[str, Any]:
    """Return what is put on record of that, without secrets."""
    mask = Mask(variables)
    shown = {
        "params": {
            name: STARS if is_secret(name) else _masked(mask.value(value))
            for name, value in values.items()
        },
        "env": {
            name: STARS if is_secret(name) else mask.text(text) for name, text in variables.items()
        },
        "detached": is_detached,
    }
    return {name: value for name, value in shown.items() if value}


def refuse_secrets(variables: Mapping[str, str]) -> None:
    """Raise UsageError for secrets that whoever records the end of a run could not hide."""
    secret = next(filter(is_secret, variables), None)
    if secret is not None:
        raise UsageError(
            f"--env {secret}: a run that is detached cannot be given a secret, which nobody would"
            " hide in its output; write it into the job's env_file, or leave out --detach"
        )


def _masked(value: Any) -> Any:
    """Return a JSON value without what stands below names of secrets."""
    match value:
        case dict():
            return {
                name: STARS if is_secret(name) else _masked(item) for name, item in value.items()
            }
        case list():
            return [_masked(item) for item in value]
    return value


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    if sum(map(len, texts)) > LARGEST:
        raise UsageError(f"{option}: more than {LARGEST} characters; give the job a file instead")
    pairs: dict[str, str] = {}
    for text in texts:
        name, value = job_options.pair(option, text)
        if name in pairs:
            raise UsageError(f"{option} {excerpt(name)}: is given twice")
        pairs[name] = value
    try:
        json.dumps(pairs, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UsageError(f"{option}: not valid UTF-8") from None
    return pairs


def _problems(job: Job, values: Mapping[str, Any], session: Session) -> Iterable[str]:
    """Yield what is wrong with params for a job."""
    if not job.handler:
        yield from _problems_of_command(job, values)
    elif loader.is_builtin(job.handler):
        wrong = declared.problems(loader.params(job.handler) or {}, values)
        yield from (f"--param {name}: {sentence}" for name, sentence in wrong.items())
    else:
        config = session.config
        folder = config.places.config_folder
        asked = replace(job, params={**job.params, **values})
        for sentence in handler_params.problems([asked], session.environ, folder, config.trust):
            yield sentence.removeprefix(f"{job.source}: {job.id}: ")


def _problems_of_command(job: Job, values: Mapping[str, Any]) -> Iterable[str]:
    """Yield which params a command does not have, or has of another kind."""
    for name, value in values.items():
        if not job.params:
            yield f"--param {excerpt(name)}: the command has no params; --env gives it a variable"
        elif name not in job.params:
            yield f"--param {excerpt(name)}: unknown param{did_you_mean(name, job.params)}"
        elif (kind := _kind(job.params[name])) not in (_kind(value), "nothing"):
            is_scalar = kind == "text" and not isinstance(value, list | dict)
            quoted = shlex.quote(f'{name}="{json.dumps(value)}"')
            instead = f"; in quotes it is one: --param {excerpt(quoted)}"
            yield f"--param {excerpt(name)}: expected {kind}{instead if is_scalar else ''}"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
    return "names with values"
