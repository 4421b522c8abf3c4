"""The job file inside a results file, as a dictionary."""
import re

import yaml


class _JobLoader(yaml.SafeLoader):
    """Scalars as mpisweep reads them, by YAML 1.2: 1e-2 is a number, and on, off, yes and no are texts."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (
    ("bool", r"true|false", "tf"),
    ("null", r"~|null|", ["~", "n", ""]),
    ("int", r"[-+]?(0|[1-9]\d*)", "-+0123456789"),
    ("float", r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", "-+.0123456789"),
):
    _JobLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


def parse_value(text):
    """The value of a setting, KEY=VALUE."""
    return yaml.load(text, _JobLoader)  # a SafeLoader


def job_of(attributes):
    """The job file as a dictionary, from the attributes of a results file; of a file without its text, or
    with a text that is none, no more than the name of the job. Settings by --set are not in it, they are in
    job_canonical."""
    try:
        content = yaml.load(attributes.get("job_text", ""), _JobLoader)  # a SafeLoader
    except yaml.YAMLError:
        content = None
    return content if isinstance(content, dict) else {"job": attributes.get("job", "")}
