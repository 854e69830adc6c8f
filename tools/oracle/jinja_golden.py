#!/usr/bin/env python3
"""Renders the templates of tests/fixtures/text/jinja.json with Jinja and writes the results into the file.

Jinja is set up as transformers does for chat templates. The result of a template that fails is null.
    pip install jinja2==3.1.6
    python3 tools/oracle/jinja_golden.py tests/fixtures/text/jinja.json
"""
import json
import sys
from datetime import datetime

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    """The block `generation`, which transformers uses to find the assistant's tokens."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("render"), [], [], body).set_lineno(line)

    def render(self, caller):
        return caller()


def make_environment(now):
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    def refuse(message):
        raise jinja2.TemplateError(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = now.strftime
    return env


def render(env, template, variables):
    try:
        return env.from_string(template).render(**variables)
    except Exception:  # a template may fail in any way that Python knows
        return None


def main(path):
    with open(path, encoding="utf-8") as file:
        golden = json.load(file)
    env = make_environment(datetime.fromisoformat(golden["now"]))
    golden["lines"] = [
        [line, render(env, line, golden["variables"])] for line, _ in golden["lines"]
    ]
    for family in golden["families"]:
        template = "".join(family["template"])
        family["rendered"] = [render(env, template, each) for each in golden["conversations"]]
    with open(path, "w", encoding="utf-8") as file:
        json.dump(golden, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
